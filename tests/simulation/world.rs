//! What the simulated world publishes, by day: a list of complaints with a page for each, a feed of notices, and what clients hand in.

use jiff::{Timestamp, ToSpan};

use super::draw::Draw;

/// A moment before which nothing was published.
pub(super) const BEGIN: &str = "2024-05-01 08:00:00";
/// Hours between two items of a site.
const HOURS_BETWEEN: i64 = 5;
/// Items that the feed shows.
const FEED_ITEMS: usize = 12;

/// What items say; `@` is who says it. The first two are grave enough that one report of a regulator makes an alert.
const SAID: [&str; 9] = [
    "家里热水器漏电，@洗澡时触电身亡",
    "婴儿床护栏卡住孩子头部，@的孩子窒息死亡",
    "充电宝充电时起火，@的沙发烧穿了",
    "充电宝在包里冒烟起火，@的手被烫伤",
    "奶粉喝了以后孩子腹泻发热，@去了医院",
    "电热水壶壶嘴漏水，@的手烫伤",
    "物流很快，@说包装完整，好评",
    "儿童滑板车把手断裂，@的孩子摔伤骨折",
    "电动自行车充电起火，@家的楼道烧了",
];
const SURNAMES: [&str; 8] = ["何", "李", "赵", "孙", "周", "吴", "郑", "王"];
const PLACES: [&str; 5] = ["杭州市", "成都市", "广州市", "济南市", "宁波市"];

/// An item of a site.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) number: u64,
    pub(super) at: Timestamp,
    pub(super) text: String,
}

/// The sites of a seed.
#[derive(Debug, Clone)]
pub(super) struct World {
    seed: u64,
    begin: Timestamp,
}

impl World {
    pub(super) fn of(seed: u64) -> Self {
        Self { seed, begin: wanglou::vocabulary::parse_moment(BEGIN).expect("a moment") }
    }

    /// When it begins.
    pub(super) fn begin(&self) -> Timestamp {
        self.begin
    }

    /// What somebody says. Every author is another person.
    pub(super) fn text(&self, purpose: u64, number: u64) -> String {
        let mut draw = Draw::of(self.seed, purpose << 32 | number);
        let who = format!("{}某某第{number}位", draw.one(&SURNAMES));
        let text = draw.one(&SAID).replace('@', &who);
        format!("{}的消费者反映：{text}", draw.one(&PLACES))
    }

    /// Items published by a moment, oldest first. A third of them is changed two days later.
    fn items(&self, purpose: u64, now: Timestamp) -> Vec<Item> {
        let mut items = Vec::new();
        for number in 0.. {
            let at = self.begin + (HOURS_BETWEEN * number).hours();
            if at > now {
                break;
            }
            let number = u64::try_from(number).expect("positive");
            let mut text = self.text(purpose, number);
            if number % 3 == 0 && now.duration_since(at) > jiff::SignedDuration::from_hours(48) {
                text += "（更正：已联系商家）";
            }
            items.push(Item { number, at, text });
        }
        items
    }

    /// What the list shows.
    pub(super) fn complaints(&self, now: Timestamp) -> Vec<Item> {
        self.items(1, now)
    }

    /// What the feed shows.
    pub(super) fn notices(&self, now: Timestamp) -> Vec<Item> {
        let items = self.items(2, now);
        items[items.len().saturating_sub(FEED_ITEMS)..].to_vec()
    }

    /// The recipes of its sources; sites are at `base`.
    pub(super) fn recipes(base: &str) -> [String; 2] {
        let complaints = format!(
            r#"id = "complaints"
name = "投诉（模拟）"
channel = "complaint"
kind = "html"
start = ["{base}/list"]
allow_loopback = true
identity = "path"
[rate]
requests_per_second = 1000
per_day = 60
[schedule]
every = "2h"
[list]
item = "li"
link = "a"
[detail.fields]
title = {{ selector = "h1", required = true }}
text = {{ selector = "p", all = true }}
published_at = {{ selector = "time", required = true }}
author = "b"
"#
        );
        let notices = format!(
            r#"id = "notices"
name = "公告（模拟）"
channel = "regulator"
kind = "feed"
start = ["{base}/feed.xml"]
allow_loopback = true
[rate]
requests_per_second = 1000
per_day = 60
[schedule]
every = "1h"
"#
        );
        [complaints, notices]
    }
}
