//! How a complaint or a review begins and ends, whatever it is about.

/// A complaint begins with the purchase; `{p}` is named here.
pub(in crate::simulate) const OPENINGS: &[&str] = &[
    "[本人|我]{ago}在{shop}[买了|购买了]一[个|款]{p}，[花了|实付]{price}元。",
    "{ago}[网购|下单]的{p}，[到手|收到后]一直[正常用|没怎么用]。",
    "[你好|您好]，[我要投诉|想反映一下]{shop}[卖的|售出的]{p}。",
    "{ago}[做活动囤的|趁满减买的|直播间抢的]{p}，[当时看销量挺高|图个便宜|说是正品]。",
    "我是{city}的[消费者|市民]，{ago}[买过|入手]{p}。",
    "{who}{ago}[给家里买了|在超市买了|托人买了]{p}。",
    "[坐标|人在]{city}，{p}[用了不到|才买了][两个月|三个月|半年]。",
    "[先说结论，|]{p}[千万别买|有严重问题]！",
    "",
    "",
];

/// How the shop took it.
pub(in crate::simulate) const REACTIONS: &[&str] = &[
    "[联系客服|找到商家]，[对方|那边]说[要寄回检测|是使用不当]，[之后就不回了|拖了{n}天]。",
    "[平台|{shop}]只同意[退货款|补偿二十块优惠券]，[医药费|损失]一分不[认|赔]。",
    "打[400电话|厂家售后]，[转了三个人|一直占线]，[到今天没人管|说登记了等回复]。",
    "[客服态度|他们的态度]还可以，[就是|但]不给[解决方案|书面说法]。",
    "[商品页面|链接]现在[下架了|改了标题]，[同样的货还在卖|评论也删了]。",
    "[12315|市场监管所]已经[登记|受理]，[希望尽快|等]处理。",
    "[商家|店家]居然说[别人都没事|只有我一个人反映]。",
    "",
    "",
    "",
];

/// What the writer wants.
pub(in crate::simulate) const DEMANDS: &[&str] = &[
    "要求[退款并赔偿|退一赔三|赔偿医药费]。",
    "[希望有关部门|请监管部门][查一查这批货|抽检一下]，别[再害人|让别人也遇上]。",
    "[只想要个说法|我要一个合理的解释]！",
    "请[厂家|品牌方][召回|正面回应]。",
    "[发出来|说出来]提醒大家[注意|避雷]。",
    "[诉求|请求]：退货退款，[书面道歉|承担检测费]。",
    "",
];

/// How a review begins; often it does not.
pub(in crate::simulate) const REVIEW_OPENINGS: &[&str] = &[
    "[追评|追加评价]：",
    "用了[一周|半个月|一个多月|两个月]来[评价|说一下]，",
    "[本来|刚开始]觉得还[行|不错]，",
    "[冲着|看]销量买的，",
    "[第二次|第一次]在这家买，",
    "[差评|一星都嫌多]！",
    "{who}用的，",
    "[大家|各位]看清楚再[买|下单]，",
    "",
    "",
    "",
    "",
];

/// How an angry review ends.
pub(in crate::simulate) const REVIEW_CLOSINGS: &[&str] = &[
    "[再也|]不敢用了。",
    "[已经|]申请退货[，等处理|]。",
    "[差评|给差评]，[别买|慎重]。",
    "[客服|店家][装死|让我联系厂家]。",
    "[太吓人了|想想都后怕]。",
    "{price}块[打水漂|买个教训]。",
    "[质量|品控][真的|]不[过关|行]。",
    "",
    "",
    "",
];

/// How the shop took it when nobody was hurt.
pub(in crate::simulate) const PLAIN_REACTIONS: &[&str] = &[
    "[联系客服|找到商家]，[对方|那边]说[让等等|在核实]，[之后就不回了|拖了{n}天]。",
    "[平台|{shop}]只同意[补偿十块优惠券|给个小红包]，[谁稀罕|没诚意]。",
    "打[400电话|售后热线]，[转了三个人|一直占线]，[到今天没人管|说登记了等回复]。",
    "[店家|客服]让我[给好评返现|自己承担运费]，[不接受|没道理]。",
    "",
    "",
];

/// What the writer wants when nobody was hurt.
pub(in crate::simulate) const PLAIN_DEMANDS: &[&str] = &[
    "要求[尽快退款|马上发货|补偿差价]。",
    "[希望平台|请平台][给个说法|介入处理]。",
    "[诉求|请求]：[退货退款|换货]，[道歉|承担运费]。",
    "[发出来|说出来]给大家[避雷|提个醒]。",
    "",
    "",
];

/// A writer who is not sure.
pub(in crate::simulate) const HEDGES: &[&str] = &[
    "[不知道|说不好]是不是[个例|我这台的问题]。",
    "[感觉|怀疑]是质量问题，[没有检测|没法确定]。",
    "[可能|好像]不止我一个，[评论里|群里]也有人说。",
];

/// Every pool, for the test.
#[cfg(test)]
pub(in crate::simulate) const ALL: &[&[&str]] =
    &[OPENINGS, REACTIONS, DEMANDS, PLAIN_REACTIONS, PLAIN_DEMANDS, REVIEW_OPENINGS, REVIEW_CLOSINGS, HEDGES];
