//! What a run writes down of itself beyond the engine's own records: which run it is, what its nodes are made from, and
//! all that it leaves in the world, as soon as that is known. A run that was killed can be cleaned up after, or taken up
//! again, from this alone.
//!
//! [`note`] has the records, [`resource`] what is left in the world and how it is removed, [`artifact`] what is kept of
//! artifacts, [`graph`] and [`inputs`] make some of them; [`reveal`] understands what builders say, [`recorder`] writes it
//! down, [`history`] reads it back. [`earlier`] has the runs that are taken up again, and [`recorded`] an artifact of it.

pub mod artifact;
pub mod earlier;
pub mod graph;
pub mod history;
pub mod inputs;
pub mod note;
pub mod recorded;
pub mod recorder;
pub mod resource;
pub mod reveal;

pub use artifact::ArtifactNote;
pub use earlier::{Earlier, EarlierRun, Made, Reason};
pub use graph::graph_note;
pub use history::{Fate, History, Left, NodeHistory};
pub use inputs::Inputs;
pub use note::{
    EdgeNote, EdgeNoteKind, GraphNote, GuardNote, InputsNote, NodeNote, Note, PoolNote, RunNote, TemplateNote,
};
pub use recorded::RecordedArtifact;
pub use recorder::{Found, LOCAL, Recorder, Temporary};
pub use resource::{Destroy, FileMark, Resource, ResourceKind};
