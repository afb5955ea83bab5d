//! Text to plan: finds template files, parses and evaluates them, and compiles them into one sealed graph.
//!
//! Rooms, in reading order: [`files`], [`span`], [`diagnostic`], [`syntax`], [`value`], [`eval`], [`catalog`],
//! [`find`], [`config`], [`values`], [`schema`], [`select`], [`node`], [`lower`].
//!
//! This crate never starts a process, never touches the network, never prints, and never reads the environment.

pub mod catalog;
pub mod config;
pub mod diagnostic;
pub mod duration;
pub mod eval;
pub mod files;
pub mod find;
pub mod lower;
pub mod node;
pub mod render;
pub mod schema;
pub mod select;
pub mod span;
pub mod suggest;
pub mod syntax;
pub mod value;
pub mod values;
pub mod version;
