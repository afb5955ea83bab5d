//! How plugins of HashiCorp Packer are spoken to: many streams over one connection ([`mux`]), on each of them the calls
//! of Go's `net/rpc` ([`client`], [`server`]) as a sequence of MessagePack values ([`values`]).
//!
//! The shapes on the wire are those of the public plugin SDK. What is called, and with what, is no business of this room.

pub mod client;
mod doors;
pub mod fault;
pub mod mux;
pub mod server;
mod socket;
pub mod stream;
pub mod text;
mod values;
