//! Units of work, counted in tests: that reading stays linear is shown by counting steps, not by a clock (READ-3).
//!
//! In: a note at every place where a loop over hits, cues, products or characters may grow with the text. Out: a sum, in tests;
//! nothing at all in the program. Not here: time.

#[cfg(test)]
thread_local! {
    static DONE: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Notes steps that were done.
#[inline]
pub(super) fn done(steps: usize) {
    #[cfg(test)]
    DONE.with(|done| done.set(done.get() + steps as u64));
    #[cfg(not(test))]
    let _ = steps;
}

/// The steps that a run takes on this thread.
#[cfg(test)]
pub(super) fn counted(run: impl FnOnce()) -> u64 {
    let before = DONE.with(std::cell::Cell::get);
    run();
    DONE.with(std::cell::Cell::get) - before
}

#[cfg(test)]
mod tests {
    use super::counted;
    use crate::read;
    use lexicon::Lexicon;
    use vocabulary::{Channel, Document, DocumentId, Meta, SourceId};

    /// Shortest text that is measured, in characters: as long as the widest window that is looked at around a word.
    const CHARS: usize = 1_500;
    /// How much more than twice a doubled length may take.
    const SLACK_PERCENT: u64 = 12;

    /// Whether the work for 1, 2, 4 and 8 times a text grows faster than the text. A window that a short text does not fill
    /// yet makes the first doubling dear; so each doubling is held against the sum, or against what the doubling before it added.
    fn is_more_than_linear(work: &[u64]) -> bool {
        let doubled = |less: u64, more: u64| more * 100 <= less * 2 * (100 + SLACK_PERCENT);
        work.windows(3).any(|three| {
            let [first, second, third] = [three[0], three[1], three[2]];
            !doubled(second, third) && !doubled(second.saturating_sub(first), third.saturating_sub(second))
        })
    }

    fn document(text: String, category: Option<&str>) -> Document {
        let meta: Meta = category.map(|code| ("platform_category".to_owned(), code.into())).into_iter().collect();
        Document {
            id: DocumentId::from("d"),
            source: SourceId::from("t"),
            channel: Channel::Complaint,
            url: None,
            title: None,
            text,
            published_at: None,
            seen_at: None,
            meta,
            raw: None,
        }
    }

    #[test]
    fn twice_the_text_takes_twice_the_work_whatever_it_says() {
        let lexicon = Lexicon::shipped().expect("the shipped lexicon loads");
        let repeated = |piece: &str, chars: usize| piece.chars().cycle().take(chars).collect::<String>();
        let nested = |chars: usize| {
            let half = (chars - 4) / 2;
            format!("{}漏电起火{}", repeated("（【「『《", half), repeated("》』」】）", half))
        };
        let pieces = [
            ("hazard words", "起火"),
            ("a product with its hazard", "充电宝起火"),
            ("one clause of many words", "这台洗衣机用了三天就漏水而且异响然后电机又坏了"),
            ("one clause of cues", "没有不会可能如果听说担心不是漏电"),
            ("cues that alternate", "没有漏电、漏水和异响，但是漏电。"),
            ("denials that touch", "不没没有不会无漏电"),
            ("subjects over sentences", "买了一台冰箱。它起火了。后者漏水。"),
            ("sentences without a subject", "突然起火。用了三天就漏水。"),
            ("quantities", "用了3天坏了5次，第二天又坏了20次，"),
            ("rules that look at other clauses", "喷了之后，结果第二天，脸上红了一片，"),
            ("places that share a name", "朝阳区鼓楼区和平区起火，"),
            ("lists", "冰箱、洗衣机和空调都漏电、漏水，"),
            ("brackets that close", "【充电宝】（起火）"),
            ("spaces", "充电宝 起火 漏电 "),
            ("lines", "充电宝\n起火\n"),
            ("questions", "充电宝会不会起火？为什么会漏电？"),
            ("injuries", "起火烧伤住院死亡三人，"),
        ];
        let mut wrong = Vec::new();
        for category in [None, Some("large_appliance")] {
            let mut judge = |name: &str, text: &dyn Fn(usize) -> String| {
                let work: Vec<u64> = [1, 2, 4, 8]
                    .into_iter()
                    .map(|times| {
                        let document = document(text(CHARS * times), category);
                        counted(|| {
                            let _ = read(&document, &lexicon);
                        })
                    })
                    .collect();
                assert!(work[0] > 0, "{name}: nothing was counted");
                if is_more_than_linear(&work) {
                    wrong.push(format!("{name} ({category:?}): {work:?}"));
                }
            };
            for (name, piece) in pieces {
                judge(name, &|chars| repeated(piece, chars));
            }
            judge("nested brackets", &nested);
        }
        assert!(wrong.is_empty(), "more than linear, for 1, 2, 4 and 8 times the text:\n{}", wrong.join("\n"));
    }

    #[test]
    fn work_that_grows_faster_than_the_text_would_be_seen() {
        let measured = |steps: fn(usize) -> usize| -> Vec<u64> {
            [100, 200, 400, 800].map(|n| counted(|| (0..n).for_each(|_| super::done(steps(n))))).to_vec()
        };
        assert!(is_more_than_linear(&measured(|n| n)), "quadratic");
        assert!(is_more_than_linear(&measured(usize::isqrt)), "n to the power of one and a half");
        assert!(!is_more_than_linear(&measured(|_| 7)), "linear");
    }
}
