//! What a line means, by the language of the template.

use planner::console::{Completion, complete, evaluate};
use planner::diagnostic::Diagnostics;
use planner::files::Files;
use planner::legacy;
use planner::lower::Analysis;
use planner::syntax::is_unfinished;
use planner::value::display;

use crate::inspect_view;

/// Gives meaning to lines.
pub enum Interpreter {
    /// Lines are expressions over an HCL2 template.
    Hcl2(Box<Analysis>),
    /// Lines are strings of a legacy template, to be rendered.
    Legacy(legacy::Console),
}

/// What comes of a line.
pub enum Reply {
    /// Something to show; empty for an empty line.
    Text(String),
    /// The line is at fault; the findings point into these files.
    Fault(Diagnostics, Files),
    /// The conversation is over.
    End,
}

const HELP: &str = r#"Packer console HCL2 Mode.

Type an expression to see its value. Input variables, locals and every function can be used in it:

  > upper(var.name)
  > [for disk in local.disks : disk.size if disk.encrypted]

An expression goes on over several lines while a bracket, a heredoc or a template sequence is open. What only a build
knows is shown as <unknown>.

  variables   shows all input variables and locals
  locals      shows the locals
  help        shows this
  exit        ends; so do Ctrl-D, and Ctrl-C on an empty line"#;

impl Interpreter {
    /// What comes of `line`, which may hold several lines.
    pub fn reply(&self, line: &[u8]) -> Reply {
        let line = line.trim_ascii();
        match (self, line) {
            (_, b"") => Reply::Text(String::new()),
            (_, b"exit") => Reply::End,
            (Self::Hcl2(analysis), line) => hcl2_reply(analysis, line),
            (Self::Legacy(console), line) => legacy_reply(console, line),
        }
    }

    /// Whether `text` only lacks lines that are still to come.
    pub fn is_unfinished(&self, text: &str) -> bool {
        match self {
            Self::Hcl2(_) => is_unfinished(text),
            Self::Legacy(_) => false,
        }
    }

    /// Whether lines can belong together at all.
    pub fn joins_lines(&self) -> bool {
        matches!(self, Self::Hcl2(_))
    }

    /// How the word that ends `before` could go on.
    pub fn complete(&self, before: &str) -> Completion {
        match self {
            Self::Hcl2(analysis) => complete(before, &analysis.values),
            Self::Legacy(_) => Completion { start: before.len(), candidates: Vec::new() },
        }
    }
}

fn hcl2_reply(analysis: &Analysis, line: &[u8]) -> Reply {
    match line {
        b"help" => Reply::Text(HELP.to_owned()),
        b"variables" => Reply::Text(inspect_view::values(&analysis.values)),
        b"locals" => Reply::Text(inspect_view::locals(&analysis.values)),
        _ => {
            let mut files = Files::new();
            match evaluate(line, &analysis.values, &mut files) {
                Ok(value) => Reply::Text(display::render(&value)),
                Err(diags) => Reply::Fault(diags, files),
            }
        }
    }
}

fn legacy_reply(console: &legacy::Console, line: &[u8]) -> Reply {
    match line {
        b"help" => Reply::Text(legacy::console::HELP.to_owned()),
        b"variables" => Reply::Text(console.variables()),
        _ => match console.evaluate(&String::from_utf8_lossy(line)) {
            Ok(text) => Reply::Text(text),
            Err(diagnostic) => Reply::Fault(diagnostic.into(), Files::new()),
        },
    }
}
