//! Builder `null`: builds nothing, lends a connection to the provisioners.

mod builder;
mod connection;

pub use builder::NullBuilder;
pub use connection::FIELDS;
