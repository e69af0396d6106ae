//! The learned judge at work: how likely each signal is, which finds of rules it vetoes, what it recovers without a rule.
//!
//! In: an analysis by rules and the lexicon's model. Out: judged pairs, each the sum of terms that are shown. Not here: the
//! model's form (`lexicon::judge`), files. Where the platform tells the product a pair is weighed by a few coarse terms, elsewhere
//! by what its sentence holds (`traits`). There nothing is recovered: what the letters alone find is wrong four times in five.

#[cfg(test)]
mod tests;
mod traits;

use lexicon::judge::{Answers, LearnedJudge, Question, Setting, Term, Word};
use lexicon::{Brief, Lexicon};
use vocabulary::{Category, Hazard, Language, Stance, said};

use super::analysis::{Analysis, Fate, FoundHazard, JudgedPair};
use super::confidence::logistic;
use super::products::Why;
use super::relate;

/// Finds of one pair that are weighed.
const MEMBERS_MAX: usize = 12;
/// A text of more characters is a page, as is one with a headline of its own.
const PAGE_CHARS: usize = 150;

/// Clauses of the longest text in which something is recovered: in a long one there is always some clause that sounds alike.
const RECOVER_CLAUSES_MAX: usize = 60;

/// Judges an analysis by rules, when the lexicon has a judge and there is something to judge.
pub(super) fn apply(analysis: &mut Analysis, lexicon: &Lexicon) {
    let Some(judge) = lexicon.judge() else { return };
    // Where no hazard word stands and no rule has its words together there is nothing to calibrate and hardly ever anything to
    // recover (decision 0009 says how often).
    let kept = analysis.found.iter().any(|found| found.fate == Fate::Kept);
    if analysis.clauses.is_empty() || analysis.hits.hopeless || !(kept || analysis.meta.is_some()) {
        return;
    }
    let answers = answers(analysis, lexicon, judge);
    decide(analysis, &answers, lexicon, judge);
}

/// What the letters and the words of rules say of each clause.
fn answers(analysis: &Analysis, lexicon: &Lexicon, judge: &LearnedJudge) -> Answers {
    let rows = rows(analysis, lexicon, judge);
    let folded = &analysis.folded;
    let clauses = analysis.clauses.iter().map(|clause| &folded.chars[clause.from..clause.to]);
    judge.answers(clauses, &rows, analysis.meta)
}

/// The words of the rules in each clause, by clause and row of the model, each once.
fn rows(analysis: &Analysis, lexicon: &Lexicon, judge: &LearnedJudge) -> Vec<(u32, u32)> {
    // A bit for each row of each clause: nothing needs sorting.
    let words = judge.row_count().div_ceil(64);
    let mut seen = vec![0_u64; words * analysis.clauses.len()];
    let mut see = |clause: u32, row: u32| seen[clause as usize * words + row as usize / 64] |= 1 << (row % 64);
    // Most words that stand in a text are of no class that the judge weighs, or of one among many: their rows are at hand.
    each_surface(analysis, Brief::JUDGED, |clause, entry| {
        lexicon.judged_rows(entry).iter().for_each(|row| see(clause, *row));
    });
    each_sign(analysis, lexicon, |clause, word| {
        if let Some(row) = judge.row(word) {
            see(clause, row);
        }
    });
    let mut rows = Vec::new();
    for (clause, seen) in (0..).zip(seen.chunks_exact(words.max(1))) {
        for (first, word) in (0..).step_by(64).zip(seen) {
            let mut rest = *word;
            while rest != 0 {
                rows.push((clause, first + rest.trailing_zeros()));
                rest &= rest - 1;
            }
        }
    }
    rows
}

/// The words of the rules in each clause, each once, by clause.
pub fn words(analysis: &Analysis, lexicon: &Lexicon) -> Vec<(u32, Word)> {
    let mut words = Vec::new();
    each_surface(analysis, Brief::CLASS, |clause, entry| {
        words.extend(lexicon.classes_of(entry).iter().map(|class| (clause, Word::Class(*class))));
    });
    each_sign(analysis, lexicon, |clause, word| words.push((clause, word)));
    words.sort_unstable();
    words.dedup();
    words
}

/// The number of a clause as the judge's lists have it.
fn number(clause: usize) -> u32 {
    u32::try_from(clause).unwrap_or(u32::MAX)
}

