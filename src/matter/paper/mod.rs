//! Papers (文书) of a matter as values: the scheme of sampling, the commission of a test body, the letter to one unit that is told, the report of
//! all results for a platform or an authority (clauses 3-45, 3-47, 3-32).
//!
//! In: the acts on a matter, what the alert is about in plain words, clocks, a day. Out: a [`Paper`], which others write as a file or a page. A
//! letter that was sent says for ever what it said: it is made of the acts up to the one by which the unit was told. Before that act it is a
//! draft. Nothing of buyers, prices or days of purchase is asked for here.

mod commission;
mod letter;
mod report;
mod scheme;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::str::FromStr;

use jiff::civil::Date;
use vocabulary::{Act, ActKind, Party, RegionCode, Role, SamplingRequest, UnknownCode, Work, day_of};

use super::clocks::{Clock, Counting};
use super::duty::Limit;
use super::handling::Handling;
use super::sample::{Sample, Tested};
use super::state::Matter;

/// Mark of a paper that nobody has decided to send.
const DRAFT: &str = "【草稿，未经审核不得发出】";
/// What is not there.
const NONE: &str = "—";

/// A kind of paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaperKind {
    /// The scheme of sampling (采样方案, clause 3-32).
    Scheme,
    /// To a test body that is commissioned (送检委托书).
    Commission,
    /// To one unit that is told (风险信息告知函, clauses 3-11, 3-47).
    Letter,
    /// All results together (检验结果汇总报告, clause 3-45).
    Report,
}

impl PaperKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Scheme, Self::Commission, Self::Letter, Self::Report];

    /// Its code, in addresses and on the command line.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Scheme => "scheme",
            Self::Commission => "commission",
            Self::Letter => "letter",
            Self::Report => "report",
        }
    }

    /// What it is called in Chinese.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::Scheme => "采样方案",
            Self::Commission => "送检委托书",
            Self::Letter => "风险信息告知函",
            Self::Report => "检验结果汇总报告",
        }
    }

    /// Whether it always goes to one unit.
    #[must_use]
    pub fn needs_addressee(self) -> bool {
        matches!(self, Self::Commission | Self::Letter)
    }

    /// How its numbers begin.
    fn series(self) -> &'static str {
        match self {
            Self::Scheme => "望监采",
            Self::Commission => "望监检",
            Self::Letter => "望监函",
            Self::Report => "望监报",
        }
    }
}

impl FromStr for PaperKind {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::ALL.into_iter().find(|kind| kind.code() == text).ok_or_else(|| UnknownCode {
            set: "paper",
            found: text.to_owned(),
            known: Self::ALL.map(Self::code).join(", "),
        })
    }
}

/// A part of a paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Section {
    /// The title.
    Title(String),
    /// The heading of what follows.
    Heading(String),
    /// A paragraph.
    Paragraph(String),
    /// Rows of a name and its value.
    Facts(Vec<(String, String)>),
    /// A head, and rows that are as wide as it.
    Table {
        /// The names of the columns.
        head: Vec<String>,
        /// The rows.
        rows: Vec<Vec<String>>,
    },
}

/// A paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// What it is.
    pub kind: PaperKind,
    /// Its number; none: it is a draft.
    pub number: Option<String>,
    /// To whom it goes; empty: to nobody by name.
    pub addressee: String,
    /// What it says, below title, number and addressee.
    pub sections: Vec<Section>,
    /// Its day; none in a draft.
    pub dated: Option<Date>,
    /// Who gets a copy (抄送).
    pub copies: Vec<String>,
    /// What a person has to see to before a draft goes out; empty once it is sent.
    pub gaps: Vec<String>,
}

impl Paper {
    fn new(kind: PaperKind, matter: &Matter, issued: Option<Issued>, addressee: &str) -> Self {
        let tail = matter.id.as_str().trim_start_matches("wl-");
        let number = |issued: Issued| format!("{}〔{}〕{tail}-{}", kind.series(), issued.on.year(), issued.n);
        Self {
            kind,
            number: issued.map(number),
            addressee: addressee.to_owned(),
            sections: Vec::new(),
            dated: issued.map(|issued| issued.on),
            copies: Vec::new(),
            gaps: Vec::new(),
        }
    }

    fn heading(&mut self, text: impl Into<String>) {
        self.sections.push(Section::Heading(text.into()));
    }

    fn say(&mut self, text: impl Into<String>) {
        self.sections.push(Section::Paragraph(text.into()));
    }

    fn facts<const N: usize>(&mut self, rows: [(&str, String); N]) {
        self.sections.push(Section::Facts(rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()));
    }

    fn table<const N: usize>(&mut self, head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) {
        let head = head.map(str::to_owned).to_vec();
        self.sections.push(Section::Table { head, rows: rows.into_iter().map(|row| row.to_vec()).collect() });
    }

