//! The frame around every page: navigation, who has signed in, the addresses of the static files.
//!
//! The gate says for whom a request is answered ([`shown_to`]); templates read it back ([`Shell::at`]). What may be answered at all is
//! decided by the gate and the view, never by what the frame shows.

use std::future::Future;

use super::assets;

/// What a page shows of its visitor.
#[derive(Debug, Clone, Default)]
pub(super) struct Visitor {
    /// Nobody had to sign in.
    pub(super) open: bool,
    /// Names of the user and of the organisation, once signed in.
    pub(super) name: Option<(String, String)>,
    /// The key that forms carry; none without a session.
    pub(super) form_key: Option<String>,
    /// Which parts of the site the visitor may open, beside the alerts.
    pub(super) sections: Sections,
}

/// Parts of the site that not everybody may open.
#[expect(clippy::struct_excessive_bools, reason = "each part is open or not, whatever the others are")]
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sections {
    /// `/search`.
    pub(super) search: bool,
    /// `/matters`.
    pub(super) matters: bool,
    /// `/sampling`.
    pub(super) sampling: bool,
    /// `/status`.
    pub(super) status: bool,
}

tokio::task_local! {
    /// Whom the running request is answered for.
    static VISITOR: Visitor;
}

/// Runs a request; pages rendered in it show this visitor.
pub(super) async fn shown_to<F: Future>(visitor: Visitor, request: F) -> F::Output {
    VISITOR.scope(visitor, request).await
}

/// What every page has around its content.
pub(super) struct Shell {
    /// Which entry of the navigation is lit.
    pub(super) section: &'static str,
    /// Digest in the addresses of static files.
    pub(super) version: &'static str,
    /// Whom the page is for; nobody outside [`shown_to`].
    pub(super) visitor: Visitor,
}

impl Shell {
    /// The frame of a page in this section.
    pub(super) fn at(section: &'static str) -> Self {
        let visitor = VISITOR.try_with(Clone::clone).unwrap_or_default();
        Self { section, version: assets::version(), visitor }
    }
}
