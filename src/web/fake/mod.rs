//! A desk with a handful of handcrafted answers, among them hostile ones.

mod search;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use serde_json::json;

use super::desk::{
    CursorState, Desk, DeskError, EventsPage, Exported, FeedForm, PushReject, Pushed, QueryExample, QueryFault,
    SearchOutcome, SourceCounts, SourceHealth, Status, Trail,
};
use crate::alert::Casework;
use crate::pipeline::{ExportFormat, NewSearch, Records};
use crate::store::{CameFor, EndpointHealth, EndpointRow, Promotion, SavedSearch, TryRow};
use crate::vocabulary::{
    Act, Alert, AlertEvent, AlertEventKind, AlertId, AlertState, Assessment, CandidateSeller, Category, Channel,
    CharSpan, ClusterTerms, Counts, CriteriaVersion, Danger, DangerTerms, DetectorTerms, Disposal, Document,
    DocumentId, Endpoint, EndpointKind, Evidence, EvidenceBasis, Explanation, FeedbackTerms, Hazard, LexiconVersion,
    Listing, Mention, MentionKind, Notice, NoticeKind, PRealTerms, Party, Position, Problem, ProductFrom, RawRef,
    Reading, Recheck, RegionCode, RegionTerm, RequestId, RuleId, SamplingRequest, Sentence, Signal, SourceId,
    SourceTerm, Spread, SpreadTerms, Stance, StandardAction, Subscription, TestItem, WindowTerm, parse_moment,
};

/// What a client must show to hand documents in.
pub(super) const PUSH_TOKEN: &str = "a-token-of-enough-characters";
/// What the hostile alert and document try.
pub(super) const SCRIPT: &str = "<script>alert('拍手')</script>";
pub(super) const TURNED: &str = "\u{202E}全安常非\u{202C}";
pub(super) const LONG_WORD_CHARS: usize = 3_000;

/// Which desk a test sits at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Well,
    /// Nothing collected yet.
    Empty,
    /// Every answer is an internal error with a secret in it.
    Broken,
    /// Every answer panics.
    Panicking,
}

pub(super) struct FakeDesk(pub(super) Mood);

impl FakeDesk {
    fn check(&self) -> Result<(), DeskError> {
        match self.0 {
            Mood::Well | Mood::Empty => Ok(()),
            Mood::Broken => {
                Err(DeskError::internal("reading alerts", std::io::Error::other("password hunter2 at /srv/secret.db")))
            }
            Mood::Panicking => panic!("a desk that panics, on purpose"),
        }
    }

    fn all(&self) -> Vec<Alert> {
        match self.0 {
            Mood::Empty => Vec::new(),
            _ => vec![irritation(), hostile(), toys(), power_banks()],
        }
    }
}

#[async_trait]
impl Desk for FakeDesk {
    async fn ranked(&self) -> Result<Vec<Alert>, DeskError> {
        self.check()?;
        let mut all = self.all();
        all.reverse();
        Ok(all)
    }

    async fn act(&self, act: Act) -> Result<bool, DeskError> {
        self.check()?;
        Casework::default().check(&act).map_err(|refused| DeskError::Refused { why: refused.zh })?;
        Ok(act.key.as_deref() != Some("known"))
    }

    fn pack_records(&self, party: &str, records: &Records, _: Timestamp) -> Result<Vec<u8>, DeskError> {
        let ids: Vec<&str> = records.alerts.iter().map(|alert| alert.id.as_str()).collect();
        Ok(format!("{party}: {}", ids.join(" ")).into_bytes())
    }

    async fn alert(&self, id: &AlertId) -> Result<Option<Alert>, DeskError> {
        self.check()?;
        Ok(self.all().into_iter().find(|alert| alert.id == *id))
    }

    async fn history(&self, id: &AlertId) -> Result<Vec<AlertEvent>, DeskError> {
        Ok(if *id == power_banks().id { history() } else { Vec::new() })
    }

    async fn sampling(&self, alert: &AlertId) -> Result<Option<SamplingRequest>, DeskError> {
        Ok((*alert == power_banks().id).then(request))
    }

