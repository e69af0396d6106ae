//! Rises of known size, shape, spread and delay, and reports that are only echoes.
//!
//! In: a plan and a seed. Out: extra events per step; reports with story and consumer ids, collapsed to events.

use std::collections::BTreeMap;

use numeric::draw::Draw;

/// How the extra events lie over the weeks of a rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Evenly.
    Flat,
    /// More and more.
    Ramp,
    /// Half of them in the first quarter.
    Spike,
}

/// A rise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outbreak {
    /// What it is called.
    pub name: &'static str,
    /// Extra events, as a multiple of the regime's number.
    pub scale: f64,
    /// Weeks over which they are spread.
    pub weeks: usize,
    /// Shape.
    pub shape: Shape,
    /// Mean delay of a report, in weeks (geometric in steps); 0: none.
    pub delay: f64,
}

impl Outbreak {
    /// Extra events of `events` in all: offsets from the beginning, in steps.
    pub fn offsets(&self, events: u32, per_week: usize, draw: &mut Draw) -> Vec<usize> {
        let number = (f64::from(events) * self.scale).round().max(1.0);
        let steps = (self.weeks * per_week) as f64;
        let stay = 1.0 / (1.0 + self.delay * per_week as f64);
        let mut offsets = Vec::new();
        while (offsets.len() as f64) < number {
            let u = draw.unit();
            let place = match self.shape {
                Shape::Flat => u,
                Shape::Ramp => u.sqrt(),
                Shape::Spike if u < 0.5 => u / 2.0,
                Shape::Spike => 0.25 + (u - 0.5) * 1.5,
            };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below steps")]
            let mut offset = (place * steps) as usize;
            while self.delay > 0.0 && draw.unit() > stay {
                offset += 1;
            }
            offsets.push(offset);
        }
        offsets
    }
}

/// One report as it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Report {
    /// Day of arrival.
    pub day: usize,
    /// Story (near-duplicate cluster) or consumer: reports of one are one event while it lives.
    pub key: u64,
}

/// Events per day from reports: a report whose key was seen within `memory` days (of its latest member) is no event.
pub fn collapse(reports: &[Report], days: usize, memory: usize) -> Vec<u32> {
    let mut sorted = reports.to_vec();
    sorted.sort_unstable();
    let mut latest: BTreeMap<u64, usize> = BTreeMap::new();
    let mut counts = vec![0; days];
    for Report { day, key } in sorted {
        let known = latest.insert(key, day).is_some_and(|last| last + memory >= day);
        if !known && let Some(count) = counts.get_mut(day) {
            *count += 1;
        }
    }
    counts
}

/// The reports of a series of daily events: every event is a story of its own, and `echoed` of them are reprinted 1 to
/// `most` times over the ten days that follow. With `template`: one complainant repeats a text as often.
pub fn reports(counts: &[u32], echoed: usize, most: usize, draw: &mut Draw) -> Vec<Report> {
    let mut reports = Vec::new();
    for (day, count) in counts.iter().enumerate() {
        for _ in 0..*count {
            reports.push(Report { day, key: reports.len() as u64 });
        }
    }
    let originals = reports.len();
    for _ in 0..if originals > 0 { echoed } else { 0 } {
        let story = reports[draw.below(originals)];
        for _ in 0..=draw.below(most) {
            reports.push(Report { day: story.day + draw.below(11), key: story.key });
        }
    }
    reports.retain(|report| report.day < counts.len());
    reports
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reprints_add_nothing() {
        let mut draw = Draw::at(7, 1);
        let counts: Vec<u32> = (0..400).map(|_| u32::try_from(draw.below(3)).unwrap()).collect();
        let told = reports(&counts, 40, 500, &mut draw);
        assert!(told.len() > 5_000);
        assert_eq!(collapse(&told, 400, 14), counts);
        let mut again = told.clone();
        again.extend((0..500).map(|_| told[3]));
        assert_eq!(collapse(&again, 400, 14), counts);
    }

    #[test]
    fn a_story_told_again_after_its_life_is_a_new_event() {
        let report = |day| Report { day, key: 5 };
        assert_eq!(collapse(&[report(0), report(14), report(29)], 30, 14).iter().sum::<u32>(), 2);
    }

    #[test]
    fn the_events_of_a_rise_lie_where_its_shape_says() {
        let rise = |shape| Outbreak { name: "", scale: 1.0, weeks: 8, shape, delay: 0.0 };
        let mean = |shape| {
            let offsets = rise(shape).offsets(4_000, 1, &mut Draw::at(1, 1));
            assert!(offsets.iter().all(|offset| *offset < 8));
            offsets.iter().sum::<usize>() as f64 / 4_000.0
        };
        assert!((mean(Shape::Flat) - 3.5).abs() < 0.15);
        assert!(mean(Shape::Ramp) > 4.5);
        assert!(mean(Shape::Spike) < 3.3);
    }
}
