//! Pages in the layouts of Chinese content systems, made here: what surrounds the date is that of real ones (banners with today's date, lists of
//! other articles, comments, copyright years, days told in the body), the words are ours.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, ToSpan};

use super::*;
use crate::article::read;
use vocabulary::{parse_moment, show_moment};

/// Pages of each layout.
const PAGES: usize = 20;
/// Least share of pages with a stated day for which that day is found.
const RIGHT_MIN: f64 = 0.98;

/// A page, and the day that it states.
struct Page {
    html: String,
    url: String,
    stated: Option<Date>,
}

/// What all layouts vary with the number of a page.
struct Told {
    number: usize,
    day: Date,
    hour: i8,
    minute: i8,
    seen: Timestamp,
}

impl Told {
    fn new(number: usize) -> Self {
        let n = i16::try_from(number).unwrap();
        let (hour, minute) = (i8::try_from(7 + n % 15).unwrap(), i8::try_from(n * 7 % 60).unwrap());
        let (month, of_month) = (i8::try_from(1 + n * 5 % 12).unwrap(), i8::try_from(1 + n * 11 % 28).unwrap());
        let day = date(2009 + n % 17, month, of_month);
        // Seen on the same day, the next, weeks or years later.
        let later = [0_i64, 1, 9, 40, 400, 1_500][number % 6];
        let seen = day.checked_add(later.days()).unwrap().at(23, 30, 0, 0);
        let seen = dates::in_shanghai(seen).unwrap().min(parse_moment("2026-11-01 12:00:00").unwrap());
        Self { number, day, hour, minute, seen }
    }

    fn show(&self, format: &str) -> String {
        self.day.at(self.hour, self.minute, 5, 0).strftime(format).to_string()
    }

    fn shifted(&self, days: i64, format: &str) -> String {
        self.day.checked_add(days.days()).unwrap().strftime(format).to_string()
    }

    /// The day it was seen, as banners of sites write it.
    fn today(&self) -> String {
        self.seen.to_zoned(vocabulary::shanghai()).strftime("%Y年%-m月%-d日").to_string()
    }

    fn title(&self) -> String {
        let goods = ["儿童保温杯", "电热水壶", "移动电源", "电动自行车充电器", "电热毯"][self.number % 5];
        let what = ["抽查结果的通报", "使用中冒烟的调查", "批次召回的说明", "质量比较试验报告"][self.number % 4];
        format!("关于第{}批{goods}{what}", self.number + 3)
    }

    /// Paragraphs that tell of other days.
    fn body(&self) -> String {
        let event = self.shifted(-37, "%Y年%-m月%-d日");
        let again = self.shifted(-400, "%Y-%m-%d");
        format!(
            "<p>据当事人介绍，{event}上午，其在家中使用该产品时，外壳忽然变形并伴有焦糊味，所幸家人及时断开电源，没有造成人员受伤。</p>\n\
             <p>工作人员随后走访了销售门店，调取进货台账与检验报告，并对同批次的十二件样品开展检验，其中两件在耐热试验中不符合要求。</p>\n\
             <p>生产企业表示，相关批次自{again}起已经停止发货，消费者可以凭购买记录办理退货，也可以拨打客服热线咨询处理进度。</p>\n"
        )
    }

    /// Headlines of other articles with their days.
    fn others(&self, mark: &str) -> String {
        let item = |at: i64| {
            let day = self.shifted(at * 3 - 2, "%Y-%m-%d");
            format!("<li><a href=\"/x/{at}.html\">另一则第{at}号消息的标题文字</a><{mark}>{day}</{mark}></li>")
        };
        format!("<div class=\"related\"><h3>相关新闻</h3><ul>{}</ul></div>", (1..7).map(item).collect::<String>())
    }

    fn banner(&self) -> String {
        match self.number % 3 {
            0 => format!("<div class=\"top\">今天是{} 星期一 欢迎访问</div>", self.today()),
            1 => format!("<div class=\"top\"><span>{} 星期三</span><a href=\"/\">首页</a></div>", self.today()),
            _ => "<div class=\"top\"><script>document.write(new Date().getFullYear()+'年')</script><a href=\"/\">首页</a></div>".to_owned(),
        }
    }