    async fn sampling_requests(&self) -> Result<Vec<SamplingRequest>, DeskError> {
        self.check()?;
        Ok(if self.0 == Mood::Empty { Vec::new() } else { vec![request()] })
    }

    async fn deliveries(&self) -> Result<Vec<EndpointHealth>, DeskError> {
        self.check()?;
        let endpoint = Endpoint {
            name: "值班群".to_owned(),
            party: None,
            kind: EndpointKind::Dingtalk,
            url: "https://oapi.example.com/robot/send?access_token=a-secret-token".to_owned(),
            secret: Some("a-secret-key".to_owned()),
            allow_loopback: false,
            subscription: Subscription { danger: Some(Danger::High), digest_hour: Some(8), ..Subscription::default() },
        };
        let row = EndpointRow { endpoint, owner: None, cursor: 7, notice_cursor: 0, paused_at: None, stopped: None };
        let last = self.delivery_tries(1).await?.pop();
        Ok(vec![EndpointHealth { row, waiting: 2, delivered: 40, dead: 1, last }])
    }

    async fn delivery_tries(&self, limit: u32) -> Result<Vec<TryRow>, DeskError> {
        assert!(limit > 0);
        Ok(vec![TryRow {
            endpoint: "值班群".to_owned(),
            message: "msg_0123".to_owned(),
            at: "2024-07-11T01:02:03Z".to_owned(),
            took_ms: 15_000,
            status: None,
            trouble: Some("no answer in time".to_owned()),
        }])
    }

    async fn document(&self, id: &DocumentId) -> Result<Option<(Document, Option<Reading>)>, DeskError> {
        self.check()?;
        Ok(match id.as_str() {
            "sim.complaints/2024/0711" => Some((complaint(), Some(reading()))),
            "sim.media/<b>" => Some((hostile_document(), None)),
            _ => None,
        })
    }

    async fn search(&self, query: &str, limit: usize, after: Option<&str>) -> Result<SearchOutcome, DeskError> {
        self.check()?;
        if let Some(at) = query.find("hazrad") {
            let from = query[..at].chars().count();
            let message =
                "没有叫 hazrad 的字段；可用字段：category、hazard、brand、region、channel、source、date".to_owned();
            return Err(DeskError::BadQuery(QueryFault { message, span: Some(CharSpan::new(from, from + 6)) }));
        }
        match after {
            None => Ok(search::outcome(query, limit)),
            Some("page-2") => Ok(SearchOutcome { next: None, ..search::outcome(query, limit) }),
            Some(other) => Err(DeskError::BadCursor { found: other.to_owned() }),
        }
    }

    async fn export(&self, query: &str, format: ExportFormat, _now: Timestamp) -> Result<Exported, DeskError> {
        self.check()?;
        if query.contains("很多") {
            return Err(DeskError::Refused { why: "检索到 900000 条，超过上限".to_owned() });
        }
        Ok(Exported { archive: format!("PK {} {query}", format.code()).into_bytes(), rows: 1 })
    }

    async fn searches(&self) -> Result<Vec<SavedSearch>, DeskError> {
        self.check()?;
        Ok(vec![search::saved("浙江起火", true), search::saved(SCRIPT, false)])
    }

    async fn save_search(&self, new: NewSearch, now: Timestamp) -> Result<SavedSearch, DeskError> {
        if new.name == "浙江起火" {
            return Err(DeskError::Refused {
                why: "已有叫“浙江起火”的检索，请换一个名称，或先删除它".to_owned()
            });
        }
        let NewSearch { name, query, watched, only_new, throttle_minutes } = new;
        let (told_at, came, untold) = (None, 0, 0);
        Ok(SavedSearch { name, query, made_at: now, watched, only_new, throttle_minutes, told_at, came, untold })
    }

    async fn remove_search(&self, name: &str) -> Result<bool, DeskError> {
        Ok(name == "浙江起火")
    }

