//! The tables for structured sources: which heading plays which role, test items and the hazard a failure means, words of a
//! test result, and what `standards.tsv` says a standard is about. Read from `rules/structured/*.toml` and two dictionaries.
//! Not here: any document; the reader that uses these tables is `extract::structured`.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use vocabulary::{Category, Hazard, Refused, refused};

use super::{CategorySet, FileLine, Groups, LexiconError, fold, fold_word, tables, written};

/// What a field of a structured document says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The product's name.
    Product,
    /// The office's own group of products.
    Category,
    /// Brand or trade mark.
    Brand,
    /// Who made it.
    Firm,
    /// Who sold it.
    Seller,
    /// Where.
    Place,
    /// Model or size.
    Model,
    /// Batch or date of production.
    Batch,
    /// Items that the product failed.
    FailedItem,
    /// Items that were tested; a result in another cell says how the test ended.
    TestedItem,
    /// What it was tested by.
    Standard,
    /// The limit.
    Limit,
    /// The value found.
    Measured,
    /// How the test ended.
    Result,
    /// Hazard or risk type by name.
    Hazard,
    /// Prose about what is wrong.
    Defect,
    /// Prose about what may come of it.
    Consequence,
    /// How many.
    Quantity,
    /// What is done about it.
    Remedy,
    /// When.
    Date,
    /// A number of the record.
    Number,
    /// Who publishes or tests.
    Issuer,
}

impl Role {
    /// The Chinese display name.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Role::Product => "产品",
            Role::Category => "产品类别",
            Role::Brand => "商标",
            Role::Firm => "生产企业",
            Role::Seller => "销售单位",
            Role::Place => "地点",
            Role::Model => "型号",
            Role::Batch => "批号",
            Role::FailedItem => "不合格项目",
            Role::TestedItem => "检验项目",
            Role::Standard => "标准",
            Role::Limit => "标准值",
            Role::Measured => "实测值",
            Role::Result => "结论",
            Role::Hazard => "风险类型",
            Role::Defect => "缺陷",
            Role::Consequence => "后果",
            Role::Quantity => "数量",
            Role::Remedy => "措施",
            Role::Date => "日期",
            Role::Number => "编号",
            Role::Issuer => "机构与备注",
        }
    }

    /// What it is called in English.
    #[must_use]
    pub fn en(self) -> &'static str {
        match self {
            Role::Product => "product",
            Role::Category => "category",
            Role::Brand => "brand",
            Role::Firm => "maker",
            Role::Seller => "seller",
            Role::Place => "place",
            Role::Model => "model",
            Role::Batch => "batch",
            Role::FailedItem => "failed item",
            Role::TestedItem => "tested item",
            Role::Standard => "standard",
            Role::Limit => "limit",
            Role::Measured => "measured",
            Role::Result => "result",
            Role::Hazard => "hazard",
            Role::Defect => "defect",
            Role::Consequence => "consequence",
            Role::Quantity => "quantity",
            Role::Remedy => "remedy",
            Role::Date => "date",
            Role::Number => "number",
            Role::Issuer => "issuer and notes",
        }
    }
}

/// What a cell says about how a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestResult {
    /// The product did not meet the requirement.
    Fail,
    /// The product met it.
    Pass,
    /// The cell is empty in one of the usual ways.
    Nothing,
    /// The cell says something else.
    Unclear,
}

/// How sure signals of fields are, 0–1.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldConfidence {
    /// A failed item that the dictionary knows.
    pub item: f64,
    /// A hazard named in a column of its own.
    pub hazard: f64,
    /// Prose in a defect column.
    pub defect: f64,
    /// A failure without a known item, a recall without a known defect.
    pub vague: f64,
    /// English: a hazard in a headline or a column of its own.
    pub english: f64,
    /// English: a hazard in running text.
    pub english_text: f64,
    /// English: a weak phrase.
    pub english_weak: f64,
    /// English: nothing but an injury or a broken rule.
    pub english_vague: f64,
}

impl Default for FieldConfidence {
    fn default() -> Self {
        Self {
            item: 0.9,
            hazard: 0.9,
            defect: 0.9,
            vague: 0.5,
            english: 0.9,
            english_text: 0.8,
            english_weak: 0.6,
            english_vague: 0.5,
        }
    }
}