/// Puts clause and entry of every surface that is any of `kinds` ([`Brief`]'s constants).
fn each_surface(analysis: &Analysis, kinds: u16, mut put: impl FnMut(u32, u32)) {
    let mut clause = 0;
    for hit in analysis.hits.surfaces.iter().filter(|hit| hit.any(kinds)) {
        while analysis.clauses.get(clause + 1).is_some_and(|next| next.from <= hit.from as usize) {
            clause += 1;
        }
        put(number(clause), hit.entry);
    }
}

/// Puts what the cues and the finds say.
fn each_sign(analysis: &Analysis, lexicon: &Lexicon, mut put: impl FnMut(u32, Word)) {
    for hit in &analysis.cues {
        let at = number(super::clauses::at(&analysis.clauses, hit.from));
        put(at, Word::Cue(hit.cue));
        put(at, Word::Stance(lexicon.cues()[hit.cue as usize].stance));
    }
    for found in analysis.found.iter().filter(|found| found.choice.is_some()) {
        let hazard = lexicon.effects()[found.effect as usize].hazard;
        let word = if found.judged.stance.counts() { Word::Found(hazard) } else { Word::Denied(hazard) };
        put(number(found.clause), word);
    }
}

/// Rule finds of one product and hazard.
#[derive(Debug)]
pub struct Candidate {
    /// Category of the product.
    pub category: Category,
    /// The hazard.
    pub hazard: Hazard,
    /// Indices of its finds in [`Analysis::found`].
    pub members: Vec<usize>,
}

/// The pairs of product and hazard that rules found and nothing has set aside.
pub fn candidates(analysis: &Analysis, lexicon: &Lexicon) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for (at, found) in analysis.found.iter().enumerate().filter(|(_, found)| found.fate == Fate::Kept) {
        let Some(choice) = found.choice else { continue };
        let hazard = lexicon.effects()[found.effect as usize].hazard;
        match candidates.iter_mut().find(|known| known.category == choice.category && known.hazard == hazard) {
            Some(known) => known.members.push(at),
            None => candidates.push(Candidate { category: choice.category, hazard, members: vec![at] }),
        }
    }
    candidates
}

/// A candidate in numbers: one value for each [`Term`], with the clause and question that speak for it.
pub fn features(
    candidate: &Candidate,
    analysis: &Analysis,
    answers: &Answers,
    questions: &[Question],
) -> ([f64; Term::ALL.len()], usize, usize) {
    let any = questions.iter().position(|question| *question == Question::Any).unwrap_or(0);
    let asked = questions.iter().position(|question| *question == Question::Hazard(candidate.hazard));
    let question = asked.unwrap_or(any);
    let members = || candidate.members.iter().map(|at| &analysis.found[*at]);
    let best = |question: usize| {
        let odds = members().map(|found| (answers.of(found.clause, question), found.clause));
        odds.fold((f64::NEG_INFINITY, 0), |best, next| if next.0 > best.0 { next } else { best })
    };
    let (evidence, clause) = best(question);
    let flag = |holds: bool| f64::from(u8::from(holds));
    let is = |why: &[Why]| flag(members().all(|found| found.choice.is_some_and(|choice| why.contains(&choice.why))));
    let open = flag(analysis.meta.is_none());
    let mut rules: Vec<u32> = members().map(|found| found.effect).collect();
    rules.sort_unstable();
    rules.dedup();
    let mut values = [0.0; Term::ALL.len()];
    for (term, value) in [
        (Term::Rule, 1.0),
        (Term::Evidence, evidence),
        (Term::Any, best(any).0),
        (Term::Open, open),
        (Term::OpenEvidence, open * best(any).0),
        (Term::FromContext, is(&[Why::Referred, Why::Inherited, Why::Text, Why::Title, Why::Implied])),
        (Term::FromMeta, is(&[Why::Meta])),
        (Term::Suspected, flag(members().all(|found| found.judged.stance == Stance::Suspected))),
        (Term::Several, flag(rules.len() > 1)),
        (Term::Unasked, flag(asked.is_none())),
        (Term::Malfunction, flag(candidate.hazard == Hazard::Malfunction)),
    ] {
        values[term as usize] = value;
    }
    (values, clause, question)
}

/// A candidate by its traits: those of the find that speaks for it most.
#[derive(Default)]
struct Weighed {
    log_odds: f64,
    /// Each trait with what it adds.
    traits: Vec<(String, f64)>,
    /// Clause of the find.
    clause: usize,
}

/// The clause of each find of a candidate, and its traits by name and size.
pub fn traits_of(
    candidate: &Candidate,
    analysis: &Analysis,
    answers: &Answers,
    questions: &[Question],
    lexicon: &Lexicon,
) -> Vec<(usize, Vec<(String, f64)>)> {
    traits_seen(candidate, traits::View { analysis, answers, questions, lexicon })
}

