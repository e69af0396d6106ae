//! The words every room shares: what a document, a mention, a signal, an assessment, an alert and a sampling request are.
//!
//! In: nothing. Out: plain values with their laws (a span is on character borders, a region code has six digits).
//! Not here: any other room, any I/O, any clock, any rule of the business. Names and Chinese terms follow the
//! glossary in `ARCHITECTURE.md`; the closed label set is in `codes`.

mod act;
mod alert;
mod assessment;
mod bound;
mod cell;
mod change;
mod codes;
mod delivery;
mod document;
mod doubt;
mod excerpt;
mod excluded;
mod explanation;
mod fingerprint;
mod ids;
mod intake;
mod message;
mod notice;
mod outcome;
mod party;
mod province;
mod reading;
mod refused;
mod region;
mod said;
mod sampling;
mod schema;
mod shown;
mod signal;
mod span;
mod time;
mod work;
mod written;

pub use act::{Act, AuditEntry, AuditKind};
pub use alert::{Alert, AlertEvent, AlertEventKind, AlertState, Evidence};
pub use assessment::{
    Among, Assessment, Began, ClusterTerms, ConfirmedTerm, Counts, DangerTerms, Decision, DetectorTerms, EvidenceBasis,
    ExposureTerms, FailureTerms, FeedbackTerms, ItemsBasis, MuteTerm, OutOfLineTerms, PRealTerms, Regime, RegionTerm,
    SharedTerms, SourceMix, SourceTerm, SpreadTerms, ThinnedTerm, WindowTerm,
};
pub use bound::Bound;
pub use cell::is_formula;
pub use change::{Alteration, Change};
pub use codes::{
    ActKind, ActorKind, AdminLevel, Asked, Category, Channel, Concern, Danger, Disposal, DrawMode, EndpointKind, Focus,
    Hazard, ItemVerdict, MeasureKind, PublishedFrom, Role, Scope, Spread, Stage, Stance, StratumKind, UnknownCode,
    VerdictBasis,
};
pub use delivery::{Endpoint, Lane, Subscription, is_urgent};
pub use document::{
    BOUNDS, Document, DocumentError, DocumentLine, META_BYTES_MAX, Meta, RawRef, TITLE_BYTES_MAX, URL_BYTES_MAX,
    check_names,
};
pub use doubt::{Doubt, DoubtAnswer, DoubtedText, LabelledPair};
pub use excerpt::{SHOWN_CHARS, excerpt};
pub use excluded::{Excluded, Looked};
pub use explanation::{About, Cluster, Explanation, Place, Sentence, SpreadFinding, Subject, Variety, Zone};
pub use fingerprint::{Content, Fingerprint};
pub use ids::{
    AlertId, BuyerRef, CriteriaVersion, DocumentId, ExclusionKey, LexiconVersion, OutcomeId, Position, RequestId,
    RuleId, SampleId, SourceId,
};
pub use intake::Intake;
pub use message::{MessageStamp, PublisherCode, PublisherError, StampError};
pub use notice::{Notice, NoticeKind};
pub use outcome::{AlertContext, Finding, Outcome, Samples, SamplingBasis, Verdict};
pub use party::{Concerns, Party};
pub use province::{PROVINCES, Province};
pub use reading::{ItemNames, Mention, MentionKind, Problem, ProductFrom, Reading, Recheck, Signal, StandardAction};
pub use refused::Refused;
pub use region::{RegionCode, RegionError};
pub use said::{Language, Report, Said, cause_in_chinese, file_action, with_causes};
pub use sampling::{CandidateSeller, Listing, SamplingRequest, TestItem};
pub use shown::{ShownAlert, ShownAssessment, ShownEvent};
pub use signal::SignalRecord;
pub use span::CharSpan;
pub use time::{
    DateRange, MEAN_YEAR_DAYS, ONSET_YEAR_DAYS, TimeError, day_of, end_of_day, parse_moment, shanghai, show_moment,
    start_of_day,
};
pub use work::{ItemRef, TestBody, TestedItem, Work};
