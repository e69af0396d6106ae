//! What is stored is read back strictly: a value that this program would not have written is an error that names table, row and column.

#![expect(clippy::disallowed_methods, reason = "damages files, and looks for bytes in them")]

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::date;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection};

use crate::frontier::Frontier;
use crate::sqlite::{MIGRATIONS, migrator};
use crate::{SECRETS_KEY_BYTES, Store, StoreError, Vault};
use vocabulary::{
    Channel, DocumentId, DocumentLine, Endpoint, EndpointKind, Explanation, Position, SourceId, Subscription,
};

/// One row of every table whose values can be made without a judgement: as an earlier version of this program wrote them.
const ROWS: &[&str] = &[
    "INSERT INTO cursors VALUES ('alerts', 1, '2024-05-01')",
    "INSERT INTO facts VALUES ('k', 'v')",
    "INSERT INTO intake_counts VALUES ('s', 'media', 5, 1, 1, 1, 2)",
    "INSERT INTO reject_reasons VALUES ('s', 'no text', 2)",
    "INSERT INTO frontier VALUES ('s', 'http://a/1', 'waiting', '{}', '2024-05-01T00:00:00Z', '2024-05-01T00:00:00Z', 1, 0, NULL, NULL, NULL, 0)",
    "INSERT INTO schedule VALUES ('s', '2024-05-01T00:00:00Z', '2024-05-01T00:00:00Z', 1, 5, 1, 1, 1, 2, 0, NULL)",
    "INSERT INTO sources VALUES ('s', '2024-05-01T00:00:00Z', '2024-05-01T00:00:00Z', '2024-05-01T00:00:00Z', 0, 60, 0, '2024-05-01T00:00:00Z', 0)",
    "INSERT INTO source_fields VALUES ('s', 'title', 0.5, 1.0, 3)",
    "INSERT INTO host_days VALUES ('a.example', '2024-05-01', 3)",
    r#"INSERT INTO outcomes VALUES (1, 'o-1', 'wl-1', '2024-05-01T00:00:00Z', '{"id":"o-1","known_at":"2024-05-01T00:00:00Z","date":"2024-05-01","alert_id":"wl-1","category":"toy","hazard":"fire","brand":null,"kind":"verdict","verdict":"nothing","by":"a","why":"b","context":null}')"#,
    "INSERT INTO parties VALUES ('p', 'centre', '{}', '2024-05-01T00:00:00Z')",
    "INSERT INTO users (user, party, password, created_at, disabled_at) VALUES ('u', 'p', '', '2024-05-01T00:00:00Z', '2024-05-01T00:00:00Z')",
    "INSERT INTO sessions VALUES ('d', 'u', '2024-05-01T00:00:00Z', '2024-05-01T00:00:00Z')",
    "INSERT INTO tokens VALUES ('t', 'd', 'p', 'x', '[]', '2024-05-01T00:00:00Z', '2024-05-01T00:00:00Z', '2024-05-01T00:00:00Z')",
    r#"INSERT INTO acts VALUES (1, 'wl-1', '2024-05-01T00:00:00Z', 'note', '{"alert_id":"wl-1","at":"2024-05-01T00:00:00Z","by":"a","party":"p","kind":"note","note":"n"}')"#,
    "INSERT INTO deliveries (delivery, endpoint, seq, lane, message, state, made_at, due_at) VALUES ('e-1', 'e', 1, '1', 'm', 'waiting', '2024-05-01T00:00:00Z', '2024-05-01T00:00:00Z')",
    "INSERT INTO delivery_tries VALUES (1, 'e', 'm', '2024-05-01T00:00:00Z', 3, 200, NULL)",
    "INSERT INTO searches VALUES ('w', 'fire', '2024-05-01T00:00:00Z', 1, 0, 5, '2024-05-01T00:00:00Z', 1, 'p')",
    "INSERT INTO search_hits VALUES (1, 'w', 1, 'a', 1, 'x', '2024-05-01T00:00:00Z', 0)",
    "INSERT INTO buyers VALUES ('b-00000001', 'sealed:1:k:d', '2024-05-01T00:00:00Z', NULL)",
    "INSERT INTO consignments VALUES ('s-1', 'b-00000001', 'sealed:1:k:d', '2024-05-01T00:00:00Z')",
    r#"INSERT INTO excluded VALUES ('x-toy-fire-1', 'toy', 'fire', '2024-05-01', 'low', 'isolated', 2, '{"key":"x-toy-fire-1","as_of":"2024-05-01","category":"toy","hazard":"fire","brand":null,"region":null,"danger":"low","spread":"isolated","counts":{"reports":2,"texts":2,"actors":2,"places":0},"window_days":7,"rule":"exclude.below_line","why":"w","criteria":"c","documents":["a"]}')"#,
    r#"INSERT INTO notices VALUES (1, '{"kind":"past_changed","at":"2024-05-01T00:00:00Z","about":"a","text":"t"}')"#,
];

