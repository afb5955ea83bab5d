//! Text to plan: finds template files, parses and evaluates them, and compiles them into one sealed graph.
//!
//! Rooms, in reading order: [`files`], [`span`], [`diagnostic`], [`syntax`], [`value`], [`eval`], [`catalog`],
//! `config`, `resolve`, `select`, `node`, `lower`.
//!
//! This crate never starts a process, never touches the network, never prints, and never reads the environment.

pub mod catalog;
pub mod diagnostic;
pub mod eval;
pub mod files;
pub mod span;
pub mod syntax;
pub mod value;
