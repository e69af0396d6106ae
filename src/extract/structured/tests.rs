//! Rows and notices in the wording of market supervisors, ours: what product and hazard their fields give. 70 cases.

use super::*;
use vocabulary::Document;

/// The pairs of a document, as `product/hazard`, sorted.
fn pairs(text: &str, meta: &serde_json::Value) -> Vec<String> {
    let lexicon = lexicon();
    let document: Document = serde_json::from_value(
        serde_json::json!({"id": "1", "source": "s", "channel": "regulator", "text": text, "meta": meta}),
    )
    .expect("a document");
    let reading = crate::read(&document, lexicon);
    let chars = text.chars().count();
    for signal in &reading.signals {
        assert!(signal.hazard_span.to() <= chars && !signal.hazard_span.is_empty(), "{text}: {signal:?}");
        assert!(signal.product_span.is_none_or(|span| span.to() <= chars), "{text}: {signal:?}");
    }
    for mention in &reading.mentions {
        assert_eq!(mention.span.slice(text), mention.text, "{text}");
    }
    let mut pairs: Vec<String> =
        reading.signals.iter().map(|signal| format!("{}/{}", signal.product, signal.hazard)).collect();
    pairs.sort();
    pairs
}

fn lexicon() -> &'static Lexicon {
    static LEXICON: std::sync::OnceLock<Lexicon> = std::sync::OnceLock::new();
    LEXICON.get_or_init(|| Lexicon::shipped().expect("the shipped lexicon loads"))
}

