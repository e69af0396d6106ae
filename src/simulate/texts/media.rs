//! What papers and portals write, and how one copies from another.

/// Invented outlets. The first three write; all copy.
pub(crate) const OUTLETS: &[&str] = &[
    "江城晨讯",
    "东岸晚报",
    "民声观察",
    "都市快读",
    "消费前线",
    "云上新闻",
    "每日见闻",
    "今晚看点",
    "新青年周末",
    "北方生活网",
    "南风窗外",
    "四方资讯",
    "指尖热点",
    "家电视界",
    "母婴早知道",
    "汽车一线",
    "科技边角料",
    "财经小灶",
    "小城大事",
    "阿姨读报",
    "直播岷江",
    "海峡快讯",
    "中原零距离",
    "西部在线",
    "晓看天下",
    "早班车新闻",
    "百姓问政",
    "老友茶馆",
    "万象头条",
    "闻道客户端",
    "慧眼看市",
    "橙子视频",
];

/// Family names for people in stories.
pub(crate) const SURNAMES: &[&str] =
    &["王", "李", "张", "陈", "刘", "杨", "黄", "周", "吴", "徐", "孙", "马", "朱", "胡", "郭", "何", "林", "罗"];

/// Headlines of a story about one event; `{thing}` is what happened, in a few words.
pub(crate) const TITLES: &[&str] = &[
    "{city}一[市民|消费者]反映：{thing}",
    "{thing}，{city}[市民讨说法|一家人后怕不已]",
    "[“{thing}”|{thing}] [谁来负责|记者调查]",
    "{city}：{thing} [监管部门已介入|厂家回应来了]",
];

/// First paragraph; `{who}` is the person, `{summary}` their words.
pub(crate) const LEADS: &[&str] = &[
    "[近日|{date}]，{city}的{who}向本报[反映|求助]，[自己|家里]{ago}购买的{p}出了[意外|大问题]。“{summary}。”{who}说。",
    "“{summary}。”[回忆起|说起]{date}的事，{city}[市民|居民]{who}[仍心有余悸|还是很激动]。[据介绍|记者了解到]，出事的{p}是{ago}[在网上|从实体店]买的。",
    "{who}家住{city}[城东|城西|老城区]，{date}，家中的{p}[发生意外|出了状况]：“{summary}。”",
];

/// Second paragraph; `{after}` is what came of it.
pub(crate) const MIDDLES: &[&str] = &[
    "[事后|随后]，{who}联系了[商家|厂家客服]，对方[表示需要寄回检测|称产品质检合格]，[双方没有谈拢|至今没有给出方案]。“{after}，”{who}说，“[我只想弄清楚原因|希望别人不要再遇到]。”",
    "记者[拨打了|联系]{b}[的售后电话|公司]，[工作人员称会登记上报|截至发稿没有得到答复]。{who}告诉记者，{after}。",
    "[社区|派出所]工作人员[到场查看|做了登记]。{who}介绍，{after}。[目前|现在]产品残件由{who}保存。",
];

/// Last paragraph.
pub(crate) const ENDS: &[&str] = &[
    "[当地市场监管部门|市场监管所]表示，[已受理投诉|将依法调查]。[本报将继续关注|记者将持续跟进]。",
    "[业内人士|律师]认为，消费者[应保留好票据和实物|可以要求第三方鉴定]，[如属产品缺陷，厂家应当召回|依法维权]。",
    "[专家提醒|消防部门提醒]，[选购时认准正规品牌|使用前仔细阅读说明书]，[出现异常立即停用|不要带故障使用]。",
];

/// Last paragraph when nothing happened.
pub(crate) const GENERAL_ENDS: &[&str] = &[
    "[专家提醒|业内人士提醒]，[选购时认准正规品牌|使用前仔细阅读说明书]，[保留好购物凭证|按说明定期保养]。",
    "[分析认为|有观点认为]，[行业竞争加剧|消费者更看重品质]，[品牌还需在创新上下功夫|市场仍有增长空间]。",
];

