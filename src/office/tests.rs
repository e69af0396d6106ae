//! Files that lie about themselves. What files say is tested where it is used, in `collect`.
#![expect(clippy::disallowed_methods, reason = "tests read fixtures")]

use std::io::{Cursor, Write};
use std::path::Path;

use proptest::prelude::*;
use zip::write::SimpleFileOptions;

use super::*;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/attachments").join(name)).unwrap()
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// One file of each kind that is read.
const KINDS: [&str; 6] = ["01.xls", "05.xlsx", "09.doc", "14.docx", "17.pdf", "zip.zip"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn damaged_files_are_read_or_refused(
        kind in prop::sample::select(&KINDS[..]),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = fixture(kind);
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        // As in the process that reads files: a library that gives up is told as such.
        let read = std::panic::catch_unwind(|| read(&bytes, kind));
        let cells = |papers: Papers| papers.papers.iter().flat_map(|paper| paper.blocks.clone()).count();
        prop_assert!(read.map_or(0, |read| read.map_or(0, cells)) < 1_000);
    }
}

#[test]
fn endings_lie_and_first_bytes_do_not() {
    for (name, kind) in [
        ("01.xls", Kind::OldWorkbook),
        ("05.xlsx", Kind::Workbook),
        ("09.doc", Kind::OldWord),
        ("14.docx", Kind::Word),
        ("17.pdf", Kind::Pdf),
        ("zip.zip", Kind::Zip),
        ("page.xls", Kind::Page),
        ("table.csv", Kind::Text),
    ] {
        assert_eq!(Kind::of(&fixture(name)), kind, "{name}");
    }
    assert_eq!(Kind::of(b""), Kind::Unknown);
    assert_eq!(Kind::of(&[0, 1, 2, 3]), Kind::Unknown);
    assert_eq!(read(b"Rar!\x1a\x07\0", "a.rar"), Err(Unread::Format("RAR".to_owned())));
}

#[test]
fn an_archive_names_what_it_leaves_out() {
    let table = "序号,产品,项目\n1,甲,乙".as_bytes();
    let inner = zipped(&[("a.csv", table)]);
    let archive =
        zipped(&[("folder/a.csv", table), ("b.zip", &inner), ("c.bin", &[0; 20]), ("../../etc/d.csv", table)]);
    let papers = read(&archive, "all.zip").unwrap();
    let names: Vec<&str> = papers.papers.iter().map(|paper| paper.name.as_str()).collect();
    assert_eq!(names, ["a.csv", "d.csv"]);
    let left: Vec<String> = papers.left_out.iter().map(|(name, why)| format!("{name}: {why}")).collect();
    assert_eq!(
        left,
        [
            "b.zip: ZIP within ZIP files are not read here; open it by hand",
            "c.bin: its first bytes are of no format that is read here; open it by hand"
        ]
    );
}

#[test]
fn members_beyond_the_bounds_are_named() {
    let member_bytes = usize::try_from(bounds::MEMBER_BYTES_MAX).unwrap() + 1;
    let papers = read(&zipped(&[("bomb.csv", &vec![b'0'; member_bytes])]), "all.zip").unwrap();
    assert!(
        matches!(&papers.left_out[..], [(name, Unread::TooMuch(_))] if name == "bomb.csv"),
        "{:?}",
        papers.left_out
    );
    let names: Vec<String> = (0..bounds::MEMBERS_MAX + 5).map(|at| format!("{at}.csv")).collect();
    let members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"a,b,c\n1,2,3"[..])).collect();
    let papers = read(&zipped(&members), "all.zip").unwrap();
    assert_eq!((papers.papers.len(), papers.left_out.len()), (bounds::MEMBERS_MAX, 1));
}
