//! What the user set, checked once: TOML file, then environment and flags over it.
//!
//! In: a settings file and flags. Out: [`Settings`]. Not here: stages, defaults that belong to an analyst (those are in
//! `rules/criteria/`). No other room reads the environment or a settings file.
#![expect(clippy::disallowed_methods, reason = "the room whose business is the settings file")]

mod mail;
mod network;
mod plans;
mod secrets;
mod signin;

use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use mail::{MailSettings, Security};
pub use network::Network;
pub use plans::RerunPlan;
pub use secrets::SecretsKey;
pub use signin::{NameClaim, SignInSettings, is_protected};

use vocabulary::{PublisherCode, Refused, Said, refused};

/// Where state is kept when nobody says otherwise.
pub const DATA_DIR: &str = "wanglou-data";
/// Port of the web face when nobody says otherwise.
pub const PORT: u16 = 8021;
/// Pause between two looks at the schedule when nobody says otherwise.
const TICK_SECONDS: u64 = 30;
/// Sources collected at the same time when nobody says otherwise.
const SOURCES_AT_ONCE: usize = 4;

/// Shortest token for handing documents in.
const TOKEN_CHARS_MIN: usize = 16;

vocabulary::bounds! {
    /// A settings file.
    const SETTINGS_BYTES_MAX: u64 = 1 << 20, "bytes", "the file is refused";
    /// Most sources collected at the same time.
    const SOURCES_AT_ONCE_MAX: usize = 64, "sources", "the file is refused";
    /// Longest pause between two looks at the schedule.
    const TICK_SECONDS_MAX: u64 = 86_400, "seconds", "the file is refused";
    /// Names in `hosts`, and networks in `proxies`.
    const NAMES_MAX: usize = 200, "entries", "the file is refused";
    /// Longest text of any value: address, name, token.
    const VALUE_BYTES_MAX: usize = 4_096, "bytes", "the file is refused";
    /// Longest file that a secret of the settings, or keys for secrets, are read from.
    const SECRET_FILE_BYTES_MAX: u64 = 4_096, "bytes", "the settings are refused";
    /// Keys in one file of keys for secrets.
    const KEYS_MAX: usize = 16, "keys", "the settings are refused";
}

/// A settings file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("cannot read the settings file {path}; check the path given with --config")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not TOML, or has a key nobody knows. The message carries line and caret.
    #[error("{path}: {error}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, column, caret and what was expected.
        error: Box<toml::de::Error>,
    },
    /// As [`ConfigError::Parse`], where the line holds a secret: it is not shown.
    #[error(
        "{path}: line {line} cannot be read; it is not shown here, since it may hold a secret: check its key and its quotes"
    )]
    Secret {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
    },
    /// A value is out of its bounds.
    #[error("{path}: `{key}` is {found}: {expected}")]
    Value {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
        /// What was found.
        found: Box<Refused>,
        /// What is allowed.
        expected: Box<Refused>,
    },
}

impl Said for ConfigError {
    fn zh(&self) -> String {
        match self {
            Self::Read { path, .. } => format!("无法读取设置文件 {}；请检查 --config 给出的路径", path.display()),
            Self::Parse { path, error } => format!("{}：不是能用的设置文件：“{error}”", path.display()),
            Self::Secret { path, line } => {
                format!("{}：第 {line} 行无法读取；这一行可能含有密码，不在此显示：请检查键名和引号", path.display())
            }
            Self::Value { path, key, found, expected } => {
                format!("{}：`{key}` 为 {}：{}", path.display(), found.zh, expected.zh)
            }
        }
    }
}

/// A [`ConfigError::Value`] whose value is told in words.
fn unfit<T>(path: &Path, key: &'static str, found: Refused, expected: Refused) -> Result<T, ConfigError> {
    Err(ConfigError::Value { path: path.to_owned(), key, found: Box::new(found), expected: Box::new(expected) })
}

/// For [`ConfigError::Value`]: makes the error from the key, what was found, and what is expected.
fn wrong<T>(
    path: &Path,
    key: &'static str,
    found: impl std::fmt::Display,
    expected: Refused,
) -> Result<T, ConfigError> {
    let found = found.to_string();
    unfit(path, key, Refused::new(found.clone(), found), expected)
}

