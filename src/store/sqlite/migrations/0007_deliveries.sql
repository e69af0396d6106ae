-- Who is told of what happens to alerts, and what became of it. Moments are RFC 3339 UTC.
-- An endpoint's cursor moves over `alert_events` in the same transaction that queues what it wants: nothing is skipped or queued twice (LOG-2).
CREATE TABLE endpoints (
    endpoint    TEXT PRIMARY KEY,
    body        TEXT NOT NULL,         -- the vocabulary type as JSON, with its secret
    cursor      INTEGER NOT NULL,      -- last number of alert_events that was looked at
    made_at     TEXT NOT NULL,
    paused_at   TEXT,
    stopped     TEXT                   -- why the receiver wants no more; none while it does
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
    delivery    TEXT PRIMARY KEY,      -- derived from endpoint and event: never a second one
    endpoint    TEXT NOT NULL REFERENCES endpoints (endpoint),
    seq         INTEGER NOT NULL,      -- number of the event
    lane        TEXT NOT NULL,
    message     TEXT,                  -- id of the message it travels in, the same at every try; none: a digest that is still open
    state       TEXT NOT NULL,         -- waiting, delivered, dead
    made_at     TEXT NOT NULL,
    due_at      TEXT NOT NULL,
    tries       INTEGER NOT NULL DEFAULT 0,
    done_at     TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_due ON deliveries (state, endpoint, due_at);
CREATE INDEX deliveries_by_message ON deliveries (message);

-- The delivery log: one line a try.
CREATE TABLE delivery_tries (
    number    INTEGER PRIMARY KEY AUTOINCREMENT,
    endpoint  TEXT NOT NULL,
    message   TEXT NOT NULL,
    at        TEXT NOT NULL,
    took_ms   INTEGER NOT NULL,
    status    INTEGER,                 -- HTTP status, when one came
    trouble   TEXT                     -- why it failed; none: delivered
) STRICT;
