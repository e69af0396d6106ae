//! What offices print: spot checks, recalls, advice, rules, standards, notices from abroad. Standard numbers are facts of the
//! published catalogue; every sentence, firm and brand is ours.

use vocabulary::Hazard;

/// A test that goods of one kind fail in spot checks.
#[derive(Debug)]
pub(crate) struct SpotTest {
    /// Key of the goods.
    pub(crate) good: &'static str,
    /// What the table calls the product.
    pub(crate) product: &'static str,
    /// The item that fails.
    pub(crate) item: &'static str,
    /// The standard it is tested by.
    pub(crate) standard: &'static str,
    /// What a failure means.
    pub(crate) hazard: Hazard,
}

#[rustfmt::skip] // a table: one test a line
pub(crate) const SPOT_TESTS: &[SpotTest] = &[
    SpotTest { good: "power_bank", product: "移动电源", item: "过充电保护、热滥用", standard: "GB 31241-2022", hazard: Hazard::Fire },
    SpotTest { good: "charger", product: "电源适配器", item: "抗电强度、过热", standard: "GB 4943.1-2022", hazard: Hazard::ElectricShock },
    SpotTest { good: "ebike", product: "电动自行车", item: "最高车速、蓄电池防篡改", standard: "GB 17761-2018", hazard: Hazard::Fire },
    SpotTest { good: "formula", product: "婴幼儿配方乳粉", item: "菌落总数", standard: "GB 10765-2021", hazard: Hazard::Microbial },
    SpotTest { good: "crib", product: "婴儿床", item: "孔及间隙（卡夹）", standard: "GB 28007-2011", hazard: Hazard::Entrapment },
    SpotTest { good: "heater", product: "室内加热器", item: "接地措施、对触及带电部件的防护", standard: "GB 4706.23-2007", hazard: Hazard::ElectricShock },
    SpotTest { good: "power_strip", product: "延长线插座", item: "防触电保护、导体截面积", standard: "GB/T 2099.7-2015", hazard: Hazard::ElectricShock },
    SpotTest { good: "lamp", product: "可移式灯具", item: "外部接线和内部接线", standard: "GB 7000.204-2008", hazard: Hazard::ElectricShock },
    SpotTest { good: "air_fryer", product: "空气炸锅", item: "非正常工作、发热", standard: "GB 4706.14-2008", hazard: Hazard::Fire },
    SpotTest { good: "kettle", product: "电热水壶", item: "接地措施", standard: "GB 4706.19-2008", hazard: Hazard::ElectricShock },
    SpotTest { good: "magnet_toy", product: "磁力珠玩具", item: "小零件、磁通量指数", standard: "GB 6675.2-2014", hazard: Hazard::Choking },
    SpotTest { good: "plush", product: "毛绒玩具", item: "小零件（眼睛脱落）", standard: "GB 6675.2-2014", hazard: Hazard::Choking },
    SpotTest { good: "uniform", product: "校服", item: "甲醛含量、pH值", standard: "GB 18401-2010", hazard: Hazard::Chemical },
    SpotTest { good: "uniform", product: "儿童服装", item: "附件抗拉强力、绳带", standard: "GB 31701-2015", hazard: Hazard::Suffocation },
    SpotTest { good: "stationery", product: "学生用修正液", item: "苯", standard: "GB 21027-2020", hazard: Hazard::Chemical },
    SpotTest { good: "helmet", product: "电动自行车乘员头盔", item: "吸收碰撞能量性能", standard: "GB 811-2022", hazard: Hazard::LackOfProtection },
    SpotTest { good: "mask", product: "面膜", item: "检出禁用原料（糖皮质激素）", standard: "化妆品安全技术规范", hazard: Hazard::Chemical },
    SpotTest { good: "bed", product: "木家具", item: "甲醛释放量", standard: "GB 18584-2001", hazard: Hazard::Chemical },
    SpotTest { good: "floor", product: "浸渍纸层压木质地板", item: "甲醛释放量", standard: "GB 18580-2017", hazard: Hazard::Chemical },
    SpotTest { good: "snack", product: "饼干", item: "霉菌", standard: "GB 7100-2015", hazard: Hazard::Microbial },
    SpotTest { good: "gas_stove", product: "家用燃气灶具", item: "熄火保护装置", standard: "GB 16410-2020", hazard: Hazard::Fire },
    SpotTest { good: "bottle", product: "不锈钢真空杯", item: "重金属析出", standard: "GB 4806.9-2023", hazard: Hazard::Chemical },
    SpotTest { good: "bedding", product: "床上用品", item: "纤维含量", standard: "GB/T 29862-2013", hazard: Hazard::Counterfeit },
];

/// Titles of spot-check notices; `{thing}` is the kind of goods.
pub(crate) const SPOT_TITLES: &[&str] = &[
    "{office}关于{year}年{thing}产品质量监督抽查[结果|情况]的[通告|通报]",
    "{prov}{thing}等产品[省级|]监督抽查不合格[名单|情况]",
    "{year}年第{n}批产品质量[监督抽查|风险监测]结果公布：{thing}[在列|等{count}批次不合格]",
];

