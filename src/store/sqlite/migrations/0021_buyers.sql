-- Buyers (购样人), who act as ordinary consumers: name, phone, accounts, consignee and address are in `sealed`, under a key that lies elsewhere
-- (clauses 3-35, 3-36). These tables take nothing plain. A retired buyer keeps the id, to which samples point; what was sealed is gone.
CREATE TABLE buyers (
    buyer_id    TEXT PRIMARY KEY,                -- opaque, drawn by chance
    sealed      TEXT CHECK (sealed GLOB 'sealed:1:*'),
    added_at    TEXT NOT NULL,                   -- RFC 3339
    retired_at  TEXT,
    CHECK ((sealed IS NULL) = (retired_at IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- Who buys which sample; the number of the order is sealed, and goes with its buyer.
CREATE TABLE consignments (
    sample_id    TEXT PRIMARY KEY,
    buyer_id     TEXT NOT NULL REFERENCES buyers (buyer_id),
    sealed       TEXT CHECK (sealed GLOB 'sealed:1:*'),
    assigned_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
