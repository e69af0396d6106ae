//! What is done about a matter after an alert (DB33/T 980 §6.2 to §6.4): the particulars of an act, flat enough for a form, a line of a file and
//! a call of the API. What may be done when, and what it adds up to, is for the room `matter`.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    ActKind, Asked, Concern, DrawMode, ItemVerdict, MeasureKind, RegionCode, Role, SampleId, StratumKind, TestItem,
    VerdictBasis,
};

/// A thing for sale, as its platform names it (商品ID, clause 3-43): the same from listing to result.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemRef {
    /// The platform.
    pub platform: String,
    /// The platform's own id of it.
    pub item_id: String,
}

/// One item of a test, what was claimed and what was measured (clause 3-41).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestedItem {
    /// What was tested (检验项目).
    pub item: String,
    /// By which standard (检验依据).
    pub standard: String,
    /// What the standard or the goods state (标准或明示值); empty when nothing is stated.
    pub stated: String,
    /// What was measured (实测值).
    pub measured: String,
    /// Whether it conforms (单项判定).
    pub verdict: ItemVerdict,
}

/// The particulars of an act on a matter. One variant for each [`ActKind`] that has some.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub enum Work {
    /// Excluded only until the watch raises a level of it (clause 3-29).
    Exclude {
        /// Whether it is opened again by itself then.
        until_rise: bool,
    },
    /// The scheme of sampling is written or changed (clauses 3-05, 3-32). What is absent stays as it was.
    Scheme {
        /// The product (监测产品).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        product: Option<String>,
        /// How many batches (批次量).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        batches: Option<u32>,
        /// What so many batches are to find: why so many.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        purpose: Option<String>,
        /// What to test, and by which standard (检验项目与依据).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        items: Vec<TestItem>,
        /// Platforms to buy on (采样范围).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        platforms: Vec<String>,
        /// Regions of sellers to buy from; none named: all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        regions: Vec<RegionCode>,
        /// How samples are chosen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mode: Option<DrawMode>,
        /// Last day for buying and testing (时间期限).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<Date>,
        /// Who does it (人员安排).
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        staff: Vec<String>,
    },
    /// The scheme is given to those who buy.
    Order {
        /// To whom.
        to: String,
    },
    /// The digest of the seed of a draw, before the frame is known (clause 1-26).
    CommitSeed {
        /// Digest in hexadecimal digits.
        digest: String,
    },
    /// A draw: the seed that was committed to, the frame, and what came out (clauses 1-26, 3-34).
    Draw {
        /// The seed in hexadecimal digits.
        seed: String,
        /// Digest of the frame (抽样框).
        frame: String,
        /// Offers in the frame.
        offers: u32,
        /// By what the offers were divided.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        strata: Vec<StratumKind>,
        /// What was drawn, in the order drawn.
        chosen: Vec<ItemRef>,
        /// Why sellers, brands or makers may repeat; empty: they do not.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        repeats: String,
    },
    /// A test body is commissioned (clause 3-09).
    Commission {
        /// The test body, as the register names it.
        body: String,
    },
    /// A sample is bought (clauses 3-33, 3-35). By whom, with which account and where to is for the sealed store of buyers.
    Buy {
        /// Its number.
        sample: SampleId,
        /// The platform it was bought on.
        platform: String,
        /// The platform's own id of what was bought (商品ID).
        item_id: String,
        /// The in-platform seller.
        seller: String,
        /// The brand, when it is stated.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        brand: String,
        /// The maker, when it is stated.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        maker: String,
        /// The place of the seller, when its page states one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        region: Option<RegionCode>,
        /// Price paid, in fen (分).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        price_fen: Option<u64>,
        /// Pieces bought.
        quantity: u32,
        /// The sample that it is bought in place of (补样, clause 3-38).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaces: Option<SampleId>,
    },
    /// A sample arrived, with what it looked like (clauses 3-37, 3-39).
    Receive {
        /// The sample.
        sample: SampleId,
        /// Appearance and state of parcel and goods (外观、状态).
        condition: String,
        /// Whether it is what was ordered, whole and enough: then it is stored.
        conforms: bool,
        /// In which way it is not what its page shows (货不对板); empty: as shown.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        not_as_shown: String,
    },
    /// A sample that does not conform goes back (退货, clause 3-38).
    SendBack {
        /// The sample.
        sample: SampleId,
    },
    /// A sample is split and sealed: to be tested, and spare (检验样、备样).
    Split {
        /// The sample.
        sample: SampleId,
        /// Pieces to be tested.
        test: u32,
        /// Pieces kept for a second test.
        spare: u32,
        /// Numbers of the seals.
        seals: Vec<String>,
    },
    /// A sample goes to the test body (送检).
    Dispatch {
        /// The sample.
        sample: SampleId,
        /// The test body.
        body: String,
    },
    /// What a test body found (clauses 3-12, 3-40 to 3-44).
    Result {
        /// The sample.
        sample: SampleId,
        /// The platform it was bought on: as at the purchase (clause 3-43).
        platform: String,
        /// The platform's own id of what was tested: as at the purchase.
        item_id: String,
        /// Number of the report (报告编号).
        report: String,
        /// Day of the report.
        tested_on: Date,
        /// Item by item.
        items: Vec<TestedItem>,
        /// What the verdict rests on.
        basis: VerdictBasis,
        /// Whether the sample conforms as a whole.
        conforms: bool,
        /// Whether this is the second test, of the spare sample (复检).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        again: bool,
        /// For a correction: who confirms it beside whoever writes it (clause 3-42); empty for a first report.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        confirmed_by: String,
    },
    /// A sample cannot be tested (clause 3-40). The act's note says why.
    NotTestable {
        /// The sample.
        sample: SampleId,
        /// What proves it (证明材料).
        proof: String,
    },
    /// A unit is told of the matter and asked for something (clauses 3-11, 3-30, 3-45, 3-47).
    Address {
        /// The unit, as it is called among the parties where it is one.
        to: String,
        /// Its role.
        role: Role,
        /// What it has to do with the matter.
        concern: Concern,
        /// Its place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        region: Option<RegionCode>,
        /// What it is asked to do.
        asked: Asked,
    },
    /// A unit says that it was told (签收).
    Acknowledge {
        /// The unit.
        of: String,
    },
    /// A unit does something about goods or a firm (clauses 3-13, 3-46, 2-21).
    Measure {
        /// The unit that does it.
        of: String,
        /// What it does.
        measure: MeasureKind,
        /// About whom or what: a seller, a maker, an item.
        about: String,
    },
    /// A unit has handled the matter (处理完成, clauses 3-13, 3-48).
    Finish {
        /// The unit.
        of: String,
        /// The day on which it was finished.
        on: Date,
    },
    /// A unit reports what it did (报送, clauses 3-14, 3-48, 3-49). The act's note is the report.
    Report {
        /// The unit.
        of: String,
    },
    /// An authority opens a case (立案, clause 3-06).
    FileCase {
        /// The authority.
        of: String,
        /// Number of the case (案号).
        number: String,
    },
    /// An authority closes a case (结案, clause 3-49).
    EndCase {
        /// The authority.
        of: String,
        /// Number of the case.
        number: String,
        /// The day on which it was closed.
        on: Date,
    },
    /// A firm objects to a result (异议).
    Object {
        /// The firm.
        of: String,
        /// The sample whose result it objects to.
        sample: SampleId,
    },
    /// The objection is answered; the act's note says why.
    AnswerObjection {
        /// The firm.
        to: String,
        /// The sample.
        sample: SampleId,
        /// Whether the objection is upheld.
        upheld: bool,
    },
    /// An authority orders a firm to correct (责令改正).
    OrderCorrection {
        /// The authority.
        of: String,
        /// The firm.
        firm: String,
        /// The day of the order.
        on: Date,
    },
    /// A firm is inspected again after the order (复查).
    Reinspect {
        /// The authority.
        of: String,
        /// The firm.
        firm: String,
        /// The day of the inspection.
        on: Date,
        /// Whether it has corrected.
        corrected: bool,
    },
}

