//! The language of Go's `text/template`, parsed and executed as Go does it, in Go's words.
//!
//! There is a crate for it, gotmpl, which this replaces: of 20000 generated templates it accepts 2400 that Go refuses
//! (unknown variables, stray characters, a missing `{{end}}`), its errors do not say where in the template they happened,
//! and its `printf` differs in corners. All of that is shown to users as it is, and scripts match it.

pub(crate) mod builtins;
mod call;
mod escape;
mod evaluate;
mod float;
pub(crate) mod function;
mod lexer;
pub(crate) mod machine;
mod number;
pub(crate) mod parser;
mod pipeline;
mod print;
mod printf;
mod token;
pub(crate) mod tree;
pub(crate) mod value;
mod verb;
