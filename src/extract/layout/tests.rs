//! Pages of our own, read whole: what belongs to the article, what it is about, what happened.

use std::sync::LazyLock;

use serde_json::Value;

use crate::{Explanation, explain, read};
use lexicon::Lexicon;
use vocabulary::{Document, Reading};

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::shipped().expect("the shipped lexicon loads"));

fn document(title: &str, text: &str) -> Document {
    let mut document = serde_json::json!({"id": "1", "source": "s", "channel": "media", "text": text});
    if !title.is_empty() {
        document["title"] = title.into();
    }
    serde_json::from_value(document).expect("a document")
}

fn page(title: &str, text: &str) -> Reading {
    read(&document(title, text), &LEXICON)
}

/// `product=hazard` of every signal, sorted.
fn pairs(title: &str, text: &str) -> Vec<String> {
    let mut pairs: Vec<String> =
        page(title, text).signals.iter().map(|signal| format!("{}={}", signal.product, signal.hazard)).collect();
    pairs.sort();
    pairs
}

fn explained(title: &str, text: &str) -> Explanation {
    explain(&document(title, text), &LEXICON)
}

/// A report whose words below the article are given.
fn report(tail: &str) -> String {
    format!(
        "6月3日晚，南通一户居民家中的电饭煲突然起火，火苗蹿上了橱柜。住户孙女士听到响动，跑进厨房拔掉插头，用湿毛巾盖住了火。\n\
         孙女士说，这台电饭煲买了不到半年，当时正在煮粥。厂家表示会派人上门查看，所幸没有人员受伤。\n{tail}"
    )
}

#[test]
fn what_stands_below_an_article_tells_nothing_of_it() {
    let title = "煮粥时电饭煲起火";
    let plain = pairs(title, &report(""));
    assert_eq!(plain, ["kitchen_appliance=fire"]);
    let tails = [
        "相关新闻\n热播剧今晚大结局\n两车追尾三人受伤\n导弹拦截试验成功\n",
        "热播剧今晚大结局\n两车追尾三人受伤\n导弹拦截试验成功\n",
        "上一篇：冰箱漏电电倒一家三口\n下一篇：洗衣机爆炸碎片伤人\n",
        "责任编辑：某某\n免责声明：本站文章来自网络，如有侵权请联系删除。\n",
    ];
    for tail in tails {
        assert_eq!(pairs(title, &report(tail)), plain, "{tail}\n{}", explained(title, &report(tail)));
    }
}

#[test]
fn one_stray_word_does_not_make_a_whole_page_general_but_its_headline_does() {
    let text = "8月9日下午，大庆一名六岁男孩把三颗磁力珠吞进肚子，家长带他去了医院。\n\
                医生用内镜把磁力珠取了出来。孩子住在前锋小区，当晚喊肚子疼。\n\
                医生说，磁力珠会隔着肠壁相吸。";
    assert_eq!(pairs("男孩误吞磁力珠", text), ["toy=choking"], "{}", explained("男孩误吞磁力珠", text));
    let game = "玩家在第三关会遇到漏电的电梯，电梯起火以后要跳进水池，否则角色会被烧伤。\n\
                随后打开左边的箱子，取出电饭煲和充电宝，充电宝爆炸后墙上会出现一个洞，从洞里可以回到第一关的起点。";
    assert_eq!(pairs("这款游戏第三关怎么过", game), Vec::<String>::new());
}

#[test]
fn a_thing_of_the_scene_is_not_what_failed() {
    let title = "充电宝自燃";
    let text = "昨天傍晚，一名乘客乘公交车回家，挎包里的充电宝突然起火，引燃了座位上的沙发垫。司机停下车，用灭火器灭了火。\n\
                车厢里的电视和座椅被熏黑。乘客说，充电宝是两周前在网上买的，当时并没有使用。";
    assert_eq!(pairs(title, text), ["battery_charger=fire"], "{}", explained(title, text));
}

#[test]
fn each_item_of_a_digest_has_its_own_product() {
    let title = "一周消费要闻";
    let text = "1、婴儿床召回\n周一，某公司召回900张婴儿床，护栏间隙过大，存在卡住头部的风险。\n\
                2、面包里有蟑螂\n周二，杭州的钱先生在面包里吃出一只蟑螂，超市退了款。\n\
                3、热水壶漏电\n周四，长春一名女子被热水壶电到，壶身漏电。\n";
    let reading = page(title, text);
    let region = |code: &str| {
        let signal = reading.signals.iter().find(|signal| signal.hazard.code() == code).expect(code);
        signal.region.map(|region| region.to_string())
    };
    assert_eq!(region("foreign_body").as_deref(), Some("330100"), "{}", explained(title, text));
    assert_eq!(region("electric_shock").as_deref(), Some("220100"), "{}", explained(title, text));
    let products: Vec<&str> = reading.signals.iter().map(|signal| signal.product.code()).collect();
    assert!(products.contains(&"snack_drink") && products.contains(&"kitchen_appliance"), "{products:?}");
}

