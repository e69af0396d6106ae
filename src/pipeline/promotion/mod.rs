//! Rules put in force: an explicit act with a name, a reason and, where there is one, the report that was approved.
//!
//! In: a lexicon folder or criteria file that somebody tried on archives (`rerun`, `diff`). Out: a copy below the data folder that nobody
//! edits, a line in the audit log, and, once the log has been read again beside what is in use ([`prepared`]), a tower that reads and
//! judges by it. Not here: whether the change is a good one; that is for people, with `wanglou diff` before them.
//!
//! Which rules count: those that the settings name; else the promotion in force; else the shipped ones.
#![expect(clippy::disallowed_methods, reason = "an edge: copies rules and a report")]

mod background;
pub mod prepared;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::collecting::lock_folder;
use super::files::digest;
use super::judge::Judge;
use super::kept;
use super::rules::{criteria_text, read_criteria, shared_lexicon};
use super::{Folder, PipelineError};
use archive::files::{make_folder, sync_folders};
use config::Settings;
use lexicon::{self, Lexicon};
use store::{Promotion, Store};
use vocabulary::{AuditEntry, AuditKind, Notice, NoticeKind, Refused, refused, shanghai, with_causes};

pub use background::BackgroundPromotion;

/// Where promoted rules lie, inside the data folder.
pub const FOLDER: &str = "rules";
/// The database of a data folder.
const STORE: &str = "wanglou.sqlite";
/// The criteria in a promotion's folder.
const CRITERIA: &str = "criteria.toml";
/// The report that was approved, in a promotion's folder.
const REPORT: &str = "report.html";
/// Characters of a name and of a reason.
const NAME_CHARS_MAX: usize = 60;
const WHY_CHARS_MAX: usize = 500;

/// Where rules or criteria are taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Take {
    /// As they are in force.
    Kept,
    /// Those built into the program.
    Shipped,
    /// A lexicon folder, or a criteria file.
    From(PathBuf),
}

/// What somebody asks to be put in force.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What is to read.
    pub lexicon: Take,
    /// What is to judge.
    pub criteria: Take,
    /// Who asks.
    pub by: String,
    /// Why.
    pub why: String,
    /// The report that was approved.
    pub report: Option<PathBuf>,
}

/// The rules and criteria that count in a data folder.
///
/// # Errors
/// Files that cannot be used; promoted ones too when they are not what was promoted.
pub(super) async fn rules_for(settings: &Settings, store: &Store) -> Result<(Arc<Lexicon>, Judge), PipelineError> {
    let (named_lexicon, named_criteria) = (settings.lexicon.as_deref(), settings.criteria.as_deref());
    let promoted = match store.promotion_in_force().await? {
        Some(row) if named_lexicon.is_none() || named_criteria.is_none() => Some(load(&settings.data, &row)?),
        _ => None,
    };
    let Some((lexicon, judge)) = promoted else {
        return Ok((shared_lexicon(named_lexicon)?, read_criteria(named_criteria)?));
    };
    let lexicon = named_lexicon.map_or(Ok(lexicon), |named| shared_lexicon(Some(named)))?;
    let judge = named_criteria.map_or(Ok(judge), |named| read_criteria(Some(named)))?;
    Ok((lexicon, judge))
}

/// The rules of a promotion. What was taken from the program is the program's own, whichever it is by now; what was copied must be what
/// was promoted.
fn load(data: &Path, row: &Promotion) -> Result<(Arc<Lexicon>, Judge), PipelineError> {
    let folder = folder_of(data, row);
    let unusable = |why: Refused| PipelineError::RulesInForce { folder: folder.clone(), by: row.by.clone(), why };
    let broken = |error: &PipelineError| {
        let why = with_causes(error);
        unusable(Refused::new(format!("无法使用（{}）", why.zh), format!("cannot be used ({})", why.en)))
    };
    let (own_lexicon, own_criteria) = row.shipped;
    let lexicon =
        shared_lexicon(Some(folder.as_path()).filter(|_| !own_lexicon)).map_err(|error| broken(&error.into()))?;
    let criteria = folder.join(CRITERIA);
    let judge = read_criteria(Some(criteria.as_path()).filter(|_| !own_criteria)).map_err(|error| broken(&error))?;
    let whole =
        (own_lexicon || row.lexicon == *lexicon.version()) && (own_criteria || row.criteria == *judge.version());
    if whole {
        Ok((lexicon, judge))
    } else {
        let what = refused!(
            "不是当时启用的（词典 {}，评价标准 {}）",
            "is not what was promoted (lexicon {}, criteria {})",
            row.lexicon,
            row.criteria
        );
        Err(unusable(what))
    }
}