/// One row or notice and the pairs that a careful reader takes from it, parted by spaces.
const CASES: &[(&str, &str)] = &[
    // Spot-check rows, the item column first.
    ("产品名称：木家具；商标：佳木；规格型号：床头柜；不合格项目：甲醛释放量；检验结果：不合格", "furniture/chemical"),
    ("产品名称：电热水壶；标称生产单位：某某电器厂；不合格项目：接地措施", "kitchen_appliance/electric_shock"),
    (
        "产品名称：儿童羽绒服；不合格项目：绳带要求、纤维含量；检验结论：不合格",
        "child_wear/counterfeit child_wear/suffocation",
    ),
    ("产品名称：毛绒玩具；不合格项目：小零件；判定：不合格", "toy/choking"),
    ("产品名称：移动电源；不合格项目：过充电、热滥用", "battery_charger/fire"),
    ("产品名称：电源适配器；不合格项目：抗电强度", "battery_charger/electric_shock"),
    ("产品名称：饼干；不合格项目：菌落总数║检验结果：1.2×10^5║标准值：≤10^4", "snack_drink/microbial"),
    ("食品名称：干辣椒；不合格项目：二氧化硫残留量；检验机构：某检测中心", "fruit_vegetable/chemical"),
    (
        "样品名称：延长线插座；不合格项目：分断容量；标识",
        "lighting_electric/electric_shock lighting_electric/labelling",
    ),
    ("产品名称：LED台灯；不合格项目：骚扰电压、标志", "lighting_electric/labelling lighting_electric/radiation"),
    ("产品名称：电动自行车；不合格项目：制动性能、最高车速", "ebike/control_loss"),
    ("产品名称：电动自行车；商标：某牌；不合格项目：短路保护；结果：不合格", "ebike/fire"),
    ("产品名称：婴儿床；不合格项目：孔、间隙及开口；检验结果：不合格", "infant_product/entrapment"),
    ("产品名称：儿童自行车；不合格项目：锐利边缘", "child_vehicle/cut"),
    ("产品名称：摩托车乘员头盔；不合格项目：吸收碰撞能量性能", "bicycle_helmet/lack_of_protection"),
    ("产品名称：定量包装大米；不合格项目：净含量", "grain_oil/measure"),
    ("产品名称：蚕丝被；不合格项目：纤维成分含量；填充物质量", "home_textile/counterfeit"),
    ("产品名称：燃气灶；不合格项目：熄火保护装置；热效率", "gas_appliance/fire gas_appliance/malfunction"),
    ("产品名称：燃气热水器；不合格项目：干烟气中一氧化碳浓度", "water_heater/suffocation"),
    ("产品名称：纸尿裤；不合格项目：细菌菌落总数；真菌菌落总数", "infant_product/microbial"),
    ("产品名称：充气泳圈；不合格项目：止回阀；标识", "sport_outdoor/drowning sport_outdoor/labelling"),
    ("产品名称：运动鞋；不合格项目：剥离强度", "shoe_bag/collapse"),
    ("产品名称：学生书包；不合格项目：邻苯二甲酸酯", "student_supply/chemical"),
    ("产品名称：学生用修正液；不合格项目：苯、氯代烃", "student_supply/chemical"),
    (
        "产品名称：内墙涂料；不合格项目：挥发性有机化合物（VOC）；耐洗刷性",
        "building_material/chemical building_material/malfunction",
    ),
    ("产品名称：面膜；不合格项目：检出禁用原料氯倍他索丙酸酯", "cosmetic/chemical"),
    ("产品名称：韭菜；不合格项目：腐霉利║0.89mg/kg║≤0.2mg/kg", "fruit_vegetable/chemical"),
    ("产品名称：儿童手表；不合格项目：个人信息保护", "smart_device/information_security"),
    ("产品名称：一次性纸杯；不合格项目：高锰酸钾消耗量", "tableware/chemical"),
    ("产品名称：不锈钢保温杯；不合格项目：保温效能；材质", "tableware/counterfeit tableware/malfunction"),
    ("产品名称：办公椅；不合格项目：座面静载荷", "furniture/collapse"),
    ("产品名称：手提式干粉灭火器；不合格项目：20℃喷射性能", "tool_garden/lack_of_protection"),
    ("产品名称：打火机；不合格项目：火焰高度", "firework_lighter/fire"),
    ("产品名称：电线电缆；不合格项目：导体电阻；绝缘厚度", "lighting_electric/electric_shock"),
    // Verdicts: a tested item counts only with a failing one.
    ("产品名称：木家具；检验项目：甲醛释放量；检验结果：不合格", "furniture/chemical"),
    ("产品名称：木家具；检验项目：甲醛释放量；检验结果：合格", ""),
    ("产品名称：电热毯；检验项目：泄漏电流；检验结论：符合", ""),
    ("产品名称：电热毯；检验项目：泄漏电流；检验结论：不符合", "small_appliance/electric_shock"),
    ("产品名称：饮用水；不合格项目：/；检验结论：合格", ""),
    ("产品名称：面粉；不合格项目：无；结论：合格", ""),
    ("产品名称：牛奶；检验项目：大肠菌群；标准值：≤1；实测值：8", "dairy_formula/microbial"),
    ("产品名称：牛奶；检验项目：大肠菌群；标准值：≤10；实测值：8", ""),
    (
        "产品名称：地板；检验项目：甲醛释放量；技术要求：≤0.124mg/m³；实测值：0.31mg/m³；单项判定：不合格",
        "building_material/chemical",
    ),
    ("产品名称：电饭锅；型号：CFXB40；检验结果：不合格", "kitchen_appliance/other"),
    // Tables in running text.
    (
        "序号\t产品名称\t规格型号\t不合格项目\n1\t电风扇\tFS40\t接地措施\n2\t电吹风\t1200W\t非正常工作",
        "small_appliance/electric_shock small_appliance/fire",
    ),
    (
        "| 产品名称 | 标称生产企业 | 抽查结果 | 主要不合格项目 |\n| 童鞋 | 甲鞋厂 | 不合格 | 邻苯二甲酸酯 |\n| 童鞋 | 乙鞋厂 | 合格 | / |",
        "child_wear/chemical",
    ),
    // Several labelled rows in one text.
    (
        "1.产品名称：毛巾；不合格项目：pH值。2.产品名称：拖鞋；不合格项目：剥离强度。",
        "home_textile/chemical shoe_bag/collapse",
    ),
    // A firm's name is no product.
    ("产品名称：电蚊拍；标称生产企业：某市童乐玩具有限公司；不合格项目：电气强度", "small_appliance/electric_shock"),
    ("产品名称：奶茶粉；被抽样单位：某区手机家电超市；不合格项目：霉菌", "snack_drink/microbial"),
    // Recall notices with labels.
    (
        "召回产品：电热水袋\n型号：DR-01\n召回数量：1200个\n缺陷描述：电极绝缘不良，使用中可能漏电\n可能造成的后果：触电\n召回措施：退货退款",
        "small_appliance/electric_shock",
    ),
    (
        "产品名称：婴儿推车\n召回企业：某童车公司\n涉及数量：350辆\n缺陷情况：折叠锁定装置可能意外松脱，造成车架折叠\n可能导致的后果：夹伤婴幼儿手指",
        "child_vehicle/cut",
    ),
    ("召回产品：磁力珠\n缺陷：磁珠可被儿童误吞\n后果：造成肠道穿孔", "toy/choking"),
    ("涉及产品：充电宝；缺陷描述：电芯过热，极端情况下会起火；召回数量：5000", "battery_charger/fire"),
    ("召回产品：儿童梳妆台\n缺陷描述：重心偏高\n可能造成的后果：倾倒砸伤儿童", "furniture/collapse"),
    (
        "召回产品：电压力锅\n缺陷描述：上盖在带压时可能被打开\n可能造成的后果：内容物喷出，烫伤使用者",
        "kitchen_appliance/burn",
    ),
    ("召回产品：颈挂式风扇\n召回原因：电池鼓包，有起火风险", "small_appliance/fire"),
    ("涉及车型：某牌轿车\n缺陷情形：制动助力泵失效，制动距离变长\n可能后果：增加碰撞风险", "car/control_loss"),
    ("召回产品：折叠梯\n缺陷描述：锁扣可能断裂\n可能造成的后果：使用者跌落受伤", "tool_garden/collapse"),
    ("产品名称：儿童睡衣；风险类型：灼烫", "child_wear/burn"),
    ("产品名称：玩具水枪；风险类型：化学；通报国家：德国", "toy/chemical"),
    ("产品名称：婴儿摇椅；危害类型：窒息、跌落", "infant_product/collapse infant_product/suffocation"),
    ("产品名称：太阳镜；风险类型：视力损伤", "jewelry_glasses/radiation"),
    // A recall without a stated defect is still one.
    ("召回产品：电烤箱；召回原因：不符合企业标准要求", "kitchen_appliance/other"),
    // The substance is named, the item is not in the list.
    ("产品名称：豇豆；不合格项目：灭多威", "fruit_vegetable/chemical"),
    // Prose in the column of findings.
    ("产品名称：电热水龙头；存在问题：使用时外壳漏电", "water_heater/electric_shock"),
    // No sheet: headings in a review, and text without a product column, say nothing of their own.
    ("结果：不合格我的要求，但是客服态度好", ""),
    ("优点：便宜；缺点：包装一般；结论：可以买", ""),
    ("检验结果：合格", ""),
];