fn traits_seen(candidate: &Candidate, view: traits::View<'_>) -> Vec<(usize, Vec<(String, f64)>)> {
    let analysis = view.analysis;
    let finds = candidate.members.iter().take(MEMBERS_MAX).map(|at| &analysis.found[*at]);
    let traits = finds.filter_map(|found| {
        let mut list = Vec::new();
        traits::each(found, found.choice?, view, |name, size| list.push((name.to_owned(), size)));
        Some((found.clause, list))
    });
    traits.collect()
}

/// Weighs a candidate by its traits.
fn weighed(candidate: &Candidate, view: traits::View<'_>, judge: &LearnedJudge) -> Weighed {
    let finds = traits_seen(candidate, view).into_iter().map(|(clause, mut traits)| {
        for (name, size) in &mut traits {
            *size *= judge.trait_weight(name);
        }
        traits.retain(|(_, weight)| *weight != 0.0);
        Weighed { log_odds: traits.iter().map(|(_, weight)| weight).sum(), traits, clause }
    });
    finds.max_by(|a, b| a.log_odds.total_cmp(&b.log_odds)).unwrap_or_default()
}

/// Weighs every candidate by its traits; those below the threshold are vetoed.
fn weigh(analysis: &mut Analysis, answers: &Answers, lexicon: &Lexicon, judge: &LearnedJudge) {
    let floor = judge.setting(Setting::VetoOpen);
    for candidate in candidates(analysis, lexicon) {
        let view = traits::View { analysis: &*analysis, answers, questions: judge.questions(), lexicon };
        let Weighed { log_odds, mut traits, clause } = weighed(&candidate, view, judge);
        traits.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then_with(|| a.0.cmp(&b.0)));
        traits.truncate(TRAITS_SHOWN);
        let wanted = Question::Hazard(candidate.hazard);
        let question = judge.questions().iter().position(|question| *question == wanted).unwrap_or(0);
        let judged = JudgedPair {
            category: candidate.category,
            hazard: candidate.hazard,
            probability: logistic(log_odds),
            terms: Vec::new(),
            traits,
            clause,
            question,
        };
        settle(analysis, &candidate, judged, floor);
    }
}

/// Keeps what is judged of a candidate; one less likely than `floor` is vetoed.
fn settle(analysis: &mut Analysis, candidate: &Candidate, judged: JudgedPair, floor: f64) {
    if judged.probability < floor {
        for member in &candidate.members {
            analysis.found[*member].fate = Fate::Vetoed;
        }
    }
    analysis.judged_pairs.push(judged);
}

/// Whether a document is a page rather than a headline, a post or a question.
fn is_page(analysis: &Analysis) -> bool {
    analysis.title.is_some() || analysis.folded.chars.len() > PAGE_CHARS
}

/// Decides on every candidate, then looks for what no rule found. Traits are learned from topics, questions and headlines and count there
/// alone: who complains writes otherwise, and a page has been read for what it is about before.
pub fn decide(analysis: &mut Analysis, answers: &Answers, lexicon: &Lexicon, judge: &LearnedJudge) {
    if analysis.meta.is_none() && analysis.media && !is_page(analysis) && judge.has_traits() {
        weigh(analysis, answers, lexicon, judge);
        return;
    }
    let floor = judge.setting(match (analysis.meta.is_some(), judge.has_traits()) {
        (true, _) => Setting::VetoTold,
        (false, true) => Setting::VetoOther,
        (false, false) => Setting::VetoOpen,
    });
    for candidate in candidates(analysis, lexicon) {
        let (values, clause, question) = features(&candidate, analysis, answers, judge.questions());
        let terms: Vec<(Term, f64)> = Term::ALL
            .iter()
            .map(|term| (*term, judge.term(*term) * values[*term as usize]))
            .filter(|(_, value)| *value != 0.0)
            .collect();
        let probability = logistic(terms.iter().map(|(_, value)| value).sum());
        let Candidate { category, hazard, .. } = candidate;
        let judged = JudgedPair { category, hazard, probability, terms, traits: Vec::new(), clause, question };
        settle(analysis, &candidate, judged, floor);
    }
    recover(analysis, answers, lexicon, judge);
}