    async fn came_for(&self, _name: &str, _limit: usize) -> Result<Vec<CameFor>, DeskError> {
        Ok(search::came())
    }

    async fn trail(&self, id: &DocumentId) -> Result<Trail, DeskError> {
        if id.as_str() != "sim.complaints/2024/0711" {
            return Ok(Trail::default());
        }
        Ok(search::trail())
    }

    async fn raw(&self, id: &DocumentId) -> Result<Option<Vec<u8>>, DeskError> {
        Ok((id.as_str() == "sim.complaints/2024/0711").then(|| b"WARC/1.1\r\n".to_vec()))
    }

    fn query_examples(&self) -> Vec<QueryExample> {
        let example = |query: &str, means: &str| QueryExample { query: query.to_owned(), means: means.to_owned() };
        vec![
            example("充电宝 起火", "两个词都出现，越相关越靠前"),
            example("\"质量太差\"", "原文中连着出现"),
            example("hazard:fire region:330000", "隐患为起火爆炸，地区在浙江省"),
            example("鼓包 -火爆 date:2024-06-01..2024-07-31", "不含“火爆”，发布于六月至七月"),
        ]
    }

    async fn status(&self) -> Result<Status, DeskError> {
        self.check()?;
        let source =
            |source: &str, channel, [collected, kept, duplicate, unchanged, rejected]: [u64; 5]| SourceCounts {
                source: SourceId::from(source),
                channel,
                collected,
                kept,
                duplicate,
                unchanged,
                rejected,
                reasons: if rejected > 0 { vec![("正文为空".to_owned(), rejected)] } else { Vec::new() },
            };
        Ok(Status {
            documents: 12_840,
            signals: 3_122,
            alerts_open: 3,
            alerts_closed: 1,
            sampling_requests: 1,
            last_as_of: Some(day(11)),
            log_end: Position(12_840),
            cursors: vec![
                CursorState { consumer: "index".to_owned(), position: Position(12_840) },
                CursorState { consumer: "extract".to_owned(), position: Position(12_700) },
            ],
            sources: vec![
                source("sim.complaints", Channel::Complaint, [9_010, 8_200, 640, 158, 12]),
                source("sim.media", Channel::Media, [5_000, 4_640, 300, 60, 0]),
                source("sim.miscounted", Channel::Platform, [10, 3, 3, 3, 0]),
            ],
            health: vec![SourceHealth {
                source: SourceId::from("sim.complaints"),
                name: "模拟投诉".to_owned(),
                channel: Channel::Complaint,
                enabled: true,
                paused_at: None,
                due_at: Timestamp::from_second(1_720_003_600).ok(),
                last_at: Timestamp::from_second(1_720_000_000).ok(),
                last_success_at: Timestamp::from_second(1_720_000_000).ok(),
                last_news_at: None,
                rounds: 3,
                troubles: vec!["2 of 10 items were set aside".to_owned()],
            }],
            program: "0.1.0".to_owned(),
            lexicon: lexicon(),
            criteria: criteria(),
            promotion: Some(Promotion {
                seq: 2,
                folder: "20240701T090000".to_owned(),
                lexicon: lexicon(),
                criteria: criteria(),
                shipped: (false, true),
                before: (LexiconVersion::from("before"), criteria()),
                by: "张三".to_owned(),
                why: "增加充电类新说法".to_owned(),
                report: None,
                asked_at: Timestamp::from_second(1_720_000_000).unwrap_or_default(),
                in_force_at: Timestamp::from_second(1_720_000_600).ok(),
                documents: 12_840,
                problem: None,
            }),
            notices: vec![Notice {
                kind: NoticeKind::PastChanged,
                at: Timestamp::from_second(1_720_000_000).unwrap_or_default(),
                about: "nightly".to_owned(),
                text: "按计划重放2024-06-03至2024-07-02，与上一次不同：新增预警1件".to_owned(),
            }],
        })
    }

