//! What a journal's writer is made of, for one in a model.

pub(crate) use super::frame::{FRAME_LEN, HEADER_LEN, header, seal};
pub(crate) use super::queue::Queue;
