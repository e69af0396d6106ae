//! What an engine must do: every operation of the store with its promise, on one page.
//!
//! An engine is a type with these operations as methods of the same names and a transaction type; [`Engine`] and [`EngineTx`] have one variant
//! for each. The macros below write the methods of [`Store`], which ask the engine that was opened: the compiler says what a new engine lacks,
//! and `tests/it/engines.rs` says what it does wrong. Operations with a `tx` belong to the caller's transaction ([`Store::begin`]); all others
//! are complete, and acknowledged when they return.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::frontier::{Frontier, FrontierPage, RoundMark, Schedule};
use crate::sealed::HoldsSecrets;
use crate::sqlite::SqliteStore;
use crate::{
    AlertCounts, AuditBreak, AuditLine, Became, BuyerRow, CameFor, ConsignmentRow, Digest, EndpointHealth, EndpointRow,
    Engine, EngineTx, Entry, Fared, Message, NewEntry, Newest, Pace, Promotion, Queued, RerunRow, SavedSearch,
    SearchKept, SessionRow, SourceState, Store, StoreError, Taken, TokenRow, TryRow, Tx, UserRow,
};
use vocabulary::{
    Act, Alert, AlertEvent, AlertId, AuditEntry, BuyerRef, Category, Channel, DocumentId, DoubtedText, Endpoint,
    Excluded, ExclusionKey, Intake, Listing, MessageStamp, Meta, Notice, Outcome, Party, Position, SampleId,
    SamplingRequest, SourceId, TestBody,
};

/// Operations of the whole store.
macro_rules! of_store {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),*) -> $output:ty;)*) => {
        impl Store {$(
            $(#[$doc])*
            pub async fn $name(&self, $($arg: $type),*) -> Result<$output, StoreError> {
                match &self.engine { Engine::Sqlite(engine) => engine.$name($($arg),*).await }
            }
        )*}
    };
}

/// Operations of the frontier.
macro_rules! of_frontier {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),*) -> $output:ty;)*) => {
        impl Frontier {$(
            $(#[$doc])*
            pub async fn $name(&self, $($arg: $type),*) -> Result<$output, StoreError> {
                match &self.store.engine { Engine::Sqlite(engine) => engine.$name($($arg),*).await }
            }
        )*}
    };
}

/// Operations inside a transaction.
macro_rules! of_tx {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),*) -> $output:ty;)*) => {
        impl Store {$(
            $(#[$doc])*
            pub async fn $name(tx: &mut Tx, $($arg: $type),*) -> Result<$output, StoreError> {
                match &mut tx.engine { EngineTx::Sqlite(tx) => SqliteStore::$name(tx, $($arg),*).await }
            }
        )*}
    };
}

/// Operations of the whole store whose output holds secrets: an engine gives them as they are kept, the store opens them.
macro_rules! of_store_opened {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),*) -> $output:ty;)*) => {
        impl Store {$(
            $(#[$doc])*
            pub async fn $name(&self, $($arg: $type),*) -> Result<$output, StoreError> {
                let kept: $output = match &self.engine { Engine::Sqlite(engine) => engine.$name($($arg),*).await? };
                Ok(kept.opened(&self.vault)?)
            }
        )*}
    };
}

/// The same inside a transaction.
macro_rules! of_tx_opened {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),*) -> $output:ty;)*) => {
        impl Store {$(
            $(#[$doc])*
            pub async fn $name(tx: &mut Tx, $($arg: $type),*) -> Result<$output, StoreError> {
                let kept: $output = match &mut tx.engine {
                    EngineTx::Sqlite(tx) => SqliteStore::$name(tx, $($arg),*).await?,
                };
                Ok(kept.opened(&tx.vault)?)
            }
        )*}
    };
}

