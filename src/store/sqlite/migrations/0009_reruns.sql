-- Reruns that the service did by itself, or was asked to do by their plan's name. Moments are RFC 3339 UTC.
CREATE TABLE reruns (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    plan   TEXT NOT NULL,                  -- name in the settings
    ended  INTEGER NOT NULL,               -- 0: running, or killed while it ran
    body   TEXT NOT NULL                   -- JSON
) STRICT;
CREATE INDEX reruns_by_plan ON reruns (plan, seq);
