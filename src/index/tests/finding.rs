//! What a query finds, and in which order.

use super::*;

#[test]
fn a_phrase_finds_exactly_the_texts_that_contain_it() {
    let index = index_of(&[
        item("1", "这个充电宝质量太差了"),
        item("2", "质量真的太差"),
        item("3", "品质量太，差"),
        item("4", "质量。太差"),
        item("5", "售后").title("质量太差的充电宝"),
    ]);
    check(&index, "\"质量太差\"", &["1", "5"]);
    check(&index, "“质量，太差”", &["4"]);
    check(&index, "\"差\"", &["1", "2", "3", "4", "5"]);
    check(&index, "\"电\"", &["1", "5"]);
    check(&index, "\"差售\"", &[]);
}

#[test]
fn a_word_out_of_the_dictionary_is_found_by_its_characters() {
    let index = index_of(&[
        item("1", "特仑苏过期了"),
        item("2", "特别昆仑江苏"),
        item("3", "魔爪贝壳粉有异味"),
        item("4", "iPhone15手机壳"),
    ]);
    check(&index, "特仑苏", &["1"]);
    check(&index, "魔爪贝", &["3"]);
    check(&index, "ＩＰＨＯＮＥ15", &["4"]);
    check(&index, "iphone", &[]); // runs of letters and digits are whole
    check(&index, "iphone*", &["4"]);
    check(&index, "的", &[]);
}

#[test]
fn marks_of_html_are_read_over_as_the_reader_does() {
    let index = index_of(&[
        item("cut", "充电<b>宝</b>突然起<p>火，冒烟"),
        item("written", "充电&nbsp;宝 起&#28779;"),
        item("hidden", "<a href=\"起火\">电池</a>"),
        item("less", "5<6 起 <火"),
    ]);
    check(&index, "起火", &["cut", "written"]);
    check(&index, "\"充电宝\"", &["cut"]);
    check(&index, "充电宝 NEAR/2 起火", &["cut"]);
    check(&index, "充电宝 NEAR/1 起火", &[]);
    check(&index, "href", &[]);
    let marked: BTreeSet<String> = ask(&index, "起火").hits.iter().map(Hit::marked).collect();
    assert_eq!(marked, BTreeSet::from(["充电 宝 【起火】", "充电宝突然【起火】，冒烟"].map(str::to_owned)));
}

#[test]
fn all_words_must_match_and_words_in_a_row_come_first() {
    let index = index_of(&[
        item("apart", "充电的时候闻到味道，后来这个宝贝就自燃起来"),
        item("both", "自燃的是隔壁，我家充电宝没事"),
        item("row", "昨天充电宝自燃，吓人"),
        item("one", "充电宝很好"),
    ]);
    check(&index, "充电宝自燃", &["both", "row"]);
    check(&index, "充电宝 自燃", &["both", "row"]);
    assert_eq!(ask(&index, "充电宝自燃").hits[0].id.as_str(), "row");
}

#[test]
fn the_title_weighs_more_than_the_text() {
    let index = index_of(&[item("text", "自燃 通报 一则"), item("title", "通报 一则 有关").title("自燃")]);
    assert_eq!(ask(&index, "自燃").hits[0].id.as_str(), "title");
}

#[test]
fn words_combine_by_and_or_not_and_parentheses() {
    let index = index_of(&[item("1", "手机起火"), item("2", "手机冒烟"), item("3", "插座冒烟"), item("4", "插座")]);
    check(&index, "手机 (起火 OR 冒烟)", &["1", "2"]);
    check(&index, "冒烟 -手机", &["3"]);
    check(&index, "NOT (起火 OR 冒烟)", &["4"]);
    check(&index, "起火 OR -手机", &["1", "3", "4"]);
    check(&index, "-手机 -冒烟", &["4"]);
    check(&index, "", &["1", "2", "3", "4"]);
    check(&index, "手机 ， 起火", &["1"]);
}

#[test]
fn facts_are_found_by_code_and_chinese_name() {
    let index = index_of(&[
        item("1", "充电宝自燃").signal(Category::BatteryCharger, Hazard::Fire, 2).of_brand("Ｏriｃo"),
        item("2", "提到手机").mention(MentionKind::Product, "phone", Stance::Asserted).channel(Channel::Media),
        item("3", "不漏电").mention(MentionKind::Hazard, "electric_shock", Stance::Negated).mention(
            MentionKind::Platform,
            "京东",
            Stance::Asserted,
        ),
        item("4", "无").meta("brand", "华为").meta("platform", "天猫"),
    ]);
    check(&index, "hazard:fire", &["1"]);
    check(&index, "隐患:起火", &["1"]); // as far as it takes to tell it from others
    check(&index, "类别:电池 信号:电池/起火", &["1"]);
    check(&index, "隐患:起火爆炸,触电", &["1"]); // a negated hazard is a mention, not a signal
    check(&index, "类别：手机", &["2"]);
    check(&index, "category:battery_charger,phone", &["1", "2"]);
    check(&index, "渠道:互联网媒体", &["2"]);
    check(&index, "stance:negated", &["3"]);
    check(&index, "brand:orico", &["1"]);
    check(&index, "品牌:华为", &["4"]);
    check(&index, "platform:京东 OR 平台:天猫", &["3", "4"]);
    check(&index, "source:SIM.complaints -id:4", &["1", "2", "3"]);
    check(&index, "id:3", &["3"]);
    check(&index, "severity>=2", &["1"]);
    check(&index, "severity<2", &[]); // no signal, no severity
}

