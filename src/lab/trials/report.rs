//! Results as text, for reading in a terminal, and as SVG bars.
//!
//! In: a [`Bench`]. Out: texts. Not here: files.

use std::fmt::Write as _;

use super::levels::Levels;
use super::paired::Paired;
use super::world::Truth;
use super::{Bench, Regime};
use vocabulary::{Language, said};

/// Tables by regime, and a last line that compares ours with the best peer.
pub fn text(bench: &Bench, language: Language) -> String {
    let mut out = String::new();
    for regime in &bench.regimes {
        let Regime { background, outbreak, events, series, rows } = regime;
        let head = said!(
            language,
            "{background} + {events} 起，{outbreak}（{series} 个序列）",
            "{background} + {events} events, {outbreak} ({series} series)"
        );
        let _ = writeln!(out, "{head}");
        let columns = [
            (language.pick("方法", "method"), -22),
            (language.pick("灵敏度", "sens."), 6),
            ("95 %", 13),
            (language.pick("天数", "days"), 6),
            (language.pick("误报/520周", "false/520w"), 10),
            ("PPV", 5),
        ];
        let _ = writeln!(out, " {}", columns.map(|(text, width)| format!(" {}", cell(text, width))).concat());
        for row in rows {
            let days = row.days.map_or("-".into(), |days| format!("{days:.0}"));
            let (low, high) = row.interval;
            let mark = if row.ours { "*" } else { " " };
            let _ = writeln!(
                out,
                "{mark} {:<22} {:>6.3}   {low:.3}-{high:.3} {days:>6} {:>10.2} {:>5.2}",
                row.method, row.sensitivity, row.false_onsets, row.ppv
            );
        }
    }
    let super::Reprints { series, reports, events, changed } = bench.reprints;
    let reprints = said!(
        language,
        "转载：{series} 个序列里 {events} 起事件的 {reports} 条信息；合并转载后有 {changed} 个序列不同",
        "reprints: {reports} reports of {events} events in {series} series; with the reprints collapsed {changed} series differ"
    );
    let _ = writeln!(out, "{reprints}");
    if let Some(found) = &bench.levels {
        out.push_str(&levels(found, language));
    }
    if !bench.regimes.is_empty() {
        out.push_str(&backgrounds(bench, language));
        out.push_str(&summary(bench, language));
        out.push('\n');
    }
    out
}

/// A cell so many columns wide, Chinese characters two each; a negative width sets it to the left.
fn cell(text: &str, width: isize) -> String {
    let taken: usize = text.chars().map(|letter| if letter >= '\u{2e80}' { 2 } else { 1 }).sum();
    let blank = " ".repeat(width.unsigned_abs().saturating_sub(taken));
    if width < 0 { format!("{text}{blank}") } else { format!("{blank}{text}") }
}

