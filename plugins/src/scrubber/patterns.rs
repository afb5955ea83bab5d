//! Many texts to look for at once.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// Longer texts are looked for one by one: an automaton takes many times the memory of what it knows.
const LONG: usize = 4 * 1024;

/// Up to so many bytes of texts make an automaton of the quicker kind.
const FEW: usize = 1024;

/// A set of texts. Adding a few at a time stays cheap however many there are: they are kept in automata of doubling size,
/// as a binary counter keeps its digits.
#[derive(Default)]
pub(super) struct Patterns {
    known: HashSet<Arc<str>>,
    /// The biggest first.
    automata: Vec<Automaton>,
    long: Vec<Arc<str>>,
}

struct Automaton {
    texts: Vec<Arc<str>>,
    finder: AhoCorasick,
}

impl Automaton {
    fn new(texts: Vec<Arc<str>>) -> Result<Self, Vec<Arc<str>>> {
        let len: usize = texts.iter().map(|text| text.len()).sum();
        // The quicker kind takes up to a kilobyte for each byte of them.
        let kind = if len <= FEW { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA };
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(kind))
            .build(texts.iter().map(|text| text.as_bytes()));
        match finder {
            Ok(finder) => Ok(Self { texts, finder }),
            Err(_) => Err(texts),
        }
    }
}

impl Patterns {
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Adds those texts that are not there yet. Empty ones would be everywhere, and are left out.
    pub(super) fn add(&mut self, texts: impl IntoIterator<Item = String>) {
        let mut fresh = Vec::new();
        for text in texts.into_iter().filter(|text| !text.is_empty()) {
            let text: Arc<str> = text.into();
            if !self.known.insert(text.clone()) {
                continue;
            }
            if text.len() > LONG { self.long.push(text) } else { fresh.push(text) }
        }
        while self.automata.last().is_some_and(|last| !fresh.is_empty() && last.texts.len() <= fresh.len()) {
            let last = self.automata.pop().map(|automaton| automaton.texts);
            fresh.extend(last.unwrap_or_default());
        }
        if fresh.is_empty() {
            return;
        }
        match Automaton::new(fresh) {
            Ok(automaton) => self.automata.push(automaton),
            // More than an automaton can hold.
            Err(texts) => self.long.extend(texts),
        }
    }

    /// Where the texts are, from the left; those that lie over each other as one.
    pub(super) fn find(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        // Most text has no secret in it, which is found out much more quickly than where they lie over each other.
        for automaton in self.automata.iter().filter(|automaton| automaton.finder.is_match(bytes)) {
            found.extend(automaton.finder.find_overlapping_iter(bytes).map(|found| found.range()));
        }
        for text in &self.long {
            found.extend(occurrences(bytes, text.as_bytes()));
        }
        found.sort_unstable_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
        let mut joined: Vec<Range<usize>> = Vec::with_capacity(found.len());
        for range in found {
            match joined.last_mut() {
                Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                _ => joined.push(range),
            }
        }
        joined
    }

    /// Where the longest end of `bytes` begins that a text could go on from. Their length, if there is none.
    pub(super) fn begun(&self, bytes: &[u8]) -> usize {
        self.known.iter().map(|text| bytes.len() - overlap(bytes, text.as_bytes())).min().unwrap_or(bytes.len())
    }
}

/// How many bytes at the end of `bytes` are the beginning, and not the whole, of `text`; the most that are.
fn overlap(bytes: &[u8], text: &[u8]) -> usize {
    let most = bytes.len().min(text.len() - 1);
    (1..=most).rev().find(|length| bytes.ends_with(&text[..*length])).unwrap_or(0)
}

fn occurrences(bytes: &[u8], text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = position(&bytes[from..], text) {
        found.push(from + at..from + at + text.len());
        from += at + 1;
    }
    found
}

fn position(bytes: &[u8], text: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(text.len())?;
    let mut from = 0;
    while from <= last {
        // The first byte is found quickly; what follows it seldom fits.
        let at = from + bytes[from..=last].iter().position(|byte| *byte == text[0])?;
        if bytes[at..].starts_with(text) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_bit_by_bit_is_found_like_what_is_added_at_once() {
        let texts: Vec<String> = (0..1_000).map(|n| format!("<{n}>")).collect();
        let (mut one, mut all) = (Patterns::default(), Patterns::default());
        texts.iter().for_each(|text| one.add([text.clone()]));
        all.add(texts.clone());
        assert!(one.automata.len() <= 10, "{}", one.automata.len());
        assert_eq!((one.len(), all.automata.len()), (1_000, 1));
        let text = format!("a{}b<1000>", texts.concat());
        assert_eq!(one.find(text.as_bytes()), all.find(text.as_bytes()));
        assert_eq!(one.find(text.as_bytes()).len(), 1_000);
        one.add(texts);
        assert_eq!(one.len(), 1_000);
    }

    #[test]
    fn long_and_short_ones_lie_over_each_other() {
        let long = "ab".repeat(LONG);
        let mut patterns = Patterns::default();
        patterns.add([long.clone(), "bX".to_owned(), String::new()]);
        let text = format!("b{long}X{long}abY");
        let found = patterns.find(text.as_bytes());
        assert_eq!(found, [1..long.len() + 2, long.len() + 2..2 * long.len() + 4]);
    }

    #[test]
    fn a_beginning_is_seen() {
        let mut patterns = Patterns::default();
        patterns.add(["hunter2", "terrible"].map(str::to_owned));
        for (text, expected) in [("", 0), ("x", 1), ("my hunter", 3), ("my hunter2", 10), ("hunthunt", 4), ("xter", 1)]
        {
            assert_eq!(patterns.begun(text.as_bytes()), expected, "{text}");
        }
    }
}
