//! RAW-1: a document is handed over only after the bytes it points to are on the disk.

use super::*;

/// A sink that says whether it was asked.
#[derive(Default)]
struct Asked(AtomicU64);

#[async_trait]
impl Sink for Asked {
    async fn put(&self, documents: Vec<Document>) -> Result<Vec<Outcome>, SinkError> {
        self.0.fetch_add(documents.len() as u64, Ordering::SeqCst);
        Ok(documents.iter().map(|_| Outcome::Kept).collect())
    }
}

/// A collector whose archive takes every byte and syncs none: its file is `/dev/null`.
fn never_synced(dir: &Path) -> (tokio::runtime::Runtime, Collector) {
    std::os::unix::fs::symlink("/dev/null", dir.join("wanglou-000001.warc.gz")).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let store = runtime.block_on(Store::open(&dir.join("store.sqlite"))).unwrap();
    let warc = WarcWriter::open(dir, WarcOptions::default()).unwrap();
    let settings = CollectorSettings { retry_wait: Duration::from_millis(1), ..CollectorSettings::default() };
    let collector = Collector::new(settings, Frontier::new(store), warc).unwrap();
    (runtime, collector)
}

#[test]
fn a_file_that_is_full_is_confirmed_by_the_disk_before_the_next_one_begins() {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/null", dir.path().join("wanglou-000001.warc.gz")).unwrap();
    let options = WarcOptions { file_bytes_max: 1, ..WarcOptions::default() };
    let mut warc = WarcWriter::open(dir.path(), options).unwrap();
    let first = warc.append_file("urn:a", moment(DAY_1), b"a").unwrap();
    assert_eq!(first.file, "wanglou-000001.warc.gz");
    // The file is full; what it holds was never confirmed, so nothing may come after it.
    assert!(warc.append_file("urn:b", moment(DAY_1), b"b").is_err());
    assert!(!dir.path().join("wanglou-000002.warc.gz").exists());
}

#[test]
fn nothing_is_handed_over_that_the_disk_did_not_confirm() {
    let dropped = tempfile::tempdir().unwrap();
    std::fs::write(dropped.path().join("told.csv"), "问题\n充电宝起火\n").unwrap();
    let site = Site::serve(|path, _| match path {
        "/list" => ok(&list_page(&["/d"])),
        "/d" => ok(&detail_page("起火")),
        _ => missing(),
    });
    let feed = Site::serve(|path, _| match path {
        "/list" => answer(
            "200 OK",
            "Content-Type: application/rss+xml\r\n",
            "<rss version=\"2.0\"><channel><title>t</title><item><title>起火</title><description>起火</description>\
             </item></channel></rss>"
                .as_bytes(),
        ),
        _ => missing(),
    });
    let folder = super::kinds::of_folder(dropped.path(), "kind = \"table\"\n[list.fields]\ntext = \"问题\"\n");
    let recipes = [recipe(&site, HTML), recipe(&feed, "kind = \"feed\"\n"), folder];
    for recipe in recipes {
        let dir = tempfile::tempdir().unwrap();
        let (runtime, collector) = never_synced(dir.path());
        let sink = Asked::default();
        let error = runtime.block_on(collector.round(&recipe, moment(DAY_1), &sink)).unwrap_err();
        assert!(matches!(error, CollectError::Archive(_)), "{error:?}");
        assert_eq!(sink.0.load(Ordering::SeqCst), 0, "{}: the sink was asked", recipe.id);
    }
}
