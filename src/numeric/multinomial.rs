//! Multinomial draws: a total that falls on cells by their shares, one binomial after the other.

use super::draw::Draw;

/// Fills `counts` with a draw of `total` (whole, ≥ 0) over cells with `weights` ≥ 0. Without any weight nothing falls.
/// Cost: one binomial draw per cell, whatever the total. Cells beyond the shorter slice are left as they are.
pub fn multinomial(draw: &mut Draw, total: f64, weights: &[f64], counts: &mut [f64]) {
    let (mut left, mut room) = (total, weights.iter().sum::<f64>());
    let Some(last) = weights.iter().rposition(|weight| *weight > 0.0) else {
        counts.fill(0.0);
        return;
    };
    for (at, (weight, count)) in weights.iter().zip(counts).enumerate() {
        // The last cell with a weight takes the rest: rounding in `room` must not lose a piece.
        *count = if at >= last { left } else { draw.binomial(left, (weight / room).min(1.0)) };
        (left, room) = (left - *count, room - weight);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_falls_by_the_shares() {
        let weights = [0.1, 0.0, 0.3, 0.6, 0.0];
        let mut draw = Draw::at(5, 1);
        let (mut counts, mut sums) = ([0.0; 5], [0.0; 5]);
        for _ in 0..2000 {
            multinomial(&mut draw, 50.0, &weights, &mut counts);
            assert!((counts.iter().sum::<f64>() - 50.0).abs() < 1e-12);
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        for (sum, weight) in sums.iter().zip(weights) {
            let spread = (100_000.0 * weight * (1.0 - weight)).sqrt();
            assert!((sum - 100_000.0 * weight).abs() <= 4.0 * spread, "{sums:?}");
        }
    }

    #[test]
    fn edges_are_defined() {
        let mut draw = Draw::at(5, 2);
        let mut counts = [7.0; 3];
        multinomial(&mut draw, 9.0, &[0.0, 0.0, 0.0], &mut counts);
        assert!(counts.iter().all(|count| *count < 1e-300));
        multinomial(&mut draw, 0.0, &[1.0, 2.0, 3.0], &mut counts);
        assert!(counts.iter().all(|count| *count < 1e-300));
        multinomial(&mut draw, 1e6, &[0.0, 1e-300, 0.0], &mut counts);
        assert!((counts[1] - 1e6).abs() < 1e-9);
        multinomial(&mut draw, 3.0, &[], &mut []);
    }
}
