//! What a command is handed: its surroundings, the version, and the output.

use std::io::Write;

use engine::Cancel;
use planner::diagnostic::Diagnostics;
use planner::files::Files;
use plugins::process::Fence;
use plugins::scrubber::Scrubber;
use serde::Serialize;

use crate::environment::Environment;
use crate::exit::Exit;
use crate::reporter::{OutputEnd, Printer, Report, Reporter, Reports, Settings, UiKind};
use crate::verdict::Verdict;

/// Which version this is, in the parts that machine-readable output has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// `1.16.0`.
    pub number: &'static str,
    /// `dev`, `beta1`; empty for releases.
    pub prerelease: &'static str,
    /// The commit it was built from, where known.
    pub commit: &'static str,
}

impl Version {
    /// The version of this program.
    pub const CURRENT: Version = Version {
        number: env!("CARGO_PKG_VERSION"),
        prerelease: env!("CARGO_PKG_VERSION_PRE"),
        commit: match option_env!("PACKER_BUILD_COMMIT") {
            Some(commit) => commit,
            None => "",
        },
    };
}

/// One run of the program.
pub struct Session {
    /// Variables, working directory, home.
    pub environment: Environment,
    /// Which version this is.
    pub version: Version,
    /// What ends child processes should we not be able to.
    pub fence: Fence,
    printer: Printer,
    reporter: Option<Reporter>,
    reporter_end: OutputEnd,
    /// Gathers what would be said, for a command that answers with one JSON document.
    verdict: Option<Verdict>,
}

impl Session {
    /// A run that prints to standard output.
    pub fn new(environment: Environment, machine_readable: bool, scrubber: Scrubber, fence: Fence) -> Self {
        let settings = Settings::new(&environment, machine_readable);
        let printer = Printer::stdout(settings, scrubber);
        let version = Version::CURRENT;
        Self { environment, version, fence, printer, reporter: None, reporter_end: OutputEnd::Written, verdict: None }
    }

    /// How output looks.
    pub fn settings(&self) -> Settings {
        self.printer.settings()
    }

    /// The secrets that are taken out of all output and logs.
    pub fn scrubber(&self) -> &Scrubber {
        self.printer.scrubber()
    }

    /// From here on findings and errors are gathered for [`Session::conclude`], and other messages are dropped.
    pub fn gather(&mut self) {
        self.verdict = Some(Verdict::default());
    }

    /// Takes findings in, if they are gathered; `false` when they are to be said.
    pub fn takes(&mut self, diagnostics: &Diagnostics, files: &Files) -> bool {
        let Some(verdict) = &mut self.verdict else { return false };
        verdict.add(diagnostics, files, self.printer.scrubber());
        true
    }

    /// Prints the document of what was gathered, if anything is; `plan` is what the command made.
    pub fn conclude(&mut self, plan: Option<impl Serialize>) {
        if let Some(verdict) = self.verdict.take() {
            self.raw(&verdict.render(plan));
        }
    }

    /// A message for the user, on standard output.
    pub fn say(&mut self, text: &str) {
        if self.verdict.is_some() {
            return;
        }
        match &self.reporter {
            Some(reporter) => reporter.reports().send(plain(UiKind::Say, text)),
            None => self.printer.say(text),
        }
    }

    /// A detail for the user, which programs can tell from other messages. Not while a reporter runs.
    pub fn message(&mut self, text: &str) {
        self.stop_reporter();
        self.printer.message(text);
    }

    /// Whether there is still somebody to talk to.
    pub fn is_heard(&self) -> bool {
        !self.printer.end().is_broken()
    }

    /// A message about something that went wrong, on standard output as well.
    pub fn error(&mut self, text: &str) {
        if let Some(verdict) = &mut self.verdict {
            return verdict.add_error(text, self.printer.scrubber());
        }
        match &self.reporter {
            Some(reporter) => reporter.reports().send(plain(UiKind::Error, text)),
            None => self.printer.error(text),
        }
    }

    /// A machine-readable line; nothing in output for people.
    pub fn machine(&mut self, target: Option<&str>, kind: &str, args: &[String]) {
        match &self.reporter {
            Some(reporter) => {
                let target = target.map(Into::into);
                reporter.reports().send(Report::Machine { target, kind: kind.to_owned(), args: args.to_vec() });
            }
            None => self.printer.machine(target, kind, args),
        }
    }

    /// Text that is the same for people and programs: help, a rendered plan. Not while a reporter runs: the text waits
    /// until it has ended.
    pub fn raw(&mut self, text: &str) {
        self.stop_reporter();
        self.printer.raw(text);
    }

    /// Text exactly as it is, to the last byte: what is printed is somebody's file, or names files. Not while a reporter
    /// runs.
    pub fn verbatim(&mut self, text: &str) {
        self.stop_reporter();
        self.printer.verbatim(text);
    }

    /// Starts the reporter thread, for commands that run nodes. From here on [`Session::say`] and the like go through
    /// it. `cancel` is raised to stopping when output cannot be written.
    ///
    /// Fails if the system has no thread to give.
    pub fn start_reporter(&mut self, settings: Settings, cancel: &Cancel) -> std::io::Result<Reports> {
        self.stop_reporter();
        let printer = Printer::stdout(settings, self.scrubber().clone());
        let reporter = Reporter::start(printer, cancel.clone())?;
        let reports = reporter.reports().clone();
        self.reporter = Some(reporter);
        Ok(reports)
    }

    /// Writes what is left, takes the live status away, ends the thread.
    pub fn stop_reporter(&mut self) {
        if let Some(reporter) = self.reporter.take() {
            self.reporter_end = reporter.finish();
        }
    }

    /// The exit code in the end. Output that could not be written spoils a success; a reader that went away does so
    /// only if builds were run, because they were cut short.
    pub fn finish(mut self, exit: Exit) -> Exit {
        self.stop_reporter();
        self.fence.close();
        let ends = [&self.reporter_end, self.printer.end()];
        if let Some(cause) =
            ends.iter().find_map(|end| if let OutputEnd::Failed(cause) = end { Some(cause) } else { None })
        {
            complain(&format!("Error writing output: {cause}"));
            return exit.or_failed(true);
        }
        exit.or_failed(self.reporter_end == OutputEnd::Closed)
    }
}

/// A line on standard error, for what cannot be said on standard output. Nothing is left to do if that fails too.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn plain(kind: UiKind, text: &str) -> Report {
    Report::Plain { target: None, kind, text: text.to_owned() }
}
