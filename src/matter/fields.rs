//! The fields of each act, once: what a form shows, what a command takes, what a line of a file names.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use vocabulary::{
    ActKind, Asked, Concern, DrawMode, ItemVerdict, Language, MeasureKind, Refused, RegionCode, Role, StratumKind,
    VerdictBasis, Work, refused,
};

/// A code with its Chinese and English name.
pub type Choice = (&'static str, &'static str, &'static str);

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// A sum of money in yuan, with two digits.
    Yuan,
    /// A day.
    Day,
    /// Yes or no.
    Yes,
    /// One of these.
    Choice(fn() -> Vec<Choice>),
    /// Any of these, one a line.
    Choices(fn() -> Vec<Choice>),
    /// Texts, one a line.
    Lines,
    /// A region code.
    Region,
    /// Region codes, one a line.
    Regions,
    /// Rows of these cells, one a line, with `|` between the cells.
    Rows(&'static [&'static str]),
}

/// A field of an act.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in JSON, on the command line and in forms.
    pub name: &'static str,
    /// What it is called in Chinese.
    pub zh: &'static str,
    /// What it is called in English.
    pub en: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether the act says nothing without it.
    pub required: bool,
}

impl Field {
    /// What it is called.
    #[must_use]
    pub fn said(&self, language: Language) -> &'static str {
        language.pick(self.zh, self.en)
    }

    /// What may be chosen; empty where anything may be written.
    #[must_use]
    pub fn choices(&self) -> Vec<Choice> {
        match self.kind {
            Kind::Choice(choices) | Kind::Choices(choices) => choices(),
            _ => Vec::new(),
        }
    }
}

const fn must(name: &'static str, zh: &'static str, en: &'static str, kind: Kind) -> Field {
    Field { name, zh, en, kind, required: true }
}

const fn may(name: &'static str, zh: &'static str, en: &'static str, kind: Kind) -> Field {
    Field { name, zh, en, kind, required: false }
}

macro_rules! choices {
    ($($name:ident: $type:ident),*) => {$(
        fn $name() -> Vec<Choice> {
            $type::ALL.iter().map(|one| (one.code(), one.zh(), one.en())).collect()
        }
    )*};
}
choices!(modes: DrawMode, strata: StratumKind, bases: VerdictBasis, concerns: Concern, asked: Asked, measures: MeasureKind);

/// Roles of units that are told.
fn roles() -> Vec<Choice> {
    let told = Role::ALL.iter().filter(|role| !matches!(role, Role::Public | Role::Centre));
    told.map(|role| (role.code(), role.zh(), role.en())).collect()
}

/// Cells of a test in a scheme.
const TEST: &[&str] = &["item", "standard"];
/// Cells of what was tested. The verdict is `pass`, `fail` or `unjudged`, or its Chinese name.
const TESTED: &[&str] = &["item", "standard", "stated", "measured", "verdict"];
/// Cells of what was drawn.
const DRAWN: &[&str] = &["platform", "item_id"];

const SAMPLE: Field = must("sample", "样品编号", "sample", Kind::Text);
const OF: Field = must("of", "单位", "unit", Kind::Text);

