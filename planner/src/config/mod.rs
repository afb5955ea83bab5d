//! One file per block type: decodes the shape of a template and keeps its expressions unevaluated. Nothing here looks
//! across blocks but for duplicates.

pub mod build;
pub mod component;
pub mod data;
pub mod local;
pub mod packer;
pub mod plugin;
pub mod pool;
pub mod registry;
pub mod setting;
pub mod shape;
pub mod source;
pub mod template;
pub mod variable;

pub use build::{BuildBlock, Chain, SourceUse};
pub use component::{ComponentBlock, MetaArguments};
pub use data::DataBlock;
pub use local::LocalDefinition;
pub use plugin::RequiredPlugin;
pub use pool::PoolBlock;
pub use source::SourceBlock;
pub use template::Template;
pub use variable::{Validation, VariableBlock};
