//! The communicator against a machine that speaks the real protocol.

mod commands;
mod connecting;
mod fixtures;
mod transfer;
#[path = "../../../../tests/e2e/winrm_machine/mod.rs"]
mod winrm_machine;
