//! What survives, what is replaced, what is refused.

#![expect(clippy::disallowed_methods, reason = "these tests break index files on purpose")]

use super::*;

#[test]
fn a_new_revision_replaces_the_old_one_even_within_a_batch() {
    let index = index_of(&[item("1", "起火"), item("2", "触电"), item("1", "冒烟")]);
    check(&index, "起火", &[]);
    check(&index, "冒烟", &["1"]);
    fill(&index, &[item("2", "异味")]);
    check(&index, "", &["1", "2"]);
    check(&index, "触电", &[]);
    let found = index.document(&DocumentId::from("2")).expect("readable").expect("there");
    assert_eq!(found, item("2", "异味").document);
    assert_eq!(index.document(&DocumentId::from("3")).expect("readable"), None);
}

#[test]
fn log_2_the_cursor_survives_and_uncommitted_work_does_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let (index, opened) = open(dir.path(), "lexicon-1");
    assert_eq!((opened, index.cursor().expect("a cursor")), (Opened::Created, Position(0)));
    fill(&index, &[item("1", "起火"), item("2", "触电")]);
    let mut writer = index.writer().expect("the only writer");
    let lost = item("3", "冒烟");
    put(&mut writer, &lost, Position(3)).expect("a good document");
    drop(writer);
    drop(index);

    let (index, opened) = open(dir.path(), "lexicon-1");
    assert_eq!((opened, index.cursor().expect("a cursor")), (Opened::Existing, Position(2)));
    check(&index, "", &["1", "2"]);
    fill(&index, &[lost]);
    assert_eq!(index.cursor().expect("a cursor"), Position(3));
    check(&index, "冒烟", &["3"]);
}

#[test]
fn log_2_a_killed_run_leaves_the_last_commit() {
    let dir = tempfile::tempdir().expect("a folder");
    let (index, _) = open(dir.path(), "lexicon-1");
    fill(&index, &[item("1", "起火")]);
    let mut writer = index.writer().expect("the only writer");
    for number in 2..500 {
        let lost = item(&number.to_string(), "冒烟");
        put(&mut writer, &lost, Position(number)).expect("a good document");
    }
    // What lies on the disk at this moment is what a killed run leaves. The writer's own threads are still at work:
    // a temporary file may vanish between listing and copying. No commit happens here, so nothing committed can.
    let after = tempfile::tempdir().expect("a folder");
    for file in std::fs::read_dir(dir.path()).expect("readable") {
        let file = file.expect("readable");
        match std::fs::copy(file.path(), after.path().join(file.file_name())) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            copied => assert!(copied.is_ok(), "{}: {copied:?}", file.path().display()),
        }
    }
    let (index, opened) = open(after.path(), "lexicon-1");
    assert_eq!((opened, index.cursor().expect("a cursor")), (Opened::Existing, Position(1)));
    check(&index, "", &["1"]);
    fill(&index, &[item("2", "冒烟")]);
    check(&index, "冒烟", &["2"]);
}

/// A power cut in a commit leaves the file of deletions without the commit; the same batch again wants the same name.
#[test]
fn log_2_what_a_broken_commit_left_stops_no_later_one() {
    let dir = tempfile::tempdir().expect("a folder");
    let items: Vec<Item> = (1..=40).map(|number| item(&number.to_string(), "起火")).collect();
    fill(&open(dir.path(), "lexicon-1").0, &items);
    let before = copied(dir.path());
    let old = files(dir.path());
    let again: Vec<Item> = (15..20).map(|number| item(&number.to_string(), "冒烟")).collect();
    let (index, _) = open(dir.path(), "lexicon-1");
    let mut writer = index.writer().expect("the only writer");
    for (position, item) in (41..).zip(&again) {
        put(&mut writer, item, Position(position)).expect("a good document");
    }
    writer.commit(Position(45)).expect("a commit");
    // Everything that the commit made but its lists, in the folder as it was before; merges may take a file away meanwhile.
    for name in files(dir.path()).into_iter().filter(|name| !old.contains(name)) {
        _ = std::fs::copy(dir.path().join(&name), before.path().join(&name));
    }
    drop((writer, index));
    std::fs::write(before.path().join(".tmpAbCdEf"), "half a list").expect("writable");
    let of_deletions = |name: &String| Path::new(name).extension().is_some_and(|ending| ending == "del");
    assert!(files(before.path()).iter().any(of_deletions), "what the broken commit leaves");
    let (index, opened) = open(before.path(), "lexicon-1");
    assert_eq!((opened, index.cursor().expect("a cursor")), (Opened::Existing, Position(40)));
    fill(&index, &again);
    check(&index, "冒烟", &["15", "16", "17", "18", "19"]);
    assert_eq!(ask(&index, "起火").total, 35);
    assert!(!files(before.path()).contains(&".tmpAbCdEf".to_owned()));
}

