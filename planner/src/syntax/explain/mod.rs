//! Why a text is not valid HCL: reads the tokens by the grammar, in the order in which the reference reads them, and
//! reports what does not fit. Builds no tree; says nothing about valid text.
//!
//! After the first fault the place in the grammar is a guess, so only faults that need no guess are reported.

mod body;
mod characters;
mod collection;
mod cursor;
mod expression;
mod sequence;
mod template;

pub(super) use cursor::{Finding, explain_body, explain_expression, explain_template};
