//! Every field of a row comes out of every format, in its own column.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;

use calamine::{Reader, Xlsx};
use polars::prelude::{ParquetReader, SerReader};
use serde_json::{Value, json};

use super::{ArchiveError, EXPORT_COLUMNS, ExportFormat, ExportRow, write_export};
use vocabulary::{Category, Channel, Document, DocumentId, Hazard, ItemNames, RawRef, SourceId, parse_moment};

/// A row whose fields are all there and all different.
fn full() -> ExportRow {
    let meta = json!({"author": "作者甲", "sold": 12, "item_id": "商品七"});
    let document = Document {
        id: DocumentId::from("id-1"),
        source: SourceId::from("source-2"),
        channel: Channel::Complaint,
        url: Some("https://a.example/3".to_owned()),
        title: Some("标题四".to_owned()),
        text: "正文五".to_owned(),
        published_at: Some(parse_moment("2024-05-06T07:08:09+08:00").expect("a moment")),
        seen_at: Some(parse_moment("2024-06-07T08:09:10+08:00").expect("a moment")),
        meta: meta.as_object().expect("an object").clone(),
        raw: Some(RawRef { file: "wanglou-000001.warc.gz".to_owned(), offset: 11, digest: "sha1:X".to_owned() }),
    };
    ExportRow {
        document,
        categories: vec![Category::BatteryCharger, Category::Toy],
        hazards: vec![Hazard::Fire, Hazard::Choking],
        severity: Some(3),
        brand: Some("牌子六".to_owned()),
        region: Some(("330000".to_owned(), "浙江省".to_owned())),
        item: ItemNames {
            maker: Some("厂八".to_owned()),
            seller: Some("店九".to_owned()),
            model: Some("型十".to_owned()),
            batch: Some("批十一".to_owned()),
        },
        story: 70_007,
        position: 80_008,
    }
}

/// A row with nothing that may be missing.
fn bare() -> ExportRow {
    let row = full();
    let document = Document {
        id: DocumentId::from("id-2"),
        url: None,
        title: None,
        published_at: None,
        seen_at: None,
        meta: serde_json::Map::new(),
        raw: None,
        ..row.document
    };
    ExportRow {
        document,
        categories: Vec::new(),
        hazards: Vec::new(),
        severity: None,
        brand: None,
        region: None,
        item: ItemNames::default(),
        story: 0,
        position: 1,
    }
}

/// What the columns of a table are to hold.
const FULL: [(&str, &str); 23] = [
    ("id", "id-1"),
    ("title", "标题四"),
    ("text", "正文五"),
    ("published_at", "2024-05-06T07:08:09+08:00"),
    ("seen_at", "2024-06-07T08:09:10+08:00"),
    ("source", "source-2"),
    ("channel", "complaint"),
    ("channel_name", "投诉举报"),
    ("url", "https://a.example/3"),
    ("categories", "battery_charger;toy"),
    ("category_names", "电池与充电器;玩具"),
    ("hazards", "fire;choking"),
    ("hazard_names", "起火爆炸;误吞与堵塞"),
    ("brand", "牌子六"),
    ("region", "330000"),
    ("region_name", "浙江省"),
    ("seller", "店九"),
    ("item_id", "商品七"),
    ("maker", "厂八"),
    ("model", "型十"),
    ("batch", "批十一"),
    ("severity", "3"),
    ("story", "70007"),
];
/// The same of the row with nothing that may be missing.
const BARE: [(&str, &str); 6] = [
    ("id", "id-2"),
    ("text", "正文五"),
    ("source", "source-2"),
    ("channel", "complaint"),
    ("channel_name", "投诉举报"),
    ("story", "0"),
];

fn written(format: ExportFormat) -> Vec<u8> {
    let mut out = Vec::new();
    let rows = [full(), bare()].into_iter().map(Ok::<_, ArchiveError>);
    write_export(format, rows, &mut out, Path::new("test")).expect("written");
    out
}

/// Columns that hold something, by name.
fn filled(cells: impl Iterator<Item = String>) -> BTreeMap<&'static str, String> {
    EXPORT_COLUMNS.into_iter().zip(cells).filter(|(_, cell)| !cell.is_empty()).collect()
}

fn meant(columns: &[(&'static str, &str)]) -> BTreeMap<&'static str, String> {
    columns.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

#[test]
fn every_column_of_a_table_holds_its_field_and_no_other() {
    let csv = written(ExportFormat::Csv);
    let mut csv = csv::Reader::from_reader(&csv[3..]);
    let rows: Vec<_> = csv
        .records()
        .map(|record| filled(record.expect("a record").iter().map(str::to_owned).collect::<Vec<_>>().into_iter()))
        .collect();
    assert_eq!(rows, [meant(&FULL), meant(&BARE)], "CSV");

    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(written(ExportFormat::Xlsx))).expect("a workbook");
    let sheet = book.worksheet_range("检索结果").expect("a sheet");
    let rows: Vec<_> = sheet.rows().map(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>()).collect();
    assert_eq!(rows[0], EXPORT_COLUMNS);
    let rows: Vec<_> = rows.into_iter().skip(1).map(|row| filled(row.into_iter())).collect();
    assert_eq!(rows, [meant(&FULL), meant(&BARE)], "XLSX");

    let table = ParquetReader::new(Cursor::new(written(ExportFormat::Parquet))).finish().expect("a table");
    let cell = |name: &str, row: usize| {
        let value = table.column(name).expect("a column").get(row).expect("a cell");
        if value.is_null() { String::new() } else { value.str_value().into_owned() }
    };
    let row = |at: usize| filled(EXPORT_COLUMNS.into_iter().map(|name| cell(name, at)).collect::<Vec<_>>().into_iter());
    assert_eq!([row(0), row(1)], [meant(&FULL), meant(&BARE)], "Parquet");
}

#[test]
fn a_line_holds_the_document_and_all_that_was_read_in_it() {
    let text = String::from_utf8(written(ExportFormat::Ndjson)).expect("UTF-8");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let mut expected = serde_json::to_value(full().document).expect("JSON");
    expected["meta"]["found"] = json!({
        "categories": ["battery_charger", "toy"], "hazards": ["fire", "choking"], "severity": 3, "brand": "牌子六",
        "region": "330000", "item": {"maker": "厂八", "seller": "店九", "model": "型十", "batch": "批十一"},
        "story": 70_007, "position": 80_008,
    });
    assert_eq!(lines[0], expected);
    assert_eq!((&lines[0]["meta"]["author"], &lines[0]["id"]), (&json!("作者甲"), &json!("id-1")));
    let found = json!({
        "categories": [], "hazards": [], "severity": null, "brand": null, "region": null, "item": {}, "story": 0,
        "position": 1,
    });
    assert_eq!(lines[1]["meta"], json!({ "found": found }));
}
