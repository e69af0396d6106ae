//! How numbers, moments and codes are written on the screen. All Chinese names that the vocabulary does not give live here.

use jiff::Timestamp;

use vocabulary::{
    AlertEventKind, AlertState, Category, Channel, Focus, Hazard, MentionKind, ProductFrom, Stance, shanghai,
};

/// Shown in place of a missing value.
pub(super) const NONE: &str = "—";

/// `2024-07-02 08:00`, in Shanghai.
pub(super) fn moment(moment: Timestamp) -> String {
    moment.to_zoned(shanghai()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// When something was published. Sources that tell only the day say midnight: then the day is all we show.
pub(super) fn published(at: Timestamp) -> String {
    let shown = moment(at);
    shown.strip_suffix(" 00:00").map(str::to_owned).unwrap_or(shown)
}

/// A share as a percentage with one digit.
pub(super) fn share(value: f64) -> String {
    if value.is_finite() { format!("{:.1}%", value * 100.0) } else { NONE.to_owned() }
}

/// A plain number with as many digits as help: `0.031`, `4.25`, `128.4`.
pub(super) fn decimal(value: f64) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    match value.abs() {
        size if size >= 100.0 => format!("{value:.1}"),
        size if size >= 1.0 || size == 0.0 => format!("{value:.2}"),
        size if size >= 0.001 => format!("{value:.3}"),
        _ => powers_of_ten(value),
    }
}

/// An expected number in a sentence, to two digits after the point: `0.28`, `12.0`, `不到 0.01`.
pub(super) fn roughly(value: f64) -> String {
    match value {
        value if !value.is_finite() => NONE.to_owned(),
        value if value < 0.01 => "不到 0.01".to_owned(),
        value if value < 10.0 => format!("{value:.2}"),
        value => format!("{value:.1}"),
    }
}

/// A tail probability: `0.034`, `1.2×10⁻⁷`.
pub(super) fn tail(value: f64) -> String {
    match value {
        value if !value.is_finite() => NONE.to_owned(),
        value if value >= 0.001 => format!("{value:.3}"),
        value if value <= 0.0 => "0".to_owned(),
        value => powers_of_ten(value),
    }
}

/// `1.2×10⁻⁷`.
fn powers_of_ten(value: f64) -> String {
    let text = format!("{value:.1e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power: String = power
        .chars()
        .map(|digit| match digit {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '0' | '4'..='9' => char::from_u32(0x2070 + u32::from(digit) - u32::from('0')).unwrap_or(digit),
            other => other,
        })
        .collect();
    format!("{digits}×10{power}")
}

/// The detector's name for people; its code when we have none.
pub(super) fn method(code: &str) -> &str {
    match code {
        "rise_evidence" => "多窗口上升证据（Gamma–Poisson 平均似然比）",
        other => other,
    }
}

/// Injury severity of the label set.
pub(super) fn severity(level: u8) -> &'static str {
    match level {
        0 => "0 未述及",
        1 => "1 轻微",
        2 => "2 需就医",
        3 => "3 严重",
        4 => "4 致命",
        _ => "超出分级",
    }
}

/// Open or closed.
pub(super) fn state(state: AlertState) -> &'static str {
    match state {
        AlertState::Open => "进行中",
        AlertState::Closed => "已结束",
    }
}

/// Code of a state in addresses.
pub(super) fn state_code(state: AlertState) -> &'static str {
    match state {
        AlertState::Open => "open",
        AlertState::Closed => "closed",
    }
}

/// What happened to an alert.
pub(super) fn event(kind: AlertEventKind) -> &'static str {
    match kind {
        AlertEventKind::Opened => "开启",
        AlertEventKind::Raised => "升级",
        AlertEventKind::Lowered => "降级",
        AlertEventKind::Closed => "结束",
    }
}

/// Code of an event, for CSS.
pub(super) fn event_code(kind: AlertEventKind) -> &'static str {
    match kind {
        AlertEventKind::Opened => "opened",
        AlertEventKind::Raised => "raised",
        AlertEventKind::Lowered => "lowered",
        AlertEventKind::Closed => "closed",
    }
}

/// How a signal came by its product.
pub(super) fn product_from(from: ProductFrom) -> &'static str {
    match from {
        ProductFrom::Text => "文中写明",
        ProductFrom::Meta => "平台类目",
        ProductFrom::Context => "上下文",
    }
}

