//! An ordered set of small numbers with constant-time insert and smallest-first removal: the ready nodes of a lane,
//! numbered by priority. A tree of bits, 64 per word, because a heap of a million entries misses the cache at every step.

/// A set over `0..universe`.
#[derive(Clone, Debug, Default)]
pub(crate) struct PrioritySet {
    /// The set itself first; each further level says which words of the one before are not empty.
    levels: Vec<Vec<u64>>,
}

impl PrioritySet {
    /// An empty set that can hold `0..universe`.
    pub(crate) fn new(universe: usize) -> Self {
        let mut levels = Vec::new();
        let mut n_words = universe.div_ceil(64).max(1);
        loop {
            levels.push(vec![0; n_words]);
            if n_words == 1 {
                return Self { levels };
            }
            n_words = n_words.div_ceil(64);
        }
    }

    /// Makes a set that was made without a universe able to hold `0..universe`.
    pub(crate) fn make_room(&mut self, universe: usize) {
        if self.levels.is_empty() {
            *self = Self::new(universe);
        }
    }

    /// Adds `item`.
    pub(crate) fn insert(&mut self, item: u32) {
        let mut at = item as usize;
        for level in &mut self.levels {
            let word = &mut level[at / 64];
            let was_empty = *word == 0;
            *word |= 1 << (at % 64);
            if !was_empty {
                return;
            }
            at /= 64;
        }
    }

    /// Removes `item`.
    pub(crate) fn remove(&mut self, item: u32) {
        let mut at = item as usize;
        for level in &mut self.levels {
            let word = &mut level[at / 64];
            *word &= !(1 << (at % 64));
            if *word != 0 {
                return;
            }
            at /= 64;
        }
    }

    /// The smallest item.
    pub(crate) fn first(&self) -> Option<u32> {
        let mut at = 0;
        for level in self.levels.iter().rev() {
            let word = level[at];
            if word == 0 {
                return None;
            }
            at = at * 64 + word.trailing_zeros() as usize;
        }
        Some(at as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smallest_first_at_every_size() {
        for universe in [1, 63, 64, 65, 4096, 4097, 300_000] {
            let mut set = PrioritySet::new(universe);
            assert_eq!(set.first(), None);
            let mut items: Vec<u32> = (0..200).map(|n| (n * 7919) % universe as u32).collect();
            items.iter().for_each(|&item| set.insert(item));
            items.sort_unstable();
            items.dedup();
            for item in items {
                assert_eq!(set.first(), Some(item), "universe {universe}");
                set.remove(item);
            }
            assert_eq!(set.first(), None);
        }
    }
}
