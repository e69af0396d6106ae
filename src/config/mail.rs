//! The mail server by which the watch sends mail.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{ConfigError, unfit, wrong};
use vocabulary::{Refused, refused};

/// A `[mail]` as written. Without `Debug`: it holds a password.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MailWritten {
    server: String,
    port: Option<u16>,
    #[serde(default)]
    security: Security,
    from: String,
    user: Option<String>,
    password: Option<String>,
    password_file: Option<PathBuf>,
    authority: Option<PathBuf>,
}

/// How the way to the server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// TLS from the first byte.
    #[default]
    Tls,
    /// TLS before anything is said; a server that does not offer it is told nothing.
    Starttls,
    /// None: for a relay on this machine or inside the house. No password goes this way.
    None,
}

impl Security {
    fn port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::Starttls => 587,
            Self::None => 25,
        }
    }
}

/// A mail server, and as whom mail is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct MailSettings {
    /// Its name, to which its certificate must be made out.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the way is protected.
    pub security: Security,
    /// The sender, as `name <address>` or an address.
    pub from: String,
    /// User and password, where it asks for them.
    pub account: Option<(String, String)>,
    /// Certificates (PEM) of an authority of the house that its certificate may be signed by, beside those that this machine trusts.
    pub authority: Option<Vec<u8>>,
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.account.as_ref().map(|(user, _)| user);
        write!(f, "mail by {}:{} ({:?}) from {} as {user:?}", self.server, self.port, self.security, self.from)
    }
}

/// The mail server of a settings file, checked.
pub(super) fn mail(path: &Path, written: MailWritten, credentials: Option<&Path>) -> Result<MailSettings, ConfigError> {
    let MailWritten { server, port, security, from, user, password, password_file, authority } = written;
    let keys = ("mail.password", "mail.password_file");
    let password = super::secrets::secret(path, keys, password, password_file.as_deref(), credentials)?;
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    if server.is_empty() || !server.chars().all(named) {
        let expected = refused!(
            "应为邮件服务器的名称，不带协议和端口",
            "expected the name of a mail server, without scheme and port"
        );
        return wrong(path, "mail.server", format!("{server:?}"), expected);
    }
    if !from.contains('@') || from.chars().any(char::is_control) {
        let expected =
            refused!("应为邮件地址，前面可以有名称", "expected a mail address, with or without a name before it");
        return wrong(path, "mail.from", format!("{from:?}"), expected);
    }
    let account = match (user, password) {
        (None, None) => None,
        (Some(user), Some(password)) => Some((user, password)),
        (Some(_), None) => {
            return missing(path, "mail.password", refused!("写了 `user` 就应有它", "expected beside `user`"));
        }
        (None, Some(_)) => {
            return missing(path, "mail.user", refused!("写了 `password` 就应有它", "expected beside `password`"));
        }
    };
    if account.is_some() && security == Security::None {
        let expected = refused!(
            "应为 `tls` 或 `starttls`：密码不能明文传输",
            "expected `tls` or `starttls`: a password goes over no open way"
        );
        return wrong(path, "mail.security", "\"none\"", expected);
    }
    let authority = authority.map(|authority| super::certificates(path, "mail.authority", &authority)).transpose()?;
    Ok(MailSettings { server, port: port.unwrap_or(security.port()), security, from, account, authority })
}

/// A key that must stand beside another does not.
fn missing<T>(path: &Path, key: &'static str, expected: Refused) -> Result<T, ConfigError> {
    unfit(path, key, refused!("（没有写）", "missing"), expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<MailSettings, String> {
        mail(Path::new("w.toml"), toml::from_str(text).map_err(|error| error.to_string())?, None)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn each_way_has_its_port_and_a_password_needs_a_protected_one() {
        let port = |rest: &str| read(&format!("server = \"m\"\nfrom = \"a@b\"\n{rest}")).map(|mail| mail.port);
        assert_eq!((port(""), port("security = \"starttls\"")), (Ok(465), Ok(587)));
        assert_eq!((port("security = \"none\""), port("port = 2525")), (Ok(25), Ok(2525)));
        let open = port("security = \"none\"\nuser = \"u\"\npassword = \"p\"").expect_err("an open way");
        assert!(open.contains("`mail.security`") && !open.contains("\"p\""), "{open}");
    }

    #[test]
    fn what_is_missing_or_odd_is_told_with_its_key_and_no_password_is_shown() {
        for (text, key) in [
            ("server = \"smtp://m\"\nfrom = \"a@b\"", "`mail.server`"),
            ("server = \"m\"\nfrom = \"nobody\"", "`mail.from`"),
            ("server = \"m\"\nfrom = \"a@b\"\nuser = \"u\"", "`mail.password` is missing"),
            ("server = \"m\"\nfrom = \"a@b\"\npassword = \"p\"", "`mail.user` is missing"),
        ] {
            let error = read(text).expect_err("wrong");
            assert!(error.contains(key), "{error}");
        }
        let whole = read("server = \"m\"\nfrom = \"a@b\"\nuser = \"u\"\npassword = \"geheim\"").expect("good");
        assert!(!format!("{whole:?}").contains("geheim"));
    }
}
