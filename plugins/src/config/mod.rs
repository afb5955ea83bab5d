//! Reading a component's configuration: the shape it declares, and the values it gets.

mod legacy;
mod reader;
mod shape;

pub use legacy::{Configured, decode};
pub use reader::{Fields, is_placeholder};
pub use shape::{Field, FieldType, PACKER_FIELDS, schema};
