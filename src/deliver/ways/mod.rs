//! The ways by which messages leave the house: requests over HTTP, and mail by the server of the settings.

pub(super) mod post;
pub(super) mod smtp;

use post::Post;
use smtp::MailServer;

/// All ways that there are. A kind of endpoint takes the one it needs.
pub(super) struct Ways {
    pub(super) post: Post,
    /// None where the settings name no mail server.
    pub(super) mail_server: Option<MailServer>,
}
