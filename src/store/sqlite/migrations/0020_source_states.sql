-- Rounds in a row whose lists were in their right form and had no entries; the last round that read a page after some that read none, and
-- how many those were.
ALTER TABLE sources ADD COLUMN empty_rounds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN back_at TEXT;
ALTER TABLE sources ADD COLUMN away_rounds INTEGER NOT NULL DEFAULT 0;
-- How often in a row a page was asked for again and was the same.
ALTER TABLE frontier ADD COLUMN same_times INTEGER NOT NULL DEFAULT 0;
