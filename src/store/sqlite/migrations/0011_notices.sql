-- What happens to the watch itself: the past changed, other rules are in force. Endpoints that ask for it are told. Moments are RFC 3339 UTC.
CREATE TABLE notices (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    body   TEXT NOT NULL                   -- JSON
) STRICT;
ALTER TABLE endpoints ADD COLUMN notice_cursor INTEGER NOT NULL DEFAULT 0;   -- last notice that was looked at
ALTER TABLE deliveries ADD COLUMN notice INTEGER NOT NULL DEFAULT 0;         -- 1: `seq` is the number of a notice
