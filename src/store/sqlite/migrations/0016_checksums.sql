-- For every table how many rows it has and the sum of their checksums. Both change in the transaction that changes the rows, so that a row
-- that was changed in another way, by a damaged disk or by another program, no longer fits. The row with an empty name says for which
-- version of the tables the sums were made.
CREATE TABLE table_checksums (
    tbl       TEXT PRIMARY KEY,
    rows      INTEGER NOT NULL,
    checksum  BLOB NOT NULL        -- 16 bytes
) STRICT, WITHOUT ROWID;
