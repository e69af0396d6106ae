//! Organisations, users, sessions and tokens in SQL. Only digests of secrets come here.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::de::Error;
use sqlx::{Sqlite, Transaction};

use super::alerts::{from_json, to_json};
use super::{Store, StoreError};
use crate::vocabulary::{Party, Role, Scope};

/// A user with the organisation that he or she works for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// The name to sign in with.
    pub user: String,
    /// The organisation.
    pub party: Party,
    /// Digest of the password, PHC string; empty: the user has none, and signs in by the OpenID provider only.
    pub password: String,
    /// Whether the OpenID provider may sign the user in.
    pub by_provider: bool,
    /// The address by which the user is told things.
    pub mail: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when nobody may sign in with it.
    pub disabled_at: Option<Timestamp>,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The user.
    pub user: UserRow,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A token of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Its public name.
    pub token: String,
    /// The organisation.
    pub party: Party,
    /// What it is for, for people.
    pub label: String,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Since when it is refused.
    pub revoked_at: Option<Timestamp>,
}

/// A user and its organisation as they are stored.
type UserColumns = (String, String, bool, Option<String>, String, Option<String>, String, String, String);
/// A token and its organisation as they are stored.
type TokenColumns = (String, String, String, String, String, Option<String>, String, String, String);

impl Store {
    /// Whether anybody can sign in or ever could.
    pub async fn has_users(&self) -> Result<bool, StoreError> {
        let found: i64 = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM users)").fetch_one(self.reader()).await?;
        Ok(found == 1)
    }

    /// All organisations, by name.
    pub async fn parties(&self) -> Result<Vec<Party>, StoreError> {
        let rows: Vec<(String, String, String)> =
            sqlx::query_as("SELECT party, role, concerns FROM parties ORDER BY party").fetch_all(self.reader()).await?;
        rows.into_iter().map(|(name, role, concerns)| party(name, &role, &concerns)).collect()
    }

    /// Keeps an organisation; one that is known takes on what concerns it now. Its role never changes.
    pub async fn put_party(
        tx: &mut Transaction<'static, Sqlite>,
        party: &Party,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO parties (party, role, concerns, created_at) VALUES (?, ?, ?, ?)
             ON CONFLICT (party) DO UPDATE SET concerns = excluded.concerns",
        )
        .bind(&party.name)
        .bind(party.role.code())
        .bind(to_json("concerns", &party.concerns)?)
        .bind(now.to_string())
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// All users, by name.
    pub async fn users(&self) -> Result<Vec<UserRow>, StoreError> {
        let rows: Vec<UserColumns> = sqlx::query_as(
            "SELECT user, password, EXISTS (SELECT 1 FROM identities i WHERE i.user = u.user), mail, u.created_at, disabled_at,
                    p.party, role, concerns
             FROM users u JOIN parties p ON p.party = u.party ORDER BY user",
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(user).collect()
    }

    /// One user.
    pub async fn user(&self, name: &str) -> Result<Option<UserRow>, StoreError> {
        let row: Option<UserColumns> = sqlx::query_as(
            "SELECT user, password, EXISTS (SELECT 1 FROM identities i WHERE i.user = u.user), mail, u.created_at, disabled_at,
                    p.party, role, concerns
             FROM users u JOIN parties p ON p.party = u.party WHERE user = ?",
        )
        .bind(name)
        .fetch_optional(self.reader())
        .await?;
        row.map(user).transpose()
    }

    /// Makes a user; false when there is one of this name.
    pub async fn add_user(
        tx: &mut Transaction<'static, Sqlite>,
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

    /// Sets a user's password and ends all sessions that were begun with the old one; false when there is no such user.
    pub async fn set_password(
        tx: &mut Transaction<'static, Sqlite>,
        name: &str,
        password: &str,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE users SET password = ? WHERE user = ?")
            .bind(password)
            .bind(name)
            .execute(&mut **tx)
            .await?;
        end_sessions(tx, name).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Sets a user's mail address; false when there is no such user.
    pub async fn set_mail(
        tx: &mut Transaction<'static, Sqlite>,
        name: &str,
        mail: Option<&str>,
    ) -> Result<bool, StoreError> {
        let done =
            sqlx::query("UPDATE users SET mail = ? WHERE user = ?").bind(mail).bind(name).execute(&mut **tx).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Disables a user or takes that back, and ends all its sessions; false when there is no such user.
    pub async fn disable_user(
        tx: &mut Transaction<'static, Sqlite>,
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

    /// Lets the OpenID provider sign a user in: whoever of that name comes first. All sessions of the user end.
    pub async fn open_identity(tx: &mut Transaction<'static, Sqlite>, user: &str) -> Result<(), StoreError> {
        sqlx::query("INSERT OR REPLACE INTO identities (user) VALUES (?)").bind(user).execute(&mut **tx).await?;
        end_sessions(tx, user).await
    }

    /// Lets the OpenID provider sign a user in no longer. All sessions of the user end.
    pub async fn close_identity(tx: &mut Transaction<'static, Sqlite>, user: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM identities WHERE user = ?").bind(user).execute(&mut **tx).await?;
        end_sessions(tx, user).await
    }

    /// The user whom the provider knows by this number.
    pub async fn bound_user(
        tx: &mut Transaction<'static, Sqlite>,
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

    /// Binds a user to the provider's number of a person; false when there is no such user who waits for that.
    pub async fn bind_identity(
        tx: &mut Transaction<'static, Sqlite>,
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

    /// Keeps a session, and forgets those that have ended.
    pub async fn add_session(
        tx: &mut Transaction<'static, Sqlite>,
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

    /// The session of this digest, ended or not.
    pub async fn session(&self, digest: &str) -> Result<Option<SessionRow>, StoreError> {
        let row: Option<(String, String)> = sqlx::query_as("SELECT user, expires_at FROM sessions WHERE digest = ?")
            .bind(digest)
            .fetch_optional(self.reader())
            .await?;
        let Some((name, expires_at)) = row else { return Ok(None) };
        let user = self.user(&name).await?;
        user.map(|user| Ok(SessionRow { user, expires_at: moment(&expires_at)? })).transpose()
    }

    /// Ends a session.
    pub async fn end_session(tx: &mut Transaction<'static, Sqlite>, digest: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM sessions WHERE digest = ?").bind(digest).execute(&mut **tx).await?;
        Ok(())
    }

    /// Keeps a token by its digest.
    pub async fn add_token(
        tx: &mut Transaction<'static, Sqlite>,
        digest: &str,
        token: &TokenRow,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO tokens (token, digest, party, label, scopes, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&token.token)
        .bind(digest)
        .bind(&token.party.name)
        .bind(&token.label)
        .bind(to_json("scopes", &token.scopes)?)
        .bind(written(token.created_at))
        .bind(written(token.expires_at))
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// All tokens, oldest first.
    pub async fn tokens(&self) -> Result<Vec<TokenRow>, StoreError> {
        let rows: Vec<TokenColumns> = sqlx::query_as(
            "SELECT token, label, scopes, t.created_at, expires_at, revoked_at, p.party, role, concerns
             FROM tokens t JOIN parties p ON p.party = t.party ORDER BY t.created_at, token",
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(token).collect()
    }

    /// The token of this digest, ended or not.
    pub async fn token(&self, digest: &str) -> Result<Option<TokenRow>, StoreError> {
        let row: Option<TokenColumns> = sqlx::query_as(
            "SELECT token, label, scopes, t.created_at, expires_at, revoked_at, p.party, role, concerns
             FROM tokens t JOIN parties p ON p.party = t.party WHERE digest = ?",
        )
        .bind(digest)
        .fetch_optional(self.reader())
        .await?;
        row.map(token).transpose()
    }

    /// Refuses a token from now on; false when there is none of this name, or it was revoked before.
    pub async fn revoke_token(
        tx: &mut Transaction<'static, Sqlite>,
        token: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE tokens SET revoked_at = ? WHERE token = ? AND revoked_at IS NULL")
            .bind(written(now))
            .bind(token)
            .execute(&mut **tx)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

async fn end_sessions(tx: &mut Transaction<'static, Sqlite>, user: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sessions WHERE user = ?").bind(user).execute(&mut **tx).await?;
    Ok(())
}

/// RFC 3339 UTC to the second: of one length, so that SQL compares it as time.
pub(super) fn written(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn unreadable(error: impl std::fmt::Display) -> StoreError {
    StoreError::Stored { what: "user or token", source: serde_json::Error::custom(error) }
}

pub(super) fn moment(text: &str) -> Result<Timestamp, StoreError> {
    text.parse().map_err(|error: jiff::Error| unreadable(error))
}

fn party(name: String, role: &str, concerns: &str) -> Result<Party, StoreError> {
    let role: Role = role.parse().map_err(unreadable)?;
    Ok(Party { name, role, concerns: from_json("concerns", concerns)? })
}

fn user(
    (user, password, by_provider, mail, created_at, disabled_at, name, role, concerns): UserColumns,
) -> Result<UserRow, StoreError> {
    Ok(UserRow {
        user,
        party: party(name, &role, &concerns)?,
        password,
        by_provider,
        mail,
        created_at: moment(&created_at)?,
        disabled_at: disabled_at.as_deref().map(moment).transpose()?,
    })
}

fn token(
    (token, label, scopes, created_at, expires_at, revoked_at, name, role, concerns): TokenColumns,
) -> Result<TokenRow, StoreError> {
    Ok(TokenRow {
        token,
        party: party(name, &role, &concerns)?,
        label,
        scopes: from_json("scopes", &scopes)?,
        created_at: moment(&created_at)?,
        expires_at: moment(&expires_at)?,
        revoked_at: revoked_at.as_deref().map(moment).transpose()?,
    })
}
