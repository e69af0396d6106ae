-- What users subscribe to themselves: endpoints that are theirs, by the mail address that an administrator wrote down for them.
ALTER TABLE users ADD COLUMN mail TEXT;
ALTER TABLE endpoints ADD COLUMN owner TEXT REFERENCES users (user);   -- none: the centre's or an organisation's
ALTER TABLE endpoints ADD COLUMN removed_at TEXT;                      -- nothing is sent any more; the log of tries stays
CREATE INDEX endpoints_by_owner ON endpoints (owner) WHERE owner IS NOT NULL;
CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint, state);
CREATE INDEX delivery_tries_by_endpoint ON delivery_tries (endpoint, number);
