//! One report to bytes, for people or for programs. Commands that run nothing print with it directly; while builds run,
//! the reporter thread owns it.

use std::fmt::Write as _;
use std::io::Write;

use jiff::{Timestamp, Zoned};
use plugins::scrubber::Scrubber;
use tracing::info;

use super::report::{Target, UiKind};
use super::settings::Settings;
use super::sink::{OutputEnd, Sink};
use super::{human, machine};

/// The only way to standard output.
pub struct Printer {
    settings: Settings,
    scrubber: Scrubber,
    sink: Sink,
    pending: String,
}

impl Printer {
    /// Prints to `out`.
    pub fn new(settings: Settings, scrubber: Scrubber, out: Box<dyn Write + Send>) -> Self {
        Self { settings, scrubber, sink: Sink::new(out), pending: String::new() }
    }

    /// Prints to standard output.
    pub fn stdout(settings: Settings, scrubber: Scrubber) -> Self {
        Self::new(settings, scrubber, Box::new(std::io::stdout()))
    }

    /// How output looks.
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// Changes how the following output looks.
    pub fn set_settings(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// The secrets that are taken out.
    pub fn scrubber(&self) -> &Scrubber {
        &self.scrubber
    }

    /// A message for the user.
    pub fn say(&mut self, text: &str) {
        self.plain(None, UiKind::Say, text);
        self.flush();
    }

    /// A detail for the user.
    pub fn message(&mut self, text: &str) {
        self.plain(None, UiKind::Message, text);
        self.flush();
    }

    /// A message about something that went wrong. Also on standard output: that is where users look for it.
    pub fn error(&mut self, text: &str) {
        self.plain(None, UiKind::Error, text);
        self.flush();
    }

    /// A machine-readable line; nothing in output for people.
    pub fn machine(&mut self, target: Option<&str>, kind: &str, args: &[String]) {
        self.machine_line(target, kind, args);
        self.flush();
    }

    /// Text that is the same for people and programs: help, a rendered plan. A line end is added unless it has one.
    pub fn raw(&mut self, text: &str) {
        let text = self.scrubber.scrub(text).into_owned();
        self.pending.push_str(&text);
        if !text.ends_with('\n') {
            self.pending.push('\n');
        }
        self.flush();
    }

    /// Text exactly as it is.
    pub fn verbatim(&mut self, text: &str) {
        self.pending.push_str(text);
        self.flush();
    }

    /// What became of the output so far.
    pub fn end(&self) -> &OutputEnd {
        self.sink.end()
    }

    pub(super) fn ui(&mut self, target: Option<&Target>, kind: UiKind, text: &str) {
        match target {
            Some(target) => {
                let text = human::prefixed(&self.scrubbed(target), &self.scrubber.scrub(text));
                self.of_build(target, kind, text);
            }
            None => self.plain(None, kind, text),
        }
    }

    pub(super) fn plain(&mut self, target: Option<&Target>, kind: UiKind, text: &str) {
        let text = self.scrubber.scrub(text).into_owned();
        match target {
            Some(target) => self.of_build(target, kind, text),
            None => self.line(kind, &text),
        }
    }

    pub(super) fn legend(&mut self, targets: &[Target]) {
        if !self.settings.colour || self.settings.machine_readable || targets.is_empty() {
            return;
        }
        for target in targets {
            let text = format!("{}: output will be in this color.", self.scrubber.scrub(&target.build));
            let text = human::coloured(&self.settings, target, UiKind::Say, text);
            self.line(UiKind::Say, &text);
        }
        self.line(UiKind::Say, "");
    }

    pub(super) fn machine_line(&mut self, target: Option<&str>, kind: &str, args: &[String]) {
        let args: Vec<String> = args.iter().map(|arg| self.scrubber.scrub(arg).into_owned()).collect();
        let args = args.iter().map(String::as_str);
        if self.settings.machine_readable {
            let now = Timestamp::now().as_second();
            let (target, kind) = (self.scrubber.scrub(target.unwrap_or_default()), self.scrubber.scrub(kind));
            let line = machine::line(now, &target, &kind, args);
            // Writing to a string cannot fail.
            let _ = writeln!(self.pending, "{line}");
        } else {
            info!(target: "ui", "machine readable: {kind} {:?}", args.collect::<Vec<_>>());
        }
    }

    /// A question stays on its line: the answer is typed behind it.
    pub(super) fn question(&mut self, target: Option<&Target>, query: &str) {
        let text = self.scrubber.scrub(query).into_owned();
        let text = match target {
            Some(target) => {
                let prefixed = human::prefixed(&self.scrubbed(target), &text);
                human::coloured(&self.settings, target, UiKind::Say, self.stamped(prefixed))
            }
            None => text,
        };
        info!(target: "ui", "ui: ask: {query}");
        self.pending.push_str(&text);
        self.pending.push(' ');
    }

    /// Whether anything waits to be written.
    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Writes what is pending, all at once.
    pub(super) fn flush(&mut self) {
        self.sink.write(self.pending.as_bytes());
        self.pending.clear();
        // A burst may have made it big.
        self.pending.shrink_to(64 * 1024);
    }

    /// Outermost layers of a build's text: the time, then the colour.
    fn of_build(&mut self, target: &Target, kind: UiKind, text: String) {
        let text = self.stamped(text);
        if self.settings.machine_readable {
            return self.line(kind, &text);
        }
        let text = human::coloured(&self.settings, target, kind, text);
        self.line(kind, &text);
    }

    fn stamped(&self, text: String) -> String {
        if self.settings.timestamps { human::stamped(&Zoned::now(), &text) } else { text }
    }

    /// One finished text on a line of its own.
    fn line(&mut self, kind: UiKind, text: &str) {
        match kind {
            UiKind::Error => info!(target: "ui", "ui error: {text}"),
            UiKind::Say | UiKind::Message => info!(target: "ui", "ui: {text}"),
        }
        if self.settings.machine_readable {
            self.machine_line(None, "ui", &[kind.name().to_owned(), text.to_owned()]);
        } else {
            self.pending.push_str(text);
            self.pending.push('\n');
        }
    }

    /// Build names come from templates and may hold secrets as well.
    fn scrubbed(&self, target: &Target) -> Target {
        let scrub = |text: &std::sync::Arc<str>| self.scrubber.scrub(text).into_owned().into();
        Target {
            build: scrub(&target.build),
            post_processor: target.post_processor.as_ref().map(scrub),
            colour_index: target.colour_index,
        }
    }
}
