//! The draw of samples from a frame (随机抽取): seeded, stratified, without repeating seller, brand or maker (clauses 1-26 and 3-34).
//!
//! In: a frame, a seed, how many, the classes to divide by, what the round holds already. Out: the offers drawn, and every offer passed over
//! with the reason. Not here: where a seed comes from, who may see it when, the store.
//!
//! **Anybody can draw again.** Offers are taken in the order of `BLAKE3(key, frame ‖ platform ‖ item)`, where `key` is derived from the seed
//! by BLAKE3's key derivation with the context `wanglou draw 1`, `frame` is the frame's hash as text, and each part is its length in bytes
//! (64 bits, little-endian) and its UTF-8 bytes. Equal keys do not happen; random keys make every order equally likely, whatever the order of
//! the frame. A larger sample of one class begins with the smaller one.
//!
//! **The seed is bound before the draw.** `Seed::commitment` is published first, with the matter it is for; the seed itself after the draw.
//! It is the BLAKE3 hash of the text `wanglou seed 1`, the matter as text, and the 32 bytes of the seed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::frame::{DrawError, FIELD_CHARS_MAX, Frame, Offer, bounded, put_text};
use vocabulary::refused;

/// Context of the key that orders offers.
const DRAW_TAG: &str = "wanglou draw 1";
/// Names the encoding of a commitment.
const SEED_TAG: &str = "wanglou seed 1";
/// Fewest samples of a class when the sample is large enough: a variance needs two.
const STRATUM_MIN: usize = 2;

/// What a draw follows from. Not shown by `Debug`: a seed that is known before the draw makes the draw known.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

impl Seed {
    /// A seed of 32 random bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`DrawError::Seed`] when the text is anything else.
    pub fn from_hex(text: &str) -> Result<Self, DrawError> {
        let hash = blake3::Hash::from_hex(text).map_err(|_| DrawError::Seed { found: text.chars().count() })?;
        Ok(Self(*hash.as_bytes()))
    }

    /// The seed as 64 hexadecimal digits, to be stored or published.
    #[must_use]
    pub fn to_hex(&self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }

    /// What is published before the draw: it fixes the seed for this matter and does not tell it.
    #[must_use]
    pub fn commitment(&self, matter: &str) -> String {
        let mut hasher = blake3::Hasher::new();
        put_text(&mut hasher, SEED_TAG);
        put_text(&mut hasher, matter);
        hasher.update(&self.0);
        hasher.finalize().to_hex().to_string()
    }

    /// Gives each offer of a frame its place in the draw.
    fn order<'a>(&self, frame: &'a Frame) -> Vec<&'a Offer> {
        let key = blake3::derive_key(DRAW_TAG, &self.0);
        let place = |offer: &Offer| {
            let mut hasher = blake3::Hasher::new_keyed(&key);
            for part in [frame.hash(), &offer.platform, &offer.item_id] {
                put_text(&mut hasher, part);
            }
            *hasher.finalize().as_bytes()
        };
        let mut placed: Vec<([u8; 32], &Offer)> = frame.offers().iter().map(|offer| (place(offer), offer)).collect();
        // Stable: the frame's own order stands behind equal keys.
        placed.sort_by_key(|(place, _)| *place);
        placed.into_iter().map(|(_, offer)| offer).collect()
    }
}

/// By what a frame is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StratumBy {
    /// The platform.
    Platform,
    /// The region of the seller.
    Region,
    /// The price, in thirds of the frame's known prices.
    Price,
}

/// By what a frame is divided, in order; nothing: all offers are one class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Strata {
    /// The divisions.
    pub by: Vec<StratumBy>,
}

/// Where a price lies among the known prices of the frame. Equal prices lie together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PriceClass {
    /// In the lowest third.
    Low,
    /// In the middle third.
    Middle,
    /// In the highest third.
    High,
    /// No price is stated.
    Unknown,
}

/// The class of an offer in one division.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// On this platform.
    Platform(String),
    /// In this region; none: not stated.
    Region(Option<String>),
    /// In this third of the prices.
    Price(PriceClass),
}

