//! The engine held against a slow and simple model of it: random graphs, random completion orders, failures, panics,
//! cancels and limits; first the pure core step by step, then whole runs on 1, 2 and 16 workers by their events.

mod attempts;
mod core;
mod drawn;
mod graphs;
mod journal;
mod lanes;
mod limits;
mod model;
mod optimum;
mod quotas;
mod ruled;
mod runs;
mod simulated;
mod storages;
mod told;
mod volume;
