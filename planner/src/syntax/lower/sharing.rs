//! One copy of short texts that come again and again: names, numbers, words.

use std::sync::Arc;

use crate::syntax::lower::lowerer::normalised;

/// Longer texts seldom come twice.
const LONGEST: usize = 32;
const SLOTS: usize = 256;

/// The texts seen last, one for each slot. Cheaper than a copy of each, which a set of all of them would not be.
pub(super) struct Sharing {
    slots: Vec<Option<Arc<str>>>,
}

impl Sharing {
    pub(super) fn new() -> Self {
        Self { slots: vec![None; SLOTS] }
    }

    /// `text` in Unicode normalisation form C.
    pub(super) fn share(&mut self, text: &str) -> Arc<str> {
        if text.len() > LONGEST {
            return normalised(text);
        }
        let slot = &mut self.slots[slot_of(text)];
        match slot {
            Some(known) if **known == *text => Arc::clone(known),
            _ => Arc::clone(slot.insert(normalised(text))),
        }
    }
}

fn slot_of(text: &str) -> usize {
    text.bytes().fold(text.len(), |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % SLOTS
}