#[test]
fn rows_and_notices_give_the_pairs_that_a_careful_reader_takes_from_them() {
    let (mut hit, mut extra, mut missed) = (0, 0, 0);
    let mut wrong = Vec::new();
    for (text, expected) in CASES {
        let found = pairs(text, &serde_json::json!({}));
        let expected: Vec<&str> = expected.split_whitespace().collect();
        let right = found.iter().filter(|pair| expected.contains(&pair.as_str())).count();
        hit += right;
        extra += found.len() - right;
        missed += expected.len() - right;
        if found != expected {
            wrong.push(format!("{text}\n  expected {expected:?}, found {found:?}"));
        }
    }
    assert!(CASES.len() >= 60, "{} cases", CASES.len());
    let f1 = f64::from(u32::try_from(2 * hit).expect("few"))
        / f64::from(u32::try_from(2 * hit + extra + missed).expect("few"));
    assert!(f1 >= 0.97, "F1 {f1:.3} ({hit} right, {extra} extra, {missed} missed)\n{}", wrong.join("\n"));
}

#[test]
fn columns_in_meta_are_evidenced_by_the_text_as_a_whole() {
    let text = "关于某批次产品的抽查结果公示";
    let meta =
        serde_json::json!({"产品名称": "电热水壶", "不合格项目": "接地措施", "商标": "某牌", "所在地": "浙江省杭州市"});
    let document: Document = serde_json::from_value(
        serde_json::json!({"id": "1", "source": "s", "channel": "regulator", "text": text, "meta": meta}),
    )
    .expect("a document");
    let reading = crate::read(&document, lexicon());
    let [signal] = reading.signals.as_slice() else { panic!("{:?}", reading.signals) };
    assert_eq!((signal.product, signal.hazard), (Category::KitchenAppliance, Hazard::ElectricShock));
    assert_eq!(signal.hazard_span, CharSpan::new(0, text.chars().count()));
    assert_eq!((signal.product_span, signal.product_from), (None, ProductFrom::Meta));
    assert_eq!(signal.brand.as_deref(), Some("某牌"));
    assert_eq!(signal.region.map(|code| code.to_string()).as_deref(), Some("330100"));
}