/// Values that cannot be read: table, row as the error names it, column, and the statement that writes the value.
const WRONG: &[(&str, &str, &str, &str)] = &[
    ("documents", "1", "body", "UPDATE documents SET body = '{' WHERE position = 1"),
    ("documents", "nonsense / 2024-05-01", "event_day", "UPDATE documents SET event_day = 'nonsense'"),
    ("documents", "2024-05-01 / nonsense", "known_day", "UPDATE documents SET known_day = 'nonsense'"),
    ("documents", "a", "text_hash", "UPDATE documents SET text_hash = x'00'"),
    ("documents", "a", "revision", "UPDATE documents SET revision = -1"),
    ("documents", "any", "position", "UPDATE documents SET position = -1"),
    ("cursors", "alerts", "position", "UPDATE cursors SET position = -1"),
    ("intake_counts", "s", "channel", "UPDATE intake_counts SET channel = 'nonsense'"),
    ("intake_counts", "s", "collected", "UPDATE intake_counts SET collected = -1"),
    ("intake_counts", "s", "kept", "UPDATE intake_counts SET kept = -1"),
    ("intake_counts", "s", "duplicate", "UPDATE intake_counts SET duplicate = -1"),
    ("intake_counts", "s", "unchanged", "UPDATE intake_counts SET unchanged = -1"),
    ("intake_counts", "s", "rejected", "UPDATE intake_counts SET rejected = -1"),
    ("reject_reasons", "s / no text", "items", "UPDATE reject_reasons SET items = -1"),
    ("frontier", "s / http://a/1", "same_times", "UPDATE frontier SET same_times = -1"),
    ("frontier", "s / http://a/1", "state", "UPDATE frontier SET state = 'nonsense'"),
    ("frontier", "s / http://a/1", "hints", "UPDATE frontier SET hints = '{'"),
    ("frontier", "s / http://a/1", "fetched_at", "UPDATE frontier SET fetched_at = 'yesterday'"),
    ("frontier", "s / http://a/1", "tries", "UPDATE frontier SET tries = -1"),
    ("frontier", "s / http://a/1", "documents", "UPDATE frontier SET documents = 4294967296"),
    ("schedule", "s", "due_at", "UPDATE schedule SET due_at = 'tomorrow'"),
    ("schedule", "s", "last_at", "UPDATE schedule SET last_at = ''"),
    ("schedule", "s", "rounds", "UPDATE schedule SET rounds = -1"),
    ("schedule", "s", "collected", "UPDATE schedule SET collected = -1"),
    ("schedule", "s", "kept", "UPDATE schedule SET kept = -1"),
    ("schedule", "s", "duplicate", "UPDATE schedule SET duplicate = -1"),
    ("schedule", "s", "unchanged", "UPDATE schedule SET unchanged = -1"),
    ("schedule", "s", "rejected", "UPDATE schedule SET rejected = -1"),
    ("schedule", "s", "problems", "UPDATE schedule SET problems = -1"),
    ("sources", "s", "paused_at", "UPDATE sources SET paused_at = 'x'"),
    ("sources", "s", "last_success_at", "UPDATE sources SET last_success_at = 'x'"),
    ("sources", "s", "last_news_at", "UPDATE sources SET last_news_at = 'x'"),
    ("sources", "s", "failed_rounds", "UPDATE sources SET failed_rounds = -1"),
    ("sources", "s", "gap_seconds", "UPDATE sources SET gap_seconds = -1"),
    ("sources", "s", "empty_rounds", "UPDATE sources SET empty_rounds = -1"),
    ("sources", "s", "back_at", "UPDATE sources SET back_at = 'x'"),
    ("sources", "s", "away_rounds", "UPDATE sources SET away_rounds = -1"),
    ("source_fields", "s / title", "rounds", "UPDATE source_fields SET rounds = -1"),
    ("host_days", "a.example / 2024-05-01", "taken", "UPDATE host_days SET taken = -1"),
    ("alerts", "wl-2", "body", "INSERT INTO alerts VALUES ('wl-2', 'open', 1, '{}')"),
    ("alert_events", "1", "body", "INSERT INTO alert_events VALUES (1, 'wl-1', '2024-05-01', 'opened', '{}', NULL)"),
    (
        "alert_events",
        "1",
        "message",
        "INSERT INTO alert_events VALUES (1, 'wl-1', '2024-05-01', 'opened', '{}', 'now')",
    ),
    ("alert_events", "any", "seq", "INSERT INTO alert_events VALUES (-1, 'wl-1', '2024-05-01', 'opened', '{}', NULL)"),
    ("sampling_requests", "r-1", "body", "INSERT INTO sampling_requests VALUES ('r-1', 'wl-1', '2024-05-01', '{}')"),
    ("listings", "x / 1", "body", "INSERT INTO listings VALUES ('x', '1', 'toy', 0, '{}')"),
    ("outcomes", "o-1", "body", "UPDATE outcomes SET body = '{}'"),
    ("parties", "p", "role", "UPDATE parties SET role = 'nonsense'"),
    ("parties", "p", "concerns", "UPDATE parties SET concerns = ''"),
    ("users", "u", "created_at", "UPDATE users SET created_at = 'x'"),
    ("users", "u", "disabled_at", "UPDATE users SET disabled_at = 'x'"),
    ("sessions", "u", "expires_at", "UPDATE sessions SET expires_at = 'x'"),
    ("tokens", "t", "scopes", "UPDATE tokens SET scopes = '['"),
    ("tokens", "t", "created_at", "UPDATE tokens SET created_at = 'x'"),
    ("tokens", "t", "expires_at", "UPDATE tokens SET expires_at = 'x'"),
    ("tokens", "t", "revoked_at", "UPDATE tokens SET revoked_at = 'x'"),
    ("acts", "1", "body", "UPDATE acts SET body = '{}'"),
    ("audit", "1", "body", "INSERT INTO audit VALUES (1, '{}', '', '')"),
    ("audit", "any", "seq", "INSERT INTO audit VALUES (-1, '{}', '', '')"),
    ("endpoints", "e", "body", "INSERT INTO endpoints (endpoint, body, cursor, made_at) VALUES ('e', '{}', 0, '')"),
    (
        "endpoints",
        "e",
        "cursor",
        "INSERT INTO endpoints (endpoint, body, cursor, made_at) VALUES ('e', ENDPOINT, -1, '')",
    ),
    (
        "endpoints",
        "e",
        "notice_cursor",
        "INSERT INTO endpoints (endpoint, body, cursor, made_at, notice_cursor) VALUES ('e', ENDPOINT, 0, '', -1)",
    ),
    (
        "endpoints",
        "e",
        "paused_at",
        "INSERT INTO endpoints (endpoint, body, cursor, made_at, paused_at) VALUES ('e', ENDPOINT, 0, '', 'x')",
    ),
    ("deliveries", "m", "tries", "UPDATE deliveries SET tries = -1"),
    ("deliveries", "e-1", "seq", "UPDATE deliveries SET seq = -1"),
    ("deliveries", "e-1", "notice", "UPDATE deliveries SET notice = 2"),
    ("delivery_tries", "1", "at", "UPDATE delivery_tries SET at = 'x'"),
    ("searches", "w", "made_at", "UPDATE searches SET made_at = 'x'"),
    ("searches", "w", "watched", "UPDATE searches SET watched = 2"),
    ("searches", "w", "only_new", "UPDATE searches SET only_new = 2"),
    ("searches", "w", "throttle_minutes", "UPDATE searches SET throttle_minutes = -1"),
    ("searches", "w", "told_at", "UPDATE searches SET told_at = 'x'"),
    ("searches", "w", "came", "UPDATE searches SET came = -1"),
    ("search_hits", "1", "position", "UPDATE search_hits SET position = -1"),
    ("search_hits", "1", "story", "UPDATE search_hits SET story = -1"),
    ("search_hits", "1", "seen_at", "UPDATE search_hits SET seen_at = 'x'"),
    ("reruns", "1", "body", "INSERT INTO reruns VALUES (1, 'p', 0, '{}')"),
    ("promotions", "1", "body", "INSERT INTO promotions VALUES (1, 'asked', '{}')"),
    ("doubts", "1", "body", "INSERT INTO doubts VALUES (1, 'a', 't', 'open', '{}')"),
    ("test_bodies", "1", "body", "INSERT INTO test_bodies VALUES (1, 'a', '', '{}')"),
    ("buyers", "b-00000001", "added_at", "UPDATE buyers SET added_at = 'x'"),
    ("buyers", "b-00000001", "retired_at", "UPDATE buyers SET sealed = NULL, retired_at = 'x'"),
    ("consignments", "s-1", "assigned_at", "UPDATE consignments SET assigned_at = 'x'"),
    ("excluded", "x-toy-fire-1", "body", "UPDATE excluded SET body = '{}'"),
    ("notices", "1", "body", "UPDATE notices SET body = '{}'"),
    ("notices", "any", "number", "UPDATE notices SET number = -1"),
];

