//! Names that name nobody: 匿名用户, 会员***, 王先生, 张**. Thousands write under each of them, so none is the name of an actor.

/// Words that sites put in the place of a name. What is left without them, and without stars and digits' places, is the name.
const WORDS: &[&str] = &[
    "匿名用户",
    "匿名网友",
    "匿名",
    "昵称",
    "未署名",
    "不愿透露姓名",
    "热心市民",
    "热心网友",
    "热心读者",
    "消费者",
    "投诉人",
    "投诉者",
    "当事人",
    "发布者",
    "购买者",
    "小红薯",
    "微信用户",
    "手机用户",
    "京东用户",
    "淘宝用户",
    "微博用户",
    "知乎用户",
    "抖音用户",
    "注册用户",
    "新用户",
    "老用户",
    "用户",
    "会员",
    "网友",
    "游客",
    "访客",
    "买家",
    "顾客",
    "客户",
    "市民",
    "读者",
    "车主",
    "家长",
    "业主",
    "anonymous",
    "anonym",
    "unknown",
    "guest",
    "none",
    "null",
    "n/a",
];
/// What follows a surname where the rest of the name is left out.
const TITLES: &[&str] = &["先生", "女士", "小姐", "太太", "师傅", "老师", "同学", "某某某", "某某", "某"];
/// Characters in place of letters that were taken out of a name.
const STARS: &[char] =
    &['*', '＊', '×', '✱', '●', '○', '•', '…', '_', '-', '—', '.', '·', '?', '？', '(', ')', '（', '）'];

/// Whether a name is shared by everybody whom a site does not name.
pub(super) fn is_nameless(name: &str) -> bool {
    let folded = name.trim().to_lowercase();
    let starred = folded.contains(STARS);
    let mut rest: String = folded.chars().filter(|c| !STARS.contains(c) && !c.is_whitespace()).collect();
    let whole = rest.clone();
    for word in WORDS {
        if rest.contains(word) {
            rest = rest.replace(word, "");
        }
    }
    if rest.is_empty() {
        return true;
    }
    // A surname alone is a name of millions; two characters around stars (j***n, 张**明) still distinguish people.
    let one = |text: &str| text.chars().count() == 1;
    let titled = TITLES.iter().any(|title| whole.strip_suffix(title).is_some_and(one));
    titled || (starred && one(&rest))
}

#[cfg(test)]
mod tests {
    use super::is_nameless;

    #[test]
    fn what_everybody_is_called_is_nobody() {
        for name in [
            "匿名",
            "匿名用户",
            "匿 名",
            "会员***",
            "用户****",
            "消费者（匿名）",
            "网友",
            "***",
            "张**",
            "*明",
            "王先生",
            "李女士",
            "陈某某",
            "Anonymous",
            "游客",
            "京东用户",
            "null",
            "",
        ] {
            assert!(is_nameless(name), "{name}");
        }
    }

    #[test]
    fn names_that_tell_people_apart_stay() {
        for name in [
            "张三",
            "j***n",
            "张**明",
            "用户8812345",
            "会员a7",
            "欧阳先生",
            "云",
            "消费者报道",
            "车主老李",
            "actor:0011aabb",
        ] {
            assert!(!is_nameless(name), "{name}");
        }
    }
}
