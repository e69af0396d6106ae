//! The forms by which something is done about a matter: one for each act that the viewer may do now, its inputs made of `matter::fields`.

use std::collections::{BTreeMap, BTreeSet};

use super::super::problem::Problem;
use super::super::text;
use super::super::view::MatterSeen;
use alert::may;
use matter::{Choice, Field, Kind, Matter, Part, Recipient, SampleState, Scheme, fields};
use vocabulary::{ActKind, ItemRef, Party, Role, SampleId, Stage, TestBody, TestItem};

/// Every act on a matter, in the groups and the order in which the page has their forms.
static GROUPS: [(&str, &[ActKind]); 5] = [
    ("采样", &[ActKind::Scheme, ActKind::Approve, ActKind::Order, ActKind::Cancel, ActKind::CommitSeed, ActKind::Draw]),
    ("样品", &[ActKind::Buy, ActKind::Receive, ActKind::SendBack, ActKind::Split]),
    ("检验", &[ActKind::Commission, ActKind::Dispatch, ActKind::Result, ActKind::NotTestable]),
    ("告知与处理", &[ActKind::Address, ActKind::Acknowledge, ActKind::Measure, ActKind::Finish, ActKind::Report]),
    (
        "异议与查处",
        &[
            ActKind::Object,
            ActKind::AnswerObjection,
            ActKind::FileCase,
            ActKind::EndCase,
            ActKind::OrderCorrection,
            ActKind::Reinspect,
        ],
    ),
];

/// What a form sent: the act, its particulars as texts, its note; and why it was refused.
pub(super) struct Typed {
    pub(super) kind: ActKind,
    pub(super) fields: BTreeMap<String, String>,
    pub(super) note: String,
    pub(super) trouble: String,
}

impl Typed {
    /// Reads a form. A field that occurs more than once has a line for each; one that was left empty is none.
    pub(super) fn of(form: &str) -> Result<Self, Problem> {
        let (mut kind, mut note, mut fields) = (None, String::new(), BTreeMap::<String, String>::new());
        for (name, value) in url::form_urlencoded::parse(form.as_bytes()) {
            match &*name {
                "kind" => kind = Some(value.into_owned()),
                "note" => value.trim().clone_into(&mut note),
                // The form key, which the gate has checked.
                "key" => {}
                _ if value.trim().is_empty() => {}
                _ => {
                    let field = fields.entry(name.into_owned()).or_default();
                    if !field.is_empty() {
                        field.push('\n');
                    }
                    field.push_str(value.trim());
                }
            }
        }
        let kind = kind.ok_or_else(|| Problem::bad_request("表单无法识别：请返回页面重试。"))?;
        let known = kind.parse::<ActKind>();
        let kind = known.map_err(|_| Problem::bad_request(format!("没有“{}”这种处置。", text::shorten(&kind, 40))))?;
        Ok(Self { kind, fields, note, trouble: String::new() })
    }
}

/// Forms that belong together.
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) forms: Vec<ActForm>,
}

/// The form of one act.
pub(super) struct ActForm {
    pub(super) kind: ActKind,
    pub(super) inputs: Vec<Input>,
    /// What the note is called here.
    pub(super) note: &'static str,
    /// What was typed as the note.
    pub(super) noted: String,
    /// Why what was typed was refused; empty: nothing was.
    pub(super) trouble: String,
}

/// One input.
pub(super) struct Input {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// How it is written, where that is not plain.
    pub(super) hint: String,
    /// `text`, `number`, `money`, `date`, `checkbox`, `select` or `area`.
    pub(super) look: &'static str,
    pub(super) required: bool,
    pub(super) value: String,
    /// What may be chosen, for `select`.
    pub(super) picks: Vec<Pick>,
    /// What is often written here.
    pub(super) list: Vec<String>,
}

/// One of the values that an input may take.
pub(super) struct Pick {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) chosen: bool,
}

/// For whom forms are made, and of what.
pub(super) struct Ground<'a> {
    pub(super) party: &'a Party,
    pub(super) seen: &'a MatterSeen,
    /// The register of test bodies; empty for units outside.
    pub(super) bodies: &'a [TestBody],
}

