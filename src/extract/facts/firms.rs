//! Firms and shops by the structure of their names: (place)(trade name)(industry)(有限公司, 厂, 商行, 旗舰店 …).
//!
//! The scan stops at the last character of a suffix. From there the name reaches back to a mark, or to a word that no name
//! holds (由, 召回, 委托), or to the place with which it begins. A bare 公司, 厂, 超市 needs a place, a brand or four
//! characters before it; 保险公司 and 楼下超市 name nobody.

use std::ops::Range;

use lexicon::Lexicon;
use vocabulary::{Document, MentionKind};

use super::Fact;
use crate::hits::Hits;
use crate::normalise::Folded;

/// Longest name in front of the suffix, in characters.
const BODY_CHARS_MAX: usize = 26;
/// Most suffixes of one text that are followed back; a text that says 公司 ten thousand times names no more.
const TRIED_MAX: usize = 400;

/// How much a suffix says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Only firms are called so.
    Firm,
    /// Any firm, named or not: needs more beside it.
    Bare,
    /// A seller on a platform.
    Shop,
    /// A seller on a platform when one is named, else a firm.
    Store,
}

/// Suffixes, longest first where one ends another.
const SUFFIXES: &[(&str, Kind)] = &[
    ("有限责任公司", Kind::Firm),
    ("股份有限公司", Kind::Firm),
    ("集团有限公司", Kind::Firm),
    ("有限公司", Kind::Firm),
    ("集团公司", Kind::Firm),
    ("股份公司", Kind::Firm),
    ("分公司", Kind::Bare),
    ("公司", Kind::Bare),
    ("集团", Kind::Bare),
    ("加工厂", Kind::Bare),
    ("制造厂", Kind::Bare),
    ("厂", Kind::Bare),
    ("商行", Kind::Firm),
    ("贸易行", Kind::Firm),
    ("经营部", Kind::Firm),
    ("批发部", Kind::Firm),
    ("门市部", Kind::Firm),
    ("经销部", Kind::Firm),
    ("销售部", Kind::Bare),
    ("服务部", Kind::Bare),
    ("便利店", Kind::Bare),
    ("大药房", Kind::Bare),
    ("药房", Kind::Bare),
    ("药店", Kind::Bare),
    ("旗舰店", Kind::Shop),
    ("专营店", Kind::Shop),
    ("官方店", Kind::Shop),
    ("企业店", Kind::Shop),
    ("专卖店", Kind::Store),
    ("直营店", Kind::Store),
    ("体验店", Kind::Bare),
    ("食品店", Kind::Bare),
    ("副食店", Kind::Bare),
    ("日用品店", Kind::Bare),
    ("百货店", Kind::Bare),
    ("母婴店", Kind::Bare),
    ("餐饮店", Kind::Bare),
    ("超市", Kind::Bare),
    ("商场", Kind::Bare),
    ("购物广场", Kind::Bare),
    ("购物中心", Kind::Bare),
    ("合作社", Kind::Firm),
    ("工作室", Kind::Bare),
    ("养殖场", Kind::Bare),
];

/// What the name of a firm ends with; 车 is the maker of cars, of whom only 汽车 is said.
pub(super) const ENDS: [char; 13] = ['司', '团', '厂', '行', '部', '店', '房', '市', '场', '社', '室', '心', '车'];

/// Longest suffix, in characters.
const SUFFIX_CHARS_MAX: usize = 6;

/// Whether a suffix may end with these two characters: quicker than comparing with all of them.
#[inline]
fn ends_suffix(before: char, last: char) -> bool {
    last == '厂'
        || matches!(
            before,
            '公' | '集'
                | '商'
                | '易'
                | '营'
                | '发'
                | '市'
                | '销'
                | '售'
                | '务'
                | '利'
                | '药'
                | '舰'
                | '方'
                | '业'
                | '卖'
                | '验'
                | '品'
                | '食'
                | '货'
                | '婴'
                | '饮'
                | '超'
                | '广'
                | '中'
                | '作'
                | '殖'
        )
}

