//! A data folder belongs to whom the program runs as: it holds pages as they were sent, digests of passwords, addresses of receivers.
//!
//! The folder is 0700, so nobody else gets below it; what the program keeps in it loses what others could do, too, in case it is moved out.

use std::fs;
use std::io;
use std::path::Path;

use archive::files::make_folder;

use super::error::PipelineError;

/// What the program keeps in a data folder.
const OWN: &[&str] = &[
    "wanglou.sqlite",
    "wanglou.sqlite-wal",
    "wanglou.sqlite-shm",
    "warc",
    "signals",
    "index",
    "rules",
    "rejects",
    "reruns",
    "masking.key",
    "lock",
];

/// Makes a data folder that only its owner can open; one that exists is closed to others.
///
/// # Errors
/// [`PipelineError::Io`] when it cannot be made.
pub(super) fn private_folder(data: &Path) -> Result<(), PipelineError> {
    let io = |what| move |source| PipelineError::Io { what, path: data.to_owned(), source };
    make_folder(data).map_err(io("make the data folder"))?;
    match close(data) {
        // A mount of somebody else, or a disk without modes: who made it so knows who can read it.
        Err(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported) => {
            tracing::warn!(path = %data.display(), "the data folder cannot be closed to others: {error}");
            Ok(())
        }
        closed => closed.map_err(io("close to others the data folder")),
    }
}

/// Takes from others what they could do with what the program keeps in a data folder. Files of somebody else, or on a disk without modes, stay
/// as they are, with a warning: the folder around them is closed.
pub(super) fn close_all_below(data: &Path) {
    let mut waiting: Vec<_> = OWN.iter().map(|name| data.join(name)).collect();
    while let Some(path) = waiting.pop() {
        let Ok(kind) = fs::symlink_metadata(&path).map(|metadata| metadata.file_type()) else { continue };
        if kind.is_symlink() {
            continue;
        }
        if let Err(error) = close(&path) {
            tracing::warn!(path = %path.display(), "others may be able to read this: {error}");
        }
        if kind.is_dir()
            && let Ok(entries) = fs::read_dir(&path)
        {
            waiting.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
        }
    }
}

/// Takes from group and others all that they could do with a file or folder.
#[cfg(unix)]
fn close(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mut permissions = fs::symlink_metadata(path)?.permissions();
    let closed = permissions.mode() & !0o077;
    if closed != permissions.mode() {
        permissions.set_mode(closed);
        fs::set_permissions(path, permissions)?;
    }
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "systems without modes have nothing to close")]
fn close(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
#[expect(clippy::disallowed_methods, reason = "tests write files")]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_data_folder_and_all_below_it_are_closed_to_others_and_links_are_left_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let (data, outside) = (dir.path().join("data"), dir.path().join("outside"));
        fs::create_dir_all(data.join("warc")).expect("made");
        for file in [data.join("wanglou.sqlite"), data.join("warc/w.warc.gz"), data.join("notes.txt"), outside.clone()]
        {
            fs::write(&file, "x").expect("written");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("set");
        }
        std::os::unix::fs::symlink(&outside, data.join("warc/link")).expect("linked");
        private_folder(&data).expect("closed");
        close_all_below(&data);
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&data), 0o700);
        assert_eq!((mode(&data.join("warc")), mode(&data.join("wanglou.sqlite"))), (0o700, 0o600));
        assert_eq!((mode(&data.join("warc/w.warc.gz")), mode(&outside)), (0o600, 0o644));
        assert_eq!(mode(&data.join("notes.txt")), 0o644, "what is not ours stays as it is");
        private_folder(&dir.path().join("new")).expect("made");
        assert_eq!(mode(&dir.path().join("new")), 0o700);
    }
}