/// The fields of an act, in the order in which a form asks for them; none for acts that have none.
#[must_use]
pub fn fields(kind: ActKind) -> Vec<Field> {
    match kind {
        ActKind::Exclude => vec![may("until_rise", "排除，直至升级", "until it rises again", Kind::Yes)],
        ActKind::Scheme => vec![
            may("product", "监测产品", "product", Kind::Text),
            may("batches", "批次量", "batches", Kind::Number),
            may("purpose", "批次量依据", "why so many", Kind::Text),
            may("items", "检验项目 | 检验依据", "item | standard", Kind::Rows(TEST)),
            may("platforms", "采样平台", "platforms", Kind::Lines),
            may("regions", "卖家所在地（区划代码）", "regions of sellers", Kind::Regions),
            may("mode", "采样方式", "how samples are chosen", Kind::Choice(modes)),
            may("deadline", "时间期限", "last day", Kind::Day),
            may("staff", "采样人员", "staff", Kind::Lines),
        ],
        ActKind::Order => vec![must("to", "下达给", "given to", Kind::Text)],
        ActKind::CommitSeed => vec![must("digest", "种子摘要", "digest of the seed", Kind::Text)],
        ActKind::Draw => vec![
            must("seed", "种子", "seed", Kind::Text),
            must("frame", "抽样框摘要", "digest of the frame", Kind::Text),
            must("offers", "抽样框商品数", "offers in the frame", Kind::Number),
            may("strata", "分层", "strata", Kind::Choices(strata)),
            must("chosen", "平台 | 商品ID", "platform | item id", Kind::Rows(DRAWN)),
            may("repeats", "允许重复的理由", "why some may repeat", Kind::Text),
        ],
        ActKind::Commission => vec![must("body", "检验机构", "test body", Kind::Text)],
        ActKind::Buy => vec![
            SAMPLE,
            must("platform", "平台", "platform", Kind::Text),
            must("item_id", "商品ID", "item id", Kind::Text),
            must("seller", "卖家", "seller", Kind::Text),
            may("brand", "品牌", "brand", Kind::Text),
            may("maker", "生产企业", "maker", Kind::Text),
            may("region", "卖家所在地（区划代码）", "place of the seller", Kind::Region),
            may("price_fen", "价格（元）", "price in yuan", Kind::Yuan),
            must("quantity", "数量", "pieces", Kind::Number),
            may("replaces", "补样，代替样品", "in place of", Kind::Text),
        ],
        ActKind::Receive => vec![
            SAMPLE,
            must("condition", "外观、状态", "condition", Kind::Text),
            may("conforms", "符合要求，入库", "conforms: is stored", Kind::Yes),
            may("not_as_shown", "货不对板之处", "in which way it is not as shown", Kind::Text),
        ],
        ActKind::SendBack => vec![SAMPLE],
        ActKind::Split => vec![
            SAMPLE,
            must("test", "检验样件数", "pieces to test", Kind::Number),
            must("spare", "备样件数", "spare pieces", Kind::Number),
            must("seals", "封条编号", "seals", Kind::Lines),
        ],
        ActKind::Dispatch => vec![SAMPLE, must("body", "检验机构", "test body", Kind::Text)],
        ActKind::Result => vec![
            SAMPLE,
            must("platform", "平台", "platform", Kind::Text),
            must("item_id", "商品ID", "item id", Kind::Text),
            must("report", "报告编号", "report", Kind::Text),
            must("tested_on", "报告日期", "day of the report", Kind::Day),
            must(
                "items",
                "项目 | 依据 | 标准或明示值 | 实测值 | 判定",
                "item | standard | stated | measured | verdict",
                Kind::Rows(TESTED),
            ),
            must("basis", "判定依据", "what the verdict rests on", Kind::Choice(bases)),
            may("conforms", "样品合格", "the sample conforms", Kind::Yes),
            may("again", "复检", "second test", Kind::Yes),
            may("confirmed_by", "更正的共同确认人", "who confirms the correction", Kind::Text),
        ],
        ActKind::NotTestable => vec![SAMPLE, must("proof", "证明材料", "proof", Kind::Text)],
        ActKind::Address => vec![
            must("to", "收件单位", "unit", Kind::Text),
            must("role", "单位类型", "role", Kind::Choice(roles)),
            must("concern", "与事项的关系", "its part in the matter", Kind::Choice(concerns)),
            may("region", "所在地（区划代码）", "region", Kind::Region),
            must("asked", "要求", "what is asked", Kind::Choice(asked)),
        ],
        ActKind::Acknowledge | ActKind::Report => vec![OF],
        ActKind::Measure => vec![
            OF,
            must("measure", "措施", "measure", Kind::Choice(measures)),
            must("about", "对象", "about whom or what", Kind::Text),
        ],
        ActKind::Finish => vec![OF, must("on", "完成日期", "finished on", Kind::Day)],
        ActKind::FileCase => vec![OF, must("number", "案号", "number", Kind::Text)],
        ActKind::EndCase => {
            vec![OF, must("number", "案号", "number", Kind::Text), must("on", "结案日期", "closed on", Kind::Day)]
        }
        ActKind::Object => vec![OF, SAMPLE],
        ActKind::AnswerObjection => {
            vec![must("to", "异议单位", "unit", Kind::Text), SAMPLE, may("upheld", "采纳异议", "upheld", Kind::Yes)]
        }
        ActKind::OrderCorrection => {
            vec![OF, must("firm", "企业", "firm", Kind::Text), must("on", "责令日期", "ordered on", Kind::Day)]
        }
        ActKind::Reinspect => vec![
            OF,
            must("firm", "企业", "firm", Kind::Text),
            must("on", "复查日期", "inspected on", Kind::Day),
            may("corrected", "已改正", "corrected", Kind::Yes),
        ],
        _ => vec![],
    }
}

