//! Components and how to reach them: the traits that every builder, provisioner, post-processor and data source
//! implements, the ones built in, and the executor that runs a plan's nodes with them.
//!
//! Rooms, in reading order: [`component`], [`builtin`], [`registry`], [`output`], [`wrapper`], [`keep`], [`trouble`],
//! [`session`], [`executor`]; [`discovery`], which finds plugins that are installed, [`trust`], which knows whose they are,
//! [`releases`], which fetches them over [`download`], and [`external`], which starts them and speaks to them over
//! [`wire`]; [`secrets`], which answers functions; [`journal`], what a run writes down, and [`cleanup`], which removes what that names; `bequest`, which has plugins cancel when we are killed; `hcp`, which asks HashiCorp's registry; [`winrm`], which reaches machines; and what they stand on:
//! [`process`] (with [`pump`], [`lines`] and [`memory`]), [`config`], [`remote`], [`draft`], [`io_fault`], [`proxy`], [`turns`], [`offload`],
//! [`scrubber`] (what must not be shown).
//!
//! ```
//! use planner::catalog::{Catalog, ComponentKind};
//! use plugins::registry::Registry;
//!
//! let registry = Registry::new();
//! assert_eq!(registry.names(ComponentKind::Builder), ["file", "null"]);
//! assert!(registry.builder("null").is_some());
//! ```
//!
//! This crate never parses HCL text, never prints, and never reads the environment.

mod bequest;
pub mod builtin;
pub mod cleanup;
pub mod component;
pub mod config;
pub mod discovery;
pub mod download;
pub mod draft;
pub mod executor;
pub mod external;
pub mod file_server;
pub mod gate;
mod hcp;
pub mod io_fault;
pub mod journal;
pub mod keep;
pub mod lines;
pub mod memory;
pub mod offload;
pub mod output;
pub mod process;
pub mod proxy;
pub mod pump;
pub mod registry;
pub mod releases;
pub mod remote;
pub mod sbom;
pub mod scrubber;
pub mod secrets;
pub mod session;
pub mod signing;
pub mod ssh;
pub mod trouble;
pub mod trust;
pub mod turns;
pub mod untyped;
pub mod winrm;
pub mod wire;
pub mod wrapper;
