//! One alert in, one complete request out.

use jiff::ToSpan;
use jiff::civil::Date;

use super::SamplingError;
use super::aim::Aim;
use super::policy::SamplingPolicy;
use super::sellers;
use vocabulary::{Alert, Disposal, Listing, RequestId, SamplingRequest};

/// The sampling request of an alert. `product` is the product as the evidence names it (see `score::Events::product_named`), none when
/// it does not: then the category's name stands. The same alert always gives the same id (ALERT-1).
///
/// # Errors
/// [`SamplingError::NotAsked`] when the alert's disposal is not `sample`, [`SamplingError::Missing`] when a field could not be filled.
pub fn request_for(
    alert: &Alert,
    product: Option<&str>,
    listings: &[Listing],
    policy: &SamplingPolicy,
) -> Result<SamplingRequest, SamplingError> {
    let a = &alert.assessment;
    if a.disposal != Disposal::Sample {
        return Err(SamplingError::NotAsked { alert: alert.id.to_string(), disposal: a.disposal.code() });
    }
    request_by_person(alert, product, listings, policy, alert.changed_on)
}

/// The sampling request of an alert that a person wants sampled, whatever the machine says (clause 3-08), made on this day.
///
/// # Errors
/// [`SamplingError::Missing`] when a field could not be filled.
pub fn request_by_person(
    alert: &Alert,
    product: Option<&str>,
    listings: &[Listing],
    policy: &SamplingPolicy,
    on: Date,
) -> Result<SamplingRequest, SamplingError> {
    let a = &alert.assessment;
    let goal = policy.batches.get(&a.danger);
    let aim = goal.map(|goal| Aim::Detect { confidence: goal.confidence, rate: goal.rate, lot: None });
    let batches = aim.and_then(|aim| aim.size()).unwrap_or(0);
    let most = usize::try_from(batches).unwrap_or(usize::MAX).min(policy.sellers_max);
    let sellers = sellers::propose(a.category, a.brand.as_deref(), listings, most);
    let mut platforms: Vec<String> = sellers.iter().map(|seller| seller.listing.platform.clone()).collect();
    platforms.sort();
    platforms.dedup();
    let (tests, specific) = policy.tests(a.category, a.hazard);

    let mut gaps = Vec::new();
    if product.is_none() {
        gaps.push(format!("证据未给出具体品名，暂以类别“{}”代替，需人工明确监测产品", a.category.zh()));
    }
    if !specific {
        gaps.push(format!(
            "{}×{}未列专门检验项目，暂用通用项目，需检验机构确定项目与依据",
            a.category.zh(),
            a.hazard.zh()
        ));
    }
    gaps.push("标准年代号需由检验机构核对现行有效版本".to_owned());
    if sellers.is_empty() {
        gaps.push("未收集到该类产品的在售商品，需人工指定平台与卖家".to_owned());
        platforms.clone_from(&policy.default_platforms);
    } else if a.brand.is_some() && !sellers.iter().any(|seller| seller.listing.brand == a.brand) {
        gaps.push(format!("在售商品中未见涉疑品牌“{}”，需人工补充", a.brand.as_deref().unwrap_or_default()));
    }
    if !sellers.is_empty() && sellers.len() < usize::try_from(batches).unwrap_or(usize::MAX) {
        gaps.push(format!("已知卖家{}家，少于{batches}批，其余需人工补充", sellers.len()));
    }
    if platforms.is_empty() {
        gaps.push("采样平台待定".to_owned());
    }
    gaps.push("采样人员待指派".to_owned());

    let days = policy.deadline_days.get(&a.danger).copied().unwrap_or(0);
    let request = SamplingRequest {
        id: RequestId::new(format!("sr-{}", alert.id.as_str().trim_start_matches("wl-"))),
        alert_id: alert.id.clone(),
        created_on: on,
        category: a.category,
        product: product.map_or_else(|| a.category.zh().to_owned(), str::to_owned),
        brand: a.brand.clone(),
        hazard: a.hazard,
        batches,
        batches_reason: aim.and_then(|aim| aim.zh()).unwrap_or_default(),
        items: tests.to_vec(),
        platforms,
        mode: policy.mode.clone(),
        sellers,
        deadline: on.saturating_add(i64::from(days).days()),
        staff: policy.staff.clone(),
        gaps,
        criteria: a.criteria.clone(),
    };
    validate(&request)?;
    Ok(request)
}

