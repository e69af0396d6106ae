-- Rules and criteria that somebody put in force for this folder, or asked to. The newest that is in force counts. Moments are RFC 3339 UTC.
CREATE TABLE promotions (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    state  TEXT NOT NULL,                  -- asked, in_force, failed
    body   TEXT NOT NULL                   -- JSON
) STRICT;