/// What a standard of `standards.tsv` is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandardTerm {
    /// Title.
    pub title: Box<str>,
    /// Category, when it has one of ours.
    pub category: Option<Category>,
}

/// The tables.
#[derive(Debug, Clone, Default)]
pub struct Structured {
    roles: BTreeMap<String, Role>,
    /// A bit for each heading of `roles`, by [`look`].
    looks: [u64; LOOKS / 64],
    /// Longest heading, in folded characters.
    pub heading_chars_max: usize,
    fail: Vec<String>,
    pass: Vec<String>,
    none: Vec<String>,
    hazards: BTreeMap<String, Hazard>,
    items: BTreeMap<String, Vec<(CategorySet, Hazard)>>,
    item_chars_max: usize,
    standards: BTreeMap<String, StandardTerm>,
    /// How sure signals are.
    pub confidence: FieldConfidence,
    emerging: EmergingWords,
}

/// `rules/structured/emerging.toml`: words that are looked for, and left out, when words are proposed to the analyst.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmergingWords {
    /// Words that make a text without a known hazard worth a look.
    #[serde(default)]
    pub alarm: Vec<String>,
    /// Nouns that are no products.
    #[serde(default)]
    pub plain: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFields {
    #[serde(default)]
    roles: BTreeMap<Role, Vec<Spanned<String>>>,
    #[serde(default)]
    results: WrittenResults,
    #[serde(default)]
    hazards: BTreeMap<Hazard, Vec<Spanned<String>>>,
    confidence: Option<FieldConfidence>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenResults {
    #[serde(default)]
    fail: Vec<String>,
    #[serde(default)]
    pass: Vec<String>,
    #[serde(default)]
    none: Vec<String>,
}

impl Structured {
    /// The role of a heading, when it is a known one.
    pub fn role(&self, heading: &str) -> Option<Role> {
        // Keys of `meta` are mostly short words in ASCII, and asked for with every document.
        let mut room = [0; ASCII_HEADING_MAX];
        match ascii_heading(heading, &mut room) {
            Some(folded) => self.role_of(folded),
            None => self.role_of(&fold_heading(heading)),
        }
    }

    /// The role of a folded heading. Most keys of `meta` are none, and are set aside by their looks.
    fn role_of(&self, folded: &str) -> Option<Role> {
        let at = look(folded);
        (self.looks[at / 64] >> (at % 64) & 1 == 1).then(|| self.roles.get(folded).copied()).flatten()
    }

    /// Whether nothing is known: a lexicon without `rules/structured`.
    pub fn is_empty(&self) -> bool {
        self.roles.is_empty()
    }

    /// How a test ended, as a cell says it.
    pub fn test_result(&self, cell: &str) -> TestResult {
        let folded = fold_word(cell);
        let says = |words: &[String]| {
            words.iter().any(|word| {
                if word.chars().count() == 1 || word.is_ascii() {
                    folded == *word || (word.is_ascii() && word.len() > 3 && folded.contains(word.as_str()))
                } else {
                    folded.contains(word.as_str())
                }
            })
        };
        if folded.is_empty() || self.none.contains(&folded) {
            TestResult::Nothing
        } else if says(&self.fail) {
            TestResult::Fail
        } else if says(&self.pass) {
            TestResult::Pass
        } else {
            TestResult::Unclear
        }
    }

    /// Whether a cell is one of the usual ways to say nothing.
    pub fn is_nothing(&self, cell: &str) -> bool {
        let folded = fold_word(cell);
        folded.is_empty() || self.none.contains(&folded)
    }

    /// A hazard by its name, as a column of its own gives it: exactly, or the longest name inside.
    pub fn hazard(&self, name: &str) -> Option<Hazard> {
        let folded = fold_word(name);
        self.hazards.get(&folded).copied().or_else(|| {
            let inside = self.hazards.iter().filter(|(known, _)| folded.contains(known.as_str()));
            inside.max_by_key(|(known, _)| known.chars().count()).map(|(_, hazard)| *hazard)
        })
    }

    /// The test items in a folded cell, longest first at each place: from, to (in characters), name and hazard for this category.
    pub fn items(&self, folded: &[char], category: Option<Category>) -> Vec<(usize, usize, &str, Hazard)> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < folded.len() {
            let longest = self.item_chars_max.min(folded.len() - at);
            let hit = (1..=longest).rev().find_map(|length| {
                let end = at + length;
                let latin = |one: Option<&char>| one.is_some_and(char::is_ascii_alphanumeric);
                // A Latin name stands alone: `ph` is not in `phthalate`.
                if (latin(folded.get(at)) && at > 0 && latin(folded.get(at - 1)))
                    || (latin(folded.get(end - 1)) && latin(folded.get(end)))
                {
                    return None;
                }
                let piece: String = folded[at..end].iter().collect();
                let (name, meanings) = self.items.get_key_value(&piece)?;
                let fits = |(only, _): &&(CategorySet, Hazard)| category.is_some_and(|category| only.has(category));
                let narrow = meanings.iter().filter(|(only, _)| *only != CategorySet::ALL).find(fits);
                let (_, hazard) = narrow.or_else(|| meanings.iter().find(|(only, _)| *only == CategorySet::ALL))?;
                Some((end, name.as_str(), *hazard))
            });
            match hit {
                // One character (铅, 苯) is an item only when it stands alone in its cell part.
                Some((end, name, hazard)) if end - at > 1 || stands_alone(folded, at) => {
                    found.push((at, end, name, hazard));
                    at = end;
                }
                _ => at += 1,
            }
        }
        found
    }

    /// A standard by its number without the year.
    pub fn standard(&self, number: &str) -> Option<&StandardTerm> {
        self.standards.get(&fold_word(number))
    }

    /// Words for the list of what is emerging.
    pub fn emerging(&self) -> &EmergingWords {
        &self.emerging
    }

    /// Number of headings and test items, for `rules check`.
    pub fn counts(&self) -> (usize, usize) {
        (self.roles.len(), self.items.len())
    }

    /// Reads `rules/structured/*.toml`, `test_items.tsv` and `dictionaries/standards.tsv`.
    pub(super) fn read(
        files: &super::files::Files,
        groups: &Groups,
        findings: &mut Vec<super::Finding>,
    ) -> Result<Self, LexiconError> {
        let mut tables = Self::default();
        let is_toml = |name: &str| name.starts_with("rules/structured/") && name.rsplit('.').next() == Some("toml");
        for (name, text) in files.iter().filter(|(name, _)| is_toml(name)) {
            if name.ends_with("/emerging.toml") {
                tables.emerging = written::parse(name, text)?;
                continue;
            }
            tables.read_fields(name, text)?;
        }
        for (name, text) in TEST_ITEMS.iter().filter_map(|name| files.get_key_value(*name)) {
            for row in tables::rows(name, text, 3)? {
                let hazard: Hazard = row.required(1, "hazard")?.parse().map_err(|error: vocabulary::UnknownCode| {
                    row.wrong(Refused::of(&error), refused!("请用已知的代码", "use a known code"))
                })?;
                let codes: Vec<&str> = row.cell(2).split('+').filter(|code| !code.is_empty()).collect();
                let only = groups.resolve(&codes, CategorySet::ALL).map_err(|error| {
                    row.wrong(
                        Refused::of(&error),
                        refused!("请用标签集里的代码，以 `+` 连接", "use codes of the label set, joined by `+`"),
                    )
                })?;
                let folded = fold_word(row.required(0, "surface")?);
                tables.item_chars_max = tables.item_chars_max.max(folded.chars().count());
                let meanings = tables.items.entry(folded).or_default();
                if meanings.iter().any(|(known, _)| *known == only) {
                    findings.push(super::Finding {
                        at: row.at.clone(),
                        message: refused!(
                            "这个检验项目为相同的产品列了两次：请删除一行",
                            "this test item is listed twice for the same products: delete one row"
                        ),
                        fatal: false,
                    });
                }
                meanings.push((only, hazard));
            }
        }
        if let Some(text) = files.get("dictionaries/standards.tsv") {
            // More columns may follow those that are used here.
            for row in tables::rows("dictionaries/standards.tsv", text, STANDARD_COLUMNS_MAX)? {
                let term = StandardTerm { title: row.cell(1).into(), category: row.cell(2).parse().ok() };
                tables.standards.insert(fold_word(row.cell(0)), term);
            }
        }
        Ok(tables)
    }

    fn read_fields(&mut self, name: &str, text: &str) -> Result<(), LexiconError> {
        let file: WrittenFields = written::parse(name, text)?;
        let line = |at: usize| text.get(..at).map_or(1, |head| head.matches('\n').count() + 1);
        let wrong = |word: &Spanned<String>, what: Refused, help: Refused| LexiconError::Wrong {
            at: FileLine::new(name, line(word.span().start)),
            what,
            shown: Box::new(super::Shown::of(text, word.span())),
            help: Box::new(help),
        };
        for (role, headings) in file.roles {
            for heading in headings {
                let folded = fold_heading(heading.get_ref());
                let chars = folded.chars().count();
                if chars == 0 || chars > HEADING_CHARS_MAX {
                    let what = refused!(
                        "标题有 {chars} 个字，应为 1 到 {HEADING_CHARS_MAX}",
                        "the heading has {chars} characters, expected 1 to {HEADING_CHARS_MAX}"
                    );
                    return Err(wrong(&heading, what, refused!("请缩短或删除", "shorten or delete it")));
                }
                self.heading_chars_max = self.heading_chars_max.max(chars);
                let look = look(&folded);
                self.looks[look / 64] |= 1 << (look % 64);
                if let Some(other) = self.roles.insert(folded, role).filter(|other| *other != role) {
                    let what = refused!(
                        "`{}` 既是 {other:?} 又是 {role:?} 的标题",
                        "`{}` is a heading for {other:?} and for {role:?}",
                        heading.get_ref()
                    );
                    return Err(wrong(
                        &heading,
                        what,
                        refused!(
                            "一个标题只有一种用途：请删除其中一处",
                            "a heading has one role: delete one of the two"
                        ),
                    ));
                }
            }
        }
        for (hazard, names) in file.hazards {
            for word in names {
                if let Some(other) = self.hazards.insert(fold_word(word.get_ref()), hazard).filter(|old| *old != hazard)
                {
                    let what =
                        refused!("`{}` 既指 {other} 又指 {hazard}", "`{}` names {other} and {hazard}", word.get_ref());
                    return Err(wrong(
                        &word,
                        what,
                        refused!(
                            "一个名称只对应一种隐患：请删除其中一处",
                            "a name has one hazard: delete one of the two"
                        ),
                    ));
                }
            }
        }
        for hazard in Hazard::ALL {
            for own in [hazard.code(), hazard.zh()] {
                self.hazards.entry(fold_word(own)).or_insert(*hazard);
            }
        }
        let folded = |words: Vec<String>| words.iter().map(|word| fold_word(word)).collect::<Vec<_>>();
        self.fail.extend(folded(file.results.fail));
        self.pass.extend(folded(file.results.pass));
        self.none.extend(folded(file.results.none));
        if let Some(confidence) = file.confidence {
            self.confidence = confidence;
        }
        Ok(())
    }
}

