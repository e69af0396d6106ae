//! What is masked, what is left, and that positions stay.

use super::*;

fn check(text: &str, expected: &str) {
    assert_eq!(mask(text), expected);
    assert_eq!(mask(text).chars().count(), text.chars().count(), "positions moved in {text}");
}

#[test]
fn personal_data_is_overwritten_in_place() {
    check("联系电话13800138000，谢谢", "联系电话***********，谢谢");
    check("电话：138 0013 8000", "电话：*************");
    check("+86-13800138000打不通", "***************打不通");
    check("１３８００１３８０００", "***********");
    check("身份证11010519900307123X办理", "身份证******************办理");
    check("邮箱zhang.san@example.com.cn。", "邮箱************************。");
    check("卡号6222021234567890128", "卡号*******************");
    check("车牌浙A12345和浙AD12345", "车牌*******和********");
    check("加QQ：12345678详聊", "加QQ：********详聊");
    check("微信号abc_12345", "微信号*********");
    check("家住3栋2单元501室", "家住*********");
    check("座机0571-88888888", "座机*************");
}

#[test]
fn every_pattern_compiles() {
    assert!(numbers::all().into_iter().chain(words::all()).all(|compiled| compiled));
}

#[test]
fn a_contact_block_is_masked_whole() {
    // In the manner of a standard's drafting notes: a name, a telephone and an e-mail in cells of a table, tags left in.
    check(
        "<td>起草单位</td><td>某某标准化研究院</td><td>联 系 人</td><td>：王 晓梅<br/>电 话：010-58811234　13912345678\n         传真 (010)58811235<br>E-mail: wangxm@example.org.cn\n地址：北京市海淀区知春路4号院2号楼3单元501室 邮编：100191</td>",
        "<td>起草单位</td><td>某某标准化研究院</td><td>联 系 人</td><td>：****<br/>电 话：************　***********\n         传真 *************<br>E-mail: *********************\n地址：北京市海淀区知春路************* 邮编：100191</td>",
    );
    check("姓名：张三 性别：男", "姓名：** 性别：男");
    check("联系人　欧阳建国　电话　66176001", "联系人　****　电话　********");
    check("Contact: 李 伟, Tel: +86 10 5881 1234 ext 12", "Contact: ***, Tel: ***********************");
}

#[test]
fn forms_that_evade_are_masked() {
    check("加我V❤abc_12345", "加我V❤*********");
    check("一三八零零一三八零零零", "***********");
    check("手机1️⃣3️⃣8️⃣0️⃣0️⃣1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣", "手机*******************************\u{fe0f}\u{20e3}");
    check("138\u{200b}0013\u{200b}8000", "*************");
    check("我的 VX: 13800138000", "我的 VX: ***********");
    check("zhangsan#163.com 或 zhangsan (at) 163.com", "**************** 或 *********************");
    check("家住文三路12号3单元402室", "家住文三路**********");
    check("住在阳光小区3-2-402", "住在阳光小区*******");
    check("收货地址：某镇幸福村3组12号", "收货地址：某镇幸福村*****");
    check("港澳通行证C12345678", "港澳通行证*********");
}

#[test]
fn one_number_has_one_key_however_it_is_written_and_none_without_a_secret() {
    let masker = Masker::with_secret(b"of this installation");
    let keys: Vec<_> = ["13800138000", "+86 138-0013-8000", "１３８００１３８０００", "幺三八零零幺三八零零零"]
        .iter()
        .map(|text| masker.mask(text).1)
        .collect();
    assert!(keys.iter().all(|found| found.len() == 1 && *found == keys[0]), "{keys:?}");
    assert_ne!(keys[0], Masker::with_secret(b"of another").mask("13800138000").1);
    assert_eq!(Masker::default().mask("13800138000").1, [Personal { kind: PersonalKind::Mobile, key: None }]);
}

