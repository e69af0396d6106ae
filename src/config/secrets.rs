//! Secrets that settings give by files, and the file of keys that secrets are sealed with.
//!
//! A file is named by its path, or as `credential:NAME`: then it is one that systemd hands over (`LoadCredential=`), a file of that name below
//! `$CREDENTIALS_DIRECTORY`.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{ConfigError, KEYS_MAX, SECRET_FILE_BYTES_MAX, unfit};
use vocabulary::{Refused, refused};

/// How a file is named that systemd hands over.
const CREDENTIAL: &str = "credential:";
/// The credential that holds the keys for secrets where the settings name no file.
const KEY_CREDENTIAL: &str = "secrets.key";
/// Bytes of a key, written as twice as many hexadecimal digits.
const KEY_BYTES: usize = 32;

/// The keys that secrets in the store are sealed with.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretsKey {
    /// The file that they were read from.
    pub file: PathBuf,
    /// The keys: the first seals, all open. At least one.
    pub keys: Vec<[u8; KEY_BYTES]>,
}

impl fmt::Debug for SecretsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} keys of {}", self.keys.len(), self.file.display())
    }
}

/// Where the files lie that systemd hands over to this process.
pub(super) fn credentials() -> Option<PathBuf> {
    std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from)
}

/// The file that is meant.
fn located(named: &Path, credentials: Option<&Path>) -> Result<PathBuf, Refused> {
    let Some(name) = named.to_str().and_then(|text| text.strip_prefix(CREDENTIAL)) else {
        return Ok(named.to_owned());
    };
    if name.is_empty() || name.starts_with('.') || name.contains('/') {
        return Err(refused!("{}（不是凭据的名称）", "{} (no name of a credential)", named.display()));
    }
    match credentials {
        Some(folder) => Ok(folder.join(name)),
        None => Err(refused!(
            "{}（没有凭据目录 $CREDENTIALS_DIRECTORY：只有 systemd 按 LoadCredential= 启动的服务才有）",
            "{} (there is no $CREDENTIALS_DIRECTORY: systemd makes it for a unit with LoadCredential=)",
            named.display()
        )),
    }
}

/// The text of a small file.
fn text_of(file: &Path) -> Result<String, Refused> {
    let name = file.display();
    let unreadable = |error: std::io::Error| refused!("{name}（“{error}”）", "{name} ({error})");
    let opened = File::open(file).map_err(unreadable)?;
    warn_if_open(&opened, file);
    let mut text = String::new();
    opened.take(SECRET_FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > SECRET_FILE_BYTES_MAX {
        return Err(refused!(
            "{name}（超过 {SECRET_FILE_BYTES_MAX} 字节）",
            "{name} (of more than {SECRET_FILE_BYTES_MAX} bytes)"
        ));
    }
    Ok(text)
}

/// Who else can read the file has what is in it.
fn warn_if_open(file: &File, path: &Path) {
    #[cfg(unix)]
    if let Ok(found) = file.metadata() {
        let mode = std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o777;
        if mode & 0o007 != 0 {
            tracing::warn!("{} has mode {mode:o}: everybody can read it; `chmod 600` it", path.display());
        }
    }
    #[cfg(not(unix))]
    let _ = (file, path);
}

/// A secret that the settings give as text, or as the file that holds it. `keys`: the key of each, for errors.
pub(super) fn secret(
    path: &Path,
    keys: (&'static str, &'static str),
    written: Option<String>,
    file: Option<&Path>,
    credentials: Option<&Path>,
) -> Result<Option<String>, ConfigError> {
    let Some(file) = file else { return Ok(written) };
    if written.is_some() {
        let expected = refused!("`{}` 和它只能写一个", "expected it or `{}`, not both", keys.0);
        return unfit(path, keys.1, Refused::quoted(file.display()), expected);
    }
    let expected = || {
        refused!(
            "应为只含这一个密文的文件（一行）：路径，或 credential:名称",
            "expected a file of one line with the secret: a path, or credential:NAME"
        )
    };
    match located(file, credentials).and_then(|file| text_of(&file)) {
        Err(found) => unfit(path, keys.1, found, expected()),
        Ok(text) => {
            let secret = text.trim_end_matches(['\r', '\n']);
            if secret.is_empty() || secret.contains(['\r', '\n']) {
                let found = refused!("{}（内容不在此显示）", "{} (not shown here)", file.display());
                return unfit(path, keys.1, found, expected());
            }
            Ok(Some(secret.to_owned()))
        }
    }
}

/// The keys for secrets: of the file that is named, else of the credential `secrets.key` where systemd hands one over, else none.
///
/// # Errors
/// [`ConfigError::Value`] for a file that cannot be read, holds something else, or lies in the data folder, where a copy of the folder
/// would take it along.
pub(super) fn secrets_key(
    path: &Path,
    named: Option<&Path>,
    data: &Path,
    credentials: Option<&Path>,
) -> Result<Option<SecretsKey>, ConfigError> {
    const KEY: &str = "secrets_key_file";
    let file = match named {
        Some(named) => match located(named, credentials) {
            Ok(file) => file,
            Err(found) => return unfit(path, KEY, found, form()),
        },
        None => match credentials.map(|folder| folder.join(KEY_CREDENTIAL)).filter(|file| file.is_file()) {
            Some(file) => file,
            None => return Ok(None),
        },
    };
    if lies_below(&file, data) {
        let found = Refused::quoted(file.display());
        let expected = refused!(
            "应在数据目录 {} 之外：备份和副本不应带走密钥",
            "expected a file outside the data folder {}: a backup or a copy must not take the key along",
            data.display()
        );
        return unfit(path, KEY, found, expected);
    }
    match text_of(&file).and_then(|text| keys_of(&file, &text)) {
        Ok(keys) => Ok(Some(SecretsKey { file, keys })),
        Err(found) => unfit(path, KEY, found, form()),
    }
}

fn form() -> Refused {
    refused!(
        "应为密钥文件：每行一把密钥（64 个十六进制数字），第一把用来加密；用 `wanglou secrets new FILE` 生成",
        "expected a file with a key a line (64 hexadecimal digits), the first of which seals; `wanglou secrets new FILE` makes one"
    )
}

/// Whether a file lies in a folder, links followed where they can be.
fn lies_below(file: &Path, folder: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path));
    match (real(file), real(folder)) {
        (Ok(file), Ok(folder)) => file.starts_with(folder),
        _ => file.starts_with(folder),
    }
}

