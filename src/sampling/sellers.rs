//! Whom to buy from (clauses 3-33 and 3-34).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use vocabulary::{CandidateSeller, Category, Listing};

/// Proposes at most `most` listings of the category: the suspected brand first, then by displayed sales. No two share a seller, and a
/// brand comes again only when every other brand still on offer has come as often.
pub(super) fn propose(
    category: Category,
    brand: Option<&str>,
    listings: &[Listing],
    most: usize,
) -> Vec<CandidateSeller> {
    let mut ranked: Vec<&Listing> =
        listings.iter().filter(|listing| listing.category == category && !listing.seller.trim().is_empty()).collect();
    // Total order: equal sales are told apart by platform and item, so that the input's order never matters.
    ranked.sort_by(|a, b| {
        b.sold
            .cmp(&a.sold)
            .then_with(|| (&a.platform, &a.item_id, &a.seller).cmp(&(&b.platform, &b.item_id, &b.seller)))
    });
    let suspected = |listing: &Listing| brand.is_some() && listing.brand.as_deref() == brand;
    // One queue per brand, in the order of their best listings, the suspected brand before all.
    let mut queues: Vec<(Option<&str>, VecDeque<&Listing>)> = Vec::new();
    let mut place: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    let (first, others): (Vec<&Listing>, Vec<&Listing>) = ranked.into_iter().partition(|listing| suspected(listing));
    for listing in first.into_iter().chain(others) {
        let name = listing.brand.as_deref();
        let at = *place.entry(name).or_insert_with(|| {
            queues.push((name, VecDeque::new()));
            queues.len() - 1
        });
        queues[at].1.push_back(listing);
    }
    let mut sellers: BTreeSet<&str> = BTreeSet::new();
    let mut chosen = Vec::new();
    loop {
        let before = chosen.len();
        for (_, queue) in &mut queues {
            if chosen.len() >= most {
                return chosen;
            }
            while let Some(listing) = queue.pop_front() {
                if sellers.insert(&listing.seller) {
                    let reason = reason(listing, suspected(listing));
                    chosen.push(CandidateSeller { reason, listing: listing.clone() });
                    break;
                }
            }
        }
        if chosen.len() == before {
            return chosen;
        }
    }
}

fn reason(listing: &Listing, suspected: bool) -> String {
    let brand = match (&listing.brand, suspected) {
        (Some(brand), true) => format!("涉疑品牌“{brand}”"),
        (Some(brand), false) => format!("同类品牌“{brand}”"),
        (None, _) => "未标品牌".to_owned(),
    };
    format!("{brand}，页面显示销量{}件（估计值）", listing.sold)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn listing(item: u32, seller: &str, brand: Option<&str>, sold: u64) -> Listing {
        Listing {
            item_id: format!("{item}"),
            platform: "模拟商城".into(),
            seller: seller.into(),
            brand: brand.map(str::to_owned),
            category: Category::BatteryCharger,
            title: "充电宝".into(),
            sold,
            url: None,
            digest: None,
        }
    }

    fn names(found: &[CandidateSeller]) -> Vec<String> {
        found
            .iter()
            .map(|seller| format!("{} {}", seller.listing.brand.as_deref().unwrap_or("-"), seller.listing.seller))
            .collect()
    }

    #[test]
    fn the_suspected_brand_comes_first_then_sales_and_no_seller_twice() {
        let listings = [
            listing(1, "店一", Some("乙牌"), 900),
            listing(2, "店一", Some("甲牌"), 10),
            listing(3, "店二", Some("甲牌"), 500),
            listing(4, "店三", Some("丙牌"), 700),
            listing(5, "店四", Some("甲牌"), 20),
        ];
        let found = propose(Category::BatteryCharger, Some("甲牌"), &listings, 10);
        assert_eq!(names(&found), ["甲牌 店二", "乙牌 店一", "丙牌 店三", "甲牌 店四"]);
        assert_eq!(found[0].reason, "涉疑品牌“甲牌”，页面显示销量500件（估计值）");
    }

    #[test]
    fn other_categories_are_left_out() {
        assert!(propose(Category::Toy, None, &[listing(1, "店一", None, 1)], 10).is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Clause 3-34, and the same proposal whatever the order of the listings.
        #[test]
        fn sellers_never_repeat_and_brands_only_when_no_other_is_left(
            rows in prop::collection::vec((0..8_u32, 0..5_u32, 0..50_u64), 0..40), most in 1..15_usize
        ) {
            let make = |(item, (seller, brand, sold)): (u32, &(u32, u32, u64))| {
                let brand = (*brand > 0).then(|| format!("品牌{brand}"));
                listing(item, &format!("店{seller}"), brand.as_deref(), *sold)
            };
            let listings: Vec<Listing> = (0..).zip(&rows).map(make).collect();
            let found = propose(Category::BatteryCharger, Some("品牌1"), &listings, most);
            let sellers: BTreeSet<&str> = found.iter().map(|seller| seller.listing.seller.as_str()).collect();
            prop_assert_eq!(sellers.len(), found.len());
            for (at, repeated) in found.iter().enumerate() {
                let brand = &repeated.listing.brand;
                if !found[..at].iter().any(|earlier| earlier.listing.brand == *brand) {
                    continue;
                }
                let taken: BTreeSet<&str> = found[..at].iter().map(|earlier| earlier.listing.seller.as_str()).collect();
                let came: BTreeSet<_> = found[..at].iter().map(|earlier| earlier.listing.brand.clone()).collect();
                let left = listings.iter().find(|listing| !came.contains(&listing.brand) && !taken.contains(listing.seller.as_str()));
                prop_assert!(left.is_none(), "{:?} repeats while {:?} was left", repeated, left);
            }
            let mut reversed = listings;
            reversed.reverse();
            prop_assert_eq!(propose(Category::BatteryCharger, Some("品牌1"), &reversed, most), found);
        }
    }
}
