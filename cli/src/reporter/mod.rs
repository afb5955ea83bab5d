//! What users see: reports in, bytes out. Text for people or for programs, colours, secrets taken out, and on a terminal
//! a live status below the lines. One thread owns the output while builds run; it never calls the engine.

mod ask;
mod desk;
mod human;
mod live;
mod machine;
mod printer;
mod report;
mod settings;
mod sink;
mod status;
mod transfer;

pub use desk::{Reporter, Reports};
pub use printer::Printer;
pub use report::{AskError, Progress, Report, Target, UiKind};
pub use settings::Settings;
pub use sink::OutputEnd;
pub use transfer::transfers;
