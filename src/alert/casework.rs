//! How far people have come with an alert, beside what the machine decides: identified → under review → excluded, notified or sampling →
//! confirmed or not confirmed → handled → closed; with pins, mutes and who it was given to (clauses 3-26 to 3-31).

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use vocabulary::{Act, ActKind, Refused, Role, Stage, Verdict, Work, day_of};

/// What all acts on an alert add up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct Casework {
    /// How far people have come.
    pub stage: Stage,
    /// Who has it.
    pub assigned: Option<String>,
    /// Last day on which it stays silent.
    pub muted_until: Option<Date>,
    /// Kept above the ranked list.
    pub pinned: bool,
    /// Shown to the public.
    pub published: bool,
    /// Units that were told of it, and test bodies that were commissioned: each sees its part (clause 3-11).
    pub told: BTreeSet<String>,
}

impl Default for Casework {
    fn default() -> Self {
        Self {
            stage: Stage::Identified,
            assigned: None,
            muted_until: None,
            pinned: false,
            published: false,
            told: BTreeSet::new(),
        }
    }
}

impl Casework {
    /// What these acts, in their order, add up to. An act that was kept counts, whatever would be allowed now.
    #[must_use]
    pub fn of<'a>(acts: impl IntoIterator<Item = &'a Act>) -> Self {
        let mut casework = Self::default();
        for act in acts {
            casework.take(act);
        }
        casework
    }

    /// Goes on by one act.
    pub fn take(&mut self, act: &Act) {
        if let Some(stage) = leads_to(act.kind) {
            self.stage = stage;
        }
        match act.kind {
            ActKind::Assign => self.assigned.clone_from(&act.to),
            ActKind::Mute => self.muted_until = act.until,
            ActKind::Unmute => self.muted_until = None,
            ActKind::Pin => self.pinned = true,
            ActKind::Unpin => self.pinned = false,
            ActKind::Publish => self.published = true,
            // What is excluded is not held before the public any longer.
            ActKind::Withdraw | ActKind::Exclude => self.published = false,
            _ => {}
        }
        // To tell a unit is to notify (DB33/T 980 §6.1.3 b).
        if act.kind == ActKind::Address && matches!(self.stage, Stage::Identified | Stage::Review) {
            self.stage = Stage::Notified;
        }
        if let Some(
            Work::Address { to: unit, .. } | Work::Commission { body: unit } | Work::OrderCorrection { firm: unit, .. },
        ) = act.work.as_deref()
        {
            self.told.insert(unit.clone());
        }
    }

    /// Whether it is to stay silent at this moment.
    #[must_use]
    pub fn is_muted(&self, now: Timestamp) -> bool {
        self.muted_until.is_some_and(|until| day_of(now) <= until)
    }

    /// Where it stands in the ranked list: pinned ones first, then as ranked, then what is excluded or closed.
    #[must_use]
    pub fn order(&self) -> u8 {
        match (self.pinned, self.stage) {
            (true, _) => 0,
            (false, Stage::Excluded | Stage::Closed) => 2,
            _ => 1,
        }
    }

    /// Whether it makes sense to do this now.
    #[must_use]
    pub fn allows(&self, kind: ActKind) -> bool {
        use Stage::{Closed, Confirmed, Excluded, Handled, Identified, NotConfirmed, Notified, Review, Sampling};
        let at = |stages: &[Stage]| stages.contains(&self.stage);
        match kind {
            ActKind::Review => self.stage == Identified,
            ActKind::Exclude | ActKind::Sample => at(&[Identified, Review, Notified]),
            ActKind::Reopen => at(&[Excluded, NotConfirmed, Handled, Closed]),
            ActKind::Notify => at(&[Identified, Review, Sampling, Confirmed]),
            ActKind::Confirm | ActKind::Refute => at(&[Review, Notified, Sampling]),
            ActKind::Handle => at(&[Confirmed, Notified]),
            ActKind::Close => at(&[Handled, NotConfirmed, Excluded, Notified]),
            ActKind::Note | ActKind::Assign | ActKind::Mute => true,
            ActKind::Unmute => self.muted_until.is_some(),
            ActKind::Pin => !self.pinned,
            ActKind::Unpin => self.pinned,
            ActKind::Publish => !self.published && self.stage != Excluded,
            ActKind::Withdraw => self.published,
            // What is done about it is for the room `matter` to allow.
            _ => false,
        }
    }

    /// Everything that makes sense now and that the role may do, in the order of the list of acts.
    #[must_use]
    pub fn open_to(&self, role: Role) -> Vec<ActKind> {
        let may = |kind: &ActKind| may(role, *kind) && self.allows(*kind);
        ActKind::ALL.iter().copied().filter(may).collect()
    }

    /// Checks an act against what was done before.
    ///
    /// # Errors
    /// [`Refused`] with the reason, for whoever tried.
    pub fn check(&self, act: &Act) -> Result<(), Refused> {
        self.check_written(act)?;
        if !self.allows(act.kind) {
            return Err(Refused::new(
                format!("当前状态为“{}”，不能{}。", self.stage.zh(), act.kind.zh()),
                format!("an alert that is `{}` does not allow `{}`", self.stage.code(), act.kind.code()),
            ));
        }
        Ok(())
    }

    /// Checks how an act is written: who did it, its note, its days. Whether it makes sense now is another question.
    ///
    /// # Errors
    /// [`Refused`] with the reason.
    pub fn check_written(&self, act: &Act) -> Result<(), Refused> {
        let refuse = |zh: &str, en: &str| Err(Refused::new(zh, en));
        if act.by.trim().is_empty() {
            return refuse("缺少处置人。", "the act names nobody who did it");
        }
        if act.note.chars().count() > Act::NOTE_CHARS_MAX {
            let most = Act::NOTE_CHARS_MAX;
            return refuse(&format!("说明最多 {most} 个字。"), &format!("a note has at most {most} characters"));
        }
        let needs_why =
            matches!(act.kind, ActKind::Exclude | ActKind::Confirm | ActKind::Refute | ActKind::Reopen | ActKind::Note);
        if needs_why && act.note.trim().is_empty() {
            let (zh, en) = (act.kind.zh(), act.kind.code());
            return refuse(&format!("{zh}需要写明说明。"), &format!("`{en}` needs a note that says why"));
        }
        if act.kind == ActKind::Assign && act.to.as_deref().is_none_or(|to| to.trim().is_empty()) {
            return refuse("指派需要写明接办人。", "`assign` needs the person it is given to");
        }
        if act.to.as_deref().is_some_and(|to| to.chars().count() > Act::TO_CHARS_MAX) {
            let most = Act::TO_CHARS_MAX;
            return refuse(
                &format!("接办人最多 {most} 个字。"),
                &format!("the person it is given to has a name of at most {most} characters"),
            );
        }
        if act.kind == ActKind::Mute && act.until.is_none_or(|until| until < day_of(act.at)) {
            return refuse("静默需要一个今天或以后的截止日期。", "`mute` needs a last day, today or later");
        }
        let days = |until: Date| until.duration_since(day_of(act.at)).as_hours() / 24;
        if act.until.is_some_and(|until| days(until) > Act::MUTE_DAYS_MAX) {
            let most = Act::MUTE_DAYS_MAX;
            return refuse(
                &format!("截止日期最多在 {most} 天以后。"),
                &format!("the last day is at most {most} days ahead"),
            );
        }
        Ok(())
    }
}