/// The particulars of an act as a form, a command or a line of a table gives them: texts by the names of [`fields`]. None for acts without.
///
/// # Errors
/// [`Refused`] naming the field, what was found and what it should be.
pub fn work_of(kind: ActKind, given: &BTreeMap<String, String>) -> Result<Option<Work>, Refused> {
    let fields = fields(kind);
    if let Some(name) = given.keys().find(|name| !fields.iter().any(|field| field.name == **name)) {
        let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
        let known = known.join(", ");
        return Err(refused!("没有字段 `{name}`；有：{known}", "there is no field `{name}`; known: {known}"));
    }
    if fields.is_empty() || (kind == ActKind::Exclude && given.values().all(|text| text.trim().is_empty())) {
        return Ok(None);
    }
    let mut object = Map::new();
    object.insert("step".to_owned(), Value::from(kind.code()));
    for field in &fields {
        let text = given.get(field.name).map_or("", |text| text.trim());
        if text.is_empty() && !matches!(field.kind, Kind::Yes) {
            if field.required {
                return Err(refused!("请填写{0}（{1}）。", "`{1}` is empty: {0}", field.zh, field.name));
            }
            continue;
        }
        object.insert(field.name.to_owned(), value(field, text)?);
    }
    let work: Work = serde_json::from_value(Value::Object(object)).map_err(Refused::quoted)?;
    Ok(Some(work))
}

fn value(field: &Field, text: &str) -> Result<Value, Refused> {
    let wrong = |zh: &str, en: &str| {
        Refused::new(
            format!("{}为“{text}”：应为{zh}。", field.zh),
            format!("`{}` is `{text}`: expected {en}", field.name),
        )
    };
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let region = |text: &str| {
        let code = text.parse::<RegionCode>().map_err(|_| wrong("六位区划代码", "a region code of six digits"))?;
        Ok::<_, Refused>(Value::from(code.to_string()))
    };
    Ok(match field.kind {
        Kind::Text => Value::from(text),
        Kind::Number => Value::from(text.parse::<u32>().map_err(|_| wrong("整数", "a whole number"))?),
        Kind::Yuan => Value::from(fen(text).ok_or_else(|| wrong("金额，如 129.00", "a sum as 129.00"))?),
        Kind::Day => Value::from(
            text.parse::<jiff::civil::Date>()
                .map_err(|_| wrong("日期，如 2026-03-15", "a day as 2026-03-15"))?
                .to_string(),
        ),
        Kind::Yes => Value::from(match text {
            "" | "no" | "false" | "0" | "否" => false,
            "yes" | "true" | "on" | "1" | "是" => true,
            _ => return Err(wrong("是或否", "yes or no")),
        }),
        Kind::Choice(_) => Value::from(chosen(field, text).ok_or_else(|| unknown(field, text))?),
        Kind::Choices(_) => lines()
            .map(|line| chosen(field, line).map(Value::from).ok_or_else(|| unknown(field, line)))
            .collect::<Result<_, _>>()?,
        Kind::Lines => lines().map(Value::from).collect(),
        Kind::Region => region(text)?,
        Kind::Regions => lines().map(region).collect::<Result<_, _>>()?,
        Kind::Rows(cells) => lines().map(|line| row(field, cells, line)).collect::<Result<_, _>>()?,
    })
}

fn chosen(field: &Field, text: &str) -> Option<&'static str> {
    field.choices().into_iter().find(|(code, zh, _)| *code == text || *zh == text).map(|(code, _, _)| code)
}

