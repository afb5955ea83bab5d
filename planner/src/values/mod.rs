//! What expressions can refer to: input variables, locals, data, and the scopes that serve them.

pub mod dependencies;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod inputs;
mod order;
pub mod scope;
pub mod store;
#[cfg(test)]
mod tests;
pub mod variables;

pub use dependencies::Dependencies;
pub use inputs::VariableInputs;
pub use scope::{BuildView, ComponentScope, ConsoleScope, SourceView};
pub use store::{DataSupply, Values};
pub use variables::Variables;
