//! What the words before a date make of it: the day something was published, the day it was changed, another day.

/// What a label says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Published,
    Changed,
    /// Another day: of an event, a purchase, a deadline, of today.
    Other,
    None,
}

/// Characters before a date that can be its label.
const LABEL_CHARS_MAX: usize = 24;

const PUBLISHED: &[&str] = &[
    "发布时间",
    "发布日期",
    "发表时间",
    "发表日期",
    "发布于",
    "发表于",
    "发布",
    "发表",
    "刊发时间",
    "刊发日期",
    "刊登时间",
    "刊登日期",
    "上传时间",
    "上传日期",
    "上传于",
    "录入时间",
    "录入日期",
    "添加时间",
    "添加日期",
    "加入时间",
    "创建时间",
    "创建日期",
    "公布时间",
    "公布日期",
    "公开时间",
    "公开日期",
    "发文日期",
    "发文时间",
    "成文日期",
    "成文时间",
    "印发日期",
    "印发时间",
    "发稿时间",
    "发稿日期",
    "发帖时间",
    "发贴时间",
    "发帖",
    "提问时间",
    "出版日期",
    "出版时间",
    "日期和时间",
    "文章时间",
    "稿件时间",
    "新闻时间",
    "登载时间",
    "信息时间",
    "信息日期",
    "新闻日期",
    "生成日期",
    "发佈時間",
    "發佈時間",
    "發布時間",
    "發佈日期",
    "發布日期",
    "發表於",
    "發表時間",
    "發佈於",
    "published",
    "published on",
    "posted on",
    "posted",
    "date",
    "pubdate",
    "publish time",
    "publish date",
    "release date",
];

/// Generic names of a date: they are labels where nothing is before them.
const GENERIC: &[&str] = &["时间", "日期", "時間"];

const CHANGED: &[&str] = &[
    "更新时间",
    "更新日期",
    "更新于",
    "更新",
    "最后更新",
    "最近更新",
    "修改时间",
    "修改日期",
    "修改于",
    "最后修改",
    "编辑于",
    "最后编辑",
    "最后编辑于",
    "更新時間",
    "updated",
    "updated on",
    "last updated",
    "modified",
    "last modified",
];

/// Ends of labels and words that mean another day, anywhere in the words before a date.
const OTHER: &[&str] = &[
    "有效期",
    "截止",
    "截至",
    "注册",
    "登录",
    "最后回复",
    "最后发表",
    "生产",
    "活动",
    "会议",
    "培训",
    "考试",
    "报名",
    "开标",
    "开庭",
    "举办",
    "举行",
    "到期",
    "施行",
    "实施",
    "生效",
    "出生",
    "成立",
    "营业",
    "播出",
    "上映",
    "直播",
    "今天是",
    "今天",
    "现在",
    "当前",
    "北京时间",
    "服务器",
    "访问时间",
    "保质期",
    "召回",
    "检验",
    "抽样",
    "抽检日期",
    "发货",
    "购买",
    "下单",
    "版权",
    "©",
    "copyright",
    "页面生成",
    "打印时间",
    "备案",
    "许可",
    "开始",
    "结束",
    "起止",
    "预约",
    "受理",
    "收到",
    "投诉时间",
    "事发",
    "案发",
    "事件",
    "发生",
    "自",
    "从",
    "于",
    "至",
    "到",
    "在",
    "截图",
    "拍摄",
    "摄于",
    "签订",
    "申请",
    "登记日期",
    "公示期",
    "签发",
    "入职",
    "销售",
    "进货",
    "出厂",
    "批次",
    "批号",
    "号",
];

/// Labels that end as those of publication do.
const OF_REPLIES: &[&str] = &["最后发表", "最新发表", "最后发布", "最后回复", "最新回复", "last post"];

/// What stands between a label and its date.
const BETWEEN: &[char] =
    &[':', '：', '|', '｜', '·', '[', ']', '【', '】', '(', '（', ')', '）', '/', '-', '—', '>', '»', '*', '"', '“'];

