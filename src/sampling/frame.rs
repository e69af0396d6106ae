//! The frame that samples are drawn from (抽样框): every offer that may be bought, once each, in one order, with a hash.
//!
//! The hash is that of the settled offers and not of a file, so that blanks, quotes and the order of lines never change it. Its encoding: a
//! text is its length in bytes (64 bits, little-endian) and its UTF-8 bytes; a value that may be missing is the byte 0, or the byte 1 and the
//! value; a number is 64 bits, little-endian. Hashed by BLAKE3 are the text `wanglou frame 1`, the number of offers, and for each offer
//! platform, item, seller, brand?, maker?, region?, price in fen?, title, address?.

use serde::{Deserialize, Serialize};

use vocabulary::{Refused, Said, is_formula, refused};

/// Most offers of a frame.
pub const FRAME_MAX: usize = 20_000;
/// Longest text of an offer, in characters; an address may have [`URL_CHARS_MAX`].
pub const FIELD_CHARS_MAX: usize = 300;
/// Longest address of an offer, in characters.
pub const URL_CHARS_MAX: usize = 2_000;
/// Highest price of an offer, in fen: a hundred million yuan.
pub const PRICE_FEN_MAX: u64 = 10_000_000_000;
/// Columns of a frame as CSV, in order. `price` is in yuan.
pub const FRAME_COLUMNS: [&str; 9] =
    ["platform", "item_id", "seller", "brand", "maker", "region", "price", "title", "url"];
/// Names the encoding that a frame is hashed by.
const FRAME_TAG: &str = "wanglou frame 1";

/// A frame that cannot be drawn from, or a draw that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DrawError {
    /// There is nothing to draw from.
    #[error("the frame has no offer: there is nothing to draw from")]
    Empty,
    /// More offers than a frame may have.
    #[error("the frame has more than {FRAME_MAX} offers: narrow it by platform, product or region")]
    TooMany,
    /// An offer that is not usable, or stands twice.
    #[error("offer {number}: {reason}")]
    Offer {
        /// Which one, counted from 1 in the order given.
        number: u64,
        /// What was found and what was expected.
        reason: Refused,
    },
    /// A line of a CSV file that is no offer, or repeats one.
    #[error("line {line}: {reason}")]
    Line {
        /// Line of the file, counted from 1.
        line: u64,
        /// What was found and what was expected.
        reason: Refused,
    },
    /// A text that is no seed. The text is not shown: it may be most of a seed.
    #[error("this is no seed: expected 64 hexadecimal digits, found {found} characters")]
    Seed {
        /// Its length in characters.
        found: usize,
    },
    /// Nothing is to be drawn.
    #[error("no sample is asked for: expected at least 1")]
    NoneWanted,
    /// Repeats are asked for with a reason that is none.
    #[error("the reason for repeating a brand or maker: {0}")]
    Reason(Refused),
}

impl Said for DrawError {
    fn zh(&self) -> String {
        match self {
            Self::Empty => "抽样框里没有商品：无从抽取".to_owned(),
            Self::TooMany => format!("抽样框超过 {FRAME_MAX} 件商品：请按平台、产品或地区缩小范围"),
            Self::Offer { number, reason } => format!("第 {number} 件商品：{}", reason.zh),
            Self::Line { line, reason } => format!("第 {line} 行：{}", reason.zh),
            Self::Seed { found } => format!("不是随机种子：应为 64 位十六进制数字，现为 {found} 个字符"),
            Self::NoneWanted => "没有要抽的样品：至少抽 1 件".to_owned(),
            Self::Reason(reason) => format!("重复抽取品牌或生产企业的理由：{}", reason.zh),
        }
    }
}

/// An offer on a platform: one line of a frame. A brand, maker or region that is not stated is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Offer {
    /// Platform.
    pub platform: String,
    /// The platform's own item id (商品ID), unchanged (clause 3-43).
    pub item_id: String,
    /// In-platform seller (电商).
    pub seller: String,
    /// Brand, when stated (品牌).
    pub brand: Option<String>,
    /// Who makes it, when stated (生产企业).
    pub maker: Option<String>,
    /// Region of the seller, when stated.
    pub region: Option<String>,
    /// Displayed price in fen, when stated.
    pub price_fen: Option<u64>,
    /// Title of the offer.
    pub title: String,
    /// Address.
    pub url: Option<String>,
}