/// Columns of which every value can be read (names and texts of people), or which are only compared in SQL and never read; and those whose
/// place in [`WRONG`] is another column's: numbers of rows, given by the engine.
const FREE: &[&str] = &[
    "documents.document_id documents.source documents.logged_at",
    "cursors.consumer cursors.detail facts.key facts.value intake_counts.source reject_reasons.source reject_reasons.reason",
    "frontier.source frontier.url frontier.found_at frontier.etag frontier.last_modified frontier.content_hash",
    "schedule.source schedule.stopped sources.source source_fields.source source_fields.field source_fields.usual source_fields.last",
    "host_days.host host_days.day alerts.alert_id alerts.state alerts.rank_score",
    "alert_events.alert_id alert_events.as_of alert_events.event",
    "sampling_requests.request_id sampling_requests.alert_id sampling_requests.created_on",
    "listings.platform listings.item_id listings.category listings.sold",
    "outcomes.seq outcomes.outcome_id outcomes.alert_id outcomes.known_at",
    "parties.party parties.created_at users.user users.party users.password users.mail",
    "identities.user identities.issuer identities.subject identities.bound_at",
    "sessions.digest sessions.user sessions.created_at tokens.token tokens.digest tokens.party tokens.label",
    "acts.seq acts.alert_id acts.at acts.kind audit.previous audit.digest",
    "endpoints.endpoint endpoints.made_at endpoints.stopped endpoints.owner endpoints.removed_at",
    "deliveries.delivery deliveries.endpoint deliveries.lane deliveries.message deliveries.made_at deliveries.due_at deliveries.done_at",
    "deliveries.state",
    "delivery_tries.number delivery_tries.endpoint delivery_tries.message delivery_tries.took_ms delivery_tries.status delivery_tries.trouble",
    "searches.name searches.query searches.party search_hits.seq search_hits.name search_hits.document_id search_hits.title search_hits.told",
    "reruns.seq reruns.plan reruns.ended promotions.seq promotions.state doubts.seq doubts.document_id doubts.text_hash doubts.state",
    "test_bodies.seq test_bodies.name test_bodies.at frames.frame frames.at frames.body",
    "buyers.buyer_id buyers.sealed consignments.sample_id consignments.buyer_id consignments.sealed",
    "excluded.key excluded.category excluded.hazard excluded.as_of excluded.danger excluded.spread excluded.reports",
    "table_checksums.tbl table_checksums.rows table_checksums.checksum",
];

