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

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// All are taken.
    All,
    /// The organisation has its share.
    OfOne,
}

/// A place that goes with an answer until it was taken.
#[derive(Debug, Clone)]
pub(super) struct Held {
    _place: Arc<Place>,
}

impl Held {
    pub(super) fn new(place: Place) -> Self {
        Self { _place: Arc::new(place) }
    }
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

    /// A place for an organisation.
    ///
    /// # Errors
    /// [`Full`] when all are taken, or its share is.
    pub(super) fn take(&self, party: &str) -> Result<Place, Full> {
        self.take_leaving(party, 0)
    }

    /// The same for an organisation that leaves so many to others.
    ///
    /// # Errors
    /// [`Full`] when no more than that are free, or its share is taken.
    pub(super) fn take_leaving(&self, party: &str, left: usize) -> Result<Place, Full> {
        let mut taken = locked(&self.taken);
        if taken.get(party).is_some_and(|own| *own >= self.of_one) {
            return Err(Full::OfOne);
        }
        if taken.values().sum::<usize>() + left >= self.all {
            return Err(Full::All);
        }
        *taken.entry(party.to_owned()).or_default() += 1;
        Ok(Place { party: party.to_owned(), taken: Arc::clone(&self.taken) })
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        locked(&self.taken).values().sum()
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
        let first: Vec<Place> = (0..5).filter_map(|_| shares.take("某厂").ok()).collect();
        assert_eq!(first.len(), 2);
        let other = shares.take("中心").expect("one is left");
        assert_eq!(shares.take("某厂").err(), Some(Full::OfOne));
        assert_eq!(shares.take("某平台").err(), Some(Full::All));
        drop(first);
        assert!(shares.take("某平台").is_ok());
        drop(other);
        assert!(locked(&shares.taken).is_empty() && shares.taken() == 0);
    }
}
