//! The tables of the notices in `tests/data/attachments`, against what their truth says.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use super::*;
use crate::attachment::{is_file, of_file};
use crate::fields::Fields;
use crate::harvest::Context;
use vocabulary::{Meta, RawRef};

const FIELDS: [&str; 5] = ["product", "producer", "place", "finding", "result"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/attachments")
}

/// A recipe that knows the heads of `heads.toml`.
fn recipe() -> Recipe {
    let heads = std::fs::read_to_string(folder().join("heads.toml")).unwrap();
    let heads: BTreeMap<String, Vec<String>> = toml::from_str(&heads).unwrap();
    let columns: Vec<String> = FIELDS.map(|field| format!("{field} = {:?}\n", heads[field])).to_vec();
    let text = format!(
        "id = \"checks\"\nname = \"抽查\"\nchannel = \"regulator\"\nstart = [\"http://127.0.0.1/list\"]\n\
         allow_loopback = true\nschedule.every = \"1d\"\nkind = \"html\"\n[list]\nitem = \"li\"\nlink = \"a\"\n\
         [detail.attachments]\nwords = [\"不合格\"]\n[detail.attachments.columns]\n{}",
        columns.concat()
    );
    Recipe::parse(&text, "checks.toml").unwrap()
}

/// The documents of a file, field by field, and what was said about it.
fn read(recipe: &Recipe, file: &str) -> (Vec<BTreeMap<String, String>>, Vec<String>) {
    let hints = Meta::from_iter([
        ("attachment_of".to_owned(), "http://127.0.0.1/notice".into()),
        ("title".to_owned(), "抽查通报".into()),
    ]);
    let hints = Fields::from_hints(&hints);
    let page = url::Url::parse(&format!("http://127.0.0.1/{file}")).unwrap();
    let raw = RawRef { file: "a".to_owned(), offset: 0, digest: String::new() };
    let masker = Masker::default();
    let context = Context { recipe, url: Some(&page), page: &page, raw: &raw, now: moment(DAY_1), masker: &masker };
    let bytes = std::fs::read(folder().join(file)).unwrap();
    let rules = is_file(recipe, &hints).expect("a file");
    let harvest = of_file(rules, &bytes, &hints, &FileReader::here(), &context);
    assert!(harvest.is_final);
    let rows = harvest.documents.iter().map(|document| {
        let value = |field: &str| document.meta_str(field).unwrap_or_default().to_owned();
        let mut row: BTreeMap<String, String> =
            FIELDS.iter().map(|field| ((*field).to_owned(), value(field))).collect();
        row.insert("text".to_owned(), document.text.clone());
        row
    });
    let said = harvest.problems.iter().map(|problem| problem.detail.clone()).chain(harvest.rejected);
    (rows.collect(), said.collect())
}

#[test]
fn the_tables_of_attachments_are_read_as_people_read_them() {
    let truth = std::fs::read_to_string(folder().join("truth.tsv")).unwrap();
    let mut files: BTreeMap<&str, Vec<Vec<&str>>> = BTreeMap::new();
    for line in truth.lines().skip(1) {
        let mut cells = line.split('\t');
        let file = cells.next().unwrap();
        files.entry(file).or_default().push(cells.skip(1).collect());
    }
    let (recipe, mut all, mut right, mut rows_of, mut report) = (recipe(), 0, 0, (0, 0), String::new());
    for (file, expected) in &files {
        let (found, said) = read(&recipe, file);
        let (mut cells, mut good) = (0, 0);
        for (at, row) in expected.iter().enumerate() {
            for (field, value) in FIELDS.iter().zip(row) {
                // A stroke says that there is nothing to say.
                let plain = |text: &str| if text == "/" { String::new() } else { text.replace(' ', "") };
                let is_right = found.get(at).is_some_and(|found| plain(&found[*field]) == plain(value));
                (cells, good) = (cells + 1, good + usize::from(is_right));
                if !is_right && std::env::var_os("WANGLOU_SHOW").is_some() {
                    let other = found.get(at).map(|found| found[*field].as_str());
                    eprintln!("{file} row {}: {field} is {value:?}, found {other:?}", at + 1);
                }
            }
        }
        rows_of = (rows_of.0 + expected.len(), rows_of.1 + found.len());
        (all, right) = (all + cells, right + good);
        _ = writeln!(report, "{file}: {good} of {cells} cells, {} of {} rows; {said:?}", found.len(), expected.len());
    }
    eprint!("{report}");
    assert!(right * 100 >= all * 95, "{right} of {all} cells\n{report}");
    assert_eq!(rows_of.0, rows_of.1, "{report}");
}

