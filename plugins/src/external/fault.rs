//! Why a plugin gave no answer, in words for users: which plugin, what became of it, what it said last.

use std::fmt;
use std::io;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use planner::duration::GoDuration;

use crate::component::ComponentError;
use crate::external::greeting::GreetingFault;
use crate::memory::MemorySize;
use crate::process::ProcessError;

/// A call, or a start, that came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum PluginFault {
    /// The component itself answered with an error, in its own words.
    #[error("{0}")]
    Refused(String),
    /// The run ends at once, and the plugin with it.
    #[error("context canceled")]
    Cancelled,
    /// The plugin does not work.
    #[error(transparent)]
    Broken(Box<Breakdown>),
}

impl From<PluginFault> for ComponentError {
    fn from(fault: PluginFault) -> Self {
        match fault {
            PluginFault::Cancelled => Self::Cancelled,
            // Plugins pass on what programs printed, line end and all.
            PluginFault::Refused(text) => Self::new(text.trim_end()),
            PluginFault::Broken(breakdown) => Self::Broken(breakdown.to_string()),
        }
    }
}

/// Which plugin, and which component of it: `github.com/acme/tester v1.0.0, builder "quick"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The plugin's name.
    pub name: String,
    /// Its version; empty when nobody knows.
    pub version: String,
    /// The component.
    pub component: String,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, version, component } = self;
        match version.trim_start_matches('v') {
            "" => write!(f, "{name}, {component}"),
            version => write!(f, "{name} v{version}, {component}"),
        }
    }
}

/// A plugin that does not work, or not any more.
#[derive(Debug, thiserror::Error)]
pub struct Breakdown {
    /// Which plugin.
    pub plugin: Identity,
    /// The call that it did not answer; none when it did not start.
    pub call: Option<String>,
    /// What happened.
    pub cause: Cause,
    /// The last lines of its standard error.
    pub tail: Vec<String>,
}

/// What can happen to a plugin. The first words of those that concern a start are what scripts know.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// It said nothing for too long.
    #[error("timeout while waiting for plugin to start")]
    Timeout(Duration),
    /// It ended before it said anything.
    #[error("plugin exited before we could connect")]
    Exited(ExitStatus),
    /// The system could not run it.
    #[error("{}", problem(.0))]
    Process(Arc<Result<ExitStatus, ProcessError>>),
    /// What it said is no greeting, or one of another protocol.
    #[error(transparent)]
    Greeting(GreetingFault),
    /// The connection could not be made.
    #[error("cannot connect to the plugin: {0}")]
    Connect(io::Error),
    /// It ended during a call.
    #[error("plugin {}", if .0.success() { "exited" } else { "crashed" })]
    Died(ExitStatus),
    /// It took too much memory, and was killed.
    #[error("plugin took too much memory")]
    Memory {
        /// How much it held.
        held: MemorySize,
        /// How much it might.
        limit: MemorySize,
    },
    /// It ended the connection and still ran; it was killed.
    #[error("plugin hung up")]
    HungUp,
    /// What it sent is not of the protocol; it was killed.
    #[error("plugin broke the protocol")]
    Garbled(String),
    /// Its answer is not what the method answers with.
    #[error("plugin gave an unreadable answer")]
    Answer(String),
    /// What it should be told cannot be written.
    #[error("plugin cannot be told what to do")]
    Arguments(String),
}

impl Cause {
    /// What there is to say besides the cause itself.
    fn detail(&self) -> Option<String> {
        Some(match self {
            Self::Timeout(patience) => format!(
                "It did not say within {} where it can be reached, and was ended. \
                 PACKER_PLUGIN_START_TIMEOUT gives plugins more time.",
                GoDuration::from(*patience)
            ),
            Self::Exited(status) | Self::Died(status) => format!("It ended with {}.", status_words(*status)),
            Self::Memory { held, limit } => {
                format!("It held {held} and was ended: PACKER_PLUGIN_MEMORY_LIMIT allows {limit}.")
            }
            Self::HungUp => "It closed the connection but went on running, and was ended.".to_owned(),
            Self::Garbled(reason) => format!("What it sent cannot be understood ({reason}), and it was ended."),
            Self::Answer(reason) | Self::Arguments(reason) => format!("{}.", reason.trim_end_matches('.')),
            Self::Process(_) | Self::Greeting(_) | Self::Connect(_) => return None,
        })
    }
}

impl fmt::Display for Breakdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plugin, call, cause, tail } = self;
        write!(f, "{cause}")?;
        if let Some(call) = call {
            write!(f, " in {call}")?;
        }
        write!(f, " ({plugin})")?;
        if let Some(detail) = cause.detail() {
            write!(f, "\n{detail}")?;
        }
        if !tail.is_empty() {
            f.write_str("\nThe last lines of its standard error:")?;
            for line in tail {
                write!(f, "\n    {line}")?;
            }
        }
        Ok(())
    }
}

fn problem(end: &Result<ExitStatus, ProcessError>) -> String {
    end.as_ref().map_or_else(ProcessError::to_string, |status| status_words(*status))
}

/// `exit status 3`, `signal 9 (SIGKILL)`.
fn status_words(status: ExitStatus) -> String {
    status.to_string().replacen(": ", " ", 1)
}
