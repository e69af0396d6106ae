//! Real pages and feeds of the shared data: bytes to text, page to headline and article. Skipped where they are absent.
#![expect(clippy::disallowed_methods, reason = "tests read the shared files")]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use super::article::article;
use super::charset::{decode, for_label};
use super::tree::Tree;
use shared_data::shared;
use vocabulary::{SHOWN_CHARS, excerpt};

/// The plain files of a tar archive, by name.
pub(crate) fn files_of(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let tar = zstd::decode_all(std::fs::File::open(path).unwrap()).unwrap();
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(&tar[..]).entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.header().entry_type().is_file() {
            let name = entry.path().unwrap().to_string_lossy().trim_start_matches("./").to_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            files.insert(name, bytes);
        }
    }
    files
}

/// The rows of a manifest.
fn rows(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn all_samples_of_encodings_decode_to_their_text() {
    let Some(folder) = shared("data/encoding_samples") else { return };
    let files = files_of(&folder.join("chardet_zh.tar.zst"));
    let mut wrong = Vec::new();
    let mut count = 0;
    for row in rows(&folder.join("manifest.csv")) {
        let bytes = &files[&row[0]];
        let found = decode(bytes, None, None);
        // The one EUC-TW text is there in Big5, too.
        let expected = match row[2].as_str() {
            "EUC-TW" => decode(&files["tests/Big5/_ude_1.txt"], Some("big5"), None).text,
            label => for_label(label).unwrap().decode(bytes).0.into_owned(),
        };
        count += 1;
        if found.text != expected {
            let at = found.text.chars().zip(expected.chars()).take_while(|(a, b)| a == b).count();
            let near = |text: &str| text.chars().skip(at.saturating_sub(5)).take(30).collect::<String>();
            wrong.push(format!(
                "{} read as {}: {} instead of {}; {:?}",
                row[0],
                found.encoding,
                near(&found.text),
                near(&expected),
                found.problems
            ));
        }
    }
    for (file, label) in
        [("big5", "big5"), ("gb18030", "gb18030"), ("gb2312-sample", "gb18030"), ("gbk-sample", "gb18030")]
    {
        let bytes = std::fs::read(folder.join(format!("juniversalchardet_{file}.txt"))).unwrap();
        let expected = for_label(label).unwrap().decode(&bytes).0.into_owned();
        count += 1;
        let found = decode(&bytes, None, None);
        if found.text != expected {
            wrong.push(format!("{file} read as {}", found.encoding));
        }
    }
    println!("{} of {count} samples right", count - wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_lie_about_the_charset_is_seen_through_in_all_samples() {
    let Some(folder) = shared("data/encoding_samples") else { return };
    let files = files_of(&folder.join("chardet_zh.tar.zst"));
    let (mut told, mut right, mut wrong) = (0, 0, Vec::new());
    for (name, bytes) in &files {
        let truth = decode(bytes, None, None).text;
        for lie in ["utf-8", "gb2312", "big5", "euc-tw", "utf-16le", "windows-1252", "shift_jis", "no-such"] {
            told += 1;
            if decode(bytes, Some(lie), None).text == truth {
                right += 1;
            } else {
                wrong.push(format!("{name} as {lie}"));
            }
        }
    }
    println!("{right} of {told} lies seen through; not: {wrong:?}");
    assert!(f64::from(right) >= 0.95 * f64::from(told), "{right} of {told}: {wrong:?}");
}

#[test]
fn real_pages_give_a_headline_and_a_text() {
    let Some(folder) = shared("data/html_pages") else { return };
    let files = files_of(&folder.join("gne_pages.tar.zst"));
    let squeeze = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let (mut titles, mut texts, mut count, mut odd) = (0_u32, 0_u32, 0_u32, Vec::new());
    for row in rows(&folder.join("manifest.csv")) {
        let decoded = decode(&files[&row[0]], None, None);
        let page = Tree::parse(&decoded.text);
        let found = article(&page);
        count += 1;
        // The manifest has the whole of `<title>`, the site's name in it; ours is what is left without it.
        let matches = !found.title.is_empty() && squeeze(&row[4]).contains(&squeeze(&found.title));
        titles += u32::from(matches);
        let enough = found.text.chars().count() >= 100;
        texts += u32::from(enough);
        let show = |text: &str| excerpt(text, SHOWN_CHARS).replace('\n', "⏎");
        let end: String = found
            .text
            .chars()
            .rev()
            .take(40)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect::<String>()
            .replace('\n', "⏎");
        println!(
            "{} {}\n  title {} [{}]\n  {} chars: {} … {end}",
            row[0],
            if matches { "" } else { "TITLE?" },
            found.title,
            row[4],
            found.text.chars().count(),
            show(&found.text)
        );
        if !matches || !enough {
            odd.push(row[0].clone());
        }
    }
    println!(
        "{titles} of {count} titles are the manifest's, {texts} of {count} texts have 100 characters; look at {odd:?}"
    );
    assert!(f64::from(titles) >= 0.9 * f64::from(count), "{titles} of {count}: {odd:?}");
}

/// The page with one tag in `every` taken out, one doubled and one followed by an end tag too many; tags of scripts stay.
fn broken(page: &str, every: u64, draws: &mut impl FnMut() -> u64) -> String {
    let (mut out, mut rest) = (String::with_capacity(page.len()), page);
    while let Some(at) = rest.find('<') {
        let end = rest[at..].find('>').map_or(rest.len(), |end| at + end + 1);
        let tag = &rest[at..end];
        out.push_str(&rest[..at]);
        let whole = ["<script", "</script", "<style", "</style", "<!"].iter().any(|begin| tag.starts_with(begin));
        match draws() % every {
            0 if !whole => {}
            1 if !whole => out.extend([tag, tag]),
            2 if !whole => out.extend([tag, "</div>"]),
            _ => out.push_str(tag),
        }
        rest = &rest[end..];
    }
    out + rest
}

#[test]
fn pages_with_broken_tags_keep_their_articles() {
    let Some(folder) = shared("data/html_pages") else { return };
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut draws = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let (mut shares, mut headlines, mut count) = (0.0, 0_u32, 0_u32);
    for bytes in files_of(&folder.join("gne_pages.tar.zst")).values() {
        let page = decode(bytes, None, None).text;
        let intact = article(&Tree::parse(&page));
        for every in [50, 100, 300] {
            let found = article(&Tree::parse(&broken(&page, every, &mut draws)));
            let chars = |text: &str| text.chars().count() as f64;
            let common: f64 = found.text.lines().filter(|line| intact.text.contains(line)).map(chars).sum();
            shares += (2.0 * common / (chars(&intact.text) + chars(&found.text)).max(1.0)).min(1.0);
            headlines += u32::from(found.title == intact.title);
            count += 1;
        }
    }
    let share = shares / f64::from(count);
    println!("{count} broken pages: {share:.3} of the article (F1 by characters), {headlines} headlines as they were");
    assert!(share >= 0.85, "{share}");
    assert!(f64::from(headlines) >= 0.95 * f64::from(count), "{headlines} of {count}");
}
