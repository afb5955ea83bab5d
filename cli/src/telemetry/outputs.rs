//! All that is written about one run of a command.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use planner::lower::Program;
use plugins::scrubber::Scrubber;

use super::chrome::ChromeTrace;
use super::event_lines::EventLines;
use super::feed::{Feed, Sink, StageEmitter};
use super::otlp::{Collector, Spans};
use super::roster::{Roster, Stage};
use crate::options::TelemetryOptions;

/// How long an output may stand still when the run is over. Longer than a collector is given to answer.
const PATIENCE: Duration = Duration::from_secs(12);

/// What all outputs say about the run.
#[derive(Clone, Debug)]
pub struct RunLabel {
    /// The run's id.
    pub run: Arc<str>,
    /// The version of this program.
    pub packer: &'static str,
    /// The template, as it was given, without secrets.
    pub template: String,
    /// When it began, RFC 3339.
    pub started: String,
}

/// The outputs of one run; there may be none. What is left is written when it is dropped, if it was not before.
pub struct Telemetry {
    feeds: Mutex<Vec<Feed>>,
    began: Instant,
    scrubber: Scrubber,
}

impl Telemetry {
    /// Opens every output that is wanted.
    ///
    /// # Errors
    ///
    /// One of them cannot be had: which, why, and that nothing ran.
    pub fn open(
        options: &TelemetryOptions,
        (working_dir, environment): (&Path, &BTreeMap<String, String>),
        label: &RunLabel,
        scrubber: &Scrubber,
    ) -> Result<Self, String> {
        let mut feeds = Vec::new();
        if let Some(path) = &options.events {
            let file = create(working_dir, "--events", path)?;
            feeds.push(start(format!("--events {path}"), EventLines::new(file, label.clone(), scrubber.clone()))?);
        }
        if let Some(path) = &options.trace {
            let file = create(working_dir, "--trace", path)?;
            let trace = ChromeTrace::new(file, label, scrubber.clone());
            let trace = trace.map_err(|error| unwritable("--trace", path, &error))?;
            feeds.push(start(format!("--trace {path}"), trace)?);
        }
        if let Some(endpoint) = &options.otlp {
            let collector = Collector::new(endpoint, environment).map_err(|error| format!("--otlp: {error}"))?;
            let flag = format!("--otlp {}", collector.place());
            let spans = Spans::new(collector, label, scrubber.clone());
            feeds.push(start(flag, spans.map_err(|error| format!("starting a runtime: {error}"))?)?);
        }
        Ok(Self { feeds: Mutex::new(feeds), began: Instant::now(), scrubber: scrubber.clone() })
    }

    /// Whether there is any.
    pub fn is_wanted(&self) -> bool {
        !self.feeds.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Writes the events of a run of `program` that begins now.
    pub fn stage(&self, name: &'static str, program: &Program) -> Option<StageEmitter> {
        let feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        (!feeds.is_empty()).then(|| {
            let roster = Roster::new(program, &self.scrubber);
            StageEmitter::new(Arc::new(Stage { name, offset: self.began.elapsed(), roster }), feeds.iter())
        })
    }

    /// Writes what is left. Returns what went wrong, if anything: once for each output.
    pub fn finish(&self) -> Vec<String> {
        let feeds = std::mem::take(&mut *self.feeds.lock().unwrap_or_else(PoisonError::into_inner));
        feeds.into_iter().filter_map(|feed| feed.finish(PATIENCE).err()).collect()
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        // Only after a run that was given up, which has said why.
        self.finish();
    }
}

fn start(label: String, sink: impl Sink + 'static) -> Result<Feed, String> {
    Feed::start(label, sink).map_err(|error| format!("starting a thread: {error}"))
}

fn create(working_dir: &Path, flag: &str, path: &str) -> Result<File, String> {
    File::create(working_dir.join(path)).map_err(|error| unwritable(flag, path, &error))
}

fn unwritable(flag: &str, path: &str, error: &std::io::Error) -> String {
    format!("{flag} {path}: cannot be written: {error}\nNothing was built. Name a file in a folder that is there.")
}
