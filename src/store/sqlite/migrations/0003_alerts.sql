-- Episodes, the events of their lives, sampling requests and known listings. Bodies are the vocabulary types as JSON.
CREATE TABLE alerts (
    alert_id    TEXT PRIMARY KEY,
    state       TEXT NOT NULL,
    rank_score  REAL NOT NULL,
    body        TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alerts_by_rank ON alerts (state, rank_score DESC);

CREATE TABLE alert_events (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    alert_id  TEXT NOT NULL REFERENCES alerts (alert_id),
    as_of     TEXT NOT NULL,
    event     TEXT NOT NULL,
    body      TEXT NOT NULL
) STRICT;
CREATE INDEX alert_events_by_alert ON alert_events (alert_id, seq);

-- Exactly one request per episode (ALERT-1, clause 3-31): the database refuses a second.
CREATE TABLE sampling_requests (
    request_id  TEXT PRIMARY KEY,
    alert_id    TEXT NOT NULL UNIQUE REFERENCES alerts (alert_id),
    created_on  TEXT NOT NULL,
    body        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Where products are sold, newest capture per platform item (clause 3-33, 3-43).
CREATE TABLE listings (
    platform  TEXT NOT NULL,
    item_id   TEXT NOT NULL,
    category  TEXT NOT NULL,
    sold      INTEGER NOT NULL,
    body      TEXT NOT NULL,
    PRIMARY KEY (platform, item_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX listings_by_category ON listings (category, sold DESC);
