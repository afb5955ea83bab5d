//! Charsets of thousands of characters, where the reference does not do what browsers do.

pub(super) mod big5;
pub(super) mod gbk;
pub(super) mod hz;
pub(super) mod iso_2022_jp;
pub(super) mod japanese;
mod private_use;
