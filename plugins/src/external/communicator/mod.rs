//! A machine's communicator across the border to a plugin: [`lent`] by a plugin's builder to us, and served by us to a
//! plugin's provisioner ([`service`]). Both together hand one plugin's machine on to another.
//!
//! Content does not travel in the calls themselves. A call names streams, which who is called opens; bytes flow over them
//! as they are. How a command ended is told on a stream of its own, in gob ([`exit_status`]), whatever the rest is in.

mod copy;
mod exit_status;
pub mod lent;
mod messages;
pub mod service;