/// Hazards that the words of a clause tell loudly although no rule found them, of the product that the platform tells.
fn recover(analysis: &mut Analysis, answers: &Answers, lexicon: &Lexicon, judge: &LearnedJudge) {
    if analysis.meta.is_none() || analysis.clauses.len() > RECOVER_CLAUSES_MAX {
        return;
    }
    let least = judge.setting(Setting::Recover);
    // What is surely below `least` as a probability: a hair on the safe side, and no exponential for each question.
    let floor = (least / (1.0 - least)).ln() - 1e-9;
    for (at, question) in judge.questions().iter().enumerate() {
        let Question::Hazard(hazard) = *question else { continue };
        let Some(effect) = lexicon.judge_effect(hazard) else { continue };
        let hazard_of = |found: &FoundHazard| lexicon.effects()[found.effect as usize].hazard;
        if analysis.judged_pairs.iter().any(|pair| pair.hazard == hazard) {
            continue;
        }
        // A clause that already tells a hazard, or denies this one, is spoken for.
        let spoken_for = |clause: usize| {
            analysis.found.iter().any(|found| {
                found.clause == clause
                    && (found.fate == Fate::Kept || (found.fate == Fate::Stance && hazard_of(found) == hazard))
            })
        };
        let mut best: Option<(f64, usize)> = None;
        for clause in 0..analysis.clauses.len() {
            let odds = answers.of(clause, at);
            if best.is_none_or(|(known, _)| odds > known) && !spoken_for(clause) {
                best = Some((odds, clause));
            }
        }
        let Some((evidence, clause)) = best else { continue };
        if evidence + judge.term(Term::Recovered) < floor {
            continue;
        }
        let terms = vec![(Term::Evidence, evidence), (Term::Recovered, judge.term(Term::Recovered))];
        let probability = logistic(terms.iter().map(|(_, value)| value).sum());
        if probability < least {
            continue;
        }
        let Some(found) = analysis.recovered(clause, effect, at, lexicon, judge) else { continue };
        let Some(category) = found.choice.map(|choice| choice.category) else { continue };
        let place = analysis.found.partition_point(|known| known.from <= found.from);
        analysis.found.insert(place, found);
        let traits = Vec::new();
        analysis.judged_pairs.push(JudgedPair { category, hazard, probability, terms, traits, clause, question: at });
    }
}

impl Analysis {
    /// The find that a clause's loudest n-gram makes, when its stance counts and a product fits.
    fn recovered(
        &self,
        clause: usize,
        effect: u32,
        question: usize,
        lexicon: &Lexicon,
        judge: &LearnedJudge,
    ) -> Option<FoundHazard> {
        let frame = self.clauses[clause];
        let loudest = judge.loudest(&self.folded.chars[frame.from..frame.to], question);
        let (from, to, _) = *loudest.iter().find(|(.., weight)| *weight > 0.0)?;
        let (from, to) = (frame.from + from, frame.from + to);
        let known = &lexicon.effects()[effect as usize];
        let judged = self.judge(lexicon, from, to, clause, Some(known.hazard), None);
        if !judged.stance.counts() {
            return None;
        }
        let choice = relate::choose((from, to, clause), known, self.named(lexicon), self.meta)?;
        let severity = known.severity.max(self.injury_beside(lexicon, from, to, clause, known.hazard));
        Some(FoundHazard { from, to, clause, effect, judged, choice: Some(choice), severity, fate: Fate::Kept })
    }
}

/// What `explain` shows of a judged pair: the terms, the largest first, and the n-grams of most weight.
pub(super) fn shown(pair: &JudgedPair, analysis: &Analysis, judge: &LearnedJudge, language: Language) -> String {
    use std::fmt::Write as _;
    let mut terms = pair.terms.clone();
    terms.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let mut text = said!(language, "概率 {:.2}", "probability {:.2}", pair.probability);
    for (term, value) in &terms {
        let (between, name) = language.pick(("；", term.zh()), ("; ", term.code()));
        let _ = write!(text, "{between}{name} {value:+.2}");
    }
    for (name, value) in &pair.traits {
        let _ = write!(text, "{}{name} {value:+.2}", language.pick("；", "; "));
    }
    let frame = analysis.clauses[pair.clause];
    let clause = &analysis.folded.chars[frame.from..frame.to];
    let mut words: Vec<String> = Vec::new();
    for (from, to, weight) in judge.loudest(clause, pair.question) {
        let word = format!("「{}」{weight:+.2}", clause[from..to].iter().collect::<String>());
        if !words.contains(&word) {
            words.push(word);
        }
        if words.len() >= WORDS_SHOWN {
            break;
        }
    }
    if !words.is_empty() {
        text += &said!(language, "；用字 {}", "; letters {}", words.join(" "));
    }
    text
}

/// N-grams that are shown of one pair.
const WORDS_SHOWN: usize = 5;
/// Traits that are shown of one pair.
const TRAITS_SHOWN: usize = 8;