impl Ground<'_> {
    /// The forms of all that the party may do now, and of what was typed and refused.
    pub(super) fn groups(&self, typed: Option<&Typed>) -> Vec<Group> {
        let is_shown = |kind: &ActKind| {
            typed.is_some_and(|typed| typed.kind == *kind) || (may(self.party.role, *kind) && self.makes_sense(*kind))
        };
        let groups = GROUPS.iter().map(|(name, kinds)| Group {
            name,
            forms: kinds.iter().copied().filter(&is_shown).map(|kind| self.form(kind, typed)).collect(),
        });
        groups.filter(|group| !group.forms.is_empty()).collect()
    }

    fn form(&self, kind: ActKind, typed: Option<&Typed>) -> ActForm {
        let typed = typed.filter(|typed| typed.kind == kind);
        let input = |field: Field| {
            let value = match typed {
                Some(typed) => typed.fields.get(field.name).cloned().unwrap_or_default(),
                None => self.value(kind, field.name),
            };
            let look = look(field.kind);
            let pick = |(code, name, _): Choice| Pick { code, name, chosen: value == code };
            let picks = if look == "select" { field.choices().into_iter().map(pick).collect() } else { Vec::new() };
            let list = if look == "text" { self.list(kind, field.name) } else { Vec::new() };
            let (name, title, required) = (field.name, field.zh, field.required);
            Input { name, title, hint: hint(&field), look, required, value, picks, list }
        };
        ActForm {
            kind,
            inputs: fields(kind).into_iter().map(input).collect(),
            note: note(kind),
            noted: typed.map_or_else(String::new, |typed| typed.note.clone()),
            trouble: typed.map_or_else(String::new, |typed| typed.trouble.clone()),
        }
    }

    /// Whether there is something to do it with. What is refused all the same says why.
    fn makes_sense(&self, kind: ActKind) -> bool {
        match self.seen {
            MatterSeen::Whole { matter, .. } => !matter.is_at_rest() && in_whole(kind, matter, self.party),
            MatterSeen::Part(part) => in_part(kind, part),
        }
    }

    /// The samples that the act may be about, with what they were bought as.
    fn samples(&self, kind: ActKind) -> Vec<(&SampleId, &ItemRef)> {
        let states = states(kind);
        match self.seen {
            MatterSeen::Whole { matter, .. } => {
                let fit = matter.samples.values().filter(|sample| states.contains(&sample.state));
                fit.map(|sample| (&sample.id, &sample.item)).collect()
            }
            MatterSeen::Part(part) if kind == ActKind::Object => {
                let failed = part.results.iter().filter(|result| !result.conforms);
                failed.map(|result| (&result.sample, &result.item)).collect()
            }
            MatterSeen::Part(part) => {
                let fit = part.samples.iter().filter(|sample| states.contains(&sample.state));
                fit.map(|sample| (&sample.id, &sample.item)).collect()
            }
        }
    }

    /// What stands in an input before anybody writes there.
    fn value(&self, kind: ActKind, name: &str) -> String {
        if name == "of" && self.party.role != Role::Centre {
            return self.party.name.clone();
        }
        let (scheme, tests): (Option<&Scheme>, &[TestItem]) = match self.seen {
            MatterSeen::Whole { matter, .. } => {
                let scheme = matter.scheme.as_ref();
                (scheme, scheme.map_or(&[][..], |scheme| scheme.items.as_slice()))
            }
            MatterSeen::Part(part) => (None, part.tests.as_slice()),
        };
        match (kind, name, self.seen) {
            (ActKind::Buy, "sample", MatterSeen::Whole { matter, .. }) => matter.next_sample().to_string(),
            (ActKind::Scheme, ..) => scheme.map_or_else(String::new, |scheme| of_scheme(scheme, name)),
            (ActKind::Result, "items", _) => {
                lines(tests.iter().map(|test| format!("{} | {} |  |  | ", test.item, test.standard)))
            }
            (_, "sample" | "platform" | "item_id", _) => match self.samples(kind).as_slice() {
                [(id, item)] => match name {
                    "sample" => id.to_string(),
                    "platform" => item.platform.clone(),
                    _ => item.item_id.clone(),
                },
                _ => String::new(),
            },
            _ => String::new(),
        }
    }

    /// What is often written in an input.
    fn list(&self, kind: ActKind, name: &str) -> Vec<String> {
        let samples = self.samples(kind);
        match (name, self.seen) {
            ("sample", _) if kind != ActKind::Buy => samples.iter().map(|(id, _)| id.to_string()).collect(),
            ("item_id", _) => unique(samples.iter().map(|(_, item)| item.item_id.clone())),
            ("platform", MatterSeen::Whole { matter, .. }) if kind == ActKind::Buy => {
                matter.scheme.as_ref().map(|scheme| scheme.platforms.clone()).unwrap_or_default()
            }
            ("platform", _) => unique(samples.iter().map(|(_, item)| item.platform.clone())),
            ("about", MatterSeen::Part(part)) => unique(part.results.iter().map(|result| result.seller.clone())),
            (_, MatterSeen::Part(_)) => Vec::new(),
            (_, MatterSeen::Whole { matter, .. }) => self.list_of_whole(kind, name, matter),
        }
    }

    fn list_of_whole(&self, kind: ActKind, name: &str, matter: &Matter) -> Vec<String> {
        match (name, kind) {
            ("body", ActKind::Commission) => self.bodies.iter().map(|body| body.name.clone()).collect(),
            ("body", _) => matter.commissions.keys().cloned().collect(),
            ("to", ActKind::AnswerObjection) => {
                let open = matter.objections.iter().filter(|made| made.answered.is_none());
                open.map(|made| made.of.clone()).collect()
            }
            ("of", _) | ("to", ActKind::Address) => matter.recipients.keys().cloned().collect(),
            ("firm", ActKind::Reinspect) => matter.corrections.iter().map(|order| order.firm.clone()).collect(),
            ("firm", _) => {
                let firms = matter.recipients.values().filter(|unit| unit.role == Role::Firm);
                firms.map(|unit| unit.name.clone()).collect()
            }
            ("number", ActKind::EndCase) => {
                let open = matter.cases.iter().filter(|case| case.closed_on.is_none());
                open.map(|case| case.number.clone()).collect()
            }
            ("replaces", _) => {
                let gone =
                    |sample: &&matter::Sample| sample.state == SampleState::SentBack && sample.replaced_by.is_none();
                matter.samples.values().filter(gone).map(|sample| sample.id.to_string()).collect()
            }
            ("about", _) => unique(matter.samples.values().map(|sample| sample.seller.clone())),
            _ => Vec::new(),
        }
    }
}

