//! Organisations, users, sessions and tokens. Only digests of secrets come here.

use crate::sqlite::row::{Stored, Table};
use crate::sqlite::{SqliteStore, SqliteTx};
use crate::{SessionRow, StoreError, TokenRow, UserRow};
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use vocabulary::Party;

const PARTIES: Table = Table::new("parties", &["party"]);
const USERS: Table = Table::new("users", &["user"]);
const SESSIONS: Table = Table::new("sessions", &["user"]);
const TOKENS: Table = Table::new("tokens", &["token"]);

impl SqliteStore {
    pub(crate) async fn has_users(&self) -> Result<bool, StoreError> {
        let found: i64 = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM users)").fetch_one(self.reader()).await?;
        Ok(found == 1)
    }

    pub(crate) async fn parties(&self) -> Result<Vec<Party>, StoreError> {
        let rows =
            sqlx::query("SELECT party, role, concerns FROM parties ORDER BY party").fetch_all(self.reader()).await?;
        PARTIES.all(&rows, party)
    }

    pub(crate) async fn put_party(tx: &mut SqliteTx, party: &Party, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO parties (party, role, concerns, created_at) VALUES (?, ?, ?, ?)
             ON CONFLICT (party) DO UPDATE SET concerns = excluded.concerns",
        )
        .bind(&party.name)
        .bind(party.role.code())
        .bind(PARTIES.to_json("concerns", &party.concerns)?)
        .bind(now.to_string())
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    pub(crate) async fn users(&self) -> Result<Vec<UserRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT user, password, EXISTS (SELECT 1 FROM identities i WHERE i.user = u.user) AS by_provider, mail, u.created_at, disabled_at,
                    p.party, role, concerns
             FROM users u JOIN parties p ON p.party = u.party ORDER BY user",
        )
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(user).collect()
    }

    pub(crate) async fn user(&self, name: &str) -> Result<Option<UserRow>, StoreError> {
        let row = sqlx::query(
            "SELECT user, password, EXISTS (SELECT 1 FROM identities i WHERE i.user = u.user) AS by_provider, mail, u.created_at, disabled_at,
                    p.party, role, concerns
             FROM users u JOIN parties p ON p.party = u.party WHERE user = ?",
        )
        .bind(name)
        .fetch_optional(self.reader())
        .await?;
        row.as_ref().map(user).transpose()
    }

    pub(crate) async fn add_user(
        tx: &mut SqliteTx,
        name: &str,
        party: &str,
        password: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO users (user, party, password, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(name)
        .bind(party)
        .bind(password)
        .bind(now.to_string())
        .execute(&mut **tx)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn set_password(tx: &mut SqliteTx, name: &str, password: &str) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE users SET password = ? WHERE user = ?")
            .bind(password)
            .bind(name)
            .execute(&mut **tx)
            .await?;
        end_sessions(tx, name).await?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn set_mail(tx: &mut SqliteTx, name: &str, mail: Option<&str>) -> Result<bool, StoreError> {
        let done =
            sqlx::query("UPDATE users SET mail = ? WHERE user = ?").bind(mail).bind(name).execute(&mut **tx).await?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn disable_user(
        tx: &mut SqliteTx,
        name: &str,
        since: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE users SET disabled_at = ? WHERE user = ?")
            .bind(since.map(|since| since.to_string()))
            .bind(name)
            .execute(&mut **tx)
            .await?;
        end_sessions(tx, name).await?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn open_identity(tx: &mut SqliteTx, user: &str) -> Result<(), StoreError> {
        sqlx::query("INSERT OR REPLACE INTO identities (user) VALUES (?)").bind(user).execute(&mut **tx).await?;
        end_sessions(tx, user).await
    }

    pub(crate) async fn close_identity(tx: &mut SqliteTx, user: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM identities WHERE user = ?").bind(user).execute(&mut **tx).await?;
        end_sessions(tx, user).await
    }

    pub(crate) async fn bound_user(
        tx: &mut SqliteTx,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<String>, StoreError> {
        let found = sqlx::query_scalar("SELECT user FROM identities WHERE issuer = ? AND subject = ?")
            .bind(issuer)
            .bind(subject)
            .fetch_optional(&mut **tx)
            .await?;
        Ok(found)
    }

    pub(crate) async fn bind_identity(
        tx: &mut SqliteTx,
        user: &str,
        issuer: &str,
        subject: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE identities SET issuer = ?, subject = ?, bound_at = ? WHERE user = ? AND subject IS NULL",
        )
        .bind(issuer)
        .bind(subject)
        .bind(written(now))
        .bind(user)
        .execute(&mut **tx)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn add_session(
        tx: &mut SqliteTx,
        digest: &str,
        user: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM sessions WHERE expires_at < ?").bind(written(now)).execute(&mut **tx).await?;
        sqlx::query("INSERT INTO sessions (digest, user, created_at, expires_at) VALUES (?, ?, ?, ?)")
            .bind(digest)
            .bind(user)
            .bind(written(now))
            .bind(written(expires_at))
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    pub(crate) async fn session(&self, digest: &str) -> Result<Option<SessionRow>, StoreError> {
        let row = sqlx::query("SELECT user, expires_at FROM sessions WHERE digest = ?")
            .bind(digest)
            .fetch_optional(self.reader())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let row = SESSIONS.row(&row);
        let (name, expires_at) = (row.text("user")?, row.moment("expires_at")?);
        Ok(self.user(&name).await?.map(|user| SessionRow { user, expires_at }))
    }

    pub(crate) async fn end_session(tx: &mut SqliteTx, digest: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM sessions WHERE digest = ?").bind(digest).execute(&mut **tx).await?;
        Ok(())
    }

    pub(crate) async fn add_token(tx: &mut SqliteTx, digest: &str, token: &TokenRow) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO tokens (token, digest, party, label, scopes, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&token.token)
        .bind(digest)
        .bind(&token.party.name)
        .bind(&token.label)
        .bind(TOKENS.to_json("scopes", &token.scopes)?)
        .bind(written(token.created_at))
        .bind(written(token.expires_at))
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    pub(crate) async fn tokens(&self) -> Result<Vec<TokenRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT token, label, scopes, t.created_at, expires_at, revoked_at, p.party, role, concerns
             FROM tokens t JOIN parties p ON p.party = t.party ORDER BY t.created_at, token",
        )
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(token).collect()
    }

    pub(crate) async fn token(&self, digest: &str) -> Result<Option<TokenRow>, StoreError> {
        let row = sqlx::query(
            "SELECT token, label, scopes, t.created_at, expires_at, revoked_at, p.party, role, concerns
             FROM tokens t JOIN parties p ON p.party = t.party WHERE digest = ?",
        )
        .bind(digest)
        .fetch_optional(self.reader())
        .await?;
        row.as_ref().map(token).transpose()
    }

    pub(crate) async fn revoke_token(tx: &mut SqliteTx, token: &str, now: Timestamp) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE tokens SET revoked_at = ? WHERE token = ? AND revoked_at IS NULL")
            .bind(written(now))
            .bind(token)
            .execute(&mut **tx)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

async fn end_sessions(tx: &mut SqliteTx, user: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sessions WHERE user = ?").bind(user).execute(&mut **tx).await?;
    Ok(())
}

/// RFC 3339 UTC to the second: of one length, so that SQL compares it as time.
pub(super) fn written(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn party(row: Stored<'_>) -> Result<Party, StoreError> {
    Ok(Party { name: row.text("party")?, role: row.parsed("role")?, concerns: row.json("concerns")? })
}

/// A user joined with its organisation.
fn user(joined: &SqliteRow) -> Result<UserRow, StoreError> {
    let row = USERS.row(joined);
    Ok(UserRow {
        user: row.text("user")?,
        party: party(PARTIES.row(joined))?,
        password: row.text("password")?,
        by_provider: row.flag("by_provider")?,
        mail: row.maybe_text("mail")?,
        created_at: row.moment("created_at")?,
        disabled_at: row.maybe_moment("disabled_at")?,
    })
}

/// A token joined with its organisation.
fn token(joined: &SqliteRow) -> Result<TokenRow, StoreError> {
    let row = TOKENS.row(joined);
    Ok(TokenRow {
        token: row.text("token")?,
        party: party(PARTIES.row(joined))?,
        label: row.text("label")?,
        scopes: row.json("scopes")?,
        created_at: row.moment("created_at")?,
        expires_at: row.moment("expires_at")?,
        revoked_at: row.maybe_moment("revoked_at")?,
    })
}
