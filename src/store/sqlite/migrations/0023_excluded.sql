-- What the machine excluded, one row a matter, with the reason in the body (DB33/T 980, clause 3-29). Rows are replaced as a whole: in the clause
-- `ON CONFLICT` of a statement on this table, `excluded` would not be the new row.
CREATE TABLE excluded (
    key       TEXT PRIMARY KEY,                  -- of category, hazard, brand and region
    category  TEXT NOT NULL,
    hazard    TEXT NOT NULL,
    as_of     TEXT NOT NULL,                     -- the day judged
    danger    TEXT NOT NULL,
    spread    TEXT NOT NULL,
    reports   INTEGER NOT NULL,
    body      TEXT NOT NULL                      -- JSON
) STRICT, WITHOUT ROWID;
CREATE INDEX excluded_by_day ON excluded (as_of, key);