    fn home(&self) -> &'static str {
        "http://wanglou"
    }

    fn render(&self, form: FeedForm, alerts: &[Alert]) -> String {
        let ids = alerts.iter().map(|alert| alert.id.as_str()).collect::<Vec<_>>();
        match form {
            FeedForm::Json(_) => json!({"version": "https://jsonfeed.org/version/1.1", "items": ids}).to_string(),
            FeedForm::Atom(_) => format!("<feed xmlns=\"http://www.w3.org/2005/Atom\"><!-- {} --></feed>", ids.len()),
            FeedForm::Csv => ids.join("\r\n"),
            FeedForm::Notice => "【草稿】".to_owned(),
            FeedForm::Cap => "<alert/>\n".to_owned(),
        }
    }

    async fn every_alert(&self) -> Result<(Vec<Alert>, Vec<SamplingRequest>), DeskError> {
        Ok((self.ranked().await?, self.sampling_requests().await?))
    }

    async fn records(&self) -> Result<Records, DeskError> {
        let (alerts, sampling) = self.every_alert().await?;
        Ok(Records { alerts, events: history(), sampling, acts: Vec::new() })
    }

    async fn cap(&self, _: &Alert, _: Timestamp) -> Result<String, DeskError> {
        self.check()?;
        Ok("<alert/>\n".to_owned())
    }

    async fn health(&self) -> Result<(), DeskError> {
        self.check()
    }

    async fn ready(&self) -> Result<(), DeskError> {
        match self.0 {
            Mood::Empty => Err(DeskError::Unavailable { reason: "the index is being built".to_owned() }),
            _ => self.check(),
        }
    }

    async fn events_after(&self, after: u64, limit: usize) -> Result<EventsPage, DeskError> {
        self.check()?;
        let numbered = (1..).zip(history()).filter(|(number, _)| *number > after);
        let events: Vec<(u64, AlertEvent)> = numbered.take(limit).collect();
        Ok(EventsPage { reached: events.last().map_or(after, |(number, _)| *number), events })
    }

    async fn last_event(&self) -> Result<u64, DeskError> {
        self.check()?;
        Ok(history().len() as u64)
    }

    fn push_token(&self) -> Option<&str> {
        (self.0 != Mood::Empty).then_some(PUSH_TOKEN)
    }

    async fn push(
        &self,
        lines: Vec<u8>,
        source: SourceId,
        channel: Channel,
        _: Option<&Party>,
    ) -> Result<Pushed, DeskError> {
        self.check()?;
        assert_eq!((source.as_str(), channel), ("hotline", Channel::Complaint));
        let collected = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count() as u64;
        let rejects = vec![PushReject { line: 1, reason: "field `text` is missing".to_owned() }];
        Ok(Pushed { collected, kept: collected - 1, rejected: 1, rejects, ..Pushed::default() })
    }

    fn region_name(&self, code: RegionCode) -> String {
        match code.number() {
            330_000 => "浙江省".to_owned(),
            330_100 => "杭州市".to_owned(),
            330_106 => "杭州市西湖区".to_owned(),
            440_000 => "广东省".to_owned(),
            _ => code.to_string(),
        }
    }

    fn standard_note(&self, number: &str) -> Option<String> {
        (number == "GB 31241-2014").then(|| "已被 GB 31241-2022 代替".to_owned())
    }
}

fn day(day: i8) -> Date {
    date(2024, 7, day)
}

fn region(code: u32) -> RegionCode {
    RegionCode::new(code).expect("a code")
}

fn lexicon() -> LexiconVersion {
    LexiconVersion::from("lex-5f0c21a9")
}

fn criteria() -> CriteriaVersion {
    CriteriaVersion::from("default-1+9c41")
}

fn evidence(id: &str, text: &str, marked: &[&str], url: Option<&str>, source: &str) -> Evidence {
    let span = |word: &&str| {
        let from = text.find(*word).map(|byte| text[..byte].chars().count()).expect("a word of the text");
        CharSpan::new(from, from + word.chars().count())
    };
    Evidence {
        document_id: DocumentId::from(id),
        published_at: parse_moment("2024-07-09T21:14:00+08:00").expect("a moment"),
        text: text.to_owned(),
        spans: marked.iter().map(span).collect(),
        url: url.map(str::to_owned),
        source: source.to_owned(),
    }
}