/// An endpoint as an earlier version of this program wrote it.
const ENDPOINT: &str = r#"'{"name":"e","party":null,"kind":"webhook","url":"http://a","secret":null,"allow_loopback":false,"subscription":{}}'"#;

/// A connection that may write what this program never would.
async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).foreign_keys(false).connect().await.expect("a connection")
}

async fn run(raw: &mut SqliteConnection, statement: &str) {
    let statement = statement.replace("ENDPOINT", ENDPOINT);
    let done = sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(raw).await;
    done.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// What every operation that reads says of the store; transactions are given up.
async fn read_all(store: &Store) -> Vec<StoreError> {
    let (source, id, far) = (SourceId::from("s"), DocumentId::from("a"), Position(u64::MAX));
    let (frontier, now, day) = (Frontier::new(store.clone()), Timestamp::UNIX_EPOCH, date(2024, 5, 1));
    let found = [("http://a/1".to_owned(), vocabulary::Meta::new())];
    let mut wrong = Vec::new();
    macro_rules! read {
        ($($read:expr),* $(,)?) => { $( if let Err(error) = $read.await { wrong.push(error); } )* };
    }
    read!(
        store.read_after(Position(0), 10, usize::MAX),
        store.journal_end(),
        store.intake(),
        store.reject_reasons(&source),
        store.document(&id),
        store.revisions(&id),
        store.last_revisions(&id, 10),
        store.newest(far),
        store.revised(Position(0), far),
        store.volume(Position(0), far),
        store.cursor("alerts"),
        store.fact("k"),
        frontier.discover(&source, &found, now),
        frontier.unfinished(&source, 9, 9),
        frontier.counts(&source),
        frontier.schedule(&source),
        frontier.state(&source),
        frontier.take_of_day("a.example", day, 0, 10),
        store.every_alert(),
        store.alert(&"wl-2".into()),
        store.alert_events(None),
        store.alert_events_after(0, 9),
        store.last_alert_event(),
        store.message_stamps(&"wl-1".into()),
        store.sampling_requests(),
        store.every_request(),
        store.listings(vocabulary::Category::Toy, 9),
        store.acts(None),
        store.outcomes(None),
        store.parties(),
        store.users(),
        store.user("u"),
        store.session("d"),
        store.tokens(),
        store.token("d"),
        store.endpoints(),
        store.endpoint_health(),
        store.endpoint_paces(),
        store.messages_due("e", Timestamp::MAX, 9),
        store.tries(None, 9),
        store.notices_after(0, 9),
        store.last_notice(),
        store.searches(),
        store.came_for("w", 9),
        store.reruns(None),
        store.promotions(),
        store.doubts(false, 9),
        store.test_bodies(),
        store.excluded(),
        store.buyers(),
        store.buyer(&"b-00000001".into()),
        store.audit(0, 9),
        store.audit_end(),
    );
    let mut tx = store.begin().await.expect("a transaction");
    read!(
        Store::lock_journal(&mut tx),
        Store::newest_revisions(&mut tx, &["a".to_owned()]),
        Store::excluded_in(&mut tx),
        Store::kept_buyers(&mut tx),
        Store::consignment(&mut tx, &"s-1".into()),
        Store::kept_consignments(&mut tx),
    );
    tx.rollback().await.expect("given up");
    wrong
}

async fn filled(path: &Path) -> Store {
    let store = Store::open(path).await.expect("a store");
    let line = r#"{"id":"a","text":"充电宝起火","published_at":"2024-05-01"}"#;
    let document = DocumentLine::parse(line).expect("a good line").into_document(&SourceId::from("s"), Channel::Media);
    let entry = crate::NewEntry::new(Position(1), 1, [7; 32], &document, Timestamp::UNIX_EPOCH).expect("a row");
    let mut tx = store.begin().await.expect("a transaction");
    Store::append_entries(&mut tx, &[entry]).await.expect("added");
    tx.commit().await.expect("kept");
    let mut raw = raw(path).await;
    for trigger in [
        "outcomes_stay",
        "outcomes_last",
        "acts_stay",
        "acts_last",
        "audit_stays",
        "audit_lasts",
        "test_bodies_stay",
        "test_bodies_last",
    ] {
        run(&mut raw, &format!("DROP TRIGGER {trigger}")).await;
    }
    for row in ROWS {
        run(&mut raw, row).await;
    }
    raw.close().await.expect("closed");
    store
}

#[tokio::test]
async fn a_stored_value_that_cannot_be_read_is_an_error_that_names_table_row_and_column() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("wanglou.sqlite");
    let store = filled(&path).await;
    let before = read_all(&store).await;
    assert!(before.is_empty(), "everything can be read before anything is changed: {before:?}");
    let mut raw = raw(&path).await;
    for (table, row, column, statement) in WRONG {
        run(&mut raw, &format!("CREATE TEMP TABLE kept AS SELECT * FROM {table}")).await;
        run(&mut raw, statement).await;
        let wrong: Vec<String> = read_all(&store).await.iter().map(ToString::to_string).collect();
        let named = format!("table `{table}`, row `{row}`, column `{column}`");
        assert!(wrong.iter().any(|error| error.contains(&named)), "{statement}: expected {named}, got {wrong:#?}");
        run(&mut raw, &format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept; DROP TABLE kept")).await;
    }
    assert!(read_all(&store).await.is_empty(), "and everything after all was put right");
}

#[tokio::test]
async fn every_column_is_corrupted_in_a_test_or_can_hold_any_value() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("wanglou.sqlite");
    Store::open(&path).await.expect("a store");
    let columns: Vec<String> = sqlx::query_scalar(
        "SELECT m.name || '.' || c.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE '_sqlx%'",
    )
    .fetch_all(&mut raw(&path).await)
    .await
    .expect("listed");
    let found: BTreeSet<String> = columns.into_iter().collect();
    let wrong = WRONG.iter().map(|(table, _, column, _)| format!("{table}.{column}"));
    let named: BTreeSet<String> =
        FREE.iter().flat_map(|line| line.split(' ')).map(str::to_owned).chain(wrong).collect();
    let missing: Vec<_> = found.symmetric_difference(&named).collect();
    assert!(missing.is_empty(), "name them in WRONG or FREE: {missing:?}");
}

