//! What came back, in one or two Chinese sentences of an explanation, from stored terms only (SCORE-2).

use std::fmt::Write;

use crate::score::explain::{figure, percent};
use crate::vocabulary::{FailureTerms, FeedbackTerms};

/// What outcomes add to an explanation; nothing when nothing came back.
pub(in crate::score) fn told(terms: &FeedbackTerms) -> String {
    let mut text = String::new();
    if let Some(thinned) = &terms.thinned {
        let verb = if thinned.survives { "仍越线" } else { "不再越线，故不预警" };
        let _ = write!(
            text,
            "去掉可信度低于{}的来源的{}起后h={:.2}，{verb}。",
            figure(thinned.w_below),
            thinned.removed,
            thinned.h
        );
    }
    if let Some(muted) = &terms.muted {
        let by = if muted.tested > 0 {
            format!("检验{}批次、不合格{}批次", muted.tested, muted.failed)
        } else {
            "核查".to_owned()
        };
        let state = if muted.lifted {
            "证据已达恢复条件，恢复预警"
        } else {
            "证据未达恢复条件，不预警"
        };
        let _ = write!(
            text,
            "此前{by}未证实（{}），{}至{}静默，恢复须h≥{:.2}或有新发：{state}。",
            muted.outcome, muted.since, muted.until, muted.h_needed
        );
    }
    if let Some(confirmed) = &terms.confirmed {
        let _ = write!(
            text,
            "有检验结果的企业{}家，其中{}家不合格率明显高于通常水平{}{}。",
            confirmed.tested_companies,
            confirmed.failing_companies,
            percent(confirmed.usual),
            if confirmed.industry { "，行业性已证实" } else { "" }
        );
    }
    if let Some(matter) = &terms.matter {
        let _ = write!(text, "本事项{}。", failures(matter));
    }
    if let Some(usual) = &terms.usual {
        let _ = write!(text, "同类随机抽检{}。", failures(usual));
    }
    if let Some(p_real) = terms.p_real.as_ref().filter(|p_real| p_real.judged > 0) {
        let _ = write!(
            text,
            "同类预警{}件经核查，属实{}件（全部{}件、属实{}件），本预警属实的概率{}（90%区间{}—{}）。",
            p_real.alike,
            p_real.alike_confirmed,
            p_real.judged,
            p_real.judged_confirmed,
            percent(p_real.mean),
            percent(p_real.interval[0]),
            percent(p_real.interval[1])
        );
    }
    text
}

/// Never a rate without its n (clause 2-13).
fn failures(terms: &FailureTerms) -> String {
    format!(
        "检验{}批次、不合格{}批次，不合格率估计{}（90%区间{}—{}），超过{}的概率{}",
        terms.tested,
        terms.failed,
        percent(terms.mean),
        percent(terms.interval[0]),
        percent(terms.interval[1]),
        percent(terms.threshold),
        percent(terms.p_above)
    )
}
