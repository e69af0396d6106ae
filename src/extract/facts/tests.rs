//! Facts by behaviour: each case says what a reader of the sentence would say is named.

use std::sync::LazyLock;

use super::*;
use vocabulary::{Channel, DocumentId, Meta, SourceId};

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::shipped().expect("the shipped lexicon loads"));

fn document(text: &str, region: &str) -> Document {
    let mut meta = Meta::default();
    if !region.is_empty() {
        meta.insert("region".to_owned(), region.into());
    }
    Document {
        id: DocumentId::from("d"),
        source: SourceId::from("test"),
        channel: Channel::Complaint,
        url: None,
        title: None,
        text: text.to_owned(),
        published_at: None,
        seen_at: None,
        meta,
        raw: None,
    }
}

/// `(words, code)` of every fact of a kind.
fn found(text: &str, kind: MentionKind) -> Vec<(String, String)> {
    let reading = crate::read(&document(text, ""), &LEXICON);
    let of_kind = reading.mentions.into_iter().filter(|mention| mention.kind == kind);
    of_kind.map(|mention| (mention.text, mention.code)).collect()
}

fn words(text: &str, kind: MentionKind) -> Vec<String> {
    found(text, kind).into_iter().map(|(words, _)| words).collect()
}

fn codes(text: &str, kind: MentionKind) -> Vec<String> {
    found(text, kind).into_iter().map(|(_, code)| code).collect()
}

/// Share of places that must be resolved.
const RESOLVED_MIN: f64 = 0.95;