/// A folder of any earlier version opens as long as no shipped migration changes: the migrator compares them with those that made the file.
#[test]
fn a_shipped_migration_never_changes() {
    let found: Vec<String> = MIGRATIONS
        .iter()
        .map(|(version, name, sql)| format!("{version} {name} {}", &blake3::hash(sql.as_bytes()).to_hex()[..16]))
        .collect();
    insta::assert_snapshot!(found.join("\n"));
}

/// Alerts and events as the versions before sentences were values kept them.
#[tokio::test]
async fn alerts_and_events_of_an_earlier_version_are_read_with_their_prose_and_what_they_were_merged_into() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("wanglou.sqlite");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true).foreign_keys(true);
    let earlier = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.expect("opened");
    let before = MIGRATIONS.iter().position(|(_, name, _)| *name == "merged").expect("listed");
    migrator(&MIGRATIONS[..before]).run(&earlier).await.expect("tables of the version before");
    let prose =
        "截至2023-01-06，近7天“甲牌”电池与充电器“起火爆炸”有4起独立事件。处置采样：应当组织采样（sample.spread）。";
    let kept = serde_json::json!({
        "id": "wl-1", "state": "closed", "opened_on": "2023-01-05", "changed_on": "2023-01-06", "last_active_on": "2023-01-06",
        "lexicon": "lex", "evidence": [], "evidence_total": 0, "assessment": {
            "as_of": "2023-01-06", "category": "battery_charger", "hazard": "fire", "brand": "甲牌", "region": null,
            "danger": "high", "spread": "isolated", "disposal": "sample", "rank_score": 1.0,
            "counts": {"reports": 4, "texts": 4, "actors": 4, "places": 1}, "window_days": 7,
            "detector": {"method": "m", "h": 4.0, "h_threshold": 3.0, "windows": [], "baseline_events": 0, "baseline_weeks": 104.0,
                "prior": [0.5, 10.0]},
            "danger_terms": {"severity": 3, "severity_stated": 0, "vulnerable": false, "probability_row": null,
                "range": ["medium", "serious"]},
            "spread_terms": {"brands": 1, "effective_brands": 1.0, "top_brand": "甲牌", "unknown_brand_share": 0.0, "provinces": 0,
                "effective_provinces": 0.0, "top_province": null, "top_province_share": 0.0, "unknown_region_share": 1.0,
                "p_without_top_brand": null, "p_without_top_province": null, "company_wide": false, "provisional": false,
                "rule": "isolated"},
            "disposal_rule": "sample.spread", "explanation": prose, "criteria": "test", "documents": [],
        },
    });
    let event = |kind: &str, explanation: &str| {
        serde_json::json!({
            "alert_id": "wl-1", "as_of": "2023-01-06", "event": kind, "category": "battery_charger", "hazard": "fire", "brand": "甲牌",
            "region": null, "danger": "high", "spread": "isolated", "disposal": "sample", "rank_score": 1.25,
            "counts": {"reports": 4, "texts": 4, "actors": 4, "places": 1}, "evidence": [], "evidence_total": 0,
            "explanation": explanation, "criteria": "test", "lexicon": "lex",
        })
        .to_string()
    };
    let into = "wl-20230101-battery_charger-fire-3fa1c2";
    let merged = format!("并入预警{into}。{prose}");
    let said = [("opened", prose), ("closed", "自2023-01-01起连续28天未再越线，关闭。"), ("closed", &merged)];
    sqlx::query("INSERT INTO alerts VALUES ('wl-1', 'closed', 1.0, ?)")
        .bind(kept.to_string())
        .execute(&earlier)
        .await
        .expect("kept");
    for (kind, explanation) in said {
        sqlx::query("INSERT INTO alert_events (alert_id, as_of, event, body) VALUES ('wl-1', '2023-01-06', ?, ?)")
            .bind(kind)
            .bind(event(kind, explanation))
            .execute(&earlier)
            .await
            .expect("kept");
    }
    earlier.close().await;
    let store = Store::open(&path).await.expect("opened by this version");
    let events = store.alert_events(None).await.expect("read");
    let found: Vec<_> =
        events.iter().map(|event| event.merged_into.as_ref().map(vocabulary::AlertId::as_str)).collect();
    assert_eq!(found, [None, None, Some(into)]);
    for (event, (_, explanation)) in events.iter().zip(said) {
        assert_eq!(event.explanation, Explanation::prose(explanation));
    }
    let alerts = store.alerts().await.expect("read");
    assert_eq!(alerts[0].assessment.explanation, Explanation::prose(prose));
}

