//! Guesses at passwords are slowed down. No clock inside: time comes in, an answer goes out.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

/// Wrong passwords for one name before it has to wait.
const FREE_TRIES: u32 = 5;
/// First wait; each further wrong password doubles it.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(30);
/// Longest wait.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(15);
/// Quiet after which a name begins anew.
const FORGIVEN_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// Names remembered; beyond it those that were quiet longest are forgotten.
const NAMES_MAX: usize = 10_000;
/// Wrong passwords for all names together in [`ALL_WITHIN`] before everybody has to wait: guessing one password at many names.
const ALL_MAX: usize = 300;
/// See [`ALL_MAX`].
const ALL_WITHIN: SignedDuration = SignedDuration::from_mins(5);

/// Wrong passwords of one name.
#[derive(Debug, Clone, Copy)]
struct Tries {
    wrong: u32,
    last: Timestamp,
}

/// Remembers wrong passwords.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    names: BTreeMap<String, Tries>,
    /// When the newest wrong passwords came, oldest first.
    all: std::collections::VecDeque<Timestamp>,
}

impl Throttle {
    /// How long this name has to wait before its next try; none: not at all.
    pub(super) fn wait(&self, name: &str, now: Timestamp) -> Option<SignedDuration> {
        let own = self.names.get(name).and_then(|tries| {
            let over = tries.wrong.checked_sub(FREE_TRIES)?;
            let wait = FIRST_WAIT.checked_mul(1 << over.min(10)).map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT));
            left(tries.last, wait, now)
        });
        let all = (self.all.len() >= ALL_MAX).then(|| self.all.front()).flatten();
        own.max(all.and_then(|first| left(*first, ALL_WITHIN, now)))
    }

    /// A wrong password came.
    pub(super) fn wrong(&mut self, name: &str, now: Timestamp) {
        if self.names.len() >= NAMES_MAX && !self.names.contains_key(name) {
            self.names.retain(|_, tries| now.duration_since(tries.last) < FORGIVEN_AFTER);
            let oldest = self.names.iter().min_by_key(|(_, tries)| tries.last).map(|(name, _)| name.clone());
            if let Some(oldest) = oldest.filter(|_| self.names.len() >= NAMES_MAX) {
                self.names.remove(&oldest);
            }
        }
        let tries = self.names.entry(name.to_owned()).or_insert(Tries { wrong: 0, last: now });
        let forgiven = now.duration_since(tries.last) >= FORGIVEN_AFTER;
        *tries = Tries { wrong: if forgiven { 1 } else { tries.wrong.saturating_add(1) }, last: now };
        self.all.push_back(now);
        if self.all.len() > ALL_MAX {
            self.all.pop_front();
        }
    }

    /// The right password came.
    pub(super) fn right(&mut self, name: &str) {
        self.names.remove(name);
    }
}

fn left(since: Timestamp, wait: SignedDuration, now: Timestamp) -> Option<SignedDuration> {
    let left = wait - now.duration_since(since);
    left.is_positive().then_some(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).expect("a moment")
    }

    #[test]
    fn after_five_wrong_passwords_each_further_one_doubles_the_wait() {
        let mut throttle = Throttle::default();
        for _ in 0..4 {
            throttle.wrong("甲", at(0));
            assert_eq!(throttle.wait("甲", at(0)), None);
        }
        for seconds in [30, 60, 120, 240, 480, 900, 900] {
            throttle.wrong("甲", at(0));
            assert_eq!(throttle.wait("甲", at(0)), Some(SignedDuration::from_secs(seconds)));
        }
        assert_eq!(throttle.wait("甲", at(900)), None);
        assert_eq!(throttle.wait("乙", at(0)), None, "another name is free");
        throttle.wrong("甲", at(3_600));
        assert_eq!(throttle.wait("甲", at(3_600)), None, "after an hour it begins anew");
    }

    #[test]
    fn the_right_password_forgives() {
        let mut throttle = Throttle::default();
        (0..9).for_each(|_| throttle.wrong("甲", at(0)));
        throttle.right("甲");
        assert_eq!(throttle.wait("甲", at(0)), None);
    }

    #[test]
    fn one_password_tried_at_many_names_makes_everybody_wait_and_memory_is_bounded() {
        let mut throttle = Throttle::default();
        (0..ALL_MAX).for_each(|number| throttle.wrong(&format!("n{number}"), at(0)));
        assert_eq!(throttle.wait("乙", at(1)), Some(SignedDuration::from_secs(299)));
        assert_eq!(throttle.wait("乙", at(300)), None);
        (0..NAMES_MAX + 50).for_each(|number| throttle.wrong(&format!("m{number}"), at(400)));
        assert!(throttle.names.len() <= NAMES_MAX && throttle.all.len() <= ALL_MAX);
    }
}