/// Whether a role may do this. The centre decides and has samples bought and tested; a supervision body decides, is told, and inspects; test
/// bodies enter results; platforms and firms answer what they were told (clauses 3-03, 3-12 to 3-14).
#[must_use]
pub fn may(role: Role, kind: ActKind) -> bool {
    use ActKind::{
        Acknowledge, Approve, EndCase, FileCase, Finish, Measure, NotTestable, Note, Object, OrderCorrection,
        Reinspect, Report, Result,
    };
    match role {
        Role::Centre => true,
        Role::Supervision => {
            let told = [
                Acknowledge,
                Measure,
                Finish,
                Report,
                FileCase,
                EndCase,
                OrderCorrection,
                Reinspect,
                Approve,
                ActKind::Address,
            ];
            !kind.is_work() || told.contains(&kind)
        }
        Role::TestBody => matches!(kind, Note | Result | NotTestable),
        Role::Platform => matches!(kind, Note | Acknowledge | Measure | Finish | Report),
        Role::Firm => matches!(kind, Note | Acknowledge | Measure | Finish | Report | Object),
        Role::Public => false,
    }
}

/// What an act says about whether the alert was real: the next judgement learns from it.
#[must_use]
pub fn verdict(kind: ActKind) -> Option<Verdict> {
    match kind {
        ActKind::Confirm => Some(Verdict::Confirmed),
        ActKind::Refute => Some(Verdict::Nothing),
        ActKind::Exclude => Some(Verdict::Excluded),
        _ => None,
    }
}

