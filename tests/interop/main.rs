//! Our host and a plugin of our own on the public plugin SDK (`tests/plugin`), over the real protocol.

mod cancel;
mod communicator;
mod data;
mod faults;
mod go_build;
mod gob;
mod impostors;
mod start;
mod tester;
