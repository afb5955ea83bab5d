//! The log: where `PACKER_LOG` and `PACKER_LOG_PATH` send it, and the form of its lines.

use std::fs::File;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Zoned;
use plugins::scrubber::Scrubber;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

use crate::environment::Environment;

/// The log cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("Couldn't setup log output: {path}: {source}")]
pub struct LogError {
    path: String,
    source: std::io::Error,
}

/// Starts logging if the environment asks for it: to the file of `PACKER_LOG_PATH`, else to standard error.
/// Secrets are taken out of every line.
///
/// Fails if the file cannot be created.
pub fn start(environment: &Environment, scrubber: Scrubber) -> Result<(), LogError> {
    let destination = match environment.get("PACKER_LOG_PATH") {
        Some(path) => {
            let file = File::create(path).map_err(|source| LogError { path: path.to_owned(), source })?;
            Destination::File(Arc::new(Mutex::new(file)))
        }
        None if to_stderr(environment) => Destination::Stderr,
        None => return Ok(()),
    };
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .event_format(Lines)
        .with_writer(LogWriter { destination, scrubber })
        .finish();
    // Fails only if a subscriber is there already, which then is the one that was asked for.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

/// Whether log lines go to standard error.
pub fn to_stderr(environment: &Environment) -> bool {
    environment.get("PACKER_LOG").is_some_and(|value| value != "0") && environment.get("PACKER_LOG_PATH").is_none()
}

/// `2006/01/02 15:04:05 [INFO] text`, local time. What users saw comes without a level.
struct Lines;

impl<S, F> FormatEvent<S, F> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    F: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, F>, mut out: Writer<'_>, event: &Event<'_>) -> std::fmt::Result {
        write!(out, "{} ", Zoned::now().strftime("%Y/%m/%d %H:%M:%S"))?;
        if event.metadata().target() != "ui" {
            write!(out, "[{}] ", event.metadata().level())?;
        }
        ctx.field_format().format_fields(out.by_ref(), event)?;
        writeln!(out)
    }
}

#[derive(Clone)]
enum Destination {
    File(Arc<Mutex<File>>),
    Stderr,
}

/// Hands one whole event at a time to where it goes.
#[derive(Clone)]
struct LogWriter {
    destination: Destination,
    scrubber: Scrubber,
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for LogWriter {
    fn write(&mut self, event: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let scrubbed = self.scrubber.scrub(&text);
        match &self.destination {
            Destination::File(file) => {
                file.lock().unwrap_or_else(PoisonError::into_inner).write_all(scrubbed.as_bytes())?;
            }
            // What users saw would be there twice.
            Destination::Stderr if repeats_output(&text) => {}
            Destination::Stderr => std::io::stderr().write_all(scrubbed.as_bytes())?,
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Whether an event only repeats a line of output.
fn repeats_output(event: &str) -> bool {
    let first = event.lines().next().unwrap_or_default();
    first.contains("ui:") || first.contains("ui error:")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn the_environment_decides_where_lines_go() {
        let rows: [(&[(&str, &str)], bool); 6] = [
            (&[], false),
            (&[("PACKER_LOG", "")], false),
            (&[("PACKER_LOG", "0")], false),
            (&[("PACKER_LOG", "1")], true),
            (&[("PACKER_LOG", "anything")], true),
            (&[("PACKER_LOG", "1"), ("PACKER_LOG_PATH", "x.log")], false),
        ];
        for (variables, expected) in rows {
            let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            assert_eq!(to_stderr(&Environment::new(variables, PathBuf::from("/"))), expected);
        }
    }

    #[test]
    fn lines_of_output_are_known() {
        let rows = [("2024/01/02 03:04:05 ui: ==> a: b\nc\n", true), ("x ui error: y", true), ("x\nui: y", false)];
        for (event, expected) in rows {
            assert_eq!(repeats_output(event), expected, "{event:?}");
        }
    }
}
