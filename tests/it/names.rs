//! Places, firms, products, quantities and hazards found in real sentences, against labels that name them by reference.

use std::collections::BTreeMap;
use std::io::Read;

use wanglou::extract::read;
use wanglou::pipeline::read_lexicon;
use wanglou::vocabulary::{Channel, Document, DocumentId, MentionKind, Meta, RegionCode, SourceId};

use super::support::shared;

/// Share of the places, of the slots of recall sentences that must be found.
const PLACES_MIN: f64 = 0.95;
const SLOTS_MIN: f64 = 0.80;

fn document(title: Option<&str>, text: &str) -> Document {
    Document {
        id: DocumentId::from("d"),
        source: SourceId::from("test"),
        channel: Channel::Media,
        url: None,
        title: title.map(str::to_owned),
        text: text.to_owned(),
        published_at: None,
        seen_at: None,
        meta: Meta::default(),
        raw: None,
    }
}

fn labels(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

#[expect(clippy::cast_precision_loss, reason = "hundreds")]
fn share(right: usize, all: usize) -> f64 {
    right as f64 / all as f64
}

/// Title and text without tags and white space of every document of the archive, in its order.
fn incidents(archive: &[u8]) -> Vec<(String, String)> {
    let mut documents = Vec::new();
    let mut at = 0;
    while let Some(header) = archive.get(at..at + 512).filter(|header| header[0] != 0) {
        let size = std::str::from_utf8(&header[124..135]).expect("octal digits").trim_matches(['\0', ' ']);
        let size = usize::from_str_radix(size, 8).expect("octal digits");
        if matches!(header[156], b'0' | 0) {
            let body = String::from_utf8_lossy(&archive[at + 512..at + 512 + size]).into_owned();
            let title = body.split("<Title").nth(1).and_then(|rest| rest.split_once('>')?.1.split('<').next());
            let content = body.find("<Content").map_or(body.as_str(), |from| &body[from..]);
            let mut inside = false;
            let text = content.chars().filter(|character| {
                inside = (inside || *character == '<') && *character != '>';
                !(inside || *character == '>' || character.is_whitespace())
            });
            documents.push((title.unwrap_or_default().trim().to_owned(), text.collect()));
        }
        at += 512 + size.div_ceil(512) * 512;
    }
    documents
}

/// 0 province, 1 prefecture, 2 county.
fn fineness(code: &str) -> u8 {
    let code: RegionCode = code.parse().expect("a code");
    u8::from(code != code.province()) + u8::from(code != code.prefecture())
}

#[test]
fn nineteen_of_twenty_places_of_incident_reports_are_resolved() {
    let Some(file) = shared("data/cec_incidents/cec.tar.zst") else { return };
    let mut archive = Vec::new();
    let file = std::fs::File::open(file).expect("opened");
    zstd::Decoder::new(file).expect("zstd").read_to_end(&mut archive).expect("read");
    let documents = incidents(&archive);
    let lexicon = read_lexicon(None).expect("the shipped lexicon");
    let mut by_document: BTreeMap<usize, Vec<(usize, usize, &str)>> = BTreeMap::new();
    for row in labels(include_str!("../data/cec_regions.tsv")) {
        let number = |at: usize| row[at].parse::<usize>().expect("a number");
        by_document.entry(number(0)).or_default().push((number(1), number(1) + number(2), row[3]));
    }
    let (mut right, mut all, mut missed) = (0, 0, Vec::new());
    for (number, places) in by_document {
        let (title, text) = &documents[number];
        let reading = read(&document(Some(title), text), &lexicon);
        for (from, to, code) in places {
            let inside = reading.mentions.iter().filter(|mention| {
                mention.kind == MentionKind::Region && mention.span.from() >= from && mention.span.to() <= to
            });
            // The finest place of the location, the first of those.
            let found = inside.map(|mention| mention.code.as_str()).rev().max_by_key(|code| fineness(code));
            all += 1;
            if found.unwrap_or("-") == code {
                right += 1;
            } else {
                missed.push(format!("document {number} [{from}, {to}): {code} expected, {found:?} found"));
            }
        }
    }
    println!("{right} of {all} places resolved ({:.3})", share(right, all));
    assert!(share(right, all) >= PLACES_MIN, "{right} of {all}:\n{}", missed.join("\n"));
}

#[test]
fn four_of_five_slots_of_recall_sentences_are_found_as_exact_spans() {
    let Some(file) = shared("data/duee_events/sentences.csv") else { return };
    let mut reader = csv::Reader::from_path(file).expect("opened");
    let texts: BTreeMap<String, String> =
        reader.records().map(|row| row.expect("a row")).map(|row| (row[0].to_owned(), row[1].to_owned())).collect();
    let lexicon = read_lexicon(None).expect("the shipped lexicon");
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut missed = Vec::new();
    for row in labels(include_str!("../data/duee_slots.tsv")) {
        let span = |at: usize| row[at].parse::<usize>().expect("a number");
        let kinds: &[MentionKind] = match row[1] {
            "company" => &[MentionKind::Firm, MentionKind::Brand],
            "product" => &[MentionKind::Product],
            "quantity" => &[MentionKind::Quantity],
            _ => &[MentionKind::Hazard],
        };
        let reading = read(&document(None, &texts[row[0]]), &lexicon);
        let found = reading.mentions.iter().any(|mention| {
            kinds.contains(&mention.kind) && (mention.span.from(), mention.span.to()) == (span(2), span(3))
        });
        let count = counts.entry(row[1]).or_default();
        count.0 += usize::from(found);
        count.1 += 1;
        if !found {
            missed.push(row.join(" "));
        }
    }
    println!("found / labelled: {counts:?}");
    let (found, labelled) = counts.values().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    assert!(share(found, labelled) >= SLOTS_MIN, "{found} of {labelled}: {counts:?}\n{}", missed.join("\n"));
}
