//! The closed label set: hazards, product categories, stances, channels, levels. Codes are stable; Chinese names are what
//! people read. Every dictionary leaf, rule, label and screen uses these and nothing else.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Said;

/// A code that is not in the closed set it was looked up in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a known {set}; known: {known}")]
pub struct UnknownCode {
    /// Which set was asked, e.g. `hazard`.
    pub set: &'static str,
    /// What was found instead.
    pub found: String,
    /// All codes of the set, comma-separated, for the message.
    pub known: String,
}

impl Said for UnknownCode {
    fn zh(&self) -> String {
        format!("`{}` 不是已知的{}；有：{}", self.found, set_in_chinese(self.set), self.known.replace(", ", "、"))
    }
}

/// The name of a set of codes in Chinese; one that has none stays as it is called.
fn set_in_chinese(set: &str) -> &str {
    match set {
        "hazard" => "隐患",
        "product category" => "产品类别",
        "stance" => "断言",
        "channel" => "渠道",
        "danger" => "隐患程度",
        "spread" => "范围",
        "disposal" => "处置",
        "focus flag" => "关注标记",
        "kind of actor" => "主体种类",
        "administrative level" => "行政级别",
        "role" => "角色",
        "endpoint kind" => "通知方式",
        "scope" => "权限范围",
        "stage" => "办理阶段",
        "act" => "操作",
        "item verdict" => "单项判定",
        "basis of a verdict" => "判定依据",
        "part in a matter" => "与事项的关系",
        "request to a unit" => "要求",
        "measure" => "处理措施",
        "way of sampling" => "采样方式",
        "stratum" => "分层",
        "group of products" => "产品组",
        "paper" => "文书",
        other => other,
    }
}

macro_rules! codes {
    ($(#[doc = $about:literal])* $name:ident, $set:literal { $($(#[$vmeta:meta])* $variant:ident = $code:literal, $zh:literal, $en:literal;)* }) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vmeta])* #[doc = $zh] #[serde(rename = $code)] $variant,)*
        }

        impl $name {
            /// Every member, in the order of the label set.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The stable code used in files, the index and the API.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $($name::$variant => $code,)* }
            }

            /// The Chinese display name.
            #[must_use]
            pub fn zh(self) -> &'static str {
                match self { $($name::$variant => $zh,)* }
            }

            /// The English display name.
            #[must_use]
            pub fn en(self) -> &'static str {
                match self { $($name::$variant => $en,)* }
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn schema_id() -> std::borrow::Cow<'static, str> {
                concat!(module_path!(), "::", stringify!($name)).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                super::schema::code_of(concat!($($about),*), Self::ALL.iter().map(|one| (one.code(), one.zh())))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.code())
            }
        }

        impl FromStr for $name {
            type Err = UnknownCode;
            fn from_str(text: &str) -> Result<Self, UnknownCode> {
                match text {
                    $($code => Ok($name::$variant),)*
                    _ => Err(UnknownCode {
                        set: $set,
                        found: text.to_owned(),
                        known: Self::ALL.iter().map(|c| c.code()).collect::<Vec<_>>().join(", "),
                    }),
                }
            }
        }
    };
}

codes! {
    /// What can go wrong with a product (隐患类别).
    Hazard, "hazard" {
        Fire = "fire", "起火爆炸", "fire and explosion";
        ElectricShock = "electric_shock", "触电", "electric shock";
        Burn = "burn", "灼烫", "burns and scalds";
        Chemical = "chemical", "化学危害", "chemical";
        Irritation = "irritation", "过敏刺激", "allergy and irritation";
        Microbial = "microbial", "微生物与变质", "microbes and spoilage";
        Illness = "illness", "致病中毒", "illness and poisoning";
        ForeignBody = "foreign_body", "异物", "foreign body";
        Choking = "choking", "误吞与堵塞", "choking";
        Suffocation = "suffocation", "窒息勒颈", "suffocation and strangulation";
        Cut = "cut", "割刺夹伤", "cuts and pinching";
        Collapse = "collapse", "断裂倒塌跌落", "breakage and collapse";
        Entrapment = "entrapment", "卡夹束缚", "entrapment";
        Drowning = "drowning", "溺水", "drowning";
        ControlLoss = "control_loss", "失控与制动失效", "loss of control";
        Radiation = "radiation", "光辐射与电磁", "radiation";
        Noise = "noise", "噪声伤害", "harmful noise";
        LackOfProtection = "lack_of_protection", "防护失效", "lack of protection";
        InformationSecurity = "information_security", "信息安全", "information security";
        Labelling = "labelling", "标识警示", "labelling and warnings";
        Counterfeit = "counterfeit", "假冒伪劣", "counterfeit";
        Measure = "measure", "计量短缺", "short measure";
        Malfunction = "malfunction", "功能故障", "malfunction";
        Other = "other", "其他", "other";
    }
}

