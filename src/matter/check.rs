//! Whether an act may be done now: by this role, in the name of this unit, in this state of the matter. What is refused says what to do.

use std::collections::{BTreeMap, BTreeSet};

use alert::may;
use jiff::civil::Date;
use vocabulary::{
    Act, ActKind, Asked, Category, DrawMode, ItemRef, ItemVerdict, Party, Refused, RegionCode, Role, SampleId, Stage,
    TestBody, Work, day_of, refused,
};

use super::sample::{Sample, SampleState};
use super::state::{Matter, Objection, Recipient, Scheme};

/// What an act is checked against besides the matter.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The party that does it; none: whoever sits at the machine.
    pub party: Option<&'a Party>,
    /// The category of the goods.
    pub category: Category,
    /// The register of test bodies.
    pub bodies: &'a BTreeMap<String, TestBody>,
    /// The organisations that are known, by name.
    pub parties: &'a BTreeMap<String, Party>,
    /// Whether results of tests, handed in as files about the whole alert, are known.
    pub results_known: bool,
}

impl Around<'_> {
    fn is_inside(&self) -> bool {
        self.party.is_none_or(Party::is_inside)
    }

    /// Whether the act may be done in the name of this unit: those inside may write down what a unit without an account did.
    fn speaks_for(&self, unit: &str) -> bool {
        self.party.is_none_or(|party| party.name == unit || party.role == Role::Centre)
    }
}

type Checked = Result<(), Refused>;

impl Matter {
    /// Checks an act against all that was done before.
    ///
    /// # Errors
    /// [`Refused`] with the reason and what to do, for whoever tried.
    pub fn check(&self, act: &Act, around: Around<'_>) -> Checked {
        if around.party.is_some_and(|party| !may(party.role, act.kind)) {
            return Err(Refused::new(
                format!("您所属的单位不能对这个事项“{}”。", act.kind.zh()),
                format!("your organisation may not `{}` in this matter", act.kind.code()),
            ));
        }
        match &act.work {
            Some(work) if work.kind() != act.kind => {
                return Err(Refused::new(
                    format!("处置为“{}”，内容却是“{}”。", act.kind.zh(), work.kind().zh()),
                    format!("the act is `{}`, its particulars are those of `{}`", act.kind.code(), work.kind().code()),
                ));
            }
            Some(work) => bounds(work)?,
            None if needs_particulars(act.kind) => {
                return Err(Refused::new(
                    format!("“{}”需要填写内容。", act.kind.zh()),
                    format!("`{}` needs its particulars in `work`", act.kind.code()),
                ));
            }
            None => {}
        }
        if !act.kind.is_work() {
            self.casework.check(act)?;
            return self.check_stage(act, around);
        }
        self.casework.check_written(act)?;
        if matches!(self.casework.stage, Stage::Excluded | Stage::Closed) {
            return Err(Refused::new(
                format!("当前状态为“{}”：请先重新打开，再{}。", self.casework.stage.zh(), act.kind.zh()),
                format!("the matter is `{}`: open it again before `{}`", self.casework.stage.code(), act.kind.code()),
            ));
        }
        match act.kind {
            ActKind::Approve => self.check_approve(act),
            ActKind::Cancel => self.check_cancel(act),
            _ => act.work.as_ref().map_or(Ok(()), |work| self.check_work(work, act, around)),
        }
    }

