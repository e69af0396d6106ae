//! What a page reads as, beside what a browser makes of it.

use proptest::prelude::*;

use super::*;
use crate::article::article;
use crate::html;

fn text(source: &str) -> String {
    read(&Tree::parse(source))
}

fn read(tree: &Tree) -> String {
    tree.element(ROOT).map(|root| root.text(&|_| false)).unwrap_or_default()
}

/// As the tree that selectors are asked of reads it: a browser's.
fn as_in_a_browser(source: &str) -> String {
    html::text_of(html::parse(source).0.root_element())
}

/// The chain of elements around the first text that contains `wanted`.
fn around(source: &str, wanted: &str) -> Vec<Tag> {
    let tree = Tree::parse(source);
    let found = tree.nodes().find_map(|(parent, content)| match content {
        Content::Text(text) if text.contains(wanted) => tree.element(parent),
        _ => None,
    });
    std::iter::successors(found, |element| element.parent()).map(Element::tag).collect()
}

#[test]
fn pages_that_lack_tags_are_read_as_browsers_read_them() {
    for page in [
        "只有文字",
        "<title>题</title>正文<p>一<p>二",
        "<!doctype html><meta charset=utf-8><title>题</title><script>x</script><h1>题</h1><p>文",
        "<body><ul><li>一<li>二<ul><li>三</ul><li>四</ul>后",
        "<dl><dt>甲<dd>乙<dt>丙<dd>丁</dl>后",
        "<table><tr><td>一<td>二<tr><td>三</table>后",
        "<table><thead><th>甲<tbody><td>乙<tr><th>丙</table>",
        "<table><tr><td><table><tr><td>内</table>外<td>右</table>后",
        "<!doctype html><p>前<table><tr><td>格</table>后",
        "<p>前<table><tr><td>格</table>后",
        "<div><p>一</div>二</div>三",
        "<div><span>一</div>二</span>三",
        "<p>一</p></p>二",
        "<h1>题</h2>文<h2>节<h3>小节</h3>文",
        "<select><option>选<option>项</select>后<button>按<p>钮</button>末",
        "<b><p>粗</b>细</p>后",
        "<form><div></form>在<form>内</form></div>后",
        "<noscript><p>无</p></noscript>有<textarea><b>文</b></textarea>",
        "<template><p>样</p></template>文<svg><title>图</title><text>字</text></svg>后",
        "<svg><path/><p>破</p>后",
        "<div>一<br/>二</br>三<hr>四<img alt=x>五",
        "<p>甲<ruby>漢<rt>han<rt>x</ruby>乙",
        "</html>后<!-- x --></body><p>还有",
        "<pre>\n一\n二</pre><xmp><b>x</b></xmp><iframe><p>x</iframe>末",
        "&amp;lt;&#20013;&copy&notin;&#x10FFFF;&nosuch;",
        "<html><head><body class=a><body><p>x</html><html><p>y",
        "<li>一<div><li>二</div>三",
        "<option>一<option>二",
        "<a href=x>一<a href=y>二</a>三",
        "充电\0宝",
        "<center><font color=red>一<p>二</font>三</center>四",
    ] {
        assert_eq!(text(page), as_in_a_browser(page), "{page}");
    }
}

#[test]
fn a_link_that_ends_below_a_block_holds_nothing_behind_it() {
    assert_eq!(around("<div><a href=x><div>链</a>文</div>", "文"), [Tag::DIV, Tag::DIV, Tag::BODY, Tag::HTML]);
    assert_eq!(around("<a href=x>一<a href=y>二</a>三", "二")[..2], [Tag::A, Tag::BODY]);
    assert_eq!(around("<a href=x><p>链<p>文", "文")[..2], [Tag::P, Tag::A]);
}