fn assessment(category: Category, hazard: Hazard, danger: Danger, spread: Spread, disposal: Disposal) -> Assessment {
    Assessment {
        as_of: day(11),
        category,
        hazard,
        brand: None,
        region: None,
        danger,
        spread,
        disposal,
        rank_score: 8.4,
        counts: Counts { reports: 31, texts: 22, actors: 19, places: 9 },
        window_days: 7,
        detector: DetectorTerms {
            method: "rise_evidence".to_owned(),
            evidence: 16.2,
            h: 7.301,
            h_threshold: 4.0,
            windows: vec![
                WindowTerm { days: 1, x: 4, mu: 0.412, p: 0.000_913 },
                WindowTerm { days: 7, x: 22, mu: 2.883, p: 5.0e-8 },
                WindowTerm { days: 28, x: 27, mu: 11.53, p: 0.000_21 },
            ],
            baseline_events: 84,
            baseline_weeks: 51.2,
            prior: [0.5, 0.25],
            began: None,
            among: None,
        },
        danger_terms: DangerTerms {
            severity: 3,
            severity_stated: 2,
            vulnerable: true,
            probability_row: None,
            range: [Danger::High, Danger::Serious],
            exposure: crate::vocabulary::ExposureTerms::default(),
        },
        spread_terms: SpreadTerms {
            brands: 6,
            effective_brands: 4.27,
            top_brand: Some("磐能".to_owned()),
            unknown_brand_share: 0.227,
            provinces: 5,
            effective_provinces: 3.61,
            top_province: Some(region(330_000)),
            top_province_share: 0.412,
            unknown_region_share: 0.136,
            p_without_top_brand: Some(0.000_044),
            p_without_top_province: None,
            company_wide: false,
            provisional: true,
            rule: "spread.industry.effective_brands".to_owned(),
            events: 22,
            raised_brands: 4,
            regions: vec![province(330_000, 9, 0.84), province(320_000, 2, 1.3)],
            cluster: Some(ClusterTerms {
                zone: None,
                regions: vec![region(330_000), region(320_000)],
                weeks: 3,
                events: 11,
                expected: 2.14,
                llr: 9.15,
                scanned: true,
                p: Some(0.002),
                recurrence_days: Some(500.0),
                held: true,
            }),
            cluster_excess_share: Some(0.463),
            ..SpreadTerms::default()
        },
        feedback: FeedbackTerms {
            basis: EvidenceBasis::Onset,
            sources: vec![SourceTerm {
                source: SourceId::from("sim.complaints"),
                channel: Channel::Complaint,
                events: 22,
                hits: 5,
                misses: 2,
                w: 0.667,
            }],
            intensity: 8.25,
            p_real: Some(PRealTerms {
                mean: 0.71,
                interval: [0.42, 0.93],
                method: "beta_binomial".to_owned(),
                alike: 7,
                alike_confirmed: 5,
                judged: 19,
                judged_confirmed: 11,
                shape: [6.1, 2.5],
            }),
            ..FeedbackTerms::default()
        },
        disposal_rule: "disposal.sample.serious_or_wide".to_owned(),
        decision: crate::vocabulary::Decision::default(),
        change: Vec::new(),
        change_of: None,
        explanation: Explanation::prose(
            "近7天有22个独立事件涉及电池与充电器起火爆炸，按过去51.2周的情况预期2.9个，尾概率5.0×10⁻⁸，检测值7.30超过预警线4.00；\
            最重伤害为需就医，因涉及儿童上调一级至严重；事件分布于6个品牌（有效4.3个）、5个省份，去掉首位品牌“磐能”后仍显著，判为行业性（暂定）；按标准处置为采样。",
        ),
        criteria: criteria(),
        documents: Vec::new(),
    }
}

fn province(code: u32, events: u64, expected: f64) -> RegionTerm {
    RegionTerm { region: region(code), events, expected, excess: (events as f64 - expected).max(0.0) }
}