/// The table of test items: either of them.
const TEST_ITEMS: [&str; 2] = ["dictionaries/test_items.tsv", "rules/structured/test_items.tsv"];
/// Longest heading, in characters.
const HEADING_CHARS_MAX: usize = 24;
/// Most columns of `standards.tsv`.
const STANDARD_COLUMNS_MAX: usize = 12;

/// A heading as it is compared: folded, without spaces.
pub fn fold_heading(heading: &str) -> String {
    let mut folded = String::with_capacity(heading.len());
    for character in heading.trim().chars() {
        fold(character, |part| {
            if part != ' ' && part != '_' {
                folded.push(part);
            }
        });
    }
    folded
}

/// Number of classes that headings are sorted into by length and outermost bytes.
const LOOKS: usize = 2_048;

/// A number below [`LOOKS`] for what a folded heading looks like: its length and its outermost bytes.
fn look(folded: &str) -> usize {
    let byte = |byte: Option<&u8>| usize::from(byte.copied().unwrap_or(0));
    let bytes = folded.as_bytes();
    (bytes.len() * 67 + byte(bytes.first()) * 31 + byte(bytes.last())) % LOOKS
}

/// Longest heading in ASCII that is folded without asking for memory, in bytes.
const ASCII_HEADING_MAX: usize = 32;

