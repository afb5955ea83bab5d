//! What plugins say that know no protobuf: the encoding of Go's `encoding/gob`, read without knowing its types ahead
//! ([`decode`]), specifications ([`spec`]) and values ([`value`]) in it.
//!
//! The types are those of the public plugin SDK, of hcldec and of go-cty, as the SDK registers them.

pub mod decode;
pub mod model;
mod reader;
pub mod spec;
pub mod ty;
mod types;
pub mod value;
