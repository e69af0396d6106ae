//! Guesses at passwords are slowed down. No clock inside: time comes in, an answer goes out.
//!
//! A try counts as wrong from the moment it is let in, in the same step that looks the wait up, and is taken back when the password was
//! right: a thousand tries of one moment are no more than one after another. Tries are counted in lanes: by the name that is tried and by
//! the address they come from; a browser that the user signed in with before has a lane of its own, which nobody else can fill.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

/// Wrong passwords for one name, or of one browser, before it has to wait.
pub(super) const NAME_TRIES_FREE: u32 = 5;
/// Wrong passwords from one address, whatever the names, before it has to wait.
pub(super) const ADDRESS_TRIES_FREE: u32 = 50;
/// First wait; each further wrong password doubles it.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(30);
/// Longest wait.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(15);
/// Quiet after which a lane begins anew.
const FORGIVEN_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// Lanes remembered; beyond it those that were quiet longest are forgotten.
const LANES_MAX: usize = 20_000;
/// Tries of one lane that may be under way at once.
const UNDER_WAY_MAX: u32 = 2;

/// Where tries are counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    /// Of a name, known or not: that a name waits says nothing about whether somebody has it.
    Name(String),
    /// Of an address. IPv6: of its /64, which one customer has whole.
    Address(IpAddr),
    /// Of a browser that the user has signed in with before, by the digest of what it holds.
    Browser(String),
}

impl Lane {
    /// The lane of an address.
    pub(super) fn of_address(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::from([a, b, c, d, 0, 0, 0, 0])
            }
            address @ IpAddr::V4(_) => address,
        })
    }

    fn free(&self) -> u32 {
        match self {
            Self::Name(_) | Self::Browser(_) => NAME_TRIES_FREE,
            Self::Address(_) => ADDRESS_TRIES_FREE,
        }
    }

    /// Tries of it that may be under way at once. Many people share an address.
    fn under_way_max(&self) -> u32 {
        match self {
            Self::Name(_) | Self::Browser(_) => UNDER_WAY_MAX,
            Self::Address(_) => self.free(),
        }
    }
}

/// Wrong passwords of one lane.
#[derive(Debug, Clone, Copy)]
struct Tries {
    /// Those under way included.
    wrong: u32,
    under_way: u32,
    last: Timestamp,
    /// Whether somebody was told to wait since the last try was let in.
    told: bool,
}

/// Remembers wrong passwords.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    lanes: BTreeMap<Lane, Tries>,
}

impl Throttle {
    /// Lets a try in and counts it as wrong in all of its lanes, or says how long to wait before the next one. What was let in is ended
    /// with [`Throttle::wrong`] or [`Throttle::right`].
    pub(super) fn begin(&mut self, lanes: &[Lane], now: Timestamp) -> Result<(), SignedDuration> {
        for lane in lanes {
            // A clock that was ahead and is set back makes no wait longer than it is.
            if let Some(tries) = self.lanes.get_mut(lane) {
                tries.last = tries.last.min(now);
            }
        }
        let wait = lanes.iter().filter_map(|lane| self.wait(lane, now)).max();
        if let Some(wait) = wait {
            return Err(wait);
        }
        for lane in lanes {
            self.make_room(lane, now);
            let tries =
                self.lanes.entry(lane.clone()).or_insert(Tries { wrong: 0, under_way: 0, last: now, told: false });
            if tries.under_way == 0 && now.duration_since(tries.last) >= FORGIVEN_AFTER {
                tries.wrong = 0;
            }
            tries.wrong = tries.wrong.saturating_add(1);
            tries.under_way = tries.under_way.saturating_add(1);
            tries.told = false;
        }
        Ok(())
    }

    /// Notes that somebody is told to wait; whether it is the first time since a try was let in.
    pub(super) fn tell(&mut self, lanes: &[Lane], now: Timestamp) -> bool {
        let mut is_first = false;
        for lane in lanes {
            if self.wait(lane, now).is_some()
                && let Some(tries) = self.lanes.get_mut(lane)
            {
                is_first |= !std::mem::replace(&mut tries.told, true);
            }
        }
        is_first
    }

