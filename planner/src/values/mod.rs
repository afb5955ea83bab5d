//! What expressions can refer to: input variables, locals, data, and the scopes that serve them.

pub mod dependencies;
pub mod inputs;
pub mod scope;
pub mod store;
pub mod variables;

pub use dependencies::Dependencies;
pub use inputs::VariableInputs;
pub use scope::{BuildView, ComponentScope, SourceView};
pub use store::Values;
pub use variables::Variables;
