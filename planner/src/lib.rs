//! Text to plan: finds template files, parses and evaluates them, and compiles them into one sealed graph.
//!
//! Rooms, in reading order: [`files`], [`span`], [`diagnostic`], [`syntax`], [`value`], [`time`], [`eval`],
//! [`interpolate`], [`catalog`], [`find`], [`config`], [`dynamic`], [`values`], [`schema`], [`select`], [`node`], [`lower`],
//! [`console`], [`lock`], and [`legacy`] for templates in the older language; beside them [`format`] and [`mod@diff`], which need
//! the tokens alone.
//!
//! ```
//! use planner::diagnostic::Diagnostics;
//! use planner::files::Files;
//! use planner::value::Value;
//! use planner::{eval, syntax};
//!
//! let mut files = Files::new();
//! let file = files.add("example", "[for n in [1, 2] : n * 10]");
//! let expr = syntax::parse_expression(&files, file).expect("this is an expression");
//! let mut diags = Diagnostics::new();
//! let value = eval::evaluate_constant(&expr, &mut diags);
//! assert_eq!(value, Value::tuple([Value::int(10), Value::int(20)]));
//! ```
//!
//! This crate never starts a process, never touches the network, never prints, and never reads the environment.

pub mod catalog;
pub mod config;
pub mod console;
pub mod diagnostic;
pub mod diff;
pub mod duration;
pub mod dynamic;
pub mod estimate;
pub mod eval;
pub mod files;
pub mod find;
pub mod format;
mod go_text;
pub mod interpolate;
pub mod legacy;
mod literal;
pub mod lock;
pub mod lower;
pub mod node;
pub mod os_words;
pub mod render;
pub mod schema;
pub mod select;
pub mod span;
pub mod suggest;
pub mod syntax;
pub mod time;
pub mod value;
pub mod values;
pub mod version;