#[test]
fn an_empty_index_answers() {
    let index = index_of(&[]);
    for query in ["", "起火", "\"起火\"", "差", "hazard:fire", "date:2024", "severity>=1", "-起火", "usb*"] {
        check(&index, query, &[]);
    }
}

#[test]
fn a_commit_shows_at_once_and_the_index_is_shared_between_threads() {
    let index = Arc::new(index_of(&[item("1", "起火")]));
    let mut writer = index.writer().expect("the only writer");
    let second = item("2", "起火");
    put(&mut writer, &second, Position(2)).expect("a good document");
    check(&index, "起火", &["1"]);
    let shared = Arc::clone(&index);
    std::thread::spawn(move || writer.commit(Position(2)).expect("a commit")).join().expect("no panic");
    std::thread::spawn(move || check(&shared, "起火", &["1", "2"])).join().expect("no panic");
}

#[test]
fn the_cursor_never_goes_back() {
    let index = index_of(&[item("1", "起火"), item("2", "触电")]);
    let mut writer = index.writer().expect("the only writer");
    assert!(matches!(writer.commit(Position(1)), Err(IndexError::CursorBack { reached: Position(2), .. })));
    let ahead = item("3", "冒烟");
    put(&mut writer, &ahead, Position(9)).expect("a good document");
    assert!(matches!(writer.commit(Position(8)), Err(IndexError::CursorBack { reached: Position(9), .. })));
    writer.commit(Position(9)).expect("a commit");
}

#[test]
fn another_lexicon_or_other_stop_words_empty_the_index() {
    let dir = tempfile::tempdir().expect("a folder");
    fill(&open(dir.path(), "lexicon-1").0, &[item("1", "起火")]);
    let (index, opened) = open(dir.path(), "lexicon-2");
    let Opened::Rebuilt { why } = opened else { panic!("{opened:?}") };
    assert_eq!(why.en, "it was made with lexicon lexicon-1, now it is lexicon-2");
    assert_eq!((index.documents(), index.cursor().expect("a cursor")), (0, Position(0)));
    drop(index);
    assert_eq!(open(dir.path(), "lexicon-2").1, Opened::Existing);
    let other = SearchIndex::open(dir.path(), JIEBA.clone(), &LexiconVersion::from("lexicon-2"), &BTreeSet::new());
    assert!(matches!(other.expect("an index").1, Opened::Rebuilt { .. }));
}

#[test]
fn a_damaged_index_is_rebuilt_and_other_files_stay() {
    let dir = tempfile::tempdir().expect("a folder");
    fill(&open(dir.path(), "lexicon-1").0, &[item("1", "起火")]);
    std::fs::write(dir.path().join("notes.txt"), "mine").expect("writable");
    std::fs::write(dir.path().join(META_FILE), "{").expect("writable");
    let (index, opened) = open(dir.path(), "lexicon-1");
    assert!(matches!(opened, Opened::Rebuilt { .. }), "{opened:?}");
    fill(&index, &[item("1", "触电")]);
    check(&index, "", &["1"]);
    drop(index);

    for file in std::fs::read_dir(dir.path()).expect("readable") {
        let path = file.expect("readable").path();
        if path.extension().is_some_and(|extension| extension == "term") {
            std::fs::remove_file(path).expect("removable");
        }
    }
    let (index, opened) = open(dir.path(), "lexicon-1");
    assert!(matches!(opened, Opened::Rebuilt { .. }), "{opened:?}");
    assert_eq!(index.documents(), 0);
    assert!(dir.path().join("notes.txt").exists());
}

#[test]
fn a_second_writer_is_refused_and_a_rebuild_does_not_pull_the_index_from_under_the_first() {
    let dir = tempfile::tempdir().expect("a folder");
    let (index, _) = open(dir.path(), "lexicon-1");
    let _writer = index.writer().expect("the only writer");
    assert!(matches!(index.writer(), Err(IndexError::Locked { .. })));
    let other = SearchIndex::open(dir.path(), JIEBA.clone(), &LexiconVersion::from("lexicon-2"), &stop_words());
    assert!(matches!(other, Err(IndexError::Locked { .. })));
    let (reader, opened) = open(dir.path(), "lexicon-1");
    assert_eq!((opened, reader.documents()), (Opened::Existing, 0));
}

