//! Answers the lines of a pipe or a file.

use std::io::BufRead;

use crate::console::interpreter::{Interpreter, Reply};
use crate::console::statements::Statements;
use crate::exit::Exit;
use crate::findings::show;
use crate::session::Session;

/// Answers a pipe: findings as they occur, and of the results the last one only, as scripts expect. `exit` is a line
/// without a result. The exit code is that of the last line that was at fault.
pub fn answer_pipe(session: &mut Session, interpreter: &Interpreter, input: impl BufRead) -> Exit {
    let (mut last, mut exit) = (String::new(), Exit::Success);
    let ended = each(session, interpreter, input, |session, reply| {
        last = match reply {
            Reply::Text(text) => text,
            Reply::End => String::new(),
            Reply::Fault(diags, files) => {
                show(session, &files, &diags);
                exit = if diags.has_errors() { Exit::Failed } else { Exit::Success };
                String::new()
            }
        };
        true
    });
    session.message(&last);
    if ended == Exit::Success { exit } else { ended }
}

/// Answers a file, or whatever else is no pipe and no terminal, as if its lines were typed: every result is shown, and a
/// fault does not count as a failure.
pub fn answer_file(session: &mut Session, interpreter: &Interpreter, input: impl BufRead) -> Exit {
    each(session, interpreter, input, |session, reply| match reply {
        Reply::Text(text) => {
            session.say(&text);
            session.is_heard()
        }
        Reply::Fault(diags, files) => {
            show(session, &files, &diags);
            session.is_heard()
        }
        Reply::End => false,
    })
}

/// Hands each reply to `take` until that wants no more.
fn each(
    session: &mut Session,
    interpreter: &Interpreter,
    input: impl BufRead,
    mut take: impl FnMut(&mut Session, Reply) -> bool,
) -> Exit {
    let mut statements = Statements::new(input, interpreter.joins_lines());
    loop {
        match statements.next() {
            Ok(Some(statement)) => {
                if !take(session, interpreter.reply(&statement)) {
                    return Exit::Success;
                }
            }
            Ok(None) => return Exit::Success,
            Err(error) => {
                session.error(&format!("Error: reading standard input: {error}"));
                return Exit::Failed;
            }
        }
    }
}