/// What a mention names, its CSS class, and which of two overlapping mentions gives the colour (smaller wins).
pub(super) fn mention(kind: MentionKind) -> (&'static str, &'static str, u8) {
    match kind {
        MentionKind::Hazard => ("隐患", "m-hazard", 0),
        MentionKind::Injury => ("伤害", "m-injury", 1),
        MentionKind::Brand => ("品牌", "m-brand", 2),
        MentionKind::Product => ("产品", "m-product", 3),
        MentionKind::Group => ("人群", "m-group", 4),
        MentionKind::Region => ("地区", "m-region", 5),
        MentionKind::Firm => ("企业", "m-brand", 6),
        MentionKind::Shop => ("店铺", "m-brand", 6),
        MentionKind::Platform => ("平台", "m-brand", 6),
        MentionKind::Standard => ("标准", "m-fact", 7),
        MentionKind::Material => ("材料", "m-fact", 7),
        MentionKind::Model => ("型号", "m-fact", 7),
        MentionKind::Quantity => ("数量", "m-fact", 8),
        MentionKind::Certificate => ("认证许可", "m-fact", 7),
        MentionKind::Date => ("生产日期", "m-fact", 8),
    }
}

/// The name of a mention's code: categories, hazards, groups and severities in Chinese, everything else as it is. Regions
/// are named by the view.
pub(super) fn mention_code(kind: MentionKind, code: &str) -> String {
    match kind {
        MentionKind::Product => {
            code.parse::<Category>().map_or_else(|_| code.to_owned(), |found| found.zh().to_owned())
        }
        MentionKind::Hazard => code.parse::<Hazard>().map_or_else(|_| code.to_owned(), |found| found.zh().to_owned()),
        MentionKind::Group => code.parse::<Focus>().map_or_else(|_| code.to_owned(), |found| found.zh().to_owned()),
        MentionKind::Injury => code.parse::<u8>().map_or_else(|_| code.to_owned(), |found| severity(found).to_owned()),
        _ => code.to_owned(),
    }
}