    /// Whether nobody has decided to send it.
    #[must_use]
    pub fn is_draft(&self) -> bool {
        self.number.is_none()
    }

    /// All of it in order, with its title, number, addressee, seal, day and copies.
    #[must_use]
    pub fn whole(&self) -> Vec<Section> {
        let paragraph = Section::Paragraph;
        let mut whole = Vec::new();
        if self.is_draft() {
            whole.push(paragraph(DRAFT.to_owned()));
        }
        whole.push(Section::Title(self.kind.zh().to_owned()));
        whole.extend(self.number.as_ref().map(|number| paragraph(format!("文号：{number}"))));
        if !self.addressee.is_empty() {
            whole.push(paragraph(format!("{}：", self.addressee)));
        }
        whole.extend(self.sections.iter().cloned());
        whole.push(paragraph("（盖章处）".to_owned()));
        let dated = |day: Date| format!("{}年{}月{}日", day.year(), day.month(), day.day());
        whole.push(paragraph(self.dated.map_or_else(|| "　　　　年　　月　　日".to_owned(), dated)));
        if !self.copies.is_empty() {
            whole.push(paragraph(format!("抄送：{}", self.copies.join("、"))));
        }
        if !self.gaps.is_empty() {
            whole.push(paragraph(format!("发出前请核对：{}", self.gaps.join("；"))));
        }
        whole
    }

    /// All of it as plain text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to memory does not fail.
        for section in self.whole() {
            match section {
                Section::Title(line) | Section::Paragraph(line) => _ = writeln!(text, "{line}"),
                Section::Heading(line) => _ = writeln!(text, "\n{line}"),
                Section::Facts(rows) => {
                    for (name, value) in rows {
                        _ = writeln!(text, "{name}：{value}");
                    }
                }
                Section::Table { head, rows } => {
                    for row in std::iter::once(head).chain(rows) {
                        _ = writeln!(text, "{}", row.join(" | "));
                    }
                }
            }
        }
        text
    }
}

/// When a paper was given out, and which one of its kind it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Issued {
    n: u32,
    on: Date,
}

/// What the alert is about and who writes, in plain words.
#[derive(Clone, Copy)]
pub struct About<'a> {
    /// The category of the goods.
    pub category: &'a str,
    /// The hazard.
    pub hazard: &'a str,
    /// How dangerous it is.
    pub danger: &'a str,
    /// How far it has spread.
    pub spread: &'a str,
    /// The address of the matter's page.
    pub page: &'a str,
    /// The name of a place.
    pub region_name: &'a dyn Fn(RegionCode) -> String,
}

/// A unit to which a paper goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub role: Role,
    /// Under which names its goods are found: of its platforms, or its own and those of its brands.
    pub known_as: BTreeSet<String>,
}

impl Addressee {
    /// A unit that has an account here.
    #[must_use]
    pub fn of(party: &Party) -> Self {
        let mut known_as = BTreeSet::from([party.name.clone()]);
        match party.role {
            Role::Platform => known_as.extend(party.concerns.platforms.iter().cloned()),
            Role::Firm => known_as.extend(party.concerns.brands.iter().cloned()),
            _ => {}
        }
        Self { name: party.name.clone(), role: party.role, known_as }
    }

    /// A unit of which only name and role are known.
    #[must_use]
    pub fn named(name: &str, role: Role) -> Self {
        Self { name: name.to_owned(), role, known_as: BTreeSet::from([name.to_owned()]) }
    }

    /// Whether it may be told of this sample: of goods on its platform, of goods in its name, an authority of all.
    fn concerns(&self, sample: &Sample) -> bool {
        let is_own = |name: &String| self.known_as.contains(name);
        match self.role {
            Role::Supervision | Role::Centre => true,
            Role::Platform => is_own(&sample.item.platform),
            Role::Firm => {
                is_own(&sample.seller)
                    || sample.brand.as_ref().is_some_and(is_own)
                    || sample.maker.as_ref().is_some_and(is_own)
            }
            Role::TestBody | Role::Public => false,
        }
    }
}

/// What papers of a matter are made of.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The matter as it stands.
    pub matter: &'a Matter,
    /// The request that its scheme began with.
    pub request: Option<&'a SamplingRequest>,
    /// All acts on it, in order.
    pub acts: &'a [Act],
    /// What it is about.
    pub about: About<'a>,
    /// Working days and clocks.
    pub handling: &'a Handling,
    /// The day from which clocks of a draft are counted.
    pub today: Date,
}