impl Hazard {
    /// Safety hazards (安全隐患) can hurt somebody; the other four are quality hazards (质量问题).
    #[must_use]
    pub fn is_safety(self) -> bool {
        !matches!(self, Hazard::Labelling | Hazard::Counterfeit | Hazard::Measure | Hazard::Malfunction)
    }
}

codes! {
    /// Product category (产品类别). Dictionaries are finer; each leaf names exactly one of these.
    Category, "product category" {
        Toy = "toy", "玩具", "toys";
        ChildVehicle = "child_vehicle", "童车与儿童座椅", "child vehicles and seats";
        InfantProduct = "infant_product", "婴幼儿用品", "infant products";
        ChildWear = "child_wear", "儿童服装鞋", "children's wear";
        StudentSupply = "student_supply", "学生用品", "student supplies";
        KitchenAppliance = "kitchen_appliance", "厨房电器", "kitchen appliances";
        LargeAppliance = "large_appliance", "大家电", "large appliances";
        WaterHeater = "water_heater", "热水器", "water heaters";
        SmallAppliance = "small_appliance", "小家电与个护电器", "small appliances";
        GasAppliance = "gas_appliance", "燃气具", "gas appliances";
        LightingElectric = "lighting_electric", "照明与电工", "lighting and electrical";
        BatteryCharger = "battery_charger", "电池与充电器", "batteries and chargers";
        Phone = "phone", "手机", "phones";
        Computer = "computer", "电脑与办公设备", "computers and office";
        SmartDevice = "smart_device", "智能设备", "smart devices";
        AudioVideo = "audio_video", "影音设备", "audio and video";
        Ebike = "ebike", "电动自行车与滑板车", "e-bikes and scooters";
        BicycleHelmet = "bicycle_helmet", "自行车与头盔", "bicycles and helmets";
        Car = "car", "汽车", "cars";
        Motorcycle = "motorcycle", "摩托车", "motorcycles";
        CarPart = "car_part", "汽车配件用品", "car parts";
        Clothing = "clothing", "服装", "clothing";
        ShoeBag = "shoe_bag", "鞋与箱包", "shoes and bags";
        HomeTextile = "home_textile", "家用纺织品", "home textiles";
        Furniture = "furniture", "家具", "furniture";
        BuildingMaterial = "building_material", "建材装饰", "building materials";
        Tableware = "tableware", "餐厨具与食品接触材料", "tableware and food contact";
        HouseholdChemical = "household_chemical", "日化洗涤", "household chemicals";
        Cosmetic = "cosmetic", "化妆品", "cosmetics";
        PaperHygiene = "paper_hygiene", "纸品与卫生用品", "paper and hygiene";
        MedicalDevice = "medical_device", "医疗器械", "medical devices";
        DrugHealthFood = "drug_health_food", "药品与保健食品", "drugs and health food";
        DairyFormula = "dairy_formula", "乳制品与婴配粉", "dairy and formula";
        MeatSeafood = "meat_seafood", "肉蛋水产", "meat, eggs and seafood";
        FruitVegetable = "fruit_vegetable", "果蔬", "fruit and vegetables";
        GrainOil = "grain_oil", "粮油调味", "grain, oil and seasoning";
        SnackDrink = "snack_drink", "零食饮料酒", "snacks and drinks";
        Catering = "catering", "餐饮外卖", "catering";
        SportOutdoor = "sport_outdoor", "运动户外", "sport and outdoor";
        JewelryGlasses = "jewelry_glasses", "饰品与眼镜", "jewellery and glasses";
        ToolGarden = "tool_garden", "工具五金农机农资", "tools, hardware and farm supplies";
        FireworkLighter = "firework_lighter", "烟花与打火机", "fireworks and lighters";
        ElevatorFacility = "elevator_facility", "电梯与公共设施", "lifts and public facilities";
        Pet = "pet", "宠物用品", "pet products";
        Publication = "publication", "图书音像文创", "publications";
        TobaccoVape = "tobacco_vape", "烟草与电子烟", "tobacco and vapes";
        HotelService = "hotel_service", "住宿等服务", "hotels and services";
        OtherProduct = "other_product", "其他产品", "other products";
    }
}

