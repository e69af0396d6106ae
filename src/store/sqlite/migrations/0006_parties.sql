-- Who takes part, what they did. Moments are RFC 3339 UTC. No password, token or session is kept: only digests of them.
CREATE TABLE parties (
    party       TEXT PRIMARY KEY,
    role        TEXT NOT NULL,
    concerns    TEXT NOT NULL,         -- JSON
    created_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    user         TEXT PRIMARY KEY,
    party        TEXT NOT NULL REFERENCES parties (party),
    password     TEXT NOT NULL,        -- argon2id, PHC string
    created_at   TEXT NOT NULL,
    disabled_at  TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    digest      TEXT PRIMARY KEY,      -- of what the browser holds
    user        TEXT NOT NULL REFERENCES users (user),
    created_at  TEXT NOT NULL,
    expires_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    token       TEXT PRIMARY KEY,      -- its public name
    digest      TEXT NOT NULL UNIQUE,
    party       TEXT NOT NULL REFERENCES parties (party),
    label       TEXT NOT NULL,
    scopes      TEXT NOT NULL,         -- JSON list
    created_at  TEXT NOT NULL,
    expires_at  TEXT NOT NULL,
    revoked_at  TEXT
) STRICT, WITHOUT ROWID;

-- What people did with alerts (clauses 3-26, 3-29). Append-only.
CREATE TABLE acts (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    alert_id  TEXT NOT NULL REFERENCES alerts (alert_id),
    at        TEXT NOT NULL,
    kind      TEXT NOT NULL,
    body      TEXT NOT NULL
) STRICT;
CREATE INDEX acts_by_alert ON acts (alert_id, seq);
CREATE TRIGGER acts_stay BEFORE UPDATE ON acts BEGIN SELECT RAISE(ABORT, 'acts are never changed'); END;
CREATE TRIGGER acts_last BEFORE DELETE ON acts BEGIN SELECT RAISE(ABORT, 'acts are never removed'); END;

-- The audit log (clause 3-55). Every line carries the digest of the one before it: a line changed or left out breaks the chain.
CREATE TABLE audit (
    seq       INTEGER PRIMARY KEY,     -- from 1, without gaps
    body      TEXT NOT NULL,           -- the entry as JSON, exactly as it was digested
    previous  TEXT NOT NULL,           -- digest of the line before; empty for the first
    digest    TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END;
CREATE TRIGGER audit_lasts BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is never shortened'); END;