impl Class {
    /// The class in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Platform(platform) => platform.clone(),
            Self::Region(Some(region)) => format!("地区{region}"),
            Self::Region(None) => "地区不详".to_owned(),
            Self::Price(PriceClass::Low) => "价格低档".to_owned(),
            Self::Price(PriceClass::Middle) => "价格中档".to_owned(),
            Self::Price(PriceClass::High) => "价格高档".to_owned(),
            Self::Price(PriceClass::Unknown) => "价格不详".to_owned(),
        }
    }
}

/// The prices that end the lowest and the middle third.
#[derive(Clone, Copy)]
struct Thirds {
    low: u64,
    middle: u64,
}

impl Thirds {
    fn of(frame: &Frame) -> Option<Self> {
        let mut prices: Vec<u64> = frame.offers().iter().filter_map(|offer| offer.price_fen).collect();
        prices.sort_unstable();
        let last = |thirds: usize| prices.get((thirds * prices.len()).saturating_sub(1) / 3).copied();
        Some(Self { low: last(1)?, middle: last(2)? })
    }

    fn class(self, price: u64) -> PriceClass {
        if price <= self.low {
            PriceClass::Low
        } else if price <= self.middle {
            PriceClass::Middle
        } else {
            PriceClass::High
        }
    }
}

impl Strata {
    fn classes(&self, offer: &Offer, thirds: Option<Thirds>) -> Vec<Class> {
        let class = |by: &StratumBy| match by {
            StratumBy::Platform => Class::Platform(offer.platform.clone()),
            StratumBy::Region => Class::Region(offer.region.clone()),
            StratumBy::Price => {
                let known = thirds.zip(offer.price_fen).map(|(thirds, price)| thirds.class(price));
                Class::Price(known.unwrap_or(PriceClass::Unknown))
            }
        };
        self.by.iter().map(class).collect()
    }
}

/// How many of `n` samples fall to each class of these sizes: in proportion, by the largest remainder, ties to the earlier class; at least
/// two (or the whole class) when `n` allows it, else at least one when `n` allows that.
fn allocate(sizes: &[usize], n: usize) -> Vec<usize> {
    let n = n.min(sizes.iter().sum());
    let least = |most: usize| sizes.iter().map(|size| most.min(*size)).sum::<usize>();
    let minimum = (1..=STRATUM_MIN).rev().find(|most| least(*most) <= n).unwrap_or(0);
    // A class whose share lies below the minimum gets the minimum, and the others share what is left, until none lies below.
    let mut fixed = vec![false; sizes.len()];
    loop {
        let held = |is_fixed: bool| sizes.iter().zip(&fixed).filter(move |(_, fixed)| **fixed == is_fixed);
        let left = n - held(true).map(|(size, _)| minimum.min(*size)).sum::<usize>();
        let total: usize = held(false).map(|(size, _)| *size).sum();
        let below = |size: usize| left * size < minimum.min(size) * total;
        let newly: Vec<bool> = sizes.iter().zip(&fixed).map(|(size, fixed)| !fixed && below(*size)).collect();
        if newly.contains(&true) {
            fixed = fixed.iter().zip(newly).map(|(fixed, newly)| *fixed || newly).collect();
            continue;
        }
        // (share, remainder) of each class.
        let mut shares: Vec<(usize, usize)> = sizes
            .iter()
            .zip(&fixed)
            .map(|(size, fixed)| match left * size {
                _ if *fixed => (minimum.min(*size), 0),
                _ if total == 0 => (0, 0),
                part => (part / total, part % total),
            })
            .collect();
        let given: usize = shares.iter().map(|(share, _)| *share).sum();
        let mut order: Vec<usize> = (0..shares.len()).collect();
        // Stable: the earlier class goes first among equal remainders.
        order.sort_by_key(|at| std::cmp::Reverse(shares.get(*at).map_or(0, |(_, remainder)| *remainder)));
        for at in order.into_iter().take(n - given) {
            if let Some((share, _)) = shares.get_mut(at) {
                *share += 1;
            }
        }
        return shares.into_iter().map(|(share, _)| share).collect();
    }
}

