//! What runs left behind, and its removal. [`survey`] finds it, [`owners`] knows what is a later run's by now, [`view`]
//! shows it, [`sweep`] removes it, [`notice`] tells a new build of it, [`prune`] forgets runs that nobody will ask for again.

pub mod notice;
pub mod owners;
pub mod prune;
pub mod survey;
pub mod sweep;
pub mod view;