#[test]
fn what_is_too_deep_swallows_no_end_tag_of_what_follows() {
    let deep = format!("<table><tr><td>{}深</td><td><a href=x>链</a>文<button>按</button>后", "<font>".repeat(300));
    assert_eq!(around(&deep, "文")[..2], [Tag::TD, Tag::TR]);
    assert!(text(&deep).ends_with('后'));
    let drawn = format!("{}<svg><path/><text>图</text></svg>文</div>后", "<div>".repeat(300));
    assert_eq!(text(&drawn).split_whitespace().collect::<String>(), "文后");
    let late = format!("<select>{}</select>后", "<option>选".repeat(250_000));
    assert!(text(&late).ends_with('后'));
}

#[test]
fn names_and_meta_are_the_first_of_their_kind() {
    let tree = Tree::parse(
        "<meta property=og:title content='甲 &amp; 乙' content=丙><meta name=x><p CLASS='a b' class=c id=\"d\" data-id=e>文",
    );
    let (meta, p) = (&tree.metas()[0], tree.elements().find(|element| element.tag() == Tag::P).unwrap());
    assert_eq!((meta.property.as_str(), meta.content.as_str(), tree.metas().len()), ("og:title", "甲 & 乙", 1));
    assert_eq!(p.names(), ("a b", "d"));
}

#[test]
fn the_article_is_found_between_menus() {
    let menu = "<div><ul>".to_owned() + &"<li><a href=/>产品质量监督栏目导航</a></li>".repeat(40) + "</ul></div>";
    let body = "<div class=c><p>本报讯，一款充电宝在使用过程中发生起火，所幸没有造成人员伤亡。</p><p>监管部门已经介入调查，并要求企业停止销售。</p></div>";
    let page = format!("<body>{menu}<div>{body}</div>{menu}<div>版权所有，未经许可不得转载本站内容</div></body>");
    let found = article(&Tree::parse(&page)).text;
    assert!(found.starts_with("本报讯") && found.ends_with("停止销售。"), "{found}");
}

#[test]
fn a_million_nested_tags_overflow_nothing() {
    for tag in
        ["div", "b", "font", "table", "span", "ul><li", "svg", "a", "button", "x-y", "a><div", "template", "form"]
    {
        let page = format!("{}起火", format!("<{tag}>").repeat(1_000_000));
        let tree = Tree::parse(&page);
        assert!(tree.problem().is_some() || matches!(tag, "a" | "form"), "{tag}");
        if !matches!(tag, "svg" | "button" | "template") {
            assert!(read(&tree).contains("起火"), "{tag}");
        }
        let _ = article(&tree);
    }
    let ends = format!("{}{}起火", "<div>".repeat(300), "<a><p></a></b></x></div>".repeat(100_000));
    assert!(read(&Tree::parse(&ends)).contains("起火"));
    // Each round leaves as many elements open as before, and the tree two deeper.
    let sinking = "<form><b></i></form><form><i></b></form>".repeat(24_000);
    let sinking = Tree::parse(&format!("<body>一款充电宝起火，无人员伤亡，正在调查。<i>{sinking}x"));
    assert!(article(&sinking).text.starts_with("一款充电宝起火"));
    let headings = format!("<title>题题题题</title>{}{}", "<div class=title>".repeat(200), "题[&".repeat(1_000_000));
    assert!(article(&Tree::parse(&headings)).title.starts_with('题'));
    let attributes = format!("<div {}>起火", (0..300_000).map(|n| format!("a{n}")).collect::<Vec<_>>().join(" "));
    assert_eq!(text(&attributes), "起火");
    let names: Vec<String> = (0..200_000).map(|n| format!("<n{n}>")).collect();
    assert!(text(&(names.concat() + "起火")).contains("起火"));
}

