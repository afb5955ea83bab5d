//! The language of Go's `text/template`: from text to the tree that the template engine executes.
//!
//! The engine (gotmpl) has a parser of its own, which is not used: of 20000 generated templates it accepts 2400 that Go
//! refuses (unknown variables, stray characters, a missing `{{end}}`), and it words its complaints in its own way. Both
//! matter here: what is refused is shown to users as it is, with the line that Go names.

mod lexer;
pub(crate) mod operand;
pub(crate) mod parser;
mod pipeline;
mod token;