impl ActKind {
    /// Whether it is something done about a matter, which the room `matter` checks, rather than how an alert is judged, shown and given on.
    #[must_use]
    pub fn is_work(self) -> bool {
        self >= Self::Scheme
    }
}

/// A test body (检验机构) as the centre's register knows it (clause 3-09).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestBody {
    /// Its name, as commissions and results call it.
    pub name: String,
    /// Number of its certificate of qualification (资质认定证书编号).
    pub certificate: String,
    /// Categories of products that it is qualified to test; `other` stands for itself alone.
    pub categories: Vec<super::Category>,
    /// First day of its qualification.
    pub valid_from: Date,
    /// Last day of its qualification.
    pub valid_until: Date,
}

impl Work {
    /// Most items, platforms, regions, seals or names in one act.
    pub const ROWS_MAX: usize = 200;
    /// Most samples in one draw.
    pub const CHOSEN_MAX: usize = 1_000;
    /// Longest text of a field, in characters.
    pub const FIELD_CHARS_MAX: usize = 300;
    /// Largest particulars of one act as JSON, in bytes.
    pub const BYTES_MAX: usize = 256 << 10;

    /// The act that these are the particulars of.
    #[must_use]
    pub fn kind(&self) -> ActKind {
        match self {
            Self::Exclude { .. } => ActKind::Exclude,
            Self::Scheme { .. } => ActKind::Scheme,
            Self::Order { .. } => ActKind::Order,
            Self::CommitSeed { .. } => ActKind::CommitSeed,
            Self::Draw { .. } => ActKind::Draw,
            Self::Commission { .. } => ActKind::Commission,
            Self::Buy { .. } => ActKind::Buy,
            Self::Receive { .. } => ActKind::Receive,
            Self::SendBack { .. } => ActKind::SendBack,
            Self::Split { .. } => ActKind::Split,
            Self::Dispatch { .. } => ActKind::Dispatch,
            Self::Result { .. } => ActKind::Result,
            Self::NotTestable { .. } => ActKind::NotTestable,
            Self::Address { .. } => ActKind::Address,
            Self::Acknowledge { .. } => ActKind::Acknowledge,
            Self::Measure { .. } => ActKind::Measure,
            Self::Finish { .. } => ActKind::Finish,
            Self::Report { .. } => ActKind::Report,
            Self::FileCase { .. } => ActKind::FileCase,
            Self::EndCase { .. } => ActKind::EndCase,
            Self::Object { .. } => ActKind::Object,
            Self::AnswerObjection { .. } => ActKind::AnswerObjection,
            Self::OrderCorrection { .. } => ActKind::OrderCorrection,
            Self::Reinspect { .. } => ActKind::Reinspect,
        }
    }

    /// The unit in whose name it is done, when it is one that was told of the matter.
    #[must_use]
    pub fn of(&self) -> Option<&str> {
        match self {
            Self::Acknowledge { of }
            | Self::Measure { of, .. }
            | Self::Finish { of, .. }
            | Self::Report { of }
            | Self::FileCase { of, .. }
            | Self::EndCase { of, .. }
            | Self::Object { of, .. }
            | Self::OrderCorrection { of, .. }
            | Self::Reinspect { of, .. } => Some(of),
            _ => None,
        }
    }

    /// The sample that it is about.
    #[must_use]
    pub fn sample(&self) -> Option<&SampleId> {
        match self {
            Self::Buy { sample, .. }
            | Self::Receive { sample, .. }
            | Self::SendBack { sample }
            | Self::Split { sample, .. }
            | Self::Dispatch { sample, .. }
            | Self::Result { sample, .. }
            | Self::NotTestable { sample, .. }
            | Self::Object { sample, .. }
            | Self::AnswerObjection { sample, .. } => Some(sample),
            _ => None,
        }
    }
}
