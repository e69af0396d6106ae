//! Matters as one viewer may see them: those inside the whole of each, a unit outside the part that it has in it (WHO-1), and the register of
//! test bodies.

use std::cmp::Reverse;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::values::ViewError;
use super::{View, doing, opened};
use matter::{Duty, Handling, Matter, Part, Whom};
use pipeline::PipelineError;
use vocabulary::{Act, Alert, AlertId, Role, ShownAlert, TestBody};

/// As much of a matter as the viewer may see. Who is outside gets no whole one: there is no other way from here to a page, feed or file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum MatterSeen {
    /// All of it, with its clocks, those that run and those that stopped.
    Whole {
        /// What was done.
        matter: Box<Matter>,
        /// In the order in which they began.
        duties: Vec<Duty>,
    },
    /// The part of a unit outside.
    Part(Box<Part>),
}

/// A matter beside the alert that it is about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SeenMatter {
    /// The alert as the viewer may see it.
    pub(crate) alert: ShownAlert,
    /// The matter.
    pub(crate) seen: MatterSeen,
}

/// A clock of a matter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SeenDuty {
    /// The matter.
    pub(crate) matter: AlertId,
    /// The clock.
    pub(crate) duty: Duty,
}

impl SeenMatter {
    /// The clocks that the viewer sees, in the order in which they began.
    pub(crate) fn duties(&self) -> &[Duty] {
        match &self.seen {
            MatterSeen::Whole { duties, .. } => duties,
            MatterSeen::Part(part) => &part.duties,
        }
    }

    /// What is open on a day, what is most overdue first; rights that have run out are over.
    pub(crate) fn open(&self, today: Date) -> Vec<&Duty> {
        let is_open = |duty: &&Duty| duty.done_on.is_none() && !(duty.is_right && duty.days_late(today) > 0);
        let mut open: Vec<&Duty> = self.duties().iter().filter(is_open).collect();
        open.sort_by_key(|duty| (duty.is_right, last_day(duty)));
        open
    }
}

/// The last day of a clock; one without a limit comes last.
pub(crate) fn last_day(duty: &Duty) -> Date {
    duty.limit.as_ref().map_or(Date::MAX, |limit| limit.last_day)
}

impl View {
    /// All matters of which the viewer sees something, in the order of their ids.
    pub(crate) async fn matters(&self) -> Result<Vec<SeenMatter>, ViewError> {
        let all = self.tower.matters().await.map_err(doing("reading the matters"))?;
        Ok(all.into_iter().filter_map(|(alert, matter)| self.seen(alert, matter)).collect())
    }

    /// One of them, with what was done, oldest first, as far as the viewer sees it.
    pub(crate) async fn matter(&self, id: &AlertId) -> Result<Option<(SeenMatter, Vec<Act>)>, ViewError> {
        let found = self.tower.matter(id).await.map_err(doing("reading a matter"))?;
        let Some((alert, matter, acts)) = found else { return Ok(None) };
        Ok(self.seen(alert, matter).map(|seen| (seen, self.sight.acts(acts))))
    }

    /// Whom to tell of a matter; for those inside.
    pub(crate) async fn whom(&self, id: &AlertId) -> Result<Whom, ViewError> {
        if !(self.sight.is_inside() && self.sees(id).await?) {
            return Ok(Whom::default());
        }
        let found = self.tower.matter(id).await.map_err(doing("reading a matter"))?;
        let Some((alert, matter, _)) = found else { return Ok(Whom::default()) };
        self.tower.whom_to_tell(&alert, &matter).await.map_err(doing("looking whom to tell"))
    }

    /// Working days, clocks and recommended measures.
    pub(crate) fn handling(&self) -> Arc<Handling> {
        self.tower.handling()
    }

    /// All clocks that the viewer sees, matter by matter.
    pub(crate) async fn duties(&self) -> Result<Vec<SeenDuty>, ViewError> {
        let matters = self.matters().await?;
        let of = |seen: SeenMatter| {
            let matter = seen.alert.id.clone();
            let duties = match seen.seen {
                MatterSeen::Whole { duties, .. } => duties,
                MatterSeen::Part(part) => part.duties,
            };
            duties.into_iter().map(move |duty| SeenDuty { matter: matter.clone(), duty })
        };
        Ok(matters.into_iter().flat_map(of).collect())
    }

    /// What is open and late on a day, what is most late first.
    pub(crate) async fn overdue(&self, today: Date) -> Result<Vec<SeenDuty>, ViewError> {
        let mut late = self.duties().await?;
        late.retain(|seen| seen.duty.is_overdue(today));
        late.sort_by_key(|seen| Reverse(seen.duty.days_late(today)));
        Ok(late)
    }

    /// A matter as the viewer may see it; none when it sees nothing of it.
    fn seen(&self, alert: Alert, matter: Matter) -> Option<SeenMatter> {
        let alert = self.sight.alert(alert, None, opened(Some(&matter.casework)))?;
        let handling = self.tower.handling();
        let seen = match self.party().filter(|party| !party.is_inside()) {
            Some(party) if !matter.has_part(party) => return None,
            Some(party) => MatterSeen::Part(Box::new(matter.part_of(party, &handling))),
            None => {
                let duties = matter.duties(&handling);
                MatterSeen::Whole { matter: Box::new(matter), duties }
            }
        };
        Some(SeenMatter { alert, seen })
    }

    /// The register of test bodies, by name: for those inside, and for test bodies.
    pub(crate) async fn test_bodies(&self) -> Result<Vec<TestBody>, ViewError> {
        if !(self.sight.is_inside() || self.party().is_some_and(|party| party.role == Role::TestBody)) {
            return Err(ViewError::Refused { why: "您所属的单位不查看检验机构名录。".to_owned() });
        }
        let bodies = self.tower.test_bodies().await.map_err(doing("reading the register of test bodies"))?;
        Ok(bodies.into_values().collect())
    }

    /// Registers a test body, or what is known of it now; refused with the reason.
    pub(crate) async fn register_body(&self, body: &TestBody, by: &str, now: Timestamp) -> Result<(), ViewError> {
        if !self.sight.sees_all() {
            return Err(ViewError::Refused { why: "您所属的单位不登记检验机构。".to_owned() });
        }
        match self.tower.register_body(body, by, now).await {
            Err(PipelineError::Refused(refused)) => Err(ViewError::Refused { why: refused.zh }),
            done => done.map_err(doing("registering a test body")),
        }
    }
}
