-- The log of documents and the cursors of its consumers (LOG-1, LOG-2).
-- `position` counts from 1 without gaps; a changed text is a new position and a new revision of the same document.
CREATE TABLE documents (
    position     INTEGER PRIMARY KEY,
    document_id  TEXT NOT NULL,
    revision     INTEGER NOT NULL,
    text_hash    BLOB NOT NULL,
    source       TEXT NOT NULL,
    event_day    TEXT,             -- YYYY-MM-DD in Asia/Shanghai: the day it is about
    known_day    TEXT,             -- YYYY-MM-DD in Asia/Shanghai: the day from which a replay may know of it
    logged_at    TEXT NOT NULL,    -- RFC 3339 UTC: when it entered this log
    body         TEXT NOT NULL,    -- the document as JSON
    UNIQUE (document_id, revision)
) STRICT;
CREATE INDEX documents_by_day ON documents (event_day, known_day) WHERE revision = 1;

-- Consumers whose output lies in this database keep their cursor here, moved in the same transaction as the output.
CREATE TABLE cursors (
    consumer  TEXT PRIMARY KEY,
    position  INTEGER NOT NULL,
    detail    TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

-- Small facts that survive a restart.
CREATE TABLE facts (
    key    TEXT PRIMARY KEY,
    value  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- COUNT-1 per source, summed over runs: collected = kept + duplicate + unchanged + rejected.
CREATE TABLE intake_counts (
    source     TEXT PRIMARY KEY,
    channel    TEXT NOT NULL,
    collected  INTEGER NOT NULL DEFAULT 0,
    kept       INTEGER NOT NULL DEFAULT 0,
    duplicate  INTEGER NOT NULL DEFAULT 0,
    unchanged  INTEGER NOT NULL DEFAULT 0,
    rejected   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Why items were set aside, per source.
CREATE TABLE reject_reasons (
    source  TEXT NOT NULL,
    reason  TEXT NOT NULL,
    items   INTEGER NOT NULL,
    PRIMARY KEY (source, reason)
) STRICT, WITHOUT ROWID;