#[test]
fn columns_that_a_recipe_renames_are_understood_too() {
    let text = "产品名称：电水壶；商标：某牌；不合格项目：接地措施";
    let meta = serde_json::json!({"platform_category": "电水壶", "finding": "接地措施", "brand": "某牌"});
    assert_eq!(pairs(text, &meta), ["kitchen_appliance/electric_shock"]);
}

#[test]
fn firms_shops_and_models_are_mentioned_where_the_text_holds_them() {
    let text =
        "产品名称：电热水壶；标称生产企业：甲电器有限公司；被抽样单位：乙超市；规格型号：KD-15A；不合格项目：接地措施";
    let document: Document =
        serde_json::from_value(serde_json::json!({"id": "1", "source": "s", "channel": "regulator", "text": text}))
            .expect("a document");
    let reading = crate::read(&document, lexicon());
    let has = |kind, text: &str| reading.mentions.iter().any(|mention| mention.kind == kind && mention.text == text);
    assert!(has(MentionKind::Firm, "甲电器有限公司") && has(MentionKind::Shop, "乙超市"));
    assert!(has(MentionKind::Model, "KD-15A") && has(MentionKind::Hazard, "接地措施"));
}

#[test]
fn an_unknown_product_or_item_is_a_problem_for_the_analyst() {
    let text = "产品名称：雾化除醛仪；不合格项目：晶格系数；检验结果：不合格";
    let document: Document =
        serde_json::from_value(serde_json::json!({"id": "1", "source": "s", "channel": "regulator", "text": text}))
            .expect("a document");
    let reading = crate::read(&document, lexicon());
    let kinds: Vec<&str> = reading.problems.iter().map(|problem| problem.kind.as_str()).collect();
    assert_eq!(kinds, ["unknown_test_item", "unknown_product"]);
    assert_eq!((reading.signals[0].product, reading.signals[0].hazard), (Category::OtherProduct, Hazard::Other));
}

#[test]
fn limits_and_values_are_compared_only_as_plain_numbers() {
    assert_eq!(limit("≤0.15mg/L"), Some((0.15, true)));
    assert_eq!(limit("不小于 40%"), Some((40.0, false)));
    assert_eq!(limit("应符合标准"), None);
    assert_eq!(number("5.2×10^4"), None);
    assert_eq!(number("0.31 mg/m³"), Some(0.31));
}

#[test]
fn a_table_of_any_size_is_read_in_bounds() {
    let mut text = String::from("产品名称\t型号\t不合格项目\n");
    for _ in 0..5_000 {
        text.push_str("电热水壶\tX1\t接地措施\n");
    }
    assert_eq!(pairs(&text, &serde_json::json!({})), ["kitchen_appliance/electric_shock"]);
    const { assert!(fields::ROWS_MAX <= 1_000 && fields::FIELDS_CHARS_MAX <= crate::TEXT_CHARS_MAX) };
}