fn unknown(field: &Field, text: &str) -> Refused {
    let (codes, names): (Vec<&str>, Vec<&str>) = field.choices().iter().map(|(code, zh, _)| (*code, *zh)).unzip();
    Refused::new(
        format!("{}为“{text}”：应为{}之一。", field.zh, names.join("、")),
        format!("`{}` is `{text}`: expected one of {}", field.name, codes.join(", ")),
    )
}

fn row(field: &Field, cells: &[&str], line: &str) -> Result<Value, Refused> {
    let found: Vec<&str> = line.split(['|', '｜']).map(str::trim).collect();
    if found.len() != cells.len() {
        return Err(Refused::new(
            format!("“{line}”有{}格，应为{}格：{}。", found.len(), cells.len(), field.zh),
            format!("`{line}` has {} cells, expected {}: {}", found.len(), cells.len(), cells.join(" | ")),
        ));
    }
    let cell = |(name, text): (&&str, &str)| {
        let verdict = || ItemVerdict::ALL.iter().find(|verdict| verdict.zh() == text).map(|verdict| verdict.code());
        let text = if **name == *"verdict" { verdict().unwrap_or(text) } else { text };
        ((*name).to_owned(), Value::from(text))
    };
    Ok(Value::Object(cells.iter().zip(found).map(cell).collect()))
}

/// A sum in yuan as fen: `129`, `129.5`, `129.00`.
fn fen(text: &str) -> Option<u64> {
    let (yuan, rest) = text.split_once('.').unwrap_or((text, ""));
    if rest.len() > 2 || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let cents: u64 = format!("{rest:0<2}").parse().ok()?;
    yuan.parse::<u64>().ok()?.checked_mul(100)?.checked_add(cents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn every_act_on_a_matter_can_be_written_by_its_fields() {
        for kind in ActKind::ALL.iter().filter(|kind| kind.is_work()) {
            let filled: BTreeMap<String, String> = fields(*kind)
                .iter()
                .map(|field| {
                    let text = match field.kind {
                        Kind::Text | Kind::Lines => "x".to_owned(),
                        Kind::Number => "1".to_owned(),
                        Kind::Yuan => "12.50".to_owned(),
                        Kind::Day => "2026-01-02".to_owned(),
                        Kind::Yes => "yes".to_owned(),
                        Kind::Choice(_) | Kind::Choices(_) => field.choices()[0].0.to_owned(),
                        Kind::Region | Kind::Regions => "330106".to_owned(),
                        Kind::Rows(cells) => cells
                            .iter()
                            .map(|cell| if *cell == "verdict" { "不合格" } else { "x" })
                            .collect::<Vec<_>>()
                            .join(" | "),
                    };
                    (field.name.to_owned(), text)
                })
                .collect();
            let work = work_of(*kind, &filled).unwrap_or_else(|error| panic!("{}: {error}", kind.code()));
            assert_eq!(work.map_or(*kind, |work| work.kind()), *kind, "{}", kind.code());
        }
    }

    #[test]
    fn a_field_that_is_missing_unknown_or_wrong_is_named() {
        let refused = |kind, pairs: &[(&str, &str)]| work_of(kind, &given(pairs)).expect_err("refused");
        assert!(refused(ActKind::Order, &[]).zh.contains("下达给"));
        assert!(refused(ActKind::Order, &[("too", "x")]).en.contains("there is no field `too`"));
        let wrong = [("of", "甲"), ("measure", "burn"), ("about", "乙")];
        assert!(refused(ActKind::Measure, &wrong).zh.contains("退货、下架、召回"));
        assert!(refused(ActKind::Finish, &[("of", "甲"), ("on", "15/3")]).en.contains("expected a day"));
        let rows = [("items", "热滥用 | GB 31241-2022 | 不起火"), ("platform", "p")];
        assert!(refused(ActKind::Scheme, &rows[..1]).zh.contains("有3格，应为2格"));
    }

    #[test]
    fn prices_are_read_to_the_fen() {
        assert_eq!(["129", "129.5", "0.05", "129.00"].map(fen), [Some(12_900), Some(12_950), Some(5), Some(12_900)]);
        assert_eq!(["", "-1", "1.234", "1,5", "1.x"].map(fen), [None; 5]);
    }
}
