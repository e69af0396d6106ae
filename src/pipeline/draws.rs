//! The fair draw of samples (clauses 1-26, 3-34): a seed that is committed to before the frame is known, a frame that is kept, and a draw that
//! anybody can make again. A draw that says anything else than its seed and frame give is not kept.

use jiff::Timestamp;

use super::acts::ActTaken;
use super::{Folder, PipelineError};
use matter::Matter;
use sampling::{Drawn, Frame, Offer, Repeat, Seed, Strata, StratumBy, Taken, draw};
use store::Store;
use vocabulary::{Act, ActKind, AlertId, ItemRef, Listing, Refused, StratumKind, Work, refused};

/// Listings in a frame that is made of what was collected.
const LISTINGS_MAX: u32 = 20_000;

/// Who acts, in whose name, when.
#[derive(Debug, Clone, Copy)]
pub struct Actor<'a> {
    /// The person.
    pub by: &'a str,
    /// The organisation.
    pub party: &'a str,
    /// The moment.
    pub at: Timestamp,
}

impl Actor<'_> {
    fn act(self, id: &AlertId, work: Work) -> Act {
        Act {
            alert_id: id.clone(),
            at: self.at,
            by: self.by.to_owned(),
            party: self.party.to_owned(),
            kind: work.kind(),
            note: String::new(),
            to: None,
            until: None,
            work: Some(Box::new(work)),
            key: None,
        }
    }
}

impl Folder {
    /// Makes a seed for the next draw of a matter, keeps it (sealed where a key is given) and commits to it by an act. Gives its digest. `why`: for a
    /// further commitment, why the draw before does not do.
    ///
    /// # Errors
    /// [`PipelineError::Refused`] when the matter does not allow it now.
    pub async fn commit_seed(&self, id: &AlertId, why: &str, actor: Actor<'_>) -> Result<String, PipelineError> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes)
            .map_err(|error| PipelineError::refused("系统没有给出随机数".to_owned(), error.to_string()))?;
        let seed = Seed::new(bytes);
        let digest = seed.commitment(id.as_str());
        let mut tx = self.store().begin().await?;
        Store::keep_seed(&mut tx, &digest, &seed.to_hex()).await?;
        tx.commit().await?;
        let act = Act { note: why.trim().to_owned(), ..actor.act(id, Work::CommitSeed { digest: digest.clone() }) };
        self.take_act(act).await?;
        Ok(digest)
    }

    /// The frame of a matter: the offers of its category on the platforms of its scheme that were collected.
    ///
    /// # Errors
    /// [`PipelineError::Refused`] when there are none.
    pub async fn frame_of(&self, id: &AlertId) -> Result<Frame, PipelineError> {
        let (alert, matter, _) = self.matter(id).await?.ok_or_else(|| super::outcomes::no_alert(id))?;
        let listings = self.store().listings(alert.assessment.category, LISTINGS_MAX).await?;
        if listings.len() >= usize::try_from(LISTINGS_MAX).unwrap_or(usize::MAX) {
            return Err(refused!(
                "在售商品超过{LISTINGS_MAX}件，列不全：请提交抽样框（--frame）。",
                "more than {LISTINGS_MAX} goods are on offer, so that the frame would be cut: hand one in with --frame"
            )
            .into());
        }
        let platforms = matter.scheme.map(|scheme| scheme.platforms).unwrap_or_default();
        let offers =
            listings.into_iter().filter(|listing| platforms.is_empty() || platforms.contains(&listing.platform));
        Ok(Frame::new(offers.map(offer).collect()).map_err(|error| Refused::of(&error))?)
    }

    /// Draws the samples that are still wanted, by the seed that was committed to, and keeps frame and draw.
    ///
    /// # Errors
    /// [`PipelineError::Refused`] when no seed was committed to, or nothing could be drawn.
    pub async fn draw(
        &self,
        id: &AlertId,
        frame: &Frame,
        strata: &[StratumKind],
        repeats: &str,
        actor: Actor<'_>,
    ) -> Result<Drawn, PipelineError> {
        let (_, matter, _) = self.matter(id).await?.ok_or_else(|| super::outcomes::no_alert(id))?;
        let none = || refused!("抽取之前应先公布种子摘要。", "`commit_seed` comes before the draw");
        let digest = matter.commitment().map(|draw| draw.digest.clone()).ok_or_else(none)?;
        let kept = self.store().kept_seed(&digest).await?;
        let seed = kept.ok_or_else(|| {
            refused!(
                "这里没有该摘要的种子：由保存种子的人抽取。",
                "the seed of this commitment is not kept here: whoever has it draws"
            )
        })?;
        let drawn = again(&matter, frame, &seed, strata, repeats)?;
        let item = |offer: &Offer| ItemRef { platform: offer.platform.clone(), item_id: offer.item_id.clone() };
        let work = Work::Draw {
            seed,
            frame: frame.hash().to_owned(),
            offers: u32::try_from(frame.offers().len()).unwrap_or(u32::MAX),
            strata: strata.to_vec(),
            chosen: drawn.chosen.iter().map(|chosen| item(&chosen.offer)).collect(),
            repeats: repeats.trim().to_owned(),
        };
        let mut tx = self.store().begin().await?;
        Store::add_frame(&mut tx, frame.hash(), &frame.to_csv(), actor.at).await?;
        tx.commit().await?;
        match self.take_acts(vec![actor.act(id, work)]).await?.pop() {
            Some(ActTaken::Refused(why)) => Err(why.into()),
            _ => Ok(drawn),
        }
    }