fn alert(id: &str, assessment: Assessment, evidence: Vec<Evidence>) -> Alert {
    Alert {
        id: AlertId::from(id),
        state: AlertState::Open,
        opened_on: day(8),
        changed_on: day(10),
        last_active_on: day(11),
        lexicon: lexicon(),
        evidence_total: evidence.len() as u64,
        evidence,
        assessment,
    }
}

pub(super) fn power_banks() -> Alert {
    let judged =
        assessment(Category::BatteryCharger, Hazard::Fire, Danger::Serious, Spread::Industry, Disposal::Sample);
    let evidence = vec![
        evidence(
            "sim.complaints/2024/0711",
            "晚上给孩子的平板充电，充电宝放在床头柜上突然起火，床单烧了一大片，孩子的手也被烫伤，连夜去了医院。",
            &["充电宝", "起火", "烫伤"],
            Some("http://complaints.example/case/0711"),
            "sim.complaints",
        ),
        evidence(
            "sim.media/2024/88",
            "杭州一居民楼内充电宝自燃冒烟，消防员到场处置，所幸无人受伤。",
            &["充电宝", "自燃冒烟"],
            Some("https://media.example/a/88"),
            "sim.media",
        ),
        evidence("import/77", "用了不到一个月，移动电源就鼓包了，不敢再用。", &["移动电源", "鼓包"], None, "weibo"),
    ];
    Alert { evidence_total: 31, ..alert("a-2024-0708-battery_charger-fire", judged, evidence) }
}

fn toys() -> Alert {
    let judged = Assessment {
        region: Some(region(330_100)),
        rank_score: 5.2,
        counts: Counts { reports: 9, texts: 8, actors: 8, places: 1 },
        explanation: Explanation::prose(
            "近7天有8个独立事件涉及玩具误吞与堵塞，预期0.6个；集中在杭州市，判为区域性；按标准处置为通知。",
        )
        .then(kept()),
        ..assessment(Category::Toy, Hazard::Choking, Danger::High, Spread::Regional, Disposal::Notify)
    };
    alert("a-2024-0709-toy-choking", judged, Vec::new())
}

fn irritation() -> Alert {
    let judged = Assessment {
        brand: Some("莹洁".to_owned()),
        rank_score: 9.9,
        counts: Counts { reports: 14, texts: 5, actors: 5, places: 3 },
        explanation: Explanation::prose("已连续28天低于预警线，预警结束。"),
        ..assessment(Category::Cosmetic, Hazard::Irritation, Danger::Medium, Spread::Isolated, Disposal::Exclude)
    };
    Alert { state: AlertState::Closed, ..alert("a-2024-0601-cosmetic-irritation", judged, Vec::new()) }
}

pub(super) fn hostile() -> Alert {
    let judged = Assessment {
        brand: Some(SCRIPT.to_owned()),
        rank_score: 1.5,
        counts: Counts { reports: 2, texts: 2, actors: 1, places: 0 },
        explanation: Explanation::prose(format!("说明里有{SCRIPT}，还有{TURNED}。")),
        ..assessment(Category::OtherProduct, Hazard::Other, Danger::Low, Spread::Isolated, Disposal::Notify)
    };
    let text = format!("{SCRIPT}\"><img src=x onerror=alert(1)>{TURNED}{}", "长".repeat(LONG_WORD_CHARS));
    let quote = evidence("sim.media/<b>", &text, &["script", "onerror"], Some("javascript:alert(1)"), SCRIPT);
    alert("a-hostile/\"><b>", judged, vec![quote])
}

/// That levels are kept: a sentence that is a value.
fn kept() -> Sentence {
    Sentence::Held { since: day(9), days: 28 }
}

