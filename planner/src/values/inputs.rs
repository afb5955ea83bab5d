//! Where the values of variables come from, and how text and files become values.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::VariableBlock;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::eval;
use crate::files::Files;
use crate::find::read_file;
use crate::span::Span;
use crate::syntax::ast::Body;
use crate::syntax::{self, Role};
use crate::value::{Type, Value};

/// Everything outside the template that gives variables their values.
#[derive(Clone, Debug, Default)]
pub struct VariableInputs {
    /// `-var name=value`, in order.
    pub arguments: Vec<(String, String)>,
    /// `-var-file`, in order.
    pub files: Vec<String>,
    /// `*.auto.pkrvars.*` beside the template.
    pub auto_files: Vec<PathBuf>,
    /// The environment; `PKR_VAR_name` gives a value.
    pub environment: Arc<BTreeMap<String, String>>,
    /// Warn about names in files that no variable declares.
    pub warn_undeclared: bool,
}

impl VariableInputs {
    /// Whether `PACKER_VAR_PRECEDENCE=hashicorp` asks for files before environment.
    pub fn files_beat_environment(&self) -> bool {
        self.precedence().eq_ignore_ascii_case("hashicorp")
    }

    /// Reports a precedence that there is not: which value a variable has should not hang on a slip of the pen.
    pub fn check_precedence(&self, diags: &mut Diagnostics) {
        let wanted = self.precedence();
        if !wanted.is_empty() && !self.files_beat_environment() {
            let detail = format!("There is no precedence of variables called {wanted:?}, only \"hashicorp\".");
            diags.error("Invalid PACKER_VAR_PRECEDENCE", detail, None);
        }
    }

    fn precedence(&self) -> &str {
        self.environment.get("PACKER_VAR_PRECEDENCE").map_or("", String::as_str)
    }
}

/// A name set in a variable file.
#[derive(Clone, Debug)]
pub struct FileEntry {
    /// The variable's name.
    pub name: Arc<str>,
    /// Its value, not converted yet; none when no variable has that name: such a value is not looked at.
    pub value: Option<Value>,
    /// Where the value stands.
    pub span: Span,
    /// The file's name.
    pub file: String,
}

/// Reads one variable file. Problems are reported and leave their entries out. `is_declared` tells which names matter.
pub fn read_variable_file(
    files: &mut Files,
    path: &Path,
    base: &Path,
    is_declared: &dyn Fn(&str) -> bool,
    diags: &mut Diagnostics,
) -> Vec<FileEntry> {
    let shown = path.to_string_lossy().into_owned();
    if !shown.ends_with(".hcl") && !shown.ends_with(".json") {
        let detail = "A var file must be suffixed with `.hcl` or `.json`.";
        diags.error(format!("Could not guess format of {shown}"), detail, None);
        return Vec::new();
    }
    let id = match read_file(files, path, base) {
        Ok(id) => id,
        Err(diagnostic) => {
            diags.push(diagnostic);
            return Vec::new();
        }
    };
    let (body, found) =
        if shown.ends_with(".json") { syntax::parse_json_body(files, id) } else { syntax::parse_body(files, id) };
    diags.append(found);
    body.map(|body| entries(&body, &shown, is_declared, diags)).unwrap_or_default()
}

fn entries(body: &Body, shown: &str, is_declared: &dyn Fn(&str) -> bool, diags: &mut Diagnostics) -> Vec<FileEntry> {
    let declaration = |name: &str| (name == "variable").then_some(Role::Block(&["name"]));
    let declared = body.shaped(declaration, &mut Diagnostics::new());
    let mut declares = false;
    for block in declared.blocks.iter().filter(|block| &*block.kind.name == "variable") {
        let detail = "A .pkrvar file is used to assign values to variables that have already been declared in .pkr \
                      files. To declare a variable, move this block to a .pkr.hcl file.";
        diags.error("Variable declaration in a .pkrvar file", detail, block.kind.span);
        declares = true;
    }
    if declares {
        return Vec::new();
    }
    let attributes = body.just_attributes(diags);
    let mut entries = Vec::with_capacity(attributes.len());
    for attribute in attributes.iter() {
        let mut found = Diagnostics::new();
        let value = is_declared(&attribute.name.name).then(|| eval::evaluate_constant(&attribute.expr, &mut found));
        if !found.has_errors() {
            let (name, span) = (attribute.name.name.clone(), attribute.expr.span);
            entries.push(FileEntry { name, value, span, file: shown.to_owned() });
        }
        diags.append(found);
    }
    entries
}

/// A value from the environment or command line. Text for a string, number or untyped variable is that text; for any
/// other type it is an expression without variables and functions.
///
/// # Errors
///
/// Why the expression cannot be read, pointing into the text.
pub fn value_of_text(
    files: &mut Files,
    variable: &VariableBlock,
    text: &str,
    from: &str,
) -> Result<(Value, Option<Span>), Diagnostics> {
    if variable.untyped || matches!(variable.constraint.ty, Type::String | Type::Number | Type::Dynamic) {
        return Ok((Value::string(text), None));
    }
    let id = files.add(format!("<value for var.{} from {from}>", variable.name.name), text);
    let expr = syntax::parse_expression(files, id)?;
    let mut diags = Diagnostics::new();
    let value = eval::evaluate_constant(&expr, &mut diags);
    if diags.has_errors() { Err(diags) } else { Ok((value, Some(expr.span))) }
}

/// The warning for a name in a file that no variable declares.
pub fn undeclared(entry: &FileEntry) -> Diagnostic {
    let name = &entry.name;
    let detail = format!(
        "The variable {name:?} was set but was not declared as an input variable.\nTo declare variable {name:?} place \
         this block in one of your .pkr.hcl files, such as variables.pkr.hcl\n\nvariable {name:?} {{\n  type    = \
         string\n  default = null\n}}"
    );
    Diagnostic::warning("Undefined variable", detail, entry.span)
}
