//! Communicators against the real thing: an OpenSSH server on loopback, started by the tests with keys and accounts of its
//! own.
#![cfg(unix)]

mod agent;
mod commands;
mod detours;
mod login;
mod losses;
mod proxies;
mod relay;
mod sshd;
mod transfers;
mod trees;
mod tunnels;
mod visitor;
mod waiting;
