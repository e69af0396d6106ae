-- What came back: verdicts and test results (clauses 3-12, 1-20). Append-only: a correction is a later outcome, so that a judgement
-- of an earlier day can be made again from what was known then. The body is the vocabulary type as JSON.
CREATE TABLE outcomes (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    outcome_id  TEXT NOT NULL UNIQUE,
    alert_id    TEXT,                          -- none for a campaign without an alert
    known_at    TEXT NOT NULL,                 -- RFC 3339 UTC: when we learnt of it
    body        TEXT NOT NULL
) STRICT;
CREATE INDEX outcomes_by_alert ON outcomes (alert_id, seq);
CREATE TRIGGER outcomes_stay BEFORE UPDATE ON outcomes BEGIN SELECT RAISE(ABORT, 'outcomes are never changed'); END;
CREATE TRIGGER outcomes_last BEFORE DELETE ON outcomes BEGIN SELECT RAISE(ABORT, 'outcomes are never removed'); END;
