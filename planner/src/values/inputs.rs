//! Where the values of variables come from, and how text and files become values.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::VariableBlock;
use crate::config::shape::report_blocks;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::eval;
use crate::files::Files;
use crate::find::read_file;
use crate::span::Span;
use crate::syntax;
use crate::syntax::ast::Body;
use crate::value::{Type, Value, json};

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
        self.environment.get("PACKER_VAR_PRECEDENCE").is_some_and(|value| value.eq_ignore_ascii_case("hashicorp"))
    }
}

/// A name set in a variable file.
#[derive(Clone, Debug)]
pub struct FileEntry {
    /// The variable's name.
    pub name: Arc<str>,
    /// Its value, not converted yet; none when no variable has that name: such a value is not looked at.
    pub value: Option<Value>,
    /// Where the value stands; JSON files give none.
    pub span: Option<Span>,
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
    if shown.ends_with(".json") {
        return json_entries(&files.get(id).text.clone(), &shown, diags);
    }
    let (body, found) = syntax::parse_body(files, id);
    diags.append(found);
    body.map(|body| hcl_entries(&body, &shown, is_declared, diags)).unwrap_or_default()
}

fn hcl_entries(
    body: &Body,
    shown: &str,
    is_declared: &dyn Fn(&str) -> bool,
    diags: &mut Diagnostics,
) -> Vec<FileEntry> {
    let mut declares = false;
    for block in body.blocks.iter().filter(|block| &*block.kind.name == "variable") {
        let detail = "A .pkrvar file is used to assign values to variables that have already been declared in .pkr \
                      files. To declare a variable, move this block to a .pkr.hcl file.";
        diags.error("Variable declaration in a .pkrvar file", detail, block.kind.span);
        declares = true;
    }
    if declares {
        return Vec::new();
    }
    report_blocks(body, diags);
    let mut entries = Vec::with_capacity(body.attributes.len());
    for attribute in &body.attributes {
        let mut found = Diagnostics::new();
        let value = is_declared(&attribute.name.name).then(|| eval::evaluate_constant(&attribute.expr, &mut found));
        if !found.has_errors() {
            let (name, span) = (attribute.name.name.clone(), Some(attribute.expr.span));
            entries.push(FileEntry { name, value, span, file: shown.to_owned() });
        }
        diags.append(found);
    }
    entries
}

/// JSON strings are taken as they are: no interpolation happens in them.
fn json_entries(text: &str, shown: &str, diags: &mut Diagnostics) -> Vec<FileEntry> {
    let value = match json::decode(text.strip_prefix('\u{feff}').unwrap_or(text)) {
        Ok(value) => value,
        Err(error) => {
            diags.error("Invalid JSON in variable file", format!("{shown} is not valid JSON: {error}."), None);
            return Vec::new();
        }
    };
    let Some(entries) = value.entries() else {
        let detail = format!("{shown} must hold one JSON object, variable names to values.");
        diags.error("Invalid JSON in variable file", detail, None);
        return Vec::new();
    };
    entries
        .iter()
        .map(|(name, value)| FileEntry {
            name: name.clone(),
            value: Some(value.clone()),
            span: None,
            file: shown.to_owned(),
        })
        .collect()
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