#[test]
fn an_archive_is_read_member_by_member_and_a_picture_is_told() {
    let recipe = recipe();
    let (found, _) = read(&recipe, "zip.zip");
    let members: Vec<_> = ["05.xlsx", "07.xlsx"].iter().flat_map(|file| read(&recipe, file).0).collect();
    let sorted = |mut rows: Vec<BTreeMap<String, String>>| {
        rows.sort();
        rows
    };
    assert_eq!(sorted(found), sorted(members));
    let (found, said) = read(&recipe, "image.pdf");
    assert!(found.is_empty() && said.iter().any(|said| said.contains("pictures")), "{said:?}");
}

const NOTICES: &str = "kind = \"html\"\n[list]\nitem = \"li\"\nlink = \"a\"\n[detail.fields]\ntitle = \"h1\"\ntext = \".t\"\n\
                       [detail.attachments]\nwords = [\"不合格\"]\n[detail.attachments.columns]\nproduct = \"产品名称\"\n\
                       finding = [\"不合格项目\", \"项目\"]\nproducer = [\"生产企业名称\", \"标称生产企业名称\"]\n";

/// A site with one notice, its links, and its files as they lie in the folder.
fn site(links: &'static str) -> Site {
    Site::serve(move |path, _| match path.rsplit_once('/') {
        _ if path == "/list" => ok(&list_page(&["/n/1"])),
        _ if path == "/n/1" => ok(&format!("<h1>抽查通报</h1><div class=t>本次抽查24批次不合格。{links}</div>")),
        Some((_, "broken.xls")) => answer("200 OK", "", &[0xD0, 0xCF, 0x11, 0xE0, 1, 2, 3]),
        Some((_, file)) => {
            std::fs::read(folder().join(file)).map_or_else(|_| missing(), |file| answer("200 OK", "", &file))
        }
        None => missing(),
    })
}

#[test]
fn rows_of_a_notices_file_are_documents_and_the_file_of_what_passed_is_not_asked_for() {
    let site = site("<a href='/f/01.xls'>附件1：不合格产品及企业名单</a><a href='/f/05.xlsx'>附件2：合格产品名单</a>");
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let recipe = super::recipe(&site, NOTICES);
    let round = world.round(&recipe, DAY_1, &sink);
    assert_eq!((round.kept, round.pages_read), (25, 3), "{round:?}");
    let asked = site.asked.lock().unwrap().clone();
    assert!(asked.contains(&"/f/01.xls".to_owned()) && !asked.contains(&"/f/05.xlsx".to_owned()), "{asked:?}");
    let documents = sink.documents.lock().unwrap();
    let row = documents.values().find(|document| document.text.contains("赣州市鹿杳汀电器厂")).unwrap();
    assert!(row.text.starts_with("抽查通报\n序号："), "{}", row.text);
    assert_eq!(row.meta_str("product"), Some("双层保温电热水壶"));
    assert_eq!(row.meta_str("attachment"), Some("附件1：不合格产品及企业名单"));
    assert!(row.meta_str("attachment_of").unwrap().ends_with("/n/1"));
    assert!(row.url.as_deref().unwrap().ends_with("/f/01.xls"));
    drop(documents);
    // What was read is not asked for again.
    let before = site.asked.lock().unwrap().len();
    let again = world.round(&recipe, DAY_2, &sink);
    assert_eq!(again.kept, 0, "{again:?}");
    let asked = site.asked.lock().unwrap()[before..].to_vec();
    assert!(!asked.contains(&"/f/01.xls".to_owned()), "{asked:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_told_once_and_the_notice_stays() {
    let site = site("<a href='/f/broken.xls'>不合格名单</a><a href='http://198.51.100.7/f/01.xls'>不合格名单</a>");
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let recipe = super::recipe(&site, NOTICES);
    let round = world.round(&recipe, DAY_1, &sink);
    assert_eq!((round.kept, round.rejected), (1, 1), "{round:?}");
    let said: Vec<&str> = round.problems.iter().map(|problem| problem.detail.as_str()).collect();
    assert!(said.iter().any(|said| said.contains("the file is not read")), "{said:?}");
    assert!(
        said.iter().any(|said| said.contains("a file of another host `198.51.100.7` is not asked for")),
        "{said:?}"
    );
    let again = world.round(&recipe, DAY_2, &sink);
    assert_eq!((again.kept, again.rejected), (0, 0), "{again:?}");
}