/// Words that no name holds, as the segmenter gives them.
const BORDERS: &[&str] = &[
    "由",
    "委托",
    "称",
    "为",
    "召回",
    "是",
    "在",
    "向",
    "对",
    "和",
    "与",
    "及",
    "以及",
    "从",
    "被",
    "把",
    "将",
    "的",
    "了",
    "经",
    "据",
    "给",
    "到",
    "去",
    "找",
    "叫",
    "该",
    "此",
    "这",
    "本",
    "我",
    "我们",
    "其",
    "因",
    "以",
    "于",
    "等",
    "或",
    "让",
    "使",
    "并",
    "而",
    "但",
    "若",
    "如",
    "购买",
    "买",
    "购",
    "投诉",
    "举报",
    "起诉",
    "反映",
    "发现",
    "显示",
    "通报",
    "公布",
    "发布",
    "抽检",
    "抽查",
    "检出",
    "涉及",
    "包括",
    "其中",
    "标称",
    "标示",
    "生产商",
    "制造商",
    "经销商",
    "供应商",
    "进口商",
    "代理商",
    "销售商",
    "厂家",
    "生产厂家",
    "生产企业",
    "生产单位",
    "企业",
    "单位",
    "受检单位",
    "被抽样单位",
    "委托方",
    "受托方",
    "名称",
    "法人",
    "隶属",
    "属于",
    "隶属于",
    "来自",
    "位于",
    "日前",
    "近日",
    "今日",
    "昨日",
    "今天",
    "昨天",
    "日",
    "讯",
    "记者",
    "获悉",
    "责令",
    "约谈",
    "处罚",
    "对象",
    "客户",
    "顾客",
    "消费者",
    "用户",
    "车主",
    "同时",
    "目前",
    "此前",
    "随后",
    "表示",
    "宣布",
    "关于",
    "一家",
    "某家",
    "两家",
    "多家",
    "几家",
    "上",
    "里",
    "自",
];
/// Bodies that name nobody before a bare suffix.
const NOBODY: &[&str] = &[
    "保险", "快递", "物流", "物业", "搬家", "装修", "装饰", "旅游", "广告", "房产", "投资", "上市", "母", "子", "分",
    "总", "某", "该", "本", "贵", "我", "大", "小", "同一", "制造", "代", "加工", "生产", "电子", "服装", "食品",
    "玩具", "汽车", "手机", "化工", "印刷", "工", "药", "钢", "水", "原", "老", "出", "进", "建", "酒", "造纸", "连锁",
    "大型", "楼下", "小区", "附近", "生活", "平价", "社区", "自家", "本地", "官方", "品牌", "天猫", "京东", "淘宝",
    "网上", "线上", "实体", "某某",
];
/// What follows a car brand's 汽车 when it is the firm that acts.
const ACTS: &[&str] = &[
    "召回", "宣布", "表示", "决定", "将", "向", "回应", "称", "发布", "官方", "官网", "(", "因", "计划", "承认",
    "致歉", "道歉", "通过", "也", "采", "已", "新车",
];

/// Finds the firms of one text.
pub(super) struct Firms<'a> {
    folded: &'a Folded,
    hits: &'a Hits,
    lexicon: &'a Lexicon,
    /// Whether the platform is known.
    on_platform: bool,
    /// Places, brands and platforms found so far, in text order.
    named: Vec<(Range<usize>, MentionKind)>,
    tried: usize,
    /// Where the last firm ended.
    end: usize,
}

impl<'a> Firms<'a> {
    pub(super) fn new(
        folded: &'a Folded,
        hits: &'a Hits,
        lexicon: &'a Lexicon,
        document: &Document,
        facts: &[Fact],
    ) -> Self {
        let kinds = [MentionKind::Region, MentionKind::Brand, MentionKind::Platform];
        let named = facts.iter().filter(|fact| kinds.contains(&fact.kind));
        let mut named: Vec<_> = named.map(|fact| (fact.from..fact.to, fact.kind)).collect();
        named.sort_by_key(|(range, kind)| (range.start, range.end, *kind));
        let on_platform = document.meta_str("platform").is_some();
        Self { folded, hits, lexicon, on_platform, named, tried: 0, end: 0 }
    }

