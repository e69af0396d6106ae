-- Who may sign in by the OpenID provider of the settings, and as whom the provider knows them. Moments are RFC 3339 UTC.
CREATE TABLE identities (
    user     TEXT PRIMARY KEY REFERENCES users (user),
    issuer   TEXT,                         -- none until the first sign-in
    subject  TEXT,                         -- the provider's own number of the person: names may be given anew, this is not
    bound_at TEXT,
    UNIQUE (issuer, subject)
) STRICT, WITHOUT ROWID;