fn history() -> Vec<AlertEvent> {
    let now = power_banks().assessment;
    let event = |as_of, event, danger, spread, disposal, before| AlertEvent {
        alert_id: power_banks().id,
        as_of,
        event,
        category: now.category,
        hazard: now.hazard,
        brand: None,
        region: None,
        danger,
        spread,
        disposal,
        rank_score: 6.0,
        counts: Counts { reports: 8, texts: 7, actors: 7, places: 4 },
        evidence: Vec::new(),
        evidence_total: 8,
        rules: Vec::new(),
        merged_into: None,
        explanation: Explanation::prose("近7天有7个独立事件，预期2.8个。").then(kept()),
        before,
        criteria: criteria(),
        lexicon: lexicon(),
    };
    let first = (Danger::High, Spread::Isolated, Disposal::Notify);
    vec![
        event(day(8), AlertEventKind::Opened, first.0, first.1, first.2, None),
        event(day(10), AlertEventKind::Raised, Danger::Serious, Spread::Industry, Disposal::Sample, Some(first)),
    ]
}

fn request() -> SamplingRequest {
    let seller = |item: &str, platform: &str, seller: &str, brand: &str, title: &str, sold, url: Option<&str>| {
        let listing = Listing {
            item_id: item.to_owned(),
            platform: platform.to_owned(),
            seller: seller.to_owned(),
            brand: Some(brand.to_owned()),
            category: Category::BatteryCharger,
            title: title.to_owned(),
            sold,
            url: url.map(str::to_owned),
            digest: None,
        };
        CandidateSeller { reason: "涉事品牌，销量最高".to_owned(), listing }
    };
    SamplingRequest {
        id: RequestId::from("s-2024-0710-battery_charger-fire"),
        alert_id: power_banks().id,
        created_on: day(10),
        category: Category::BatteryCharger,
        product: "充电宝".to_owned(),
        brand: None,
        hazard: Hazard::Fire,
        batches: 12,
        batches_reason: "若不合格率为22%，12批至少发现1批的概率为95%".to_owned(),
        items: vec![
            TestItem { item: "热滥用".to_owned(), standard: "GB 31241-2022".to_owned() },
            TestItem { item: "过充电".to_owned(), standard: "GB 31241-2022".to_owned() },
            TestItem { item: "标识".to_owned(), standard: "GB/T 35590-2017".to_owned() },
        ],
        platforms: vec!["集市网".to_owned(), "云铺".to_owned()],
        mode: "网络匿名购买".to_owned(),
        sellers: vec![
            seller(
                "70012",
                "集市网",
                "磐能旗舰店",
                "磐能",
                "磐能 20000毫安充电宝 快充",
                18_230,
                Some("https://market.example/i/70012"),
            ),
            seller("70455", "云铺", SCRIPT, "驰电", "驰电 迷你充电宝 女生便携", 9_120, Some("javascript:alert(2)")),
        ],
        deadline: date(2024, 7, 31),
        staff: "监测中心采样组，两人同行".to_owned(),
        gaps: vec!["样品数量：每批备样数待检验机构确认".to_owned()],
        criteria: criteria(),
    }
}

fn complaint() -> Document {
    let meta = json!({
        "platform_category": "移动电源", "brand": "磐能", "region": "浙江省杭州市", "sold": 18230,
        "note": SCRIPT, "tags": ["充电", "起火"],
    });
    Document {
        id: DocumentId::from("sim.complaints/2024/0711"),
        source: SourceId::from("sim.complaints"),
        channel: Channel::Complaint,
        url: Some("http://complaints.example/case/0711".to_owned()),
        title: Some("磐能充电宝半夜起火".to_owned()),
        text: "磐能充电宝半夜起火\n晚上给孩子的平板充电，充电宝放在床头柜上突然起火，床单烧了一大片，孩子的手也被烫伤，连夜去了医院。\n\
            商家说他们的产品不会爆炸，还说通过了GB 31241-2014。我在杭州市西湖区，7月9日在云铺买的，型号PN-20K。"
            .to_owned(),
        published_at: Some(parse_moment("2024-07-09T21:14:00+08:00").expect("a moment")),
        seen_at: Some(parse_moment("2024-07-10T06:00:00+08:00").expect("a moment")),
        meta: meta.as_object().expect("an object").clone(),
        raw: Some(RawRef {
            file: "20240710-complaints-0003.warc.gz".to_owned(),
            offset: 88_213,
            digest: "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ".to_owned(),
        }),
    }
}