    /// Looks for a firm whose name ends with the character at `at`.
    pub(super) fn at(&mut self, at: usize, found: &mut Vec<Fact>) {
        if !ENDS.contains(&self.folded.chars[at]) || self.tried >= TRIED_MAX {
            return;
        }
        if self.folded.chars[at] == '车' {
            self.car_maker(at, found);
            return;
        }
        if !at.checked_sub(1).is_some_and(|before| ends_suffix(self.folded.chars[before], self.folded.chars[at])) {
            return;
        }
        let ahead = self.folded.slice((at + 1).saturating_sub(SUFFIX_CHARS_MAX), at + 1);
        let suffix = SUFFIXES.iter().find(|(suffix, _)| ahead.ends_with(suffix));
        let suffix = suffix.map(|(suffix, kind)| (at + 1 - suffix.chars().count(), *kind));
        let Some((suffix, kind)) = suffix else { return };
        self.tried += 1;
        // 某某有限公司北京分公司 is one name.
        let branch = found.last_mut().filter(|last| {
            last.kind == MentionKind::Firm && last.to == self.end && self.end <= suffix && suffix - self.end <= 8
        });
        if let Some(last) = branch
            && (self.folded.slice(self.end, at + 1).ends_with("分公司") || self.end == suffix)
            && !self.folded.chars[self.end..suffix].iter().any(|c| !c.is_alphanumeric())
        {
            last.to = at + 1;
            self.folded.slice(last.from, at + 1).clone_into(&mut last.code);
            self.end = at + 1;
            return;
        }
        if let Some(from) = self.begin(suffix, at + 1, kind) {
            let platform = self.on_platform || self.has(from.saturating_sub(12)..at + 1, MentionKind::Platform);
            let shop = kind == Kind::Shop || kind == Kind::Store && platform;
            let (kind, rule) = if shop { (MentionKind::Shop, "shape:shop") } else { (MentionKind::Firm, "shape:firm") };
            // 丰田汽车(中国)投资有限公司 is one name: what was taken for the maker alone lies in it.
            while found.last().is_some_and(|last| last.kind == MentionKind::Firm && last.from >= from) {
                found.pop();
            }
            let code = self.folded.slice(from, at + 1).to_owned();
            found.push(Fact::new(from, at + 1, kind, code, rule));
            self.end = at + 1;
        }
    }

    /// 蔚来汽车召回…: a brand and 汽车 as the one who acts.
    fn car_maker(&mut self, at: usize, found: &mut Vec<Fact>) {
        if at == 0 || self.folded.chars[at - 1] != '汽' {
            return;
        }
        let to = at + 1;
        let next = self.folded.slice(to, (to + 3).min(self.folded.len()));
        let acts = ACTS.iter().any(|word| next.starts_with(word))
            || matches!(self.folded.chars.get(to), Some('”' | '"' | '」' | '》'));
        if !acts {
            return;
        }
        // A brand that needs its product beside it has it here: 汽车.
        let brand =
            super::between(self.hits, at.saturating_sub(7), at - 1).iter().filter(|hit| hit.to as usize == at - 1);
        let brand = brand.filter(|hit| super::names::has_brand(hit)).map(|hit| hit.from as usize).min();
        if let Some(from) = brand {
            let code = self.folded.slice(from, to).to_owned();
            found.push(Fact::new(from, to, MentionKind::Firm, code, "shape:firm"));
        }
    }

    fn has(&self, range: Range<usize>, kind: MentionKind) -> bool {
        self.inside(range).any(|(_, known)| *known == kind)
    }

    /// Names that lie in a stretch.
    fn inside(&self, range: Range<usize>) -> impl Iterator<Item = &(Range<usize>, MentionKind)> {
        let from = self.named.partition_point(|(known, _)| known.start < range.start);
        self.named[from..]
            .iter()
            .take_while(move |(known, _)| known.start < range.end)
            .filter(move |(known, _)| known.end <= range.end)
    }

