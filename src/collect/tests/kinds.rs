//! Each kind of recipe against a small site or folder: what it gives, and what hostile ones may not do.

use std::fs;
use std::io::{Cursor, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use archive::read_asked;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// A recipe over a folder of files.
pub(super) fn of_folder(folder: &Path, rest: &str) -> Recipe {
    let folder = folder.display();
    let text = format!(
        "id = \"site\"\nname = \"站\"\nchannel = \"complaint\"\nfolder = \"{folder}\"\nschedule.every = \"30m\"\n{rest}"
    );
    Recipe::parse(&text, "site.toml").unwrap()
}

fn problems(round: &Round) -> String {
    round.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

const DETAIL: &str = "[detail.fields]\ntitle = \"h1\"\ntext = \".t\"\n";

#[test]
fn an_index_of_packed_sitemaps_leads_to_pages_and_a_changed_one_is_asked_again() {
    let changed = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&changed);
    let site = Site::serve(move |path, head| {
        let host = head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default().trim().to_owned();
        match path {
            "/list" => ok(&format!(
                "<sitemapindex><sitemap><loc>http://{host}/old.xml</loc><lastmod>2023-01-01</lastmod></sitemap>\
                 <sitemap><loc>http://{host}/new.xml.gz</loc><lastmod>2024-07-01</lastmod></sitemap>\
                 <sitemap><loc>http://{host}/broken.xml</loc></sitemap></sitemapindex>"
            )),
            "/new.xml.gz" => {
                let day = if seen.load(Ordering::Relaxed) == 0 { "2024-07-01" } else { "2024-07-03T09:00:00+08:00" };
                let urls = format!(
                    "<?xml version='1.0'?><s:urlset xmlns:s='x'><s:url><s:loc>http://{host}/d/1</s:loc><s:lastmod>{day}</s:lastmod></s:url>\
                     <s:url><s:loc>http://{host}/about</s:loc></s:url></s:urlset>"
                );
                answer("200 OK", "Content-Type: application/octet-stream\r\n", &gzip(urls.as_bytes()))
            }
            "/old.xml" => ok(&format!("http://{host}/d/2?a=1&utm_source=x\n# none\n")),
            "/d/1" | "/d/2?a=1" => ok(&format!("<h1>警示</h1><div class=t>{path}起火</div>")),
            _ => missing(),
        }
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let recipe = recipe(&site, &format!("kind = \"sitemap\"\n[list]\ninclude = '/d/\\d'\n{DETAIL}"));
    let round = world.round(&recipe, DAY_1, &sink);
    assert_eq!((round.kept, round.rejected), (2, 0), "{round:?}");
    assert!(problems(&round).contains("broken.xml: the server answers 404"), "{round:?}");
    assert_eq!(sorted(&sink), ["警示\n/d/1起火", "警示\n/d/2?a=1起火"]);
    let asked = site.asked();
    let place = |wanted: &str| asked.iter().position(|path| path == wanted).unwrap();
    assert!(place("/new.xml.gz") < place("/old.xml"), "newer sitemaps come first: {asked:?}");

    let again = world.round(&recipe, DAY_2, &sink);
    assert_eq!((again.collected, again.listed_again), (0, 2), "nothing changed: {again:?}");
    changed.store(1, Ordering::Relaxed);
    let third = world.round(&recipe, "2024-07-04 12:00:00", &sink);
    assert_eq!((third.collected, third.unchanged), (1, 1), "the sitemap says that one page changed: {third:?}");
}

/// Texts come in the order of hashed ids.
fn sorted(sink: &Memory) -> Vec<String> {
    let mut texts = sink.texts();
    texts.sort();
    texts
}

#[test]
fn an_interface_is_asked_by_post_from_cursor_to_cursor() {
    let site = Site::serve(|path, request| {
        if path != "/list" {
            return missing();
        }
        assert!(request.starts_with("POST ") && request.to_lowercase().contains("content-type: application/json"));
        let body = request.rsplit("\r\n\r\n").next().unwrap_or_default();
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["size"], 2);
        ok(match body["after"].as_str() {
            None => r#"{"n": "a\"b", "r": [{"id": 1, "t": "起火"}, {"id": 2, "t": "漏电"}]}"#,
            Some("a\"b") => r#"{"n": null, "r": [{"id": 3, "t": "冒烟"}, {"t": "没有编号"}]}"#,
            Some(other) => panic!("{other}"),
        })
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let recipe = recipe(
        &site,
        "kind = \"json\"\n[request]\nbody = '{ \"size\": 2, \"after\": {cursor} }'\n[list]\nitems = \"/r\"\nnext = \"/n\"\n\
         [list.fields]\nexternal_id = { path = \"/id\", required = true }\ntext = \"/t\"\n",
    );
    let round = world.round(&recipe, DAY_1, &sink);
    assert_eq!((round.kept, round.rejected, round.requests), (3, 1, 3), "{round:?}");
    assert_eq!(round.rejects[0].reason, "required field `external_id` is missing");
    // RAW-1: the question is archived with its body, and the crawl log has it.
    let (mut asked, mut questions) = (Vec::new(), 0);
    read_asked(world.dir.path(), |found| {
        let path = found.url.rsplit('/').next().unwrap_or_default().to_owned();
        asked.push((found.method, path, found.status, found.at == Some(moment(DAY_1))));
        true
    })
    .unwrap();
    let line = |method: &str, path: &str, status| (method.to_owned(), path.to_owned(), Some(status), true);
    assert_eq!(asked, [line("GET", "robots.txt", 404), line("POST", "list", 200), line("POST", "list", 200)]);
    let raw = sink.documents.lock().unwrap().values().next().unwrap().raw.clone().unwrap();
    for record in archive::WarcReader::open(&world.dir.path().join(&raw.file)).unwrap().flatten() {
        questions += usize::from(record.kind() == "request" && record.block.ends_with(b"}"));
    }
    assert_eq!(questions, 2);
}

#[test]
fn offsets_end_at_an_empty_page_and_at_one_that_comes_again() {
    let clamps = Arc::new(AtomicU64::new(0));
    let mode = Arc::clone(&clamps);
    let site = Site::serve(move |path, _| match path {
        "/list?offset=0" => ok(r#"[{"id": 1, "t": "起火"}]"#),
        "/list?offset=50" => ok(r#"[{"id": 2, "t": "漏电"}]"#),
        _ if path.starts_with("/list") && mode.load(Ordering::Relaxed) == 1 => ok(r#"[{"id": 2, "t": "漏电"}]"#),
        _ if path.starts_with("/list") => ok("[]"),
        _ => missing(),
    });
    let text = format!(
        "id = \"site\"\nname = \"站\"\nchannel = \"platform\"\nstart = [\"http://127.0.0.1:{}/list?offset={{page}}\"]\n\
         pages = {{ from = 0, to = 1000, step = 50 }}\nallow_loopback = true\nrate.min_interval_ms = 1\nschedule.every = \"30m\"\n\
         kind = \"json\"\n[bounds]\nstop_when_known = false\n[list]\nitems = \"\"\n[list.fields]\nexternal_id = \"/id\"\ntext = \"/t\"\n",
        site.port
    );
    let recipe = Recipe::parse(&text, "site.toml").unwrap();
    for mode in [0, 1] {
        clamps.store(mode, Ordering::Relaxed);
        let (world, sink) = (World::new(|_| {}), Memory::default());
        let round = world.round(&recipe, DAY_1, &sink);
        // robots.txt, two pages, and the one behind them.
        assert_eq!((round.kept, round.collected, round.requests), (2, 2, 4), "{round:?}");
    }
}

#[test]
fn xml_reports_hold_many_documents_each() {
    let site = Site::serve(|path, _| match path {
        "/list" => ok("<r><w><u>/d/1</u><d>2024-07-01</d></w></r>"),
        "/d/1" => ok(
            "<w><n><no>1</no><x>充电宝起火</x></n><n><no>2</no><x>插座漏电</x></n><n><no>2</no><x>插座漏电</x></n><n><x>无号</x></n></w>",
        ),
        _ => missing(),
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let recipe = recipe(
        &site,
        "kind = \"xml\"\nactor = \"authority\"\nlevel = \"international\"\n[list]\nitems = \"/*/w\"\nlink = \"/u\"\n[list.fields]\npublished_at = \"/d\"\n\
         [detail]\nformat = \"xml\"\nitems = \"/w/n\"\n[detail.fields]\nexternal_id = { path = \"/no\", required = true }\ntext = \"/x\"\n",
    );
    let round = world.round(&recipe, DAY_1, &sink);
    assert_eq!((round.collected, round.kept, round.duplicate, round.rejected), (4, 2, 1, 1), "{round:?}");
    let document = sink.documents.lock().unwrap().values().next().unwrap().clone();
    assert_eq!(document.meta_str(Document::ACTOR_KIND), Some("authority"));
    assert_eq!(document.meta_str(Document::ADMIN_LEVEL), Some("international"));
    assert_eq!(document.published_at, Some(moment("2024-07-01")));
}

#[test]
fn a_fetched_table_in_gb18030_gives_a_document_a_row_and_a_moved_row_is_the_same_one() {
    let later = Arc::new(AtomicU64::new(0));
    let day = Arc::clone(&later);
    let site = Site::serve(move |path, _| {
        if path != "/list" {
            return missing();
        }
        let first = if day.load(Ordering::Relaxed) == 0 { "" } else { "儿童床,丙牌,夹伤\r\n" };
        let table = format!(
            "2024年抽查结果,,\r\n产品,商标,不合格项目\r\n{first}充电宝,甲牌,\"过充电,短路\"\r\n\r\n插座,乙牌\r\n"
        );
        answer("200 OK", "Content-Type: text/csv\r\n", &GB18030.encode(&table).0)
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let recipe = recipe(
        &site,
        "kind = \"table\"\nactor = \"test_body\"\n[list]\nheader_row = 2\n[list.fields]\nbrand = \"商标\"\nfinding = { column = \"不合格项目\", required = true }\nmodel = \"型号\"\n",
    );
    let round = world.round(&recipe, DAY_1, &sink);
    assert_eq!((round.kept, round.rejected), (1, 1), "{round:?}");
    let said = problems(&round);
    assert!(
        said.contains("site.toml:15: ")
            && said.contains("column `型号` of `model` is not in the head: 产品, 商标, 不合格项目"),
        "{said}"
    );
    let document = sink.only();
    assert_eq!(document.text, "产品：充电宝；商标：甲牌；不合格项目：过充电,短路");
    assert_eq!(document.meta_str("brand"), Some("甲牌"));
    later.store(1, Ordering::Relaxed);
    let again = world.round(&recipe, DAY_2, &sink);
    assert_eq!((again.kept, again.unchanged, again.rejected), (1, 1, 1), "{again:?}");
}

#[test]
fn rows_of_an_html_table_are_documents_and_the_list_goes_on_behind_it() {
    let site = Site::serve(|path, _| match path {
        "/list" => ok(
            "<table class=x><tr><th>产品</th><th>问题</th></tr><tr><td>充电宝</td><td>起火</td></tr></table><a class=n href='/list?p=2'>下一页</a>",
        ),
        "/list?p=2" => {
            ok("<table class=x><tr><th>产品</th><th>问题</th></tr><tr><td>插座</td><td>漏电</td></tr></table>")
        }
        _ => missing(),
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let rest = "kind = \"html\"\n[list]\nnext = \"a.n\"\n[list.table]\nselector = \"table.x\"\n[list.table.columns]\nfinding = \"问题\"\n";
    let round = world.round(&recipe(&site, rest), DAY_1, &sink);
    assert_eq!((round.kept, round.problems.len()), (2, 0), "{round:?}");
    assert_eq!(sorted(&sink), ["产品：充电宝；问题：起火", "产品：插座；问题：漏电"]);
}

/// A workbook with one sheet, its cells written as text.
fn workbook(cells: &str) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org";
    let parts = [
        (
            "[Content_Types].xml",
            format!(
                "<Types xmlns=\"{main}/package/2006/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>"
            ),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{main}/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"{main}/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}/spreadsheetml/2006/main\" xmlns:r=\"{main}/officeDocument/2006/relationships\"><sheets><sheet name=\"不合格\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{main}/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"{main}/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!("<worksheet xmlns=\"{main}/spreadsheetml/2006/main\"><sheetData>{cells}</sheetData></worksheet>"),
        ),
    ];
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn cell(place: &str, text: &str) -> String {
    format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

fn row(number: u32, texts: [&str; 2]) -> String {
    let cells = [cell(&format!("B{number}"), texts[0]), cell(&format!("C{number}"), texts[1])].concat();
    format!("<row r=\"{number}\">{cells}</row>")
}

#[test]
fn files_dropped_into_a_folder_are_read_once_and_again_when_they_change() {
    let drop = tempfile::tempdir().unwrap();
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let recipe = of_folder(drop.path(), "kind = \"table\"\n[list.fields]\ntitle = \"产品\"\nfinding = \"问题\"\n");
    let book = [row(1, ["产品", "问题"]), row(2, ["充电宝", "起火"]), row(4, ["水杯", "漏液"])].concat();
    fs::write(drop.path().join("a.xlsx"), workbook(&book)).unwrap();
    fs::write(drop.path().join("b.tsv"), "产品\t问题\n插座\t漏电\n插座\t漏电\n").unwrap();
    fs::write(drop.path().join("c.csv.part"), "half").unwrap();
    let round = world.round(&recipe, DAY_1, &sink);
    assert_eq!((round.collected, round.kept, round.duplicate, round.requests), (4, 3, 1, 0), "{round:?}");
    assert!(sink.texts().contains(&"充电宝\n产品：充电宝；问题：起火".to_owned()), "{:?}", sink.texts());
    // RAW-1: the reference leads to the very file.
    let document = sink.documents.lock().unwrap().values().find(|d| d.text.contains("插座")).unwrap().clone();
    let raw = document.raw.unwrap();
    let record = read_at(&world.dir.path().join(&raw.file), raw.offset).unwrap();
    assert_eq!((record.kind(), record.target()), ("resource", Some("urn:wanglou:inbox:site:b.tsv")));
    assert_eq!(record.block, fs::read(drop.path().join("b.tsv")).unwrap());
    assert!(recipe.asks("urn:wanglou:inbox:site:b.tsv") && !recipe.asks("urn:wanglou:inbox:other:b.tsv"));

    let world = world.opened_again();
    let again = world.round(&recipe, DAY_2, &sink);
    assert_eq!((again.collected, again.listed_again), (0, 2), "{again:?}");

    fs::write(drop.path().join("b.tsv"), "产品\t问题\n插座\t漏电\n灯\t短路了\n").unwrap();
    fs::write(drop.path().join("d.xlsx"), b"PK\x03\x04 no workbook").unwrap();
    fs::write(drop.path().join("e.csv"), "").unwrap();
    let third = world.round(&recipe, "2024-07-04 12:00:00", &sink);
    assert_eq!((third.kept, third.unchanged, third.rejected), (1, 1, 2), "{third:?}");
    let said = problems(&third);
    assert!(
        said.contains("this is no .xlsx workbook") && said.contains("row 1, which should name the columns"),
        "{said}"
    );

    let gone = of_folder(&drop.path().join("absent"), "kind = \"table\"\n[list.fields]\ntitle = \"产品\"\n");
    let round = world.round(&gone, DAY_1, &sink);
    assert!(round.stopped.is_some() && problems(&round).contains("make it, or correct `folder`"), "{round:?}");
}

#[test]
fn a_workbook_that_unpacks_to_much_or_has_a_cell_in_the_last_corner_costs_a_bound() {
    let drop = tempfile::tempdir().unwrap();
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let recipe =
        of_folder(drop.path(), "kind = \"table\"\nbounds.page_bytes_max = 1000000\n[list.fields]\ntitle = \"产品\"\n");
    let far = format!("{}<row r=\"1048576\">{}</row>", row(1, ["产品", "问题"]), cell("XFD1048576", "x"));
    fs::write(drop.path().join("far.xlsx"), workbook(&far)).unwrap();
    fs::write(drop.path().join("bomb.xlsx"), workbook(&row(1, ["产品", &"\n".repeat(40_000_000)]))).unwrap();
    let round = world.round(&recipe, DAY_1, &sink);
    assert_eq!((round.kept, round.rejected), (0, 2), "{round:?}");
    let said = problems(&round);
    assert!(
        said.contains("unpacks to more than 32000000 bytes") && said.contains("columns behind number 500"),
        "{said}"
    );
}

#[test]
fn letters_are_read_in_whatever_way_their_program_writes_them() {
    let drop = tempfile::tempdir().unwrap();
    fs::create_dir(drop.path().join("new")).unwrap();
    let base64 = |text: &[u8]| data_encoding::BASE64_MIME.encode(text);
    let gbk = |text: &str| GB18030.encode(text).0.into_owned();
    let encoded = |text: &str| format!("=?gb2312?B?{}?=", data_encoding::BASE64.encode(&gbk(text)));
    // Multipart, GB2312 in base64, an attachment.
    let one = format!(
        "From: {} <ZHANG@example.org>\r\nTo: ts@example.org\r\nSubject: {}\r\nDate: Mon, 1 Jul 2024 08:00:00 +0800\r\nMessage-ID: <1@example.org>\r\nX-Case-Number: 77\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: multipart/alternative; boundary=\"c\"\r\n\r\n\
         --c\r\nContent-Type: text/plain; charset=gb2312\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n\
         --c\r\nContent-Type: text/html; charset=gb2312\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--c--\r\n\
         --b\r\nContent-Type: image/jpeg; name=\"x.jpg\"\r\nContent-Disposition: attachment; filename=\"x.jpg\"\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n",
        encoded("张三"),
        encoded("充电宝起火投诉"),
        base64(&gbk("充电宝起火，品牌：甲牌 型号：A10，电话13800138000")),
        base64(&gbk("<p>充电宝<b>起火</b></p>")),
    );
    fs::write(drop.path().join("new/1"), one).unwrap();
    // HTML alone, quoted-printable.
    let two = "From: li@example.org\nSubject: =?utf-8?q?=E6=8F=92=E5=BA=A7?=\nDate: Mon, 1 Jul 2024 09:00:00 +0800\nMessage-ID: <2@example.org>\n\
               Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n<p>=E6=BC=8F=E7=94=B5</p><script>x</script>";
    fs::write(drop.path().join("new/2"), two).unwrap();
    // Raw GB18030 in head and body, nothing said, no id, a date in the future.
    let three = gbk(
        "From: wang@example.org\r\nSubject: 电动车刹车失灵\r\nDate: Mon, 1 Jul 2044 09:00:00 +0800\r\n\r\n骑行中刹车失灵，差点受伤，要求退货。商家不予处理，请有关部门核实情况。\r\n",
    );
    fs::write(drop.path().join("new/3.eml"), three).unwrap();
    // A complaint that was forwarded as a letter in the letter.
    let four = "From: window@example.org\nSubject: fwd\nDate: Mon, 1 Jul 2024 09:00:00 +0800\nMessage-ID: <4@example.org>\nMIME-Version: 1.0\n\
                Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n请处理\n--b\nContent-Type: message/rfc822\n\n\
                From: zhao@example.org\nSubject: =?utf-8?B?5rC05p2v?=\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n水杯漏液\n--b--\n";
    fs::write(drop.path().join("new/4"), four).unwrap();
    fs::write(drop.path().join("new/5"), "no letter at all").unwrap();
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let rules =
        "[list.fields]\nbrand = { path = \"/text\", capture = '品牌：(\\S+)' }\ncase_no = \"/headers/x-case-number\"\n";
    let recipe = of_folder(drop.path(), &format!("kind = \"mail\"\nactor = \"consumer\"\n{rules}"));
    let round = world.round(&recipe, DAY_1, &sink);
    assert_eq!((round.kept, round.rejected), (4, 1), "{round:?}");
    let documents: Vec<_> = sink.documents.lock().unwrap().values().cloned().collect();
    let of = |word: &str| {
        documents.iter().find(|d| d.text.contains(word)).unwrap_or_else(|| panic!("{word}: {documents:?}"))
    };
    let first = of("充电宝");
    assert_eq!(first.text, "充电宝起火投诉\n充电宝起火，品牌：甲牌 型号：A10，电话***********");
    assert_eq!(
        (first.meta_str("brand"), first.meta_str("case_no"), first.meta_str("attachments")),
        (Some("甲牌"), Some("77"), Some("1"))
    );
    assert_eq!(first.meta_str("author"), Some(pseudonym("site", "zhang@example.org").as_str()));
    assert_eq!(first.published_at, Some(moment("2024-07-01 08:00:00")));
    assert_eq!(of("漏电").text, "插座\n漏电");
    let third = of("刹车");
    assert_eq!((third.title.as_deref(), third.published_at), (Some("电动车刹车失灵"), None));
    assert!(third.text.contains("差点受伤"), "{third:?}");
    assert!(of("水杯").text.contains("请处理\n【转发】水杯\n水杯漏液"), "{documents:?}");

    // Seen by a mail program: moved and marked, the same letter.
    fs::create_dir(drop.path().join("cur")).unwrap();
    fs::rename(drop.path().join("new/1"), drop.path().join("cur/1:2,S")).unwrap();
    let again = world.round(&recipe, DAY_2, &sink);
    assert_eq!((again.kept, again.listed_again), (0, 4), "{again:?}");
}

#[test]
fn a_letter_with_the_id_of_another_one_does_not_take_its_place() {
    let drop = tempfile::tempdir().unwrap();
    let letter = |from: &str, text: &str| {
        format!(
            "From: {from}@example.org\nSubject: x\nDate: Mon, 1 Jul 2024 09:00:00 +0800\nMessage-ID: <1@example.org>\n\
             Content-Type: text/plain; charset=utf-8\n\n{text}\n"
        )
    };
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let recipe = of_folder(drop.path(), "kind = \"mail\"\n");
    fs::write(drop.path().join("1"), letter("li", "充电宝起火")).unwrap();
    assert_eq!(world.round(&recipe, DAY_1, &sink).kept, 1);
    fs::write(drop.path().join("2"), letter("firm", "没有任何问题")).unwrap();
    // The first again, by another way.
    fs::write(drop.path().join("3"), format!("Received: by b.example\n{}", letter("li", "充电宝起火"))).unwrap();
    let round = world.round(&recipe, DAY_2, &sink);
    assert_eq!((round.kept, round.revised, round.unchanged), (1, 0, 1), "{round:?}");
    assert_eq!(sorted(&sink), ["x\n充电宝起火", "x\n没有任何问题"]);
}

/// Lists whose items would take many times what was sent.
#[test]
fn items_that_repeat_one_large_value_cost_a_bound_and_a_note() {
    let cell = "起".repeat(100_000);
    let rows = "<tr><td>a".repeat(2_000);
    let table = format!("<table><tr><th>号<th>述</tr><tr><td rowspan=500 colspan=60>{cell}</tr>{rows}</table>");
    let nested = format!("{}{cell}", "<div class=i><a href=/x>x</a>".repeat(250));
    let name = "名".repeat(100_000);
    let csv = format!("{name},编号\n{}", "甲,1\n".repeat(5_000));
    let site = Site::serve(move |path, _| match path {
        "/table" => ok(&table),
        "/nested" => ok(&nested),
        "/csv" => ok(&csv),
        _ => missing(),
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let look = |path: &str, rest: &str| {
        let text = format!(
            "id = \"{path}\"\nname = \"x\"\nchannel = \"media\"\nstart = [\"http://127.0.0.1:{}/{path}\"]\nallow_loopback = true\n\
             schedule.every = \"1h\"\nbounds.items_per_page_max = 5000\n{rest}",
            site.port
        );
        world.round(&Recipe::parse(&text, "x.toml").unwrap(), DAY_1, &sink)
    };
    for (path, rest) in [
        ("table", "kind = \"html\"\n[list]\ntable = { selector = \"table\", columns = { brand = \"号\" } }\n"),
        (
            "nested",
            "kind = \"html\"\n[list]\nitem = \".i\"\n[list.fields]\nexternal_id = { selector = \"a\", attr = \"href\" }\ntext = \".i\"\n",
        ),
        ("csv", "kind = \"table\"\n[list]\n"),
    ] {
        let round = look(path, rest);
        let told = problems(&round).contains("its items take more than 67108864 bytes");
        assert_eq!(told, path == "nested", "{path}: {:?}", round.problems);
        let kept: usize = sink.documents.lock().unwrap().values().map(|one| one.text.len()).sum();
        assert!(kept < 10 << 20, "{path}: {kept} bytes");
    }
}

#[test]
fn hostile_letters_cost_a_bound_and_a_reason() {
    let drop = tempfile::tempdir().unwrap();
    let head = "From: a@example.org\nSubject: x\nMessage-ID: <m>\nMIME-Version: 1.0\n";
    let nested = "Content-Type: multipart/mixed; boundary=b\n\n--b\n".repeat(5_000);
    fs::write(drop.path().join("nested"), format!("{head}{nested}")).unwrap();
    let letters = "Content-Type: message/rfc822\n\nSubject: y\n".repeat(100_000);
    fs::write(drop.path().join("letters"), format!("{head}{letters}")).unwrap();
    let few = "Content-Type: message/rfc822\n\nSubject: y\n".repeat(400);
    fs::write(drop.path().join("few"), format!("{head}{few}")).unwrap();
    fs::write(drop.path().join("headers"), format!("{head}{}\n\n起火", "X-A: b\n".repeat(100_000))).unwrap();
    fs::write(drop.path().join("long"), format!("Subject: {}\n\n起火", "=?utf-8?B?".repeat(500_000))).unwrap();
    // Millions of addresses and parameters, in heads that are hidden behind boundaries and letters.
    let many = "To: a,a,a,a,a,a,a,a,a\n".repeat(100_000);
    fs::write(drop.path().join("part"), format!("{head}Content-Type: multipart/mixed; boundary=b\n\n--b\n{many}\n"))
        .unwrap();
    fs::write(
        drop.path().join("digest"),
        format!("{head}Content-Type: multipart/digest; boundary=b\n\n--b\n\n{many}\n"),
    )
    .unwrap();
    fs::write(drop.path().join("huge"), vec![b'x'; 9 << 20]).unwrap();
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let round = world.round(&of_folder(drop.path(), "kind = \"mail\"\n"), DAY_1, &sink);
    let reasons: Vec<&str> = round.rejects.iter().map(|reject| reject.reason.as_str()).collect();
    assert!(reasons.iter().any(|reason| reason.contains("boundaries and types of parts; at most 500")), "{reasons:?}");
    assert!(reasons.iter().any(|reason| reason.contains("longer than 8388608 bytes")), "{reasons:?}");
    assert!(reasons.iter().any(|reason| reason.contains("the heads of the letter and its parts have")), "{reasons:?}");
    assert_eq!(round.collected, 8, "{round:?}");
}

#[test]
fn hostile_sitemaps_and_interfaces_cost_a_bound() {
    let site = Site::serve(|path, head| {
        let host = head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default().trim().to_owned();
        match path {
            // Each leads to two more, for ever.
            _ if path.starts_with("/list") || path.starts_with("/s/") => ok(&format!(
                "<sitemapindex><sitemap><loc>http://{host}/s/{0}a</loc></sitemap><sitemap><loc>http://{host}/s/{0}b</loc></sitemap></sitemapindex>",
                path.len()
            )),
            "/bomb" => answer("200 OK", "", &gzip(&vec![b' '; 64 << 20])),
            "/deep" => ok(&"<a>".repeat(100_000)),
            _ => missing(),
        }
    });
    let (world, sink) = (World::new(|_| {}), Memory::default());
    let sitemap = recipe(&site, &format!("kind = \"sitemap\"\nbounds.list_pages_max = 5\n{DETAIL}"));
    let round = world.round(&sitemap, DAY_1, &sink);
    assert!(round.requests <= 7 && round.collected == 0, "{round:?}");
    for (path, expected) in [("/bomb", "decoded"), ("/deep", "nest deeper than 128")] {
        let text = format!(
            "id = \"x\"\nname = \"x\"\nchannel = \"media\"\nstart = [\"http://127.0.0.1:{}{path}\"]\nallow_loopback = true\n\
             schedule.every = \"1h\"\nkind = \"xml\"\n[list]\nitems = \"/a\"\n[list.fields]\nexternal_id = \"/i\"\ntext = \"/t\"\n",
            site.port
        );
        let round = world.round(&Recipe::parse(&text, "x.toml").unwrap(), DAY_1, &sink);
        assert!(problems(&round).contains(expected) || path == "/bomb" && round.problems_total == 1, "{round:?}");
    }
}
