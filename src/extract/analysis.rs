//! What rules find in one text: products, hazards, injuries and facts. Readings and explanations are made from it.
//!
//! Not here: how headline, text and the learned judge are combined (`document`).

use lexicon::judge::Term;
use lexicon::terms::Meaning;
use lexicon::{Brief, CategorySet, Lexicon};
use vocabulary::{Category, Channel, Document, Hazard, Stance};

use super::clauses::{self, Clause};
use super::facts::{self, Fact};
use super::hits::Hits;
use super::layout::Layout;
use super::matching::{self, Find};
use super::normalise::Folded;
use super::products::{self, Choice, Named, Why};
use super::stance::{self, CueHit, Judged, Place};
use super::{relate, scan, subject};

/// A hazard in the text, in folded characters.
#[derive(Debug, Clone)]
pub struct FoundHazard {
    /// First character.
    pub from: usize,
    /// One past the last character.
    pub to: usize,
    /// Index of its clause.
    pub clause: usize,
    /// Index into [`Lexicon::effects`].
    pub effect: u32,
    /// What the text claims of it.
    pub judged: Judged,
    pub(super) choice: Option<Choice>,
    /// Severity stated by the words and the injuries near them, 0 to 4.
    pub severity: u8,
    /// What became of it.
    pub fate: Fate,
}

/// A possible hazard, in folded characters.
struct Candidate {
    from: usize,
    to: usize,
    clause: usize,
    /// Index into [`Lexicon::effects`].
    effect: u32,
    /// The product it is about; `None` when none fits.
    choice: Option<Choice>,
    /// Whether that product only stands by.
    bystander: bool,
}

/// What became of a hazard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Makes or supports a signal.
    Kept,
    /// Its stance does not count.
    Stance,
    /// No product can be related to it.
    NoProduct,
    /// A vague complaint beside a concrete one.
    Bare,
    /// A fear that the text itself settles further on.
    Settled,
    /// Its clause is no part of the article.
    Outside,
    /// Its clause says what may come, what ought to be done or what was tested.
    General,
    /// Its product only stands by, and the page is about another, which it does not fit.
    Bystander,
    /// Said of a part of a body, which is no product.
    Body,
    /// Cause or consequence of another hazard of the same product, told already.
    ToldAlready,
    /// The learned judge thinks it unlikely.
    Vetoed,
}

/// An injury in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hurt {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) clause: usize,
    /// Index into [`Lexicon::injuries`].
    pub(super) injury: u32,
    pub(super) judged: Judged,
}

/// A text, worked out.
#[derive(Debug)]
pub struct Analysis {
    /// The folded text.
    pub folded: Folded,
    /// Its clauses, in order.
    pub clauses: Vec<Clause>,
    /// Dictionary words in it.
    pub hits: Hits,
    /// Words that turn a claim, in order.
    pub cues: Vec<CueHit>,
    pub(super) products: Vec<Named>,
    /// Hazards in it, kept or not.
    pub found: Vec<FoundHazard>,
    pub(super) hurts: Vec<Hurt>,
    pub(super) facts: Vec<Fact>,
    /// How the page is built; none of a short text, or where the platform names the product.
    pub(super) layout: Option<Box<Layout>>,
    /// The category that the platform names.
    pub meta: Option<Category>,
    /// Whether a medium published it: topics, questions, headlines, articles.
    pub(super) media: bool,
    /// What a headline outside the text names, in its order: the subject when the text names no product of its own.
    pub(super) titled: Vec<Category>,
    /// The headline that the text does not repeat, worked out as a text of its own.
    pub(super) title: Option<Box<Analysis>>,
    /// What the learned judge says of each pair of product and hazard; empty before it was asked.
    pub(super) judged_pairs: Vec<JudgedPair>,
}

/// What the learned judge says of one pair of product and hazard.
#[derive(Debug)]
pub(super) struct JudgedPair {
    pub(super) category: Category,
    pub(super) hazard: Hazard,
    /// Probability that the signal is real, 0 to 1.
    pub(super) probability: f64,
    /// The summands of the log-odds,
    pub(super) terms: Vec<(Term, f64)>,
    /// or, where no platform tells the product, the loudest of them.
    pub(super) traits: Vec<(String, f64)>,
    /// Index of the clause that was judged, and of the question that was asked of it.
    pub(super) clause: usize,
    pub(super) question: usize,
}

/// One text of a document with its dictionary words, before anything is concluded from them.
pub(super) struct ScannedText {
    pub(super) folded: Folded,
    pub(super) clauses: Vec<Clause>,
    pub(super) hits: Hits,
}

