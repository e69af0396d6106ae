//! Who tries to sign in, as far as it is known before: from where, and with which browser.

use std::net::IpAddr;

use super::error::AccessError;
use super::secret;
use super::throttle::Lane;

/// What the proofs of browsers are bound to.
const PURPOSE: &str = "wanglou 2026 proof that a user signed in with a browser";
/// Characters of a proof.
const PROOF_CHARS: usize = 32;

/// What is known of whoever tries to sign in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Guest<'a> {
    /// The session that the browser showed until now; it ends.
    pub held: Option<&'a str>,
    /// Where the try comes from; none: not known.
    pub address: Option<IpAddr>,
    /// What the browser was given when a user signed in with it ([`super::SignedIn::browser`]).
    pub browser: Option<&'a str>,
}

impl Guest<'_> {
    /// Where tries at a name are counted. `key`: what proofs of browsers are made with.
    pub(super) fn lanes(&self, name: &str, key: &str) -> Vec<Lane> {
        if let Some(browser) = self.browser.filter(|browser| is_known(browser, name, key)) {
            // Whoever signed in with this browser is kept out by nobody else's guesses.
            return vec![Lane::Browser(secret::digest(browser))];
        }
        let address = self.address.map(Lane::of_address);
        std::iter::once(Lane::Name(name.to_owned())).chain(address).collect()
    }

    /// Where the try comes from, for the audit log.
    pub(super) fn from(&self) -> String {
        self.address.map_or_else(String::new, |address| format!("from {}", address.to_canonical()))
    }
}

/// What a browser is given when a user signs in with it.
pub(super) fn browser_of(name: &str, key: &str) -> Result<String, AccessError> {
    let own = secret::fresh()?;
    let proof = proof(&own, name, key);
    Ok(format!("{own}.{proof}"))
}

fn is_known(browser: &str, name: &str, key: &str) -> bool {
    let parts = browser.split_once('.');
    parts.is_some_and(|(own, shown)| secret::is_secret(own) && secret::same(shown, &proof(own, name, key)))
}

fn proof(own: &str, name: &str, key: &str) -> String {
    secret::derived(PURPOSE, &format!("{key}\n{own}\n{name}"))[..PROOF_CHARS].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_for_the_user_who_signed_in_with_it_alone() {
        let browser = browser_of("甲", "key").expect("chance");
        assert!(is_known(&browser, "甲", "key"));
        assert!(!is_known(&browser, "乙", "key") && !is_known(&browser, "甲", "other"));
        assert!(!is_known("", "甲", "key") && !is_known(".", "甲", "key") && !is_known(&browser[1..], "甲", "key"));
        let guest = Guest { browser: Some(&browser), address: Some(IpAddr::from([192, 0, 2, 1])), ..Guest::default() };
        assert!(matches!(guest.lanes("甲", "key")[..], [Lane::Browser(_)]));
        assert!(matches!(guest.lanes("乙", "key")[..], [Lane::Name(_), Lane::Address(_)]));
    }
}