/// Levels: what outbreaks of known truth were called, by truth and size, and for large ones as one matrix.
pub fn levels(levels: &Levels, language: Language) -> String {
    let mut out = String::new();
    let Levels { worlds, criteria, large, right, accuracy, interval: (low, high), silent, flagged, .. } = levels;
    let title = said!(
        language,
        "已知真相的事件的范围等级：{worlds} 个世界，评价标准 {criteria}",
        "levels of outbreaks of known truth: {worlds} worlds, criteria {criteria}"
    );
    let _ = writeln!(out, "{title}");
    let head = language
        .pick(["无", "个别", "企业", "区域", "行业", "系统"], ["none", "isol.", "comp.", "region", "indus.", "system"]);
    let columns =
        |cells: [String; 6]| cells.iter().fold(String::new(), |line, cell| format!("{line} {}", self::cell(cell, 6)));
    let names = [
        (language.pick("真相", "truth"), -14),
        (language.pick("起数", "events"), 6),
        ("n", 5),
        (language.pick("4周内", "within4w"), 8),
        (language.pick("天数", "days"), 5),
        (language.pick("正确", "right"), 6),
    ];
    let names = names.map(|(text, width)| format!(" {}", self::cell(text, width))).concat();
    let _ = writeln!(out, " {names} |{}", columns(head.map(str::to_owned)));
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
    let large_from = super::levels::LARGE;
    let shares = said!(
        language,
        "  {large_from} 起以上者，按真相的比例：",
        "  of {large_from} events or more, shares by truth:"
    );
    let _ = writeln!(out, "{shares}");
    for truth in Truth::ALL {
        let (called, all) = levels.called(truth);
        let share = |count: usize| format!("{:.2}", count as f64 / all.max(1) as f64);
        let _ = writeln!(out, "  {:<41} {:>6} |{}", truth.name(), all, columns(called.map(share)));
    }
    let super::levels::Dated { told, within_7_days, within_14_days } = levels.dated;
    let super::levels::Reprinted { worlds: twins, reprints, counts_changed, levels_changed } = levels.reprinted;
    let sums = said!(
        language,
        "  最后一天等级正确：{right}（共 {large}）= {accuracy:.3}（95 % {low:.3}-{high:.3}）；没有预警 {silent}；\
         等级正确且一家企业涉及数省的，标明如此的有 {}（共 {}）\n  \
         说出上升起点：{told}（共 {large}）；与真相相差 7 天以内 {within_7_days}，14 天以内 {within_14_days}\n  \
         每 30 天误报：{:.2}，承诺 {}，其中未排除 {:.2}；由单件信息开启、不计预算：{:.1}\n  \
         转载：{twins} 个世界里各一篇的 {reprints} 条；评估不同 {counts_changed}；计为阅读时等级不同 {levels_changed}",
        "  level right on the last day: {right} of {large} = {accuracy:.3} (95 % {low:.3}-{high:.3}); no alarm {silent}; \
         right and one company in several provinces flagged as it is {} of {}\n  \
         beginning told: {told} of {large}; within 7 days of the truth {within_7_days}, within 14 {within_14_days}\n  \
         false onsets per 30 days: {:.2} of {} promised, not excluded {:.2}; opened by a single report, outside the budget: {:.1}\n  \
         reprints: {reprints} of one story each in {twins} worlds; assessments that differ {counts_changed}; with another level \
         when they count as reading {levels_changed}",
        flagged.0,
        flagged.1,
        levels.onsets,
        levels.promised,
        levels.shown,
        levels.singles
    );
    let _ = writeln!(out, "{sums}");
    out
}

/// By background, all shapes of a rise alike: ours beside the best single peer, and the paired difference with its 95 % interval.
fn backgrounds(bench: &Bench, language: Language) -> String {
    let names = [
        (language.pick("背景", "background"), -26),
        (language.pick("本法", "ours"), 6),
        (language.pick("最佳", "best"), 6),
        (language.pick(" 最佳的单一方法", " best single peer"), -21),
        (language.pick("实际误报", "realised"), 9),
        (language.pick("最佳者的", "of best"), 9),
        (language.pick(" 配对之差，95 %", " paired difference, 95 %"), -27),
        (language.pick("由另一半选出的方法", "peer of the other half"), -1),
    ];
    let title = language.pick("按背景，各种上升形状合计", "by background, all shapes of a rise alike");
    let mut out = format!("{title}\n {}\n", names.map(|(text, width)| format!(" {}", cell(text, width))).concat());
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
            (format!("{difference:+.3} ({low:+.3} … {high:+.3})"), peers.join(" / "))
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
    let sums = said!(
        language,
        "各种形状合计：{all} 种背景里，本法在 {least} 种不低于最佳的单一方法，在 {better} 种高于它\n\
         配对比较（方法由另一半序列选出）：{ahead} 种领先超出偶然，{} 种在偶然范围之内，{behind} 种落后超出偶然；区间最低端 {lowest:+.3}",
        "all shapes alike: ours at least the best single peer in {least} of {all} backgrounds, strictly better in {better}\n\
         paired, the peer chosen on the other half of the series: ahead by more than chance in {ahead}, level within chance in {}, behind by \
         more than chance in {behind}; lowest end of an interval {lowest:+.3}",
        paired.len() - ahead - behind
    );
    let _ = writeln!(out, "{sums}");
    out
}

/// In how many pairs of background and shape ours is at least the best peer, and strictly better.
pub fn summary(bench: &Bench, language: Language) -> String {
    let pairs: Vec<(usize, usize)> = bench.regimes.iter().map(Regime::ours_and_best).collect();
    let least = pairs.iter().filter(|(ours, best)| ours >= best).count();
    let better = pairs.iter().filter(|(ours, best)| ours > best).count();
    let realised =
        bench.regimes.iter().flat_map(|regime| &regime.rows).filter(|row| row.ours).map(|row| row.false_onsets);
    let (low, high) = realised.fold((f64::INFINITY, 0.0_f64), |(low, high), rate| (low.min(rate), high.max(rate)));
    said!(
        language,
        "按形状，各与专长于它的方法相比：{} 组背景与形状里，本法在 {least} 组不低于最佳的方法，在 {better} 组高于它；\
         实际误报每 520 周 {low:.2}-{high:.2}，预算 {:.2}",
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