impl ScannedText {
    /// Returns the allocations for the next text of this thread.
    pub(super) fn give_back(self) {
        self.folded.give_back();
        self.hits.give_back();
        clauses::give_back(self.clauses);
    }
}

/// Hazards whose own severity says it all: an illness named beside mould is counted with the illness, not twice.
const OWN_SEVERITY: [Hazard; 3] = [Hazard::Microbial, Hazard::ForeignBody, Hazard::Chemical];

/// Injuries that are looked at to each side of a hazard.
const INJURIES_EACH_SIDE: usize = 8;

/// Plain product names of a headline that the text does not repeat.
fn titled(title: &Analysis) -> Vec<Category> {
    let plain = title.products.iter().filter(|named| !(named.part || named.generic || named.ambiguous || named.brand));
    plain.take(TITLE_PRODUCTS_MAX).filter_map(|named| named.categories.iter().next()).collect()
}

/// Products of a headline that are looked at.
const TITLE_PRODUCTS_MAX: usize = 4;
/// Products of one list that share a hazard, beside the last, and characters between the last and the hazard.
const LISTED_MAX: usize = 4;
const LISTED_CHARS: usize = 8;
/// How many clauses after a fear may settle it.
const SETTLED_CLAUSES: usize = 3;
/// Hazards after a fear that are looked at.
const HAZARDS_AFTER: usize = 8;

impl Analysis {
    /// Works out one text of a document by rules: its headline (`title` is none), or its text with the headline already worked out.
    pub(super) fn of(scanned: ScannedText, title: Option<Box<Self>>, document: &Document, lexicon: &Lexicon) -> Self {
        let ScannedText { folded, clauses, mut hits } = scanned;
        scan::settle(&mut hits, &folded, lexicon);
        let quiet = hits.quiet;
        let cues = if quiet { Vec::new() } else { stance::cues(&hits.all, lexicon) };
        let meta = super::category_of_meta(document, lexicon);
        let products = products::products(&hits, &clauses, lexicon, meta);
        let titled = title.as_deref().map(titled).unwrap_or_default();
        let facts = facts::facts(&folded, &hits, lexicon, document, meta);
        let mut analysis = Self {
            folded,
            clauses,
            hits,
            cues,
            products,
            found: Vec::new(),
            hurts: Vec::new(),
            facts,
            layout: None,
            meta,
            media: document.channel == Channel::Media,
            titled,
            title,
            judged_pairs: Vec::new(),
        };
        if !quiet {
            analysis.hazards(lexicon);
            analysis.drop_settled(lexicon);
            analysis.drop_bare(lexicon);
            analysis.drop_told_already(lexicon);
        }
        analysis
    }

    /// Keeps what it needed room for, for the next text of this thread: memory that was used just now is still near.
    pub(super) fn give_back(self) {
        let Self { folded, clauses, hits, title, .. } = self;
        folded.give_back();
        hits.give_back();
        clauses::give_back(clauses);
        if let Some(title) = title {
            title.give_back();
        }
    }

    fn hazards(&mut self, lexicon: &Lexicon) {
        let finds = matching::find(&self.folded, &self.clauses, &self.hits, &self.cues, lexicon);
        self.lay_out(&finds, lexicon);
        for find in finds.iter().filter(|find| find.injury) {
            let judged = self.judge(lexicon, find.from, find.to, find.clause, None, None);
            let Find { from, to, clause, owner, .. } = *find;
            self.hurts.push(Hurt { from, to, clause, injury: owner, judged });
        }
        let candidates = self.candidates(&finds, lexicon);
        let mut judged: Vec<Judged> = Vec::with_capacity(candidates.len());
        for candidate in &candidates {
            let effect = &lexicon.effects()[candidate.effect as usize];
            let Candidate { from, to, clause, .. } = *candidate;
            judged.push(self.judge(lexicon, from, to, clause, Some(effect.hazard), effect.stance));
        }
        let mut places: Vec<(Place, &mut Judged)> = candidates
            .iter()
            .zip(&mut judged)
            .map(|(candidate, judged)| {
                let effect = &lexicon.effects()[candidate.effect as usize];
                let Candidate { from, to, clause, .. } = *candidate;
                (Place { from, to, clause, hazard: Some(effect.hazard), own: effect.stance }, judged)
            })
            .collect();
        stance::coordinate(&mut places, &self.folded, &self.clauses, lexicon);
        for (candidate, judged) in candidates.into_iter().zip(judged) {
            let Candidate { from, to, clause, effect: index, choice, bystander } = candidate;
            let effect = &lexicon.effects()[index as usize];
            let fate = match (judged.stance.counts(), choice) {
                (false, _) => Fate::Stance,
                (true, None) => Fate::NoProduct,
                (true, Some(_)) => self.fate((from, clause), effect.hazard, bystander, lexicon),
            };
            let severity = effect.severity.max(self.injury_beside(lexicon, from, to, clause, effect.hazard));
            let severity = severity.max(self.injury_of_headline(choice, effect.hazard, lexicon));
            let severity = if self.only_feared(clause) { 0 } else { severity };
            let found = FoundHazard { from, to, clause, effect: index, judged, choice, severity, fate };
            let also = self.also_about(&found, lexicon);
            let others = also.into_iter().map(|choice| FoundHazard { choice: Some(choice), ..found.clone() });
            let others: Vec<FoundHazard> = others.collect();
            self.found.push(found);
            self.found.extend(others);
        }
    }