fn folder_of(data: &Path, row: &Promotion) -> PathBuf {
    data.join(FOLDER).join(&row.folder)
}

/// Whether anything that is promoted would count.
///
/// # Errors
/// When the settings themselves name rules or criteria, or there is no data folder.
pub fn may_promote(settings: &Settings) -> Result<(), PipelineError> {
    if settings.lexicon.is_some() || settings.criteria.is_some() {
        return Err(PipelineError::refused(
            "设置文件指定了词典或评价标准，优先于启用的规则；请先去掉这些键",
            "the settings name a lexicon or criteria, which outrank what is promoted; remove those keys first",
        ));
    }
    if !settings.data.join(STORE).is_file() {
        return Err(PipelineError::Empty(settings.data.clone()));
    }
    Ok(())
}

/// Checks what somebody wants in force, copies it below the data folder, and writes down who asks and why. It counts once a tower has read
/// the log again by it: a running one does so by itself.
///
/// # Errors
/// [`PipelineError::Refused`] when it may not be put in force; nothing is kept then.
pub async fn ask(settings: &Settings, wanted: &Wanted, now: Timestamp) -> Result<Promotion, PipelineError> {
    may_promote(settings)?;
    let (by, why) = (wanted.by.trim(), wanted.why.trim());
    for (what, text, most) in [("--by", by, NAME_CHARS_MAX), ("--why", why, WHY_CHARS_MAX)] {
        if text.is_empty() || text.chars().count() > most || text.chars().any(char::is_control) {
            return Err(PipelineError::refused(
                format!("{what} 应为一行，1 到 {most} 个字"),
                format!("{what} takes 1 to {most} characters in one line"),
            ));
        }
    }
    let store = Store::open(&settings.data.join(STORE)).await?;
    let asked = ask_in(settings, &store, wanted, (by, why), now).await;
    store.close().await;
    asked
}

async fn ask_in(
    settings: &Settings,
    store: &Store,
    wanted: &Wanted,
    (by, why): (&str, &str),
    now: Timestamp,
) -> Result<Promotion, PipelineError> {
    if let Some(waiting) = store.promotion_asked().await? {
        return Err(waits(&waiting));
    }
    // Not loaded where that is known: what is broken must be replaced, too.
    let in_force = store.promotion_in_force().await?;
    let before = match &in_force {
        Some(row) => (row.lexicon.clone(), row.criteria.clone()),
        None => (shared_lexicon(None)?.version().clone(), read_criteria(None)?.version().clone()),
    };
    let kept = in_force.as_ref().map(|row| (folder_of(&settings.data, row), row.shipped));
    let sources = [
        source(&wanted.lexicon, kept.as_ref().filter(|(_, shipped)| !shipped.0).map(|(folder, _)| folder.clone())),
        source(&wanted.criteria, kept.filter(|(_, shipped)| !shipped.1).map(|(folder, _)| folder.join(CRITERIA))),
    ];
    let shipped = (sources[0].is_none(), sources[1].is_none());

    let home = settings.data.join(FOLDER);
    let folder = free_name(&home, now);
    let aside = home.join(format!("{folder}-{}.part", std::process::id()));
    let io = |what, path: &Path, source| PipelineError::Io { what, path: path.to_owned(), source };
    let made = copy(&sources, wanted.report.as_deref(), &aside);
    let (lexicon, judge, report) = match made.and_then(|report| check(&aside, shipped).map(|(l, j)| (l, j, report))) {
        Ok(made) => made,
        Err(error) => {
            _ = fs::remove_dir_all(&aside); // nothing of it counts; the next one makes it anew
            return Err(error);
        }
    };
    let versions = (lexicon.version().clone(), judge.version().clone());
    if versions == before {
        _ = fs::remove_dir_all(&aside);
        let (lexicon, criteria) = versions;
        return Err(PipelineError::refused(
            format!("词典 {lexicon} 和评价标准 {criteria} 已经启用"),
            format!("lexicon {lexicon} with criteria {criteria} is in force already"),
        ));
    }
    fs::rename(&aside, home.join(&folder)).map_err(|error| io("put in place", &aside, error))?;
    File::open(&home).and_then(|home| home.sync_all()).map_err(|error| io("put to the disk", &home, error))?;

    let (lexicon, criteria) = versions;
    let (by, why) = (by.to_owned(), why.to_owned());
    let mut row = Promotion {
        seq: 0,
        folder,
        lexicon,
        criteria,
        shipped,
        before,
        by,
        why,
        report,
        asked_at: now,
        in_force_at: None,
        documents: 0,
        problem: None,
    };
    let mut tx = store.begin().await?;
    // Somebody else may have asked while this was checked.
    let Some(seq) = Store::add_promotion(&mut tx, &row).await? else {
        _ = fs::remove_dir_all(home.join(&row.folder));
        return Err(store.promotion_asked().await?.map_or_else(
            || {
                PipelineError::refused(
                    "期间有人启用了别的规则；请再试一次",
                    "somebody else put rules in force meanwhile; try again",
                )
            },
            |waiting| waits(&waiting),
        ));
    };
    row.seq = seq;
    kept::record(&mut tx, &settings.data, &format!("{FOLDER}/{}", row.folder)).await?;
    Store::add_audit(&mut tx, &line(&row, now, format!("asked: {}", row.why))).await?;
    tx.commit().await?;
    Ok(row)
}