/// What an offer may share with one that the round holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shares {
    /// It is that very item.
    Item,
    /// The seller (电商).
    Seller,
    /// The brand (品牌).
    Brand,
    /// The maker (生产企业).
    Maker,
}

impl Shares {
    /// What is shared, in Chinese.
    #[must_use]
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Item => "商品",
            Self::Seller => "电商",
            Self::Brand => "品牌",
            Self::Maker => "生产企业",
        }
    }
}

/// What the samples of a round hold already. Names are compared without outer and repeated blanks and without regard to case; what an
/// offer does not state is shared with none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Taken {
    items: BTreeSet<(String, String)>,
    sellers: BTreeSet<String>,
    brands: BTreeSet<String>,
    makers: BTreeSet<String>,
}

impl Taken {
    /// What these offers hold.
    #[must_use]
    pub fn of<'a>(offers: impl IntoIterator<Item = &'a Offer>) -> Self {
        let mut taken = Self::default();
        for offer in offers {
            taken.hold(offer);
        }
        taken
    }

    /// Adds an offer that was chosen.
    pub fn hold(&mut self, offer: &Offer) {
        self.items.insert((offer.platform.clone(), offer.item_id.clone()));
        self.sellers.extend(known(Some(&offer.seller)));
        self.brands.extend(known(offer.brand.as_deref()));
        self.makers.extend(known(offer.maker.as_deref()));
    }

    /// What an offer shares with those held; empty when it may be taken.
    #[must_use]
    pub fn shares(&self, offer: &Offer) -> Vec<Shares> {
        let holds = |held: &BTreeSet<String>, name: Option<&str>| known(name).is_some_and(|name| held.contains(&name));
        let found = [
            (Shares::Item, self.items.contains(&(offer.platform.clone(), offer.item_id.clone()))),
            (Shares::Seller, holds(&self.sellers, Some(&offer.seller))),
            (Shares::Brand, holds(&self.brands, offer.brand.as_deref())),
            (Shares::Maker, holds(&self.makers, offer.maker.as_deref())),
        ];
        found.into_iter().filter(|(_, shared)| *shared).map(|(shares, _)| shares).collect()
    }
}

/// A name as names are compared; none when nothing is stated.
fn known(name: Option<&str>) -> Option<String> {
    let words: Vec<&str> = name?.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" ").to_lowercase())
}

/// Whether a brand or maker may come again when no other offer is left. An item and a seller never do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Repeat {
    /// The written reason that allows it; none: it is not allowed.
    pub allowed: Option<String>,
}

/// Why an offer was taken though its brand or maker was there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Repeated {
    /// What it shares.
    pub shares: Vec<Shares>,
    /// The reason that was given.
    pub reason: String,
}

/// An offer that was drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Chosen {
    /// Its place in the order of the draw, counted from 1.
    pub place: usize,
    /// Its class.
    pub classes: Vec<Class>,
    /// Whether it fills up for another class that had too few.
    pub fills_up: bool,
    /// What it repeats, and why that was allowed; none: nothing.
    pub repeats: Option<Repeated>,
    /// The offer.
    #[serde(flatten)]
    pub offer: Offer,
}

/// An offer that was passed over because it repeats something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Skipped {
    /// Its place in the order of the draw, counted from 1.
    pub place: usize,
    /// Platform.
    pub platform: String,
    /// The platform's own item id.
    pub item_id: String,
    /// What it shares with an offer that was taken before it.
    pub shares: Vec<Shares>,
}

impl Skipped {
    /// The reason in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        let shares: Vec<&str> = self.shares.iter().map(|shares| shares.zh()).collect();
        format!("与本轮已抽取的样品同{}", shares.join("、同"))
    }
}

/// One class of the frame, and how many came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct StratumTold {
    /// The class.
    pub classes: Vec<Class>,
    /// Offers of the frame in it.
    pub offers: usize,
    /// Samples that fell to it.
    pub quota: usize,
    /// Samples that were taken of it.
    pub chosen: usize,
}

