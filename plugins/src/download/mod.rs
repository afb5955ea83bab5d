//! Files from folders and web servers, whole or not at all: what breaks off goes on where it was, in this run or the next.
//!
//! Rooms, in reading order: [`place`] (a folder or an address, and what lies there), [`web`] (a client that tries again),
//! [`transfer`] (a long file, resumed), [`partial`] (what has arrived of it so far), [`step`] (how far it is), [`fault`].

pub mod fault;
pub mod partial;
pub mod place;
pub mod step;
pub mod transfer;
pub mod web;
