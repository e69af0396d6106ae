//! What a party sees of an alert: the whole of it, the part that concerns it, or nothing.
//!
//! Supervision bodies and monitoring centres see alerts as they are; a supervision body with regions sees those that touch them. Everybody
//! else sees a copy without sources, places of finding, other parties' brands and what the machine has learnt about sources: test bodies
//! what is to be sampled, platforms and firms what names them, the public what was published.

use crate::vocabulary::{
    Alert, AlertEvent, Assessment, Disposal, Evidence, Explanation, FeedbackTerms, Party, Role, SamplingRequest,
    Sentence,
};

/// Whether the party sees the alert at all. `published`: a person has made it public.
#[must_use]
pub fn sees(party: &Party, alert: &Alert, request: Option<&SamplingRequest>, published: bool) -> bool {
    match party.role {
        Role::Centre => true,
        Role::Supervision => party.concerns.regions.is_empty() || party.concerns.touches_region(alert),
        Role::TestBody => request.is_some() || alert.assessment.disposal == Disposal::Sample,
        Role::Platform => {
            let own = |shown: &Evidence| party.owns_source(&shown.source);
            party.concerns.names_platform(alert, request) || alert.evidence.iter().any(own)
        }
        Role::Firm => party.concerns.names_brand(alert),
        Role::Public => published,
    }
}

/// The alert as the party may see it, given that it [`sees`] it.
#[must_use]
pub fn alert_for(party: &Party, mut alert: Alert) -> Alert {
    if party.is_inside() {
        return alert;
    }
    let judged = &mut alert.assessment;
    let own = |brand: &String| party.concerns.brands.contains(brand);
    judged.brand = judged.brand.take().filter(|brand| party.role == Role::TestBody || own(brand));
    judged.spread_terms.top_brand = judged.spread_terms.top_brand.take().filter(own);
    judged.spread_terms.cluster = None;
    judged.spread_terms.prefecture_cluster = None;
    judged.spread_terms.platform_cluster = None;
    judged.feedback = FeedbackTerms::default();
    judged.documents.clear();
    judged.change.clear();
    judged.change_of = None;
    judged.explanation = Explanation::from(vec![plain(judged)]);
    alert.evidence = match party.role {
        // A platform is shown what is said on it, in full: it has to act on it (clause 3-13).
        Role::Platform => alert.evidence.into_iter().filter(|shown| is_own(party, shown)).collect(),
        _ => Vec::new(),
    };
    alert
}

/// The same for a line of an alert's history.
#[must_use]
pub fn event_for(party: &Party, mut event: AlertEvent) -> AlertEvent {
    if party.is_inside() {
        return event;
    }
    let own = |brand: &String| party.concerns.brands.contains(brand);
    event.brand = event.brand.take().filter(|brand| party.role == Role::TestBody || own(brand));
    event.explanation = Explanation::from(vec![Sentence::Levels {
        as_of: None,
        category: event.category,
        hazard: event.hazard,
        danger: event.danger,
        spread: event.spread,
        disposal: event.disposal,
    }]);
    event.merged_into = None;
    event.evidence.retain(|shown: &Evidence| party.role == Role::Platform && is_own(party, shown));
    event
}

/// Whether a piece of evidence was said on a platform of the party, or handed in by it.
fn is_own(party: &Party, shown: &Evidence) -> bool {
    party.concerns.platforms.contains(&shown.source) || party.owns_source(&shown.source)
}

/// A sampling request as the party may see it; none when it is not for the party. Test bodies see all of it: they buy and test.
#[must_use]
pub fn request_for(party: &Party, request: SamplingRequest) -> Option<SamplingRequest> {
    (party.is_inside() || party.role == Role::TestBody).then_some(request)
}

/// What an assessment says, without whom and where it was heard from.
fn plain(judged: &Assessment) -> Sentence {
    Sentence::Levels {
        as_of: Some(judged.as_of),
        category: judged.category,
        hazard: judged.hazard,
        danger: judged.danger,
        spread: judged.spread,
        disposal: judged.disposal,
    }
}