    /// Hazard words and rule finds without those that a better one covers, in text order. A find that no product fits
    /// stands behind every one that has its product.
    fn candidates(&self, finds: &[Find], lexicon: &Lexicon) -> Vec<Candidate> {
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut put = |from, to, clause, effect: u32| {
            let known = &lexicon.effects()[effect as usize];
            let choice = relate::choose((from, to, clause), known, self.named(lexicon), self.meta);
            let choice = match (choice, self.meta) {
                (None | Some(Choice { why: Why::Implied, .. }), None) if !known.platform_only => self
                    .titled
                    .iter()
                    .find(|category| known.only.has(**category))
                    .map(|category| Choice { category: *category, named: None, why: Why::Title })
                    .or(choice),
                _ => choice,
            };
            let (choice, bystander) = self.by_topic(choice, (from, clause), known, lexicon);
            candidates.push(Candidate { from, to, clause, effect, choice, bystander });
        };
        for find in finds.iter().filter(|find| !find.injury) {
            put(find.from, find.to, find.clause, lexicon.rules()[find.owner as usize].effect);
        }
        for hit in self.hits.all.iter().filter(|_| !self.clauses.is_empty()) {
            if !hit.any(Brief::HAZARD) {
                continue;
            }
            for meaning in &lexicon.entries()[hit.entry as usize].meanings {
                if let Meaning::Hazard(effect) = meaning {
                    put(hit.from as usize, hit.to as usize, clauses::at(&self.clauses, hit.from as usize), *effect);
                }
            }
        }
        candidates.sort_by_key(|Candidate { from, to, effect, choice, bystander, .. }| {
            let priority = lexicon.effects()[*effect as usize].priority;
            // Where no platform tells the product, one that is named comes before one that only the words imply.
            let implied = self.meta.is_none() && choice.is_some_and(|choice| choice.why == Why::Implied);
            let last = choice.is_none() || *bystander;
            (last, std::cmp::Reverse(priority), implied, std::cmp::Reverse(to - from), *from, *effect)
        });
        // Greedy by rank. `taken` holds, for each character, which of `winners` covers it. A find of another rule for the same
        // hazard stays as support: the signal then names both rules. Where no platform tells the product, it stays only when it
        // speaks of the same product: one event is told once.
        let mut taken = vec![usize::MAX; self.folded.len()];
        let mut winners: Vec<(u32, Option<Category>)> = Vec::new();
        let hazard = |effect: u32| lexicon.effects()[effect as usize].hazard;
        let told = self.meta.is_some();
        candidates.retain(|Candidate { from, to, effect, choice, .. }| {
            let category = choice.map(|choice| choice.category);
            let covers = &mut taken[*from..*to];
            if covers.iter().all(|winner| *winner == usize::MAX) {
                covers.fill(winners.len());
                winners.push((*effect, category));
                return true;
            }
            let mut others = covers.iter().filter_map(|winner| winners.get(*winner));
            others.all(|(other, about)| {
                other != effect
                    && hazard(*other) == hazard(*effect)
                    && (told || category.is_none() || *about == category)
            })
        });
        candidates.sort_by_key(|candidate| (candidate.from, candidate.to, candidate.clause, candidate.effect));
        candidates
    }

