//! ZIP archives of a few files in memory.

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A ZIP archive of files, as `(name, bytes)`, in the order given. The same files give the same bytes: no clock is asked.
///
/// # Errors
/// When an archive of them would be longer than the format allows.
pub fn zip_files(files: &[(&str, &[u8])]) -> std::io::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(*name, SimpleFileOptions::default())?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn what_was_packed_comes_out_again_and_the_same_files_give_the_same_bytes() {
        let files: [(&str, &[u8]); 2] = [("结果.csv", "甲,乙\n".as_bytes()), ("manifest.json", b"{}")];
        let packed = zip_files(&files).expect("packed");
        assert_eq!(packed, zip_files(&files).expect("packed"));
        let mut opened = zip::ZipArchive::new(Cursor::new(packed)).expect("an archive");
        for (name, bytes) in files {
            let mut found = Vec::new();
            opened.by_name(name).expect("there").read_to_end(&mut found).expect("whole");
            assert_eq!(found, bytes);
        }
    }
}
