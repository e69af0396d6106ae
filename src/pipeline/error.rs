//! Why the pipeline stopped: one error for all stages, and whether the caller can mend it.

use std::path::PathBuf;

use archive::bundle::BundleError;
use archive::documents::Rejected;
use archive::{ArchiveError, WarcError};
use collect::{CollectError, RecipeError};
use deliver::DeliverError;
use index::IndexError;
use jiff::civil::Date;
use lexicon::LexiconError;
use store::StoreError;
use vocabulary::{Refused, Said, file_action};

/// Why the pipeline stopped.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the archive failed.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The raw archive failed.
    #[error(transparent)]
    Warc(#[from] WarcError),
    /// A file that somebody brought cannot be read.
    #[error(transparent)]
    Brought(ArchiveError),
    /// A WARC file that somebody brought cannot be read.
    #[error(transparent)]
    BroughtWarc(WarcError),
    /// What was handed in does not say how it is written.
    #[error(
        "{0}: neither its name nor its first byte tells the format; name it .ndjson, .csv, .tsv, .xlsx, .parquet or .warc"
    )]
    UnknownFormat(PathBuf),
    /// A folder of archives without any.
    #[error("{0} holds no file of documents (.ndjson, .csv, .tsv, .xlsx, .parquet, .warc, compressed or not)")]
    NoArchive(PathBuf),
    /// A folder that no rerun finished.
    #[error("{0} holds no summary.json: give a folder that `wanglou rerun --out` wrote to its end")]
    NoRerun(PathBuf),
    /// Outputs would be written over what is not ours.
    #[error("{out} holds `{found}`, which no rerun writes; give --out an empty folder or an earlier rerun's")]
    Occupied {
        /// The output folder.
        out: PathBuf,
        /// The first thing in it that is not ours.
        found: String,
    },
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// Rules or dictionaries cannot be used.
    #[error(transparent)]
    Lexicon(#[from] LexiconError),
    /// A recipe of the sources folder cannot be used.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The collector failed as a whole; a single source's trouble is in its round.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// What was asked for is refused, with the reason.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Rules that were put in force cannot be loaded, so that nothing opens until they are restored or replaced.
    #[error(
        "{folder}, which {by} put in force, {why}; restore the folder from your backup, or put others in force: `wanglou promote put --shipped`"
    )]
    RulesInForce {
        /// Where the rules are kept.
        folder: PathBuf,
        /// Who put them in force.
        by: String,
        /// What is wrong with them.
        why: Refused,
    },
    /// An evidence bundle could not be packed.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A planned rerun ended without a result; a bug.
    #[error("the rerun broke off")]
    RerunBroke,
    /// A day that has not come is judged already: nothing would be judged until it comes.
    #[error(
        "{last} is judged already and today is {today}, so nothing is judged: the clock is wrong, or was. Set it right; if it was ahead, \
         restore the latest backup from before {last} was judged"
    )]
    JudgedAhead {
        /// The day last judged.
        last: Date,
        /// The day that was to be judged.
        today: Date,
    },
    /// Messages could not be queued or sent at all; a receiver's trouble is in the log of tries.
    #[error(transparent)]
    Deliver(#[from] DeliverError),
    /// A line of an import is no document.
    #[error("{0}; mend the line, or set such lines aside with --lenient")]
    BadLine(Box<Rejected>),
    /// Another process works on the same data folder.
    #[error("another wanglou is working on {0}; wait for it to end, or choose another folder with --data")]
    Busy(PathBuf),
    /// There is no data in the folder.
    #[error(
        "{0} holds no data yet; run `wanglou demo`, `wanglou run` or `wanglou import` first, or name another folder with --data"
    )]
    Empty(PathBuf),
    /// The secret that masked personal data is hashed with.
    #[error(
        "the masking key {path} cannot be used: {why}; restore it from your backup, or delete it and accept that complainants \
         of before and after are no longer known as the same"
    )]
    MaskingKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: Refused,
    },
    /// A file the pipeline itself needs.
    #[error("cannot {what} {path}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A stage stopped half-way through; a bug.
    #[error("a stage broke off; this is a bug, please report it with the log")]
    Broken(#[from] tokio::task::JoinError),
    /// A value could not be kept as JSON; a bug.
    #[error("a value cannot be kept")]
    Json(#[from] serde_json::Error),
}

impl PipelineError {
    /// The error with its causes, in one line.
    #[must_use]
    pub fn with_causes(&self) -> String {
        let first: &dyn std::error::Error = self;
        let causes = std::iter::successors(Some(first), |error| error.source());
        causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
    }

    /// Whether a service that went on after it could make data worse: the store is damaged or was made by a newer program. Everything else is
    /// a state that may pass (no room, no descriptors, a bug met by one page), so the service stays and tries again.
    #[must_use]
    pub fn ends_service(&self) -> bool {
        let of_store = |error: &StoreError| matches!(error, StoreError::Damaged { .. } | StoreError::Migrate { .. });
        match self {
            Self::Store(error)
            | Self::Collect(CollectError::Store(error))
            | Self::Deliver(DeliverError::Store(error)) => of_store(error),
            _ => false,
        }
    }

    /// A refusal with its reason in Chinese and in English.
    pub fn refused(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Refused(Refused::new(zh, en))
    }

    /// Whether the caller's input or call is to be mended, not the program or its surroundings.
    #[must_use]
    pub fn is_input(&self) -> bool {
        match self {
            Self::Lexicon(_)
            | Self::Refused(_)
            | Self::RulesInForce { .. }
            | Self::BadLine(_)
            | Self::Brought(_)
            | Self::BroughtWarc(_)
            | Self::UnknownFormat(_)
            | Self::NoArchive(_)
            | Self::NoRerun(_)
            | Self::Occupied { .. }
            | Self::Recipe(_)
            | Self::Store(StoreError::Secret(_))
            | Self::MaskingKey { .. } => true,
            Self::Store(_)
            | Self::Archive(_)
            | Self::Warc(_)
            | Self::Index(_)
            | Self::Collect(_)
            | Self::Bundle(_)
            | Self::RerunBroke
            | Self::JudgedAhead { .. }
            | Self::Deliver(_)
            | Self::Busy(_)
            | Self::Empty(_)
            | Self::Io { .. }
            | Self::Broken(_)
            | Self::Json(_) => false,
        }
    }
}

impl Said for PipelineError {
    fn zh(&self) -> String {
        match self {
            Self::Store(error) => error.zh(),
            Self::Archive(error) | Self::Brought(error) => error.zh(),
            Self::Warc(error) | Self::BroughtWarc(error) => error.zh(),
            Self::UnknownFormat(path) => format!(
                "{}：文件名和首字节都看不出格式；请命名为 .ndjson、.csv、.tsv、.xlsx、.parquet 或 .warc",
                path.display()
            ),
            Self::NoArchive(path) => format!(
                "{} 里没有信息文件（.ndjson、.csv、.tsv、.xlsx、.parquet、.warc，压缩与否均可）",
                path.display()
            ),
            Self::NoRerun(path) => {
                format!("{} 里没有 summary.json：请给出 `wanglou rerun --out` 已写完的目录", path.display())
            }
            Self::Occupied { out, found } => {
                format!("{} 里有 `{found}`，它不是重演的产物；请用 --out 指定空目录，或以前重演的目录", out.display())
            }
            Self::Index(error) => error.zh(),
            Self::Lexicon(error) => error.zh(),
            Self::Recipe(error) => error.zh(),
            Self::Collect(error) => error.zh(),
            Self::Refused(refused) => refused.zh(),
            Self::RulesInForce { folder, by, why } => format!(
                "由 {by} 启用的 {} {}；请从备份恢复，或启用别的规则：`wanglou promote put --shipped`",
                folder.display(),
                why.zh
            ),
            Self::Bundle(error) => error.zh(),
            Self::RerunBroke => "重演中断了".to_owned(),
            Self::JudgedAhead { last, today } => format!(
                "已研判到 {last}，而今天是 {today}，因此不再研判：系统时钟有误，或曾经有误。请校正时钟；如果当时是时钟超前，请恢复研判 {last} 之前最近的备份"
            ),
            Self::Deliver(error) => error.zh(),
            Self::BadLine(rejected) => {
                format!("{}；请改正这一行，或用 --lenient 把这样的行搁置", rejected.told().zh)
            }
            Self::Busy(path) => {
                format!("另一个 wanglou 正在使用 {}；请等它结束，或用 --data 换一个目录", path.display())
            }
            Self::Empty(path) => format!(
                "{} 里还没有数据；请先运行 `wanglou demo`、`wanglou run` 或 `wanglou import`，或用 --data 指定别的目录",
                path.display()
            ),
            Self::MaskingKey { path, why } => format!(
                "脱敏密钥 {} 无法使用：{}；请从备份恢复，或删除它，但此后与此前的同一投诉人不再认得出",
                path.display(),
                why.zh
            ),
            Self::Io { what, path, .. } => format!("无法{} {}", file_action(what), path.display()),
            Self::Broken(_) => "一个环节中断了；这是程序错误，请连同日志报告".to_owned(),
            Self::Json(_) => "有一个值无法保存".to_owned(),
        }
    }
}
