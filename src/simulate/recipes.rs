//! Recipes for the collector, one file per source of this world. They are what an analyst would write for such sites.

use super::item::SiteKind;
use super::sites::SiteAddresses;
use super::world::World;

/// Requests a second that the recipes allow themselves: loopback, and a demo that should not take all day.
const REQUESTS_PER_SECOND: u32 = 500;

impl World {
    /// File name and TOML of every source, with the sites' addresses in it.
    #[must_use]
    pub fn recipes(&self, sites: &SiteAddresses) -> Vec<(String, String)> {
        TEMPLATES
            .iter()
            .map(|(file, site, template)| {
                let text = template
                    .replace("@BASE@", &sites.base(*site))
                    .replace("@RATE@", &REQUESTS_PER_SECOND.to_string())
                    .replace("@CHANNEL@", site.channel().code());
                ((*file).to_owned(), text)
            })
            .collect()
    }
}

const TEMPLATES: &[(&str, SiteKind, &str)] = &[
    ("sim.complaints.toml", SiteKind::Complaints, COMPLAINTS),
    ("sim.notices.toml", SiteKind::Regulator, NOTICES),
    ("sim.spot.toml", SiteKind::Regulator, SPOT),
    ("sim.items.toml", SiteKind::Market, ITEMS),
    ("sim.reviews.toml", SiteKind::Market, REVIEWS),
    ("sim.media.toml", SiteKind::Media, MEDIA),
    ("sim.standards.toml", SiteKind::Standards, STANDARDS),
];

const COMPLAINTS: &str = r#"# Simulated complaint platform: GB18030 lists and details.
id = "sim.complaints"
name = "众声投诉（模拟）"
channel = "@CHANNEL@"
kind = "html"
start = ["@BASE@/list"]
allow_loopback = true
identity = "path"
drop_query = ["spm", "from"]
[rate]
requests_per_second = @RATE@
[schedule]
every = "1h"
[bounds]
list_pages_max = 400
details_per_round_max = 20000
[list]
item = "ul.complaint-list > li.item"
link = "a.title"
next = "div.pager a.next"
[detail.fields]
title = { selector = "h1.complaint-title", required = true }
text = { selector = "div.content p", all = true }
published_at = { selector = "div.by span.time", required = true }
author = "div.by span.author"
brand = "dd.brand"
seller = "dd.target"
platform_category = "dd.category"
region = "dd.region"
demand = "dd.demand"
platform = { value = "众声投诉" }
"#;

const NOTICES: &str = r#"# Simulated bulletin board: notices and recalls.
id = "sim.notices"
name = "模拟市场监管信息网·公告"
channel = "@CHANNEL@"
kind = "html"
start = ["@BASE@/notices"]
allow_loopback = true
identity = "path"
[rate]
requests_per_second = @RATE@
[schedule]
every = "1h"
[bounds]
list_pages_max = 400
details_per_round_max = 20000
[list]
item = "ul.news > li"
link = "a"
next = "div.pager a.next"
[detail.fields]
title = { selector = "h1", required = true }
text = { selector = "div.article p", all = true }
published_at = { selector = "span.date", capture = '(\d{4}年\d{1,2}月\d{1,2}日)', required = true }
office = { selector = "span.source", capture = '来源：(.+)' }
"#;

const SPOT: &str = r#"# Simulated bulletin board: spot checks, one document a row.
id = "sim.spot"
name = "模拟市场监管信息网·监督抽查"
channel = "@CHANNEL@"
kind = "html"
start = ["@BASE@/spot"]
allow_loopback = true
identity = "path"
[rate]
requests_per_second = @RATE@
[schedule]
every = "1h"
[bounds]
list_pages_max = 400
details_per_round_max = 20000
[list]
item = "ul.news > li"
link = "a"
next = "div.pager a.next"
[detail.fields]
title = { selector = "h1", required = true }
published_at = { selector = "span.date", capture = '(\d{4}年\d{1,2}月\d{1,2}日)', required = true }
office = { selector = "span.source", capture = '来源：(.+)' }
[detail.table]
selector = "table.spot"
columns = { product = "产品名称", firm = "标称生产企业", brand = "标称商标", model = "规格型号", region = "抽查地区", item = "不合格项目", standard = "检验依据", result = "检验结果" }
"#;