/// What a draw gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Drawn {
    /// Hash of the frame.
    pub frame: String,
    /// How many were asked for.
    pub wanted: usize,
    /// The offers drawn, in the order in which they were taken.
    pub chosen: Vec<Chosen>,
    /// The classes, in order.
    pub strata: Vec<StratumTold>,
    /// How many offers were passed over because they repeat something.
    pub skipped_for_repeat: usize,
    /// Those offers, in the order of the draw. Offers that the draw did not reach are not among them.
    pub skipped: Vec<Skipped>,
}

impl Drawn {
    /// How many of those asked for could not be drawn.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.wanted.saturating_sub(self.chosen.len())
    }
}

/// An offer that may still be taken.
struct Candidate<'a> {
    place: usize,
    stratum: usize,
    offer: &'a Offer,
    /// What it shared when it was passed over.
    shares: Vec<Shares>,
}

/// Draws `n` offers. First each class is filled up to its share, then all classes together up to `n`, then the same once more with brands
/// and makers that repeat, when `repeat` gives a reason. Fewer than `n` come when too few offers differ.
///
/// # Errors
/// [`DrawError::NoneWanted`] when `n` is 0, [`DrawError::Reason`] when the reason for repeating is empty or too long.
pub fn draw(
    frame: &Frame,
    seed: &Seed,
    n: usize,
    strata: &Strata,
    taken: &Taken,
    repeat: &Repeat,
) -> Result<Drawn, DrawError> {
    if n == 0 {
        return Err(DrawError::NoneWanted);
    }
    let allowed = repeat.allowed.as_deref().map(reason).transpose()?;
    let thirds = Thirds::of(frame);
    let order: Vec<(&Offer, Vec<Class>)> =
        seed.order(frame).into_iter().map(|offer| (offer, strata.classes(offer, thirds))).collect();
    let mut sizes: BTreeMap<&[Class], usize> = BTreeMap::new();
    for (_, classes) in &order {
        *sizes.entry(classes).or_default() += 1;
    }
    let quotas = allocate(&sizes.values().copied().collect::<Vec<_>>(), n);
    let mut told: Vec<StratumTold> = sizes
        .iter()
        .zip(quotas)
        .map(|((classes, offers), quota)| StratumTold { classes: classes.to_vec(), offers: *offers, quota, chosen: 0 })
        .collect();
    let at: BTreeMap<&[Class], usize> = sizes.keys().copied().zip(0..).collect();
    let mut left: Vec<Candidate<'_>> = order
        .iter()
        .zip(1..)
        .map(|((offer, classes), place)| {
            let stratum = at.get(classes.as_slice()).copied().unwrap_or_default();
            Candidate { place, stratum, offer, shares: Vec::new() }
        })
        .collect();

    let mut taken = taken.clone();
    let mut chosen: Vec<Chosen> = Vec::new();
    let passes = [(true, None), (false, None), (true, allowed.as_deref()), (false, allowed.as_deref())];
    for (within_quota, allowed) in passes {
        let mut rest = Vec::new();
        for mut candidate in left {
            let Some(stratum) = told.get_mut(candidate.stratum) else { continue };
            if chosen.len() >= n || (within_quota && stratum.chosen >= stratum.quota) {
                rest.push(candidate);
                continue;
            }
            let shares = taken.shares(candidate.offer);
            let repeats = match allowed {
                _ if shares.is_empty() => None,
                Some(reason) if !shares.contains(&Shares::Item) && !shares.contains(&Shares::Seller) => {
                    Some(Repeated { shares, reason: reason.to_owned() })
                }
                _ => {
                    candidate.shares = shares;
                    rest.push(candidate);
                    continue;
                }
            };
            taken.hold(candidate.offer);
            chosen.push(Chosen {
                place: candidate.place,
                classes: stratum.classes.clone(),
                fills_up: stratum.chosen >= stratum.quota,
                repeats,
                offer: candidate.offer.clone(),
            });
            stratum.chosen += 1;
        }
        left = rest;
    }
    let skipped: Vec<Skipped> = left
        .into_iter()
        .filter(|candidate| !candidate.shares.is_empty())
        .map(|Candidate { place, offer, shares, .. }| Skipped {
            place,
            platform: offer.platform.clone(),
            item_id: offer.item_id.clone(),
            shares,
        })
        .collect();
    let frame = frame.hash().to_owned();
    Ok(Drawn { frame, wanted: n, chosen, strata: told, skipped_for_repeat: skipped.len(), skipped })
}

