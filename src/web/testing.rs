//! A small data folder for the tests of pages: handmade alerts and documents, among them hostile ones, kept and read as a service does.
//!
//! Documents are read by a handful of rules of our own: compiling the shipped ones takes most of a test's time. Tests whose snapshots show
//! what the shipped rules read ask for these.

use std::fs;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use serde_json::json;

use config::{Overrides, Settings};
use pipeline::{NewSearch, Tower};
use store::{Became, CameFor, Promotion, Queued, Store, TryRow};
use vocabulary::{
    Alert, AlertEvent, AlertEventKind, AlertId, AlertState, Assessment, CandidateSeller, Category, Channel, CharSpan,
    ClusterTerms, Counts, CriteriaVersion, Danger, DangerTerms, DetectorTerms, Disposal, Document, DocumentId,
    Endpoint, EndpointKind, Evidence, EvidenceBasis, Explanation, FeedbackTerms, Hazard, Lane, LexiconVersion, Listing,
    Notice, NoticeKind, PRealTerms, Position, RawRef, RegionCode, RegionTerm, RequestId, SamplingRequest, Sentence,
    SourceId, SourceTerm, Spread, SpreadTerms, Subscription, TestItem, WindowTerm, parse_moment,
};

/// What a client must show to hand documents in.
pub(super) const PUSH_TOKEN: &str = "a-token-of-enough-characters";
/// What the hostile alert and document try.
pub(super) const SCRIPT: &str = "<script>alert('拍手')</script>";
pub(super) const TURNED: &str = "\u{202E}全安常非\u{202C}";
pub(super) const LONG_WORD_CHARS: usize = 3_000;
/// A search that is saved.
pub(super) const SAVED: &str = "浙江起火";
/// What was fetched for the complaint.
pub(super) const RAW: &str = "WARC/1.1\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000001>\r\n\
    WARC-Date: 2024-07-09T22:00:00Z\r\nWARC-Payload-Digest: sha1:DWUEAJCJRGPMDOU4GTAJLW5XTUCYLXGX\r\n\
    Content-Type: text/plain\r\nContent-Length: 4\r\n\r\nfire\r\n\r\n";

/// The endpoint of the folder.
const ENDPOINT: &str = "值班群";

/// By which rules documents are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// [`LEXICON`].
    OfOurOwn,
    /// Those built into the program.
    Shipped,
}

/// Rules that read the documents below: what pages are about, and nothing else.
const LEXICON: [(&str, &str); 4] = [
    (
        "rules/hazards/own.toml",
        r#"
[[rule]]
id = "own.fire"
means = "burns"
matters = "fire"
hazard = "fire"
finds = ["起火", "漏电"]
[[rule.hit]]
text = "充电宝起火"
gives = { product = "battery_charger" }
[[rule.miss]]
text = "很好"
"#,
    ),
    (
        "dictionaries/products/own.tsv",
        "# provenance: own\n# columns: surface\tcategory\tleaf\tflags\n充电宝\tbattery_charger\tpower_bank\t\n\
         玩具\ttoy\t\t\n",
    ),
    (
        "dictionaries/regions.tsv",
        "# provenance: own\n# columns: code\tsurface\tlevel\tflags\n320000\t江苏省\tprovince\t\n330000\t浙江省\tprovince\t\n\
         330100\t杭州市\tprefecture\t\n330106\t西湖区\tcounty\tambiguous\n",
    ),
    (
        "dictionaries/standards.tsv",
        "# provenance: own\n# columns: number\ttitle\tcategory\thazard\tstatus\treplaced_by\tyear\n\
         GB 31241\t锂离子电池和电池组 安全技术规范\tbattery_charger\tfire\tcurrent\t\t2022\n",
    ),
];

/// A data folder that is open, and goes with the test.
pub(super) struct Folder {
    pub(super) tower: Arc<Tower>,
    pub(super) dir: tempfile::TempDir,
}

impl Folder {
    /// A folder with nothing in it, and no token by which documents are handed in.
    pub(super) async fn empty() -> Self {
        Self::open(None, Rules::OfOurOwn).await
    }

    /// A folder with four alerts, two documents and what belongs to them.
    pub(super) async fn filled() -> Self {
        Self::filled_by(Rules::OfOurOwn).await
    }

    /// An empty folder whose settings say that others reach the pages by this address.
    pub(super) async fn reached_by(home: &str) -> Self {
        Self::open_at(home, None, Rules::OfOurOwn).await
    }

    /// The same, read by these rules.
    pub(super) async fn filled_by(rules: Rules) -> Self {
        let folder = Self::open(Some(PUSH_TOKEN.to_owned()), rules).await;
        folder.keep_alerts().await;
        folder.keep_documents().await;
        folder.keep_search().await;
        folder.keep_work().await;
        folder
    }