#[test]
fn nineteen_of_twenty_ambiguous_places_are_resolved() {
    let cases: Vec<Vec<&str>> = include_str!("../../../tests/data/regions.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
        .collect();
    let mut missed = Vec::new();
    for case in &cases {
        let [text, surface, code, region] = case.as_slice() else { panic!("four columns: {case:?}") };
        let at = text.find(surface).unwrap_or_else(|| panic!("`{surface}` is not in {text}"));
        let from = text[..at].chars().count();
        let to = from + surface.chars().count();
        let reading = crate::read(&document(text, region), &LEXICON);
        let places: Vec<_> = reading
            .mentions
            .iter()
            .filter(|m| m.kind == MentionKind::Region && m.span.from() < to && from < m.span.to())
            .map(|m| ((m.span.from(), m.span.to()), m.code.as_str()))
            .collect();
        let right = if *code == "-" { places.is_empty() } else { places.contains(&((from, to), code)) };
        if !right {
            missed.push(format!("{text} ({surface}): {code} expected, {places:?} found"));
        }
    }
    assert!(cases.len() >= 300, "{} cases", cases.len());
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let share = 1.0 - missed.len() as f64 / cases.len() as f64;
    assert!(share >= RESOLVED_MIN, "{share:.3} of {} resolved:\n{}", cases.len(), missed.join("\n"));
}

#[test]
fn a_signal_takes_the_place_nearest_in_its_sentence_then_in_the_text_then_of_the_platform() {
    let region = |text: &str, told: &str| {
        let reading = crate::read(&document(text, told), &LEXICON);
        reading.signals[0].region.map(|region| region.to_string()).unwrap_or_default()
    };
    assert_eq!(region("杭州西湖区一电热毯起火。厂家在广东。", ""), "330106");
    assert_eq!(region("记者来到南京。电热毯起火了。", ""), "320100");
    assert_eq!(region("电热毯起火", "江苏省徐州市"), "320300");
    assert_eq!(region("上海某某电器有限公司的电热毯在合肥起火", ""), "340100", "a firm's seat stands behind the scene");
}

#[test]
fn firms_are_found_whole_and_end_where_their_name_does() {
    let firms = |text: &str| words(text, MentionKind::Firm);
    assert_eq!(firms("日前,由杭州蓝桥电器有限公司召回部分水壶"), ["杭州蓝桥电器有限公司"]);
    assert_eq!(firms("委托佛山市顺德区米禾小家电制造厂生产"), ["佛山市顺德区米禾小家电制造厂"]);
    assert_eq!(firms("保时捷(中国)汽车销售有限公司将召回"), ["保时捷(中国)汽车销售有限公司"]);
    assert_eq!(firms("丰田汽车(中国)投资有限公司备案了计划"), ["丰田汽车(中国)投资有限公司"]);
    assert_eq!(firms("宁波海蓝贸易有限公司慈溪分公司被处罚"), ["宁波海蓝贸易有限公司慈溪分公司"]);
    assert_eq!(firms("抽检发现郑州市金水区小明百货商行和洛阳春天超市销售的玩具不合格").len(), 2);
    assert_eq!(firms("蔚来汽车召回四千余辆"), ["蔚来汽车"]);
}

#[test]
fn a_kind_of_firm_names_nobody() {
    for text in
        ["保险公司不赔", "楼下超市买的", "快递公司弄丢了", "厂家说不保修", "该公司拒绝回应", "一家公司召回了充电宝"]
    {
        assert_eq!(words(text, MentionKind::Firm), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn sellers_on_platforms_are_shops() {
    assert_eq!(words("在小熊电器旗舰店买的", MentionKind::Shop), ["小熊电器旗舰店"]);
    assert_eq!(words("拼多多上的暖家取暖器专卖店", MentionKind::Shop), ["暖家取暖器专卖店"]);
    assert_eq!(words("天猫旗舰店客服不理人", MentionKind::Shop), Vec::<String>::new());
}

#[test]
fn quantities_are_plain_numbers_with_a_unit() {
    let text = "已售 3.2万件，共计 12,345 辆，约5000台，标称10000mAh，37.5元，三万余件，十几人，4800多辆，¥99，5-8元，0.05mg/kg";
    let expected = [
        "32000 件",
        "12345 辆",
        "5000 台",
        "10000 mAh",
        "37.5 元",
        "30000 件",
        "10 人",
        "4800 辆",
        "99 元",
        "5-8 元",
        "0.05 mg/kg",
    ];
    assert_eq!(codes(text, MentionKind::Quantity), expected);
    assert_eq!(codes("用了3个月，保修2年", MentionKind::Quantity), ["3 个月", "2 年"]);
    assert_eq!(codes("2019年买的5G手机，一个不好用", MentionKind::Quantity), Vec::<String>::new());
}

#[test]
fn standards_are_read_with_their_year_and_known_by_their_number() {
    let text = "执行GB/T 35590-2017、gb4706.1—2005、QB/T 2954、DB33/T 310、DBS44/006、T/ZZB 0305-2018、ISO 8124-1、EN 71-3、ASTM F963-17、GBZ 2.1";
    let expected = [
        "GB/T 35590-2017",
        "GB 4706.1-2005",
        "QB/T 2954",
        "DB33/T 310",
        "DBS44 006",
        "T/ZZB 0305-2018",
        "ISO 8124-1",
        "EN 71-3",
        "ASTM F963-17",
        "GBZ 2.1",
    ];
    assert_eq!(codes(text, MentionKind::Standard), expected);
    assert!(LEXICON.standard("GB/T 35590-2017").is_some_and(|known| known.title.contains("移动电源")));
    assert_eq!(codes("型号GB12，跑分100", MentionKind::Standard), Vec::<String>::new());
}

#[test]
fn a_replaced_standard_says_what_took_its_place() {
    let old = LEXICON.standard("GB 6675-2003").expect("known with its year");
    assert_eq!(old.replaced_by.as_deref(), Some("GB 6675.1-2014"));
    assert_eq!(LEXICON.standard_in_force("GB 31241-2014").as_deref(), Some("GB 31241-2022"));
    assert_eq!(LEXICON.standard_in_force("GB 31241-2022"), None);
    assert_eq!(old.status, lexicon::terms::StandardStatus::Replaced);
}

#[test]
fn marks_keep_their_numbers() {
    let codes = |text: &str| codes(text, MentionKind::Certificate);
    assert_eq!(codes("国药准字Z20053742"), ["国药准字 Z20053742"]);
    assert_eq!(codes("食品生产许可证编号：SC10633010612345"), ["食品生产许可证 SC10633010612345"]);
    assert_eq!(codes("没有3C认证"), ["CCC"]);
    assert_eq!(words("粤妆20160001", MentionKind::Model), Vec::<String>::new(), "the number of a mark is no model");
}

#[test]
fn dates_of_making_and_models_are_told_from_other_numbers() {
    assert_eq!(codes("召回2017年4月至2017年5月期间制造的水壶", MentionKind::Date), ["2017-04/2017-05"]);
    assert_eq!(codes("生产日期：2023-08-15", MentionKind::Date), ["2023-08-15"]);
    assert_eq!(codes("2023年8月15日起火", MentionKind::Date), Vec::<String>::new());
    assert_eq!(codes("型号CKS301，批号：20230815A", MentionKind::Model), ["CKS301", "20230815A"]);
    assert_eq!(codes("看了3D电影，去4S店", MentionKind::Model), Vec::<String>::new());
}

#[test]
fn a_brand_that_is_a_common_word_needs_its_product_beside_it() {
    let brands = |text: &str| codes(text, MentionKind::Brand);
    assert_eq!(brands("苹果手机发烫"), ["苹果"]);
    assert_eq!(brands("小米手机鼓包"), ["小米"]);
    assert_eq!(brands("苹果很甜，小米粥好喝"), Vec::<String>::new());
    assert_eq!(brands("大众都说不好"), Vec::<String>::new());
}

#[test]
fn what_marks_a_smart_product_is_told_but_a_shop_app_is_none() {
    assert_eq!(codes("远程控制失灵，蓝牙断连", MentionKind::Group), ["smart", "smart"]);
    assert_eq!(codes("京东APP下单", MentionKind::Group), Vec::<String>::new());
    assert!(!is_vulnerable("smart"));
}

#[test]
fn a_maker_of_many_goods_is_named_beside_each_of_them_and_stands_for_none() {
    for (text, brand) in [
        ("美的电饭煲漏电", "美的"),
        ("小米电饭煲漏电", "小米"),
        ("松下吹风机冒烟", "松下"),
        ("三星洗衣机爆炸", "三星"),
        ("西门子烤箱漏电", "西门子"),
    ] {
        let reading = crate::read(&document(text, ""), &LEXICON);
        let brands: Vec<Option<&str>> = reading.signals.iter().map(|signal| signal.brand.as_deref()).collect();
        assert_eq!(brands, [Some(brand)], "{text}");
    }
    assert!(crate::read(&document("美的起火", ""), &LEXICON).signals.is_empty(), "of all it makes, nothing is named");
}
