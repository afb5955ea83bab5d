//! A conversation on a terminal: line editing, history, completion, expressions over several lines.

use std::path::{Path, PathBuf};

use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use rustyline::completion::Completer;
use rustyline::config::{Behavior, CompletionType, Config};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{
    Cmd, ConditionalEventHandler, Context, Editor, Event, EventContext, EventHandler, Helper, KeyEvent, RepeatCount,
};

use crate::console::interpreter::{Interpreter, Reply};
use crate::exit::Exit;
use crate::findings::show;
use crate::folders::config_folder;
use crate::session::Session;
use crate::signal::{Watcher, end_after};

const PROMPT: &str = "> ";
/// Beside the configuration.
const HISTORY_FILE: &str = "console_history";
const HISTORY_LINES: usize = 1000;

/// Answers what is typed until the person leaves. Faults in what was typed are none of the program.
pub fn converse(session: &mut Session, interpreter: &Interpreter) -> Exit {
    let _watcher = restored_in_the_end();
    let history = history_file(session);
    let mut editor = match editor(session, interpreter) {
        Ok(editor) => editor,
        Err(error) => return give_up(session, &error),
    };
    if let Some(path) = history.as_deref().filter(|path| path.exists())
        && let Err(error) = editor.load_history(path)
    {
        tracing::warn!("the history in {} is not used: {error}", path.display());
    }
    while session.is_heard() {
        let line = match editor.readline(PROMPT) {
            Ok(line) => line,
            // Ctrl-C: what was typed is dropped.
            Err(ReadlineError::Interrupted | ReadlineError::Signal(_)) => continue,
            Err(ReadlineError::Eof) => break,
            Err(error) => return give_up(session, &error),
        };
        remember(&mut editor, &line, history.as_deref());
        match interpreter.reply(line.as_bytes()) {
            Reply::Text(text) => session.say(&text),
            Reply::Fault(diags, files) => show(session, &files, &diags),
            Reply::End => break,
        }
    }
    Exit::Success
}

/// Sees to it that termination does not leave the terminal in the mode in which lines are edited.
fn restored_in_the_end() -> Option<Watcher> {
    let modes = tcgetattr(std::io::stdin()).ok()?;
    end_after(move || {
        // The program ends in any case.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &modes);
    })
}

fn give_up(session: &mut Session, error: &ReadlineError) -> Exit {
    session.error(&format!("Error: reading from the terminal: {error}"));
    Exit::Failed
}

type ConsoleEditor<'a> = Editor<Guide<'a>, FileHistory>;

fn editor<'a>(session: &Session, interpreter: &'a Interpreter) -> rustyline::Result<ConsoleEditor<'a>> {
    // Results may go to a file; the line being edited must not.
    let behavior = if session.environment.terminal { Behavior::Stdio } else { Behavior::PreferTerm };
    let config = Config::builder()
        .behavior(behavior)
        .completion_type(CompletionType::List)
        .history_ignore_space(true)
        .max_history_size(HISTORY_LINES)?
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Guide { interpreter }));
    editor.bind_sequence(KeyEvent::ctrl('C'), EventHandler::Conditional(Box::new(LeaveWhenEmpty)));
    Ok(editor)
}

/// The file of the history, its folder made if need be. Without one the history lasts as long as the conversation.
fn history_file(session: &Session) -> Option<PathBuf> {
    let folder = config_folder(&session.environment)?;
    match std::fs::create_dir_all(&folder) {
        Ok(()) => Some(folder.join(HISTORY_FILE)),
        Err(error) => {
            tracing::warn!("no history is kept, as {} cannot be made: {error}", folder.display());
            None
        }
    }
}

/// Keeps a line, at once: the program may be ended any time.
fn remember(editor: &mut ConsoleEditor<'_>, line: &str, history: Option<&Path>) {
    if line.trim().is_empty() {
        return;
    }
    let kept = editor.add_history_entry(line).and_then(|_| history.map_or(Ok(()), |path| editor.append_history(path)));
    if let Err(error) = kept {
        tracing::warn!("a line is missing in the history: {error}");
    }
}

/// Ctrl-C on an empty line ends the conversation, like Ctrl-D.
struct LeaveWhenEmpty;

impl ConditionalEventHandler for LeaveWhenEmpty {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext<'_>) -> Option<Cmd> {
        context.line().is_empty().then_some(Cmd::EndOfFile)
    }
}

/// Helps while a line is typed.
struct Guide<'a> {
    interpreter: &'a Interpreter,
}

impl Completer for Guide<'_> {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let completion = self.interpreter.complete(&line[..at]);
        Ok((completion.start, completion.candidates))
    }
}

impl Validator for Guide<'_> {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let unfinished = self.interpreter.is_unfinished(context.input());
        Ok(if unfinished { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

impl Hinter for Guide<'_> {
    type Hint = String;
}

impl Highlighter for Guide<'_> {}

impl Helper for Guide<'_> {}