    /// Whether a draw is what its seed and its frame give; both must be known here.
    pub(super) async fn check_draw(&self, matter: &Matter, act: &Act) -> Result<Result<(), Refused>, PipelineError> {
        let (ActKind::Draw, Some(Work::Draw { seed, frame, chosen, strata, repeats, offers })) =
            (act.kind, act.work.as_deref())
        else {
            return Ok(Ok(()));
        };
        let Some(kept) = self.store().frame(frame).await? else {
            return Ok(Err(refused!(
                "不认识抽样框{frame}：请先提交抽样框。",
                "frame `{frame}` is not known here: hand it in first"
            )));
        };
        Ok(verify(matter, (frame, &kept), seed, (chosen, strata, repeats), *offers))
    }
}

/// Makes a draw again and holds it against what an act says.
fn verify(
    matter: &Matter,
    (digest, frame): (&str, &str),
    seed: &str,
    (chosen, strata, repeats): (&[ItemRef], &[StratumKind], &str),
    offers: u32,
) -> Result<(), Refused> {
    let frame = Frame::from_csv(frame).map_err(|error| Refused::of(&error))?;
    let committed = matter.commitment().map(|draw| draw.digest.as_str());
    let opened = Seed::from_hex(seed).map_err(|error| Refused::of(&error))?;
    if committed != Some(opened.commitment(matter.id.as_str()).as_str()) {
        return Err(refused!("种子与公布的摘要不符。", "the seed is not the one that was committed to"));
    }
    let drawn = again(matter, &frame, seed, strata, repeats)?;
    if frame.hash() != digest {
        return Err(refused!("抽样框与其摘要不符。", "the frame is not the one of this digest"));
    }
    let same = drawn.chosen.iter().map(|chosen| (&chosen.offer.platform, &chosen.offer.item_id));
    if usize::try_from(offers).ok() != Some(frame.offers().len())
        || !same.eq(chosen.iter().map(|item| (&item.platform, &item.item_id)))
    {
        return Err(refused!("按种子和抽样框重抽，结果不同。", "seed and frame give another draw"));
    }
    Ok(())
}

/// The draw that a seed and a frame give for a matter as it stands: for the batches that are still wanted, beside the samples that it has.
fn again(matter: &Matter, frame: &Frame, seed: &str, strata: &[StratumKind], repeats: &str) -> Result<Drawn, Refused> {
    let seed = Seed::from_hex(seed).map_err(|error| Refused::of(&error))?;
    for kind in strata {
        let states = |offer: &Offer| match kind {
            StratumKind::Platform => true,
            StratumKind::Region => offer.region.is_some(),
            StratumKind::Price => offer.price_fen.is_some(),
        };
        if !frame.offers().iter().any(states) {
            return Err(Refused::new(
                format!("抽样框没有写{}，不能按它分层。", kind.zh()),
                format!("no offer of the frame states a {}: it cannot be divided by that", kind.en()),
            ));
        }
    }
    let kept: Vec<Offer> = matter.samples.values().filter(|sample| sample.counts()).map(bought).collect();
    let batches = matter.scheme.as_ref().map_or(0, |scheme| scheme.batches);
    let wanted = usize::try_from(batches).unwrap_or(usize::MAX).saturating_sub(kept.len());
    let by = |kind: &StratumKind| match kind {
        StratumKind::Platform => StratumBy::Platform,
        StratumKind::Region => StratumBy::Region,
        StratumKind::Price => StratumBy::Price,
    };
    let strata = Strata { by: strata.iter().map(by).collect() };
    let repeat = Repeat { allowed: Some(repeats.trim().to_owned()).filter(|reason| !reason.is_empty()) };
    draw(frame, &seed, wanted, &strata, &Taken::of(&kept), &repeat).map_err(|error| Refused::of(&error))
}

fn offer(listing: Listing) -> Offer {
    let Listing { item_id, platform, seller, brand, category: _, title, sold: _, url, digest: _ } = listing;
    Offer { platform, item_id, seller, brand, maker: None, region: None, price_fen: None, title, url }
}

fn bought(sample: &matter::Sample) -> Offer {
    Offer {
        platform: sample.item.platform.clone(),
        item_id: sample.item.item_id.clone(),
        seller: sample.seller.clone(),
        brand: sample.brand.clone(),
        maker: sample.maker.clone(),
        region: None,
        price_fen: None,
        title: String::new(),
        url: None,
    }
}
