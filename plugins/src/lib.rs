//! Components and how to reach them: the traits that every builder, provisioner, post-processor and data source
//! implements, the ones built in, and the executor that runs a plan's nodes with them.
//!
//! Rooms, in reading order: [`component`], [`builtin`], `registry`, `wrapper`, `session`, `executor`, `process`.
//!
//! This crate never parses HCL text, never prints, and never reads the environment.

pub mod component;
