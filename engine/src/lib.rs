//! The graph and what runs it: nodes joined by typed edges, sealed into a [`Plan`], walked by a pure [`Frontier`] and
//! driven on two work-stealing lanes.
//!
//! Rooms, in reading order: [`id`], [`edge`], [`graph`] (with `cycle`), [`plan`], [`outcome`], [`frontier`], [`pool`],
//! [`cancel`], [`event`], [`executor`], [`run`], `worker`, [`error`].
//!
//! This crate never knows what a node means, never prints, never reads the environment, and holds no global state.

pub mod cancel;

pub use cancel::{Cancel, CancelPhase};