/// LOG-1: with anything less a power cut takes back what was acknowledged.
#[tokio::test]
async fn every_commit_is_synced_before_it_is_acknowledged() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Store::open(&dir.path().join("wanglou.sqlite")).await.expect("open");
    let mut tx = store.begin().await.expect("begin");
    let ask = |pragma: &'static str| sqlx::query_scalar::<_, i64>(pragma);
    let synchronous = ask("PRAGMA synchronous").fetch_one(&mut **crate::sqlite::own(&mut tx)).await.expect("asked");
    assert_eq!(synchronous, 2, "FULL");
    let journal: String =
        sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut **crate::sqlite::own(&mut tx)).await.expect("asked");
    assert_eq!(journal, "wal");
}

/// What [`Store::examine`] finds wrong, in English.
async fn examined(path: &Path) -> Vec<String> {
    let found = Store::examine(path).await.expect("looked at");
    found.problems.into_iter().map(|problem| problem.en).collect()
}

/// Has the checksums of all tables made from what they hold now.
async fn summed_anew(path: &Path) {
    let mut raw = raw(path).await;
    run(&mut raw, "DELETE FROM table_checksums").await;
    raw.close().await.expect("closed");
    Store::open(path).await.expect("opened").close().await;
}

/// Values that no operation reads, or that are numbers of rows: with those of [`WRONG`] every table has one that is changed.
const CHANGED: &[(&str, &str)] = &[
    ("documents", "UPDATE documents SET logged_at = logged_at || ' '"),
    ("documents", "UPDATE documents SET body = replace(body, '充', '允')"),
    ("facts", "UPDATE facts SET value = 'w'"),
    ("cursors", "UPDATE cursors SET detail = ''"),
    ("host_days", "UPDATE host_days SET day = '2024-05-02'"),
    ("source_fields", "UPDATE source_fields SET usual = 0.5000000000000001"),
    ("intake_counts", "DELETE FROM intake_counts"),
    ("reject_reasons", "INSERT INTO reject_reasons VALUES ('s', 'by hand', 1)"),
    ("identities", "INSERT INTO identities (user) VALUES ('u')"),
    ("buyers", "UPDATE buyers SET sealed = 'sealed:1:k:e'"),
    ("consignments", "UPDATE consignments SET sealed = NULL"),
    ("sqlite_sequence", "UPDATE sqlite_sequence SET seq = seq + 1024 WHERE name = 'search_hits'"),
    ("_sqlx_migrations", "UPDATE _sqlx_migrations SET execution_time = 0 WHERE version = 1"),
    ("table_checksums", "UPDATE table_checksums SET rows = 1040 WHERE tbl = ''"),
    ("facts", "UPDATE table_checksums SET checksum = x'00' WHERE tbl = 'facts'"),
    ("nothing", "UPDATE table_checksums SET tbl = 'nothing' WHERE tbl = 'facts'"),
];

