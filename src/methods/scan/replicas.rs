//! The Monte Carlo test: the largest statistic of each replica of the null law.
//!
//! Where few cases fall on many zones each replica is searched by its cases (`few`); otherwise many replicas are searched abreast, with a
//! cheap bound before any logarithm, and batches of them in parallel.

use rayon::prelude::*;

use super::search::{Lane, Scan};
use super::{Direction, Null, Statistic, few};
use numeric::draw::Draw;

impl Scan<'_> {
    /// The largest statistic of each of a number of replicas, in falling order. The same for any number of threads.
    ///
    /// # Panics
    /// When the law has not a cell for each location and period.
    pub fn maxima(&self, null: &Null, replicas: usize, seed: u64) -> Vec<f64> {
        let few = |mean| {
            self.weights.is_none() && few::fits(self.statistic, self.direction, self.zones, self.spans.len(), mean)
        };
        if null.mean().is_some_and(few) {
            let mut maxima = few::Entries::of(self).maxima(null, replicas, seed);
            maxima.sort_unstable_by(|a, b| b.total_cmp(a));
            return maxima;
        }
        self.maxima_abreast(null, replicas, seed)
    }

    /// The same, many replicas abreast.
    pub(super) fn maxima_abreast(&self, null: &Null, replicas: usize, seed: u64) -> Vec<f64> {
        let most = null.most();
        let mut maxima = if self.statistic == Statistic::Score {
            self.batches::<f64, 16>(null, replicas, seed, |cells| self.score_maxima(cells))
        } else if most <= i16::MOST {
            self.batches::<i16, 64>(null, replicas, seed, |cells| self.likelihood_maxima(cells))
        } else if most <= i32::MOST {
            self.batches::<i32, 32>(null, replicas, seed, |cells| self.likelihood_maxima(cells))
        } else {
            self.batches::<f64, 16>(null, replicas, seed, |cells| self.likelihood_maxima(cells))
        };
        maxima.sort_unstable_by(|a, b| b.total_cmp(a));
        maxima
    }

    fn batches<T: Lane, const LANES: usize>(
        &self,
        null: &Null,
        replicas: usize,
        seed: u64,
        search: impl Fn(&[[T; LANES]]) -> [f64; LANES] + Sync,
    ) -> Vec<f64> {
        let batch = |cells: &mut Vec<[T; LANES]>, one: &mut Vec<f64>, pool: &mut Vec<u32>, first: usize| {
            cells.resize(self.zones.locations() * self.entries, [T::default(); LANES]);
            one.resize(self.zones.locations() * self.periods, 0.0);
            for (lane, replica) in (first..replicas.min(first + LANES)).enumerate() {
                null.draw(&mut Draw::at(seed, replica as u64), pool, one);
                if let Some(weights) = &self.weights {
                    one.iter_mut().zip(weights).for_each(|(count, weight)| *count *= weight);
                }
                self.cumulate_into(one, |at, sum| cells[at][lane] = T::of(sum));
            }
            let mut best = search(cells).to_vec();
            best.truncate(replicas - first);
            best
        };
        (0..replicas.div_ceil(LANES))
            .into_par_iter()
            .map_init(Default::default, |(cells, one, pool), at| batch(cells, one, pool, at * LANES))
            .flatten_iter()
            .collect()
    }

    fn score_maxima<const L: usize>(&self, cells: &[[f64; L]]) -> [f64; L] {
        let sign = if self.direction == Direction::Low { -1.0 } else { 1.0 };
        let both = self.direction == Direction::Both;
        let mut best = [f64::NEG_INFINITY; L];
        self.walk(cells, |zone, sums| {
            let factor = sign * self.zones.factor(zone);
            for span in &self.spans {
                let (counts, expected, variance) = sums.of(span);
                let scale = if variance > 0.0 { factor / variance.sqrt() } else { 0.0 };
                for (best, count) in best.iter_mut().zip(counts) {
                    let score = (count - expected) * scale;
                    let score = if both { score.abs() } else { score };
                    *best = if score > *best { score } else { *best };
                }
            }
        });
        best
    }

    pub(super) fn likelihood_maxima<T: Lane, const L: usize>(&self, cells: &[[T; L]]) -> [f64; L] {
        let (mut best, mut least) = ([0.0_f64; L], 0.0);
        let high = self.direction != Direction::Low;
        let low = self.direction != Direction::High;
        let (mut expected, mut bounds) = (vec![0.0_f32; self.spans.len()], vec![0.0_f32; self.spans.len()]);
        let fewest = self.min_cases - 0.5;
        self.walk(cells, |zone, sums| {
            let factor = self.zones.factor(zone);
            #[expect(clippy::cast_possible_truncation, reason = "for a bound, which has a slack beyond this precision")]
            if high {
                for (expected, &(reach, skip)) in expected.iter_mut().zip(&self.spans) {
                    *expected = (sums.expected[reach] - sums.expected[skip]) as f32;
                }
                self.statistic.high_bounds(&expected, least / factor, &mut bounds);
            }
            for (span, &bound) in self.spans.iter().zip(&bounds) {
                let (counts, expected, variance) = sums.of(span);
                let (mut over, mut under, mut any) = (T::of(T::MOST), T::default(), false);
                if high {
                    over = T::of(f64::from(bound).max(fewest));
                    any |= exceeds(&counts, over);
                }
                if low {
                    let width = (least / factor / self.statistic.chi_square(expected)).sqrt();
                    let bound = expected - width * (1.0 - 1e-9);
                    under = T::of(if bound.is_nan() { expected } else { bound }.ceil().max(0.0));
                    any |= falls_below(&counts, under);
                }
                if !any {
                    continue;
                }
                let chi_square = factor * self.statistic.chi_square(expected) * (1.0 + 1e-9);
                let mut better = false;
                for (best, counts) in best.chunks_mut(8).zip(counts.chunks(8)) {
                    if !(exceeds(counts, over) || low && falls_below(counts, under)) {
                        continue;
                    }
                    for (best, &count) in best.iter_mut().zip(counts) {
                        if count > over || count < under {
                            let count = count.number();
                            let excess = count - expected;
                            if (high || excess < 0.0) && excess * excess * chi_square > *best {
                                let value = self.statistic.value(self.direction, count, expected, variance);
                                if factor * value > *best {
                                    (*best, better) = (factor * value, true);
                                }
                            }
                        }
                    }
                }
                if better {
                    least = best.iter().copied().fold(f64::INFINITY, f64::min);
                }
            }
        });
        best
    }
}

/// Whether any count is above a bound; without a branch per count, so that many are compared at once.
#[inline]
fn exceeds<T: Lane>(counts: &[T], bound: T) -> bool {
    let mut any = false;
    for &count in counts {
        any |= count > bound;
    }
    any
}

/// Whether any count is below a bound.
#[inline]
fn falls_below<T: Lane>(counts: &[T], bound: T) -> bool {
    let mut any = false;
    for &count in counts {
        any |= count < bound;
    }
    any
}