/// Variable of the environment that names the folder of clocks and working days, for commands that read no settings file.
const HANDLING: &str = "WANGLOU_HANDLING";

/// The settings file as written. Every key is optional; unknown keys are errors. Without `Debug`: it holds secrets.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingsFile {
    data: Option<PathBuf>,
    sources: Option<PathBuf>,
    lexicon: Option<PathBuf>,
    criteria: Option<PathBuf>,
    handling: Option<PathBuf>,
    bind: Option<std::net::IpAddr>,
    port: Option<u16>,
    user_agent: Option<String>,
    tick_seconds: Option<u64>,
    sources_at_once: Option<usize>,
    push_token: Option<String>,
    push_token_file: Option<PathBuf>,
    secrets_key_file: Option<PathBuf>,
    home: Option<String>,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    proxies: Vec<String>,
    publisher: Option<String>,
    mail: Option<mail::MailWritten>,
    signin: Option<signin::SignInWritten>,
    #[serde(default)]
    rerun: Vec<plans::PlanWritten>,
}

/// Checked settings of a running tower. Their `Debug` shows no secret.
#[derive(Clone)]
pub struct Settings {
    /// Where state is kept.
    pub data: PathBuf,
    /// Folder of source recipes; none = no crawling.
    pub sources: Option<PathBuf>,
    /// Folder with `rules/` and `dictionaries/`; none = the shipped ones.
    pub lexicon: Option<PathBuf>,
    /// Criteria file; none = the shipped one.
    pub criteria: Option<PathBuf>,
    /// Folder with `calendar.toml`, `clocks.toml` and `measures.toml`; none = the shipped ones.
    pub handling: Option<PathBuf>,
    /// Address the web face listens on.
    pub bind: std::net::IpAddr,
    /// Port of the web face; 0 = any free one.
    pub port: u16,
    /// How the crawler names itself to sources.
    pub user_agent: String,
    /// Pause between two looks at the schedule, in seconds.
    pub tick_seconds: u64,
    /// How many sources are collected at the same time. One host is never asked faster for it.
    pub sources_at_once: usize,
    /// What a client must show to hand documents in over HTTP; none: nobody may.
    pub push_token: Option<String>,
    /// With what secrets in the store are sealed; none: they are kept as they are.
    pub secrets_key: Option<SecretsKey>,
    /// Address by which others reach the pages, without a slash at the end: what links in feeds and messages begin with.
    pub home: String,
    /// Further names under which the pages are asked, beside that of `home`, addresses in figures and `localhost`: a request under another
    /// name is not answered.
    pub hosts: Vec<String>,
    /// Proxies on other machines that say for whom they ask (`X-Forwarded-For`), beside those on this one: addresses and networks.
    pub proxies: Vec<Network>,
    /// The code by which messages of the Common Alerting Protocol are called as GB/T 35965.1 has it; none: by our own ids.
    pub publisher: Option<PublisherCode>,
    /// By which server mail is sent; none: no mail.
    pub mail: Option<MailSettings>,
    /// The OpenID provider by which users may sign in; none: by password only.
    pub sign_in: Option<SignInSettings>,
    /// Reruns that the service does by itself.
    pub reruns: Vec<RerunPlan>,
    /// The program that is started for each file that a notice links to; none: such files are read in this process.
    pub file_reader: Option<PathBuf>,
}