/// Where a sample stands when the act may be done with it.
fn states(kind: ActKind) -> &'static [SampleState] {
    match kind {
        ActKind::Receive => &[SampleState::Bought],
        ActKind::SendBack => &[SampleState::Rejected],
        ActKind::Split => &[SampleState::Stored],
        ActKind::Dispatch => &[SampleState::Split],
        ActKind::Result => &[SampleState::Dispatched, SampleState::Tested],
        ActKind::NotTestable => &[SampleState::Stored, SampleState::Split, SampleState::Dispatched],
        ActKind::Object | ActKind::AnswerObjection => &[SampleState::Tested],
        _ => &[],
    }
}

fn in_whole(kind: ActKind, matter: &Matter, party: &Party) -> bool {
    let scheme = matter.scheme.as_ref();
    let runs = scheme.is_some_and(|scheme| scheme.cancelled.is_none());
    let told = |is_it: fn(&Recipient) -> bool| {
        let mut units = matter.recipients.values();
        units.any(|unit| (party.role == Role::Centre || unit.name == party.name) && is_it(unit))
    };
    let is_authority = |unit: &Recipient| unit.role == Role::Supervision;
    match kind {
        ActKind::Scheme => scheme.is_some() || matter.casework.stage == Stage::Sampling,
        ActKind::Approve => runs && scheme.is_some_and(|scheme| scheme.approved_by.is_none()),
        ActKind::Order => runs && scheme.is_some_and(|scheme| scheme.approved_by.is_some()),
        ActKind::Cancel => runs,
        ActKind::CommitSeed => scheme.is_some() && matter.commitment().is_none(),
        ActKind::Draw => matter.commitment().is_some(),
        ActKind::Buy => scheme.is_some_and(Scheme::is_ordered),
        ActKind::Commission | ActKind::Address => true,
        ActKind::Acknowledge => told(|unit| unit.acknowledged_on.is_none()),
        ActKind::Measure => told(|_| true),
        ActKind::Finish => told(|unit| unit.finished_on.is_none()),
        ActKind::Report => told(|unit| unit.reported_on.is_none()),
        ActKind::FileCase | ActKind::OrderCorrection => told(is_authority),
        ActKind::EndCase => told(is_authority) && matter.cases.iter().any(|case| case.closed_on.is_none()),
        ActKind::Reinspect => told(is_authority) && !matter.corrections.is_empty(),
        ActKind::Object => {
            let failed = |sample: &matter::Sample| sample.result().is_some_and(|result| !result.conforms);
            told(|_| true) && matter.samples.values().any(failed)
        }
        ActKind::AnswerObjection => matter.objections.iter().any(|made| made.answered.is_none()),
        _ => matter.samples.values().any(|sample| states(kind).contains(&sample.state)),
    }
}

