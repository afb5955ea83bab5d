//! What a run writes down of itself beyond the engine's own records: which run it is, what its nodes are made from, and
//! all that it leaves in the world, as soon as that is known. A run that was killed can be cleaned up after, or taken up
//! again, from this alone.
//!
//! [`note`] has the records, [`resource`] what is left in the world and how it is removed, [`artifact`] what is kept of
//! artifacts.

pub mod artifact;
pub mod note;
pub mod resource;

pub use artifact::ArtifactNote;
pub use note::{EdgeNote, EdgeNoteKind, GraphNote, NodeNote, Note, PoolNote, RunNote, TemplateNote};
pub use resource::{Destroy, FileMark, Resource, ResourceKind};