    fn foot() -> &'static str {
        "<div class=\"footer\"><p>版权所有 2003-2026 某某信息网 备案号：某ICP备2009012345号</p><p>Copyright © 2003-2026</p></div>"
    }

    /// The page around an article.
    fn page(&self, head: &str, article: &str) -> String {
        format!(
            "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>{}_某某信息网</title>{head}</head><body>{}\
             <ul class=\"nav\"><li><a href=\"/a\">新闻</a></li><li><a href=\"/b\">公告</a></li></ul>\n{article}\n{}</body></html>",
            self.title(),
            self.banner(),
            Self::foot()
        )
    }

    fn comments(&self) -> String {
        let one = |at: i64| {
            let day = self.shifted(at, "%Y-%m-%d");
            format!(
                "<div class=\"comment-item\"><b>网友{at}号</b><span class=\"ctime\">{day} 20:33:49</span><p>大家注意安全</p></div>"
            )
        };
        format!("<div class=\"comment-list\">{}</div>", (1..5).map(one).collect::<String>())
    }
}

type Layout = fn(&Told) -> Page;

/// A page whose date is in its head alone, or where the layout puts it.
fn made(told: &Told, url: String, head: &str, article: &str) -> Page {
    Page { html: told.page(head, article), url, stated: Some(told.day) }
}

/// Government pages of a large system: meta tags, a line with time, source and size of the letters, the day in the address.
fn government(told: &Told) -> Page {
    let head = format!(
        "<meta name=\"ContentSource\" content=\"某某局\"><meta name=\"PubDate\" content=\"{}\"><meta name=\"Maketime\" content=\"{}\">",
        told.show("%Y-%m-%d %H:%M"),
        told.seen
    );
    let article = format!(
        "<div class=\"content\"><h1>{}</h1><div class=\"info\">发布时间：{}　来源：某某局　字号：[大 中 小]　浏览次数：<span>128</span></div>\
         <div class=\"TRS_Editor\">{}</div></div>{}",
        told.title(),
        told.show("%Y-%m-%d %H:%M"),
        told.body(),
        told.others("span")
    );
    made(
        told,
        format!(
            "http://gov.example.cn/zwgk/{}/t{}_{}.html",
            told.show("%Y%m"),
            told.show("%Y%m%d"),
            4000 + told.number
        ),
        &head,
        &article,
    )
}

/// An older system of tables: day in the path, a line without a time.
fn tables(told: &Told) -> Page {
    let article = format!(
        "<table width=\"900\"><tr><td class=\"title\" align=\"center\">{}</td></tr>\
         <tr><td><table><tr><td>发布日期：{}</td><td>浏览次数：<script>count(3)</script></td><td>信息来源：某某处</td></tr></table></td></tr>\
         <tr><td><div id=\"zoom\">{}</div></td></tr></table><table class=\"list\"><tr><td>{}</td></tr></table>",
        told.title(),
        told.show("%Y-%m-%d"),
        told.body(),
        told.others("em")
    );
    made(
        told,
        format!("http://gov.example.cn/art/{}/art_16210_{}.html", told.show("%Y/%-m/%-d"), 30_000 + told.number),
        "",
        &article,
    )
}

/// A paper's site: `publishdate`, and a line that runs on without a label.
fn paper(told: &Told) -> Page {
    let head = format!("<meta name=\"publishdate\" content=\"{}\">", told.show("%Y-%m-%d"));
    let article = format!(
        "<div class=\"w1000\"><h1>{}</h1><div class=\"box01\"><div class=\"fl\">{}&nbsp;&nbsp;来源：<a href=\"/\">某某日报</a></div></div>\
         <div class=\"box_con\">{}</div><div class=\"edit\">(责编：小周)</div></div>{}",
        told.title(),
        told.show("%Y年%m月%d日%H:%M"),
        told.body(),
        told.others("i")
    );
    made(
        told,
        format!("http://news.example.cn/n1/{}/c1001-{}.html", told.show("%Y/%m%d"), 4_195_000 + told.number),
        &head,
        &article,
    )
}