#[tokio::test]
async fn a_value_that_was_changed_past_the_store_is_found_with_its_table() {
    let dir = tempfile::tempdir().expect("a folder");
    let (path, kept) = (dir.path().join("wanglou.sqlite"), dir.path().join("kept.sqlite"));
    let store = Store::open(&path).await.expect("a store");
    store.close().await;
    let mut conn = raw(&path).await;
    // As `filled`, but with the triggers of the tables in place.
    for row in ROWS {
        run(&mut conn, row).await;
    }
    run(
        &mut conn,
        r#"INSERT INTO documents VALUES (1, 'a', 1, x'07', 's', NULL, '2024-05-01', 'now', '{"text":"充电宝起火"}')"#,
    )
    .await;
    conn.close().await.expect("closed");
    assert!(!examined(&path).await.is_empty(), "rows of another program are found");
    summed_anew(&path).await;
    // Rows that point to rows which these tests leave out are all that is wrong.
    let before = examined(&path).await;
    assert!(before.iter().all(|problem| problem.contains("point to rows")), "{before:#?}");
    std::fs::copy(&path, &kept).expect("copied");
    for (table, statement) in CHANGED {
        std::fs::copy(&kept, &path).expect("copied");
        let mut conn = raw(&path).await;
        run(&mut conn, statement).await;
        conn.close().await.expect("closed");
        let found = examined(&path).await;
        let named = found.iter().any(|problem| problem.contains(&format!("table `{table}` does not hold")));
        assert!(named, "{statement}: {found:#?}");
    }
}

#[tokio::test]
async fn a_database_without_its_tables_or_with_others_is_not_whole() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("wanglou.sqlite");
    Store::open(&path).await.expect("a store").close().await;
    assert_eq!(examined(&path).await, Vec::<String>::new());
    let mut conn = raw(&path).await;
    run(&mut conn, "DROP INDEX acts_by_alert").await;
    conn.close().await.expect("closed");
    assert!(examined(&path).await[0].contains("tables are not those"));
    std::fs::write(&path, "this was written by somebody else; ".repeat(200)).expect("written");
    let found = Store::examine(&path).await.expect("looked at");
    assert!(found.unreadable && found.problems.len() > 1, "{found:?}");
}

#[tokio::test]
async fn tables_of_an_earlier_version_get_their_checksums_when_they_are_opened() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("wanglou.sqlite");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut earlier = options.connect().await.expect("opened");
    let before = MIGRATIONS.iter().position(|(_, name, _)| *name == "checksums").expect("listed");
    migrator(&MIGRATIONS[..before]).run(&mut earlier).await.expect("tables of the version before");
    run(&mut earlier, "INSERT INTO facts VALUES ('k', 'v')").await;
    earlier.close().await.expect("closed");
    let found = Store::examine(&path).await.expect("looked at");
    assert!(found.earlier && found.problems.is_empty(), "{found:?}");
    let store = Store::open(&path).await.expect("opened by this version");
    let mut tx = store.begin().await.expect("begin");
    Store::set_fact(&mut tx, "k", "w").await.expect("set");
    tx.commit().await.expect("commit");
    store.close().await;
    let found = Store::examine(&path).await.expect("looked at");
    assert!(!found.earlier && found.problems.is_empty() && found.rows > 16, "{found:?}");
}

#[tokio::test]
async fn what_is_committed_is_found_whole_by_others_at_any_moment_and_what_is_given_up_leaves_no_trace() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("wanglou.sqlite");
    let (store, other) = (Store::open(&path).await.expect("open"), Store::open(&path).await.expect("open"));
    for n in 0..20 {
        let writer = if n % 3 == 0 { &other } else { &store };
        let mut tx = writer.begin().await.expect("begin");
        Store::set_fact(&mut tx, &format!("k{}", n % 7), &n.to_string()).await.expect("set");
        Store::bare_alert(&mut tx, &format!("wl-{n}").as_str().into()).await.expect("kept");
        if n % 4 == 3 {
            tx.rollback().await.expect("given up");
        } else {
            tx.commit().await.expect("commit");
        }
        assert_eq!(examined(&path).await, Vec::<String>::new(), "after {n}");
    }
    store.copy_to(&dir.path().join("copy.sqlite")).await.expect("copied");
    assert_eq!(examined(&dir.path().join("copy.sqlite")).await, Vec::<String>::new());
}

/// An endpoint whose values would open, if anything did, under this name.
fn robot(name: &str) -> Endpoint {
    Endpoint {
        name: name.to_owned(),
        party: None,
        kind: EndpointKind::Dingtalk,
        url: format!("https://robot.example/?key={name}"),
        secret: Some(format!("SEC{name}")),
        allow_loopback: false,
        subscription: Subscription::default(),
    }
}