    /// What moves the stage: a person decides on what is there, and closes what is done (clauses 1-04, 3-16).
    fn check_stage(&self, act: &Act, around: Around<'_>) -> Checked {
        let untested = self.awaits_tests() && !around.results_known;
        match act.kind {
            ActKind::Confirm if untested => Err(Refused::new(
                "采样尚无检验结果，不能认定属实：请先录入检验结果，或取消采样。",
                "no sample is tested yet: enter a result, or cancel the sampling, before `confirm`",
            )),
            ActKind::Refute if untested => Err(Refused::new(
                "采样尚无检验结果，不能认定未证实：请先录入检验结果，或取消采样。",
                "no sample is tested yet: enter a result, or cancel the sampling, before `refute`",
            )),
            ActKind::Close | ActKind::Handle if act.note.trim().is_empty() => {
                let open = self.unfinished();
                if open.is_empty() {
                    return Ok(());
                }
                let (zh, en): (Vec<String>, Vec<String>) = open.into_iter().unzip();
                Err(Refused::new(
                    format!("尚有未了事项：{}。办完后再{}，或写明理由。", zh.join("；"), act.kind.zh()),
                    format!(
                        "something is open: {}; finish it before `{}`, or write why it is given up",
                        en.join("; "),
                        act.kind.code()
                    ),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Whether samples are to be tested, or on their way, and none is: then nothing is decided on them. Not once the sampling is cancelled, or
    /// everything that was bought cannot be tested.
    fn awaits_tests(&self) -> bool {
        let counts = self.counts();
        let cancelled = self.scheme.as_ref().is_some_and(|scheme| scheme.cancelled.is_some());
        let ways = [SampleState::Bought, SampleState::Stored, SampleState::Split, SampleState::Dispatched];
        let on_the_way = ways.iter().any(|state| counts.at(*state) > 0);
        let untestable = counts.at(SampleState::NotTestable) > 0 && !on_the_way;
        let asked = self.casework.stage == Stage::Sampling && !untestable;
        counts.at(SampleState::Tested) == 0 && !cancelled && (asked || on_the_way)
    }

    /// What the standard asks for and is not done, in both languages.
    #[must_use]
    pub fn unfinished(&self) -> Vec<(String, String)> {
        let mut open = Vec::new();
        if self.casework.stage == Stage::Notified && self.recipients.is_empty() {
            open.push(("尚未告知任何单位".to_owned(), "no unit was told".to_owned()));
        }
        for unit in self.recipients.values().filter(|unit| !unit.is_done()) {
            let missing = if unit.owes_report() {
                ("未报送处理情况", "has not reported")
            } else {
                ("未签收", "has not acknowledged")
            };
            open.push((format!("{}{}", unit.name, missing.0), format!("{} {}", unit.name, missing.1)));
        }
        let counts = self.counts();
        let on_the_way: u64 = [
            SampleState::Bought,
            SampleState::Stored,
            SampleState::Rejected,
            SampleState::Split,
            SampleState::Dispatched,
        ]
        .iter()
        .map(|state| counts.at(*state))
        .sum();
        if on_the_way > 0 {
            open.push((format!("{on_the_way}件样品未办结"), format!("{on_the_way} samples are on their way")));
        }
        let wanted =
            self.scheme.as_ref().filter(|scheme| scheme.is_ordered()).map_or(0, |scheme| u64::from(scheme.batches));
        let bought = self.samples.values().filter(|sample| sample.counts()).count() as u64;
        if bought < wanted {
            open.push((
                format!("采样{bought}批，少于方案的{wanted}批"),
                format!("{bought} batches are bought, {wanted} are asked for"),
            ));
        }
        let waits = |scheme: &&Scheme| scheme.ordered_to.is_none() && scheme.cancelled.is_none();
        if self.scheme.as_ref().is_some_and(|scheme| waits(&scheme)) {
            open.push((
                "采样方案既未下达也未取消".to_owned(),
                "the scheme of sampling is neither given to buyers nor cancelled".to_owned(),
            ));
        }
        for case in self.cases.iter().filter(|case| case.closed_on.is_none()) {
            open.push((format!("{}案号{}未结案", case.of, case.number), format!("case {} is open", case.number)));
        }
        for objection in self.objections.iter().filter(|objection| objection.answered.is_none()) {
            open.push((
                format!("{}对样品{}的异议未答复", objection.of, objection.sample),
                format!("the objection of {} to sample {} is not answered", objection.of, objection.sample),
            ));
        }
        for order in self.corrections.iter().filter(|order| order.inspected.is_none_or(|(_, corrected)| !corrected)) {
            open.push((
                format!("{}未复查合格", order.firm),
                format!("{} is not inspected again as corrected", order.firm),
            ));
        }
        open
    }

    fn check_approve(&self, act: &Act) -> Checked {
        let scheme = self.scheme()?;
        if scheme.approved_by.is_some() {
            return Err(refused!("方案已批准。", "the scheme is approved already"));
        }
        if scheme.cancelled.is_some() {
            return Err(refused!("方案已取消：请重新编制。", "the scheme is cancelled: write it anew"));
        }
        let missing = scheme.missing();
        if !missing.is_empty() {
            let missing = missing.join("、");
            return Err(refused!("方案缺少：{missing}。", "the scheme lacks: {missing}"));
        }
        if scheme.deadline.is_some_and(|deadline| deadline < day_of(act.at)) {
            return Err(refused!("时间期限已过：请改期。", "the deadline has passed: change it"));
        }
        if scheme.written_by.as_deref() == Some(act.by.as_str()) {
            return Err(refused!(
                "方案由{}编制，应由另一人批准。",
                "{} wrote the scheme: somebody else approves it",
                act.by
            ));
        }
        Ok(())
    }

    fn check_cancel(&self, act: &Act) -> Checked {
        if self.scheme()?.cancelled.is_some() {
            return Err(refused!("采样已取消。", "the sampling is cancelled already"));
        }
        needs_why(act)
    }

    fn scheme(&self) -> Result<&Scheme, Refused> {
        self.scheme.as_ref().ok_or_else(|| {
            refused!(
                "尚无采样方案：请先“安排采样”或“编制采样方案”。",
                "there is no scheme of sampling: `sample` or `scheme` makes one"
            )
        })
    }

    fn check_work(&self, work: &Work, act: &Act, around: Around<'_>) -> Checked {
        let today = day_of(act.at);
        match work {
            Work::Scheme { batches, deadline, .. } => {
                if *batches == Some(0) {
                    return Err(refused!("批次量应至少为1。", "`batches` is at least 1"));
                }
                if deadline.is_some_and(|deadline| deadline < today) {
                    return Err(refused!("时间期限应为今天或以后。", "`deadline` is today or later"));
                }
                if self.casework.stage == Stage::Sampling || self.scheme.is_some() {
                    return Ok(());
                }
                Err(refused!("请先“安排采样”，再编制方案。", "`sample` comes before a scheme is written"))
            }
            Work::Order { to } => {
                let scheme = self.scheme()?;
                filled("下达给", "to", to)?;
                if scheme.approved_by.is_none() {
                    return Err(refused!("方案尚未批准。", "the scheme is not approved"));
                }
                if scheme.cancelled.is_some() {
                    return Err(refused!("采样已取消。", "the sampling is cancelled"));
                }
                Ok(())
            }
            Work::CommitSeed { digest } => {
                let scheme = self.scheme()?;
                if scheme.approved_by.is_none() || scheme.cancelled.is_some() || scheme.mode != Some(DrawMode::Random) {
                    return Err(refused!(
                        "只有已批准、未取消、采样方式为随机抽样的方案才抽取样品。",
                        "samples are drawn by an approved scheme that is not cancelled and chooses by chance"
                    ));
                }
                // Whoever drew until the result pleased would have to say why, each time; all commitments and draws stay to be seen.
                if !self.draws.is_empty() && act.note.trim().is_empty() {
                    return Err(refused!(
                        "已公布过种子摘要：再次公布应写明理由。",
                        "a seed was committed to before: a further one needs a reason"
                    ));
                }
                hexadecimal(digest)
            }
            Work::Draw { seed, frame, chosen, .. } => {
                self.scheme()?;
                if self.commitment().is_none() {
                    return Err(refused!("抽取之前应先公布种子摘要。", "`commit_seed` comes before the draw"));
                }
                if chosen.is_empty() {
                    return Err(refused!("没有抽出任何样品。", "nothing was drawn"));
                }
                hexadecimal(seed)?;
                hexadecimal(frame)
            }
            Work::Commission { body } => {
                in_its_role(around.parties.get(body), Role::TestBody)?;
                registered(body, today, around)
            }
            Work::Buy { .. } => self.check_buy(work, act),
            Work::Receive { .. }
            | Work::SendBack { .. }
            | Work::Split { .. }
            | Work::Dispatch { .. }
            | Work::Result { .. }
            | Work::NotTestable { .. } => self.check_sample(work, act, around),
            _ => self.check_handling(work, act, around),
        }
    }

    fn check_buy(&self, work: &Work, act: &Act) -> Checked {
        let Work::Buy { sample, platform, item_id, seller, brand, maker, region, quantity, replaces, .. } = work else {
            return Ok(());
        };
        let scheme = self.scheme()?;
        if !scheme.is_ordered() {
            return Err(refused!(
                "采样方案尚未下达，或已取消。",
                "the scheme is not given to the buyers, or is cancelled"
            ));
        }
        let next = self.next_sample();
        if *sample != next {
            return Err(refused!("样品编号应为 {next}。", "the next sample is `{next}`"));
        }
        filled("商品ID", "item_id", item_id)?;
        filled("卖家", "seller", seller)?;
        if *quantity == 0 {
            return Err(refused!("数量应至少为1。", "`quantity` is at least 1"));
        }
        if !scheme.platforms.contains(platform) {
            return Err(refused!(
                "平台“{platform}”不在采样范围（{}）之内。",
                "`{platform}` is not among the platforms of the scheme: {}",
                scheme.platforms.join("、")
            ));
        }
        if let Some(replaced) = replaces {
            let gone = self.samples.get(replaced).filter(|gone| gone.state == SampleState::SentBack);
            if gone.is_none_or(|gone| gone.replaced_by.is_some()) {
                return Err(refused!(
                    "样品{replaced}没有退货，或已补样。",
                    "sample `{replaced}` was not sent back, or is replaced already"
                ));
            }
        }
        let kept = || self.samples.values().filter(|sample| sample.counts());
        if let Some(twin) = kept().find(|kept| (&kept.item.platform, &kept.item.item_id) == (platform, item_id)) {
            return Err(refused!("该商品已购为样品{}。", "this item is sample `{}` already", twin.id));
        }
        if !act.note.trim().is_empty() {
            return Ok(());
        }
        if kept().count() as u64 >= u64::from(scheme.batches) {
            return Err(refused!(
                "已购足方案的{}批：再购应写明理由。",
                "the {} batches of the scheme are bought: a further one needs a reason",
                scheme.batches
            ));
        }
        let same = |own: &Option<String>, other: &str| !other.is_empty() && own.as_deref() == Some(other);
        if let Some(twin) =
            kept().find(|kept| kept.seller == *seller || same(&kept.brand, brand) || same(&kept.maker, maker))
        {
            return Err(refused!(
                "与样品{}的卖家、品牌或生产企业重复：原则上不重复，确需重复应写明理由。",
                "the seller, brand or maker is that of sample `{}`: in principle none repeats, a repeat needs a reason",
                twin.id
            ));
        }
        let within =
            |place: &RegionCode| region.is_some_and(|own| [own, own.prefecture(), own.province()].contains(place));
        if !scheme.regions.is_empty() && !scheme.regions.iter().any(within) {
            return Err(refused!(
                "卖家所在地不在方案的地区之内，或不明：应写明理由。",
                "the place of the seller is not among those of the scheme, or not known: it needs a reason"
            ));
        }
        let item = ItemRef { platform: platform.clone(), item_id: item_id.clone() };
        if scheme.mode == Some(DrawMode::Random) && !self.was_drawn(&item, day_of(act.at)) {
            return Err(refused!(
                "随机抽样：该商品不在抽取结果中，应写明理由。",
                "samples are chosen by chance and this item was not drawn: it needs a reason"
            ));
        }
        Ok(())
    }

    fn sample(&self, id: &SampleId, states: &[SampleState]) -> Result<&Sample, Refused> {
        let sample = self.samples.get(id).ok_or_else(|| refused!("没有样品{id}。", "there is no sample `{id}`"))?;
        if states.contains(&sample.state) {
            return Ok(sample);
        }
        let (zh, en): (Vec<&str>, Vec<&str>) = states.iter().map(|state| (state.zh(), state.en())).unzip();
        Err(Refused::new(
            format!("样品{id}{}，应为{}。", sample.state.zh(), zh.join("或")),
            format!("sample `{id}` is {}, it must be {}", sample.state.en(), en.join(" or ")),
        ))
    }

    /// What a unit outside knows nothing of is not there for it, whatever it asks.
    fn check_shown(&self, id: &SampleId, around: Around<'_>) -> Checked {
        let outside = around.party.filter(|party| !party.is_inside());
        let shows = |party: &Party| self.samples.get(id).is_some_and(|sample| self.shows(party, sample));
        if outside.is_none_or(shows) {
            return Ok(());
        }
        Err(refused!("没有样品{id}。", "there is no sample `{id}`"))
    }

    fn check_sample(&self, work: &Work, act: &Act, around: Around<'_>) -> Checked {
        use SampleState::{Bought, Dispatched, Rejected, Split, Stored};
        if let Some(id) = work.sample() {
            self.check_shown(id, around)?;
        }
        match work {
            Work::Receive { sample, condition, .. } => {
                self.sample(sample, &[Bought])?;
                filled("外观、状态", "condition", condition)
            }
            Work::SendBack { sample } => {
                self.sample(sample, &[Rejected])?;
                needs_why(act)
            }
            Work::Split { sample, test, spare, seals } => {
                let kept = self.sample(sample, &[Stored])?;
                if *test == 0 {
                    return Err(refused!("检验样应至少1件。", "`test` is at least 1"));
                }
                if test.saturating_add(*spare) > kept.quantity {
                    return Err(refused!(
                        "检验样与备样共{}件，多于购得的{}件。",
                        "{} pieces are split, {} were bought",
                        test.saturating_add(*spare),
                        kept.quantity
                    ));
                }
                if seals.iter().all(|seal| seal.trim().is_empty()) {
                    return Err(refused!("应填写封条编号。", "`seals` is empty: name the seals"));
                }
                Ok(())
            }
            Work::Dispatch { sample, body } => {
                self.sample(sample, &[Split])?;
                if !self.commissions.contains_key(body) {
                    return Err(refused!("尚未委托“{body}”。", "`{body}` is not commissioned"));
                }
                registered(body, day_of(act.at), around)
            }
            Work::Result { .. } => self.check_result(work, act, around),
            Work::NotTestable { sample, proof } => {
                // What a test body has not got, it does not speak of.
                let states: &[SampleState] =
                    if around.is_inside() { &[Stored, Split, Dispatched] } else { &[Dispatched] };
                own_body(self.sample(sample, states)?, around)?;
                filled("证明材料", "proof", proof)?;
                needs_why(act)
            }
            _ => Ok(()),
        }
    }

    fn check_result(&self, work: &Work, act: &Act, around: Around<'_>) -> Checked {
        let Work::Result { sample, platform, item_id, report, tested_on, items, conforms, again, confirmed_by, .. } =
            work
        else {
            return Ok(());
        };
        let kept = self.sample(sample, &[SampleState::Dispatched, SampleState::Tested])?;
        own_body(kept, around)?;
        if (&kept.item.platform, &kept.item.item_id) != (platform, item_id) {
            return Err(refused!(
                "商品ID为“{platform}”的“{item_id}”，而样品{sample}购自“{0}”的“{1}”。",
                "the result is of `{item_id}` on `{platform}`, but sample `{sample}` was bought on `{0}` as `{1}`",
                kept.item.platform,
                kept.item.item_id
            ));
        }
        filled("报告编号", "report", report)?;
        if items.is_empty() {
            return Err(refused!("没有检验项目。", "`items` is empty"));
        }
        for tested in items {
            filled("检验项目", "item", &tested.item)?;
            filled("检验依据", "standard", &tested.standard)?;
            filled("实测值", "measured", &tested.measured)?;
        }
        if items.iter().all(|item| item.verdict == ItemVerdict::Unjudged) {
            return Err(refused!(
                "没有一个项目作出判定：请用“无法检验”说明原因。",
                "no item is judged: say `not_testable`, and why"
            ));
        }
        let failed = items.iter().any(|item| item.verdict == ItemVerdict::Fail);
        if failed == *conforms {
            return Err(if failed {
                refused!(
                    "有项目不合格，结论却为合格。",
                    "an item fails, and the conclusion says that the sample conforms"
                )
            } else {
                refused!(
                    "没有项目不合格，结论却为不合格。",
                    "no item fails, and the conclusion says that the sample does not conform"
                )
            });
        }
        if *tested_on > day_of(act.at) || kept.dispatched_on.is_some_and(|sent| *tested_on < sent) {
            return Err(refused!(
                "报告日期{tested_on}早于送检日，或晚于今天。",
                "the report is of {tested_on}: before the sample was sent, or after today"
            ));
        }
        if kept.results.is_empty() {
            if *again {
                return Err(refused!("复检之前应有首次检验结果。", "there is no first result to test again"));
            }
            return Ok(());
        }
        if *again {
            let upheld = |objection: &&Objection| {
                objection.sample == *sample && objection.answered.is_some_and(|(_, upheld)| upheld)
            };
            let allowed = self.objections.iter().filter(upheld).count();
            let done: BTreeSet<&str> =
                kept.results.iter().filter(|result| result.again).map(|result| result.report.as_str()).collect();
            if allowed <= done.len() {
                return Err(refused!(
                    "没有被采纳的异议，不能复检。",
                    "no objection was upheld: the sample is not tested again"
                ));
            }
            if kept.parts.is_none_or(|(_, spare)| spare == 0) {
                return Err(refused!("该样品没有备样，不能复检。", "the sample has no spare part to test again"));
            }
            return Ok(());
        }
        let second = confirmed_by.trim();
        if second.is_empty() || second == act.by {
            return Err(refused!(
                "更正检验结果应由另一人共同确认。",
                "a result is corrected by two persons: `confirmed_by` names the other one"
            ));
        }
        needs_why(act)
    }

    fn addressed(&self, unit: &str, around: Around<'_>) -> Result<&Recipient, Refused> {
        if !around.speaks_for(unit) {
            return Err(refused!("您不能以“{unit}”的名义办理。", "you may not act in the name of `{unit}`"));
        }
        self.recipients.get(unit).ok_or_else(|| {
            refused!("“{unit}”未被告知此事项：请先告知。", "`{unit}` was not told of the matter: `address` it first")
        })
    }

    fn authority(&self, unit: &str, around: Around<'_>) -> Result<&Recipient, Refused> {
        let told = self.addressed(unit, around)?;
        if told.role == Role::Supervision {
            return Ok(told);
        }
        Err(refused!("“{unit}”不是监管部门。", "`{unit}` is no supervision body"))
    }

    fn check_handling(&self, work: &Work, act: &Act, around: Around<'_>) -> Checked {
        let today = day_of(act.at);
        match work {
            Work::Address { to, role, asked, .. } => {
                filled("收件单位", "to", to)?;
                if around.party.is_some_and(|party| party.name == *to) {
                    return Err(refused!("不能告知本单位。", "an organisation does not tell itself"));
                }
                if *role == Role::Public {
                    return Err(refused!("不能告知公众：请用对外发布。", "the public is told by `publish`"));
                }
                in_its_role(around.parties.get(to), *role)?;
                match self.recipients.get(to) {
                    Some(told) if !told.is_done() && told.asked >= *asked => Err(refused!(
                        "“{to}”已告知，尚未办结：只能提出更进一步的要求。",
                        "`{to}` was told of it and has not finished: it is asked for more, not for less"
                    )),
                    _ => Ok(()),
                }
            }
            Work::Acknowledge { of } => match self.addressed(of, around)?.acknowledged_on {
                Some(_) => Err(refused!("“{of}”已签收。", "`{of}` acknowledged already")),
                None => Ok(()),
            },
            Work::Measure { of, about, .. } => {
                self.addressed(of, around)?;
                filled("对象", "about", about)
            }
            Work::Finish { of, on } => {
                let told = self.addressed(of, around)?;
                if told.finished_on.is_some() {
                    return Err(refused!("“{of}”已处理完成。", "`{of}` has finished already"));
                }
                if *on > today || *on < told.addressed_on {
                    return Err(refused!(
                        "完成日期应在告知日{}与今天之间。",
                        "the day of finishing lies between {}, when it was told, and today",
                        told.addressed_on
                    ));
                }
                let measured = self.measures.iter().any(|taken| taken.by == *of);
                if told.asked == Asked::Handle && !measured && act.note.trim().is_empty() {
                    return Err(refused!(
                        "没有采取任何措施：请先登记措施，或写明理由。",
                        "no measure was taken: note one first, or write why not"
                    ));
                }
                Ok(())
            }
            Work::Report { of } => {
                let told = self.addressed(of, around)?;
                let closed = self.cases.iter().filter(|case| case.of == *of).filter_map(|case| case.closed_on).max();
                let since = told.reports.last();
                if since.is_some_and(|last| closed.is_none_or(|closed| closed < *last)) {
                    return Err(refused!("“{of}”已报送。", "`{of}` has reported already"));
                }
                if told.finished_on.is_none() && closed.is_none() {
                    return Err(refused!("处理尚未完成。", "the handling is not finished"));
                }
                needs_why(act)
            }
            Work::FileCase { of, number } => {
                self.authority(of, around)?;
                filled("案号", "number", number)?;
                if self.cases.iter().any(|case| (&case.of, &case.number) == (of, number)) {
                    return Err(refused!("案号{number}已登记。", "case `{number}` is known already"));
                }
                Ok(())
            }
            Work::EndCase { of, number, on } => {
                self.authority(of, around)?;
                let case = self.cases.iter().find(|case| (&case.of, &case.number) == (of, number));
                match case.filter(|case| case.closed_on.is_none()) {
                    None => Err(refused!("没有未结的案号{number}。", "there is no open case `{number}`")),
                    Some(case) if *on < case.opened_on || *on > today => Err(refused!(
                        "结案日期应在立案日{}与今天之间。",
                        "the case was opened on {}: it is closed between then and today",
                        case.opened_on
                    )),
                    Some(_) => Ok(()),
                }
            }
            Work::Object { of, sample } => {
                self.addressed(of, around)?;
                self.check_shown(sample, around)?;
                let failed =
                    self.sample(sample, &[SampleState::Tested])?.result().is_some_and(|result| !result.conforms);
                if !failed {
                    return Err(refused!("样品{sample}的结果为合格，无可异议。", "sample `{sample}` conforms"));
                }
                if self.objections.iter().any(|objection| (&objection.of, &objection.sample) == (of, sample)) {
                    return Err(refused!(
                        "“{of}”已对样品{sample}提出异议。",
                        "`{of}` has objected to sample `{sample}` already"
                    ));
                }
                needs_why(act)
            }
            Work::AnswerObjection { to, sample, .. } => {
                let made = self.objections.iter().find(|objection| (&objection.of, &objection.sample) == (to, sample));
                if made.is_none_or(|objection| objection.answered.is_some()) {
                    return Err(refused!("没有待答复的异议。", "there is no objection that waits for an answer"));
                }
                needs_why(act)
            }
            Work::OrderCorrection { of, firm, on } => {
                self.authority(of, around)?;
                in_its_role(around.parties.get(firm), Role::Firm)?;
                filled("企业", "firm", firm)?;
                if *on > today {
                    return Err(refused!("日期不能晚于今天。", "the day is not after today"));
                }
                let open = self.corrections.iter().any(|order| {
                    (&order.of, &order.firm) == (of, firm) && order.inspected.is_none_or(|(_, corrected)| !corrected)
                });
                if open {
                    Err(refused!("“{firm}”已责令改正。", "`{firm}` is under an order already"))
                } else {
                    Ok(())
                }
            }
            Work::Reinspect { of, firm, on, .. } => {
                self.authority(of, around)?;
                let order = self.corrections.iter().rev().find(|order| (&order.of, &order.firm) == (of, firm));
                match order {
                    Some(order) if order.inspected.is_some_and(|(_, corrected)| corrected) => {
                        Err(refused!("“{firm}”已复查合格。", "`{firm}` was found to have corrected"))
                    }
                    None => Err(refused!("没有责令“{firm}”改正。", "`{firm}` is under no order")),
                    Some(order) if *on < order.ordered_on || *on > today => Err(refused!(
                        "复查日期应在{}与今天之间。",
                        "the order is of {}: the inspection lies between then and today",
                        order.ordered_on
                    )),
                    Some(_) => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

/// Whether an act of this kind says nothing without its particulars.
fn needs_particulars(kind: ActKind) -> bool {
    kind.is_work() && !matches!(kind, ActKind::Approve | ActKind::Cancel)
}

/// Who is an organisation here is named in its role: a platform is not told as an authority, and a firm does not test.
fn in_its_role(party: Option<&Party>, role: Role) -> Checked {
    match party {
        Some(party) if party.role != role => Err(Refused::new(
            format!("“{}”登记为{}，不是{}。", party.name, party.role.zh(), role.zh()),
            format!("`{}` is registered as `{}`, not as `{}`", party.name, party.role.code(), role.code()),
        )),
        _ => Ok(()),
    }
}

/// A test body that is registered, for this category, on this day (clause 3-09).
fn registered(name: &str, today: Date, around: Around<'_>) -> Checked {
    let Some(body) = around.bodies.get(name) else {
        return Err(refused!(
            "检验机构名录中没有“{name}”：请先登记其资质。",
            "`{name}` is not in the register of test bodies: register its qualification first"
        ));
    };
    if today > body.valid_until || today < body.valid_from {
        return Err(refused!(
            "“{name}”的资质有效期为{}至{}，今天不在其内。",
            "the qualification of `{name}` holds from {} to {}, which today is not",
            body.valid_from,
            body.valid_until
        ));
    }
    if !body.categories.contains(&around.category) {
        return Err(Refused::new(
            format!("“{name}”的资质范围不含“{}”。", around.category.zh()),
            format!("`{name}` is not qualified for `{}`", around.category.code()),
        ));
    }
    Ok(())
}

/// A test body speaks of what was sent to it.
fn own_body(sample: &Sample, around: Around<'_>) -> Checked {
    match around.party {
        Some(party) if party.role == Role::TestBody && sample.body.as_deref() != Some(party.name.as_str()) => {
            Err(refused!("样品{}没有送到贵单位。", "sample `{}` was not sent to your organisation", sample.id))
        }
        _ => Ok(()),
    }
}

fn needs_why(act: &Act) -> Checked {
    if act.note.trim().is_empty() {
        return Err(Refused::new(
            format!("{}需要写明说明。", act.kind.zh()),
            format!("`{}` needs a note that says why", act.kind.code()),
        ));
    }
    Ok(())
}

fn filled(zh: &str, en: &str, text: &str) -> Checked {
    if text.trim().is_empty() {
        return Err(Refused::new(format!("请填写{zh}。"), format!("`{en}` is empty")));
    }
    Ok(())
}

fn hexadecimal(text: &str) -> Checked {
    if text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Ok(());
    }
    Err(refused!("应为64位小写十六进制数。", "expected 64 hexadecimal digits in small letters"))
}

/// Whether the particulars are within their bounds: every text and every list.
fn bounds(work: &Work) -> Checked {
    let most = Work::FIELD_CHARS_MAX;
    let value = serde_json::to_value(work).map_err(Refused::quoted)?;
    if value.to_string().len() > Work::BYTES_MAX {
        let most = Work::BYTES_MAX;
        return Err(refused!("内容超过{most}字节。", "the particulars are larger than {most} bytes"));
    }
    let rows_max = if work.kind() == ActKind::Draw { Work::CHOSEN_MAX } else { Work::ROWS_MAX };
    let mut left = vec![&value];
    while let Some(value) = left.pop() {
        match value {
            serde_json::Value::String(text) if text.chars().count() > most => {
                return Err(refused!("有一处内容超过{most}个字。", "a text is longer than {most} characters"));
            }
            serde_json::Value::Array(rows) if rows.len() > rows_max => {
                return Err(refused!("列表超过{rows_max}行。", "a list has more than {rows_max} rows"));
            }
            serde_json::Value::Array(rows) => left.extend(rows),
            serde_json::Value::Object(fields) => left.extend(fields.values()),
            _ => {}
        }
    }
    Ok(())
}
