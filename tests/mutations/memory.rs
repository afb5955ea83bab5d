//! How much memory is live at a time, at most, while a text is used.

use std::collections::BTreeMap;

/// What a text of no length may take: tables of functions, the nodes of a run.
const FIXED: u64 = 1 << 16;

/// What legacy templates take instead: their variables are looked at with regular expressions.
const FIXED_LEGACY: u64 = 5 << 16;

/// What each byte of a text may take. What is parsed or formatted takes a third of it; what holds much in a few words
/// decides: short attributes, and builds, which become nodes of a graph.
pub(crate) const PER_BYTE: f64 = 55.0;

/// The most memory that was live on one thread, by what was done.
#[derive(Default)]
pub(crate) struct Peaks(BTreeMap<&'static str, Peak>);

struct Peak {
    bytes: u64,
    per_byte: f64,
    text: String,
}

impl Peaks {
    /// Does it, and keeps what memory it took.
    pub(crate) fn measure(&mut self, what: &'static str, text: &str, work: impl FnOnce()) {
        let bytes = allocation_counter::measure(work).bytes_max;
        let fixed = if what.ends_with("legacy") { FIXED_LEGACY } else { FIXED };
        let per_byte = bytes.saturating_sub(fixed) as f64 / text.len().max(1) as f64;
        self.keep(what, Peak { bytes, per_byte, text: text.to_owned() });
    }

    pub(crate) fn merge(&mut self, others: Self) {
        others.0.into_iter().for_each(|(what, peak)| self.keep(what, peak));
    }

    fn keep(&mut self, what: &'static str, peak: Peak) {
        let most = |known: &Peak| (known.per_byte, known.bytes);
        match self.0.get(what) {
            Some(known) if most(known) >= most(&peak) => {}
            _ => drop(self.0.insert(what, peak)),
        }
    }

    #[expect(clippy::print_stdout, reason = "shown when the test fails, or is asked to show it")]
    pub(crate) fn check(&self) {
        for (what, Peak { bytes, per_byte, text }) in &self.0 {
            println!("{what}: at most {bytes} bytes, {per_byte:.1} for each of {} after the fixed ones", text.len());
        }
        for (what, Peak { per_byte, text, .. }) in &self.0 {
            assert!(*per_byte <= PER_BYTE, "{what}: {per_byte:.1} bytes for each byte of this text:\n{text}");
        }
    }
}