/// What flags and environment say; `None` leaves the file's value.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--data`
    pub data: Option<PathBuf>,
    /// `--lexicon`
    pub lexicon: Option<PathBuf>,
    /// `--criteria`
    pub criteria: Option<PathBuf>,
    /// `--port`
    pub port: Option<u16>,
    /// `--secrets-key`
    pub secrets_key: Option<PathBuf>,
    /// The program itself: no flag.
    pub file_reader: Option<PathBuf>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("data", &self.data)
            .field("sources", &self.sources)
            .field("lexicon", &self.lexicon)
            .field("criteria", &self.criteria)
            .field("handling", &self.handling)
            .field("bind", &self.bind)
            .field("port", &self.port)
            .field("home", &self.home)
            .field("push_token", &self.push_token.as_ref().map(|_| "not shown"))
            .field("secrets_key", &self.secrets_key)
            .field("mail", &self.mail)
            .field("sign_in", &self.sign_in)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// Reads the file, if there is one, and lays flags over it. Secrets that it gives by files are read, too.
    pub fn load(file: Option<&Path>, flags: Overrides) -> Result<Self, ConfigError> {
        Self::load_with(file, flags, secrets::credentials().as_deref())
    }

    /// The same where systemd hands over the files below `credentials`.
    fn load_with(file: Option<&Path>, flags: Overrides, credentials: Option<&Path>) -> Result<Self, ConfigError> {
        let mut written = match file {
            None => SettingsFile::default(),
            Some(path) => parse(path, &text_of(path)?)?,
        };
        let bind = written.bind.unwrap_or(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));
        let port = flags.port.or(written.port).unwrap_or(PORT);
        let path = file.unwrap_or(Path::new(""));
        let reruns = plans::plans(path, std::mem::take(&mut written.rerun))?;
        let mail = written.mail.map(|mail| mail::mail(path, mail, credentials)).transpose()?;
        let sign_in = written.signin.map(|by| signin::sign_in(path, by, credentials)).transpose()?;
        let keys = ("push_token", "push_token_file");
        let token_file = written.push_token_file.as_deref();
        let push_token = secrets::secret(path, keys, written.push_token, token_file, credentials)?;
        check_push_token(path, push_token.as_deref())?;
        let data = flags.data.or(written.data).unwrap_or_else(|| DATA_DIR.into());
        let key_file = flags.secrets_key.or(written.secrets_key_file);
        let secrets_key = secrets::secrets_key(path, key_file.as_deref(), &data, credentials)?;
        let home = written.home.map(|home| home.trim_end_matches('/').to_owned());
        Ok(Self {
            home: home.unwrap_or_else(|| format!("http://{}", std::net::SocketAddr::new(bind, port))),
            data,
            sources: written.sources,
            lexicon: flags.lexicon.or(written.lexicon),
            criteria: flags.criteria.or(written.criteria),
            handling: std::env::var_os(HANDLING).map(PathBuf::from).or(written.handling),
            bind,
            port,
            user_agent: written.user_agent.unwrap_or_else(default_user_agent),
            tick_seconds: written.tick_seconds.unwrap_or(TICK_SECONDS),
            sources_at_once: written.sources_at_once.unwrap_or(SOURCES_AT_ONCE),
            push_token,
            secrets_key,
            hosts: written.hosts,
            proxies: written.proxies.iter().filter_map(|network| network.parse().ok()).collect(),
            publisher: written.publisher.and_then(|code| code.parse().ok()),
            mail,
            sign_in,
            reruns,
            file_reader: flags.file_reader,
        })
    }
}

/// The text of a settings file, of which no more is read than it may have.
fn text_of(path: &Path) -> Result<String, ConfigError> {
    let unread = |source| ConfigError::Read { path: path.to_owned(), source };
    let mut text = String::new();
    fs::File::open(path)
        .and_then(|file| file.take(SETTINGS_BYTES_MAX + 1).read_to_string(&mut text))
        .map_err(unread)?;
    if text.len() as u64 > SETTINGS_BYTES_MAX {
        return Err(unread(std::io::Error::other(format!("longer than {SETTINGS_BYTES_MAX} bytes"))));
    }
    Ok(text)
}

/// Names the program and its version; an operator adds an address to write to.
#[must_use]
pub fn default_user_agent() -> String {
    format!("wanglou/{} (product safety monitoring)", env!("CARGO_PKG_VERSION"))
}

/// How a certificate begins in PEM.
const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// What begins the keys whose values no message shows, and what people write for them.
const SECRET_KEYS: [&str; 4] = ["pass", "pasw", "secret", "push_token"];

/// The error of a file that is no settings file, with the line that it is about unless that holds a secret.
fn unreadable(path: &Path, text: &str, error: toml::de::Error) -> ConfigError {
    let from = error.span().map_or(0, |span| span.start.min(text.len()));
    let before = text.get(..from).unwrap_or_default();
    let line = before.matches('\n').count();
    // A string without its end, or a value of several lines, is shown from where it begins.
    let shown = text.lines().skip(line.saturating_sub(1)).take(3).collect::<String>().to_lowercase();
    if SECRET_KEYS.iter().any(|key| shown.contains(key)) {
        return ConfigError::Secret { path: path.to_owned(), line: line + 1 };
    }
    ConfigError::Parse { path: path.to_owned(), error: Box::new(error) }
}

