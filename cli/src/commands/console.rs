//! Tries expressions over a template: what is typed, piped in, or stands in a file.

use planner::diagnostic::Diagnostics;
use planner::legacy;
use planner::values::DataSupply;

use crate::building::quiet::Quiet;
use crate::console::{Interpreter, answer_file, answer_pipe, converse};
use crate::environment::InputKind;
use crate::exit::Exit;
use crate::findings::Refused;
use crate::frontend::Frontend;
use crate::options::ConsoleOptions;
use crate::session::Session;

/// Runs `packer console`. Data sources that are built in run. Problems with values are not reported: a local that fails
/// is missing, and what cannot be told is unknown.
pub fn run(session: &mut Session, options: &ConsoleOptions) -> Exit {
    let interpreter = match interpreter(session, options) {
        Ok(interpreter) => interpreter,
        Err(Refused) => return Exit::Failed,
    };
    let input = std::io::stdin();
    match session.environment.input {
        InputKind::Terminal => converse(session, &interpreter),
        InputKind::Pipe => answer_pipe(session, &interpreter, input.lock()),
        InputKind::Other => answer_file(session, &interpreter, input.lock()),
    }
}

fn interpreter(session: &mut Session, options: &ConsoleOptions) -> Result<Interpreter, Refused> {
    let mut frontend = Frontend::new(session, &options.template, false)?;
    let parsed = frontend.parse(session, &options.template)?;
    let analysis = frontend.analyse(session, parsed, DataSupply::Later, &mut Diagnostics::new());
    if let Some(legacy) = analysis.legacy {
        return Ok(Interpreter::Legacy(legacy::Console::new(legacy)));
    }
    let analysis = Quiet::new(session, &frontend, &analysis).fetch_all(session, analysis)?;
    Ok(Interpreter::Hcl2(Box::new(analysis)))
}