/// Refuses a request without product, batch count, test items, standards (clause 3-05), mode, staff or a deadline after its day
/// (clause 3-32).
///
/// # Errors
/// [`SamplingError::Missing`] naming the first such field.
pub fn validate(request: &SamplingRequest) -> Result<(), SamplingError> {
    let empty = |text: &str| text.trim().is_empty();
    let missing = [
        ("product", empty(&request.product)),
        ("batches", request.batches == 0),
        ("batches_reason", empty(&request.batches_reason)),
        ("items", request.items.is_empty() || request.items.iter().any(|test| empty(&test.item))),
        ("standard", request.items.iter().any(|test| empty(&test.standard))),
        ("mode", empty(&request.mode)),
        ("staff", empty(&request.staff)),
        ("deadline", request.deadline <= request.created_on),
    ];
    match missing.into_iter().find(|(_, absent)| *absent) {
        Some((field, _)) => Err(SamplingError::Missing { request: request.id.to_string(), field }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::policy::shipped;
    use super::*;
    use serde_json::json;
    use vocabulary::{Category, Hazard, TestItem};

    /// An alert as the store keeps it, so that this room needs no other to make one.
    fn alert(category: Category, hazard: Hazard, disposal: Disposal) -> Alert {
        let alert = json!({
            "id": "wl-20230105-battery_charger-fire-3fa1c2", "state": "open", "opened_on": "2023-01-05",
            "changed_on": "2023-01-06", "last_active_on": "2023-01-06", "lexicon": "lex", "evidence": [], "evidence_total": 0,
            "assessment": {
                "as_of": "2023-01-06", "category": category, "hazard": hazard, "brand": "甲牌", "region": null,
                "danger": "high", "spread": "isolated", "disposal": disposal, "rank_score": 1.0,
                "counts": {"reports": 4, "texts": 4, "actors": 4, "places": 1}, "window_days": 7,
                "detector": {"method": "m", "h": 4.0, "h_threshold": 3.0, "windows": [], "baseline_events": 0,
                             "baseline_weeks": 104.0, "prior": [0.5, 10.0]},
                "danger_terms": {"severity": 3, "severity_stated": 0, "vulnerable": false, "probability_row": null,
                                 "range": ["medium", "serious"]},
                "spread_terms": {"brands": 1, "effective_brands": 1.0, "top_brand": "甲牌", "unknown_brand_share": 0.0,
                                 "provinces": 0, "effective_provinces": 0.0, "top_province": null, "top_province_share": 0.0,
                                 "unknown_region_share": 1.0, "p_without_top_brand": null, "p_without_top_province": null,
                                 "company_wide": false, "provisional": false, "rule": "isolated"},
                "disposal_rule": "sample.spread", "explanation": "…", "criteria": "test", "documents": [],
            },
        });
        serde_json::from_value(alert).expect("an alert")
    }

    fn listing(seller: &str, brand: &str) -> Listing {
        let (item_id, platform, title) = (format!("i-{seller}"), "模拟商城".to_owned(), "充电宝".to_owned());
        let (seller, brand, category) = (seller.to_owned(), Some(brand.to_owned()), Category::BatteryCharger);
        Listing {
            item_id,
            platform,
            seller,
            brand,
            category,
            title,
            sold: 10,
            url: None,
            digest: Some("blake3:00".into()),
        }
    }

    fn sample() -> Alert {
        alert(Category::BatteryCharger, Hazard::Fire, Disposal::Sample)
    }

    #[test]
    fn a_request_says_what_how_many_by_which_standard_where_and_until_when() {
        let listings = [listing("店一", "乙牌"), listing("店二", "甲牌")];
        let request = request_for(&sample(), Some("充电宝"), &listings, &shipped()).expect("complete");
        assert_eq!(request.id.as_str(), "sr-20230105-battery_charger-fire-3fa1c2");
        assert_eq!((request.product.as_str(), request.batches), ("充电宝", 14));
        assert_eq!(request.batches_reason, "14批可在真实不合格率为20%时以95%的概率至少检出一批");
        assert!(request.items.iter().any(|test| test.standard == "GB 31241-2022"));
        assert_eq!(request.platforms, ["模拟商城"]);
        assert_eq!(request.sellers[0].listing.brand.as_deref(), Some("甲牌"));
        assert_eq!(request.sellers[0].listing.item_id, "i-店二", "the platform's own id, unchanged");
        assert_eq!(request.deadline.to_string(), "2023-01-26");
        assert_eq!(request.staff, "待指派");
        assert!(request.gaps.iter().any(|gap| gap.contains("已知卖家2家，少于14批")), "{:?}", request.gaps);
    }

    #[test]
    fn asking_twice_gives_the_same_request() {
        let ask = || request_for(&sample(), None, &[listing("店一", "乙牌")], &shipped()).expect("complete");
        assert_eq!(ask(), ask());
    }

    #[test]
    fn what_is_not_known_is_named_as_a_gap() {
        let request = request_for(&sample(), None, &[], &shipped()).expect("complete");
        assert_eq!(request.product, "电池与充电器");
        for gap in ["证据未给出具体品名", "未收集到该类产品的在售商品", "采样平台待定", "采样人员待指派"]
        {
            assert!(request.gaps.iter().any(|found| found.contains(gap)), "{gap} is not in {:?}", request.gaps);
        }
        let rare = alert(Category::Publication, Hazard::Drowning, Disposal::Sample);
        let request = request_for(&rare, None, &[], &shipped()).expect("complete");
        assert_eq!(request.items[0].standard, "产品明示执行标准");
        assert!(request.gaps.iter().any(|gap| gap.contains("未列专门检验项目")));
        let other = request_for(&sample(), None, &[listing("店一", "乙牌")], &shipped()).expect("complete");
        assert!(other.gaps.iter().any(|gap| gap.contains("未见涉疑品牌“甲牌”")));
    }

    #[test]
    fn an_alert_to_be_notified_makes_no_request() {
        let notify = alert(Category::BatteryCharger, Hazard::Fire, Disposal::Notify);
        let error = request_for(&notify, None, &[], &shipped()).expect_err("not asked");
        assert!(matches!(error, SamplingError::NotAsked { disposal: "notify", .. }), "{error}");
    }

    #[test]
    fn a_request_without_one_of_its_fields_is_refused_by_name() {
        let good = request_for(&sample(), None, &[], &shipped()).expect("complete");
        let refused = |change: &dyn Fn(&mut SamplingRequest)| {
            let mut request = good.clone();
            change(&mut request);
            match validate(&request) {
                Err(SamplingError::Missing { field, .. }) => field,
                other => panic!("expected a missing field, found {other:?}"),
            }
        };
        assert_eq!(refused(&|request| request.product.clear()), "product");
        assert_eq!(refused(&|request| request.batches = 0), "batches");
        assert_eq!(refused(&|request| request.items.clear()), "items");
        assert_eq!(
            refused(&|request| request.items.push(TestItem { item: "x".into(), standard: " ".into() })),
            "standard"
        );
        assert_eq!(refused(&|request| request.deadline = request.created_on), "deadline");
        assert_eq!(refused(&|request| request.staff.clear()), "staff");
    }
}