impl Offer {
    /// The offer without outer blanks and empty names.
    fn settled(self) -> Result<Self, Refused> {
        if let Some(fen) = self.price_fen.filter(|fen| *fen > PRICE_FEN_MAX) {
            return Err(refused!(
                "`price` 为 {fen} 分：应不超过 {PRICE_FEN_MAX} 分",
                "`price` is {fen} fen: expected at most {PRICE_FEN_MAX}"
            ));
        }
        let title: Vec<&str> = self.title.split_whitespace().collect();
        Ok(Self {
            platform: needed("platform", &self.platform)?,
            item_id: needed("item_id", &self.item_id)?,
            seller: needed("seller", &self.seller)?,
            brand: stated("brand", self.brand.as_deref(), FIELD_CHARS_MAX)?,
            maker: stated("maker", self.maker.as_deref(), FIELD_CHARS_MAX)?,
            region: stated("region", self.region.as_deref(), FIELD_CHARS_MAX)?,
            price_fen: self.price_fen,
            title: bounded("title", &title.join(" "), FIELD_CHARS_MAX)?,
            url: stated("url", self.url.as_deref(), URL_CHARS_MAX)?,
        })
    }

    fn hash_into(&self, hasher: &mut blake3::Hasher) {
        for text in [&self.platform, &self.item_id, &self.seller] {
            put_text(hasher, text);
        }
        for text in [&self.brand, &self.maker, &self.region] {
            put_stated(hasher, text.as_deref());
        }
        match self.price_fen {
            None => _ = hasher.update(&[0]),
            Some(fen) => _ = hasher.update(&[1]).update(&fen.to_le_bytes()),
        }
        put_text(hasher, &self.title);
        put_stated(hasher, self.url.as_deref());
    }
}