    /// 冰箱和热水器都漏电: the other products of a list whose last one a hazard was related to, when it is said of all.
    fn also_about(&self, found: &FoundHazard, lexicon: &Lexicon) -> Vec<Choice> {
        let Some(Choice { named: Some(at), why: Why::Clause, category }) = found.choice else { return Vec::new() };
        let last = &self.products[at];
        let listing = lexicon.coordination();
        if self.meta.is_some() || last.to > found.from || found.from - last.to > LISTED_CHARS {
            return Vec::new();
        }
        // 都 may be the first character of the find itself.
        let between = self.folded.slice(last.to, (found.from + 1).min(found.to));
        if !listing.all.iter().any(|word| between.contains(&**word)) {
            return Vec::new();
        }
        let effect = &lexicon.effects()[found.effect as usize];
        let mut seen = CategorySet::from(category);
        let mut choices = Vec::new();
        let mut next = last;
        for (index, other) in self.products[..at].iter().enumerate().rev().take(LISTED_MAX) {
            let plain = !(other.part || other.generic || other.ambiguous || other.brand);
            let linked = other.clause == found.clause
                && other.to <= next.from
                && stance::links(self.folded.slice(other.to, next.from), listing);
            if !(plain && linked) {
                break;
            }
            if let Some(category) = other.categories.and(effect.only).iter().next().filter(|known| !seen.has(*known)) {
                seen = seen.or(category.into());
                choices.push(Choice { category, named: Some(index), why: Why::Clause });
            }
            next = other;
        }
        choices
    }

    pub(super) fn judge(
        &self,
        lexicon: &Lexicon,
        from: usize,
        to: usize,
        clause: usize,
        hazard: Option<Hazard>,
        own: Option<Stance>,
    ) -> Judged {
        let place = Place { from, to, clause, hazard, own };
        let cues = (&self.cues[..], self.layout.as_ref().map(|layout| &layout.whole[..]));
        stance::judge(place, &self.folded, &self.clauses, cues, lexicon, self.meta.is_some())
    }

    /// The text as far as the relation of products and hazards needs it.
    pub(super) fn named<'a>(&'a self, lexicon: &'a Lexicon) -> subject::Text<'a> {
        subject::Text { folded: &self.folded, clauses: &self.clauses, products: &self.products, lexicon }
    }

    /// The worst injury that belongs to a hazard: named in the same words, in the same sentence, or on a page in the sentences about
    /// the same event.
    pub(super) fn injury_beside(&self, lexicon: &Lexicon, from: usize, to: usize, clause: usize, hazard: Hazard) -> u8 {
        if !hazard.is_safety() || OWN_SEVERITY.contains(&hazard) {
            return 0;
        }
        // Injuries are in text order: a bounded number to each side is enough for any sentence.
        let sentence = self.clauses[clause].sentence;
        let at = self.hurts.partition_point(|hurt| hurt.from < from);
        let near = at.saturating_sub(INJURIES_EACH_SIDE)..(at + INJURIES_EACH_SIDE).min(self.hurts.len());
        let mut worst = 0;
        for hurt in &self.hurts[near] {
            let same = hurt.from < to && from < hurt.to || self.clauses[hurt.clause].sentence == sentence;
            let event = hazard != Hazard::InformationSecurity && self.is_of_event(hurt.clause, clause);
            if (same || event) && hurt.judged.stance.counts() {
                worst = worst.max(lexicon.injuries()[hurt.injury as usize].severity);
            }
        }
        worst
    }

    /// 之前怕起火，用到现在没起火过: what was only feared, and is denied of the same kind of hazard in the next words, is no report.
    fn drop_settled(&mut self, lexicon: &Lexicon) {
        let hazard = |found: &FoundHazard| lexicon.effects()[found.effect as usize].hazard;
        for at in 0..self.found.len() {
            let found = &self.found[at];
            if found.fate != Fate::Kept || found.judged.stance != Stance::Suspected {
                continue;
            }
            let near = self.found[at + 1..].iter().take_while(|later| later.clause <= found.clause + SETTLED_CLAUSES);
            if near
                .take(HAZARDS_AFTER)
                .any(|later| later.judged.stance == Stance::Negated && hazard(later) == hazard(found))
            {
                self.found[at].fate = Fate::Settled;
            }
        }
    }

    /// A vague complaint counts for nothing beside a concrete one about the same product, or, where its rule says so, about any.
    fn drop_bare(&mut self, lexicon: &Lexicon) {
        let no_platform = self.meta.is_none();
        let bare = |found: &FoundHazard| {
            let effect = &lexicon.effects()[found.effect as usize];
            effect.bare || (no_platform && effect.bare_no_platform)
        };
        let mut seen = CategorySet::NONE;
        for found in self.found.iter().filter(|found| found.fate == Fate::Kept && !bare(found)) {
            if let Some(choice) = found.choice {
                seen = seen.or(choice.category.into());
            }
        }
        for found in &mut self.found {
            let any = lexicon.effects()[found.effect as usize].bare_text && !seen.is_empty();
            if bare(found)
                && found.fate == Fate::Kept
                && found.choice.is_some_and(|choice| any || seen.has(choice.category))
            {
                found.fate = Fate::Bare;
            }
        }
    }
}
