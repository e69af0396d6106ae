//! One thing that a site of this world publishes, and what it really is.

use jiff::Timestamp;
use serde::Serialize;

use super::places::Place;
use vocabulary::{Category, Channel, Hazard};

/// A site: one listener on loopback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum SiteKind {
    /// A complaint platform: HTML in GB18030.
    Complaints,
    /// A regulator's bulletin board: HTML with spot-check tables.
    Regulator,
    /// A marketplace: a JSON API.
    Market,
    /// A news portal: RSS and articles.
    Media,
    /// Standards and notices from abroad: Atom.
    Standards,
}

impl SiteKind {
    /// Every site.
    pub const ALL: [SiteKind; 5] =
        [SiteKind::Complaints, SiteKind::Regulator, SiteKind::Market, SiteKind::Media, SiteKind::Standards];

    /// Short name for messages and file names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SiteKind::Complaints => "complaints",
            SiteKind::Regulator => "regulator",
            SiteKind::Market => "market",
            SiteKind::Media => "media",
            SiteKind::Standards => "standards",
        }
    }

    /// The channel group it belongs to.
    #[must_use]
    pub fn channel(self) -> Channel {
        match self {
            SiteKind::Complaints => Channel::Complaint,
            SiteKind::Regulator => Channel::Regulator,
            SiteKind::Market => Channel::Platform,
            SiteKind::Media => Channel::Media,
            SiteKind::Standards => Channel::Standard,
        }
    }
}

/// A series of items that a site lists newest first. The marketplace has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Stream {
    /// Complaints.
    Complaints,
    /// Notices of the regulator.
    Notices,
    /// Listings of the marketplace.
    Listings,
    /// Reviews of the marketplace.
    Reviews,
    /// Articles of the portal.
    Articles,
    /// Standards and notices from abroad.
    Standards,
}

impl Stream {
    /// Every stream.
    pub const ALL: [Stream; 6] =
        [Stream::Complaints, Stream::Notices, Stream::Listings, Stream::Reviews, Stream::Articles, Stream::Standards];

    /// The site that publishes it.
    #[must_use]
    pub fn site(self) -> SiteKind {
        match self {
            Stream::Complaints => SiteKind::Complaints,
            Stream::Notices => SiteKind::Regulator,
            Stream::Listings | Stream::Reviews => SiteKind::Market,
            Stream::Articles => SiteKind::Media,
            Stream::Standards => SiteKind::Standards,
        }
    }

    pub(super) fn index(self) -> usize {
        match self {
            Stream::Complaints => 0,
            Stream::Notices => 1,
            Stream::Listings => 2,
            Stream::Reviews => 3,
            Stream::Articles => 4,
            Stream::Standards => 5,
        }
    }

    /// External ids grow from here.
    pub(super) fn id_base(self) -> u64 {
        match self {
            Stream::Complaints => 17_300_000,
            Stream::Notices => 20_400,
            Stream::Listings => 62_810_000,
            Stream::Reviews => 9_105_000,
            Stream::Articles => 448_000,
            Stream::Standards => 3_100,
        }
    }
}

/// What an item really is: the truth that no page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Nature {
    /// A first-hand report of an injected incident (index into [`super::World::truth`]). Independent of the others.
    Event(usize),
    /// A story or notice about an injected incident, copies included.
    Echo(usize),
    /// A real, isolated case of the background.
    Background(Category, Hazard),
    /// A copy of a story about a background case.
    Copy(Category, Hazard),
    /// A real failure in a spot check, or a recall, of the background.
    Official,
    /// Quality trouble without harm.
    Broken,
    /// Service trouble: no hazard.
    Service,
    /// Praise or indifference.
    Praise,
    /// A hazard named in order to deny it.
    Negated,
    /// What a seller promises.
    Advert,
    /// A general question.
    Question,
    /// Fire as a figure of speech.
    Idiom,
    /// A form filled by a professional: one text, many brands.
    Professional,
    /// Text that would like to be a program.
    Hostile,
    /// Advice, trade, policy, old cases.
    General,
    /// A standard, or a notice from abroad.
    Standard,
}

impl Nature {
    /// Whether something dangerous or defective really happened behind it.
    #[must_use]
    pub fn is_real_case(self) -> bool {
        matches!(
            self,
            Nature::Event(_)
                | Nature::Echo(_)
                | Nature::Background(..)
                | Nature::Copy(..)
                | Nature::Official
                | Nature::Broken
        )
    }
}

/// One row of a spot-check table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct SpotRow {
    pub(super) product: String,
    pub(super) firm: String,
    pub(super) brand: String,
    pub(super) model: String,
    pub(super) region: String,
    pub(super) item: String,
    pub(super) standard: String,
}

/// What only some items have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) enum Extra {
    Nothing,
    /// What the complainant demands, and the sum.
    Complaint {
        demand: &'static str,
        yuan: u32,
    },
    Review {
        listing: u64,
        rating: u8,
    },
    Listing {
        yuan: u32,
        sold: u64,
        sold_per_day: u64,
        first: bool,
    },
    /// Stories that retell one another share a number.
    Article {
        outlet: &'static str,
        story: u64,
    },
    SpotCheck(Vec<SpotRow>),
    Standard {
        number: Option<&'static str>,
        country: Option<&'static str>,
    },
}

/// One thing that a site publishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// The site's own id.
    pub id: u64,
    /// Where it is published.
    pub stream: Stream,
    /// From when on it can be seen.
    pub published_at: Timestamp,
    /// Headline; empty for reviews.
    pub title: String,
    /// Its text.
    pub paragraphs: Vec<String>,
    /// Pseudonym of who wrote it.
    pub author: Option<String>,
    /// Brand as the page states it beside the text.
    pub brand: Option<String>,
    /// Shop or firm as the page states it.
    pub shop: Option<String>,
    /// The platform's own category.
    pub shelf: Option<String>,
    /// What it really is.
    pub nature: Nature,
    pub(super) place: Option<Place>,
    pub(super) extra: Extra,
}

impl Item {
    /// Its whole text, one paragraph a line.
    #[must_use]
    pub fn text(&self) -> String {
        self.paragraphs.join("\n")
    }
}
