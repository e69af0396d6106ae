//! Tells others what happens to alerts: signed webhooks, group robots and mail, queued, retried, logged.
//!
//! In: the numbered events of alerts, endpoints with what they subscribe to, a clock. Out: messages to receivers, and a log of every try.
//! Not here: what an alert is, pages, how endpoints are made.
//!
//! LOG-2: what an endpoint is to receive is queued in the transaction that moves its cursor over the events, so that nothing is skipped or
//! queued twice. A message keeps its id over all tries: after kill -9 between a receiver's answer and our note of it the message comes
//! again under the same id, by which receivers recognise copies. SAFE-1 holds here too: addresses pass the collector's gate; mail goes only by
//! the server that the operator's settings name. A receiver has its own task: one that hangs, fails or answers garbage delays nobody else.
//!
//! What a message says is one value (`contents`); `kinds` gives it the form that an endpoint takes, one file for each kind; `ways` bring it out.

mod contents;
mod courier;
mod kinds;
mod said;
#[cfg(test)]
mod tests;
mod ways;

pub use courier::{Courier, DeliverError};
pub use kinds::{AddressForm, Manual, Secret, WebhookMessage, assumed_kind, fresh_webhook_secret, manual};