/// Elements whose end tags may be left out are in those that need them; texts have no white space, so that lines are all that can differ.
fn well_formed() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[一-龥a-c]{1,4}".prop_map(|text| text),
        Just("甲<br>乙".to_owned()),
        Just("&lt;&nbsp;x&gt;".to_owned()),
        Just("<!-- <p>不 -->".to_owned()),
        Just("<script>if (a < b) { '<p>' }</script>".to_owned()),
        Just("<img src='a>b' alt=\"x\">".to_owned()),
    ];
    let inline = leaf.prop_recursive(3, 12, 3, |inner| {
        let names = prop::sample::select(vec!["span", "b", "em", "i", "x-y", "label"]);
        (names, prop::collection::vec(inner, 0..3))
            .prop_map(|(name, parts)| format!("<{name}>{}</{name}>", parts.concat()))
    });
    // Paragraphs, items and cells with or without their end tag.
    let flow = |inner: BoxedStrategy<String>| {
        let blocks = prop::sample::select(vec!["div", "section", "article", "blockquote", "h2", "center", "fieldset"]);
        let some = prop::collection::vec((inner.clone(), any::<bool>()), 1..4);
        let items = |name: &'static str| {
            move |parts: Vec<(String, bool)>| {
                let item = |(part, closed)| {
                    if closed { format!("<{name}>{part}</{name}>") } else { format!("<{name}>{part}") }
                };
                parts.into_iter().map(item).collect::<Vec<_>>().concat()
            }
        };
        prop_oneof![
            (blocks, prop::collection::vec(inner, 0..4))
                .prop_map(|(name, parts)| format!("<{name}>{}</{name}>", parts.concat())),
            some.clone().prop_map(items("li")).prop_map(|list| format!("<ul>{list}</ul>")),
            some.clone().prop_map(items("dd")).prop_map(|list| format!("<dl><dt>甲{list}</dl>")),
            some.prop_map(items("td")).prop_map(|row| format!("<table><tr>{row}<tr><th>头{row}</table>")),
        ]
    };
    let paragraph = (inline.clone(), any::<bool>())
        .prop_map(|(text, closed)| format!("<p>{text}{}", if closed { "</p>" } else { "" }));
    let flowing = prop_oneof![inline, paragraph].boxed().prop_recursive(4, 40, 4, flow);
    let head = prop::sample::select(vec![
        "",
        "<!doctype html>",
        "<!doctype html><html><head><title>题</title></head><body>",
        "<html><meta charset=utf-8><title>题</title>",
        "<body class=a>",
    ]);
    (head, prop::collection::vec(flowing, 0..6)).prop_map(|(head, parts)| head.to_owned() + &parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_page_reads_as_in_a_browser_whatever_end_tags_it_leaves_out(page in well_formed()) {
        prop_assert_eq!(text(&page), as_in_a_browser(&page));
    }

    /// READ-3.
    #[test]
    fn no_soup_of_tags_breaks_the_tree(
        parts in prop::collection::vec(prop::sample::select(vec![
            "<p>", "</p>", "<a href=x>", "</a>", "<div class=share>", "</div>", "<table>", "</table>", "<tr>", "<td>", "</td>", "<li>", "<ul>",
            "</ul>", "<svg>", "</svg>", "<foreignObject>", "<title>", "</title>", "<script>", "</script>", "<template>", "</template>",
            "<form>", "</form>", "<select>", "<option>", "</select>", "<b>", "</b>", "<body>", "</body>", "<head>", "</head>", "<html>", "<h1>",
            "</h2>", "<math>", "<br/>", "</br>", "<", "&", "&lt", "中", "文，", "\u{0}", "<!--", "-->", "<![CDATA[", "]]>", "<x-y", "/>", "='",
            "<button>", "<frameset>", "<plaintext>", "<caption>", "<colgroup>", "<col>", "</table>", "<dd>", "<h3>", "\r\n", "<a><p>",
        ]), 0..60)
    ) {
        let page = parts.concat();
        let tree = Tree::parse(&page);
        for (at, (parent, _)) in tree.nodes().enumerate() {
            let inside = tree.nodes[parent].end as usize;
            prop_assert!(at == ROOT || parent < at && at < inside && tree.nodes[at].end as usize <= inside, "{page}");
            prop_assert!(tree.element(parent).is_some());
        }
        let _ = article(&tree);
    }
}