fn reason(text: &str) -> Result<String, DrawError> {
    let text = bounded("reason", text, FIELD_CHARS_MAX).map_err(DrawError::Reason)?;
    if text.is_empty() { Err(DrawError::Reason(refused!("不能为空", "it is empty"))) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use vocabulary::Said;

    fn offer(item: usize, seller: &str, brand: Option<&str>, maker: Option<&str>) -> Offer {
        Offer {
            platform: "甲平台".into(),
            item_id: item.to_string(),
            seller: seller.into(),
            brand: brand.map(str::to_owned),
            maker: maker.map(str::to_owned),
            region: None,
            price_fen: None,
            title: "充电宝".into(),
            url: None,
        }
    }

    fn frame(offers: Vec<Offer>) -> Frame {
        Frame::new(offers).expect("a frame")
    }

    /// `count` offers that share nothing.
    fn apart(count: usize) -> Vec<Offer> {
        (0..count).map(|item| offer(item, &format!("店{item}"), None, None)).collect()
    }

    fn seed(number: u64) -> Seed {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        Seed::new(bytes)
    }

    fn simple(frame: &Frame, number: u64, n: usize) -> Drawn {
        draw(frame, &seed(number), n, &Strata::default(), &Taken::default(), &Repeat::default()).expect("drawn")
    }

    fn items(drawn: &Drawn) -> Vec<&str> {
        drawn.chosen.iter().map(|chosen| chosen.offer.item_id.as_str()).collect()
    }

    /// Pearson's statistic of counts of a draw without replacement is (N−n)/(N−1) of a chi-square with N−1 degrees of freedom: counts of
    /// one draw exclude one another, which makes them vary less than those of draws with replacement. So it is multiplied by (N−1)/(N−n).
    #[test]
    fn clause_1_26_every_offer_is_drawn_as_often_as_any_other() {
        const OFFERS: usize = 10;
        const WANTED: usize = 3;
        const DRAWS: u64 = 100_000;
        // 0.999 quantile of the chi-square law with 9 degrees of freedom.
        const MOST: f64 = 27.877;
        let frame = frame(apart(OFFERS));
        let (mut seen, mut first) = ([0.0; OFFERS], [0.0; OFFERS]);
        for number in 0..DRAWS {
            let drawn = simple(&frame, number, WANTED);
            assert_eq!(drawn.chosen.len(), WANTED);
            for (at, item) in items(&drawn).into_iter().enumerate() {
                let item: usize = item.parse().expect("a number");
                seen[item] += 1.0;
                if at == 0 {
                    first[item] += 1.0;
                }
            }
        }
        let pearson = |counts: &[f64], wanted: usize| {
            let expected = DRAWS as f64 * wanted as f64 / OFFERS as f64;
            counts.iter().map(|count| (count - expected).powi(2) / expected).sum::<f64>()
        };
        let scaled = pearson(&seen, WANTED) * (OFFERS - 1) as f64 / (OFFERS - WANTED) as f64;
        assert!(scaled < MOST, "{scaled}");
        let firsts = pearson(&first, 1);
        assert!(firsts < MOST, "{firsts}");
    }

    #[test]
    fn clause_1_26_a_draw_is_made_again_from_its_seed() {
        let frame = frame(apart(40));
        let again = Seed::from_hex(&seed(7).to_hex()).expect("a seed");
        let strata = Strata { by: vec![StratumBy::Platform] };
        let drawn = |seed: &Seed| draw(&frame, seed, 8, &strata, &Taken::default(), &Repeat::default());
        assert_eq!(drawn(&seed(7)), drawn(&again));
        assert_ne!(drawn(&seed(7)), drawn(&seed(8)));
        let (small, large) = (simple(&frame, 7, 3), simple(&frame, 7, 9));
        assert_eq!(items(&small), items(&large)[..3], "a larger sample begins with the smaller one");
    }

    /// By the description at the head of this file, with another implementation of BLAKE3.
    #[test]
    fn clause_1_26_a_draw_can_be_made_elsewhere() {
        let frame = frame(apart(10));
        assert_eq!(items(&simple(&frame, 7, 10)), ["7", "3", "8", "5", "1", "4", "0", "2", "9", "6"]);
        assert_eq!(seed(7).commitment("m-1"), "ff8806ba65c7b707a828743c964c78c37583606b7d3eaad1095234c0b385ca96");
    }

    #[test]
    fn clause_1_26_another_frame_is_another_order() {
        let (one, mut other) = (apart(30), apart(30));
        other[29].title = "充电器".into();
        assert_ne!(items(&simple(&frame(one), 7, 30)), items(&simple(&frame(other), 7, 30)));
    }

    #[test]
    fn clause_1_26_a_commitment_binds_seed_and_matter_and_tells_neither() {
        let commitment = seed(1).commitment("m-20260301-1");
        assert_eq!(commitment.len(), 64);
        assert_eq!(commitment, seed(1).commitment("m-20260301-1"));
        assert_ne!(commitment, seed(1).commitment("m-20260301-2"));
        assert_ne!(commitment, seed(2).commitment("m-20260301-1"));
        assert_ne!(commitment, seed(1).to_hex());
        assert_eq!(format!("{:?}", seed(1)), "Seed(…)");
    }

    #[test]
    fn a_text_that_is_no_seed_is_refused_and_not_shown() {
        let hex = seed(9).to_hex();
        for text in ["", &hex[..60], "z".repeat(64).as_str()] {
            let error = Seed::from_hex(text).expect_err("no seed");
            assert_eq!(error, DrawError::Seed { found: text.len() });
            let told = format!("{error} {}", error.zh());
            assert!(text.is_empty() || !told.contains(text), "{told}");
        }
    }

    #[test]
    fn clause_3_34_too_few_that_differ_make_a_short_sample_with_reasons() {
        let frame = frame(vec![
            offer(1, "店一", Some("Anker"), None),
            offer(2, "店二", Some(" ANKER "), None),
            offer(3, "店一", Some("乙牌"), None),
            offer(4, "店三", None, Some("丙公司")),
            offer(5, "店四", None, Some("丙公司")),
        ]);
        let drawn = simple(&frame, 3, 5);
        assert_eq!((drawn.chosen.len() + drawn.missing(), drawn.wanted), (5, 5));
        assert!(drawn.missing() >= 2, "{drawn:?}");
        assert_eq!(drawn.skipped_for_repeat, drawn.missing(), "every offer that was not taken is named");
        assert_eq!(drawn.skipped.len(), drawn.skipped_for_repeat);
        assert!(drawn.skipped.iter().all(|skipped| !skipped.shares.is_empty()));
        let both = Skipped {
            place: 1,
            platform: "甲平台".into(),
            item_id: "1".into(),
            shares: vec![Shares::Seller, Shares::Brand],
        };
        assert_eq!(both.zh(), "与本轮已抽取的样品同电商、同品牌");
    }

    #[test]
    fn clause_3_34_a_repeat_needs_a_written_reason_and_never_takes_a_seller_twice() {
        let frame = frame(vec![
            offer(1, "店一", Some("甲牌"), Some("甲公司")),
            offer(2, "店二", Some("甲牌"), Some("甲公司")),
            offer(3, "店二", Some("甲牌"), None),
            offer(4, "店三", Some("乙牌"), None),
        ]);
        let drawn = |allowed: Option<&str>| {
            let repeat = Repeat { allowed: allowed.map(str::to_owned) };
            draw(&frame, &seed(5), 4, &Strata::default(), &Taken::default(), &repeat)
        };
        assert_eq!(drawn(None).map(|drawn| drawn.chosen.len()), Ok(2));
        for empty in ["", "  "] {
            assert!(matches!(drawn(Some(empty)), Err(DrawError::Reason(_))));
        }
        let with = drawn(Some("仅两个品牌在售")).expect("drawn");
        assert_eq!((with.chosen.len(), with.missing()), (3, 1), "one seller has two of the offers");
        let repeats: Vec<&Repeated> = with.chosen.iter().filter_map(|chosen| chosen.repeats.as_ref()).collect();
        assert_eq!(repeats.len(), 1, "{with:?}");
        assert!(with.chosen[2].repeats.is_some(), "those that differ come first");
        assert_eq!(repeats[0].reason, "仅两个品牌在售");
        assert!(repeats[0].shares.contains(&Shares::Brand));
    }

    #[test]
    fn clause_3_34_what_the_round_holds_is_not_drawn_again() {
        let offers = [
            offer(1, "店一", Some("甲牌"), None),
            offer(2, "店二", Some("甲牌"), None),
            offer(3, "店三", None, Some("乙公司")),
            offer(4, "店四", None, None),
        ];
        let taken = Taken::of([&offer(9, "店九", Some("甲牌"), Some("乙公司")), &offers[3]]);
        let frame = frame(offers.to_vec());
        let with = |repeat: &Repeat| draw(&frame, &seed(2), 4, &Strata::default(), &taken, repeat).expect("drawn");
        let drawn = with(&Repeat::default());
        assert_eq!((drawn.chosen.len(), drawn.skipped_for_repeat), (0, 4));
        let drawn = with(&Repeat { allowed: Some("型号不同".into()) });
        assert_eq!(drawn.chosen.len(), 3, "the very item never comes again");
        assert_eq!(drawn.skipped[0].shares, [Shares::Item, Shares::Seller]);
    }

    #[test]
    fn nothing_asked_for_is_refused() {
        let none = draw(&frame(apart(2)), &seed(1), 0, &Strata::default(), &Taken::default(), &Repeat::default());
        assert_eq!(none, Err(DrawError::NoneWanted));
    }

    #[test]
    fn clause_1_26_samples_fall_to_classes_in_proportion_and_at_least_two_to_each() {
        assert_eq!(allocate(&[50, 30, 20], 10), [5, 3, 2]);
        assert_eq!(allocate(&[90, 8, 2], 10), [6, 2, 2]);
        assert_eq!(allocate(&[90, 9, 1], 10), [7, 2, 1], "a class of one gives one");
        assert_eq!(
            allocate(&[10, 10, 10], 4),
            [2, 1, 1],
            "too few for two each: one each, and the earlier class first"
        );
        assert_eq!(allocate(&[10, 20, 30], 2), [0, 1, 1], "too few for one each");
        assert_eq!(allocate(&[3, 2], 9), [3, 2]);
        assert_eq!(allocate(&[7], 3), [3]);
    }

    #[test]
    fn clause_1_26_prices_are_divided_in_thirds_and_unknown_ones_are_a_class() {
        let mut offers = apart(8);
        for (offer, price) in offers.iter_mut().zip([100, 200, 300, 400, 500, 600]) {
            offer.price_fen = Some(price);
        }
        let strata = Strata { by: vec![StratumBy::Price] };
        let drawn = draw(&frame(offers), &seed(1), 8, &strata, &Taken::default(), &Repeat::default()).expect("drawn");
        let found: Vec<(String, usize, usize)> =
            drawn.strata.iter().map(|told| (told.classes[0].zh(), told.offers, told.chosen)).collect();
        let expected =
            ["价格低档", "价格中档", "价格高档", "价格不详"].map(|class| (class.to_owned(), 2_usize, 2_usize));
        assert_eq!(found, expected);
    }

    #[test]
    fn clause_1_26_a_class_with_too_few_is_filled_up_from_the_others() {
        let mut offers = apart(12);
        for offer in offers.iter_mut().take(6) {
            offer.platform = "乙平台".into();
            offer.seller = "同一家店".into();
        }
        let strata = Strata { by: vec![StratumBy::Platform] };
        let drawn = draw(&frame(offers), &seed(4), 6, &strata, &Taken::default(), &Repeat::default()).expect("drawn");
        let told: Vec<(usize, usize)> = drawn.strata.iter().map(|told| (told.quota, told.chosen)).collect();
        assert_eq!(drawn.strata[0].classes, [Class::Platform("乙平台".into())]);
        assert_eq!((told, drawn.missing()), (vec![(3, 1), (3, 5)], 0));
        assert_eq!(drawn.chosen.iter().filter(|chosen| chosen.fills_up).count(), 2);
    }

    #[test]
    fn a_draw_is_kept_and_read_back() {
        let drawn = simple(&frame(apart(5)), 1, 2);
        let text = serde_json::to_string(&drawn).expect("written");
        assert_eq!(serde_json::from_str::<Drawn>(&text).expect("read"), drawn);
        let taken = Taken::of(drawn.chosen.iter().map(|chosen| &chosen.offer));
        let text = serde_json::to_string(&taken).expect("written");
        assert_eq!(serde_json::from_str::<Taken>(&text).expect("read"), taken);
    }

    /// Offers of few sellers, brands and makers, in an order of their own.
    fn offers() -> impl Strategy<Value = Vec<Offer>> {
        let row = (0..12_u32, prop::option::of(0..6_u32), prop::option::of(0..6_u32), prop::option::of(1..9_u64));
        prop::collection::vec(row, 1..40).prop_map(|rows| {
            let offers = rows.into_iter().enumerate().map(|(at, (seller, brand, maker, price_fen))| Offer {
                platform: if at % 3 == 0 { "甲平台".into() } else { "乙平台".into() },
                price_fen,
                ..offer(
                    at,
                    &format!("店{seller}"),
                    brand.map(|brand| format!("牌{brand}")).as_deref(),
                    maker.map(|maker| format!("厂{maker}")).as_deref(),
                )
            });
            offers.collect()
        })
    }

    const BOTH: [StratumBy; 2] = [StratumBy::Platform, StratumBy::Price];

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn clause_3_34_no_two_of_a_round_share_seller_brand_or_maker(offers in offers(), number: u64, n in 1..15_usize) {
            let frame = frame(offers);
            let strata = Strata { by: BOTH.to_vec() };
            let first = draw(&frame, &seed(number), n, &strata, &Taken::default(), &Repeat::default()).expect("drawn");
            let taken = Taken::of(first.chosen.iter().map(|chosen| &chosen.offer));
            let second = draw(&frame, &seed(!number), n, &strata, &taken, &Repeat::default()).expect("drawn");
            let round: Vec<&Offer> = first.chosen.iter().chain(&second.chosen).map(|chosen| &chosen.offer).collect();
            for (at, one) in round.iter().enumerate() {
                for other in &round[..at] {
                    prop_assert_ne!(&one.seller, &other.seller);
                    prop_assert!(one.brand.is_none() || one.brand != other.brand);
                    prop_assert!(one.maker.is_none() || one.maker != other.maker);
                }
            }
            if first.missing() > 0 {
                prop_assert_eq!(first.chosen.len() + first.skipped_for_repeat, frame.offers().len());
            }
            prop_assert_eq!(first.strata.iter().map(|told| told.chosen).sum::<usize>(), first.chosen.len());
        }

        #[test]
        fn clause_1_26_the_order_of_the_frame_never_matters(
            (one, other) in offers().prop_flat_map(|offers| (Just(offers.clone()), Just(offers).prop_shuffle())),
            number: u64,
            n in 1..15_usize,
        ) {
            let strata = Strata { by: BOTH.to_vec() };
            let repeat = Repeat { allowed: Some("试抽".into()) };
            let drawn = |offers: Vec<Offer>| draw(&frame(offers), &seed(number), n, &strata, &Taken::default(), &repeat);
            prop_assert_eq!(drawn(one), drawn(other));
        }

        #[test]
        fn clause_1_26_shares_of_classes_add_up_and_fit(sizes in prop::collection::vec(1..40_usize, 1..12), n in 1..200_usize) {
            let quotas = allocate(&sizes, n);
            let total: usize = sizes.iter().sum();
            prop_assert_eq!(quotas.iter().sum::<usize>(), n.min(total));
            prop_assert!(quotas.iter().zip(&sizes).all(|(quota, size)| quota <= size));
            if n >= 2 * sizes.len() {
                prop_assert!(quotas.iter().zip(&sizes).all(|(quota, size)| *quota >= STRATUM_MIN.min(*size)));
            }
        }
    }
}