/// The keys in the text of a key file. No key is in the error.
fn keys_of(file: &Path, text: &str) -> Result<Vec<[u8; KEY_BYTES]>, Refused> {
    let name = file.display();
    let mut keys = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let digits = line.as_bytes();
        let mut key = [0; KEY_BYTES];
        let mut whole = digits.len() == KEY_BYTES * 2;
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            let pair =
                std::str::from_utf8(pair).ok().filter(|pair| pair.bytes().all(|digit| digit.is_ascii_hexdigit()));
            match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
                Some(read) => *byte = read,
                None => whole = false,
            }
        }
        if !whole {
            let line = number + 1;
            return Err(refused!("{name}（第 {line} 行不是密钥）", "{name} (line {line} is no key)"));
        }
        keys.push(key);
    }
    match keys.len() {
        0 => Err(refused!("{name}（其中没有密钥）", "{name} (no key in it)")),
        1..=KEYS_MAX => Ok(keys),
        more => Err(refused!("{name}（{more} 把密钥，最多 {KEYS_MAX}）", "{name} ({more} keys, at most {KEYS_MAX})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn given(file: Option<&str>, text: Option<&str>, credentials: Option<&Path>) -> Result<Option<String>, String> {
        let file = file.map(Path::new);
        secret(Path::new("w.toml"), ("push_token", "push_token_file"), text.map(str::to_owned), file, credentials)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_secret_is_read_from_a_file_or_a_credential_and_never_shown() {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join("token"), "geheim-271828\r\n").expect("written");
        let path = dir.path().join("token").display().to_string();
        assert_eq!(given(Some(&path), None, None), Ok(Some("geheim-271828".to_owned())));
        assert_eq!(given(Some("credential:token"), None, Some(dir.path())), Ok(Some("geheim-271828".to_owned())));
        assert_eq!(given(None, Some("inline"), None), Ok(Some("inline".to_owned())));
        for (file, text, told) in [
            (path.as_str(), Some("both"), "not both"),
            ("credential:token", None, "CREDENTIALS_DIRECTORY"),
            ("credential:../token", None, "no name of a credential"),
            ("there/is/none", None, "there/is/none"),
        ] {
            let refused = given(Some(file), text, None).expect_err(file);
            assert!(refused.contains("push_token_file") && refused.contains(told), "{refused}");
            assert!(!refused.contains("271828"), "{refused}");
        }
        for (name, held) in [("empty", String::new()), ("lines", "a\nb".to_owned()), ("long", "x".repeat(5_000))] {
            fs::write(dir.path().join(name), held).expect("written");
            assert!(given(Some(&format!("credential:{name}")), None, Some(dir.path())).is_err(), "{name}");
        }
    }

    #[test]
    fn keys_are_read_in_their_order_from_outside_the_data_folder_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let data = dir.path().join("data");
        fs::create_dir(&data).expect("made");
        let (one, two) = ("01".repeat(KEY_BYTES), "Fe".repeat(KEY_BYTES));
        let file = dir.path().join("secrets.key");
        fs::write(&file, format!("# newest first\n{two}\n\n {one} \n")).expect("written");
        let read = |file: Option<&Path>, credentials: Option<&Path>| {
            secrets_key(Path::new("w.toml"), file, &data, credentials).map_err(|error| error.to_string())
        };
        let key = read(Some(&file), None).expect("read").expect("named");
        assert_eq!(key.keys, [[0xFE; KEY_BYTES], [1; KEY_BYTES]]);
        assert!(!format!("{key:?}").contains("254") && format!("{key:?}").contains("2 keys"), "{key:?}");
        assert_eq!(read(None, None), Ok(None));
        assert_eq!(read(None, Some(dir.path())).expect("read").expect("handed over").keys.len(), 2);
        fs::copy(&file, data.join("k")).expect("copied");
        let refused = read(Some(&data.join("k")), None).expect_err("beside what it seals");
        assert!(refused.contains("outside the data folder"), "{refused}");
        for bad in
            [String::new(), "# none\n".to_owned(), one[1..].to_owned(), format!("{one}0"), one.replace("01", "0g")]
        {
            fs::write(&file, &bad).expect("written");
            let refused = read(Some(&file), None).expect_err("no key");
            assert!(refused.contains("wanglou secrets new") && !refused.contains(&one), "{refused}");
        }
    }
}
