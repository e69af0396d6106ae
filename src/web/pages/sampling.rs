//! Sampling requests: the list, and the view of one that an alert's page shows.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Html;

use super::super::problem::Problem;
use super::super::shell::Shell;
use super::super::text;
use super::super::view::{Returned, SAMPLING_REQUESTS_MAX, View};
use super::render;
use vocabulary::{AlertId, CandidateSeller, SamplingRequest};

/// A candidate seller with an address that may be followed.
pub(super) struct SellerView<'a> {
    pub(super) seller: &'a CandidateSeller,
    pub(super) link: Option<String>,
}

/// A sampling request as an alert's page shows it.
pub(super) struct RequestView<'a> {
    pub(super) request: &'a SamplingRequest,
    pub(super) sellers: Vec<SellerView<'a>>,
    pub(super) platforms: String,
}

impl<'a> RequestView<'a> {
    pub(super) fn new(request: &'a SamplingRequest) -> Self {
        let view = |seller: &'a CandidateSeller| SellerView { seller, link: text::link(seller.listing.url.as_deref()) };
        Self { request, sellers: request.sellers.iter().map(view).collect(), platforms: request.platforms.join("、") }
    }
}

#[derive(Template)]
#[template(path = "sampling.html")]
struct ListPage {
    shell: Shell,
    requests: Vec<SamplingRequest>,
    /// What came back, by alert.
    returned: BTreeMap<AlertId, Returned>,
}

impl ListPage {
    /// What came back: never failures without the number tested (clause 2-13).
    fn result(&self, request: &SamplingRequest) -> String {
        match self.returned.get(&request.alert_id) {
            Some(Returned::Batches { tested, failed }) => format!("检验{tested}批次，不合格{failed}批次"),
            Some(Returned::Something) => "结果已返回".to_owned(),
            None => "未返回".to_owned(),
        }
    }
}

pub(crate) async fn list(view: View) -> Result<Html<String>, Problem> {
    let mut requests = view.sampling_requests().await?;
    requests.truncate(SAMPLING_REQUESTS_MAX);
    let returned = view.returned().await?;
    render(&ListPage { shell: Shell::at("sampling"), requests, returned })
}
