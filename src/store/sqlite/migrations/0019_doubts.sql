-- Documents that the learned judge is not sure of, and what people say of them. One row a document, and a text.
CREATE TABLE doubts (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id  TEXT NOT NULL UNIQUE,
    text_hash    TEXT NOT NULL UNIQUE,           -- BLAKE3 of headline and text
    state        TEXT NOT NULL,                  -- open, answered
    body         TEXT NOT NULL                   -- JSON
) STRICT;
CREATE INDEX doubts_by_state ON doubts (state, seq);
