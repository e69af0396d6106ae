-- Which organisation saved a search: each has a share of them.
ALTER TABLE searches ADD COLUMN party TEXT;   -- none: the owner of the machine, or saved by an earlier version
CREATE INDEX searches_by_party ON searches (party) WHERE party IS NOT NULL;