/// Operations inside a transaction that keep an endpoint: an engine is given it sealed.
macro_rules! of_tx_sealed {
    ($($(#[$doc:meta])* fn $name:ident(endpoint: &Endpoint $(, $arg:ident: $type:ty)*) -> $output:ty;)*) => {
        impl Store {$(
            $(#[$doc])*
            pub async fn $name(tx: &mut Tx, endpoint: &Endpoint, $($arg: $type),*) -> Result<$output, StoreError> {
                let sealed = tx.sealed(endpoint).await?;
                match &mut tx.engine { EngineTx::Sqlite(tx) => SqliteStore::$name(tx, &sealed, $($arg),*).await }
            }
        )*}
    };
}

// The whole store.

of_store! {
    /// A number that is another one after every commit that changed a byte, of this process or of others; none once the store is closed.
    /// Numbers of two handles that were opened apart say nothing about each other.
    fn changes() -> Option<i64>;
    /// A small fact kept under a name.
    fn fact(key: &str) -> Option<String>;
    /// The small facts whose names begin with `prefix`, by name.
    fn facts_of(prefix: &str) -> Vec<(String, String)>;
    /// Makes everything anew that is derived from rows only to find them: indices.
    fn reindex() -> ();
    /// Takes what a table holds now for what was written. Only for tables that were emptied or mended as a whole.
    fn recount(table: &str) -> ();
    /// Writes a copy of everything as it is at one moment, while others go on writing.
    fn copy_to(path: &Path) -> ();
    /// Makes the file anew of what it holds, so that no byte stays of what was changed or removed; false when somebody else who reads kept
    /// some of them.
    fn sweep() -> bool;
}

of_tx! {
    /// Keeps a small fact.
    fn set_fact(key: &str, value: &str) -> ();
    /// Forgets a small fact.
    fn remove_fact(key: &str) -> ();
    /// A small fact as this transaction sees it.
    fn fact_in(key: &str) -> Option<String>;
}

// The log of documents. Its rules (what is new, changed or known) are in the room `log`, for every engine.

of_tx! {
    /// The last position of the log, held: until this transaction ends, no other one is given an end, so that positions become visible in
    /// their order and a reader behind position n misses nothing that commits later.
    fn lock_journal() -> Position;
    /// The newest revision of each of these ids that the log knows.
    fn newest_revisions(ids: &[String]) -> Vec<(String, Newest)>;
    /// Adds rows behind the end that [`Store::lock_journal`] gave, in order.
    fn append_entries(entries: &[NewEntry]) -> ();
    /// Adds counts to those of a source (COUNT-1).
    fn add_intake(source: &SourceId, channel: Channel, counts: Intake) -> ();
    /// Adds how often items of a source were set aside, by reason.
    fn add_reject_reasons(source: &SourceId, reasons: &BTreeMap<String, u64>) -> ();
}

of_store! {
    /// The next documents after a position: at most `limit`, and no more once they hold `bytes_max` bytes.
    fn read_after(after: Position, limit: usize, bytes_max: usize) -> Vec<Entry>;
    /// The hashes of title and text of the next documents after a position, as they were kept when the documents were appended.
    fn text_hashes_after(after: Position, limit: usize) -> Vec<Vec<u8>>;
    /// The last position; 0 when the log is empty.
    fn journal_end() -> Position;
    /// COUNT-1 per source since the beginning.
    fn intake() -> BTreeMap<SourceId, (Channel, Intake)>;
    /// Why items of a source were set aside, most frequent first.
    fn reject_reasons(source: &SourceId) -> Vec<(String, u64)>;
}

// Documents by their ids: a view derived from the log.

of_store! {
    /// The position up to which documents can be looked up; never beyond the log's end. An engine that keeps documents apart from the log moves
    /// it in the transaction in which it adds them; one whose log can be asked by id is always at the end.
    fn documents_cursor() -> Position;
    /// The newest revision of a document.
    fn document(id: &DocumentId) -> Option<Entry>;
    /// All revisions of a document, oldest first.
    fn revisions(id: &DocumentId) -> Vec<Entry>;
    /// The newest revisions of a document, oldest of them first, at most `limit`, and how many there are in all.
    fn last_revisions(id: &DocumentId, limit: usize) -> (Vec<Entry>, u64);
    /// Every document with the position of its newest revision up to a position.
    fn newest(up_to: Position) -> Vec<(DocumentId, Position)>;
    /// Documents that were revised behind `after` and up to `until`, with the position of the newest such revision: what was derived from an
    /// older one no longer stands.
    fn revised(after: Position, until: Position) -> BTreeMap<DocumentId, Position>;
    /// Documents behind `after` and up to `until`, per day they are about and day they became known, revisions not counted again.
    fn volume(after: Position, until: Position) -> Vec<(Date, Date, u64)>;
}

// Cursors of consumers whose output is in the store (LOG-2).

of_store! {
    /// Where a consumer stands, with the detail it left; 0 and nothing before its first move.
    fn cursor(consumer: &str) -> (Position, String);
}

of_tx! {
    /// Moves a consumer's cursor in the transaction of its output. Refused with [`StoreError::Gap`] when it does not stand at `from`.
    fn move_cursor(consumer: &str, from: Position, to: Position, detail: &str) -> ();
}

// The frontier: which pages a source has shown, what became of them, and when the source is due.

of_frontier! {
    /// Notes the pages of a list that are not known yet and says what is known of all of them, in the order given. Newer
    /// hints replace older ones. A list without news writes nothing.
    fn discover(source: &SourceId, found: &[(String, Meta)], now: Timestamp) -> Vec<FrontierPage>;
    /// Pages found earlier and not done yet, oldest first; failed ones only below `tries_max`.
    fn unfinished(source: &SourceId, tries_max: u32, limit: u32) -> Vec<FrontierPage>;
    /// Writes down what became of the pages, all or none.
    fn mark(source: &SourceId, pages: &[FrontierPage], now: Timestamp) -> ();
    /// How many pages of a source stand in each state.
    fn counts(source: &SourceId) -> BTreeMap<String, u64>;
    /// When the source is due; none when it has never been asked, so at once.
    fn next_due(source: &SourceId) -> Option<Timestamp>;
    /// When the source is due and how its last round went.
    fn schedule(source: &SourceId) -> Option<Schedule>;
    /// Notes that a round begins, and says whether the one before came to its end. Until [`Frontier::mark_round`] the
    /// round counts as interrupted, so that after a crash the next one reads all lists again.
    fn begin_round(source: &SourceId) -> bool;
    /// Writes down a finished round and when the next is due.
    fn mark_round(source: &SourceId, now: Timestamp, due_at: Timestamp, round: &RoundMark) -> ();
}

// Sources: how they fare, and what is left of a host's day.

of_frontier! {
    /// What is known of a source; nothing is an answer too.
    fn state(source: &SourceId) -> SourceState;
    /// From now on nobody asks the source, until [`Frontier::resume`].
    fn pause(source: &SourceId, now: Timestamp) -> ();
    /// The source is asked again when it is due.
    fn resume(source: &SourceId) -> ();
    /// Writes down how a round went.
    fn fared(source: &SourceId, now: Timestamp, fared: &Fared) -> ();
    /// Takes up to `wanted` requests from a host's budget for a day; less when less is left, 0 when nothing is.
    fn take_of_day(host: &str, day: Date, wanted: u64, budget: u64) -> u64;
}

// Alerts, the events of their lives, sampling requests, listings.

of_store! {
    /// Alerts, open ones first, then by rank. At most [`ALERTS_MAX`](crate::ALERTS_MAX).
    fn alerts() -> Vec<Alert>;
    /// All alerts there are, open ones first, then by rank.
    fn every_alert() -> Vec<Alert>;
    /// How many alerts and sampling requests there are.
    fn alert_counts() -> AlertCounts;
    /// One alert.
    fn alert(id: &AlertId) -> Option<Alert>;
    /// Alerts that have a document among the evidence they keep, highest rank first, at most `limit`.
    fn alerts_citing(document: &DocumentId, limit: usize) -> Vec<Alert>;
    /// The events of one alert's life, or of all alerts, in the order they happened.
    fn alert_events(id: Option<&AlertId>) -> Vec<AlertEvent>;
    /// The events of all alerts behind number `after`, each with its number, in the order they happened, at most `limit`.
    fn alert_events_after(after: u64, limit: usize) -> Vec<(u64, AlertEvent)>;
    /// Number of the last event; 0 before the first.
    fn last_alert_event() -> u64;
    /// The stamps of messages about an alert, one for each event in the order they happened; none for one of an earlier version.
    fn message_stamps(alert: &AlertId) -> Vec<Option<MessageStamp>>;
    /// The sampling request of an alert.
    fn sampling_request(alert: &AlertId) -> Option<SamplingRequest>;
    /// The alerts that have a sampling request, all of them.
    fn sampled_alerts() -> BTreeSet<AlertId>;
    /// Sampling requests, newest first. At most [`ALERTS_MAX`](crate::ALERTS_MAX).
    fn sampling_requests() -> Vec<SamplingRequest>;
    /// All sampling requests there are.
    fn every_request() -> Vec<SamplingRequest>;
    /// Listings of a category, best-selling first, at most `limit`.
    fn listings(category: Category, limit: u32) -> Vec<Listing>;
}

of_tx! {
    /// Keeps a row for an alert without its body, unless there is one. For tests and timings of what refers to alerts, never for a service:
    /// to read such an alert is an error.
    #[doc(hidden)]
    fn bare_alert(id: &AlertId) -> ();
    /// Keeps an alert as it stands now.
    fn put_alert(alert: &Alert) -> ();
    /// Appends an event to an alert's life, with a stamp for messages about it; the alert itself must be kept first.
    fn add_alert_event(event: &AlertEvent, now: Timestamp) -> ();
    /// Keeps a sampling request, unless its alert has one already (ALERT-1). Returns whether it was new.
    fn add_sampling_request(request: &SamplingRequest) -> bool;
    /// Keeps a listing; the newest capture of a platform's item counts.
    fn put_listing(listing: &Listing) -> ();
    /// Forgets all listings.
    fn clear_listings() -> ();
}

// What people did with alerts.

of_store! {
    /// Acts on one alert, or all of them, in the order in which they came.
    fn acts(alert: Option<&AlertId>) -> Vec<Act>;
    /// The same without notes, which change nothing about how far people have come: parties write many, and long ones.
    fn acts_but_notes(alert: Option<&AlertId>) -> Vec<Act>;
}

of_tx! {
    /// Acts on one alert as this transaction sees them: what a further act is checked against.
    fn acts_in(alert: &AlertId) -> Vec<Act>;
    /// Appends an act.
    fn add_act(act: &Act) -> ();
}

// What came back: verdicts and test results.

of_store! {
    /// How many outcomes there are; none is ever changed or taken away.
    fn outcome_count() -> u64;
    /// Outcomes of one alert, or all of them, in the order in which they came.
    fn outcomes(alert: Option<&AlertId>) -> Vec<Outcome>;
}

of_tx! {
    /// Appends an outcome. When it was known, and how its alert stood then, is as the first time says.
    fn add_outcome(outcome: &Outcome) -> Taken;
}

// What matters are handled with beside their acts.

of_store! {
    /// The register of test bodies, in the order in which it was written: of one name the last counts.
    fn test_bodies() -> Vec<TestBody>;
    /// A frame that samples were drawn from, as CSV.
    fn frame(digest: &str) -> Option<String>;
}

of_tx! {
    /// The register of test bodies as this transaction sees it.
    fn test_bodies_in() -> Vec<TestBody>;
    /// Appends a test body, or what is known of it now.
    fn add_test_body(body: &TestBody, now: Timestamp) -> ();
    /// Keeps a frame by its digest; one that is kept stays.
    fn add_frame(digest: &str, csv: &str, now: Timestamp) -> ();
}

// What the machine excluded: one row a matter, the newest.

of_store! {
    /// All exclusions that are kept, the newest first; at most [`EXCLUDED_MAX`](crate::EXCLUDED_MAX).
    fn excluded() -> Vec<Excluded>;
}

of_tx! {
    /// All exclusions as this transaction sees them.
    fn excluded_in() -> Vec<Excluded>;
    /// Keeps an exclusion, in place of what was kept of its matter.
    fn put_excluded(row: &Excluded) -> ();
    /// Forgets the exclusion of a matter.
    fn remove_excluded(key: &ExclusionKey) -> ();
    /// Lets those that were judged longest ago go beyond [`EXCLUDED_MAX`](crate::EXCLUDED_MAX), and says how many.
    fn trim_excluded() -> u64;
}

// Buyers and what they order, sealed. How they are sealed and shown is in `buyers`, for every engine; what is sealed is for this room alone.

of_store! {
    /// All buyers as they are kept, the first that was added first.
    fn buyers() -> Vec<BuyerRow>;
    /// One buyer as it is kept.
    fn buyer(id: &BuyerRef) -> Option<BuyerRow>;
}

of_tx! {
    /// One buyer as this transaction sees it.
    fn buyer_in(id: &BuyerRef) -> Option<BuyerRow>;
    /// All buyers as this transaction sees them.
    fn kept_buyers() -> Vec<BuyerRow>;
    /// Keeps a buyer that is sealed; false when the id is taken. [`Store::put_buyer`] seals.
    fn add_kept_buyer(row: &BuyerRow) -> bool;
    /// Keeps a buyer under another seal.
    fn reseal_buyer(row: &BuyerRow) -> ();
    /// Forgets all that is known of a buyer, and the orders with it; the id stays, and who bought which sample. False when there is none of this
    /// id, or it is retired already.
    fn retire_buyer(id: &BuyerRef, now: Timestamp) -> bool;
    /// Who buys a sample.
    fn consignment(sample: &SampleId) -> Option<ConsignmentRow>;
    /// Who buys which sample, all of them.
    fn kept_consignments() -> Vec<ConsignmentRow>;
    /// Keeps who buys a sample, in place of what was kept of it; false when there is no such buyer, or it is retired. [`Store::put_consignment`]
    /// seals.
    fn put_kept_consignment(row: &ConsignmentRow) -> bool;
}

// Organisations, users, sessions, tokens. Only digests of secrets come here.

of_store! {
    /// Whether anybody can sign in or ever could.
    fn has_users() -> bool;
    /// All organisations, by name.
    fn parties() -> Vec<Party>;
    /// All users, by name.
    fn users() -> Vec<UserRow>;
    /// One user.
    fn user(name: &str) -> Option<UserRow>;
    /// The session of this digest, ended or not.
    fn session(digest: &str) -> Option<SessionRow>;
    /// All tokens, oldest first.
    fn tokens() -> Vec<TokenRow>;
    /// The token of this digest, ended or not.
    fn token(digest: &str) -> Option<TokenRow>;
}

of_tx! {
    /// Keeps an organisation; one that is known takes on what concerns it now. Its role never changes.
    fn put_party(party: &Party, now: Timestamp) -> ();
    /// Makes a user; false when there is one of this name.
    fn add_user(name: &str, party: &str, password: &str, now: Timestamp) -> bool;
    /// Sets a user's password and ends all sessions that were begun with the old one; false when there is no such user.
    fn set_password(name: &str, password: &str) -> bool;
    /// Sets a user's mail address; false when there is no such user.
    fn set_mail(name: &str, mail: Option<&str>) -> bool;
    /// Disables a user or takes that back, and ends all its sessions; false when there is no such user.
    fn disable_user(name: &str, since: Option<Timestamp>) -> bool;
    /// Lets the OpenID provider sign a user in who is bound to nobody yet; an earlier binding is undone. All sessions of the user end.
    fn open_identity(user: &str) -> ();
    /// Lets the OpenID provider sign a user in no longer. All sessions of the user end.
    fn close_identity(user: &str) -> ();
    /// The user whom the provider knows by this number.
    fn bound_user(issuer: &str, subject: &str) -> Option<String>;
    /// Binds a user to the provider's number of a person; false when there is no such user who waits for that.
    fn bind_identity(user: &str, issuer: &str, subject: &str, now: Timestamp) -> bool;
    /// Keeps a session, and forgets those that have ended.
    fn add_session(digest: &str, user: &str, now: Timestamp, expires_at: Timestamp) -> ();
    /// Ends a session.
    fn end_session(digest: &str) -> ();
    /// Keeps a token by its digest.
    fn add_token(digest: &str, token: &TokenRow) -> ();
    /// Refuses a token from now on; false when there is none of this name, or it was revoked before.
    fn revoke_token(token: &str, now: Timestamp) -> bool;
}

// Endpoints, the queue of what they are to be told, the log of tries.

of_store_opened! {
    /// All endpoints, by name.
    fn endpoints() -> Vec<EndpointRow>;
    /// One endpoint.
    fn endpoint(name: &str) -> Option<EndpointRow>;
    /// What a user has subscribed to, oldest first, with how each is doing.
    fn health_of_owner(owner: &str) -> Vec<EndpointHealth>;
    /// How all endpoints are doing.
    fn endpoint_health() -> Vec<EndpointHealth>;
}

of_store! {
    /// Names of endpoints for which something is due.
    fn endpoints_due(now: Timestamp) -> Vec<String>;
    /// How often each endpoint has been told something, by name; those that were told too little to know what is usual are left out. It reads
    /// all that was ever delivered.
    fn endpoint_paces() -> BTreeMap<String, Pace>;
    /// Messages of an endpoint that are due: urgent ones first, then by their time; at most `limit`.
    fn messages_due(name: &str, now: Timestamp, limit: u32) -> Vec<Message>;
    /// The newest lines of the delivery log, newest first.
    fn tries(endpoint: Option<&str>, limit: u32) -> Vec<TryRow>;
}

of_tx_opened! {
    /// What a user has subscribed to, oldest first, as this transaction sees it.
    fn endpoints_of(owner: &str) -> Vec<Endpoint>;
}

of_tx_sealed! {
    /// Changes where and what an endpoint is told.
    fn put_endpoint(endpoint: &Endpoint) -> ();
    /// Makes an endpoint that is told what happens behind `cursor`, and notices from now on; false when there is one of this name.
    fn add_endpoint(endpoint: &Endpoint, owner: Option<&str>, cursor: u64, now: Timestamp) -> bool;
}

of_tx! {
    /// All endpoints as they are kept, removed ones among them: what is sealed is not opened.
    fn kept_endpoints() -> Vec<Endpoint>;
    /// The names of what a user has subscribed to, oldest first.
    fn endpoint_names_of(owner: &str) -> Vec<String>;
    /// Sends nothing more to an endpoint, and forgets its address, its secret and what waits for it; its name is not given again. False when there is none of this name.
    fn remove_endpoint(name: &str, now: Timestamp) -> bool;
    /// Pauses an endpoint or resumes it; to resume forgets that its receiver wanted no more. False when there is none of this name.
    fn pause_endpoint(name: &str, since: Option<Timestamp>) -> bool;
    /// Sends nothing more to an endpoint whose receiver wants no more.
    fn stop_endpoint(name: &str, why: &str) -> ();
    /// Moves an endpoint's cursor from where it stands; false when it stands elsewhere, and then nothing may be queued.
    fn move_endpoint(name: &str, from: u64, to: u64) -> bool;
    /// Queues events or notices, each once for its endpoint; how many were not queued before.
    fn queue(all: &[Queued], now: Timestamp) -> u64;
    /// Sends again what an endpoint was told of events behind `after`, under the same ids.
    fn replay(name: &str, after: u64, now: Timestamp) -> u64;
    /// Closes the digest of an endpoint that is due: from now on its events travel in one message with this id, at every try. `id` is
    /// given the ids of the events.
    fn close_digest(name: &str, now: Timestamp, id: impl FnOnce(&[String]) -> String) -> ();
    /// Keeps what became of a message, and the line of the log, in one transaction.
    fn note_try(tried: &TryRow, became: Became, now: Timestamp) -> ();
    /// Lets everything that waits for an endpoint wait until then at least.
    fn rest_endpoint(name: &str, until: Timestamp) -> ();
}

// What happens to the watch itself.

of_store! {
    /// Notices behind number `after`, in order, at most `limit`.
    fn notices_after(after: u64, limit: u32) -> Vec<(u64, Notice)>;
    /// Number of the last notice; 0 before the first.
    fn last_notice() -> u64;
}

of_tx! {
    /// Notes what happened, in the transaction of what it tells of.
    fn add_notice(notice: &Notice) -> ();
    /// Moves an endpoint's place among the notices; false when it stands elsewhere, and then nothing may be queued.
    fn move_endpoint_notices(name: &str, from: u64, to: u64) -> bool;
}

// Saved searches and what came for them.

of_store! {
    /// All saved searches, by name.
    fn searches() -> Vec<SavedSearch>;
    /// Keeps a search of an organisation, or of none, and the audit log's line about it.
    fn save_search(search: &SavedSearch, party: Option<&str>, line: Option<&AuditEntry>) -> SearchKept;
    /// Forgets a search and what came for it, and keeps the audit log's line about that. False when there is none of this name.
    fn remove_search(name: &str, line: Option<&AuditEntry>) -> bool;
    /// What came for a watch, newest first.
    fn came_for(name: &str, limit: usize) -> Vec<CameFor>;
    /// Digests that are due: watches with something untold whose last digest is long enough ago. What they tell counts as
    /// told from here on.
    fn take_digests(now: Timestamp) -> Vec<Digest>;
}

of_tx! {
    /// Notes a document that came for a watch. False when it was known, or its story was
    /// and the watch wants only new ones.
    fn note_came(search: &SavedSearch, hit: &CameFor) -> bool;
    /// Forgets what came for a watch beyond the newest [`SEARCH_HITS_MAX`](crate::SEARCH_HITS_MAX).
    fn trim_came(name: &str) -> ();
}

// Reruns by a plan of the settings.

of_store! {
    /// Reruns of one plan, or of all, newest first.
    fn reruns(plan: Option<&str>) -> Vec<RerunRow>;
}

of_tx! {
    /// Keeps a rerun that begins, and gives its number.
    fn add_rerun(row: &RerunRow) -> u64;
    /// Keeps how a rerun stands now.
    fn put_rerun(row: &RerunRow) -> ();
}

// Rules that were put in force.

of_store! {
    /// All promotions, newest first.
    fn promotions() -> Vec<Promotion>;
    /// What counts; none: the shipped rules, or those that the settings name.
    fn promotion_in_force() -> Option<Promotion>;
    /// What was asked for and is not in force yet; the oldest.
    fn promotion_asked() -> Option<Promotion>;
}

of_tx! {
    /// Keeps what somebody asks for, and gives its number; none when something that was asked for waits already.
    fn add_promotion(row: &Promotion) -> Option<u64>;
    /// Keeps how a promotion stands now.
    fn put_promotion(row: &Promotion) -> ();
}

// Documents that the judge is not sure of.

of_store! {
    /// What is asked, or was said, about a document.
    fn doubted(id: &DocumentId) -> Option<DoubtedText>;
    /// Documents that wait for a person, or that were answered: newest first, at most `limit`.
    fn doubts(answered: bool, limit: u32) -> Vec<DoubtedText>;
    /// How many there are.
    fn count_doubts(answered: bool) -> u64;
}

of_tx! {
    /// Asks about a document, in place of an earlier question; one that was answered, or whose text is that of another, is not asked about again.
    fn ask_about(doubted: &DoubtedText) -> ();
    /// Lets the oldest questions go beyond [`DOUBTS_OPEN_MAX`](crate::DOUBTS_OPEN_MAX), and says how many.
    fn trim_doubts() -> u64;
    /// Lets all questions go that nobody has answered.
    fn clear_open_doubts() -> ();
    /// Keeps an answer, also in place of an earlier one; false when nothing is known of the document.
    fn answer_doubt(doubted: &DoubtedText) -> bool;
}

// The audit log.

of_store! {
    /// Lines behind number `after`, in order, at most `limit`.
    fn audit(after: u64, limit: u32) -> Vec<AuditLine>;
    /// Number of the last line; 0 before the first.
    fn audit_end() -> u64;
    /// Walks the whole chain: how many lines there are and the digest of the last one, or the first line that does not fit. A digest
    /// in `known` must be that of some line: it was noted when that line was the last.
    fn verify_audit(known: Option<&str>) -> Result<(u64, String), AuditBreak>;
}

of_tx! {
    /// Appends a line, in the transaction of what it tells of.
    fn add_audit(entry: &AuditEntry) -> ();
}
