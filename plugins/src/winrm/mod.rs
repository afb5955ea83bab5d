//! Machines reached over WinRM, the remote shell protocol of Windows (MS-WSMV).
//!
//! `settings` say where and as whom; [`wait`] waits until the machine is there, and gives a communicator. Below it:
//! `shell` and `execution`, `upload` and `download` by scripts of ours, `service` with one `lane` for each request under
//! way, and on these `ntlm` and `sealed`; `envelope` and `answer` are what is said.

mod answer;
mod communicator;
mod download;
mod envelope;
mod execution;
mod fault;
mod folder;
mod lane;
mod ntlm;
mod powershell;
mod script_run;
mod scripts;
mod sealed;
mod service;
mod settings;
mod shell;
#[cfg(test)]
mod tests;
mod upload;
pub mod wait;

pub use communicator::WinRm;
pub use settings::{Proxy, Settings};