#[tokio::test]
async fn sealed_values_that_change_rows_are_refused_and_name_the_row() {
    let dir = tempfile::tempdir().expect("a folder");
    let vault = Vault::new(Path::new("w.key"), &[[7; SECRETS_KEY_BYTES]]).expect("a vault");
    let path = dir.path().join("wanglou.sqlite");
    let store = Store::open_with(&path, vault).await.expect("open");
    let mut tx = store.begin().await.expect("begin");
    for name in ["one", "two"] {
        assert!(Store::add_endpoint(&mut tx, &robot(name), None, 0, Timestamp::UNIX_EPOCH).await.expect("kept"));
    }
    tx.commit().await.expect("commit");
    let mut told: Vec<_> = store.endpoints().await.expect("opened").into_iter().map(|row| row.endpoint).collect();
    assert_eq!(told.pop().expect("two"), robot("two"));
    for field in ["url", "secret"] {
        let mut tx = store.begin().await.expect("begin");
        let copy = format!(
            "UPDATE endpoints SET body = json_set(body, '$.{field}',
             (SELECT json_extract(body, '$.{field}') FROM endpoints WHERE endpoint = 'two')) WHERE endpoint = 'one'"
        );
        sqlx::query(AssertSqlSafe(copy)).execute(&mut **crate::sqlite::own(&mut tx)).await.expect("copied");
        tx.commit().await.expect("commit");
        let row = store.endpoint("one").await.expect("read").expect("there");
        assert_eq!((row.endpoint.url.as_str(), row.endpoint.secret.as_deref()), ("", None));
        let why = row.shut.expect("another row's");
        assert!(why.contains(&format!("endpoints/one/{field}")), "{why}");
        let other = store.endpoints().await.expect("read").pop().expect("two");
        assert_eq!((other.endpoint, other.shut), (robot("two"), None), "nobody else is kept from being told");
        let kept = store.seal_secrets().await.expect("a start goes on");
        assert_eq!((kept.sealed, kept.shut), (4, 1), "and says so");
        let mut tx = store.begin().await.expect("begin");
        Store::put_endpoint(&mut tx, &robot("one")).await.expect("made anew");
        tx.commit().await.expect("commit");
        assert_eq!(store.endpoint("one").await.expect("opened").expect("there").endpoint, robot("one"));
    }
}

#[tokio::test]
async fn what_was_changed_or_removed_leaves_no_byte_in_the_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("wanglou.sqlite");
    let store = Store::open(&path).await.expect("open");
    let mut tx = store.begin().await.expect("begin");
    let secure = sqlx::query_scalar::<_, i64>("PRAGMA secure_delete");
    assert_eq!(secure.fetch_one(&mut **crate::sqlite::own(&mut tx)).await.expect("asked"), 1, "ON");
    for name in ["planted-one", "planted-two", "planted-three"] {
        Store::add_endpoint(&mut tx, &robot(name), None, 0, Timestamp::UNIX_EPOCH).await.expect("kept");
    }
    tx.commit().await.expect("commit");
    let mut tx = store.begin().await.expect("begin");
    assert!(Store::remove_endpoint(&mut tx, "planted-one", Timestamp::UNIX_EPOCH).await.expect("removed"));
    let moved = Endpoint { url: "https://elsewhere.example/".to_owned(), secret: None, ..robot("planted-two") };
    Store::put_endpoint(&mut tx, &moved).await.expect("changed");
    tx.commit().await.expect("commit");
    store.close().await;
    let bytes = std::fs::read(&path).expect("read");
    let held = |word: &str| bytes.windows(word.len()).filter(|window| *window == word.as_bytes()).count();
    assert_eq!((held("SECplanted-one"), held("SECplanted-two"), held("SECplanted-three")), (0, 0, 1));
}

#[tokio::test]
async fn what_a_removed_endpoint_held_is_forgotten_also_of_those_removed_before() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("wanglou.sqlite");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true).foreign_keys(true);
    let mut earlier = options.connect().await.expect("opened");
    let before = MIGRATIONS.iter().position(|(_, name, _)| *name == "removed_secrets").expect("listed");
    migrator(&MIGRATIONS[..before]).run(&mut earlier).await.expect("tables of the version before");
    for (name, removed) in [("gone", Some("2024-05-01T00:00:00Z")), ("here", None)] {
        let body = serde_json::to_string(&robot(name)).expect("JSON");
        sqlx::query("INSERT INTO endpoints (endpoint, body, cursor, made_at, removed_at) VALUES (?, ?, 0, '2024-05-01T00:00:00Z', ?)")
            .bind(name)
            .bind(body)
            .bind(removed)
            .execute(&mut earlier)
            .await
            .expect("kept");
    }
    earlier.close().await.expect("closed");
    let store = Store::open(&path).await.expect("opened by this version");
    let mut tx = store.begin().await.expect("begin");
    assert!(Store::remove_endpoint(&mut tx, "here", Timestamp::UNIX_EPOCH).await.expect("removed"));
    let kept = Store::kept_endpoints(&mut tx).await.expect("read");
    tx.commit().await.expect("commit");
    for endpoint in kept {
        assert_eq!((endpoint.url.as_str(), endpoint.secret.as_deref()), ("", None), "{}", endpoint.name);
    }
}
