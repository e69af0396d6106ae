//! Matters: what was done about alerts, read together; the register of test bodies; requests that people make.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Folder, PipelineError};
use matter::{Matter, Whom};
use store::Store;
use vocabulary::{
    Act, Alert, AlertId, AlertState, AuditEntry, AuditKind, Listing, Refused, SamplingRequest, TestBody, refused,
};

/// Listings offered to one sampling request, best-selling first.
const LISTINGS_MAX: u32 = 500;
/// Longest name or certificate of a test body, in characters.
const NAME_CHARS_MAX: usize = 100;

/// The register by names: of one name the last line counts.
pub(super) fn newest_bodies(lines: Vec<TestBody>) -> BTreeMap<String, TestBody> {
    lines.into_iter().map(|body| (body.name.clone(), body)).collect()
}

impl Folder {
    /// What was done about an alert, with the acts; none when there is no such alert.
    pub async fn matter(&self, id: &AlertId) -> Result<Option<(Alert, Matter, Vec<Act>)>, PipelineError> {
        let Some(alert) = self.store().alert(id).await? else { return Ok(None) };
        let request = self.store().sampling_request(id).await?;
        let acts = self.store().acts(Some(id)).await?;
        let mut matter = Matter::of(id.clone(), alert.opened_on, request.as_ref(), &acts);
        matter.is_watched = alert.state == AlertState::Open;
        Ok(Some((alert, matter, acts)))
    }

    /// All matters, with their alerts, in the order of their ids.
    pub async fn matters(&self) -> Result<Vec<(Alert, Matter)>, PipelineError> {
        let requests = self.store().every_request().await?;
        let requests: BTreeMap<AlertId, SamplingRequest> =
            requests.into_iter().map(|request| (request.alert_id.clone(), request)).collect();
        let mut matters: BTreeMap<AlertId, (Alert, Matter)> = BTreeMap::new();
        for alert in self.store().every_alert().await? {
            let mut matter = Matter::new(alert.id.clone(), alert.opened_on, requests.get(&alert.id));
            matter.is_watched = alert.state == AlertState::Open;
            matters.insert(alert.id.clone(), (alert, matter));
        }
        for act in self.store().acts_but_notes(None).await? {
            if let Some((_, matter)) = matters.get_mut(&act.alert_id) {
                matter.take(&act);
            }
        }
        Ok(matters.into_values().collect())
    }

    /// Whom to tell of a matter, among the organisations that are known.
    pub async fn whom_to_tell(&self, alert: &Alert, matter: &Matter) -> Result<Whom, PipelineError> {
        Ok(matter.whom_to_tell(alert, &self.store().parties().await?))
    }

    /// Listings of the category of an alert, best-selling first.
    pub async fn listings_of(&self, alert: &Alert) -> Result<Vec<Listing>, PipelineError> {
        Ok(self.store().listings(alert.assessment.category, LISTINGS_MAX).await?)
    }

    /// The register of test bodies, by name.
    pub async fn test_bodies(&self) -> Result<BTreeMap<String, TestBody>, PipelineError> {
        Ok(newest_bodies(self.store().test_bodies().await?))
    }

    /// Registers a test body, or what is known of it now (clause 3-09), with a line of the audit log.
    ///
    /// # Errors
    /// [`PipelineError::Refused`] without a name, a certificate or a category, or with days that are turned round.
    pub async fn register_body(&self, body: &TestBody, by: &str, now: Timestamp) -> Result<(), PipelineError> {
        check_body(body)?;
        let mut tx = self.store().begin().await?;
        Store::add_test_body(&mut tx, body, now).await?;
        let (at, who, about) = (now, by.to_owned(), body.name.clone());
        let detail = format!("{} {}..{}", body.certificate, body.valid_from, body.valid_until);
        Store::add_audit(&mut tx, &AuditEntry { at, who, what: AuditKind::TestBody, about, detail }).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The request that a person makes for an alert; or why there is none.
    pub(super) async fn request_by_person(
        &self,
        alert: &Alert,
        on: Date,
    ) -> Result<Result<SamplingRequest, Refused>, PipelineError> {
        let listings = self.store().listings(alert.assessment.category, LISTINGS_MAX).await?;
        let judge = self.judge_by();
        let made = sampling::request_by_person(alert, None, &listings, judge.sampling(), on);
        Ok(made.map_err(|error| Refused::of(&error)))
    }
}

fn check_body(body: &TestBody) -> Result<(), Refused> {
    let is_filled = |text: &str| (1..=NAME_CHARS_MAX).contains(&text.trim().chars().count());
    if !is_filled(&body.name) || !is_filled(&body.certificate) {
        return Err(refused!(
            "检验机构名称和资质证书编号应为1至{NAME_CHARS_MAX}个字。",
            "name and certificate of a test body have 1 to {NAME_CHARS_MAX} characters"
        ));
    }
    if body.categories.is_empty() {
        return Err(refused!(
            "应写明资质范围：至少一个产品类别。",
            "name at least one category that it is qualified for"
        ));
    }
    if body.valid_until < body.valid_from {
        return Err(refused!(
            "资质止于{}，早于起始日{}。",
            "the qualification ends on {}, before it begins on {}",
            body.valid_until,
            body.valid_from
        ));
    }
    Ok(())
}
