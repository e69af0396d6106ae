//! Laws of the archive: what was written is read back; a torn end costs one record; nothing panics.
#![expect(clippy::disallowed_methods, reason = "tests make and damage files")]

use std::io::{Cursor, Write};
use std::path::Path;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use shared_data::shared;

fn exchange<'a>(url: &'a str, body: &'a [u8]) -> Exchange<'a> {
    Exchange {
        url,
        at: Timestamp::from_second(1_720_000_000).unwrap(),
        ip: "93.184.216.34".parse().ok(),
        request: b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        response_head: b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n",
        body,
        truncated: None,
    }
}

fn records(path: &Path) -> (Vec<Record>, Vec<ReadProblem>) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for record in WarcReader::open(path).unwrap() {
        match record {
            Ok(record) => good.push(record),
            Err(problem) => bad.push(problem),
        }
    }
    (good, bad)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_was_written_is_read_back(bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3000), 1..8), small in any::<bool>()) {
        let dir = tempfile::tempdir().unwrap();
        let options = WarcOptions { file_bytes_max: if small { 1 } else { 1 << 30 }, ..WarcOptions::default() };
        let mut writer = WarcWriter::open(dir.path(), options).unwrap();
        for body in &bodies {
            let raw = writer.append(&exchange("http://example.org/a b", body)).unwrap();
            let record = read_at(&dir.path().join(&raw.file), raw.offset).unwrap();
            prop_assert_eq!(&record.http().unwrap().body, body);
            prop_assert_eq!(record.target(), Some("http://example.org/a%20b"));
            prop_assert_eq!(record.payload_is_intact(), Some(true));
        }
        let mut paths: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        prop_assert_eq!(paths.len(), if small { bodies.len() } else { 1 });
        let read: Vec<Vec<u8>> = paths.iter().flat_map(|path| {
            let (good, bad) = records(path);
            assert!(bad.is_empty() && good[0].kind() == "warcinfo");
            good.into_iter().filter(|record| record.kind() == "response").map(|record| record.http().unwrap().body)
        }).collect();
        prop_assert_eq!(read, bodies);
    }

    #[test]
    fn damaged_bytes_never_panic(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20), cut in any::<prop::sample::Index>()) {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = WarcWriter::open(dir.path(), WarcOptions::default()).unwrap();
        let raw = (0..5).map(|_| writer.append(&exchange("http://x/", &[7; 400])).unwrap()).last().unwrap();
        let mut bytes = std::fs::read(dir.path().join(&raw.file)).unwrap();
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(cut.index(bytes.len()));
        prop_assert!(WarcReader::new(Cursor::new(bytes)).count() < 2000);
    }
}

#[test]
fn a_member_that_begins_on_the_last_byte_of_a_buffer_is_found() {
    const BUFFER: usize = read::BUFFER_BYTES;
    const COMMENT: usize = 40_000;
    let record = |comment: usize| {
        let text = b"WARC/1.1\r\nWARC-Type: metadata\r\nContent-Length: 2\r\n\r\nhi\r\n\r\n";
        let mut member =
            flate2::GzBuilder::new().comment(vec![b'x'; comment]).write(Vec::new(), flate2::Compression::fast());
        member.write_all(text).unwrap();
        member.finish().unwrap()
    };
    // A header of gzip holds no more than 64 kB: three members fill the buffer but one byte.
    let empty = record(1).len() - 1;
    let mut bytes = [record(COMMENT), record(COMMENT), record(BUFFER - 1 - 3 * empty - 2 * COMMENT)].concat();
    assert_eq!(bytes.len(), BUFFER - 1, "the next member begins on the last byte");
    bytes.extend(record(1));
    let read: Vec<_> = WarcReader::new(Cursor::new(bytes)).collect();
    assert!(read.len() == 4 && read.iter().all(Result::is_ok), "{read:?}");
}