    async fn open(push_token: Option<String>, rules: Rules) -> Self {
        Self::open_at("http://wanglou", push_token, rules).await
    }

    #[expect(clippy::disallowed_methods, reason = "a test lays out a folder")]
    async fn open_at(home: &str, push_token: Option<String>, rules: Rules) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let sources = dir.path().join("sources");
        fs::create_dir(&sources).expect("made");
        fs::write(sources.join("sim.complaints.toml"), RECIPE).expect("written");
        let flags = Overrides { data: Some(dir.path().join("data")), ..Overrides::default() };
        let settings = Settings::load(None, flags).expect("good");
        let home = home.to_owned();
        let lexicon = (rules == Rules::OfOurOwn).then(|| dir.path().join("lexicon"));
        for (name, text) in lexicon.iter().flat_map(|_| LEXICON) {
            let file = dir.path().join("lexicon").join(name);
            fs::create_dir_all(file.parent().expect("below the folder")).expect("made");
            fs::write(file, text).expect("written");
        }
        let settings = Settings { push_token, home, sources: Some(sources), lexicon, ..settings };
        Self { tower: Arc::new(Tower::open(&settings).await.expect("opened")), dir }
    }

    async fn keep_alerts(&self) {
        let mut tx = self.tower.store().begin().await.expect("begin");
        for alert in [power_banks(), toys(), irritation(), hostile()] {
            Store::put_alert(&mut tx, &alert).await.expect("kept");
        }
        for event in history() {
            Store::add_alert_event(&mut tx, &event, moment("2024-07-11T08:00:00+08:00")).await.expect("kept");
        }
        assert!(Store::add_sampling_request(&mut tx, &request()).await.expect("kept"));
        tx.commit().await.expect("commit");
    }

    #[expect(clippy::disallowed_methods, reason = "a test lays out a folder")]
    async fn keep_documents(&self) {
        let warc = self.dir.path().join("data/warc");
        fs::create_dir_all(&warc).expect("made");
        fs::write(warc.join(WARC_FILE), RAW).expect("written");
        let first =
            Document { text: complaint().text.replace("还说通过了", "说会处理，通过了"), ..complaint() };
        for (document, seen) in [
            (first, "2024-07-09T21:20:00+08:00"),
            (complaint(), "2024-07-10T06:00:00+08:00"),
            (hostile_document(), "2024-07-10T07:00:00+08:00"),
        ] {
            let document = Document { seen_at: Some(moment(seen)), ..document };
            self.tower.log().append(&[document], moment(seen)).await.expect("kept");
        }
        self.tower.read_new().await.expect("read");
    }

    /// Takes a document in and reads it.
    pub(super) async fn keep(&self, document: Document) {
        let seen = moment("2024-07-11T06:00:00+08:00");
        let document = Document { seen_at: Some(seen), ..document };
        self.tower.log().append(&[document], seen).await.expect("kept");
        self.tower.read_new().await.expect("read");
    }

    /// Asks for other rules, which are not in force yet.
    pub(super) async fn ask_for_rules(&self) {
        let asked = Promotion { by: "李四".to_owned(), why: SCRIPT.to_owned(), in_force_at: None, ..promotion() };
        let mut tx = self.tower.store().begin().await.expect("begin");
        Store::add_promotion(&mut tx, &asked).await.expect("kept");
        tx.commit().await.expect("commit");
    }

    /// Queues events for the endpoint: two wait, three are delivered, one is given up.
    pub(super) async fn deliver(&self) {
        let now = moment("2024-07-11T09:30:00+08:00");
        let queued = |seq: u64| Queued {
            delivery: format!("delivery-{seq}"),
            endpoint: ENDPOINT.to_owned(),
            seq,
            notice: false,
            lane: Lane::Urgent,
            due_at: now,
        };
        let tried = |seq: u64| TryRow {
            endpoint: ENDPOINT.to_owned(),
            message: format!("delivery-{seq}"),
            at: "2024-07-11T01:30:00Z".to_owned(),
            took_ms: 120,
            status: Some(200),
            trouble: None,
        };
        let mut tx = self.tower.store().begin().await.expect("begin");
        let all: Vec<Queued> = (1..=6).map(queued).collect();
        assert_eq!(Store::queue(&mut tx, &all, now).await.expect("queued"), 6);
        for (seq, became) in [(1, Became::Delivered), (2, Became::Delivered), (3, Became::Delivered), (4, Became::Dead)]
        {
            Store::note_try(&mut tx, &tried(seq), became, now).await.expect("noted");
        }
        tx.commit().await.expect("commit");
    }

    /// Saves the search again, when a test has removed it.
    pub(super) async fn keep_search(&self) {
        let new = NewSearch {
            name: SAVED.to_owned(),
            query: "hazard:fire region:330000".to_owned(),
            watched: true,
            only_new: true,
            throttle_minutes: 60,
        };
        let Ok(saved) = self.tower.save_search(new, None, None, moment("2024-07-01T08:00:00+08:00")).await else {
            return;
        };
        let came = CameFor {
            seq: 1,
            position: Position(2),
            document: complaint().id,
            story: 1,
            title: "磐能充电宝半夜起火".to_owned(),
            seen_at: Some(moment("2024-07-10T06:00:00+08:00")),
        };
        let mut tx = self.tower.store().begin().await.expect("begin");
        assert!(Store::note_came(&mut tx, &saved, &came).await.expect("noted"));
        tx.commit().await.expect("commit");
    }

    /// An endpoint that fails, rules that somebody promoted, and a notice.
    async fn keep_work(&self) {
        let endpoint = Endpoint {
            name: ENDPOINT.to_owned(),
            party: None,
            kind: EndpointKind::Dingtalk,
            url: "https://oapi.example.com/robot/send?access_token=a-secret-token".to_owned(),
            secret: Some("a-secret-key".to_owned()),
            allow_loopback: false,
            subscription: Subscription { danger: Some(Danger::High), digest_hour: Some(8), ..Subscription::default() },
        };
        let tried = TryRow {
            endpoint: endpoint.name.clone(),
            message: "msg_0123".to_owned(),
            at: "2024-07-11T01:02:03Z".to_owned(),
            took_ms: 15_000,
            status: None,
            trouble: Some("no answer in time".to_owned()),
        };
        let notice = Notice {
            kind: NoticeKind::PastChanged,
            at: moment("2024-07-03T17:46:40+08:00"),
            about: "nightly".to_owned(),
            text: "按计划重放2024-06-03至2024-07-02，与上一次不同：新增预警1件".to_owned(),
        };
        let now = moment("2024-07-11T09:00:00+08:00");
        let mut tx = self.tower.store().begin().await.expect("begin");
        assert!(Store::add_endpoint(&mut tx, &endpoint, None, 0, now).await.expect("kept"));
        Store::note_try(&mut tx, &tried, Became::Dead, now).await.expect("noted");
        Store::add_promotion(&mut tx, &promotion()).await.expect("kept");
        Store::add_notice(&mut tx, &notice).await.expect("noted");
        tx.commit().await.expect("commit");
    }
}

