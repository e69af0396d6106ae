//! Results as text, for reading in a terminal, and as SVG bars.
//!
//! In: a [`Bench`]. Out: texts. Not here: files.

use std::fmt::Write as _;

use super::levels::Levels;
use super::paired::Paired;
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
        out.push_str(&backgrounds(bench));
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
    let super::levels::Dated { told, within_7_days, within_14_days } = levels.dated;
    let super::levels::Reprinted { worlds: twins, reprints, counts_changed, levels_changed } = levels.reprinted;
    let _ = writeln!(
        out,
        "  level right on the last day 等级正确率: {right} of {large} = {accuracy:.3} (95 % {low:.3}-{high:.3}); no alarm {silent}; \
         right and one company in several provinces flagged as it is {} of {}\n  \
         beginning told 上升起点: {told} of {large}; within 7 days of the truth {within_7_days}, within 14 {within_14_days}\n  \
         false onsets per 30 days 每30天误报: {:.2} of {} promised, not excluded {:.2}; opened by a single report, outside the budget: {:.1}\n  \
         reprints 转载: {reprints} of one story each in {twins} worlds; assessments that differ {counts_changed}; with another level \
         when they count as reading {levels_changed}",
        flagged.0, flagged.1, levels.onsets, levels.promised, levels.shown, levels.singles,
    );
    out
}

/// By background, all shapes of a rise alike: ours beside the best single peer, and the paired difference with its 95 % interval.
fn backgrounds(bench: &Bench) -> String {
    let mut out = format!(
        "by background 按背景, all shapes of a rise alike\n  {:<26} {:>6} {:>6}  {:<20} {:>9} {:>9}  {:<26} {}\n",
        "background",
        "ours",
        "best",
        "best single peer",
        "realised",
        "of best",
        "paired difference, 95 %",
        "peer of the other half"
    );
    let (mut least, mut better, mut all) = (0, 0, 0);
    for whole in &bench.backgrounds {
        let (Some(ours), Some(best)) = whole.ours_and_best() else { continue };
        all += 1;
        least += usize::from(ours.sensitivity >= best.sensitivity);
        better += usize::from(ours.sensitivity > best.sensitivity);
        let (told, peers) = whole.paired.as_ref().map_or_else(Default::default, |paired| {
            let Paired { difference, interval: (low, high), peers, .. } = paired;
            let mut peers = peers.clone();
            peers.dedup();
            (format!("{difference:+.3} ({low:+.3} to {high:+.3})"), peers.join(" / "))
        });
        let _ = writeln!(
            out,
            "  {:<26} {:>6.3} {:>6.3}  {:<20} {:>9.2} {:>9.2}  {told:<26} {peers}",
            whole.background, ours.sensitivity, best.sensitivity, best.method, ours.realised, best.realised
        );
    }
    let paired: Vec<&Paired> = bench.backgrounds.iter().filter_map(|whole| whole.paired.as_ref()).collect();
    let count = |which: fn(&Paired) -> bool| paired.iter().filter(|paired| which(paired)).count();
    let (ahead, behind) = (count(Paired::is_ahead), count(Paired::is_behind));
    let lowest = paired.iter().map(|paired| paired.interval.0).fold(f64::INFINITY, f64::min);
    let _ = writeln!(
        out,
        "all shapes alike: ours at least the best single peer in {least} of {all} backgrounds, strictly better in {better}\n\
         paired, the peer chosen on the other half of the series: ahead by more than chance in {ahead}, level within chance in {}, behind by \
         more than chance in {behind}; lowest end of an interval {lowest:+.3}",
        paired.len() - ahead - behind,
    );
    out
}

/// In how many pairs of background and shape ours is at least the best peer, and strictly better.
pub fn summary(bench: &Bench) -> String {
    let pairs: Vec<(usize, usize)> = bench.regimes.iter().map(Regime::ours_and_best).collect();
    let least = pairs.iter().filter(|(ours, best)| ours >= best).count();
    let better = pairs.iter().filter(|(ours, best)| ours > best).count();
    let realised =
        bench.regimes.iter().flat_map(|regime| &regime.rows).filter(|row| row.ours).map(|row| row.false_onsets);
    let (low, high) = realised.fold((f64::INFINITY, 0.0_f64), |(low, high), rate| (low.min(rate), high.max(rate)));
    format!(
        "by shape, each beside the peer made for it: ours at least the best peer in {least} of {} pairs of background and shape, strictly \
         better in {better}; realised false onsets per 520 weeks \
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

/// Width of the charts that compare backgrounds.
const WIDE: usize = 860;

fn canvas(title: &str, height: usize) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDE}\" height=\"{height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<title>{title}</title>\n<text x=\"8\" y=\"20\" font-size=\"14\">{title}</text>\n",
        title = escape(title)
    )
}