fn waits(waiting: &Promotion) -> PipelineError {
    let Promotion { lexicon, criteria, by, .. } = waiting;
    PipelineError::refused(
        format!("{by}登记的词典 {lexicon} 和评价标准 {criteria} 还没有启用；请等它启用"),
        format!(
            "lexicon {lexicon} with criteria {criteria} was asked for by {by} and is not in force yet; wait for it"
        ),
    )
}

/// Puts other rules in force where those in force cannot be loaded any more, so that no tower opens: at once, and the next start reads the
/// log again.
///
/// # Errors
/// As [`ask`]; also when somebody works on the folder, or when something of what is broken is to be kept.
pub async fn replace_broken(settings: &Settings, wanted: &Wanted, now: Timestamp) -> Result<Promotion, PipelineError> {
    if [&wanted.lexicon, &wanted.criteria].contains(&&Take::Kept) {
        return Err(PipelineError::refused(
            "现用规则无法载入，不能保留其中任何一部分：请同时指定 --lexicon 和 --criteria，或用 --shipped",
            "the rules in force cannot be loaded, so nothing of them can be kept: name both --lexicon and --criteria, or --shipped",
        ));
    }
    let _lock = lock_folder(&settings.data)?;
    let row = Promotion { in_force_at: Some(now), ..ask(settings, wanted, now).await? };
    let store = Store::open(&settings.data.join(STORE)).await?;
    let mut tx = store.begin().await?;
    Store::put_promotion(&mut tx, &row).await?;
    Store::add_audit(&mut tx, &line(&row, now, "in force at once: those before could not be loaded".to_owned()))
        .await?;
    tx.commit().await?;
    store.close().await;
    Ok(row)
}

/// Where to copy from; none: the program's own, which are not copied.
fn source(take: &Take, kept: Option<PathBuf>) -> Option<PathBuf> {
    match take {
        Take::Kept => kept,
        Take::Shipped => None,
        Take::From(path) => Some(path.clone()),
    }
}