#[test]
fn a_torn_end_is_cut_and_writing_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = WarcWriter::open(dir.path(), WarcOptions::default()).unwrap();
    let first = writer.append(&exchange("http://x/1", b"one")).unwrap();
    let second = writer.append(&exchange("http://x/2", b"two")).unwrap();
    drop(writer);
    let path = dir.path().join(&first.file);
    let bytes = std::fs::read(&path).unwrap();
    for torn in [bytes.len() - 1, bytes.len() - 9, usize::try_from(second.offset).unwrap() + 5] {
        std::fs::write(&path, &bytes[..torn]).unwrap();
        let mut writer = WarcWriter::open(dir.path(), WarcOptions::default()).unwrap();
        let repair = writer.repair().unwrap();
        assert_eq!(repair.kept_bytes, second.offset);
        assert_eq!(repair.cut_bytes, torn as u64 - second.offset);
        writer.append(&exchange("http://x/3", b"three")).unwrap();
        drop(writer);
        let (good, bad) = records(&path);
        assert!(bad.is_empty(), "{bad:?}");
        assert_eq!(good.last().unwrap().http().unwrap().body, b"three");
    }
}

#[test]
fn records_behind_a_damaged_one_are_not_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = WarcWriter::open(dir.path(), WarcOptions::default()).unwrap();
    writer.append(&exchange("http://x/1", b"one")).unwrap();
    let second = writer.append(&exchange("http://x/2", b"two")).unwrap();
    let third = writer.append(&exchange("http://x/3", b"three")).unwrap();
    drop(writer);
    let path = dir.path().join(&second.file);
    let mut bytes = std::fs::read(&path).unwrap();
    // The offset leads to the response, behind the request: both are of the second exchange.
    let second_at = second.offset;
    bytes[usize::try_from(second.offset).unwrap() + 20] ^= 0xff;
    std::fs::write(&path, &bytes).unwrap();

    let mut writer = WarcWriter::open(dir.path(), WarcOptions::default()).unwrap();
    assert_eq!((writer.damaged(), writer.repair()), (Some((second.file.as_str(), second_at)), None));
    let fourth = writer.append(&exchange("http://x/4", b"four")).unwrap();
    assert_ne!(fourth.file, third.file);
    for (raw, body) in [(third, &b"three"[..]), (fourth, b"four")] {
        let record = read_at(&dir.path().join(&raw.file), raw.offset).unwrap();
        assert_eq!(record.http().unwrap().body, body);
    }
}

#[test]
fn records_behind_a_damaged_one_are_cut_off_where_nobody_points_to_them() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = WarcWriter::open(dir.path(), WarcOptions::default()).unwrap();
    let first = writer.append(&exchange("http://x/1", b"one")).unwrap();
    let second = writer.append(&exchange("http://x/2", b"two")).unwrap();
    writer.append(&exchange("http://x/3", b"three")).unwrap();
    drop(writer);
    let path = dir.path().join(&first.file);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[usize::try_from(second.offset).unwrap() + 20] ^= 0xff;
    std::fs::write(&path, &bytes).unwrap();
    let mut writer = WarcWriter::open(dir.path(), WarcOptions::default()).unwrap();
    writer.cut_damaged().unwrap();
    assert_eq!((writer.damaged(), writer.repair().unwrap().kept_bytes), (None, second.offset));
    assert_eq!(writer.append(&exchange("http://x/4", b"four")).unwrap().file, first.file);
    drop(writer);
    let (good, bad) = records(&path);
    assert!(bad.is_empty(), "{bad:?}");
    assert_eq!(good.last().unwrap().http().unwrap().body, b"four");
}

#[test]
fn a_second_writer_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = WarcWriter::open(dir.path(), WarcOptions::default()).unwrap();
    writer.append(&exchange("http://x/1", b"one")).unwrap();
    assert!(matches!(WarcWriter::open(dir.path(), WarcOptions::default()), Err(WarcError::Held { .. })));
}

#[test]
fn a_damaged_member_is_skipped_and_the_next_found() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = WarcWriter::open(dir.path(), WarcOptions::default()).unwrap();
    let raws: Vec<_> = (0..4).map(|n| writer.append(&exchange(&format!("http://x/{n}"), &[7; 400])).unwrap()).collect();
    drop(writer);
    let path = dir.path().join(&raws[0].file);
    let mut bytes = std::fs::read(&path).unwrap();
    let at = usize::try_from(raws[1].offset).unwrap();
    bytes[at + 12..at + 60].fill(0xff);
    std::fs::File::create(&path).unwrap().write_all(&bytes).unwrap();
    let (good, bad) = records(&path);
    assert_eq!((good.len(), bad.len()), (8, 1), "{bad:?}");
    assert_eq!(bad[0].offset, raws[1].offset);
    assert_eq!(good.last().unwrap().target(), Some("http://x/3"));
}

