//! `powershell`: scripts on the machine, with PowerShell; as another user as well.

mod config;
pub(in crate::builtin) mod elevated;
mod policy;
mod provisioner;
mod run;
#[cfg(test)]
mod tests;
pub mod text;

pub use config::FIELDS;
pub use provisioner::PowerShell;
