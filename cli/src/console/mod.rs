//! The console: lines in, values out. What a line means is the interpreter's; where lines come from, and which values
//! are shown, differs between a terminal, a pipe and a file.

mod interpreter;
mod statements;
mod stream;
mod terminal;

pub use interpreter::{Interpreter, Reply};
pub use stream::{answer_file, answer_pipe};
pub use terminal::converse;
