-- The frontier: every detail page a source has shown us, and how far we have come with it. A page is `done` only after
-- its documents were acknowledged by the log, so a crash costs at most a second look.
-- Moments are RFC 3339 UTC.
CREATE TABLE frontier (
    source         TEXT NOT NULL,
    url            TEXT NOT NULL,               -- canonical address
    state          TEXT NOT NULL,               -- waiting, done, failed, gone
    hints          TEXT NOT NULL DEFAULT '{}',  -- what the list said about the page, masked, as JSON
    found_at       TEXT NOT NULL,
    fetched_at     TEXT,
    tries          INTEGER NOT NULL DEFAULT 0,  -- failed attempts since the last good one
    documents      INTEGER NOT NULL DEFAULT 0,  -- how many documents the page gave
    etag           TEXT,
    last_modified  TEXT,
    content_hash   TEXT,                        -- of the payload and of the recipe that read it
    PRIMARY KEY (source, url)
) STRICT, WITHOUT ROWID;
CREATE INDEX frontier_by_state ON frontier (source, state, found_at);

-- When each source is due, and how its last round went (COUNT-1).
CREATE TABLE schedule (
    source       TEXT PRIMARY KEY,
    due_at       TEXT NOT NULL,
    last_at      TEXT NOT NULL,
    rounds       INTEGER NOT NULL DEFAULT 0,
    collected    INTEGER NOT NULL,
    kept         INTEGER NOT NULL,
    duplicate    INTEGER NOT NULL,
    unchanged    INTEGER NOT NULL,
    rejected     INTEGER NOT NULL,
    problems     INTEGER NOT NULL,
    stopped      TEXT                            -- why the round ended early, if it did
) STRICT, WITHOUT ROWID;