fn reading() -> Reading {
    use MentionKind::{Brand, Group, Hazard as Danger, Injury, Model, Platform, Product, Region, Standard};
    use Stance::{Asserted, Negated};

    let text = complaint().text;
    let mention = |kind, code: &str, word: &str, nth: usize, stance, rule: &str| {
        let byte = text.match_indices(word).nth(nth).expect("a word of the text").0;
        let from = text[..byte].chars().count();
        Mention {
            kind,
            code: code.to_owned(),
            span: CharSpan::new(from, from + word.chars().count()),
            text: word.to_owned(),
            stance,
            rule: RuleId::from(rule),
        }
    };
    let mentions = vec![
        mention(Brand, "磐能", "磐能", 0, Asserted, "dict:brands/磐能"),
        mention(Product, "battery_charger", "磐能充电宝", 0, Asserted, "dict:products/充电宝"),
        mention(Danger, "fire", "起火", 0, Asserted, "fire.battery"),
        mention(Group, "children", "孩子", 0, Asserted, "dict:groups/孩子"),
        mention(Product, "computer", "平板", 0, Asserted, "dict:products/平板"),
        mention(Product, "battery_charger", "充电宝", 1, Asserted, "dict:products/充电宝"),
        mention(Danger, "fire", "突然起火", 0, Asserted, "fire.battery"),
        mention(Danger, "burn", "烫伤", 0, Asserted, "burn.injury"),
        mention(Injury, "2", "连夜去了医院", 0, Asserted, "injury.hospital_visit"),
        mention(Danger, "fire", "爆炸", 0, Negated, "context.denial"),
        mention(Standard, "GB 31241-2014", "GB 31241-2014", 0, Asserted, "standard.number"),
        mention(Region, "330106", "杭州市西湖区", 0, Asserted, "dict:regions/330106"),
        mention(Platform, "云铺", "云铺", 0, Asserted, "dict:platforms/云铺"),
        mention(Model, "PN-20K", "PN-20K", 0, Asserted, "model.number"),
    ];
    let signal = |hazard, hazard_span, rule: &str| Signal {
        product: Category::BatteryCharger,
        hazard,
        stance: Asserted,
        severity: 2,
        product_span: Some(mentions[5].span),
        hazard_span,
        title_span: None,
        product_from: ProductFrom::Text,
        brand: Some("磐能".to_owned()),
        region: Some(region(330_100)),
        confidence: 0.934,
        rules: vec![RuleId::from("dict:products/充电宝"), RuleId::from(rule)],
    };
    Reading {
        id: complaint().id,
        lexicon: lexicon(),
        signals: vec![
            signal(Hazard::Fire, mentions[6].span, "fire.battery"),
            signal(Hazard::Burn, mentions[7].span, "burn.injury"),
        ],
        mentions,
        problems: vec![Problem { kind: "ambiguous_date".to_owned(), detail: "7月9日没有年份".to_owned() }],
        rechecks: vec![Recheck {
            standard: "GB/T 35590-2017".to_owned(),
            title: Some("信息技术 便携式数字设备用移动电源通用规范".to_owned()),
            action: StandardAction::Revised,
            replaces: None,
            replaced_by: None,
            effective: Some("2024-08-01".to_owned()),
            categories: vec![Category::BatteryCharger],
            span: CharSpan::new(0, 0),
        }],
    }
}

fn hostile_document() -> Document {
    Document {
        id: DocumentId::from("sim.media/<b>"),
        source: SourceId::from("sim.media"),
        channel: Channel::Media,
        url: Some("javascript:alert(1)".to_owned()),
        title: Some(SCRIPT.to_owned()),
        text: format!("{SCRIPT}\n{TURNED}\n{}", "长".repeat(LONG_WORD_CHARS)),
        meta: serde_json::Map::new(),
        raw: None,
        published_at: None,
        seen_at: None,
    }
}
