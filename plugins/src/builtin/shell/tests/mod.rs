//! The provisioner on a machine that does what it is told, and on machines that are lost.

mod faults;
mod running;
