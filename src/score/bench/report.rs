//! Results as text, for reading in a terminal, and as SVG bars.
//!
//! In: a [`Bench`]. Out: texts. Not here: files.

use std::fmt::Write as _;

use super::levels::Levels;
use super::world::Truth;
use super::{Bench, Regime};

/// Tables by regime, and a last line that compares ours with the best peer.
pub fn text(bench: &Bench) -> String {
    let mut out = String::new();
    for regime in &bench.regimes {
        let Regime { background, outbreak, events, series, rows } = regime;
        let _ = writeln!(out, "{background} + {events} events, {outbreak} ({series} series)");
        let _ = writeln!(
            out,
            "  {:<22} {:>6} {:>13} {:>6} {:>9} {:>5}",
            "method", "sens.", "95 %", "days", "false/520w", "PPV"
        );
        for row in rows {
            let days = row.days.map_or("-".into(), |days| format!("{days:.0}"));
            let (low, high) = row.interval;
            let mark = if row.ours { "*" } else { " " };
            let _ = writeln!(
                out,
                "{mark} {:<22} {:>6.3}   {low:.3}-{high:.3} {days:>6} {:>9.2} {:>5.2}",
                row.method, row.sensitivity, row.false_onsets, row.ppv
            );
        }
    }
    let super::Reprints { series, reports, events, changed } = bench.reprints;
    let _ = writeln!(
        out,
        "reprints: {reports} reports of {events} events in {series} series; with the reprints collapsed {changed} series differ"
    );
    if let Some(found) = &bench.levels {
        out.push_str(&levels(found));
    }
    if !bench.regimes.is_empty() {
        out.push_str(&summary(bench));
        out.push('\n');
    }
    out
}

/// Levels: what outbreaks of known truth were called, by truth and size, and for large ones as one matrix.
pub fn levels(levels: &Levels) -> String {
    let mut out = String::new();
    let Levels { worlds, criteria, large, right, accuracy, interval: (low, high), silent, flagged, .. } = levels;
    let _ = writeln!(out, "levels of outbreaks of known truth 范围等级: {worlds} worlds, criteria {criteria}");
    let head = ["none", "isol.", "comp.", "region", "indus.", "system"];
    let columns = |cells: [String; 6]| cells.iter().fold(String::new(), |line, cell| format!("{line} {cell:>6}"));
    let _ = writeln!(
        out,
        "  {:<14} {:>6} {:>5} {:>8} {:>5} {:>6} |{}",
        "truth",
        "events",
        "n",
        "within4w",
        "days",
        "right",
        columns(head.map(str::to_owned))
    );
    for row in &levels.rows {
        let share = |part: usize| part as f64 / row.outbreaks.max(1) as f64;
        let days = row.days.map_or("-".to_owned(), |days| format!("{days:.0}"));
        let name = row.truth.split(' ').next().unwrap_or_default();
        let _ = writeln!(
            out,
            "  {name:<14} {:>6} {:>5} {:>8.2} {days:>5} {:>6.2} |{}",
            row.events,
            row.outbreaks,
            share(row.alarmed),
            share(row.right),
            columns(row.called.map(|called| called.to_string()))
        );
    }
    let _ = writeln!(out, "  of {} events or more, shares by truth:", super::levels::LARGE);
    for truth in Truth::ALL {
        let (called, all) = levels.called(truth);
        let share = |count: usize| format!("{:.2}", count as f64 / all.max(1) as f64);
        let _ = writeln!(out, "  {:<41} {:>6} |{}", truth.name(), all, columns(called.map(share)));
    }
    let super::levels::Reprinted { worlds: twins, reprints, counts_changed, levels_changed } = levels.reprinted;
    let _ = writeln!(
        out,
        "  level right on the last day 等级正确率: {right} of {large} = {accuracy:.3} (95 % {low:.3}-{high:.3}); no alarm {silent}; \
         right and one company in several provinces flagged as it is {} of {}\n  \
         false onsets per 30 days 每30天误报: {:.2}, not excluded {:.2}; opened by a single report, outside the budget: {:.1}\n  \
         reprints 转载: {reprints} of one story each in {twins} worlds; assessments that differ {counts_changed}; with another level \
         when they count as reading {levels_changed}",
        flagged.0, flagged.1, levels.onsets, levels.shown, levels.singles,
    );
    out
}

/// In how many regimes ours is at least the best peer, and strictly better.
pub fn summary(bench: &Bench) -> String {
    let pairs: Vec<(usize, usize)> = bench.regimes.iter().map(Regime::ours_and_best).collect();
    let least = pairs.iter().filter(|(ours, best)| ours >= best).count();
    let better = pairs.iter().filter(|(ours, best)| ours > best).count();
    let realised =
        bench.regimes.iter().flat_map(|regime| &regime.rows).filter(|row| row.ours).map(|row| row.false_onsets);
    let (low, high) = realised.fold((f64::INFINITY, 0.0_f64), |(low, high), rate| (low.min(rate), high.max(rate)));
    format!(
        "ours at least the best peer in {least} of {} regimes, strictly better in {better}; realised false onsets per 520 weeks \
         {low:.2}-{high:.2} of {:.2}",
        pairs.len(),
        bench.budget
    )
}

/// Sensitivities of one regime as horizontal bars with their intervals; ours dark.
pub fn svg(regime: &Regime) -> String {
    const LINE: usize = 20;
    let height = 56 + LINE * regime.rows.len();
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"640\" height=\"{height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<title>{title}</title>\n<text x=\"8\" y=\"20\" font-size=\"14\">{title}</text>\n",
        title = escape(&format!("{} + {} events, {}", regime.background, regime.events, regime.outbreak))
    );
    for (at, row) in regime.rows.iter().enumerate() {
        let y = 36 + LINE * at;
        let x = |share: f64| 170.0 + 380.0 * share;
        let colour = if row.ours { "#1b4965" } else { "#9db4c0" };
        let (low, high) = row.interval;
        let _ = writeln!(
            out,
            "<text x=\"164\" y=\"{}\" text-anchor=\"end\">{}</text><rect x=\"170\" y=\"{y}\" width=\"{:.1}\" height=\"14\" \
             fill=\"{colour}\"/><path d=\"M{:.1} {mid}H{:.1}\" stroke=\"#000\"/><text x=\"590\" y=\"{}\">{:.3}</text>",
            y + 12,
            escape(&row.method),
            380.0 * row.sensitivity,
            x(low),
            x(high),
            y + 12,
            row.sensitivity,
            mid = y + 7,
        );
    }
    out.push_str("</svg>\n");
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