codes! {
    /// What a text claims about a hazard (断言). Only `asserted` and `suspected` make a signal.
    Stance, "stance" {
        Asserted = "asserted", "断言", "asserted";
        Suspected = "suspected", "怀疑", "suspected";
        Negated = "negated", "否认", "negated";
        Generic = "generic", "泛指", "generic";
        Historic = "historic", "旧事", "historic";
    }
}

impl Stance {
    /// Whether a mention with this stance may become a signal.
    #[must_use]
    pub fn counts(self) -> bool {
        matches!(self, Stance::Asserted | Stance::Suspected)
    }
}

codes! {
    /// The five channel groups of DB33/T 980 §6.1.2 (渠道).
    Channel, "channel" {
        Complaint = "complaint", "投诉举报", "complaints";
        Regulator = "regulator", "监管", "regulators";
        Platform = "platform", "电商平台", "platforms";
        Media = "media", "互联网媒体", "media";
        Standard = "standard", "标准与境外通报", "standards and foreign notices";
    }
}

codes! {
    /// Danger (隐患程度): severity × probability. Ordered from least to worst.
    Danger, "danger" {
        Low = "low", "低", "low";
        Medium = "medium", "中", "medium";
        High = "high", "高", "high";
        Serious = "serious", "严重", "serious";
    }
}

codes! {
    /// Spread (范围). Ordered from narrow to wide.
    Spread, "spread" {
        Isolated = "isolated", "个别", "isolated";
        Regional = "regional", "区域性", "regional";
        Industry = "industry", "行业性", "industry-wide";
        Systemic = "systemic", "系统性", "systemic";
    }
}

codes! {
    /// What is to be done (处置), DB33/T 980 §6.1.3 a–c.
    Disposal, "disposal" {
        Exclude = "exclude", "排除", "exclude";
        Notify = "notify", "通知", "notify";
        Sample = "sample", "采样", "sample";
    }
}

codes! {
    /// Focus flags (重点) laid over the categories.
    Focus, "focus flag" {
        Children = "children", "儿童", "children";
        Elderly = "elderly", "老人", "elderly";
        Students = "students", "学生", "students";
        Appliances = "appliances", "家电", "appliances";
        Cars = "cars", "汽车", "cars";
        EcommerceHot = "ecommerce_hot", "网售热点", "e-commerce hot sellers";
        Smart = "smart", "智能产品", "smart products";
    }
}

codes! {
    /// Who speaks in a source (发布者类型): a recipe says it once for all of its documents.
    ActorKind, "kind of actor" {
        Consumer = "consumer", "消费者", "consumers";
        Firm = "firm", "企业", "firms";
        Platform = "platform", "平台", "platforms";
        TestBody = "test_body", "检验检测机构", "test bodies";
        Association = "association", "社会组织", "associations";
        Media = "media", "媒体", "media";
        Authority = "authority", "政府部门", "authorities";
    }
}

codes! {
    /// At which level of administration a source speaks (行政层级).
    AdminLevel, "administrative level" {
        International = "international", "境外与国际", "international";
        National = "national", "国家级", "national";
        Province = "province", "省级", "province";
        City = "city", "市级", "city";
        County = "county", "县级", "county";
    }
}