#[test]
fn real_archives_are_read_or_their_damage_is_named() {
    let Some(root) = shared("data/warc_samples") else { return };
    let read = |name: &str| records(&root.join(name));
    let mut names: Vec<_> = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    for name in names {
        let (good, bad) = records(&root.join(&name));
        println!(
            "{}: {} records, {} intact, {bad:?}",
            name.display(),
            good.len(),
            good.iter().filter(|r| r.payload_is_intact() == Some(true)).count()
        );
    }
    for name in ["example.warc", "example.warc.gz"] {
        let (good, bad) = read(name);
        assert!(good.len() >= 4 && bad.is_empty(), "{name}: {bad:?}");
        assert!(
            good.iter()
                .filter(|record| record.kind() == "response")
                .all(|record| record.payload_is_intact() == Some(true))
        );
    }
    assert!(read("example-bad-non-chunked.warc.gz").0.len() >= 4, "several records in one gzip member");
    let (good, bad) = read("example-trunc.warc");
    assert!(!good.is_empty() && bad.len() == 1, "{bad:?}");
    let (good, _) = read("example-iana.org-chunked.warc");
    let chunked = good.iter().find_map(Record::http).unwrap();
    assert!(chunked.problems.is_empty() && chunked.decoded(1 << 20).is_ok());
    for name in ["example.arc", "example.arc.gz"] {
        let (good, bad) = read(name);
        assert!(good.len() == 2 && bad.is_empty(), "{name}: {bad:?}");
        assert_eq!(good[1].http().map(|answer| (answer.status, answer.body.len())), Some((Some(200), 1270)), "{name}");
    }
    let (good, bad) = read("example-space-in-url.arc");
    assert!(good.len() == 1 && bad[0].detail.contains("block of 1591 bytes ends after 1579"), "{bad:?}");
    let (_, bad) = read("bad.arc");
    assert!(bad.len() == 3 && bad[0].detail.contains("states the length `-1`"), "{bad:?}");
}

/// Heads of gzip members, each with a stored block that reaches over thousands of further ones.
fn nested_heads(bytes: usize) -> Vec<u8> {
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 0, 0xff, 0xff, 0, 0];
    head.iter().copied().cycle().take(bytes).collect()
}

#[test]
fn heads_of_members_within_one_another_are_given_up_after_a_bound_of_bytes_read_again() {
    for bytes in [250_000, 4_000_000] {
        let mut reader = WarcReader::new(Cursor::new(nested_heads(bytes)));
        let problems: Vec<ReadProblem> = reader.by_ref().filter_map(Result::err).collect();
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(told.last().is_some_and(|last| last.contains("bytes were read again")), "{told:?}");
        assert_eq!(told.len(), 2, "the first damage and the end: {told:?}");
        let cost = reader.read_again();
        assert!(cost <= crate::bounds::REREAD_BYTES_MAX + 4 * bytes as u64 + 100_000, "{bytes}: {cost} bytes");
    }
}

#[test]
fn a_damaged_member_of_any_size_costs_itself_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = WarcWriter::open(dir.path(), WarcOptions::default()).unwrap();
    // What does not pack, longer than the bytes that may be read again.
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    let large: Vec<u8> = (0..40 << 20).map(|_| noise()).collect();
    let raw = writer.append(&exchange("http://example.org/large", &large)).unwrap();
    for number in 0..20 {
        writer.append(&exchange(&format!("http://example.org/{number}"), b"small")).unwrap();
    }
    writer.sync().unwrap();
    let path = dir.path().join(&raw.file);
    let mut bytes = std::fs::read(&path).unwrap();
    let late = usize::try_from(raw.offset).unwrap() + (39 << 20);
    bytes[late..late + 40].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    let (good, bad) = records(&path);
    let small = good.iter().filter(|record| record.kind() == "response" && record.block.ends_with(b"small")).count();
    assert_eq!(small, 20, "{bad:?}");
    assert!(!bad.is_empty());
}