/// What a spot-check notice says before its table.
pub(crate) const SPOT_LEADS: &[&str] = &[
    "近期，{office}组织对{thing}产品质量进行了监督抽查，共抽查[生产|销售]企业的产品若干批次，发现{count}批次不符合标准要求，现将有关情况[通告|公布]如下。对不合格产品，已责令[停止销售|下架]并[依法处理|追溯来源]。",
    "根据年度抽查计划，{office}在[线上线下|流通领域]抽取{thing}样品，经检验，不合格{count}批次，具体名单见附表。相关企业[已收到检验报告并启动整改|应当自收到检验报告之日起整改]。",
];

/// Titles of recalls.
pub(crate) const RECALL_TITLES: &[&str] =
    &["【{prov}】{firm}召回部分{b}牌{thing}", "【{prov}】关于{firm}召回{thing}的[公告|通告]"];

/// Bodies of recalls; `{hz}` is what may happen.
pub(crate) const RECALLS: &[&str] = &[
    "日前，{firm}按照《消费品召回管理暂行规定》的要求，向{office}报告了召回计划，自{date}起召回生产的部分{b}牌{thing}，型号{model}，涉及数量为{count}件。",
    "近日，{firm}向{office}备案了召回计划，决定[自即日起|自{date}起]召回{b}牌{thing}（型号：{model}），共计{count}件。",
];

/// Why a recall is made, by hazard.
pub(crate) fn cause(hazard: Hazard) -> &'static str {
    match hazard {
        Hazard::Fire => {
            "本次召回范围内的产品，由于电芯或线路板[设计|制造]原因，使用中可能过热，极端情况下会起火，存在安全隐患。"
        }
        Hazard::ElectricShock => {
            "本次召回范围内的产品，电源线绝缘层[厚度不足|易破损]，使用时可能造成触电伤害，存在安全隐患。"
        }
        Hazard::Entrapment => {
            "本次召回范围内的产品，护栏间隙[尺寸不当|超出限值]，儿童的头部或四肢可能被卡住，存在安全隐患。"
        }
        Hazard::Choking => "本次召回范围内的产品，小零件[易脱落|强度不足]，儿童可能误吞，存在窒息或肠道损伤的隐患。",
        Hazard::ControlLoss => {
            "本次召回范围内的车辆，[动力系统控制软件|制动助力泵]存在缺陷，行驶中可能失去动力或制动力下降，存在安全隐患。"
        }
        Hazard::Chemical => "本次召回范围内的产品，有害物质含量[不符合标准|超过限值]，长期接触可能危害健康。",
        Hazard::Collapse => "本次召回范围内的产品，承重部件强度不足，使用中可能断裂，造成人员跌落受伤。",
        Hazard::Irritation => "本次召回范围内的产品，部分批次[含有|检出]可能致敏的成分，使用后可能出现皮肤红肿、刺痛。",
        Hazard::Illness | Hazard::Microbial => {
            "本次召回范围内的产品，个别批次[微生物指标不符合要求|可能受到污染]，食用后可能引起腹泻等不适。"
        }
        Hazard::ForeignBody => "本次召回范围内的产品，生产过程中可能混入[玻璃|金属]异物，食用存在划伤风险。",
        Hazard::Suffocation => "本次召回范围内的产品，排烟系统密封[不良|存在缺陷]，可能造成一氧化碳泄漏。",
        Hazard::InformationSecurity => "本次召回范围内的产品，固件存在漏洞，可能被远程控制，造成用户隐私泄露。",
        _ => "本次召回范围内的产品不符合相关安全要求，存在安全隐患。",
    }
}

/// What a recall promises.
pub(crate) const REMEDIES: &[&str] = &[
    "{firm}将[为消费者免费更换|通过退货退款的方式]消除安全隐患，并以[公告|短信]等方式通知相关消费者。消费者可拨打企业客服热线咨询。",
    "请消费者立即停止使用受影响产品，联系[经销商|原购买渠道]办理[退货|更换]。",
];

/// Advice of the season, and papers of the office: nothing happened.
pub(crate) const TIPS: &[(&str, &str)] = &[
    (
        "消费提示：[如何|科学]选购和使用{p}",
        "{office}提示广大消费者：选购{p}时要查看[标识是否齐全|合格证和执行标准]，[通过正规渠道|保留票据]购买；使用中如发现[异常发热|气味异常]应立即停用。为防止起火、触电等事故，[不要长时间|切勿在无人时]使用。",
    ),
    (
        "[春季|夏季|节日]安全用电[提示|提醒]",
        "天气[转潮|转热]，请大家注意用电安全：插座不要超负荷，[湿手不触碰开关|老化电线及时更换]，电动自行车不要在楼道充电，预防火灾和触电。",
    ),
    (
        "{office}召开[一季度|专题]工作[会议|部署会]",
        "会议[总结|通报]了前期工作，要求[压实责任|聚焦重点产品]，围绕儿童用品、电动自行车、燃气具等[开展专项行动|加大抽查力度]，[防范化解|守牢]质量安全风险。",
    ),
    (
        "关于开展{thing}质量安全[专项整治|隐患排查]的通知",
        "各[县（市、区）|市]局：为[防范|遏制]{thing}质量安全事故，现决定[自即日起|从{date}开始]开展专项整治，重点检查[无证生产|虚假标注]等行为，请结合实际抓好落实。",
    ),
    (
        "{office}[解读|问答]：缺陷产品召回[那些事|怎么办]",
        "什么是缺陷产品？召回不等于退货，也不说明企业所有产品都有问题。此前曾有企业因[电池起火|零件脱落]召回产品，[妥善处理后|整改后]恢复销售。",
    ),
];

