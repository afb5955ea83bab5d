//! How a plan is shown: one model of what is in it, and a writer for each format.

pub mod dot;
pub mod forecast;
pub mod json;
pub mod mermaid;
pub mod model;
pub mod path;
pub mod pools;
pub mod text;

pub use model::PlanView;
