//! From a legacy template to one whose values are known: variables and builder names are rendered.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::eval::{Functions, Host};
use crate::files::Files;
use crate::interpolate::{Facts, Interpolation, Promised, UserVariables};
use crate::legacy::multi_error::all_of;
use crate::legacy::template::LegacyTemplate;
use crate::legacy::variables::{self, Texts};
use crate::legacy::{blocks, given, validate};
use crate::lower::Analysis;
use crate::lower::analysis::Inputs;
use crate::value::Value;
use crate::values::dependencies::DependencyIndex;
use crate::values::store::{DataSupply, Surroundings, Values};
use crate::values::{VariableInputs, Variables};
use crate::version::Version;

/// What a legacy template has beside its blocks.
#[derive(Clone, Debug)]
pub struct Legacy {
    /// The template as it was read.
    pub template: LegacyTemplate,
    /// All variables, rendered.
    pub variables: Arc<Texts>,
    /// The builders' names: as rendered, and as written.
    pub names: BTreeMap<Arc<str>, Arc<str>>,
    facts: Facts,
}

/// The values given for variables, from files and the command line.
#[derive(Clone, Debug, Default)]
pub struct Given(Texts);

impl Given {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// The first file that cannot be read.
    pub fn collect(inputs: &VariableInputs, working_dir: &Path) -> Result<Self, String> {
        given::collect(inputs, working_dir).map(Self)
    }
}

impl Legacy {
    /// The folder of the template; none when there is no template.
    pub fn template_path(&self) -> Option<Arc<str>> {
        self.template.path.as_deref().map(|path| path.to_string_lossy().into())
    }

    /// The folder that the template is in; none when it came from standard input.
    pub fn template_dir(&self) -> Option<Arc<str>> {
        self.facts.template_dir.clone()
    }

    /// Renders what stands in the template outside of components.
    pub fn interpolation(&self) -> Interpolation {
        let user = UserVariables::Known(self.variables.clone());
        Interpolation::new(Facts { user, ..self.facts.clone() })
    }
}

/// Gives variables and builder names their values. The first thing that is wrong goes to `diags`; what can be told of the
/// template nevertheless is in the result.
pub fn analyse(
    template: LegacyTemplate,
    given: Given,
    inputs: Inputs<'_>,
    files: &Files,
    diags: &mut Diagnostics,
) -> Analysis {
    let Inputs { host, version, .. } = inputs;
    let directory = template.path.as_deref().and_then(Path::parent);
    let facts = Facts {
        build_name: "".into(),
        build_type: "".into(),
        core_version: version.into(),
        template_dir: directory.map(|directory| directory.to_string_lossy().into()),
        working_dir: Arc::new(host.working_dir.clone()),
        started: host.started,
        user: UserVariables::None,
        promised: Promised::Nothing,
    };
    let variables = Arc::new(given.0);
    let mut legacy = Legacy { template, variables, names: BTreeMap::new(), facts };
    if let Err(error) = legacy.initialize(host, version) {
        diags.error("", error, None);
    }
    let synthesized = blocks::template(&legacy);
    let values = values(&legacy, &synthesized, host.clone(), version, files);
    Analysis { template: synthesized, values, legacy: Some(Arc::new(legacy)) }
}

impl Legacy {
    fn initialize(&mut self, host: &Host, version: &str) -> Result<(), String> {
        validate::validate(&self.template)?;
        check_version(&self.template.min_version, version)?;
        let unset = self
            .template
            .variables
            .iter()
            .filter(|(name, variable)| variable.required && !self.variables.contains_key(&***name));
        all_of(unset.map(|(name, _)| format!("required variable not set: {name}")).collect())?;
        variables::render(&self.template, &mut self.variables, &self.facts, host)?;
        let interpolation = self.interpolation();
        for name in self.template.builders.keys() {
            let rendered = interpolation.until_stable(name);
            let rendered = rendered.map_err(|error| format!("Error interpolating builder '{name}': {error}"))?;
            self.names.insert(rendered.into(), name.clone());
        }
        Ok(())
    }
}

fn check_version(wanted: &str, version: &str) -> Result<(), String> {
    if wanted.is_empty() {
        return Ok(());
    }
    let wanted =
        Version::parse(wanted).ok_or_else(|| format!("min_version is invalid: Malformed version: {wanted}"))?;
    match Version::parse(version) {
        Some(own) if own.is_before(&wanted) => {
            Err(format!("This template requires Packer version {wanted} or higher; using {own}"))
        }
        _ => Ok(()),
    }
}

/// The variables in the form that all templates have them in.
fn values(legacy: &Legacy, synthesized: &crate::config::Template, host: Host, version: &str, files: &Files) -> Values {
    let texts =
        legacy.variables.iter().map(|(name, text)| (Arc::from(name.as_str()), Value::String(text.as_str().into())));
    let variables = Variables::known(texts.collect(), legacy.template.sensitive.clone());
    // There is nothing in it that could refer to anything.
    let index = DependencyIndex::new(synthesized, files, &mut Diagnostics::new());
    let surroundings = Surroundings {
        root: host.base_dir.to_string_lossy().into_owned(),
        version: version.to_owned(),
        functions: Functions::standard(),
        host,
        data: DataSupply::Never,
    };
    Values::new(synthesized, variables, index, Vec::new(), surroundings, &mut Diagnostics::new())
}