/// Rules that somebody promoted and that are in force.
fn promotion() -> Promotion {
    Promotion {
        seq: 0,
        folder: "20240701T090000".to_owned(),
        lexicon: lexicon(),
        criteria: criteria(),
        shipped: (false, true),
        before: (LexiconVersion::from("before"), criteria()),
        by: "张三".to_owned(),
        why: "增加充电类新说法".to_owned(),
        report: None,
        asked_at: moment("2024-07-03T17:46:40+08:00"),
        in_force_at: Some(moment("2024-07-03T17:56:40+08:00")),
        documents: 12_840,
        problem: None,
    }
}

/// The one source; it is never asked.
const RECIPE: &str = "id = \"sim.complaints\"\nname = \"模拟投诉\"\nchannel = \"complaint\"\nkind = \"html\"\n\
    start = [\"http://127.0.0.1:9/list\"]\nallow_loopback = true\n[schedule]\nevery = \"1h\"\n\
    [list]\nitem = \"li\"\nlink = \"a\"\n[detail.fields]\ntitle = { selector = \"h1\" }\n\
    text = { selector = \"p\", all = true }\n";
/// Where what was fetched lies.
const WARC_FILE: &str = "wanglou-20240710-complaints-0003.warc.gz";

fn moment(text: &str) -> Timestamp {
    parse_moment(text).expect("a moment")
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
        undated: false,
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
            exposure: vocabulary::ExposureTerms::default(),
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
        decision: vocabulary::Decision::default(),
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

/// Announces another edition of a standard.
pub(super) fn announcement() -> Document {
    Document {
        id: DocumentId::from("sim.media/standard"),
        title: Some("新国标发布".to_owned()),
        text: "GB 31241-2022《锂离子电池和电池组 安全技术规范》发布，代替GB 31241-2014，自2024年1月1日起实施。"
            .to_owned(),
        url: None,
        ..hostile_document()
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
            file: WARC_FILE.to_owned(),
            offset: 0,
            digest: "sha1:DWUEAJCJRGPMDOU4GTAJLW5XTUCYLXGX".to_owned(),
        }),
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
