//! From files to a template whose values can be asked for: everything that comes before the graph.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crate::catalog::{Catalog, ComponentKind};
use crate::config::{self, Template};
use crate::diagnostic::Diagnostics;
use crate::eval::{Functions, Host, MapLookup, Scope};
use crate::files::Files;
use crate::find::{TemplateFiles, find_templates, read_file};
use crate::legacy::Legacy;
use crate::lower::structure;
use crate::syntax::{self, Syntax};
use crate::value::Type;
use crate::values::dependencies::{Definition, Dependencies, DependencyIndex};
use crate::values::store::{DataSupply, Surroundings, Values};
use crate::values::variables;
use crate::values::{ComponentScope, VariableInputs, Variables};

/// A template that was read and decoded.
#[derive(Debug)]
pub struct Parsed {
    /// Its blocks.
    pub template: Template,
    /// The files it came from.
    pub found: TemplateFiles,
    /// The values of its variables, not validated yet.
    pub variables: Variables,
}

/// A template with its values.
#[derive(Debug)]
pub struct Analysis {
    /// Its blocks.
    pub template: Template,
    /// What expressions see.
    pub values: Values,
    /// What a legacy template has beside its blocks; none for other templates.
    pub legacy: Option<Arc<Legacy>>,
}

/// Finds, reads and decodes the template behind `argument`. All files are read and all problems reported.
///
/// The values given for variables are read too. `None` when nothing can be said about the template beyond what `diags`
/// holds.
pub fn parse(argument: &str, inputs: Inputs<'_>, files: &mut Files, diags: &mut Diagnostics) -> Option<Parsed> {
    let Inputs { host, version, .. } = inputs;
    let found = match find_templates(argument, &host.working_dir) {
        Ok(found) => found,
        Err(problems) => {
            diags.append(problems);
            return None;
        }
    };
    let mut problems = Diagnostics::new();
    let bodies = parse_files(&found, &host.working_dir, files, &mut problems);
    if !problems.has_errors() {
        config::packer::check_versions(&bodies, version, &mut problems);
    }
    let failed = problems.has_errors();
    diags.append(problems);
    if failed {
        return None;
    }
    let nothing = MapLookup::default();
    let functions = Functions::for_variable_defaults();
    let scope = Scope { variables: &nothing, functions: &functions, host };
    let template = config::template::decode(&bodies, files, &scope, diags);
    let given = VariableInputs { auto_files: found.auto_variables.clone(), ..inputs.variables.clone() };
    let variables = variables::collect(&template.variables, &given, files, &host.working_dir, diags);
    Some(Parsed { template, found, variables })
}

fn parse_files(
    found: &TemplateFiles,
    working_dir: &Path,
    files: &mut Files,
    diags: &mut Diagnostics,
) -> Vec<syntax::ast::Body> {
    let native = found.hcl.iter().map(|path| (path, Syntax::Native));
    let json = found.json.iter().map(|path| (path, Syntax::Json));
    let mut read = Vec::with_capacity(found.hcl.len() + found.json.len());
    for (path, syntax) in native.chain(json) {
        match read_file(files, path, working_dir) {
            Ok(file) => read.push((file, syntax)),
            Err(problem) => diags.push(problem),
        }
    }
    syntax::parse_bodies(files, &read, diags)
}

/// What [`parse`] and [`analyse`] take besides the template.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// Values for variables.
    pub variables: &'a VariableInputs,
    /// Files, environment and clock for functions.
    pub host: &'a Host,
    /// `packer.version`.
    pub version: &'a str,
}

/// Gives variables and locals their values. Data sources are unknown until they run.
pub fn analyse(
    parsed: Parsed,
    inputs: Inputs<'_>,
    data: DataSupply,
    catalog: &dyn Catalog,
    files: &Files,
    diags: &mut Diagnostics,
) -> Analysis {
    let Parsed { template, found, variables } = parsed;
    let Inputs { host, version, .. } = inputs;
    let functions = Functions::standard();
    variables::report_unset(&template.variables, &variables, diags);
    // Rules resolve file names from the working directory, everything else from the template's directory.
    let rule_host = Host { base_dir: ".".into(), ..host.clone() };
    variables::validate(&template.variables, &variables, &functions, &rule_host, files, diags);
    let mut problems = Diagnostics::new();
    let index = DependencyIndex::new(&template, files, &mut problems);
    // What a missing or circular definition leads to would only be said twice.
    let index = if problems.has_errors() { index.without_order() } else { index };
    diags.append(problems);
    let outputs = output_types(&template, catalog, diags);
    let surroundings =
        Surroundings { root: found.root, version: version.to_owned(), functions, host: host.clone(), data };
    let values = Values::new(&template, variables, index, outputs, surroundings, diags);
    let plain = ComponentScope::plain(&values);
    let scope = Scope { variables: &plain, functions: &values.functions, host: &values.host };
    config::template::check_late(&template, files, &scope, diags);
    Analysis { template, values, legacy: None }
}

fn output_types(template: &Template, catalog: &dyn Catalog, diags: &mut Diagnostics) -> Vec<Type> {
    let mut schemas = crate::lower::reference::Schemas::default();
    let mut types = Vec::with_capacity(template.data.len());
    for data in &template.data {
        let kind = ComponentKind::Datasource;
        schemas.require(catalog, kind, "data source", &data.kind.name, data.header, diags);
        let schema = schemas.get(kind, &data.kind.name);
        types.push(schema.and_then(|schema| schema.output.clone()).unwrap_or(Type::Dynamic));
    }
    types
}

impl Analysis {
    /// Data sources that must run before the builds can even be listed: names, source lists and meta-arguments refer to
    /// them.
    pub fn structural_data(&self) -> BTreeSet<usize> {
        let mut found = self.structure().data;
        found.retain(|at| !self.values.has_data(*at));
        found
    }

    /// All data sources that have not run; none when locals and data sources do not hold together.
    pub fn pending_data(&self) -> BTreeSet<usize> {
        let order = self.values.dependencies().order().iter();
        let all = order.filter_map(|definition| if let Definition::Data(at) = definition { Some(*at) } else { None });
        all.filter(|at| !self.values.has_data(*at)).collect()
    }

    /// Evaluates the locals that the list of builds depends on, and reports what is wrong with them.
    pub(super) fn settle_structure(&self, diags: &mut Diagnostics) {
        self.values.settle(&self.structure(), diags);
    }

    /// What the list of builds and what runs in them depends on.
    fn structure(&self) -> Dependencies {
        let index = self.values.dependencies();
        let mut found = Dependencies::default();
        for build in &self.template.builds {
            found.extend(&index.of_references(&structure::references(&build.body)));
        }
        found
    }
}