/// A portal: Open Graph with a zone; nothing else that names the day near the headline.
fn portal(told: &Told) -> Page {
    let head = format!(
        "<meta property=\"article:published_time\" content=\"{}+08:00\"><meta property=\"article:modified_time\" content=\"{}T11:00:00+08:00\">",
        told.show("%Y-%m-%dT%H:%M:%S"),
        told.shifted(2, "%Y-%m-%d")
    );
    let article = format!(
        "<div class=\"main\"><h1>{}</h1><div class=\"article\">{}</div></div>{}",
        told.title(),
        told.body(),
        told.comments()
    );
    made(told, format!("https://portal.example.cn/dy/article/G33O1QTA{:05}.html", told.number), &head, &article)
}

/// Data for machines in a script; articles beside it have theirs.
fn json_ld(told: &Told) -> Page {
    let head = format!(
        "<script type=\"application/ld+json\">{{\"@context\":\"https://schema.org\",\"@type\":\"NewsArticle\",\"datePublished\":\"{}\",\
         \"dateModified\":\"{}T09:00:00+08:00\"}}</script>",
        told.show("%Y-%m-%dT%H:%M:%S+08:00"),
        told.shifted(1, "%Y-%m-%d")
    );
    let article = format!("<article><h1>{}</h1>{}</article>{}", told.title(), told.body(), told.others("time"));
    made(told, format!("https://a.example.cn/post/{}", 770 + told.number), &head, &article)
}

/// `<time>` whose text leaves the year out; those of the list beside it are whole.
fn time_element(told: &Told) -> Page {
    let article = format!(
        "<article><h1>{}</h1><p class=\"by\">小周 <time datetime=\"{}\">{}</time></p>{}</article>{}",
        told.title(),
        told.show("%Y-%m-%dT%H:%M:%S+08:00"),
        told.show("%m-%d"),
        told.body(),
        told.others("time")
    );
    made(told, format!("https://b.example.cn/archives/{}.html", 600 + told.number), "", &article)
}

/// Label and date in elements of their own, the source behind them.
fn split(told: &Told) -> Page {
    let article = format!(
        "<div class=\"con\"><h2 class=\"tit\">{}</h2><div class=\"msg\"><span>发布时间：</span><span>{}</span><span>来源：</span><span>某某网</span>\
         <span>作者：</span><span>小李</span></div><div class=\"text\">{}</div></div>{}",
        told.title(),
        told.show(if told.number.is_multiple_of(2) { "%Y年%-m月%-d日" } else { "%Y/%m/%d %H:%M" }),
        told.body(),
        told.others("b")
    );
    made(told, format!("http://c.example.cn/show-{}-1.html", 88_000 + told.number), "", &article)
}

/// Date, time and source without anything between them.
fn run_on(told: &Told) -> Page {
    let article = format!(
        "<div class=\"detail\"><h1>{}</h1><p class=\"source\">{}来源：某某晚报</p><div>{}</div></div>{}",
        told.title(),
        told.show("%Y-%m-%d%H:%M"),
        told.body(),
        told.comments()
    );
    made(told, format!("http://d.example.cn/detail.aspx?id={}", 5_100 + told.number), "", &article)
}

/// A digital newspaper: the day is in the address alone.
fn address_alone(told: &Told) -> Page {
    let article = format!(
        "<div id=\"ozoom\"><h1>{}</h1>{}</div><p>第 A{:02} 版：要闻</p>",
        told.title(),
        told.body(),
        told.number % 16 + 1
    );
    let url = match told.number % 3 {
        0 => format!("http://paper.example.cn/html/{}/content_{}.htm", told.show("%Y-%m/%d"), 10_709 + told.number),
        1 => format!("http://news.example.com/a/{}/{:06}.htm", told.show("%Y%m%d"), told.number),
        _ => format!("http://e.example.cn/c/{}/doc-iihnz{}.shtml", told.show("%Y-%m-%d"), 3_275 + told.number),
    };
    made(told, url, "", &article)
}