/// New and revised standards.
pub(crate) const STANDARDS: &[(&str, &str, &str)] = &[
    ("GB 17761-2024", "电动自行车安全技术规范", "ebike"),
    ("GB 31241-2022", "便携式电子产品用锂离子电池和电池组 安全技术规范", "power_bank"),
    ("GB 811-2022", "摩托车、电动自行车乘员头盔", "helmet"),
    ("GB 10765-2021", "食品安全国家标准 婴儿配方食品", "formula"),
    ("GB 6675.1-2014", "玩具安全 第1部分：基本规范", "magnet_toy"),
    ("GB 31701-2015", "婴幼儿及儿童纺织产品安全技术规范", "uniform"),
    ("GB 4943.1-2022", "音视频、信息技术和通信技术设备 第1部分：安全要求", "charger"),
    ("GB 16410-2020", "家用燃气灶具", "gas_stove"),
    ("GB 21027-2020", "学生用品的安全通用要求", "stationery"),
    ("GB 18580-2017", "室内装饰装修材料 人造板及其制品中甲醛释放限量", "floor"),
];

/// What a standards notice says; `{std}` is the number, `{thing}` the title.
pub(crate) const STANDARD_TITLES: &[&str] = &[
    "{std}《{thing}》[修订|修改单][公开征求意见|征求意见稿发布]",
    "[关于|]{std}《{thing}》[实施过渡期|有关问题]的[说明|公告]",
    "{std}《{thing}》[宣贯会召开|解读材料发布]",
];

/// Their bodies.
pub(crate) const STANDARD_BODIES: &[&str] = &[
    "标准规定了[术语和定义、技术要求|分类、安全要求]、试验方法和[检验规则|标志]，适用于{p}。与上一版相比，[增加了|调整了][安全要求|试验方法|警示说明]方面的要求，[过渡期为十二个月|自发布之日起征求意见两个月]。",
    "为提升{p}质量安全水平，[归口单位|起草组]提出了[修订建议|技术内容说明]，重点围绕[安全要求|关键指标|标识标注]等[指标|条款]，请各有关单位[研究执行|反馈意见]。",
];

/// Notices from abroad: office and country.
pub(crate) const OFFICES_ABROAD: &[(&str, &str)] = &[
    ("加拿大卫生部", "加拿大"),
    ("欧盟委员会快速预警系统", "德国"),
    ("澳大利亚竞争与消费者委员会", "澳大利亚"),
    ("日本消费者厅", "日本"),
    ("美国消费品安全委员会", "美国"),
    ("韩国产业通商资源部", "韩国"),
];

/// Invented foreign brands.
pub(crate) const BRANDS_ABROAD: &[&str] =
    &["Lumibee", "Norrvik", "Kittola", "Bramwen", "Osteral", "Pipindo", "Velmora", "Tokaren"];

/// Titles of notices from abroad.
pub(crate) const ABROAD_TITLES: &[&str] = &[
    "{country}[宣布|]召回{b}牌{thing}",
    "境外通报：{country}对{b}{thing}[发出警告|实施召回]",
    "{office}通报{b}牌{thing}[存在风险|不合格]",
];

/// Their bodies; `{hz}` is the hazard's name.
pub(crate) const ABROAD: &[&str] = &[
    "{date}，{office}发布通报，{b}牌{thing}（型号{model}）[因设计缺陷|经检测]存在{hz}风险，[当地共售出约|涉及]{count}件。[已收到{n}起事故报告|目前没有人员受伤的报告]。建议消费者立即停止使用并[退回商店|联系进口商]。",
    "据{office}消息，当地[市场|网店]销售的{b}牌{thing}不符合安全要求，可能造成{hz}伤害，{country}方面已[要求召回|下令撤出市场]，产品原产地[标注不详|为多个国家]。",
];

/// Every pool, for the test.
#[cfg(test)]
pub(crate) const ALL: &[&[&str]] = &[
    SPOT_TITLES,
    SPOT_LEADS,
    RECALL_TITLES,
    RECALLS,
    REMEDIES,
    STANDARD_TITLES,
    STANDARD_BODIES,
    ABROAD_TITLES,
    ABROAD,
];