fn leads_to(kind: ActKind) -> Option<Stage> {
    match kind {
        ActKind::Review | ActKind::Reopen => Some(Stage::Review),
        ActKind::Exclude => Some(Stage::Excluded),
        ActKind::Notify => Some(Stage::Notified),
        ActKind::Sample => Some(Stage::Sampling),
        ActKind::Confirm => Some(Stage::Confirmed),
        ActKind::Refute => Some(Stage::NotConfirmed),
        ActKind::Handle => Some(Stage::Handled),
        ActKind::Close => Some(Stage::Closed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use vocabulary::start_of_day;

    fn act(kind: ActKind) -> Act {
        Act {
            work: None,
            alert_id: "wl-1".into(),
            at: start_of_day(date(2024, 7, 10)),
            by: "甲".to_owned(),
            party: "中心".to_owned(),
            kind,
            note: "因为".to_owned(),
            key: None,
            to: Some("乙".to_owned()),
            until: Some(date(2024, 7, 12)),
        }
    }

    /// Does these one after the other, and says where it ends or what was refused.
    fn walk(kinds: &[ActKind]) -> Result<Stage, Refused> {
        let mut casework = Casework::default();
        for kind in kinds {
            casework.check(&act(*kind))?;
            casework.take(&act(*kind));
        }
        Ok(casework.stage)
    }

    #[test]
    fn people_go_the_ways_of_the_standard_and_no_other() {
        use ActKind::{Close, Confirm, Exclude, Handle, Notify, Refute, Reopen, Review, Sample};
        assert_eq!(walk(&[Review, Sample, Confirm, Handle, Close]), Ok(Stage::Closed));
        assert_eq!(walk(&[Notify, Handle, Close]), Ok(Stage::Closed));
        assert_eq!(walk(&[Review, Exclude, Reopen, Sample, Refute, Close]), Ok(Stage::Closed));
        for wrong in [&[Confirm][..], &[Review, Review], &[Exclude, Confirm], &[Review, Close], &[Handle], &[Reopen]] {
            assert!(walk(wrong).is_err(), "{wrong:?}");
        }
        let refused = walk(&[Review, Exclude, Sample]).expect_err("an excluded alert is not sampled");
        assert_eq!(refused.zh, "当前状态为“已排除”，不能安排采样。");
        assert_eq!(refused.en, "an alert that is `excluded` does not allow `sample`");
    }

    #[test]
    fn a_mute_ends_with_its_day_and_pins_move_the_list() {
        let mut casework = Casework::of(&[act(ActKind::Mute), act(ActKind::Pin)]);
        assert!(
            casework.is_muted(start_of_day(date(2024, 7, 12))) && !casework.is_muted(start_of_day(date(2024, 7, 13)))
        );
        assert_eq!(casework.order(), 0);
        casework.take(&act(ActKind::Unpin));
        assert_eq!(casework.order(), 1);
        casework.take(&act(ActKind::Exclude));
        assert_eq!(casework.order(), 2);
    }

    #[test]
    fn exclusion_takes_an_alert_back_from_the_public() {
        let casework = Casework::of(&[act(ActKind::Publish), act(ActKind::Exclude)]);
        assert!(!casework.published && !casework.allows(ActKind::Publish));
    }

    #[test]
    fn only_supervision_and_centre_decide() {
        let casework = Casework::default();
        assert_eq!(casework.open_to(Role::Platform), [ActKind::Note]);
        assert!(casework.open_to(Role::Public).is_empty() && casework.open_to(Role::Centre).len() > 5);
    }

    #[test]
    fn what_needs_a_reason_or_a_day_is_refused_without() {
        let casework = Casework::default();
        let why = |act: Act| casework.check(&act).expect_err("refused").zh;
        assert!(why(Act { note: " ".into(), ..act(ActKind::Exclude) }).contains("需要写明说明"));
        assert!(why(Act { until: Some(date(2024, 7, 9)), ..act(ActKind::Mute) }).contains("截止日期"));
        assert!(why(Act { to: None, ..act(ActKind::Assign) }).contains("接办人"));
        assert!(why(Act { by: String::new(), ..act(ActKind::Review) }).contains("处置人"));
        assert!(why(Act { note: "长".repeat(2_001), ..act(ActKind::Note) }).contains("2000"));
        assert!(why(Act { to: Some("长".repeat(101)), ..act(ActKind::Assign) }).contains("100"));
        for until in [date(2028, 7, 10), date(9999, 12, 31)] {
            assert!(why(Act { until: Some(until), ..act(ActKind::Mute) }).contains("1098"), "{until}");
        }
    }
}
