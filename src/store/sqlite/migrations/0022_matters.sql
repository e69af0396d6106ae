-- Test bodies and their qualification: appended, the newest line of a name counts.
CREATE TABLE test_bodies (
    seq   INTEGER PRIMARY KEY AUTOINCREMENT,
    name  TEXT NOT NULL,
    at    TEXT NOT NULL,                         -- RFC 3339
    body  TEXT NOT NULL                          -- JSON
) STRICT;
CREATE INDEX test_bodies_by_name ON test_bodies (name, seq);
CREATE TRIGGER test_bodies_stay BEFORE UPDATE ON test_bodies BEGIN SELECT RAISE(ABORT, 'the register of test bodies is append-only'); END;
CREATE TRIGGER test_bodies_last BEFORE DELETE ON test_bodies BEGIN SELECT RAISE(ABORT, 'the register of test bodies is append-only'); END;

-- Frames that samples were drawn from: kept so that anybody can draw again.
CREATE TABLE frames (
    frame     TEXT PRIMARY KEY,                  -- digest of what it holds
    at        TEXT NOT NULL,                     -- RFC 3339
    body      TEXT NOT NULL                      -- CSV
) STRICT;