#[test]
fn an_anonymous_complaint_is_counted_by_whom_it_leads_to() {
    let complaint = |text: &str, meta: &str| {
        let line = format!(r#"{{"id":"1","text":"{text}","meta":{meta}}}"#);
        let line = vocabulary::DocumentLine::parse(&line).expect("good");
        let mut document = line.into_document(&"s".into(), Channel::Complaint);
        Masker::with_secret(b"k").mask_document(&mut document);
        document
    };
    let one = complaint("充电宝冒烟，电话138-0013-8000", "{}");
    let again = complaint("又坏了！+86 13800138000", "{}");
    let author = one.meta_str("author").expect("an actor").to_owned();
    assert!(author.starts_with(ACTOR_PREFIX) && again.meta_str("author") == Some(&author));
    assert!(one.meta[PERSONAL_FIELD][0].as_str().is_some_and(|told| told.starts_with("mobile:")));
    // A name that the source gives counts more; a firm's hotline and two persons lead to nobody.
    assert_ne!(complaint("13800138000", r#"{"author":"甲"}"#).meta_str("author"), Some(author.as_str()));
    assert_eq!(complaint("客服4008206666不管", "{}").meta_str("author"), None);
    assert_eq!(complaint("13800138000或13900139000", "{}").meta_str("author"), None);
    // Who is called as everybody is called is nobody until the text leads to one.
    assert_eq!(complaint("充电宝冒烟", r#"{"author":"匿名用户"}"#).meta_str("author"), None);
    assert_eq!(complaint("13800138000", r#"{"author":"会员***"}"#).meta_str("author"), Some(author.as_str()));
}

#[test]
fn product_facts_are_left_alone() {
    for text in [
        "型号A13800138000B的充电宝",
        "订单号2024070213800138000123",
        "GB 31241-2022、GB/T 2260",
        "条形码6901234567892",
        "功率1800W，2024年7月2日购买，价格13999元",
        "新SERIES系列",
        "京东平台10000mAh",
        "3号线地铁站",
        "全新X12345、贵A8888套餐，众泰三门两座",
        "GB 4943.1-2022和QB/T 1234.5-2021，CCC证书2019010709123456",
        "售价1599 2999 3999，跑了13800公里，充电13800138000mAh",
        "京东订单号：13800138000，物流单号 SF1380013800012",
        "酒店2号楼5层，12315和12345都打过",
        "负责人表示，车主 能 看上 这款",
        "召回时间2024-07-02至2025-07-02，共13800138件",
        "QQ三厢2009款跑了50000公里",
        "微信支付、微信wifi、下载微信android版",
        "http://item.example.com/13800138000.html?id=13900139000",
        "SN：622202123456789012，IMEI 861234567890123",
    ] {
        check(text, text);
    }
}

#[test]
fn a_document_is_masked_in_text_title_and_meta_and_masking_again_changes_nothing() {
    let line = r#"{"id":"1","text":"致电13800138000","title":"QQ：12345678","source":"s",
        "meta":{"author":"张三","phone":13800138000,"item_id":"13800138000","tags":["a@b.cn",{"author":"李四"}],"brand":"云鹊"}}"#;
    let line = vocabulary::DocumentLine::parse(line).expect("good");
    let mut document = line.into_document(&"s".into(), vocabulary::Channel::Complaint);
    Masker::default().mask_document(&mut document);
    assert_eq!(document.text, "致电***********");
    assert_eq!(document.title.as_deref(), Some("QQ：********"));
    assert_eq!(document.meta_str("author"), Some(pseudonym("s", "张三").as_str()));
    assert_eq!(document.meta_str("phone"), Some("***********"));
    assert_eq!((document.meta_str("item_id"), document.meta_str("brand")), (Some("13800138000"), Some("云鹊")));
    assert_eq!(document.meta["tags"], serde_json::json!(["******", {"author": pseudonym("s", "李四")}]));
    let once = document.clone();
    Masker::default().mask_document(&mut document);
    assert_eq!(document, once);
}

#[test]
fn an_author_is_stable_per_source_and_unreadable() {
    let actor = pseudonym("board", "张三");
    assert_eq!(actor, pseudonym("board", " 张三 "));
    assert_ne!(actor, pseudonym("other", "张三"));
    assert_eq!(actor, pseudonym("board", &actor));
    assert_eq!(actor.len(), "actor:".len() + 8);
}