#[test]
fn the_very_goods_are_found_by_the_whole_names_of_maker_seller_model_batch_and_item() {
    let name = |text: &str| Some(text.to_owned());
    let read = ItemNames {
        maker: name("云鹊电器（杭州）有限公司"),
        seller: name("小熊电器旗舰店"),
        model: name("KD-15A"),
        batch: name("20230815A"),
    };
    let index = index_of(&[
        item("read", "起火").signal(Category::KitchenAppliance, Hazard::Fire, 1).called(read.clone()),
        item("told", "好")
            .meta("seller", "小熊電器旗艦店")
            .meta("producer", "甲厂")
            .meta("model", "ＫＤ-15ａ")
            .meta("batch", "20230815B")
            .meta("item_id", "100012043978"),
        item("said", "好").mention(MentionKind::Shop, "乙超市", Stance::Asserted).meta("item_id", "10001204397"),
        {
            let mut number = item("number", "好");
            number.document.meta.insert("item_id".to_owned(), 42.into());
            number
        },
    ]);
    check(&index, "seller:小熊电器旗舰店", &["read", "told"]);
    check(&index, "seller:小熊电器", &[]); // a beginning is no name
    check(&index, "卖家:乙超市,小熊电器旗舰店 -id:told", &["read", "said"]);
    check(&index, "maker:\"云鹊电器(杭州)有限公司\"", &["read"]);
    check(&index, "生产者:甲厂", &["told"]);
    check(&index, "model:kd-15a", &["read", "told"]);
    check(&index, "型号:KD-15", &[]);
    check(&index, "batch:20230815a OR 批次:20230815B", &["read", "told"]);
    check(&index, "item:100012043978", &["told"]);
    check(&index, "商品:42", &["number"]);
    let page = ask(&index, "id:read");
    assert_eq!(page.hits[0].item, read);
    assert_eq!(ask(&index, "id:said").hits[0].item.seller.as_deref(), Some("乙超市"));
}

#[test]
fn a_region_finds_what_lies_in_it() {
    let fire = |id: &str, region: &str| item(id, "起火").signal(Category::Ebike, Hazard::Fire, 1).in_region(region);
    let index = index_of(&[
        fire("county", "330106"),
        fire("prefecture", "330100"),
        fire("elsewhere", "320100"),
        item("meta", "无").meta("region", "330300"),
        item("named", "无").mention(MentionKind::Region, "330106", Stance::Asserted).meta("region", "浙江"),
    ]);
    check(&index, "region:330000", &["county", "prefecture", "meta", "named"]);
    check(&index, "地区:3301", &["county", "prefecture", "named"]);
    check(&index, "region:330106", &["county", "named"]);
    let facet = &ask(&index, "").facets["region"];
    assert_eq!(facet, &[("330000".to_owned(), 4), ("320000".to_owned(), 1)]);
}

#[test]
fn dates_are_days_in_shanghai_with_both_ends_in() {
    let index = index_of(&[
        item("new year", "a").on("2024-01-01T00:00:00+08:00"),
        item("eve", "a").on("2023-12-31T23:59:59+08:00"),
        item("february", "a").on("2024-02-01"),
        item("never", "a"),
    ]);
    check(&index, "date:2024-01-01..2024-02-01", &["new year", "february"]);
    check(&index, "date:2024-01", &["new year"]);
    check(&index, "date:..2023-12-31", &["eve"]);
    check(&index, "日期>=2024-01-02", &["february"]);
    check(&index, "date:..", &["new year", "eve", "february"]);
    check(&index, "seen:2024", &[]);
}

#[test]
fn what_is_excluded_may_end_before_what_is_asked_for() {
    let texts = ["充电宝", "充电线", "宝物充电", "宝贝", "充电宝", "手机", "耳机", "书"];
    let items: Vec<Item> = (0..).zip(texts).map(|(id, text): (u32, &str)| item(&id.to_string(), text)).collect();
    check(&index_of(&items), "NOT 充电宝", &["1", "2", "3", "5", "6", "7"]);
    check(&index_of(&items), "NOT \"充电宝\"", &["1", "2", "3", "5", "6", "7"]);
}
