//! Brings files into canonical layout.

use std::fmt::Write;
use std::io::Read;

use planner::diagnostic::{Diagnostic, Diagnostics};
use planner::files::Files;
use planner::os_words::os_words;
use rayon::prelude::*;

use crate::exit::Exit;
use crate::findings;
use crate::formatting::{Outcome, Step, Target, find, format_file, format_text};
use crate::options::FmtOptions;
use crate::session::Session;
use crate::signal::Interruption;

/// So many files are formatted before their names are shown: enough to keep all threads busy, few enough to hold their
/// differences in memory.
const BATCH: usize = 256;

/// Runs `packer fmt`. A file with a problem does not keep the others from being formatted; all problems are said in the
/// end.
pub fn run(session: &mut Session, options: &FmtOptions) -> Exit {
    let working_dir = match session.environment.working_dir() {
        Ok(working_dir) => working_dir.to_owned(),
        Err(error) => {
            session.error(&format!("Error: {error}"));
            return Exit::Failed;
        }
    };
    let targets = find(&options.paths, &working_dir, options.recursive);
    // Read before signals are caught: whoever waits for input can be interrupted as usual.
    let mut input =
        if targets.iter().any(|target| matches!(target, Target::Input)) { read_input() } else { Ok(Vec::new()) };
    let interruption = if options.write { Interruption::watch() } else { Interruption::ignored() };
    let mut run = Run { options, problems: String::new(), n_changed: 0 };
    for batch in targets.chunks(BATCH) {
        if interruption.signal().is_some() {
            break;
        }
        let outcomes: Vec<Option<Outcome>> = batch.par_iter().map(|target| run.file(target, &interruption)).collect();
        let mut shown = String::new();
        for (target, outcome) in batch.iter().zip(outcomes) {
            match (target, outcome) {
                (Target::File { shown: name, .. }, Some(outcome)) => run.tell(session, name, outcome, &mut shown),
                (Target::Input, _) => run.input(session, std::mem::replace(&mut input, Ok(Vec::new())), &mut shown),
                (Target::Unlisted(problem), _) => run.problem(session, &Files::new(), &problem.clone().into()),
                (Target::File { .. }, None) => {}
            }
        }
        session.verbatim(&shown);
    }
    run.end(session, interruption.signal())
}

fn read_input() -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What is known so far.
struct Run<'o> {
    options: &'o FmtOptions,
    problems: String,
    n_changed: usize,
}

impl Run<'_> {
    /// Formats a file, unless the program is to end.
    fn file(&self, target: &Target, interruption: &Interruption) -> Option<Outcome> {
        let step = Step { write: self.options.write, diff: self.options.diff };
        match target {
            Target::File { shown, path } if interruption.signal().is_none() => Some(format_file(shown, path, step)),
            _ => None,
        }
    }

    /// The name of a file that changed, and how it did.
    fn tell(&mut self, session: &Session, name: &str, outcome: Outcome, shown: &mut String) {
        if outcome.changed.is_some() {
            // Writing to a String cannot fail.
            let _ = write!(shown, "{name}\n{}", outcome.diff);
        }
        self.count(session, &outcome);
    }

    /// What was read, or its new layout. Nothing when it should only be known whether that differs.
    fn input(&mut self, session: &Session, input: std::io::Result<Vec<u8>>, shown: &mut String) {
        let (old, outcome) = match input {
            Ok(bytes) => format_text("-", bytes),
            Err(error) => {
                let summary = "encountered an error while formatting -";
                let detail = format!("failed to read -: {}", os_words(&error));
                return self.problem(session, &Files::new(), &Diagnostic::error(summary, detail, None).into());
            }
        };
        match &outcome.changed {
            None if outcome.problem.is_none() => shown.push_str(&old),
            Some(new) if self.options.write => shown.push_str(new),
            _ => {}
        }
        self.count(session, &outcome);
    }

    fn count(&mut self, session: &Session, outcome: &Outcome) {
        self.n_changed += usize::from(outcome.changed.is_some());
        if let Some((files, diagnostics)) = &outcome.problem {
            self.problem(session, files, diagnostics);
        }
    }

    fn problem(&mut self, session: &Session, files: &Files, diagnostics: &Diagnostics) {
        self.problems.push_str(&findings::rendered(session, files, diagnostics));
    }

    fn end(self, session: &mut Session, signal: Option<u8>) -> Exit {
        if !self.problems.is_empty() {
            session.error(&self.problems);
        }
        match signal {
            Some(signal) => Exit::Signal(signal),
            None if !self.problems.is_empty() => Exit::Failed,
            None if self.options.check && self.n_changed > 0 => Exit::Unformatted,
            None => Exit::Success,
        }
    }
}