codes! {
    /// What the date of a document was read from (日期依据), where its source named none in a field of its own.
    PublishedFrom, "evidence of a date" {
        Meta = "meta", "网页元数据", "meta tag";
        JsonLd = "json_ld", "结构化数据", "structured data";
        TimeElement = "time", "时间标签", "time element";
        Line = "line", "来源与时间行", "line with source and date";
        Script = "script", "页面脚本", "script of the page";
        Address = "url", "网址", "address";
        Signature = "signature", "落款", "signature";
        Sitemap = "sitemap", "站点地图", "sitemap";
        Nothing = "none", "无日期", "no date found";
    }
}

codes! {
    /// Who takes part (clause 3-01): what a party may see and do follows from its role.
    Role, "role" {
        Supervision = "supervision", "监管部门", "supervision body";
        Centre = "centre", "监测中心", "monitoring centre";
        TestBody = "test_body", "检验机构", "test body";
        Platform = "platform", "电商平台", "platform";
        Firm = "firm", "经营者与企业", "seller or firm";
        Public = "public", "公众与研究者", "public and analysts";
    }
}

codes! {
    /// In which form an endpoint takes messages.
    EndpointKind, "endpoint kind" {
        Webhook = "webhook", "签名回调", "signed webhook";
        Wecom = "wecom", "企业微信群机器人", "WeCom group robot";
        Dingtalk = "dingtalk", "钉钉群机器人", "DingTalk group robot";
        Feishu = "feishu", "飞书群机器人", "Feishu group robot";
        Mail = "mail", "邮件", "mail";
    }
}

codes! {
    /// What an API token may be used for, within what the role of its party allows.
    Scope, "scope" {
        Read = "read", "读取预警", "read alerts and feeds";
        Search = "search", "检索原文", "search and read documents";
        Push = "push", "推送文档", "hand documents in";
        Act = "act", "处置预警", "act on alerts";
        Metrics = "metrics", "运行指标", "numbers of the service";
    }
}

codes! {
    /// How far people have come with an alert, beside what the machine decides (clauses 3-26 to 3-31).
    Stage, "stage" {
        Identified = "identified", "已识别", "identified";
        Review = "review", "核查中", "under review";
        Excluded = "excluded", "已排除", "excluded";
        Notified = "notified", "已通知", "notified";
        Sampling = "sampling", "采样中", "sampling";
        Confirmed = "confirmed", "属实", "confirmed";
        NotConfirmed = "not_confirmed", "未证实", "not confirmed";
        Handled = "handled", "已处理", "handled";
        Closed = "closed", "已办结", "closed";
    }
}

codes! {
    /// What a person does with an alert. The first group moves its stage, the second is what is done about it (room `matter`), the rest is how
    /// it is shown and given on.
    ActKind, "act" {
        Review = "review", "开始核查", "take under review";
        Exclude = "exclude", "排除", "exclude";
        Reopen = "reopen", "重新打开", "open again";
        Notify = "notify", "通知有关单位", "notify";
        Sample = "sample", "安排采样", "have sampled";
        Confirm = "confirm", "认定属实", "confirm";
        Refute = "refute", "认定未证实", "find nothing";
        Handle = "handle", "处理完毕", "handled";
        Close = "close", "办结", "close";
        Note = "note", "备注", "note";
        Assign = "assign", "指派", "assign";
        Mute = "mute", "静默", "mute";
        Unmute = "unmute", "解除静默", "unmute";
        Pin = "pin", "置顶", "pin";
        Unpin = "unpin", "取消置顶", "unpin";
        Publish = "publish", "对外发布", "publish";
        Withdraw = "withdraw", "撤回发布", "withdraw";
        Scheme = "scheme", "编制采样方案", "write the sampling scheme";
        Approve = "approve", "批准方案", "approve the scheme";
        Order = "order", "下达采样", "give the scheme to the buyers";
        Cancel = "cancel", "取消采样", "cancel the sampling";
        CommitSeed = "commit_seed", "公布种子摘要", "commit to a seed";
        Draw = "draw", "抽取样品", "draw the samples";
        Commission = "commission", "委托检验", "commission a test body";
        Buy = "buy", "购样", "buy a sample";
        Receive = "receive", "收样登记", "take a sample in";
        SendBack = "send_back", "退货", "send a sample back";
        Split = "split", "分样封样", "split and seal a sample";
        Dispatch = "dispatch", "送检", "send a sample to the test body";
        Result = "result", "检验结果", "result of a test";
        NotTestable = "not_testable", "无法检验", "a sample cannot be tested";
        Address = "address", "告知", "tell a unit";
        Acknowledge = "acknowledge", "签收", "acknowledge";
        Measure = "measure", "采取措施", "take a measure";
        Finish = "finish", "处理完成", "finish handling";
        Report = "report", "报送处理情况", "report what was done";
        FileCase = "file_case", "立案", "open a case";
        EndCase = "end_case", "结案", "close a case";
        Object = "object", "提出异议", "object to a result";
        AnswerObjection = "answer_objection", "答复异议", "answer an objection";
        OrderCorrection = "order_correction", "责令改正", "order a correction";
        Reinspect = "reinspect", "复查", "inspect again";
    }
}

