//! Results recorded from the reference implementation, row by row. The rows are in `tests/fixtures/vectors`.

mod console;
mod decode;
mod dynamic;
mod eval;
mod format;
mod functions;
mod heredoc;
mod json;
mod json_limits;
mod legacy;
mod limits;
mod node;
mod parse;
mod pieces;
mod rows;
mod tree;
mod values;
