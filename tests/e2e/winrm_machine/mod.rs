//! A Windows machine as seen over WinRM: real HTTP and HTTPS, basic and NTLM logins, encryption, shells and commands.
//!
//! `server` speaks HTTP, `login` checks who it is, `soap` reads and writes the protocol, `machine` keeps shells and
//! commands, `programs` is what can be run and what is on the disk. Both the tests of the communicator and those of the
//! built binary use it, neither of them all of it.
#![allow(dead_code, unused_imports, reason = "two test targets use different parts of it")]

mod login;
mod machine;
mod programs;
mod server;
mod soap;

pub(crate) use machine::{Machine, Seen, Setup, Trouble};
pub(crate) use programs::Disk;
pub(crate) use server::CERTIFICATE;