/// A file of certificates in PEM that a settings file names.
fn certificates(path: &Path, key: &'static str, file: &Path) -> Result<Vec<u8>, ConfigError> {
    let expected =
        || refused!("应为可以读取的 PEM 证书文件", "expected a file of certificates in PEM that can be read");
    let wrong = |found: Refused| unfit(path, key, found, expected());
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) => return wrong(refused!("{}（“{error}”）", "{} ({error})", file.display())),
    };
    let holds_one = bytes.windows(CERTIFICATE.len()).any(|window| window == CERTIFICATE);
    if holds_one {
        Ok(bytes)
    } else {
        wrong(refused!("{}（其中没有证书）", "{} (no certificate in it)", file.display()))
    }
}

fn parse(path: &Path, text: &str) -> Result<SettingsFile, ConfigError> {
    let written: SettingsFile = toml::from_str(text).map_err(|error| unreadable(path, text, error))?;
    let texts = [&written.user_agent, &written.push_token, &written.home, &written.publisher].into_iter().flatten();
    if let Some(long) = texts.chain(&written.hosts).chain(&written.proxies).find(|text| text.len() > VALUE_BYTES_MAX) {
        let found = refused!("长 {} 字节", "{} bytes long", long.len());
        let expected = refused!("最长 {VALUE_BYTES_MAX} 字节", "expected at most {VALUE_BYTES_MAX} bytes");
        return unfit(path, "a value", found, expected);
    }
    // What a header can carry.
    let printable = |agent: &str| agent.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if let Some(agent) = written.user_agent.as_ref().filter(|agent| agent.trim().is_empty() || !printable(agent)) {
        let expected = refused!(
            "应为可打印的 ASCII 名称，并附联系地址",
            "expected a name in printable ASCII with an address to write to"
        );
        return wrong(path, "user_agent", format!("{agent:?}"), expected);
    }
    if let Some(seconds) = written.tick_seconds.filter(|seconds| !(1..=TICK_SECONDS_MAX).contains(seconds)) {
        let expected = refused!("应为 1 到 {TICK_SECONDS_MAX}", "expected 1 to {TICK_SECONDS_MAX}");
        return wrong(path, "tick_seconds", seconds, expected);
    }
    if let Some(sources) = written.sources_at_once.filter(|sources| !(1..=SOURCES_AT_ONCE_MAX).contains(sources)) {
        let expected = refused!("应为 1 到 {SOURCES_AT_ONCE_MAX}", "expected 1 to {SOURCES_AT_ONCE_MAX}");
        return wrong(path, "sources_at_once", sources, expected);
    }
    let address = |home: &str| home.starts_with("http://") || home.starts_with("https://");
    if let Some(home) = written.home.as_ref().filter(|home| !address(home) || !printable(home)) {
        let expected = refused!(
            "应为以 http:// 或 https:// 开头的地址",
            "expected an address that begins with http:// or https://"
        );
        return wrong(path, "home", format!("{home:?}"), expected);
    }
    let host = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    };
    if let Some(name) = written.hosts.iter().find(|name| !host(name)) {
        let expected = refused!(
            "应为主机名，不带协议、端口和路径，例如 \"wanglou.example.org\"",
            "expected names of hosts without scheme, port and path, such as \"wanglou.example.org\""
        );
        return wrong(path, "hosts", format!("{name:?}"), expected);
    }
    if written.hosts.len() > NAMES_MAX || written.proxies.len() > NAMES_MAX {
        let (key, found) = if written.hosts.len() > NAMES_MAX {
            ("hosts", written.hosts.len())
        } else {
            ("proxies", written.proxies.len())
        };
        let found = refused!("{found} 项", "{found} entries");
        return unfit(path, key, found, refused!("最多 {NAMES_MAX} 项", "expected at most {NAMES_MAX}"));
    }
    for network in &written.proxies {
        if let Err(expected) = network.parse::<Network>() {
            let shown: String = network.chars().take(60).collect();
            return wrong(path, "proxies", format!("{shown:?}"), expected);
        }
    }
    if let Some(code) = written.publisher.as_ref().filter(|code| code.parse::<PublisherCode>().is_err()) {
        let expected = refused!(
            "应为分配给本中心的 14 个字符：GB/T 2260 地区（6）、GB/T 4657 行业（3）、单位（3）、扩展（2）",
            "expected the 14 characters that the centre was given: region of GB/T 2260 (6), sector of GB/T 4657 (3), unit (3), extension (2)"
        );
        return wrong(path, "publisher", format!("{code:?}"), expected);
    }
    Ok(written)
}

