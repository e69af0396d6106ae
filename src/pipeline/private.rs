//! A data folder belongs to whom the program runs as: it holds pages as they were sent, digests of passwords, addresses of receivers.
//!
//! The folder is 0700, so nobody else gets below it; files and folders in it lose what others could do, too, in case one is moved out.

use std::fs;
use std::io;
use std::path::Path;

use super::error::PipelineError;

/// Makes a data folder that only its owner can open; one that exists is closed to others.
///
/// # Errors
/// [`PipelineError::Io`] when it cannot be made, or belongs to somebody else.
pub(super) fn private_folder(data: &Path) -> Result<(), PipelineError> {
    let io = |what| move |source| PipelineError::Io { what, path: data.to_owned(), source };
    fs::create_dir_all(data).map_err(io("make the data folder"))?;
    close(data).map_err(io("close to others the data folder"))
}

/// Takes from others what they could do with anything in a folder. What vanishes meanwhile is no error.
pub(super) fn close_all_below(data: &Path) -> Result<(), PipelineError> {
    let mut waiting = vec![data.to_owned()];
    while let Some(dir) = waiting.pop() {
        let io = |source| PipelineError::Io { what: "close to others", path: dir.clone(), source };
        for entry in fs::read_dir(&dir).map_err(io)? {
            let entry = entry.map_err(io)?;
            let kind = entry.file_type().map_err(io)?;
            if kind.is_symlink() {
                continue;
            }
            match close(&entry.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
                _ => {}
            }
            if kind.is_dir() {
                waiting.push(entry.path());
            }
        }
    }
    Ok(())
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
        for file in [data.join("wanglou.sqlite"), data.join("warc/w.warc.gz"), outside.clone()] {
            fs::write(&file, "x").expect("written");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("set");
        }
        std::os::unix::fs::symlink(&outside, data.join("link")).expect("linked");
        private_folder(&data).expect("closed");
        close_all_below(&data).expect("closed");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&data), 0o700);
        assert_eq!((mode(&data.join("warc")), mode(&data.join("wanglou.sqlite"))), (0o700, 0o600));
        assert_eq!((mode(&data.join("warc/w.warc.gz")), mode(&outside)), (0o600, 0o644));
        private_folder(&dir.path().join("new")).expect("made");
        assert_eq!(mode(&dir.path().join("new")), 0o700);
    }
}