/// A notice: the day it is signed with, in Chinese numerals or Arabic ones, below the name of the office.
fn signed(told: &Told) -> Page {
    let day = if told.number.is_multiple_of(2) { in_words(told.day) } else { told.show("%Y年%-m月%-d日") };
    let end = if told.number.is_multiple_of(3) {
        format!("<p>某某市市场监督管理局　{day}</p>")
    } else {
        format!("<p>某某市市场监督管理局</p><p>{day}</p>")
    };
    let article =
        format!("<div class=\"c\"><h1>{}</h1><div class=\"nr\">{}{end}</div></div>", told.title(), told.body());
    made(told, format!("http://f.example.cn/info/1023/{}.htm", 45 + told.number), "", &article)
}

fn in_words(day: Date) -> String {
    const DIGITS: [&str; 10] = ["〇", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let year: String = day.year().to_string().bytes().map(|digit| DIGITS[usize::from(digit - b'0')]).collect();
    let count = |number: i8| {
        let (tens, ones) = (usize::try_from(number / 10).unwrap(), usize::try_from(number % 10).unwrap());
        let tens = match tens {
            0 => String::new(),
            1 => "十".to_owned(),
            more => format!("{}十", DIGITS[more]),
        };
        format!("{tens}{}", if ones == 0 { "" } else { DIGITS[ones] })
    };
    format!("{year}年{}月{}日", count(day.month()), count(day.day()))
}

/// A thread of a forum: the first post is the article, replies and the days on which people signed up come behind.
fn forum(told: &Told) -> Page {
    let post = |at: i64, text: &str| {
        let when = told.day.checked_add(at.days()).unwrap().strftime("%Y-%-m-%-d").to_string();
        format!(
            "<div class=\"plhin\"><div class=\"avatar\">注册时间 {}</div><div class=\"authi\"><em>发表于 {when} {}:{:02}</em></div><div class=\"t_f\">{text}</div></div>",
            told.shifted(-900 - at, "%Y-%m-%d"),
            told.hour,
            told.minute
        )
    };
    let replies: String = (1..6).map(|at| post(at, "楼上说得对，我也遇到过类似的情况。")).collect();
    let article =
        format!("<div id=\"postlist\"><h1 class=\"ts\">{}</h1>{}{replies}</div>", told.title(), post(0, &told.body()));
    made(told, format!("http://bbs.example.cn/thread-{}-1-1.html", 120_000 + told.number), "", &article)
}

/// A page of an app's accounts: a moment in a script, a relative day that the script would fill in.
fn account(told: &Told) -> Page {
    let at = dates::in_shanghai(told.day.at(told.hour, told.minute, 5, 0)).unwrap().as_second();
    let head = format!("<meta property=\"og:title\" content=\"{}\">", told.title());
    let article = format!(
        "<div id=\"img-content\"><h2 class=\"rich_media_title\">{}</h2><div><em id=\"publish_time\"></em></div><div id=\"js_content\">{}</div></div>\
         <script>var sn = \"1\"; var ct = \"{at}\"; var user = \"a\";</script>",
        told.title(),
        told.body()
    );
    made(told, "https://mp.example.com/s?__biz=MzI2MzEwNTY3OQ==&mid=2648978231".to_owned(), &head, &article)
}

/// A day without its year, which the address has.
fn year_in_address(told: &Told) -> Page {
    let article = format!(
        "<div class=\"main\"><h1>{}</h1><div class=\"pub-info\"><span class=\"pub-time\">{}</span><span>来源：某某网</span></div>{}</div>",
        told.title(),
        told.show("%m-%d %H:%M"),
        told.body()
    );
    let url = match told.number % 2 {
        0 => format!("http://g.example.cn/news/{}/{}.shtml", told.show("%Y%m"), 1_220_000 + told.number),
        _ => format!("http://g.example.cn/{}/news/{}.html", told.show("%Y"), 88 + told.number),
    };
    made(told, url, "", &article)
}

/// A day without its year, which a tag with the day of the last change has.
fn year_in_change(told: &Told) -> Page {
    let head = format!("<meta itemprop=\"dateUpdate\" content=\"{}\">", told.show("%Y-%m-%d %H:%M:%S"));
    let article = format!(
        "<div class=\"article\"><h2>{}</h2><p><span>某某作者</span> 发布时间：{}</p>{}</div>",
        told.title(),
        told.show("%m-%d %H:%M"),
        told.body()
    );
    made(told, format!("https://h.example.com/s?id=16{:08}", told.number), &head, &article)
}

/// Publication and change on one line.
fn changed(told: &Told) -> Page {
    let (first, second) = (told.show("%Y-%m-%d %H:%M"), told.shifted(5, "%Y-%m-%d"));
    let line = if told.number.is_multiple_of(2) {
        format!("发布：{first} 更新：{second} 08:00")
    } else {
        format!("更新时间：{second}　发布时间：{first}")
    };
    let article = format!(
        "<div class=\"post\"><h1>{}</h1><div class=\"post-meta\">{line}</div>{}</div>{}",
        told.title(),
        told.body(),
        told.comments()
    );
    made(told, format!("https://i.example.cn/p/{}", 9_000 + told.number), "", &article)
}

/// The line with the date is below the body.
fn below(told: &Told) -> Page {
    let article = format!(
        "<div class=\"art\"><h1>{}</h1><div class=\"txt\">{}</div></div><table><tr><td>发布日期：<!-- begin -->{}<!-- end --> 责任编辑：小王</td></tr></table>",
        told.title(),
        told.body(),
        told.show("%Y-%m-%d")
    );
    made(told, format!("http://j.example.cn/zw/show.php?newsid={}", 3_300 + told.number), "", &article)
}

/// A theme that puts the line with the date at the foot of the `<article>`.
fn article_foot(told: &Told) -> Page {
    let article = format!(
        "<article class=\"post\"><header><h1>{}</h1></header><div class=\"entry\">{}</div><footer class=\"entry-foot\"><ul class=\"single-meta\">\
         <li>阅读 539</li></ul><div class=\"cat\">发布日期：{}&nbsp;&nbsp;所属分类：<a href=\"/t\">头条</a></div></footer></article>{}",
        told.title(),
        told.body(),
        told.show("%Y-%m-%d %H:%M:%S"),
        told.others("span")
    );
    made(told, format!("http://m.example.cn/ym/xhy/{}.html", 532_000 + told.number), "", &article)
}

/// The line of the article and those of the list beside it have one class, and the line is strewn with blanks.
fn same_class(told: &Told) -> Page {
    let earlier = |at: i64| {
        let day = told.shifted(-at, "%Y-%m-%d %H:%M");
        format!("<div class=\"item\"><a href=\"/r/{at}\">一则较早的消息{at}</a><span class=\"time\">{day}</span></div>")
    };
    let aside: String = (0..5).map(earlier).collect();
    let article = format!(
        "<div class=\"content-a\"><h1><strong>{}</strong></h1><div class=\"a-info\">\n            <span class=\"time\">{}</span>\n\n\n\n                                   \
         <span class=\"original\">\n               <span>小周</span>\n               <span>小李</span>\n             </span>\n        </div>{}</div><div class=\"box\">{aside}</div>",
        told.title(),
        told.show("%Y-%m-%d %H:%M"),
        told.body(),
    );
    made(told, format!("https://n.example.cn/article/9Cak{:04}", told.number), "", &article)
}

/// An article that names no day of its own.
fn undated(told: &Told) -> Page {
    let article = format!(
        "<div class=\"main\"><h1>{}</h1><div class=\"text\">{}<p>活动时间：{}</p></div></div>{}{}",
        told.title(),
        told.body(),
        told.shifted(20, "%Y年%-m月%-d日"),
        told.others("span"),
        told.comments()
    );
    Page {
        stated: None,
        ..made(told, format!("http://k.example.cn/index.php?c=show&id={}", 71 + told.number), "", &article)
    }
}

/// A list of articles: its days are theirs.
fn list(told: &Told) -> Page {
    let item = |at: i64| {
        let day = told.shifted(-at, if told.number.is_multiple_of(2) { "%Y-%m-%d" } else { "发布时间：%Y-%m-%d" });
        format!(
            "<li><a href=\"/n/{at}.html\">第{at}则通知公告的标题文字写在这里</a><span class=\"date\">{day}</span></li>"
        )
    };
    let items: String = (0..15).map(item).collect();
    let html = told.page("", &format!("<h2>通知公告</h2><ul class=\"news\">{items}</ul>"));
    Page { html, url: "http://l.example.cn/tzgg/index.html".to_owned(), stated: None }
}

const LAYOUTS: [(&str, Layout); 20] = [
    ("government", government),
    ("tables", tables),
    ("paper", paper),
    ("portal", portal),
    ("json_ld", json_ld),
    ("time_element", time_element),
    ("split", split),
    ("run_on", run_on),
    ("address_alone", address_alone),
    ("signed", signed),
    ("forum", forum),
    ("account", account),
    ("year_in_address", year_in_address),
    ("year_in_change", year_in_change),
    ("changed", changed),
    ("below", below),
    ("article_foot", article_foot),
    ("same_class", same_class),
    ("undated", undated),
    ("list", list),
];

fn found(html: &str, url: Option<&str>, seen: Timestamp) -> Option<Published> {
    let page = Tree::parse(html);
    let url = url.and_then(|url| Url::parse(url).ok());
    of_page(&page, html, &read(&page), url.as_ref(), seen, Beside::default())
}

fn shown(found: Option<Published>) -> String {
    found.map_or_else(
        || "none".to_owned(),
        |found| format!("{} {} {:.2}", &show_moment(found.at)[..16], found.from.code(), found.confidence),
    )
}

#[test]
fn pages_of_twenty_layouts_are_dated_by_what_they_state_and_by_nothing_else() {
    let (mut right, mut stated, mut wrong, mut invented, mut ahead) = (0_u32, 0_u32, Vec::new(), Vec::new(), 0);
    for (name, layout) in LAYOUTS {
        for number in 0..PAGES {
            let told = Told::new(number);
            let page = layout(&told);
            let found = found(&page.html, Some(&page.url), told.seen);
            ahead += u32::from(found.is_some_and(|found| found.at > told.seen));
            match page.stated {
                Some(day) => {
                    stated += 1;
                    if found.is_some_and(|found| day_of(found.at) == day) {
                        right += 1;
                    } else {
                        wrong.push(format!("{name} {number}: {day} read as {}, seen {}", shown(found), told.today()));
                    }
                }
                None if found.is_some() => invented.push(format!("{name} {number}: {}", shown(found))),
                None => {}
            }
        }
    }
    println!("{right} of {stated} right; wrong: {wrong:#?}; invented: {invented:#?}");
    assert_eq!((invented.len(), ahead), (0, 0), "{invented:#?}");
    assert!(f64::from(right) >= RIGHT_MIN * f64::from(stated), "{right} of {stated}: {wrong:#?}");
}

#[test]
fn times_are_kept_where_the_page_has_them() {
    let told = Told::new(3);
    for layout in [government, paper, portal, json_ld, time_element, forum, account] {
        let page = layout(&told);
        let found = found(&page.html, Some(&page.url), told.seen).unwrap();
        assert_eq!(&show_moment(found.at)[11..16], &format!("{:02}:{:02}", told.hour, told.minute), "{}", page.html);
    }
}

#[test]
fn what_agrees_is_surer_than_what_stands_alone_and_dissent_is_told() {
    let told = Told::new(4);
    let (agreed, alone) = (government(&told), split(&told));
    let [agreed, alone] = [agreed, alone].map(|page| found(&page.html, Some(&page.url), told.seen).unwrap().confidence);
    assert!(agreed > alone, "{agreed} {alone}");
    let head = "<meta name=\"PubDate\" content=\"2010-05-05\">";
    let article = format!("<h1>{}</h1><p>发布时间：2014-06-03</p>{}", told.title(), told.body());
    let disputed = found(&told.page(head, &article), None, parse_moment("2020-01-01").unwrap()).unwrap();
    assert!(disputed.confidence < 0.9, "{disputed:?}");
}

#[test]
fn the_day_of_the_crawl_in_a_tag_gives_way_to_an_older_day_on_the_page() {
    let told = Told::new(4);
    let head = "<meta name=\"PubDate\" content=\"2026-03-02 03:00\">";
    let article = format!("<h1>{}</h1><p>发布时间：2014-06-03</p>{}", told.title(), told.body());
    let found = found(&told.page(head, &article), None, parse_moment("2026-03-02 04:00").unwrap());
    assert!(shown(found).starts_with("2014-06-03"), "{found:?}");
}

#[test]
fn a_moment_ahead_is_no_date_unless_a_clock_or_a_zone_explains_it() {
    let seen = parse_moment("2024-05-06 12:00:00").unwrap();
    let told = Told::new(4);
    let of = |value: &str| {
        let head = format!("<meta property=\"article:published_time\" content=\"{value}\">");
        let article = format!("<h1>{}</h1>{}", told.title(), told.body());
        found(&told.page(&head, &article), None, seen).map(|found| found.at)
    };
    assert_eq!(of("2024-05-06T12:10:00+08:00"), Some(seen), "a clock that is ten minutes ahead");
    assert_eq!(
        of("2024-05-06T11:00:00Z"),
        seen.checked_sub(SignedDuration::from_hours(1)).ok(),
        "local time called UTC"
    );
    assert_eq!(of("2024-05-08T12:00:00+08:00"), None);
    assert_eq!(of("2034-05-06"), None);
    assert_eq!(of("0001-01-01T00:00:00"), None, "a template that nobody filled in");
}

#[test]
fn days_without_a_year_are_told_with_little_trust_or_not_at_all() {
    let told = Told::new(5);
    let page = |others: &str| {
        let article = format!(
            "<h1>{}</h1><div class=\"info\"><span class=\"time\">08-30 10:21</span></div>{}{others}",
            told.title(),
            told.body()
        );
        found(&told.page("", &article), None, parse_moment("2036-11-01").unwrap())
    };
    let guessed = page("<div class=\"other\"><p>下一届展会将于2036-09-01举行</p></div>").unwrap();
    assert!(shown(Some(guessed)).starts_with("2036-08-30T10:21") && guessed.confidence <= 0.5, "{guessed:?}");
    assert_eq!(page(""), None, "all else on the page is many years older");
}

#[test]
fn times_counted_back_are_read_near_the_headline_alone() {
    let told = Told::new(2);
    let seen = parse_moment("2024-05-06 12:00:00").unwrap();
    let near = format!(
        "<h1>{}</h1><div class=\"info\"><span class=\"time\">3小时前</span> 来源：某某网</div>{}",
        told.title(),
        told.body()
    );
    assert!(shown(found(&told.page("", &near), None, seen)).starts_with("2024-05-06T09:00"));
    let hint = "<div class=\"c\"><span class=\"time\">5小时前</span><p>好</p></div>".repeat(4);
    let far = format!("<h1>{}</h1>{}{hint}", told.title(), told.body());
    assert_eq!(found(&told.page("", &far), None, seen), None);
}

/// Days that were read from saved pages by a person.
#[test]
fn saved_pages_are_dated_as_a_reader_dates_them() {
    let Some(folder) = shared_data::shared("data/html_pages") else { return };
    let files = crate::shared_pages::files_of(&folder.join("gne_pages.tar.zst"));
    let key = include_str!("../../../tests/data/page_dates.tsv");
    let lines = key.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect::<Vec<_>>());
    let (mut right, mut stated, mut wrong, mut invented) = (0_u32, 0_u32, Vec::new(), Vec::new());
    let mut by_kind: BTreeMap<PublishedFrom, u32> = BTreeMap::new();
    for line in lines {
        let seen = parse_moment(line[1]).unwrap();
        let html = crate::charset::decode(&files[line[0]], None, None).text;
        let found = found(&html, None, seen);
        assert!(found.is_none_or(|found| found.at <= seen), "{}", line[0]);
        if let Some(found) = found {
            *by_kind.entry(found.from).or_default() += 1;
        }
        let day = found.map(|found| day_of(found.at).to_string());
        if line[2] == "-" {
            invented.extend(found.map(|found| format!("{}: {}", line[0], shown(Some(found)))));
            continue;
        }
        stated += 1;
        if day.as_deref() == Some(line[2]) {
            right += 1;
        } else {
            wrong.push(format!("{}: {} read as {}", line[0], line[2], shown(found)));
        }
    }
    println!("{right} of {stated} right, {by_kind:?}; wrong: {wrong:#?}; invented: {invented:#?}");
    assert!(invented.is_empty(), "{invented:#?}");
    assert!(f64::from(right) >= RIGHT_MIN * f64::from(stated), "{right} of {stated}: {wrong:#?}");
}