fn check_push_token(path: &Path, token: Option<&str>) -> Result<(), ConfigError> {
    let visible = |token: &str| token.len() >= TOKEN_CHARS_MIN && token.bytes().all(|byte| byte.is_ascii_graphic());
    if token.is_none_or(visible) {
        return Ok(());
    }
    let found = refused!("（不在此显示）", "not shown here");
    let expected = refused!(
        "应为至少 {TOKEN_CHARS_MIN} 个可见的 ASCII 字符，不含空格",
        "expected at least {TOKEN_CHARS_MIN} visible ASCII characters without spaces"
    );
    unfit(path, "push_token", found, expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_shown_with_its_line() {
        let error = parse(Path::new("w.toml"), "port = 80\ncolour = 1\n").err().expect("no such key").to_string();
        assert!(error.contains("w.toml") && error.contains("line 2") && error.contains("colour"), "{error}");
    }

    #[test]
    fn a_line_that_holds_a_secret_is_told_by_its_number_alone() {
        let begin = "port = 80\n[mail]\nserver = \"m\"\nfrom = \"a@b\"\nuser = \"u\"\n";
        for line in ["password = 271828", "password = \"271828", "pasword = \"271828\"", "password = [\n\"271828\"\n]"]
        {
            let Err(error) = parse(Path::new("w.toml"), &format!("{begin}{line}\n")) else { panic!("{line} was read") };
            let told = format!("{error} {error:?}");
            assert!(told.contains("w.toml") && !told.contains("271828"), "{line}: {told}");
            assert!(error.to_string().contains("line "), "{error}");
        }
        let Err(error) = parse(Path::new("w.toml"), "push_token = 271828271828\n") else { panic!("it was read") };
        assert!(error.to_string().contains("line 1") && !error.to_string().contains("2718"), "{error}");
    }

    #[test]
    fn a_value_out_of_its_bounds_is_told_with_its_key() {
        for (text, key) in [
            ("user_agent = \"a\\nb\"", "`user_agent` is \"a\\nb\""),
            ("user_agent = \" \"", "`user_agent`"),
            ("tick_seconds = 0", "`tick_seconds` is 0"),
            ("home = \"example.org\"", "`home` is \"example.org\""),
            ("hosts = [\"a.example\", \"http://b.example\"]", "`hosts` is \"http://b.example\""),
            ("proxies = [\"10.0.0.1\", \"10.0.0.0/33\"]", "`proxies` is \"10.0.0.0/33\""),
            ("sources_at_once = 65", "`sources_at_once` is 65: expected 1 to 64"),
        ] {
            let error = parse(Path::new("w.toml"), text).err().expect("out of bounds").to_string();
            assert!(error.contains("w.toml") && error.contains(key), "{error}");
        }
    }

    #[test]
    fn no_value_however_extreme_is_taken_or_ends_the_program() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("w.toml");
        let keys =
            ["port", "tick_seconds", "sources_at_once", "bind", "publisher", "proxies", "hosts", "home", "push_token"];
        let long = format!("{:?}", "9".repeat(100_000));
        let extremes =
            ["-1", "18446744073709551616", "9223372036854775807", "nan", "inf", "1e308", "9999-12-31", "{}", "[[]]"];
        for key in keys {
            for value in extremes.into_iter().chain([long.as_str(), "[\"\\u0000\"]"]) {
                fs::write(&file, format!("{key} = {value}\n")).expect("written");
                let error = Settings::load(Some(&file), Overrides::default()).expect_err(key);
                assert!(!error.zh().is_empty(), "{key} = {value:.40}");
            }
        }
        for (key, value) in [("days", "-1"), ("days", "4294967296"), ("every", "0"), ("keep", "9223372036854775807")] {
            fs::write(&file, format!("[[rerun]]\nname = \"a\"\nwhen = \"0 0 * * *\"\n{key} = {value}\n"))
                .expect("written");
            assert!(Settings::load(Some(&file), Overrides::default()).is_err(), "{key} = {value}");
        }
    }

    #[test]
    fn no_more_of_a_settings_file_is_read_than_it_may_have() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("w.toml");
        fs::File::create(&file).and_then(|file| file.set_len(1 << 40)).expect("a sparse file");
        let error = Settings::load(Some(&file), Overrides::default()).expect_err("a terabyte is not read");
        assert!(matches!(error, ConfigError::Read { .. }), "{error}");
        fs::write(&file, format!("hosts = [{}]\n", "\"a\",".repeat(NAMES_MAX + 1))).expect("written");
        let error = Settings::load(Some(&file), Overrides::default()).expect_err("too many").to_string();
        assert!(error.contains("`hosts` is 201 entries: expected at most 200"), "{error}");
    }

    #[test]
    fn every_secret_may_come_from_a_file_and_none_is_shown() {
        let dir = tempfile::tempdir().expect("a folder");
        let secrets = [("push", "271828-the-push-token"), ("mail", "271828-mail"), ("client", "271828-client")];
        for (name, secret) in secrets {
            fs::write(dir.path().join(name), format!("{secret}\n")).expect("written");
        }
        fs::write(dir.path().join("key"), "ab".repeat(32)).expect("written");
        let file = dir.path().join("w.toml");
        let written = "push_token_file = \"credential:push\"\nsecrets_key_file = \"credential:key\"\n\
            [mail]\nserver = \"m\"\nfrom = \"a@b\"\nuser = \"u\"\npassword_file = \"credential:mail\"\n\
            [signin]\nissuer = \"https://id.example\"\nclient_id = \"w\"\nclient_secret_file = \"credential:client\"\n";
        fs::write(&file, written).expect("written");
        let load = || Settings::load_with(Some(&file), Overrides::default(), Some(dir.path()));
        let settings = load().expect("good");
        assert_eq!(settings.push_token.as_deref(), Some(secrets[0].1));
        assert_eq!(settings.mail.as_ref().and_then(|mail| mail.account.clone()).expect("an account").1, secrets[1].1);
        assert_eq!(settings.sign_in.as_ref().and_then(|by| by.client_secret.clone()).as_deref(), Some(secrets[2].1));
        assert_eq!(settings.secrets_key.as_ref().map(|key| key.keys.clone()), Some(vec![[0xAB; 32]]));
        assert!(
            !format!("{settings:?}").contains("271828") && !format!("{settings:?}").contains("171"),
            "{settings:?}"
        );
        fs::write(dir.path().join("push"), "short").expect("written");
        let refused = load().expect_err("too short").to_string();
        assert!(refused.contains("`push_token` is not shown here") && !refused.contains("short"), "{refused}");
    }

    #[test]
    fn planned_reruns_are_checked_and_have_defaults() {
        let dir = tempfile::tempdir().expect("a folder");
        let load = |text: &str| {
            let file = dir.path().join("w.toml");
            fs::write(&file, text).expect("written");
            Settings::load(Some(&file), Overrides::default())
        };
        let good = "[[rerun]]\nname = \"nightly\"\nwhen = \"30 2 * * *\"\ndays = 30\n";
        let plans = load(good).expect("good").reruns;
        assert_eq!(
            (plans[0].name.as_str(), plans[0].days, plans[0].every_days, plans[0].keep),
            ("nightly", Some(30), 1, 8)
        );
        for (bad, told) in [
            (good.replace("nightly", "../x"), "`rerun.name`"),
            (good.repeat(2), "no other [[rerun]]"),
            (good.replace("30 2 * * *", "sometimes"), "`rerun.when`"),
            (good.replace("days = 30", "days = 0"), "`rerun.days` is 0"),
            (good.replace("days = 30", "keep = 0"), "`rerun.keep` is 0"),
            (good.replace("days = 30", "weeks = 1"), "unknown field `weeks`"),
        ] {
            let error = load(&bad).expect_err("refused").to_string();
            assert!(error.contains(told), "{error}");
        }
    }

    #[test]
    fn flags_win_over_the_file() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("w.toml");
        fs::write(&file, "port = 1234\ndata = \"there\"\n").expect("written");
        let flags = Overrides { port: Some(4321), ..Overrides::default() };
        let settings = Settings::load(Some(&file), flags).expect("good");
        assert_eq!((settings.port, settings.data.as_path()), (4321, Path::new("there")));
    }
}