codes! {
    /// Whether an item of a test conforms (单项判定).
    ItemVerdict, "item verdict" {
        Pass = "pass", "合格", "conforms";
        Fail = "fail", "不合格", "does not conform";
        Unjudged = "unjudged", "不判定", "is not judged";
    }
}

codes! {
    /// What a verdict rests on (判定依据, clause 3-41).
    VerdictBasis, "basis of a verdict" {
        Standard = "standard", "国家、行业或地方标准", "a national, industry or local standard";
        Stated = "stated", "产品明示指标", "what the goods state";
        Monitoring = "monitoring", "监测规则", "the rules of the monitoring";
    }
}

codes! {
    /// What a recipient has to do with a matter: why it is told (clauses 3-11, 3-47).
    Concern, "part in a matter" {
        Seller = "seller", "站内经营者", "the seller";
        Maker = "maker", "生产企业", "the maker";
        Platform = "platform", "电商平台", "the platform it is sold on";
        Place = "place", "属地监管", "the authority of the place";
        Industry = "industry", "行业组织", "the industry";
        Other = "other", "其他", "another reason";
    }
}

codes! {
    /// What a recipient is asked to do.
    Asked, "request to a unit" {
        Know = "know", "知悉", "to know of it";
        Handle = "handle", "处理", "to handle it";
        Inspect = "inspect", "核查查处", "to inspect";
        Sample = "sample", "协助采样", "to help with sampling";
    }
}

codes! {
    /// What is done about goods or a firm (处理措施, clauses 3-46, 2-21, 0-13), least first.
    MeasureKind, "measure" {
        Warn = "warn", "风险提示", "consumers are warned";
        Refund = "refund", "退货", "goods are taken back";
        Delist = "delist", "下架", "the listing is removed";
        Recall = "recall", "召回", "goods are recalled";
        Forfeit = "forfeit", "没收质量违约金", "the deposit is forfeited";
        Expel = "expel", "清退", "the seller is expelled";
        Interview = "interview", "约谈", "the firm is called in";
        Blacklist = "blacklist", "列入黑名单", "the firm is blacklisted";
        Inspection = "inspection", "监督检查", "an inspection is made";
        Emergency = "emergency", "应急处置", "an emergency plan is followed";
        Transfer = "transfer", "移送", "the matter is handed to another authority";
    }
}

codes! {
    /// How samples are chosen (采样方式, clause 1-15).
    DrawMode, "way of sampling" {
        Random = "random", "随机抽样", "by chance from all offers";
        Targeted = "targeted", "靶向抽样", "where a problem is suspected";
    }
}

codes! {
    /// By what offers are divided before samples are drawn (分层).
    StratumKind, "stratum" {
        Platform = "platform", "平台", "platform";
        Region = "region", "地区", "region";
        Price = "price", "价格", "price";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_as_itself() {
        for hazard in Hazard::ALL {
            assert_eq!(hazard.code().parse::<Hazard>().as_ref(), Ok(hazard));
        }
        for category in Category::ALL {
            assert_eq!(category.code().parse::<Category>().as_ref(), Ok(category));
        }
        assert_eq!((Hazard::ALL.len(), Category::ALL.len()), (24, 48));
    }

    #[test]
    fn an_unknown_code_names_the_set_and_what_is_known() {
        let error = "fires".parse::<Hazard>().expect_err("no such hazard");
        assert!(error.to_string().starts_with("`fires` is not a known hazard; known: fire, electric_shock"));
    }
}
