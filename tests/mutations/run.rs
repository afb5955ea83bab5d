//! The bounded run: no panic, no hang, no more memory than a text of its length may take.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::claims;
use crate::edit::{Dice, mutated, vocabulary};
use crate::memory::Peaks;
use crate::validation::Validator;
use crate::watchdog::Watchdog;
use crate::{CORPUS, Kind};

const CASES: usize = 60_000;

/// Runs many cases, each of which depends on its number alone.
struct Run<'t> {
    vocabulary: Vec<&'t str>,
    next: AtomicUsize,
    watchdog: Watchdog,
    peaks: Mutex<Peaks>,
    failed: Mutex<Vec<String>>,
}

#[test]
fn any_text_gets_an_answer() {
    let run = Run {
        vocabulary: vocabulary(CORPUS.iter().map(|(_, text)| *text)),
        next: AtomicUsize::new(0),
        watchdog: Watchdog::default(),
        peaks: Mutex::default(),
        failed: Mutex::default(),
    };
    std::thread::scope(|scope| {
        let watched = run.watchdog.watch(scope);
        let n_workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let workers: Vec<_> = (0..n_workers).map(|_| scope.spawn(|| run.work())).collect();
        workers.into_iter().for_each(|worker| worker.join().unwrap());
        drop(watched);
    });
    let failed = run.failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} cases, among them:\n{}", failed.len(), failed[..failed.len().min(3)].join("\n\n"));
    run.peaks.into_inner().unwrap().check();
}

impl Run<'_> {
    /// Takes case after case until there are no more.
    fn work(&self) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("note.txt"), "note").unwrap();
        std::fs::write(folder.path().join("list.pkrtpl.hcl"), include_str!("corpus/list.pkrtpl.hcl")).unwrap();
        std::fs::write(folder.path().join("variables.pkr.hcl"), include_str!("corpus/variables.pkr.hcl")).unwrap();
        let bench = Bench { folder: folder.path(), validator: Validator::new(folder.path()) };
        let mut peaks = Peaks::default();
        loop {
            let case = self.next.fetch_add(1, Ordering::Relaxed);
            if case >= CASES {
                break;
            }
            let (kind, text) = CORPUS[case % CORPUS.len()];
            let text = mutated(text, &self.vocabulary, &mut Dice::new(case));
            let described = format!("case {case}, {kind:?}:\n{text}");
            let ended = self
                .watchdog
                .during(&described, || catch_unwind(AssertUnwindSafe(|| bench.try_all(kind, &text, &mut peaks))));
            if ended.is_err() {
                self.failed.lock().unwrap().push(described);
            }
        }
        self.peaks.lock().unwrap().merge(peaks);
    }
}

/// Where one thread tries texts.
struct Bench<'b> {
    folder: &'b std::path::Path,
    validator: Validator,
}

impl Bench<'_> {
    /// All that a text of its kind can be used for.
    fn try_all(&self, kind: Kind, text: &str, peaks: &mut Peaks) {
        match kind {
            Kind::Json | Kind::JsonValues => peaks.measure("parse JSON", text, || claims::json(text)),
            Kind::Legacy => peaks.measure("parse legacy", text, || claims::legacy(text.as_bytes())),
            Kind::Expression => peaks.measure("evaluate", text, || claims::expression(text)),
            Kind::Interpolation => peaks.measure("interpolate", text, || claims::interpolation(text)),
            Kind::Scalar => peaks.measure("read scalars", text, || claims::scalars(text)),
            Kind::Native | Kind::NativeValues | Kind::Template => {
                peaks.measure("parse native", text, || claims::native(text));
                peaks.measure("format", text, || claims::layout(text));
            }
        }
        match kind {
            Kind::Native => self.validate("t.pkr.hcl", "t.pkr.hcl", text, peaks),
            Kind::Json => self.validate("t.pkr.json", "t.pkr.json", text, peaks),
            Kind::NativeValues => self.validate("variables.pkr.hcl", "t.pkrvars.hcl", text, peaks),
            Kind::JsonValues => self.validate("variables.pkr.hcl", "t.pkrvars.json", text, peaks),
            Kind::Template | Kind::Expression | Kind::Interpolation | Kind::Scalar => {}
            Kind::Legacy => peaks.measure("validate legacy", text, || {
                let (found, files) = self.validator.validate_legacy(text.as_bytes());
                claims::can_be_shown(&found, &files);
            }),
        }
    }

    /// Validates `template` after writing `text` to the file `written`.
    fn validate(&self, template: &str, written: &str, text: &str, peaks: &mut Peaks) {
        std::fs::write(self.folder.join(written), text).unwrap();
        let values = if written == template { Vec::new() } else { vec![written.to_owned()] };
        peaks.measure("validate", text, || {
            let (found, files) = self.validator.validate(template, values);
            claims::can_be_shown(&found, &files);
        });
    }
}