const ITEMS: &str = r#"# Simulated marketplace: listings.
id = "sim.items"
name = "云集市·商品（模拟）"
channel = "@CHANNEL@"
kind = "json"
start = ["@BASE@/api/items?size=50&page=1"]
allow_loopback = true
identity = "path"
drop_query = ["utm_source", "spm"]
[rate]
requests_per_second = @RATE@
[schedule]
every = "6h"
[bounds]
list_pages_max = 400
[list]
items = "/data/list"
link = "/url"
next = "/data/next_page"
next_param = "page"
[list.fields]
title = "/title"
text = { path = "/description", required = true }
published_at = "/listed_at"
item_id = "/item_id"
seller = "/seller"
brand = "/brand"
platform_category = "/category"
price = "/price"
sold = "/sold"
region = "/region"
platform = { value = "云集市" }
"#;

const REVIEWS: &str = r#"# Simulated marketplace: reviews.
id = "sim.reviews"
name = "云集市·评价（模拟）"
channel = "@CHANNEL@"
kind = "json"
start = ["@BASE@/api/reviews?size=50&page=1"]
allow_loopback = true
identity = "path"
[rate]
requests_per_second = @RATE@
[schedule]
every = "1h"
[bounds]
list_pages_max = 400
[list]
items = "/data/list"
next = "/data/next_page"
next_param = "page"
[list.fields]
external_id = { path = "/review_id", required = true }
text = { path = "/content", required = true }
published_at = "/created_at"
item_id = "/item_id"
item_title = "/item_title"
seller = "/seller"
brand = "/brand"
platform_category = "/category"
rating = "/rating"
author = "/author"
region = "/ip_region"
platform = { value = "云集市" }
"#;

const MEDIA: &str = r#"# Simulated news portal: RSS, then the article.
id = "sim.media"
name = "万象新闻（模拟）"
channel = "@CHANNEL@"
kind = "feed"
start = ["@BASE@/rss.xml"]
allow_loopback = true
identity = "path"
drop_query = ["utm_source", "utm_medium", "from"]
[rate]
requests_per_second = @RATE@
[schedule]
every = "1h"
[bounds]
items_per_page_max = 1000
details_per_round_max = 20000
[detail.fields]
title = { selector = "article h1", required = true }
text = { selector = "article div.body p", all = true }
published_at = { selector = "article time", required = true }
outlet = "article span.outlet"
"#;

const STANDARDS: &str = r#"# Simulated standards feed: Atom with full text.
id = "sim.standards"
name = "标准与境外通报（模拟）"
channel = "@CHANNEL@"
kind = "feed"
start = ["@BASE@/atom.xml"]
allow_loopback = true
identity = "path"
drop_query = ["spm"]
[rate]
requests_per_second = @RATE@
[schedule]
every = "6h"
[bounds]
items_per_page_max = 1000
"#;

#[cfg(test)]
mod tests {
    use super::super::world::WorldSpec;
    use super::*;
    use std::net::{Ipv4Addr, SocketAddr};

    #[test]
    fn every_recipe_is_toml_and_names_its_site() {
        let port = |number| SocketAddr::from((Ipv4Addr::LOCALHOST, number));
        let sites = SiteAddresses::new([port(4001), port(4002), port(4003), port(4004), port(4005)]);
        let world = World::generate(&WorldSpec { days: 1, backlog_days: 0, ..WorldSpec::new(1) });
        let recipes = world.recipes(&sites);
        assert_eq!(recipes.len(), 7);
        for (file, text) in recipes {
            let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{file}: {error}"));
            assert_eq!(format!("{}.toml", table["id"].as_str().expect("an id")), file);
            assert_eq!(table["allow_loopback"].as_bool(), Some(true));
            assert!(!text.contains('@') && text.contains("http://127.0.0.1:400"), "{text}");
        }
    }
}
