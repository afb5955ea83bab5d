//! What can be reported: the only vocabulary between whoever works and the reporter thread.

use std::sync::Arc;

use crossbeam_channel::Sender;

/// Something a user may want to see. Order of sending is order of showing.
#[derive(Debug)]
pub enum Report {
    /// Text of a build or a post-processor: every line gets the `==> name: ` prefix. Without a target it is a
    /// [`Report::Plain`].
    Ui {
        /// Who speaks.
        target: Option<Target>,
        /// How it is meant.
        kind: UiKind,
        /// May hold several lines.
        text: String,
    },
    /// Text without prefix, such as `Build 'x' finished after …`; with a target it takes that build's colour and, if
    /// wanted, a time stamp.
    Plain {
        /// Whose colour it takes.
        target: Option<Target>,
        /// How it is meant.
        kind: UiKind,
        /// May hold several lines.
        text: String,
    },
    /// Which colour each build speaks in. Shown only when colours are asked for, and never in machine-readable form.
    Legend(Vec<Target>),
    /// A machine-readable line; elsewhere it is only logged.
    Machine {
        /// The build it is about.
        target: Option<Arc<str>>,
        /// The line's type, such as `artifact-count`.
        kind: String,
        /// Its arguments, unescaped.
        args: Vec<String>,
    },
    /// What runs now. Shown only on a terminal.
    Progress(Progress),
    /// A question for the person at the terminal. Later reports wait until it is answered.
    Ask {
        /// Who asks.
        target: Option<Target>,
        /// The question; a space follows it.
        query: String,
        /// Whether nobody may see what is typed.
        hidden: bool,
        /// Where the line typed goes, without its line end.
        reply: Sender<Result<String, AskError>>,
    },
    /// Answered once everything sent before is written.
    Flush(Sender<()>),
    /// Nothing follows: write what is left, clear the live status, end.
    Done,
}

/// How a text is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UiKind {
    /// A step worth a line.
    Say,
    /// A detail.
    Message,
    /// Something went wrong.
    Error,
}

impl UiKind {
    /// Its name in machine-readable lines.
    pub fn name(self) -> &'static str {
        match self {
            UiKind::Say => "say",
            UiKind::Message => "message",
            UiKind::Error => "error",
        }
    }
}

/// Who speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The build's name.
    pub build: Arc<str>,
    /// The post-processor's type, if one of them speaks.
    pub post_processor: Option<Arc<str>>,
    /// The build's place in template order; colours repeat every five builds.
    pub colour_index: usize,
}

/// A change of what runs now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// How many nodes there are in all.
    Total {
        /// Nodes of the plan.
        nodes: usize,
    },
    /// A node began.
    Started {
        /// Names the node until its end.
        key: u32,
        /// What to show for it.
        label: String,
    },
    /// A transfer has come so far.
    Transferred {
        /// Names the transfer until its end.
        key: u64,
        /// What to show for it.
        label: String,
        /// Bytes that are there.
        done: u64,
        /// Bytes in all; 0 when nobody knows.
        total: u64,
    },
    /// A transfer ended.
    TransferEnded {
        /// The key it went by.
        key: u64,
    },
    /// A node ended, begun or not.
    Ended {
        /// The key it began with.
        key: u32,
        /// Whether it succeeded.
        ok: bool,
    },
}

/// Why a question got no answer.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum AskError {
    /// No terminal to ask on, or this process runs in the background of one.
    #[error("no available tty")]
    NoTty,
    /// Programs read machine-readable output; nobody would see the question.
    #[error("machine-readable UI can't ask")]
    MachineReadable,
    /// The run is being cancelled.
    #[error("interrupted")]
    Interrupted,
    /// The terminal was closed, or reading it failed.
    #[error("reading the answer: {0}")]
    Read(String),
}
