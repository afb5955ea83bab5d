//! A run as users see it: what components say, how builds end, what came of it all.

pub mod closing;
pub mod experience;
pub mod facts;
pub mod identity;
pub mod outlet;
pub mod quiet;
pub mod recording;
pub mod resume;
pub mod runner;
pub mod summary;
pub mod transfer;
pub mod watch;
