//! Places that few requests may have at once, of which one organisation has but a share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many there are, and how many of them one organisation may have.
#[derive(Debug, Clone)]
pub(super) struct Shares {
    all: usize,
    of_one: usize,
    taken: Arc<Mutex<BTreeMap<String, usize>>>,
}

/// A place; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    party: String,
    taken: Arc<Mutex<BTreeMap<String, usize>>>,
}

fn locked(taken: &Mutex<BTreeMap<String, usize>>) -> MutexGuard<'_, BTreeMap<String, usize>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shares {
    /// So many in all, and so many for one organisation.
    pub(super) fn new(all: usize, of_one: usize) -> Self {
        Self { all, of_one, taken: Arc::default() }
    }

    /// A place for an organisation; none when all are taken, or its share is.
    pub(super) fn take(&self, party: &str) -> Option<Place> {
        let mut taken = locked(&self.taken);
        if taken.values().sum::<usize>() >= self.all || taken.get(party).is_some_and(|own| *own >= self.of_one) {
            return None;
        }
        *taken.entry(party.to_owned()).or_default() += 1;
        Some(Place { party: party.to_owned(), taken: Arc::clone(&self.taken) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = locked(&self.taken);
        if let Some(own) = taken.get_mut(&self.party) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.party);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_organisation_leaves_places_to_others_and_gives_its_own_back() {
        let shares = Shares::new(3, 2);
        let first: Vec<Place> = (0..5).filter_map(|_| shares.take("某厂")).collect();
        assert_eq!(first.len(), 2);
        let other = shares.take("中心").expect("one is left");
        assert!(shares.take("某平台").is_none(), "all are taken");
        drop(first);
        assert!(shares.take("某平台").is_some());
        drop(other);
        assert!(locked(&shares.taken).is_empty());
    }
}
