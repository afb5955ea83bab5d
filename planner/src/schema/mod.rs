//! Bodies of components by their schemas: expanded ([`expand`]), decoded into one object value ([`decode`]) of a known
//! type ([`object_type`]), and made fit to be shown to the component ([`fill_unknown`]).

mod blocks;
mod content;
mod decode;
mod fill;
mod labelled;
mod roles;
mod ty;

pub use decode::decode;
pub use fill::fill_unknown;
pub use roles::{expand, shaped};
pub use ty::object_type;