/// Copies lexicon, criteria and report; gives the digest of the report.
fn copy(sources: &[Option<PathBuf>; 2], report: Option<&Path>, to: &Path) -> Result<Option<String>, PipelineError> {
    let io = |path: &Path, source| PipelineError::Io { what: "keep", path: path.to_owned(), source };
    _ = fs::remove_dir_all(to); // what a killed one left
    make_folder(to).map_err(|error| io(to, error))?;
    if let [Some(lexicon), _] = sources {
        lexicon::files::copy(lexicon, to)?;
    }
    if let [_, Some(criteria)] = sources {
        put(&to.join(CRITERIA), criteria_text(Some(criteria))?.as_bytes())?;
    }
    let mut kept = None;
    if let Some(report) = report {
        let target = to.join(REPORT);
        put(&target, &fs::read(report).map_err(|error| io(report, error))?)?;
        kept = Some(digest(&target)?.to_hex().to_string());
    }
    sync_folders(to).map_err(|error| io(to, error))?;
    Ok(kept)
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), PipelineError> {
    let io = |source| PipelineError::Io { what: "write", path: path.to_owned(), source };
    let mut file = File::create(path).map_err(io)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io)
}

/// Loads what was copied; rules that are broken, or whose own examples do not hold, are put in force by nobody.
fn check(folder: &Path, shipped: (bool, bool)) -> Result<(Arc<Lexicon>, Judge), PipelineError> {
    let lexicon = shared_lexicon(Some(folder).filter(|_| !shipped.0))?;
    if let Some(fatal) = lexicon::check(&lexicon).into_iter().find(|finding| finding.fatal) {
        let (at, message) = (&fatal.at, &fatal.message);
        return Err(PipelineError::refused(
            format!("{at}：{}；见 `wanglou rules check --lexicon DIR`", message.zh),
            format!("{at}: {}; see `wanglou rules check --lexicon DIR`", message.en),
        ));
    }
    let failed = extract::run_examples(&lexicon).into_iter().find_map(|result| {
        let failure = result.failure?;
        let (at, rule, text) = (result.at, result.rule, result.text);
        Some(Refused::new(
            format!("{at}：规则 `{rule}`：「{text}」 {}；见 `wanglou rules test --lexicon DIR`", failure.zh),
            format!("{at}: rule `{rule}`: 「{text}」 {}; see `wanglou rules test --lexicon DIR`", failure.en),
        ))
    });
    if let Some(failed) = failed {
        return Err(failed.into());
    }
    let criteria = folder.join(CRITERIA);
    Ok((lexicon, read_criteria(Some(criteria.as_path()).filter(|_| !shipped.1))?))
}

/// The moment, to the second; with a number when something was promoted within it.
fn free_name(home: &Path, now: Timestamp) -> String {
    let moment = now.to_zoned(shanghai()).strftime("%Y%m%dT%H%M%S").to_string();
    let mut name = moment.clone();
    let mut number = 1;
    while home.join(&name).exists() {
        number += 1;
        name = format!("{moment}-{number}");
    }
    name
}

fn line(row: &Promotion, at: Timestamp, detail: String) -> AuditEntry {
    let about = format!("lexicon {} criteria {}", row.lexicon, row.criteria);
    AuditEntry { at, who: row.by.clone(), what: AuditKind::Rules, about, detail }
}

fn notice(row: &Promotion, kind: NoticeKind, at: Timestamp, text: String) -> Notice {
    Notice { kind, at, about: format!("词典 {}，评价标准 {}", row.lexicon, row.criteria), text }
}

impl Folder {
    /// What was asked for and is not in force yet.
    pub async fn promotion_asked(&self) -> Result<Option<Promotion>, PipelineError> {
        Ok(self.store().promotion_asked().await?)
    }

    /// Writes down that a promotion came to nothing; what was in force stays so.
    pub async fn promotion_failed(&self, row: &Promotion, why: &str, now: Timestamp) -> Result<(), PipelineError> {
        let row = Promotion { problem: Some(why.to_owned()), ..row.clone() };
        let mut tx = self.store().begin().await?;
        Store::put_promotion(&mut tx, &row).await?;
        Store::add_audit(&mut tx, &line(&row, now, format!("failed: {why}"))).await?;
        let text = format!("{}登记的规则没有启用，仍用原来的规则：{why}", row.by);
        Store::add_notice(&mut tx, &notice(&row, NoticeKind::RulesFailed, now, text)).await?;
        tx.commit().await?;
        // What was made of it counts for nothing, and may be what fills the disk.
        prepared::clear(self.data_dir())
    }
}