/// A text without outer blanks, of bounded length and without control characters.
pub(super) fn bounded(name: &str, text: &str, most: usize) -> Result<String, Refused> {
    let text = text.trim();
    if text.chars().count() > most {
        return Err(refused!("`{name}` 超过 {most} 个字", "`{name}` is longer than {most} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err(refused!("`{name}` 含有控制字符", "`{name}` holds control characters"));
    }
    Ok(text.to_owned())
}

fn needed(name: &str, text: &str) -> Result<String, Refused> {
    let text = bounded(name, text, FIELD_CHARS_MAX)?;
    if text.is_empty() { Err(refused!("`{name}` 是空的", "`{name}` is empty")) } else { Ok(text) }
}

fn stated(name: &str, text: Option<&str>, most: usize) -> Result<Option<String>, Refused> {
    let text = bounded(name, text.unwrap_or_default(), most)?;
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// Adds a text to a hash, its length first.
pub(super) fn put_text(hasher: &mut blake3::Hasher, text: &str) {
    hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
}

fn put_stated(hasher: &mut blake3::Hasher, text: Option<&str>) {
    match text {
        None => _ = hasher.update(&[0]),
        Some(text) => {
            hasher.update(&[1]);
            put_text(hasher, text);
        }
    }
}

/// Every offer that may be drawn, by platform and item, none twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    offers: Vec<Offer>,
    hash: String,
}

impl Frame {
    /// A frame of offers in whatever order.
    ///
    /// # Errors
    /// [`DrawError::Empty`], [`DrawError::TooMany`], or [`DrawError::Offer`] for an offer without platform, item or seller, with a text or
    /// price beyond its bound, or with the platform and item of another.
    pub fn new(offers: Vec<Offer>) -> Result<Self, DrawError> {
        Self::of((1..).zip(offers), |number, reason| DrawError::Offer { number, reason })
    }

    fn of(
        offers: impl Iterator<Item = (u64, Offer)>,
        refuse: impl Fn(u64, Refused) -> DrawError,
    ) -> Result<Self, DrawError> {
        let mut settled: Vec<(u64, Offer)> = Vec::new();
        for (number, offer) in offers {
            if settled.len() >= FRAME_MAX {
                return Err(DrawError::TooMany);
            }
            settled.push((number, offer.settled().map_err(|reason| refuse(number, reason))?));
        }
        if settled.is_empty() {
            return Err(DrawError::Empty);
        }
        settled.sort_by(|(a_number, a), (b_number, b)| {
            (&a.platform, &a.item_id, a_number).cmp(&(&b.platform, &b.item_id, b_number))
        });
        for ((first, one), (second, other)) in settled.iter().zip(settled.iter().skip(1)) {
            if (&one.platform, &one.item_id) == (&other.platform, &other.item_id) {
                let (platform, item) = (&one.platform, &one.item_id);
                let reason = refused!(
                    "平台“{platform}”的商品 `{item}` 已在第 {first} 处出现，不能再出现在第 {second} 处",
                    "item `{item}` of platform `{platform}` stands at {first} already and may not stand at {second} too"
                );
                return Err(refuse(*second, reason));
            }
        }
        let offers: Vec<Offer> = settled.into_iter().map(|(_, offer)| offer).collect();
        let hash = hash(&offers);
        Ok(Self { offers, hash })
    }

    /// The offers, by platform and item.
    #[must_use]
    pub fn offers(&self) -> &[Offer] {
        &self.offers
    }

    /// The BLAKE3 hash of the frame, 64 hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Reads a frame from CSV whose header is [`FRAME_COLUMNS`]; prices are in yuan, empty cells are not stated. An apostrophe that
    /// guards a cell from being taken for a formula is dropped.
    ///
    /// # Errors
    /// Those of [`Frame::new`], as [`DrawError::Line`] with the line; also for another header, another number of cells, or a price that is
    /// none.
    pub fn from_csv(text: &str) -> Result<Self, DrawError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let refuse = |line: u64, reason: Refused| DrawError::Line { line, reason };
        let header = reader.headers().map_err(|error| refuse(1, Refused::quoted(error)))?;
        if !header.iter().map(str::trim).eq(FRAME_COLUMNS) {
            let (found, wanted) = (header.iter().collect::<Vec<_>>().join(","), FRAME_COLUMNS.join(","));
            let found = vocabulary::excerpt(&found, vocabulary::SHOWN_CHARS);
            return Err(refuse(
                1,
                refused!("表头为 `{found}`：应为 {wanted}", "the header is `{found}`: expected {wanted}"),
            ));
        }
        let mut offers = Vec::new();
        for (record, at) in reader.records().zip(2_u64..) {
            let (line, offer) = match &record {
                Ok(record) => (record.position().map_or(at, csv::Position::line), offer(record)),
                Err(error) => (error.position().map_or(at, csv::Position::line), Err(Refused::quoted(error))),
            };
            if offers.len() >= FRAME_MAX {
                return Err(DrawError::TooMany);
            }
            offers.push((line, offer.map_err(|reason| refuse(line, reason))?));
        }
        Self::of(offers.into_iter(), refuse)
    }

    /// The frame as CSV, lines ending in `\n`. A cell that a spreadsheet would take for a formula begins with an apostrophe.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        // Writing to memory does not fail.
        _ = writer.write_record(FRAME_COLUMNS);
        for offer in &self.offers {
            let text = |stated: Option<&str>| guarded(stated.unwrap_or_default());
            _ = writer.write_record([
                guarded(&offer.platform),
                guarded(&offer.item_id),
                guarded(&offer.seller),
                text(offer.brand.as_deref()),
                text(offer.maker.as_deref()),
                text(offer.region.as_deref()),
                offer.price_fen.map_or_else(String::new, yuan),
                guarded(&offer.title),
                text(offer.url.as_deref()),
            ]);
        }
        String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
    }
}

fn hash(offers: &[Offer]) -> String {
    let mut hasher = blake3::Hasher::new();
    put_text(&mut hasher, FRAME_TAG);
    hasher.update(&(offers.len() as u64).to_le_bytes());
    for offer in offers {
        offer.hash_into(&mut hasher);
    }
    hasher.finalize().to_hex().to_string()
}

/// Whether a spreadsheet may take the cell for a formula, the apostrophes before it aside.
fn wants_guard(cell: &str) -> bool {
    is_formula(cell.trim_start_matches('\''))
}