/// Several people at once; `{n}` how many the paper found.
pub(crate) const CLUSTER_TITLES: &[&str] =
    &["[多地|多名]消费者[反映|投诉]：{thing} [记者调查|问题出在哪]", "{thing}[不是个例|频发]？[记者走访|多位买家发声]"];

/// What a paper adds about the others.
pub(crate) const CLUSTERS: &[&str] = &[
    "记者在投诉平台上检索发现，[近一个月|近期]类似的[投诉|反映]已有[十余起|二十多条]，涉及[多个省份|不同城市]。",
    "[在一个维权群里|社交平台上]，记者看到[{n}名|数名]买家晒出相似的[经历|照片]，[时间集中在近一个月|型号大多相同]。",
];

/// Stories about nothing that happened now: advice, trade, old cases.
pub(crate) const GENERAL: &[(&str, &str)] = &[
    (
        "[新品|这款]{p}火爆[开售|出圈] [一上午卖出上万件|门店排起长队]",
        "{date}，{b}[新款|联名]{p}[正式|]发售，[现场火爆|直播间人气炸裂]，[不少年轻人|许多家长]专程赶来。[业内分析|品牌方称]，[性价比|设计感]是[走红|卖爆]的主要原因。",
    ),
    (
        "[如何|怎样]防止{p}[起火|漏电|伤人]？[专家|消防员]支招",
        "[夏天|换季]到了，{p}使用频繁。专家提醒，要[选购正规产品|避免长时间使用]，[定期检查电源线|不要放在易燃物旁]，一旦发现[冒烟|异响]要先断电。如果发生触电或起火，[切勿用水|及时拨打119]。",
    ),
    (
        "{b}[发布|公布][一季度|年度]财报 {p}[销量增长|出口提速]",
        "{b}[今日|昨日]公布[财报|业绩]，{p}业务[营收同比增长|毛利率提升]，公司表示[将加大研发投入|继续拓展海外市场]。该公司此前曾因[电池起火|刹车失灵]问题实施召回，[去年已全部完成|目前整改已结束]。",
    ),
    (
        "[旧闻回顾|十年前的今天]：一次{thing}事故[改变了什么|带来的教训]",
        "[多年前|2014年]，一起{thing}引发的[火灾|伤害]事故曾引起[社会关注|热议]。当年[涉事产品|相关型号]早已停产，[标准也随之修订|行业从此有了强制性要求]。",
    ),
    (
        "{prov}[开展|启动]{thing}质量提升行动",
        "[记者从{prov}有关部门获悉|日前]，{prov}启动{thing}质量[提升|帮扶]行动，[组织专家进企业|免费检测]，[推动|帮助]中小企业[改进工艺|对标国际]，防范质量安全风险。",
    ),
    (
        "[评测|横评]：{n}款热门{p}谁更[好用|值得买]",
        "[编辑部|我们]买来{n}款{p}做了[一周|半个月]的对比。[在防漏电、温升|安全和耐用]项目上[全部通过|没有发现问题]，[没有一款出现冒烟、异味|差别主要在噪声和做工]。",
    ),
];

/// How a copy begins, when it says so.
pub(crate) const COPY_OPENINGS: &[&str] = &["[据{outlet}报道，|转自{outlet}：|来源：{outlet}。|【{outlet}】|]"];

/// How a copy ends.
pub(crate) const COPY_ENDS: &[&str] = &["[（编辑：{m}）|（责编 {m}）|更多精彩请关注本号。|声明：转载仅为传递信息。|]"];

/// Every pool, for the test.
#[cfg(test)]
pub(crate) const ALL: &[&[&str]] =
    &[TITLES, LEADS, MIDDLES, ENDS, GENERAL_ENDS, CLUSTER_TITLES, CLUSTERS, COPY_OPENINGS, COPY_ENDS];
