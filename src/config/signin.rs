//! The OpenID provider (统一身份认证) by which users may sign in.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use super::{ConfigError, wrong};
use vocabulary::refused;

/// What its button says when nobody says otherwise.
const LABEL: &str = "统一身份认证";
/// Longest label, in characters.
const LABEL_CHARS_MAX: usize = 20;

/// A `[signin]` as written. Without `Debug`: it holds a secret.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignInWritten {
    issuer: String,
    client_id: String,
    client_secret: Option<String>,
    client_secret_file: Option<PathBuf>,
    #[serde(default)]
    claim: NameClaim,
    label: Option<String>,
    authority: Option<PathBuf>,
}

/// Which claim of the provider is the name of the user here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameClaim {
    /// The name people sign in with there.
    #[default]
    PreferredUsername,
    /// The mail address, where the provider says that it has verified it.
    Email,
    /// The provider's own number of the person.
    Sub,
}

/// An OpenID provider, and as whom the watch asks it.
#[derive(Clone, PartialEq, Eq)]
pub struct SignInSettings {
    /// Its address, below which its description lies.
    pub issuer: Url,
    /// Name under which the watch is registered there.
    pub client_id: String,
    /// Secret of that registration; none where it has none.
    pub client_secret: Option<String>,
    /// Which claim is the name of the user here.
    pub claim: NameClaim,
    /// What its button says.
    pub label: String,
    /// Certificates (PEM) of an authority of the house that its certificate may be signed by, beside those that this machine trusts.
    pub authority: Option<Vec<u8>>,
}

impl fmt::Debug for SignInSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sign-in by {} as {} ({:?})", self.issuer, self.client_id, self.claim)
    }
}

/// Whether what goes to this address goes by TLS, or stays on this machine.
#[must_use]
pub fn is_protected(address: &Url) -> bool {
    let here = || address.host_str().is_some_and(|host| matches!(host, "127.0.0.1" | "localhost" | "[::1]"));
    address.scheme() == "https" || (address.scheme() == "http" && here())
}

/// The provider of a settings file, checked.
pub(super) fn sign_in(
    path: &Path,
    written: SignInWritten,
    credentials: Option<&Path>,
) -> Result<SignInSettings, ConfigError> {
    let SignInWritten { issuer, client_id, client_secret, client_secret_file, claim, label, authority } = written;
    let keys = ("signin.client_secret", "signin.client_secret_file");
    let client_secret = super::secrets::secret(path, keys, client_secret, client_secret_file.as_deref(), credentials)?;
    let expected = refused!(
        "应为它的地址 https://…；只有在本机才可用 http://",
        "expected its address, https://…; http:// only on this machine"
    );
    let Ok(address) = Url::parse(&issuer) else {
        return wrong(path, "signin.issuer", format!("{issuer:?}"), expected);
    };
    let plain = address.query().is_none() && address.fragment().is_none() && address.username().is_empty();
    if !plain || !is_protected(&address) {
        return wrong(path, "signin.issuer", format!("{issuer:?}"), expected);
    }
    if client_id.is_empty() || client_id.chars().any(char::is_control) {
        let expected = refused!("应为本系统在它那里登记的名称", "expected the name under which it knows the watch");
        return wrong(path, "signin.client_id", format!("{client_id:?}"), expected);
    }
    let label = label.unwrap_or_else(|| LABEL.to_owned());
    if !(1..=LABEL_CHARS_MAX).contains(&label.chars().count()) || label.chars().any(char::is_control) {
        let expected = refused!("应为 1 到 {LABEL_CHARS_MAX} 个字", "expected 1 to {LABEL_CHARS_MAX} characters");
        return wrong(path, "signin.label", format!("{label:?}"), expected);
    }
    let authority = authority.map(|authority| super::certificates(path, "signin.authority", &authority)).transpose()?;
    Ok(SignInSettings { issuer: address, client_id, client_secret, claim, label, authority })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SignInSettings, String> {
        sign_in(Path::new("w.toml"), toml::from_str(text).map_err(|error| error.to_string())?, None)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_provider_elsewhere_is_asked_by_https_and_its_secret_is_not_shown() {
        let text = |issuer: &str| format!("issuer = \"{issuer}\"\nclient_id = \"w\"\nclient_secret = \"271828\"");
        for issuer in ["https://id.example/realms/a", "http://127.0.0.1:9400", "http://localhost:9400/"] {
            let read = read(&text(issuer)).expect("a provider");
            assert!(!format!("{read:?}").contains("271828") && read.label == LABEL);
        }
        for issuer in ["http://id.example", "id.example", "https://a@id.example", "https://id.example/?a=b", "ftp://x"]
        {
            let refused = read(&text(issuer)).expect_err(issuer);
            assert!(refused.contains("`signin.issuer`") && !refused.contains("271828"), "{refused}");
        }
    }

    #[test]
    fn an_odd_claim_or_label_is_told() {
        let begin = "issuer = \"https://id.example\"\nclient_id = \"w\"\n";
        assert!(
            read(&format!("{begin}claim = \"nickname\"")).expect_err("no such claim").contains("preferred_username")
        );
        assert!(read(&format!("{begin}label = \"\"")).expect_err("no label").contains("`signin.label`"));
        assert_eq!(read(&format!("{begin}claim = \"email\"")).map(|read| read.claim), Ok(NameClaim::Email));
    }
}
