//! Builder `null`: builds nothing, lends a connection to the provisioners.

mod build_data;
mod builder;
mod connect;
mod fields;
mod keys;
mod options;
mod serve;
mod serve_options;
mod ssh_options;
mod winrm_options;

pub use builder::NullBuilder;
pub use fields::FIELDS;