    /// A try that was let in was wrong: it stays counted.
    pub(super) fn wrong(&mut self, lanes: &[Lane], now: Timestamp) {
        for lane in lanes {
            if let Some(tries) = self.lanes.get_mut(lane) {
                tries.under_way = tries.under_way.saturating_sub(1);
                tries.last = tries.last.max(now);
            }
        }
    }

    /// A try that was let in was right: its name and browser begin anew, and its address forgets this try alone.
    pub(super) fn right(&mut self, lanes: &[Lane]) {
        for lane in lanes {
            if matches!(lane, Lane::Address(_)) {
                if let Some(tries) = self.lanes.get_mut(lane) {
                    tries.under_way = tries.under_way.saturating_sub(1);
                    tries.wrong = tries.wrong.saturating_sub(1);
                }
            } else {
                self.lanes.remove(lane);
            }
        }
    }

    /// A try that was let in came to no answer (the store failed): it is forgotten.
    pub(super) fn unknown(&mut self, lanes: &[Lane]) {
        for lane in lanes {
            if let Some(tries) = self.lanes.get_mut(lane) {
                tries.under_way = tries.under_way.saturating_sub(1);
                tries.wrong = tries.wrong.saturating_sub(1);
            }
        }
    }

    /// How long a lane has to wait before its next try; none: not at all.
    fn wait(&self, lane: &Lane, now: Timestamp) -> Option<SignedDuration> {
        let tries = self.lanes.get(lane)?;
        if tries.under_way >= lane.under_way_max() {
            return Some(SignedDuration::from_secs(1));
        }
        let over = tries.wrong.checked_sub(lane.free())?;
        let wait = FIRST_WAIT.checked_mul(1 << over.min(10)).map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT));
        // One that is under way counts as wrong now.
        let last = if tries.under_way > 0 { now } else { tries.last };
        let left = wait - now.duration_since(last);
        left.is_positive().then_some(left)
    }

    /// Forgets lanes that were quiet longest when there is no room for a new one. One with a try under way stays.
    fn make_room(&mut self, lane: &Lane, now: Timestamp) {
        if self.lanes.len() < LANES_MAX || self.lanes.contains_key(lane) {
            return;
        }
        self.lanes.retain(|_, tries| tries.under_way > 0 || now.duration_since(tries.last) < FORGIVEN_AFTER);
        while self.lanes.len() >= LANES_MAX {
            let idle = self.lanes.iter().filter(|(_, tries)| tries.under_way == 0);
            let Some(oldest) =
                idle.min_by_key(|(_, tries)| (tries.wrong > 1, tries.last)).map(|(lane, _)| lane.clone())
            else {
                break;
            };
            self.lanes.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).expect("a moment")
    }

    fn name(name: &str) -> Lane {
        Lane::Name(name.to_owned())
    }

    fn address(last: u8) -> Lane {
        Lane::of_address(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn after_five_wrong_passwords_each_further_one_doubles_the_wait() {
        let mut throttle = Throttle::default();
        let lanes = [name("甲")];
        for _ in 0..NAME_TRIES_FREE {
            throttle.begin(&lanes, at(0)).expect("free");
            throttle.wrong(&lanes, at(0));
        }
        let mut now = 0;
        for seconds in [30, 60, 120, 240, 480, 900, 900] {
            assert_eq!(throttle.begin(&lanes, at(now)), Err(SignedDuration::from_secs(seconds)));
            now += seconds;
            throttle.begin(&lanes, at(now)).expect("the wait is over");
            throttle.wrong(&lanes, at(now));
        }
        throttle.begin(&[name("乙")], at(now)).expect("another name is free");
        throttle.begin(&lanes, at(now + 3_600)).expect("after an hour it begins anew");
        throttle.wrong(&lanes, at(now + 3_600));
        throttle.begin(&lanes, at(now + 3_600)).expect("that was the first of a new series");
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_wait_longer() {
        let mut throttle = Throttle::default();
        let lanes = [name("甲")];
        let ahead = 400 * 24 * 3_600;
        for _ in 0..NAME_TRIES_FREE {
            throttle.begin(&lanes, at(ahead)).expect("free");
            throttle.wrong(&lanes, at(ahead));
        }
        assert_eq!(throttle.begin(&lanes, at(0)), Err(SignedDuration::from_secs(30)));
        assert_eq!(throttle.begin(&lanes, at(20)), Err(SignedDuration::from_secs(10)));
        throttle.begin(&lanes, at(30)).expect("the wait is over");
    }

    #[test]
    fn tries_of_one_moment_are_no_more_than_tries_one_after_another() {
        let mut throttle = Throttle::default();
        let lanes = [name("甲"), address(1)];
        let mut let_in = 0;
        for _ in 0..700 {
            let_in += u32::from(throttle.begin(&lanes, at(0)).is_ok());
        }
        assert_eq!(let_in, UNDER_WAY_MAX, "none of them has ended");
        for _ in 0..let_in {
            throttle.wrong(&lanes, at(0));
        }
        for _ in 0..700 {
            if throttle.begin(&lanes, at(0)).is_ok() {
                let_in += 1;
                throttle.wrong(&lanes, at(0));
            }
        }
        assert_eq!(let_in, NAME_TRIES_FREE);
    }

    #[test]
    fn the_right_password_forgives_the_name_and_is_no_try_of_its_address() {
        let mut throttle = Throttle::default();
        let lanes = [name("甲"), address(1)];
        for _ in 0..4 {
            throttle.begin(&lanes, at(0)).expect("free");
            throttle.wrong(&lanes, at(0));
        }
        throttle.begin(&lanes, at(0)).expect("free");
        throttle.right(&lanes);
        assert!(!throttle.lanes.contains_key(&name("甲")));
        assert_eq!(throttle.lanes[&address(1)].wrong, 4, "who knows one password guesses no others for free");
    }

    #[test]
    fn one_password_tried_at_many_names_makes_its_address_wait_and_nobody_else() {
        let mut throttle = Throttle::default();
        let mut let_in = 0;
        for number in 0..310 {
            let lanes = [name(&format!("n{number}")), address(1)];
            if throttle.begin(&lanes, at(0)).is_ok() {
                let_in += 1;
                throttle.wrong(&lanes, at(0));
            }
        }
        assert_eq!(let_in, ADDRESS_TRIES_FREE);
        throttle.begin(&[name("centre1"), address(2)], at(1)).expect("others sign in as ever");
        let browser = Lane::Browser("digest".to_owned());
        throttle.begin(&[browser], at(1)).expect("a known browser does, from the same address");
    }

    #[test]
    fn memory_is_bounded_and_neighbours_of_one_ipv6_customer_are_one() {
        let mut throttle = Throttle::default();
        for number in 0..LANES_MAX + 50 {
            let lanes = [name(&format!("m{number}"))];
            throttle.begin(&lanes, at(400)).expect("free");
            throttle.wrong(&lanes, at(400));
        }
        assert!(throttle.lanes.len() <= LANES_MAX);
        let lane = |text: &str| Lane::of_address(text.parse().expect("an address"));
        assert_eq!(lane("2001:db8:1:2::3"), lane("2001:db8:1:2:ffff::9"));
        assert_ne!(lane("2001:db8:1:2::3"), lane("2001:db8:1:3::3"));
        assert_eq!(lane("::ffff:192.0.2.1"), address(1));
    }

    #[test]
    fn a_try_without_an_answer_is_forgotten() {
        let mut throttle = Throttle::default();
        let lanes = [name("甲")];
        for _ in 0..20 {
            throttle.begin(&lanes, at(0)).expect("free");
            throttle.unknown(&lanes);
        }
    }
}
