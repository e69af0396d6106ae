-- What an operator decided about a source, and how it has fared. Moments are RFC 3339 UTC.
CREATE TABLE sources (
    source           TEXT PRIMARY KEY,
    paused_at        TEXT,             -- nobody asks it while this is set
    last_success_at  TEXT,             -- last round that read a page
    last_news_at     TEXT,             -- last round that kept a document
    failed_rounds    INTEGER NOT NULL DEFAULT 0,  -- rounds since that read nothing
    gap_seconds      INTEGER           -- between the last two rounds, for the adaptive schedule
) STRICT, WITHOUT ROWID;

-- How often each field of a source was filled: the usual share, and that of the last round that kept documents.
CREATE TABLE source_fields (
    source  TEXT NOT NULL,
    field   TEXT NOT NULL,
    usual   REAL NOT NULL,
    last    REAL NOT NULL,
    rounds  INTEGER NOT NULL,
    PRIMARY KEY (source, field)
) STRICT, WITHOUT ROWID;

-- POLITE-1: requests taken from a host's daily budget. Taken before they are sent, so that a crash asks less, not more.
CREATE TABLE host_days (
    host   TEXT NOT NULL,
    day    TEXT NOT NULL,              -- YYYY-MM-DD in Asia/Shanghai
    taken  INTEGER NOT NULL,
    PRIMARY KEY (host, day)
) STRICT, WITHOUT ROWID;