fn in_part(kind: ActKind, part: &Part) -> bool {
    let own = part.own.as_ref();
    match kind {
        ActKind::Result | ActKind::NotTestable => {
            part.samples.iter().any(|sample| states(kind).contains(&sample.state))
        }
        ActKind::Acknowledge => own.is_some_and(|unit| unit.acknowledged_on.is_none()),
        ActKind::Measure => own.is_some(),
        ActKind::Finish => own.is_some_and(|unit| unit.finished_on.is_none()),
        ActKind::Report => own.is_some_and(|unit| unit.reported_on.is_none()),
        ActKind::Object => own.is_some() && part.results.iter().any(|result| !result.conforms),
        _ => false,
    }
}

/// A field of the scheme as it is, the way its form takes it.
fn of_scheme(scheme: &Scheme, name: &str) -> String {
    match name {
        "product" => scheme.product.clone(),
        "batches" if scheme.batches > 0 => scheme.batches.to_string(),
        "purpose" => scheme.purpose.clone(),
        "items" => lines(scheme.items.iter().map(|test| format!("{} | {}", test.item, test.standard))),
        "platforms" => scheme.platforms.join("\n"),
        "regions" => lines(scheme.regions.iter().map(ToString::to_string)),
        "mode" => scheme.mode.map_or_else(String::new, |mode| mode.code().to_owned()),
        "deadline" => scheme.deadline.map_or_else(String::new, |day| day.to_string()),
        "staff" => scheme.staff.join("\n"),
        _ => String::new(),
    }
}

/// Each text once, in order.
fn unique(texts: impl Iterator<Item = String>) -> Vec<String> {
    texts.collect::<BTreeSet<_>>().into_iter().collect()
}

fn lines(all: impl Iterator<Item = String>) -> String {
    all.collect::<Vec<_>>().join("\n")
}

fn look(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Region => "text",
        Kind::Number => "number",
        Kind::Yuan => "money",
        Kind::Day => "date",
        Kind::Yes => "checkbox",
        Kind::Choice(_) => "select",
        Kind::Choices(_) | Kind::Lines | Kind::Regions | Kind::Rows(_) => "area",
    }
}

fn hint(field: &Field) -> String {
    match field.kind {
        Kind::Choices(_) => {
            let names: Vec<&str> = field.choices().iter().map(|(_, zh, _)| *zh).collect();
            format!("每行一个，可填：{}", names.join("、"))
        }
        Kind::Lines => "每行一个".to_owned(),
        Kind::Region => "六位区划代码，如 330106".to_owned(),
        Kind::Regions => "每行一个六位区划代码".to_owned(),
        Kind::Rows(cells) => format!("每行一项，{}格之间用 | 分隔", cells.len()),
        Kind::Yuan => "如 129.00".to_owned(),
        Kind::Text | Kind::Number | Kind::Day | Kind::Yes | Kind::Choice(_) => String::new(),
    }
}

/// What the note of an act is called.
fn note(kind: ActKind) -> &'static str {
    match kind {
        ActKind::Report => "处理情况（报送内容，必填）",
        ActKind::Cancel | ActKind::SendBack | ActKind::NotTestable => "理由（必填）",
        ActKind::Object => "异议理由（必填）",
        ActKind::AnswerObjection => "答复（必填）",
        ActKind::Buy => "说明（重复购样或未抽中时写明理由）",
        ActKind::Result => "说明（更正结果时写明理由）",
        ActKind::Finish => "说明（未采取措施时写明理由）",
        _ => "说明",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_on_a_matter_has_its_form_in_one_group() {
        let mut grouped: Vec<ActKind> = GROUPS.iter().flat_map(|(_, kinds)| kinds.iter().copied()).collect();
        grouped.sort_unstable();
        let mut all: Vec<ActKind> = ActKind::ALL.iter().copied().filter(|kind| kind.is_work()).collect();
        all.sort_unstable();
        assert_eq!(grouped, all);
    }

    #[test]
    fn a_form_is_read_with_every_line_of_a_field_and_without_what_was_left_empty() {
        let form = "key=k&kind=split&sample=s-1&test=2&spare=&seals=F1%0D%0AF2&seals=F3&note=+x+";
        let Ok(typed) = Typed::of(form) else { panic!("it is a form") };
        assert_eq!((typed.kind, typed.note.as_str()), (ActKind::Split, "x"));
        let fields: Vec<(&str, &str)> =
            typed.fields.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert_eq!(fields, [("sample", "s-1"), ("seals", "F1\r\nF2\nF3"), ("test", "2")]);
        assert!(Typed::of("note=x").is_err() && Typed::of("kind=fly").is_err());
    }
}
