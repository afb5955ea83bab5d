//! What runs left behind, and its removal. [`survey`] finds it, [`view`] shows it, [`sweep`] removes it, [`notice`] tells a
//! new build of it, [`prune`] forgets runs that nobody will ask for again.

pub mod notice;
pub mod prune;
pub mod survey;
pub mod sweep;
pub mod view;