impl Ground<'_> {
    /// A paper; none when there is nothing of which it could be made, or its addressee gets none of this kind. Without an addressee there are a
    /// scheme and a report for inside.
    #[must_use]
    pub fn paper(&self, kind: PaperKind, to: Option<&Addressee>) -> Option<Paper> {
        match (kind, to) {
            (PaperKind::Scheme, _) => scheme::paper(self),
            (PaperKind::Commission, Some(to)) => commission::paper(self, &to.name),
            (PaperKind::Letter, Some(to)) => Some(letter::paper(self, to)),
            (PaperKind::Report, to) => report::paper(self, to),
            (PaperKind::Commission | PaperKind::Letter, None) => None,
        }
    }

    /// The last act of a kind that fits, with its place, and how many of its kind there were up to it.
    fn issued(&self, fits: impl Fn(&Work) -> Fit) -> Option<(usize, Issued)> {
        let (mut n, mut last) = (0, None);
        for (at, act) in self.acts.iter().enumerate() {
            match act.work.as_deref().map_or(Fit::Other, &fits) {
                Fit::Other => {}
                Fit::Kind => n += 1,
                Fit::This => {
                    n += 1;
                    last = Some((at, Issued { n, on: day_of(act.at) }));
                }
            }
        }
        last
    }

    /// The last time that a unit was told.
    fn told(&self, name: &str) -> Option<(usize, Issued)> {
        self.issued(|work| match work {
            Work::Address { to, .. } if to == name => Fit::This,
            Work::Address { .. } => Fit::Kind,
            _ => Fit::Other,
        })
    }

    /// The matter as it stood after the act at a place.
    fn after(&self, at: usize) -> Matter {
        Matter::of(self.matter.id.clone(), self.matter.opened_on, self.request, self.acts.iter().take(at + 1))
    }

    /// The day of the last approval.
    fn approved_on(&self) -> Option<Date> {
        self.acts.iter().rev().find(|act| act.kind == ActKind::Approve).map(|act| day_of(act.at))
    }

    /// How long a clock runs that begins on a day, with its source: `5日内（依据：…）`.
    fn within(&self, clock: &str, since: Date) -> Option<String> {
        let clock: &Clock = self.handling.clocks.at(clock, since)?;
        let days = if clock.kind == Counting::Working { "个工作日" } else { "日" };
        Some(format!("{}{days}内（{}）", clock.days, rests_on(&clock.source, clock.verified)))
    }
}

/// How an act stands to a paper.
enum Fit {
    /// It is of another kind.
    Other,
    /// It gave out a paper of this kind to somebody else.
    Kind,
    /// It gave out this one.
    This,
}

/// What a clock rests on, and whether anybody has checked that.
fn rests_on(source: &str, verified: bool) -> String {
    format!("依据：{source}{}", if verified { "" } else { "；未核对" })
}

/// The last day of a clock, with what it rests on.
fn until(limit: &Limit) -> String {
    let known =
        if limit.calendar_known { "" } else { "；部分年份的工作日安排未知，按周一至周五计" };
    format!("{}前（{}{known}）", limit.last_day, rests_on(&limit.source, limit.verified))
}

fn or_none(text: &str) -> String {
    if text.trim().is_empty() { NONE.to_owned() } else { text.to_owned() }
}

fn stated(text: Option<&String>) -> String {
    text.map_or_else(|| NONE.to_owned(), Clone::clone)
}

/// Samples that were tested, each with the result that counts.
fn tested(matter: &Matter) -> impl Iterator<Item = (&Sample, &Tested)> {
    matter.samples.values().filter_map(|sample| sample.result().map(|result| (sample, result)))
}

/// What must be known before a share is taken for that of all goods.
fn caution(matter: &Matter) -> &'static str {
    if matter.is_by_chance() { "" } else { "样品不是随机抽取的，结果不代表全部商品。" }
}

/// A sample that failed: what it is, and item by item what was stated and what was measured.
fn failed(paper: &mut Paper, sample: &Sample, result: &Tested) {
    let version = match (result.again, sample.results.len()) {
        (true, _) => "，复检",
        (false, 0 | 1) => "",
        (false, _) => "，更正",
    };
    let shown = sample.not_as_shown.as_ref().map(|how| format!("货不对板：{how}。")).unwrap_or_default();
    paper.say(format!(
        "样品{}：{}，商品ID {}，卖家“{}”，品牌{}，生产企业{}；报告{}（{}{version}），判定依据：{}，不合格。{shown}",
        sample.id,
        sample.item.platform,
        sample.item.item_id,
        sample.seller,
        stated(sample.brand.as_ref()),
        stated(sample.maker.as_ref()),
        result.report,
        result.tested_on,
        result.basis.zh(),
    ));
    paper.table(
        ["检验项目", "检验依据", "标准或明示值", "实测值", "单项判定"],
        result.items.iter().map(|item| {
            [
                item.item.clone(),
                item.standard.clone(),
                or_none(&item.stated),
                item.measured.clone(),
                item.verdict.zh().to_owned(),
            ]
        }),
    );
}
