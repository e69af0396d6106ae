//! What mail addresses are taken.

use super::error::AccessError;
use vocabulary::{SHOWN_CHARS, excerpt, refused};

/// Longest mail address, in bytes (RFC 5321, 4.5.3.1.3).
const MAIL_BYTES_MAX: usize = 254;

/// Checks an address that mail is to be sent to.
pub(super) fn check_mail(mail: &str) -> Result<(), AccessError> {
    let parsed = mail.parse::<lettre::Address>();
    if mail.len() <= MAIL_BYTES_MAX && parsed.is_ok() {
        return Ok(());
    }
    let shown = excerpt(mail, SHOWN_CHARS);
    Err(AccessError::Input(refused!("`{}` 不是邮件地址", "`{}` is no mail address", shown.escape_debug())))
}