    /// Where a name begins whose suffix begins at `suffix`.
    fn begin(&self, suffix: usize, to: usize, kind: Kind) -> Option<usize> {
        let chars = &self.folded.chars;
        let mut low = suffix;
        let least = suffix.saturating_sub(BODY_CHARS_MAX).max(self.end);
        while low > least && may_be_in_name(chars, low - 1) {
            low -= 1;
        }
        // The last word that no name holds.
        let mut from = low;
        let mut at = low;
        let mut brackets = 0_i32;
        for token in self.lexicon.jieba().cut(self.folded.slice(low, suffix), false) {
            let after = at + token.word.chars().count();
            brackets += i32::from(token.word == "(") - i32::from(token.word == ")");
            let inside_name = self
                .named
                .iter()
                .any(|(known, known_kind)| *known_kind == MentionKind::Brand && known.start < after && at < known.end);
            if BORDERS.contains(&token.word) && brackets == 0 && !inside_name {
                from = after;
            }
            at = after;
        }
        // The place with which the name begins: the last run of touching places outside brackets, with a body behind it.
        let mut start = None;
        let mut last_end = usize::MAX;
        for (known, known_kind) in self.inside(from..suffix) {
            let in_brackets = known.start > 0 && chars[known.start - 1] == '(';
            if *known_kind == MentionKind::Region && !in_brackets && suffix - known.end >= 1 {
                if last_end != known.start {
                    start = Some(known.start);
                }
                last_end = known.end;
            }
        }
        let brand_before = |start: usize| {
            self.named.iter().any(|(known, known_kind)| {
                *known_kind == MentionKind::Brand && known.end == start && known.start >= from
            })
        };
        let placed = start.is_some();
        let mut from = start.filter(|start| !brand_before(*start)).unwrap_or(from);
        if !placed && let Some(national) = self.folded.slice(from, suffix).rfind("中国").filter(|at| *at > 0) {
            let at = from + self.folded.slice(from, suffix)[..national].chars().count();
            from = if chars[at - 1] == '(' { from } else { at };
        }
        while from < suffix && matches!(chars[from], '(' | ')' | '·' | '-' | '&' | '.' | ' ') {
            from += 1;
        }
        self.is_name(from, suffix, to, kind, placed).then_some(from)
    }

    /// Whether `[from, suffix)` names somebody.
    fn is_name(&self, from: usize, suffix: usize, to: usize, kind: Kind, placed: bool) -> bool {
        let body = self.folded.slice(from, suffix);
        let chars = suffix - from;
        let brand = self.has(from..to, MentionKind::Brand);
        let places: usize = self
            .inside(from..suffix)
            .filter(|(_, known)| matches!(known, MentionKind::Region | MentionKind::Platform))
            .map(|(known, _)| known.len())
            .sum();
        let own = chars - places.min(chars);
        let open = body.matches('(').count() == body.matches(')').count();
        let rest = body.trim_start_matches("官方");
        let nobody = NOBODY.contains(&rest) || rest.is_empty() || NOBODY.contains(&last(rest, own).as_str());
        if !open || chars < 2 || own == 0 && kind != Kind::Bare {
            return false;
        }
        match kind {
            Kind::Firm => own >= 2 && !nobody || brand,
            Kind::Shop | Kind::Store => brand || own >= 2 && !nobody,
            Kind::Bare => {
                brand || own >= 2 && placed && !nobody || own >= 4 && !nobody && !placed && is_long_enough(rest)
            }
        }
    }
}

/// A body without place or brand: four characters that are no list of common words.
fn is_long_enough(body: &str) -> bool {
    !NOBODY.iter().any(|word| {
        word.chars().count() >= 2 && (body.ends_with(word) && body.chars().count() < 5 || body.starts_with("一"))
    })
}

/// The last `chars` characters.
fn last(text: &str, chars: usize) -> String {
    let skip = text.chars().count().saturating_sub(chars);
    text.chars().skip(skip).collect()
}

fn may_be_in_name(chars: &[char], at: usize) -> bool {
    let character = chars[at];
    character.is_alphanumeric()
        || matches!(character, '(' | ')' | '·' | '&')
        || matches!(character, '-' | '.' | ' ') && {
            let latin = |at: Option<&char>| at.is_some_and(char::is_ascii_alphanumeric);
            latin(chars.get(at + 1)) && at > 0 && latin(chars.get(at - 1))
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suffix_ends_as_one_may_end() {
        for (suffix, _) in SUFFIXES {
            let chars: Vec<char> = "某".chars().chain(suffix.chars()).collect();
            assert!(ends_suffix(chars[chars.len() - 2], chars[chars.len() - 1]), "{suffix}");
            assert!(ENDS.contains(&chars[chars.len() - 1]), "{suffix}");
        }
    }
}
