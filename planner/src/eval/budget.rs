//! How much one expression may come to. A few words can ask for more than any machine has: loops in loops, text made of
//! text, values that hold others twice that hold others twice.

use std::cell::Cell;

use crate::value::Value;

/// Rounds of all loops of one expression.
const MAX_ROUNDS: usize = 1 << 20;
/// Bytes of all texts that one expression makes on its way.
const MAX_TEXT: usize = 1 << 26;
/// Elements of one value, those of its elements included, each as often as it occurs.
const MAX_ELEMENTS: usize = 1 << 22;
/// Levels of one value.
const MAX_LEVELS: usize = 1_000;

/// What one expression has made so far.
#[derive(Debug, Default)]
pub(super) struct Budget {
    rounds: Cell<usize>,
    text: Cell<usize>,
}

impl Budget {
    /// Takes a round of a loop; refuses when there were too many, or too much else.
    pub(super) fn take_round(&self) -> bool {
        self.rounds.set(self.rounds.get() + 1);
        self.excess().is_none()
    }

    /// Takes so many bytes of text; refuses when that is too much.
    pub(super) fn take_text(&self, bytes: usize) -> bool {
        self.text.set(self.text.get().saturating_add(bytes));
        self.excess().is_none()
    }

    /// What there is too much of.
    pub(super) fn excess(&self) -> Option<String> {
        if self.rounds.get() > MAX_ROUNDS {
            return Some(format!("The loops of this expression run more than {MAX_ROUNDS} times."));
        }
        (self.text.get() > MAX_TEXT).then(|| format!("This expression makes more than {} MiB of text.", MAX_TEXT >> 20))
    }
}

/// Refuses a text of so many bytes that a function is about to make, if that is too much.
pub(super) fn check_text(bytes: usize) -> Result<(), String> {
    if bytes > MAX_TEXT { Err(format!("the result would be longer than {} MiB", MAX_TEXT >> 20)) } else { Ok(()) }
}

/// What is too large about a value, if anything.
pub(super) fn excess(value: &Value) -> Option<String> {
    match weigh(value, MAX_LEVELS, &mut { MAX_ELEMENTS }) {
        Ok(()) => None,
        Err(TooLarge::Elements) => Some(format!("This value has more than {MAX_ELEMENTS} elements.")),
        Err(TooLarge::Levels) => Some(format!("This value is nested more than {MAX_LEVELS} levels deep.")),
    }
}

enum TooLarge {
    Elements,
    Levels,
}

fn weigh(value: &Value, levels: usize, left: &mut usize) -> Result<(), TooLarge> {
    let count = value.items().map(<[Value]>::len).or_else(|| Some(value.entries()?.len()));
    let Some(count) = count else { return Ok(()) };
    let levels = levels.checked_sub(1).ok_or(TooLarge::Levels)?;
    *left = left.checked_sub(count).ok_or(TooLarge::Elements)?;
    match (value.items(), value.entries()) {
        (Some(items), _) => items.iter().try_for_each(|item| weigh(item, levels, left)),
        (_, Some(entries)) => entries.values().try_for_each(|entry| weigh(entry, levels, left)),
        _ => Ok(()),
    }
}