#[test]
fn advice_tells_nothing_that_happened_and_a_case_beside_it_does() {
    let advice = "取暖器使用不当，可能引发火灾和触电。使用时应远离窗帘和被褥，不要在上面烘衣服，以免起火。\n\
                  如果发现电线破损、外壳发烫，应立即断电。睡前要关掉取暖器，老人使用时容易被烫伤，家属须多加留意。";
    assert_eq!(pairs("取暖器怎么用才安全", advice), Vec::<String>::new());
    let case = format!("{advice}\n1月6日，包头一居民用取暖器烘棉衣，取暖器起火，两间屋子被烧毁。");
    assert_eq!(pairs("取暖器怎么用才安全", &case), ["small_appliance=fire"]);
}

#[test]
fn what_was_tested_is_not_what_failed() {
    let text = "市场监管局近日抽查了40批次电热毯，重点对触电防护、发热、机械强度、泄漏电流等项目进行检验。\n\
                结果显示，40批次样品的所检项目均符合标准要求，没有发现不合格产品。";
    assert_eq!(pairs("电热毯抽查结果公布", text), Vec::<String>::new(), "{}", explained("电热毯抽查结果公布", text));
}

#[test]
fn a_doubt_in_the_lead_outweighs_a_later_plain_mention_until_it_is_settled() {
    let lead = "4月2日凌晨，一住户家中起火，疑似电热毯引发。消防员到场后很快扑灭了火，房间里的被褥都烧没了，没有人受伤。\n\
                邻居说，前几天就听这家人讲过，他家的电热毯冒烟。";
    let stance = |text: &str| page("凌晨住户家里着了火", text).signals.first().map(|signal| signal.stance.to_string());
    assert_eq!(stance(lead).as_deref(), Some("suspected"), "{}", explained("", lead));
    let settled = format!("{lead}\n两天后，消防部门公布鉴定结果：火灾系电热毯起火引起。");
    assert_eq!(stance(&settled).as_deref(), Some("asserted"), "{}", explained("", &settled));
}

#[test]
fn harm_told_some_sentences_on_belongs_to_the_event_and_that_of_an_old_case_does_not() {
    let severity = |text: &str| page("商场自动扶梯出事", text).signals.iter().map(|signal| signal.severity).max();
    let text = "9月1日，一名男孩在商场乘坐自动扶梯时，扶梯突然断裂，男孩跌了下去。商场工作人员拉下电闸，把周围的人疏散到一楼大厅。\n\
                救护车把孩子送到医院。经过两个小时的抢救，孩子不幸身亡。家属已经委托律师。";
    assert_eq!(severity(text), Some(4), "{}", explained("", text));
    let old = "9月1日，一名男孩在商场乘坐自动扶梯时，扶梯突然断裂，所幸男孩及时跳开，没有受伤。商场工作人员拉下电闸，把人疏散到一楼大厅。\n\
               类似的事情几年前也有过，当时一名女子身亡，引起很大关注。";
    assert_eq!(severity(old), Some(0), "{}", explained("", old));
}

#[test]
fn a_brand_of_digits_is_not_in_a_date_and_a_short_one_not_in_a_longer_word() {
    let brands = |text: &str| page("", text).signals.iter().map(|signal| signal.brand.clone()).collect::<Vec<_>>();
    assert_eq!(brands("2017-11-30 冰箱突然漏电，把人电了一下"), [None]);
    assert_eq!(brands("家里的伊莱克斯冰箱漏电"), [Some("伊莱克斯".to_owned())]);
}

#[test]
fn a_part_of_a_body_breaks_and_no_product() {
    assert_eq!(pairs("", "孩子玩滑板车时摔倒，门牙断裂"), Vec::<String>::new());
}

#[test]
fn pages_of_our_own_are_read_as_a_careful_reader_reads_them() {
    /// Pairs that may be missed and pairs that may be false, of those that the pages hold: some hang on words that no rule knows.
    const MISSED_MAX: usize = 7;
    const FALSE_MAX: usize = 12;
    let (mut missed, mut wrong) = (Vec::new(), Vec::new());
    let mut all = 0;
    for line in include_str!("../../../tests/pages.jsonl").lines() {
        let gold: Value = serde_json::from_str(line).expect("a page");
        let text = |key: &str| gold[key].as_str().unwrap_or_default();
        let reading = page(text("title"), text("text"));
        let signals = gold["signals"].as_array().expect("signals");
        let holds = |list: &Value, code: &str| list.as_array().is_some_and(|list| list.iter().any(|one| one == code));
        let meets = |wanted: &Value, product: &str, hazard: &str| {
            holds(&wanted["products"], product) && holds(&wanted["hazards"], hazard)
        };
        for wanted in signals.iter().filter(|wanted| wanted["optional"] != true) {
            all += 1;
            if !reading.signals.iter().any(|got| meets(wanted, got.product.code(), got.hazard.code())) {
                missed.push(format!("{} {wanted}", text("id")));
            }
        }
        for got in &reading.signals {
            if !signals.iter().any(|wanted| meets(wanted, got.product.code(), got.hazard.code())) {
                wrong.push(format!("{} {}={}", text("id"), got.product, got.hazard));
            }
        }
    }
    assert!(all >= 70, "{all} pairs");
    assert!(missed.len() <= MISSED_MAX && wrong.len() <= FALSE_MAX, "missed {missed:#?}\nfalse {wrong:#?}");
}
