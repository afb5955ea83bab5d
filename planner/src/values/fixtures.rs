//! Templates with their values, made of text: for tests of this crate.

use std::sync::Arc;

use crate::catalog::{Catalog, ComponentKind, Schema};
use crate::config::template;
use crate::diagnostic::Diagnostics;
use crate::eval::{Functions, Host, MapLookup, Scope};
use crate::files::Files;
use crate::find::TemplateFiles;
use crate::lower::analysis::{Analysis, Inputs, Parsed, analyse};
use crate::syntax;
use crate::value::{ObjectType, Type, Value};
use crate::values::{DataSupply, VariableInputs, variables};

/// Every component there can be. Data sources take anything and yield an object with `output`, a string.
struct Anything;

impl Catalog for Anything {
    fn schema(&self, _: ComponentKind, _: &str) -> Option<Arc<Schema>> {
        let attributes = [(Arc::from("output"), Type::String)].into();
        let output = Type::Object(Arc::new(ObjectType { attributes, ..ObjectType::default() }));
        Some(Arc::new(Schema { output: Some(output), ..Schema::default() }))
    }

    fn names(&self, _: ComponentKind) -> Vec<String> {
        Vec::new()
    }
}

/// What a data source of [`analysed`] templates yields.
pub(crate) fn output(text: &str) -> Value {
    Value::object([("output", Value::string(text))])
}

/// A template with its values, and what was found.
pub(crate) fn analysed(text: &str, host: &Host, data: DataSupply) -> (Analysis, Diagnostics) {
    let mut files = Files::new();
    let file = files.add("t.pkr.hcl", text);
    let (body, mut diags) = syntax::parse_body(&mut files, file);
    let nothing = MapLookup::default();
    let functions = Functions::for_variable_defaults();
    let scope = Scope { variables: &nothing, functions: &functions, host };
    let template = template::decode(body.as_slice(), &files, &scope, &mut diags);
    let given = VariableInputs::default();
    let variables = variables::collect(&template.variables, &given, &mut files, &host.working_dir, &mut diags);
    let found = TemplateFiles { root: "root".to_owned(), ..TemplateFiles::default() };
    let inputs = Inputs { variables: &given, host, version: "1.16.0" };
    let analysis = analyse(Parsed { template, found, variables }, inputs, data, &Anything, &files, &mut diags);
    (analysis, diags)
}

/// The summaries and details of findings.
pub(crate) fn said(diags: &Diagnostics) -> Vec<String> {
    diags.iter().map(|found| format!("{}: {}", found.summary, found.detail)).collect()
}
