-- Saved searches, and what came for those that are watched. Moments are RFC 3339 UTC.
CREATE TABLE searches (
    name              TEXT PRIMARY KEY,
    query             TEXT NOT NULL,
    made_at           TEXT NOT NULL,
    watched           INTEGER NOT NULL,          -- 1: matched against documents as they arrive
    only_new          INTEGER NOT NULL,          -- 1: one document of each story is enough
    throttle_minutes  INTEGER NOT NULL,          -- least time between two digests
    told_at           TEXT,                      -- when the last digest was given
    came              INTEGER NOT NULL DEFAULT 0 -- matches since it was made, those no longer kept among them
) STRICT, WITHOUT ROWID;

CREATE TABLE search_hits (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT NOT NULL REFERENCES searches (name) ON DELETE CASCADE,
    position     INTEGER NOT NULL,
    document_id  TEXT NOT NULL,
    story        INTEGER NOT NULL,
    title        TEXT NOT NULL,                  -- headline, or how the text begins
    seen_at      TEXT,                           -- when the document was first seen, else published
    told         INTEGER NOT NULL DEFAULT 0,     -- 1: was in a digest
    UNIQUE (name, position)
) STRICT;
CREATE INDEX search_hits_by_story ON search_hits (name, story);
CREATE INDEX search_hits_untold ON search_hits (name, told, seq);