/// A task of the service.
pub(super) fn task(name: &'static str) -> &'static str {
    match name {
        "collect" => "采集",
        "read" => "读取与索引",
        "judge" => "评估",
        "replay" => "计划重算",
        "tell" => "推送",
        other => other,
    }
}

/// Who reads the log.
pub(super) fn consumer(name: &str) -> &str {
    match name {
        "index" => "检索索引",
        "signals" => "风险信号",
        "listings" => "在售商品",
        "alerts" => "研判与预警",
        other => other,
    }
}

/// Why an item was set aside: the crawler's words in Chinese, words that we do not know as they are.
pub(super) fn reject_reason(reason: &str) -> String {
    let known = match reason {
        "robots.txt of the host does not allow it" => "对方 robots.txt 不允许采集",
        "the parser gave up" => "网页无法解析",
        "further items, see the log of the round" => "其余，见当轮日志",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    let between = |before: &str, after: &str| reason.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    if let Some(host) = between("robots.txt of ", " could not be had, so the host is not asked for now") {
        format!("暂时取不到 {host} 的 robots.txt，先不采集")
    } else if let Some(status) = between("the server answers ", "") {
        format!("对方服务器返回 {status}")
    } else if let Some(field) = between("required field `", "` is missing") {
        format!("缺少必需字段 {field}")
    } else if let Some(field) = between("`", "` is empty: every document needs an id and a text") {
        format!("{field} 为空")
    } else if let Some(why) = between("no answer: ", "") {
        format!("对方没有应答（{why}）")
    } else if let Some(why) = between("the page is not whole: ", "") {
        format!("网页不完整（{why}）")
    } else if reason.ends_with("more than 200 to one") {
        "压缩比过大，疑为压缩炸弹".to_owned()
    } else if reason.starts_with("body grows beyond ") {
        "解压后超过页面大小上限".to_owned()
    } else if reason.starts_with("more than ") && reason.ends_with(" redirects") {
        "跳转次数过多".to_owned()
    } else if reason.contains("private, loopback or link-local") {
        "指向内网地址，不采集".to_owned()
    } else {
        reason.to_owned()
    }
}

/// A field that sources commonly provide; none for a name of their own.
pub(super) fn meta_name(key: &str) -> Option<&'static str> {
    Some(match key {
        "author" => "发布者",
        "brand" => "品牌",
        "category" => "类别",
        "comments" => "评论数",
        "demand" => "诉求",
        "firm" => "生产企业",
        "item" => "不合格项目",
        "item_id" => "商品编号",
        "likes" => "点赞数",
        "model" => "规格型号",
        "office" => "发布机关",
        "platform" => "平台",
        "platform_category" => "平台类目",
        "price" => "价格（元）",
        "product" => "产品名称",
        "published_confidence" => "日期可信度",
        "published_from" => "日期依据",
        "rating" | "stars" => "评分",
        "region" => "地区",
        "reposts" => "转发数",
        "result" => "检验结果",
        "seller" => "经营者",
        "sold" => "显示销量",
        "standard" => "检验依据",
        "url" => "网址",
        _ => return None,
    })
}

/// A paragraph cut after its full stops; a stop inside （） does not end a sentence.
pub(super) fn sentences(paragraph: &str) -> Vec<&str> {
    let (mut found, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, letter) in paragraph.char_indices() {
        match letter {
            '（' => depth += 1,
            '）' => depth = depth.saturating_sub(1),
            '。' if depth == 0 => {
                let end = at + letter.len_utf8();
                found.push(&paragraph[start..end]);
                start = end;
            }
            _ => {}
        }
    }
    found.push(&paragraph[start..]);
    found.retain(|sentence| !sentence.trim().is_empty());
    found
}

/// The heading of a facet.
pub(super) fn facet(field: &str) -> &str {
    match field {
        "category" => "产品类别",
        "hazard" => "隐患",
        "channel" => "渠道",
        "source" => "来源",
        "brand" => "品牌",
        "region" => "地区",
        "stance" => "断言",
        "platform" => "平台",
        "month" => "月份",
        other => other,
    }
}

/// The name of a facet's value; regions are named by the view.
pub(super) fn facet_value(field: &str, value: &str) -> String {
    let name = match field {
        "category" => value.parse::<Category>().ok().map(Category::zh),
        "hazard" => value.parse::<Hazard>().ok().map(Hazard::zh),
        "channel" => value.parse::<Channel>().ok().map(Channel::zh),
        "stance" => value.parse::<Stance>().ok().map(Stance::zh),
        _ => None,
    };
    name.unwrap_or(value).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_the_digits_that_help() {
        assert_eq!([128.44, 4.251, 0.0312, 0.0].map(decimal), ["128.4", "4.25", "0.031", "0.00"]);
        assert_eq!([0.034, 1.2e-7, 3.46e-16, 0.0, f64::NAN].map(tail), ["0.034", "1.2×10⁻⁷", "3.5×10⁻¹⁶", "0", NONE]);
        assert_eq!([0.277, 12.04, 1.9e-4].map(roughly), ["0.28", "12.0", "不到 0.01"]);
        assert_eq!([0.1234, f64::INFINITY].map(share), ["12.3%", NONE]);
    }

    #[test]
    fn sentences_end_outside_brackets() {
        let text = "甲（乙。丙）丁。戊：己。（庚；辛。）";
        assert_eq!(sentences(text), ["甲（乙。丙）丁。", "戊：己。", "（庚；辛。）"]);
        assert_eq!(sentences(text).concat(), text);
        assert_eq!(sentences(""), [""; 0]);
        assert_eq!(sentences("没有句号"), ["没有句号"]);
    }

    #[test]
    fn a_day_without_an_hour_is_shown_as_a_day() {
        let at = |text: &str| vocabulary::parse_moment(text).expect("a moment");
        assert_eq!(published(at("2024-07-02T00:00:00+08:00")), "2024-07-02");
        assert_eq!(published(at("2024-07-02T08:30:00+08:00")), "2024-07-02 08:30");
    }

    #[test]
    fn reasons_of_the_crawler_are_worded_in_chinese_and_others_kept() {
        assert_eq!(reject_reason("robots.txt of the host does not allow it"), "对方 robots.txt 不允许采集");
        assert_eq!(reject_reason("required field `text` is missing"), "缺少必需字段 text");
        assert_eq!(reject_reason("the server answers 404 Not Found"), "对方服务器返回 404 Not Found");
        assert_eq!(reject_reason("800 bytes unpack to 200000, more than 200 to one"), "压缩比过大，疑为压缩炸弹");
        assert_eq!(reject_reason("more than 5 redirects"), "跳转次数过多");
        assert_eq!(reject_reason("something new"), "something new");
    }

    #[test]
    fn codes_we_do_not_know_are_shown_as_they_are() {
        assert_eq!(facet_value("category", "toy"), "玩具");
        assert_eq!(facet_value("category", "teapot"), "teapot");
        assert_eq!(mention_code(MentionKind::Injury, "3"), "3 严重");
    }
}