/// What the words right before a date say of it.
pub(super) fn label_of(before: &str) -> Label {
    let between = |c: char| c.is_whitespace() || BETWEEN.contains(&c);
    let trimmed = before.trim_end_matches(between);
    // Only the last words: what stands before another value on the line is of that value.
    let from = trimmed.char_indices().rev().nth(LABEL_CHARS_MAX - 1).map_or(0, |(at, _)| at);
    let near = trimmed[from..].to_lowercase();
    if near.is_empty() {
        return Label::None;
    }
    if OF_REPLIES.iter().any(|name| near.ends_with(name)) {
        return Label::Other;
    }
    // 发布于, 更新于 before the bare 于.
    for (label, names) in [(Label::Changed, CHANGED), (Label::Published, PUBLISHED)] {
        if names.iter().any(|name| ends_as_word(&near, name)) {
            return label;
        }
    }
    if let Some(rest) = GENERIC.iter().find_map(|name| near.strip_suffix(name)) {
        // `时　间：` has a space inside; a word before makes another label of it.
        let rest = rest.trim_end();
        let is_alone =
            rest.is_empty() || !rest.ends_with(char::is_alphabetic) || rest.len() < near.len() - "时间".len();
        return if is_alone && !ends_as_other(rest) { Label::Published } else { Label::Other };
    }
    // 时 间, 日 期.
    let squeezed: String = near.chars().filter(|c| !c.is_whitespace()).collect();
    if GENERIC.iter().any(|name| squeezed == **name) || PUBLISHED.iter().any(|name| squeezed == **name) {
        return Label::Published;
    }
    if ends_as_other(&near) { Label::Other } else { Label::None }
}

fn ends_as_other(near: &str) -> bool {
    // The word itself, or the word before a generic name.
    let bare = GENERIC.iter().find_map(|name| near.strip_suffix(name)).unwrap_or(near);
    OTHER.iter().any(|word| bare.ends_with(word) || near.ends_with(word))
}

/// English labels are words of their own; Chinese ones may follow a name (`小王 发表于`, `市局发布`).
fn ends_as_word(near: &str, name: &str) -> bool {
    near.strip_suffix(name).is_some_and(|rest| {
        !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !rest.ends_with(|c: char| c.is_ascii_alphanumeric())
    })
}

/// Words that stand on the line with the source and date of an article.
const BESIDE: &[&str] = &[
    "来源",
    "來源",
    "稿源",
    "出处",
    "作者",
    "编辑",
    "责编",
    "记者",
    "浏览",
    "阅读",
    "点击",
    "字号",
    "字体",
    "打印",
    "人气",
    "访问量",
    "访问次数",
    "评论",
    "举报",
    "信息来源",
    "跟贴",
    "人参与",
    "参与",
    "收藏",
    "分享",
    "大 中 小",
    "大中小",
    "次数",
    "阅 读",
    "文章来源",
];

/// Whether a line names the source beside its date.
pub(super) fn is_source_line(before: &str, after: &str) -> bool {
    [before, after].iter().any(|part| BESIDE.iter().any(|word| part.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_told_apart() {
        for (before, expected) in [
            ("发布时间：", Label::Published),
            ("来源：本站 时间：", Label::Published),
            ("时间: ", Label::Published),
            ("时　间：", Label::Published),
            ("小王 发表于 ", Label::Published),
            ("发布于", Label::Published),
            ("Posted on ", Label::Published),
            ("最后更新：", Label::Changed),
            ("更新于", Label::Changed),
            ("活动时间：", Label::Other),
            ("生产日期：", Label::Other),
            ("注册时间: ", Label::Other),
            ("最后发表: ", Label::Other),
            ("今天是", Label::Other),
            ("截止", Label::Other),
            ("本办法自", Label::Other),
            ("某某日报", Label::None),
            ("candidate: ", Label::None),
            ("", Label::None),
        ] {
            assert_eq!(label_of(before), expected, "{before}");
        }
        assert!(is_source_line("", "　来源：某某日报"));
        assert!(!is_source_line("水杯于", "炸裂"));
    }
}
