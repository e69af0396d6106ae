//! Archives of files, as notices bring them: each member a paper of its own.

use std::io::{Cursor, Read};

use encoding_rs::GB18030;

use super::bounds::{MEMBER_BYTES_MAX, MEMBERS_MAX};
use super::{Kind, Papers, Unread, paper};

pub(crate) fn read(bytes: &[u8]) -> Result<Papers, Unread> {
    let broken = |problem: &dyn std::error::Error| Unread::Broken(problem.to_string());
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|problem| broken(&problem))?;
    let mut papers = Papers::default();
    for number in 0..archive.len() {
        let name = archive.by_index_raw(number).map_or_else(|_| format!("#{number}"), |part| named(part.name_raw()));
        if name.ends_with('/') || name.starts_with("__MACOSX/") {
            continue;
        }
        if papers.papers.len() + papers.left_out.len() >= MEMBERS_MAX {
            papers.left_out.push((name, Unread::TooMuch(format!("{MEMBERS_MAX} files of one archive"))));
            break;
        }
        match member(&mut archive, number).and_then(|bytes| paper(Kind::of(&bytes), &bytes, &name)) {
            Ok(paper) => papers.papers.push(paper),
            Err(unread) => papers.left_out.push((name, unread)),
        }
    }
    Ok(papers)
}

fn member(archive: &mut zip::ZipArchive<Cursor<&[u8]>>, number: usize) -> Result<Vec<u8>, Unread> {
    let part = match archive.by_index(number) {
        Ok(part) => part,
        Err(zip::result::ZipError::UnsupportedArchive(what)) if what.contains("assword") => return Err(Unread::Locked),
        Err(problem) => return Err(Unread::Broken(problem.to_string())),
    };
    let mut bytes = Vec::new();
    part.take(MEMBER_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|problem| Unread::Broken(problem.to_string()))?;
    if bytes.len() as u64 > MEMBER_BYTES_MAX {
        return Err(Unread::TooMuch(format!("{MEMBER_BYTES_MAX} bytes for a member")));
    }
    Ok(bytes)
}

/// The name of a member: UTF-8, or what programs for Chinese Windows write without saying so.
fn named(raw: &[u8]) -> String {
    std::str::from_utf8(raw).map_or_else(|_| GB18030.decode(raw).0.into_owned(), str::to_owned)
}