#[test]
fn readings_of_other_lexicons_or_documents_are_refused() {
    let index = index_of(&[]);
    let mut writer = index.writer().expect("the only writer");
    let mut other = item("1", "起火");
    other.reading.lexicon = LexiconVersion::from("lexicon-2");
    assert!(matches!(put(&mut writer, &other, Position(1)), Err(IndexError::Lexicon { .. })));
    let reading = item("2", "起火").reading;
    let fingerprint = print("起火");
    assert!(matches!(
        writer.put(&other.document, &reading, &fingerprint, Position(1)),
        Err(IndexError::Mismatch { .. })
    ));
    let long = item(&"x".repeat(ID_BYTES_MAX + 1), "起火");
    assert!(matches!(put(&mut writer, &long, Position(1)), Err(IndexError::IdTooLong { .. })));
}

#[test]
fn a_flipped_byte_is_detected_named_and_rebuilt() {
    let made = tempfile::tempdir().expect("a folder");
    let items: Vec<Item> = (0..50).map(|n| item(&n.to_string(), "充电宝起火冒烟，质量太差")).collect();
    fill(&open(made.path(), "lexicon-1").0, &items);
    let names = files(made.path());
    assert!(names.len() >= 7 && names.iter().any(|name| name == ".managed.json"), "{names:?}");
    for name in &names {
        let dir = copied(made.path());
        let mut bytes = std::fs::read(made.path().join(name)).expect("readable");
        bytes[0] ^= 0x40;
        std::fs::write(dir.path().join(name), bytes).expect("writable");
        let (index, opened) = open(dir.path(), "lexicon-1");
        let Opened::Rebuilt { why } = opened else { panic!("{name}: {opened:?}") };
        assert!(why.en.contains("damaged"), "{name}: {why}");
        assert_eq!(index.cursor().expect("a cursor"), Position(0), "the log fills it from its beginning");
        fill(&index, &items);
        assert_eq!((ask(&index, "\"质量太差\"").total, index.damage().expect("checked")), (50, None));
    }
}

#[test]
fn any_flipped_bit_is_detected_in_lists_and_at_the_ends_of_files_too() {
    let made = tempfile::tempdir().expect("a folder");
    let items: Vec<Item> = (0..20).map(|n| item(&n.to_string(), "充电宝起火冒烟")).collect();
    fill(&open(made.path(), "lexicon-1").0, &items);
    let dir = copied(made.path());
    for name in files(made.path()) {
        let path = dir.path().join(&name);
        let whole = std::fs::read(&path).expect("readable");
        // The lists by a few bits, of other files what stands behind their contents: the version and the checksum.
        let ends = whole.len() * 8;
        let bits: Vec<usize> = if Path::new(&name).extension().is_some_and(|ending| ending == "json") {
            (0..ends).step_by(149).collect()
        } else {
            (ends.saturating_sub(110 * 8)..ends).step_by(13).collect()
        };
        for bit in bits {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, flipped).expect("writable");
            let found = examine(dir.path()).expect("looked at").expect("an index");
            assert!(found.damage.is_some(), "{name}: bit {bit} of {ends}");
        }
        std::fs::write(&path, whole).expect("writable");
    }
    let whole = examine(dir.path()).expect("looked at").expect("an index");
    assert_eq!((whole.damage, whole.position, whole.held.len()), (None, Position(20), 20), "whole again");
}

/// Names of the files of an index, locks left out.
fn files(dir: &Path) -> Vec<String> {
    let paths = std::fs::read_dir(dir).expect("readable").map(|file| file.expect("readable").path());
    let mut names: Vec<String> = paths
        .filter(|path| path.is_file() && path.extension().is_none_or(|ending| ending != "lock"))
        .map(|path| path.file_name().expect("a name").to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn copied(made: &Path) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for file in std::fs::read_dir(made).expect("readable") {
        let file = file.expect("readable");
        std::fs::copy(file.path(), dir.path().join(file.file_name())).expect("copied");
    }
    dir
}

#[test]
fn an_index_tells_what_it_holds() {
    let dir = tempfile::tempdir().expect("a folder");
    let (index, _) = open(dir.path(), "lexicon-1");
    fill(&index, &[item("1", "起火"), item("2", "触电"), item("1", "冒烟")]);
    let stat = index.stat().expect("a stat");
    assert_eq!((stat.documents, stat.position, stat.lexicon), (2, Position(3), LexiconVersion::from("lexicon-1")));
    let mut held = vec![(id_key(&DocumentId::from("1")), Position(3)), (id_key(&DocumentId::from("2")), Position(2))];
    held.sort_unstable();
    assert_eq!(index.held().expect("a list"), held);
}
