//! How much memory is live at a time, at most, while a text is used.

use std::collections::BTreeMap;

/// What a text of no length may take: tables of functions, of components, of a run's nodes.
const FIXED: u64 = 1 << 18;

/// What each byte of a text may take. Most take a fifth of it; attributes of a few characters in one long body, which the
/// parser takes in one piece, decide.
pub(crate) const PER_BYTE: u64 = 75;

/// The most memory that was live on one thread, by what was done.
#[derive(Default)]
pub(crate) struct Peaks(BTreeMap<&'static str, Peak>);

#[derive(Clone)]
struct Peak {
    bytes: u64,
    text: String,
}

impl Peak {
    /// What is taken beyond what its length allows.
    fn beyond(&self) -> i64 {
        self.bytes as i64 - (self.text.len() as u64 * PER_BYTE) as i64
    }
}

impl Peaks {
    /// Does it, and keeps what memory it took.
    pub(crate) fn measure(&mut self, what: &'static str, text: &str, work: impl FnOnce()) {
        let bytes = allocation_counter::measure(work).bytes_max;
        self.keep(what, Peak { bytes, text: text.to_owned() });
    }

    pub(crate) fn merge(&mut self, others: Self) {
        others.0.into_iter().for_each(|(what, peak)| self.keep(what, peak));
    }

    fn keep(&mut self, what: &'static str, peak: Peak) {
        match self.0.get(what) {
            Some(known) if known.beyond() >= peak.beyond() => {}
            _ => drop(self.0.insert(what, peak)),
        }
    }

    #[expect(clippy::print_stdout, reason = "shown when the test fails, or is asked to show it")]
    pub(crate) fn check(&self) {
        for (what, Peak { bytes, text }) in &self.0 {
            println!("{what}: {bytes} bytes for a text of {}", text.len());
        }
        for (what, peak) in &self.0 {
            assert!(
                peak.beyond() <= FIXED as i64,
                "{what}: {} bytes for a text of {}:\n{}",
                peak.bytes,
                peak.text.len(),
                peak.text
            );
        }
    }
}
