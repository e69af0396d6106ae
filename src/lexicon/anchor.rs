//! Where a pattern is looked for first: at its rarest element. A text is full of 不 and 了 and short of 漏电, so that of the
//! patterns which hold both only few need a look. Derived from patterns and entries; nothing is decided here, and a wrong
//! guess of what is rare costs time and changes no reading.

use std::collections::BTreeMap;

use super::pattern::{Atom, ClassId, Step};
use super::terms::{Compiled, Entry};

/// A pattern at the element it is looked for first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchored {
    /// Index of the pattern.
    pub pattern: u32,
    /// Index of the element.
    pub step: u16,
    /// What else it asks for.
    pub other: Other,
}

/// What a pattern asks for beside its rarest element: enough to set most patterns aside without looking at them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Other {
    /// Nothing: the pattern has one element.
    Nothing,
    /// A word of the class that has this number among those that patterns ask for first of all, and perhaps more.
    First(u16),
    /// Something that only the pattern itself can say.
    Unsaid,
}

/// Stretches of one list, by index.
#[derive(Debug)]
pub(super) struct Lists<T> {
    ends: Vec<u32>,
    all: Vec<T>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self { ends: Vec::new(), all: Vec::new() }
    }
}

impl<T> Lists<T> {
    pub(super) fn push(&mut self, list: impl IntoIterator<Item = T>) {
        self.all.extend(list);
        self.ends.push(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> &[T] {
        let from = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[from as usize..self.ends[at] as usize]
    }
}

/// The patterns by their rarest elements.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    /// Per entry: the patterns that are looked for at its word classes.
    entries: Lists<Anchored>,
    /// Per entry: its word classes that patterns ask for beside their rarest element.
    asked: Lists<ClassId>,
    /// Per entry: the numbers of those that patterns ask for first of all ([`Other::First`]).
    first_asked: Lists<u16>,
    product: Vec<Anchored>,
    brand: Vec<Anchored>,
}

/// How often a product, a brand stands in a text, as [`weight`] has it for words.
const PRODUCT: u64 = 6_000;
const BRAND: u64 = 3_000;
/// The most common characters.
const COMMON: &str = "的一是不了在有人我他这个们中来上大为和国地到以说时要就出会可也你对生能子那得着下自之年过发后作用道行所然家事成方多么去好小没很都还太买给看用心点起又开只样把真再啊吧吗呢想质量东西感觉新高车机电水手面前天气味动日价话性知比做货快收店包";

/// How often a word stands in a text, roughly: of interest is only which of two is the rarer.
fn weight(entry: &Entry) -> u64 {
    match entry.chars {
        1 if entry.surface.chars().all(|character| COMMON.contains(character)) => 4_000,
        1 => 200,
        2 => 5,
        _ => 1,
    }
}

impl Anchors {
    pub(super) fn new(patterns: &[Compiled], entries: &[Entry], classes: usize) -> Self {
        let mut weights = vec![0_u64; classes];
        for entry in entries {
            for class in &entry.classes {
                weights[usize::from(class.0)] += weight(entry);
            }
        }
        // A quantity is no word: a pattern is not looked for at an element that accepts one.
        let weigh = |step: &Step| {
            step.accepts.iter().try_fold(0_u64, |sum, atom| match atom {
                Atom::Class(class) => Some(sum + weights[usize::from(class.0)]),
                Atom::Product(_) => Some(sum + PRODUCT),
                Atom::Brand => Some(sum + BRAND),
                Atom::Count(_) => None,
            })
        };
        let mut anchors = Self::default();
        let mut by_class: Vec<Vec<Anchored>> = vec![Vec::new(); classes];
        let mut asked = vec![false; classes];
        // They have numbers of their own, so that what is noted of them lies close together.
        let mut first_asked: BTreeMap<ClassId, u16> = BTreeMap::new();
        for (pattern, compiled) in (0_u32..).zip(patterns) {
            let steps = &compiled.variant.steps;
            let weighed = steps.iter().enumerate().filter_map(|(at, step)| Some((weigh(step)?, at)));
            let (_, rarest) = weighed.min().unwrap_or((0, 0));
            let others = || steps.iter().enumerate().filter(|(at, _)| *at != rarest).map(|(_, step)| step);
            let single = others().filter_map(|step| match step.accepts[..] {
                [Atom::Class(class)] => Some((weights[usize::from(class.0)], class)),
                _ => None,
            });
            let other = match single.min() {
                _ if steps.len() == 1 => Other::Nothing,
                Some((_, class)) => {
                    let next = u16::try_from(first_asked.len()).unwrap_or(u16::MAX);
                    Other::First(*first_asked.entry(class).or_insert(next))
                }
                None => Other::Unsaid,
            };
            for atom in others().flat_map(|step| &step.accepts) {
                if let Atom::Class(class) = atom {
                    asked[usize::from(class.0)] = true;
                }
            }
            let anchored = Anchored { pattern, step: u16::try_from(rarest).unwrap_or(u16::MAX), other };
            for atom in &steps[rarest].accepts {
                let list = match atom {
                    Atom::Class(class) => &mut by_class[usize::from(class.0)],
                    Atom::Product(_) => &mut anchors.product,
                    Atom::Brand => &mut anchors.brand,
                    Atom::Count(_) => continue,
                };
                if list.last() != Some(&anchored) {
                    list.push(anchored);
                }
            }
        }
        for entry in entries {
            anchors.entries.push(entry.classes.iter().flat_map(|class| &by_class[usize::from(class.0)]).copied());
            let classes = || entry.classes.iter().copied();
            anchors.asked.push(classes().filter(|class| asked[usize::from(class.0)]));
            anchors.first_asked.push(classes().filter_map(|class| first_asked.get(&class).copied()));
        }
        anchors
    }

    #[inline]
    pub(super) fn of_entry(&self, entry: u32) -> &[Anchored] {
        self.entries.get(entry as usize)
    }

    #[inline]
    pub(super) fn asked_of(&self, entry: u32) -> &[ClassId] {
        self.asked.get(entry as usize)
    }

    #[inline]
    pub(super) fn first_asked_of(&self, entry: u32) -> &[u16] {
        self.first_asked.get(entry as usize)
    }

    pub(super) fn product(&self) -> &[Anchored] {
        &self.product
    }

    pub(super) fn brand(&self) -> &[Anchored] {
        &self.brand
    }
}
