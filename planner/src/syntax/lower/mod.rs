//! The parser's tree to ours: spans made absolute, templates redone from the source text, and what the parser takes
//! by mistake refused.

mod access;
mod body;
mod expression;
mod literal;
mod lowerer;
mod object;
mod piece;
mod sharing;
mod template;

pub(super) use lowerer::Lowerer;
