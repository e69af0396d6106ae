//! Pages composed of labelled short texts: a page has other things beside what it is about, and nobody labelled pages to learn from.
//!
//! A page is an article (a headline, the same said in its text, and texts without a signal around it), a digest (several texts with
//! signals and some without), or free of signals. Its labels are those of its texts. All texts of a page belong to one fold.

use crate::reader::quality::Gold;
use crate::reader::tally::below;

/// Pages that are composed.
const PAGES: usize = 1_600;
/// Seed of the drawing.
const SEED: u64 = 20_261_124;
/// Texts of a fold, with and without a signal, without which no page is composed of it.
const TEXTS_MIN: usize = 20;
/// Texts around what an article is about: at least, and so many more at most.
const AROUND: (usize, usize) = (2, 5);
/// Texts of a digest with a signal, and without one.
const DIGEST: (usize, usize) = (3, 2);
/// Texts of a page without a signal.
const FREE: usize = 5;
/// Behind the words of a headline, so that the text does not repeat it letter by letter.
const HEADLINE_END: &str = "（图）";
/// The headline of a digest names nothing.
const DIGEST_HEADLINE: &str = "一周消息汇总";

/// A composed page and the fold that it belongs to.
pub(super) struct Page {
    pub(super) page: Gold,
    pub(super) fold: usize,
}

/// Composes pages of the texts that were drawn from a stream.
pub(super) fn compose(gold: &[Gold], held: &[usize], folds: usize) -> Vec<Page> {
    let mut pools: Vec<[Vec<&Gold>; 2]> = vec![Default::default(); folds];
    for (text, fold) in gold.iter().zip(held).filter(|(text, _)| text.stratum.is_some()) {
        pools[*fold][usize::from(!text.signals.is_empty())].push(text);
    }
    let usable: Vec<usize> =
        (0..folds).filter(|fold| pools[*fold].iter().all(|pool| pool.len() >= TEXTS_MIN)).collect();
    if usable.is_empty() {
        return Vec::new();
    }
    let mut state = SEED;
    (0..PAGES)
        .map(|number| {
            let fold = usable[below(&mut state, usable.len())];
            let [silent, telling] = &pools[fold];
            let (mut parts, titled) = match number % 4 {
                0 | 1 => {
                    let around = AROUND.0 + below(&mut state, AROUND.1);
                    (drawn(&mut state, [(telling, 1), (silent, around)]), true)
                }
                2 => (drawn(&mut state, [(telling, DIGEST.0), (silent, DIGEST.1)]), false),
                _ => (drawn(&mut state, [(silent, FREE), (silent, 0)]), true),
            };
            let title = if titled { format!("{}{HEADLINE_END}", parts[0].text) } else { DIGEST_HEADLINE.to_owned() };
            for at in (1..parts.len()).rev() {
                parts.swap(at, below(&mut state, at + 1));
            }
            Page { page: page(number, title, &parts), fold }
        })
        .collect()
}

/// So many texts of each pool.
fn drawn(state: &mut u64, pools: [(&Vec<&Gold>, usize); 2]) -> Vec<Gold> {
    let all = pools.into_iter().flat_map(|(pool, count)| std::iter::repeat_n(pool, count));
    all.map(|pool| pool[below(state, pool.len())].clone()).collect()
}

fn page(number: usize, title: String, parts: &[Gold]) -> Gold {
    let mut page = parts[0].clone();
    page.id = format!("page-{number}");
    page.title = Some(title);
    page.text = parts.iter().flat_map(|part| [part.text.as_str(), "。\n"]).collect();
    page.signals = parts.iter().flat_map(|part| part.signals.clone()).collect();
    page.weight = 1.0;
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::quality::parse;

    #[test]
    fn a_page_has_the_labels_of_its_texts_and_texts_of_one_fold() {
        let line = |at: usize| {
            let signals = if at.is_multiple_of(2) {
                r#"[{"product":"toy","hazard":"fire","stance":"asserted","severity":0}]"#
            } else {
                "[]"
            };
            let fold = if at < 60 { "前" } else { "后" };
            format!(r#"{{"id":"{at}","source":"s","text":"{fold}面第{at}条","signals":{signals},"stratum":"topic/A"}}"#)
        };
        let gold = parse(&(0..120).map(line).collect::<Vec<_>>().join("\n")).expect("texts");
        let held: Vec<usize> = (0..120).map(|at| usize::from(at >= 60)).collect();
        let pages = compose(&gold, &held, 3);
        assert_eq!(pages.len(), PAGES);
        for Page { page, fold } in &pages {
            let of = |word: &str| page.text.contains(word);
            assert!(of("前") == (*fold == 0) && of("后") == (*fold == 1), "{}", page.text);
            let telling = gold.iter().filter(|text| !text.signals.is_empty());
            let wanted: usize = telling.map(|text| page.text.matches(&format!("{}。", text.text)).count()).sum();
            assert_eq!(page.signals.len(), wanted);
        }
        let digest = |page: &Page| page.page.title.as_deref() == Some(DIGEST_HEADLINE);
        assert_eq!(pages.iter().filter(|page| digest(page)).count(), PAGES / 4);
    }
}