/// Mean sensitivity by background, all shapes alike: ours dark, the best single peer light with its name.
pub fn svg_backgrounds(bench: &Bench) -> String {
    const LINE: usize = 40;
    let mut out = canvas("Sensitivity within 4 weeks, all shapes of a rise alike", 40 + LINE * bench.backgrounds.len());
    for (at, whole) in bench.backgrounds.iter().enumerate() {
        let y = 36 + LINE * at;
        let _ =
            writeln!(out, "<text x=\"194\" y=\"{}\" text-anchor=\"end\">{}</text>", y + 18, escape(&whole.background));
        let (ours, best) = whole.ours_and_best();
        for (mean, colour, y) in [(ours, "#1b4965", y), (best, "#9db4c0", y + 16)] {
            let Some(mean) = mean else { continue };
            let width = 380.0 * mean.sensitivity;
            let _ = writeln!(
                out,
                "<rect x=\"200\" y=\"{y}\" width=\"{width:.1}\" height=\"14\" fill=\"{colour}\"/>\
                 <text x=\"{:.1}\" y=\"{}\">{:.3} {}</text>",
                206.0 + width,
                y + 12,
                mean.sensitivity,
                escape(&mean.method)
            );
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Realised over promised false onsets, a line per method and a dot per background; the band is ±20 %.
pub fn svg_false_onsets(bench: &Bench) -> String {
    const LINE: usize = 22;
    let mut methods: Vec<(&str, bool)> = Vec::new();
    for mean in bench.backgrounds.iter().flat_map(|whole| &whole.means) {
        if !methods.iter().any(|(name, _)| *name == mean.method) {
            methods.push((&mean.method, mean.ours));
        }
    }
    let height = 64 + LINE * methods.len();
    let mut out = canvas("Realised / promised false onsets, one dot per background", height);
    let x = |ratio: f64| 180.0 + 320.0 * ratio.min(2.0);
    let _ = writeln!(
        out,
        "<rect x=\"{:.1}\" y=\"32\" width=\"{:.1}\" height=\"{}\" fill=\"#e8f1f2\"/>",
        x(0.8),
        x(1.2) - x(0.8),
        LINE * methods.len()
    );
    for tick in [0.0, 0.5, 0.8, 1.0, 1.2, 1.5, 2.0] {
        let _ = writeln!(out, "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{tick}</text>", x(tick), height - 12);
    }
    for (at, (method, ours)) in methods.iter().enumerate() {
        let y = 43 + LINE * at;
        let colour = if *ours { "#1b4965" } else { "#9db4c0" };
        let _ = writeln!(out, "<text x=\"164\" y=\"{}\" text-anchor=\"end\">{}</text>", y + 4, escape(method));
        for whole in &bench.backgrounds {
            for mean in whole.means.iter().filter(|mean| mean.method == *method) {
                let _ = writeln!(
                    out,
                    "<circle cx=\"{:.1}\" cy=\"{y}\" r=\"4\" fill=\"{colour}\" fill-opacity=\"0.7\"><title>{} {:.2}</title></circle>",
                    x(mean.realised),
                    escape(&whole.background),
                    mean.realised
                );
            }
        }
    }
    out.push_str("</svg>\n");
    out
}

/// What large outbreaks of each truth were called: the darker, the more of them.
pub fn svg_levels(levels: &Levels) -> String {
    let title = format!(
        "Levels of outbreaks of {} events or more: {} of {} right",
        super::levels::LARGE,
        levels.right,
        levels.large
    );
    let mut out = canvas(&title, 80 + 32 * Truth::ALL.len());
    for (column, name) in ["无预警", "个别", "企业性", "区域性", "行业性", "系统性"].iter().enumerate()
    {
        let _ = writeln!(out, "<text x=\"{}\" y=\"48\" text-anchor=\"middle\">{name}</text>", 230 + 80 * column);
    }
    for (line, truth) in Truth::ALL.into_iter().enumerate() {
        let y = 56 + 32 * line;
        let (called, all) = levels.called(truth);
        let _ = writeln!(out, "<text x=\"180\" y=\"{}\" text-anchor=\"end\">{}</text>", y + 20, truth.name());
        for (column, count) in called.into_iter().enumerate() {
            let share = count as f64 / all.max(1) as f64;
            let ink = if share > 0.5 { "#fff" } else { "#000" };
            let _ = writeln!(
                out,
                "<rect x=\"{}\" y=\"{y}\" width=\"80\" height=\"32\" fill=\"#1b4965\" fill-opacity=\"{share:.2}\" stroke=\"#9db4c0\"/>\
                 <text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"{ink}\">{share:.2}</text>",
                190 + 80 * column,
                230 + 80 * column,
                y + 20
            );
        }
    }
    out.push_str("</svg>\n");
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
