//! What analysts and test results say, in words.

use super::Language;
use super::number::{figure, percent};
use vocabulary::{ConfirmedTerm, FailureTerms, MuteTerm, PRealTerms, ThinnedTerm};

pub(super) fn thinned(terms: &ThinnedTerm, language: Language) -> String {
    let ThinnedTerm { w_below, removed, h, survives } = *terms;
    let below = figure(w_below);
    match language {
        Language::Chinese => {
            let still = if survives { "仍越线" } else { "不再越线，故不预警" };
            format!("去掉可信度低于{below}的来源的{removed}起后h={h:.2}，{still}")
        }
        Language::English => {
            let still = if survives { "still above the limit" } else { "no longer above the limit, so no alert" };
            format!("Without sources of credibility below {below}, {removed} events fewer, h={h:.2}: {still}")
        }
    }
}

pub(super) fn muted(terms: &MuteTerm, language: Language) -> String {
    let MuteTerm { outcome, tested, failed, since, until, h_needed, lifted } = terms;
    match language {
        Language::Chinese => {
            let by = match tested {
                0 => "核查".to_owned(),
                _ => format!("检验{tested}批次、不合格{failed}批次"),
            };
            let state = if *lifted {
                "证据已达恢复条件，恢复预警"
            } else {
                "证据未达恢复条件，不预警"
            };
            format!("此前{by}未证实（{outcome}），{since}至{until}静默，恢复须h≥{h_needed:.2}或有新发：{state}")
        }
        Language::English => {
            let by = match tested {
                0 => "looked into".to_owned(),
                _ => format!("{tested} batches tested, {failed} failed"),
            };
            let state = if *lifted { "the evidence suffices, heard again" } else { "it does not suffice, no alert" };
            format!(
                "Not confirmed before ({by}; {outcome}): muted from {since} to {until}, heard again at h≥{h_needed:.2} or with something \
                 new; {state}"
            )
        }
    }
}

pub(super) fn confirmed(terms: &ConfirmedTerm, language: Language) -> String {
    let ConfirmedTerm { tested_companies: tested, failing_companies: failing, usual, industry } = *terms;
    let usual = percent(usual);
    match language {
        Language::Chinese => {
            let industry = if industry { "，行业性已证实" } else { "" };
            format!("有检验结果的企业{tested}家，其中{failing}家不合格率明显高于通常水平{usual}{industry}")
        }
        Language::English => {
            let industry = if industry { ": industry-wide, confirmed" } else { "" };
            format!(
                "Of {tested} companies with test results {failing} fail clearly more often than the usual {usual}{industry}"
            )
        }
    }
}

/// Never a rate without its n (clause 2-13).
pub(super) fn failures(terms: &FailureTerms, language: Language) -> String {
    let FailureTerms { tested, failed, .. } = terms;
    let [mean, from, to, threshold, above] =
        [terms.mean, terms.interval[0], terms.interval[1], terms.threshold, terms.p_above].map(percent);
    match language {
        Language::Chinese => format!(
            "检验{tested}批次、不合格{failed}批次，不合格率估计{mean}（90%区间{from}—{to}），超过{threshold}的概率{above}"
        ),
        Language::English => format!(
            "{tested} batches tested, {failed} failed, share of failures about {mean} (90% interval {from} to {to}), above {threshold} with \
             probability {above}"
        ),
    }
}

pub(super) fn real(terms: &PRealTerms, language: Language) -> String {
    let PRealTerms { alike, alike_confirmed, judged, judged_confirmed, .. } = terms;
    let [mean, from, to] = [terms.mean, terms.interval[0], terms.interval[1]].map(percent);
    match language {
        Language::Chinese => format!(
            "同类预警{alike}件经核查，属实{alike_confirmed}件（全部{judged}件、属实{judged_confirmed}件），本预警属实的概率{mean}（90%区间{from}—{to}）"
        ),
        Language::English => format!(
            "{alike} alike alerts were looked into, {alike_confirmed} were real (of all {judged}: {judged_confirmed}); this one is real with \
             probability {mean} (90% interval {from} to {to})"
        ),
    }
}