/// As [`fold_heading`], for a short one in printable ASCII.
fn ascii_heading<'a>(heading: &str, room: &'a mut [u8; ASCII_HEADING_MAX]) -> Option<&'a str> {
    if heading.len() > room.len() || !heading.bytes().fold(true, |all, byte| all & matches!(byte, b' '..=b'~')) {
        return None;
    }
    let mut length = 0;
    for byte in heading.bytes() {
        // What does not count is written over by the next byte.
        room[length] = byte.to_ascii_lowercase();
        length += usize::from(!matches!(byte, b' ' | b'_'));
    }
    std::str::from_utf8(&room[..length]).ok()
}

/// Whether the character at `at` has no letter at either side, but for a bracket or a sign.
fn stands_alone(folded: &[char], at: usize) -> bool {
    let letter = |one: Option<&char>| one.is_some_and(|one| one.is_alphanumeric());
    !(at > 0 && letter(folded.get(at - 1)) || letter(folded.get(at + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Files;

    #[test]
    fn short_headings_in_ascii_fold_as_all_others_do() {
        for heading in [
            "",
            " Risk_Type ",
            "platform_category",
            "A-1 (x)",
            "tab\there",
            "a heading of far more than thirty-two bytes",
            "品名",
        ] {
            let mut room = [0; ASCII_HEADING_MAX];
            let short = ascii_heading(heading, &mut room);
            assert!(short.is_none_or(|short| short == fold_heading(heading)), "{heading}");
            assert_eq!(short.is_none(), heading.len() > 32 || heading.contains(['\t', '品']), "{heading}");
        }
    }

    fn tables(fields: &str, items: &str) -> Result<Structured, LexiconError> {
        let head = "# provenance: test\n# columns: surface\thazard\tonly\n";
        let files: Files = [
            ("rules/structured/fields.toml".to_owned(), fields.to_owned()),
            ("dictionaries/test_items.tsv".to_owned(), format!("{head}{items}")),
        ]
        .into();
        Structured::read(&files, &Groups::default(), &mut Vec::new())
    }

    #[test]
    fn a_heading_with_two_roles_is_refused_with_its_line() {
        let error = tables("[roles]\nproduct = [\"名称\"]\nfirm = [\n  \"名称\",\n]\n", "").expect_err("two roles");
        let said = error.to_string();
        assert!(said.contains("rules/structured/fields.toml:4") && said.contains("one role"), "{said}");
    }

    #[test]
    fn an_unknown_role_or_hazard_is_refused() {
        assert!(tables("[roles]\ncolour = [\"颜色\"]\n", "").expect_err("no role").to_string().contains("colour"));
        let error = tables("", "接地\tshock\t\n").expect_err("no hazard").to_string();
        assert!(error.contains("test_items.tsv:3") && error.contains("shock"), "{error}");
    }

    #[test]
    fn the_longest_item_wins_and_a_narrow_row_beats_a_general_one() {
        let items = "铅\tchemical\t\n跌落\tfire\tbattery_charger\n跌落\tcollapse\t\n甲醛\tirritation\t\n甲醛释放量\tchemical\t\n";
        let tables = tables("", items).expect("good");
        let found = |cell: &str, category| {
            let chars: Vec<char> = fold_word(cell).chars().collect();
            tables
                .items(&chars, category)
                .into_iter()
                .map(|(_, _, name, hazard)| (name.to_owned(), hazard))
                .collect::<Vec<_>>()
        };
        assert_eq!(found("甲醛释放量、铅", None).len(), 2);
        assert_eq!(found("跌落", Some(Category::BatteryCharger)), [("跌落".to_owned(), Hazard::Fire)]);
        assert_eq!(found("跌落", Some(Category::Toy)), [("跌落".to_owned(), Hazard::Collapse)]);
        assert!(found("铅笔硬度", None).is_empty(), "铅 in 铅笔 is no item");
    }

    #[test]
    fn a_test_result_is_read_fail_first() {
        let tables =
            tables("[results]\nfail=[\"不合格\",\"fail\"]\npass=[\"合格\",\"是\"]\nnone=[\"/\"]\n", "").expect("good");
        assert_eq!(tables.test_result("不合格"), TestResult::Fail);
        assert_eq!(tables.test_result("合格（复检）"), TestResult::Pass);
        assert_eq!(tables.test_result(" / "), TestResult::Nothing);
        assert_eq!(tables.test_result("0.32"), TestResult::Unclear);
        assert_eq!(tables.test_result("是非"), TestResult::Unclear);
    }
}
