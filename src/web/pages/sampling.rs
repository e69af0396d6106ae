//! Sampling requests: the list, and the view of one that an alert's page shows.

use askama::Template;
use axum::extract::State;
use axum::response::Html;

use super::super::desk::SAMPLING_REQUESTS_MAX;
use super::super::problem::Problem;
use super::super::text;
use super::{Shared, Shell, render};
use crate::vocabulary::{CandidateSeller, SamplingRequest};

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
}

pub(in crate::web) async fn list(State(desk): State<Shared>) -> Result<Html<String>, Problem> {
    let mut requests = desk.sampling_requests().await?;
    requests.truncate(SAMPLING_REQUESTS_MAX);
    render(&ListPage { shell: Shell::at("sampling"), requests })
}
