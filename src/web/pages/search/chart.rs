//! Matches over time as bars, each a way to ask for its days only.

use super::address;
use super::narrow::with_days;
use index::Histogram;

/// Height of the highest bar, in units of the drawing.
const HEIGHT: u64 = 60;
/// Least height of a bar that is not empty.
const LEAST: u64 = 2;
/// Width of the drawing, in its units.
const WIDTH: usize = 960;

/// One bar.
pub(super) struct BarView {
    /// Left edge, width, upper edge and height, in units of the drawing.
    pub(super) x: usize,
    pub(super) width: usize,
    pub(super) y: u64,
    pub(super) height: u64,
    /// Its days and its number, in words.
    pub(super) title: String,
    pub(super) address: String,
}

/// The bars and their caption.
pub(super) struct ChartView {
    pub(super) bars: Vec<BarView>,
    pub(super) height: u64,
    pub(super) width: usize,
    pub(super) first: String,
    pub(super) last: String,
    pub(super) unit: &'static str,
    /// The largest number of one bar.
    pub(super) most: u64,
    /// Matches before the first bar.
    pub(super) earlier: u64,
}

impl ChartView {
    /// None when there is nothing to compare: fewer than two bars.
    pub(super) fn new(query: &str, histogram: &Histogram) -> Option<Self> {
        let (first, last) = (histogram.bars.first()?, histogram.bars.last()?);
        let most = histogram.bars.iter().map(|bar| bar.count).max().filter(|_| histogram.bars.len() > 1)?.max(1);
        let step = WIDTH / histogram.bars.len();
        let bars = histogram.bars.iter().enumerate().map(|(number, bar)| {
            let height = if bar.count == 0 { 0 } else { (bar.count * HEIGHT / most).max(LEAST) };
            let days = if bar.from == bar.to { bar.from.to_string() } else { format!("{} 至 {}", bar.from, bar.to) };
            BarView {
                x: number * step,
                width: step.saturating_sub(1).max(1),
                y: HEIGHT - height,
                height,
                title: format!("{days}：{} 条", bar.count),
                address: address(&with_days(query, bar.from, bar.to), None),
            }
        });
        Some(Self {
            bars: bars.collect(),
            height: HEIGHT,
            width: step * histogram.bars.len(),
            first: first.from.to_string(),
            last: last.to.to_string(),
            unit: histogram.unit.zh(),
            most,
            earlier: histogram.earlier,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use index::{Bar, Unit};

    #[test]
    fn bars_reach_from_the_ground_to_the_most_and_lead_to_their_days() {
        let day = |text: &str| text.parse().expect("a day");
        let bar = |from: &str, to: &str, count| Bar { from: day(from), to: day(to), count };
        let bars = vec![
            bar("2024-01-01", "2024-01-31", 600),
            bar("2024-02-01", "2024-02-29", 0),
            bar("2024-03-01", "2024-03-31", 1),
        ];
        let chart = ChartView::new("起火", &Histogram { unit: Unit::Month, bars, earlier: 0 }).expect("a chart");
        let shapes: Vec<_> = chart.bars.iter().map(|bar| (bar.y, bar.height)).collect();
        assert_eq!(shapes, [(0, 60), (60, 0), (58, 2)], "what is there is seen");
        assert_eq!(chart.bars[0].title, "2024-01-01 至 2024-01-31：600 条");
        assert!(chart.bars[0].address.ends_with("date%3A2024-01-01..2024-01-31"), "{}", chart.bars[0].address);
        assert!(ChartView::new("起火", &Histogram::default()).is_none());
    }
}
