//! What a line means, by the language of the template.

use planner::console::{Completion, complete, evaluate};
use planner::diagnostic::Diagnostics;
use planner::files::Files;
use planner::lower::Analysis;
use planner::syntax::is_unfinished;
use planner::value::display;

use crate::inspect_view;

/// Gives meaning to lines.
pub enum Interpreter {
    /// Lines are expressions over an HCL2 template.
    Hcl2(Box<Analysis>),
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
        let Self::Hcl2(analysis) = self;
        let line = line.trim_ascii();
        match line {
            b"" => Reply::Text(String::new()),
            b"exit" => Reply::End,
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

    /// Whether `text` only lacks lines that are still to come.
    pub fn is_unfinished(&self, text: &str) -> bool {
        let Self::Hcl2(_) = self;
        is_unfinished(text)
    }

    /// Whether lines can belong together at all.
    pub fn joins_lines(&self) -> bool {
        let Self::Hcl2(_) = self;
        true
    }

    /// How the word that ends `before` could go on.
    pub fn complete(&self, before: &str) -> Completion {
        let Self::Hcl2(analysis) = self;
        complete(before, &analysis.values)
    }
}