fn guarded(cell: &str) -> String {
    if wants_guard(cell) { format!("'{cell}") } else { cell.to_owned() }
}

fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|_| wants_guard(cell)).unwrap_or(cell)
}

fn yuan(fen: u64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

fn offer(record: &csv::StringRecord) -> Result<Offer, Refused> {
    let cells: Vec<String> = record.iter().map(|cell| unguarded(cell.trim()).to_owned()).collect();
    let found = cells.len();
    let Ok([platform, item_id, seller, brand, maker, region, price, title, url]) = <[String; 9]>::try_from(cells)
    else {
        let wanted = FRAME_COLUMNS.len();
        return Err(refused!(
            "{found} 格：应为 {wanted} 格，与表头相同",
            "{found} cells: expected {wanted}, as in the header"
        ));
    };
    let (brand, maker, region, url) = (Some(brand), Some(maker), Some(region), Some(url));
    Ok(Offer { platform, item_id, seller, brand, maker, region, price_fen: fen(&price)?, title, url })
}

/// A price in yuan with at most two decimals, in fen; none when the cell is empty.
fn fen(cell: &str) -> Result<Option<u64>, Refused> {
    if cell.is_empty() {
        return Ok(None);
    }
    let read = || {
        let (yuan, rest) = cell.split_once('.').unwrap_or((cell, "00"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(yuan) || !digits(rest) || rest.len() > 2 {
            return None;
        }
        let rest: u64 = format!("{rest:0<2}").parse().ok()?;
        yuan.parse::<u64>().ok()?.checked_mul(100)?.checked_add(rest)
    };
    read().map(Some).ok_or_else(|| {
        let cell = vocabulary::excerpt(cell, vocabulary::SHOWN_CHARS);
        refused!(
            "`price` 为 `{cell}`：应为元，最多两位小数，如 59.90",
            "`price` is `{cell}`: expected yuan with at most two decimals, as 59.90"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(item: &str) -> Offer {
        Offer {
            platform: "甲平台".into(),
            item_id: item.into(),
            seller: "店一".into(),
            brand: None,
            maker: None,
            region: None,
            price_fen: None,
            title: "充电宝".into(),
            url: None,
        }
    }

    const HEADER: &str = "platform,item_id,seller,brand,maker,region,price,title,url\n";

    #[test]
    fn clause_1_26_a_frame_has_one_order_and_one_hash_whatever_order_it_came_in() {
        let one = Frame::new(vec![plain("2"), plain("1")]).expect("a frame");
        let other =
            Frame::new(vec![plain("1"), Offer { seller: " 店一 ".into(), brand: Some(" ".into()), ..plain("2") }]);
        let other = other.expect("a frame");
        assert_eq!(one, other);
        assert_eq!(one.offers()[0].item_id, "1");
        let longer = Frame::new(vec![plain("1"), Offer { title: "充电宝2".into(), ..plain("2") }]).expect("a frame");
        assert_ne!(one.hash(), longer.hash());
        // Which of two neighbouring fields a text stands in changes the hash.
        let brand = Frame::new(vec![Offer { brand: Some("甲".into()), ..plain("1") }]).expect("a frame");
        let maker = Frame::new(vec![Offer { maker: Some("甲".into()), ..plain("1") }]).expect("a frame");
        assert_ne!(brand.hash(), maker.hash());
    }

    /// By the description at the head of this file, with another implementation of BLAKE3.
    #[test]
    fn clause_1_26_the_hash_of_a_frame_can_be_computed_elsewhere() {
        let stated = Offer {
            brand: Some("甲牌".into()),
            region: Some("330100".into()),
            price_fen: Some(5_990),
            url: Some("https://a.example/1".into()),
            ..plain("1")
        };
        let frame = Frame::new(vec![stated, plain("2")]).expect("a frame");
        assert_eq!(frame.hash(), "a8c9958200476137985b26dfe143366c523c88a04bba7e93d743a37034ee6ac2");
    }

    #[test]
    fn clause_1_26_no_offer_stands_twice_in_a_frame() {
        let error = Frame::new(vec![plain("7"), plain("8"), plain("7")]).expect_err("twice").to_string();
        assert_eq!(error, "offer 3: item `7` of platform `甲平台` stands at 1 already and may not stand at 3 too");
        let elsewhere = Offer { platform: "乙平台".into(), ..plain("7") };
        assert!(Frame::new(vec![plain("7"), elsewhere]).is_ok(), "another platform, another item");
    }

    #[test]
    fn clause_1_26_a_frame_has_bounds() {
        assert_eq!(Frame::new(Vec::new()), Err(DrawError::Empty));
        let many = |count: usize| Frame::new((0..count).map(|item| plain(&item.to_string())).collect());
        assert_eq!(many(FRAME_MAX).map(|frame| frame.offers().len()), Ok(FRAME_MAX));
        assert_eq!(many(FRAME_MAX + 1), Err(DrawError::TooMany));
        let long = |chars: usize| Frame::new(vec![Offer { title: "字".repeat(chars), ..plain("1") }]);
        assert!(long(FIELD_CHARS_MAX).is_ok());
        assert!(matches!(long(FIELD_CHARS_MAX + 1), Err(DrawError::Offer { number: 1, .. })));
        for broken in [
            Offer { seller: "  ".into(), ..plain("1") },
            Offer { item_id: "1\u{7}1".into(), ..plain("1") },
            Offer { price_fen: Some(PRICE_FEN_MAX + 1), ..plain("1") },
        ] {
            assert!(matches!(Frame::new(vec![broken]), Err(DrawError::Offer { number: 1, .. })));
        }
    }

    #[test]
    fn clause_1_26_a_bad_line_is_told_with_its_number() {
        let refused = |lines: &str| match Frame::from_csv(&format!("{HEADER}{lines}")) {
            Err(DrawError::Line { line, reason }) => (line, reason.en),
            other => panic!("expected a bad line, found {other:?}"),
        };
        let good = "甲平台,1,店一,,,,,充电宝,\n";
        assert_eq!(refused(&format!("{good}甲平台,2,,,,,,充电宝,\n")), (3, "`seller` is empty".to_owned()));
        let (line, reason) = refused(&format!("{good}甲平台,2,店二,,,,1.234,充电宝,\n"));
        assert!(line == 3 && reason.contains("1.234"), "{line} {reason}");
        assert_eq!(refused("甲平台,2\n").0, 2);
        let (line, reason) = refused(&format!("{good}甲平台,2,店二,,,,,充电宝,\n{good}"));
        assert!(line == 4 && reason.contains("stands at 2 already"), "{line} {reason}");
        let header = Frame::from_csv("platform,item\n甲,1\n").expect_err("another header");
        assert!(matches!(header, DrawError::Line { line: 1, .. }), "{header}");
        assert_eq!(Frame::from_csv(HEADER), Err(DrawError::Empty));
        assert!(header.zh().contains("表头为 `platform,item`"), "{}", header.zh());
    }

    #[test]
    fn prices_are_read_in_yuan_and_kept_in_fen() {
        for (cell, expected) in
            [("", None), ("0", Some(0)), ("59.9", Some(5_990)), ("59.90", Some(5_990)), ("8", Some(800))]
        {
            assert_eq!(fen(cell), Ok(expected), "{cell}");
        }
        for cell in ["-1", "1.", ".5", "1e3", "1,000", "59.999", "￥5", "18446744073709551616"] {
            assert!(fen(cell).is_err(), "{cell}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn clause_1_26_a_frame_is_read_back_from_csv_as_it_was_written(
            rows in prop::collection::vec(
                ("[甲乙a\"=',;+ -]{1,6}", "[甲乙a\"=',;+ -]{0,6}", prop::option::of(0..100_000_u64)), 1..20
            )
        ) {
            let offers = rows.into_iter().enumerate().map(|(at, (seller, title, price_fen))| Offer {
                seller: format!("{seller}店"), brand: Some(title.clone()), title, price_fen, ..plain(&at.to_string())
            });
            let frame = Frame::new(offers.collect()).expect("a frame");
            let text = frame.to_csv();
            prop_assert_eq!(text.lines().count(), frame.offers().len() + 1);
            prop_assert_eq!(Frame::from_csv(&text), Ok(frame));
        }
    }
}
