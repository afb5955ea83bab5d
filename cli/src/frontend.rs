//! The way from a command line argument to a compiled template, shared by all commands that read one.

use std::collections::BTreeMap;
use std::sync::Arc;

use planner::config::plugin::RequiredPlugin;
use planner::diagnostic::{Diagnostic, Diagnostics};
use planner::eval::Host;
use planner::files::Files;
use planner::legacy::{self, Given, LegacyTemplate};
use planner::lower::analysis::{Analysis, Inputs, Parsed, analyse, parse};
use planner::select::Selection;
use planner::values::{DataSupply, VariableInputs};
use plugins::registry::Registry;
use plugins::secrets::{Patience, SecretSettings, Services};

use crate::findings::{Refused, show};
use crate::lock_file::LockFile;
use crate::options::TemplateOptions;
use crate::plugin_components;
use crate::session::Session;
use crate::template_kind::{TemplateKind, read_legacy, template_root};
use crate::unread_values::values_of;

const NO_REQUIREMENTS: &str = "\nNo plugins requirement found, make sure you reference a Packer config\ncontaining a \
                    packer.required_plugins block. See\n\
                    https://www.packer.io/docs/templates/hcl_templates/blocks/packer\nfor more info.";

/// A template on its way through the compiler, with the files that diagnostics point into.
pub struct Frontend {
    /// Every file read so far.
    pub files: Files,
    /// The components that templates may name.
    pub registry: Arc<Registry>,
    kind: TemplateKind,
    /// The template's path, as it was given.
    template: String,
    host: Host,
    variables: VariableInputs,
}

/// A template that was read, in either language.
pub enum AnyParsed {
    /// HCL2.
    Hcl2(Box<Parsed>),
    /// Legacy JSON, with the values given for its variables.
    Legacy(Box<LegacyTemplate>, Given),
}

impl Frontend {
    /// Gets ready to read the template of `options`.
    ///
    /// # Errors
    ///
    /// The working directory is gone, or the path can only mean a kind of template that this version does not read;
    /// both were said.
    pub fn new(session: &mut Session, options: &TemplateOptions, warn_undeclared: bool) -> Result<Self, Refused> {
        let working_dir = match session.environment.working_dir() {
            Ok(working_dir) => working_dir.to_owned(),
            Err(error) => {
                session.error(&format!("Error: {error}"));
                return Err(Refused);
            }
        };
        let kind = match TemplateKind::of(&options.path, options.config_type, &working_dir) {
            Ok(kind) => kind,
            Err(text) => {
                session.error(&text);
                return Err(Refused);
            }
        };
        let environment: Arc<BTreeMap<String, String>> = Arc::new(session.environment.variables.clone());
        let secrets = Services::new(SecretSettings {
            environment: environment.clone(),
            home: session.environment.home.clone(),
            working_dir: working_dir.clone(),
            patience: Patience::default(),
            fence: session.fence.clone(),
        });
        let host = Host {
            base_dir: template_root(&options.path, &working_dir).into(),
            working_dir,
            home: session.environment.home.clone(),
            environment: environment.clone(),
            now: Arc::new(jiff::Timestamp::now),
            started: session.environment.started,
            secrets: Arc::new(secrets),
        };
        let variables = VariableInputs {
            arguments: options.vars.clone(),
            files: options.var_files.clone(),
            auto_files: Vec::new(),
            environment,
            warn_undeclared,
        };
        let template = options.path.clone();
        Ok(Self { files: Files::new(), registry: Arc::new(Registry::new()), kind, template, host, variables })
    }

    /// Time stands still from here on, at the moment that the run started, or the one that it takes up.
    pub fn stop_clock(&mut self, at: jiff::Timestamp) {
        self.host.now = Arc::new(move || at);
        self.host.started = at;
    }

    /// Where relative paths start.
    pub fn working_dir(&self) -> &std::path::Path {
        &self.host.working_dir
    }

    /// Reads and decodes the template and the values given for its variables. Problems are said; with errors among them
    /// the command ends.
    pub fn parse(&mut self, session: &mut Session, options: &TemplateOptions) -> Result<AnyParsed, Refused> {
        match self.kind {
            TemplateKind::Hcl2 => self.parse_hcl2(session, options).map(|parsed| AnyParsed::Hcl2(Box::new(parsed))),
            TemplateKind::Legacy => self.parse_legacy(options).map_err(|text| {
                session.error(&text);
                Refused
            }),
        }
    }

    fn parse_legacy(&mut self, options: &TemplateOptions) -> Result<AnyParsed, String> {
        let template = read_legacy(&options.path, &self.host.working_dir, &mut self.files)?;
        let given = Given::collect(&self.variables, &self.host.working_dir)?;
        Ok(AnyParsed::Legacy(Box::new(template), given))
    }

    fn parse_hcl2(&mut self, session: &mut Session, options: &TemplateOptions) -> Result<Parsed, Refused> {
        let mut diags = Diagnostics::new();
        let inputs = Inputs { variables: &self.variables, host: &self.host, version: session.version.number };
        let parsed = parse(&options.path, inputs, &mut self.files, &mut diags);
        let sensitive =
            parsed.iter().flat_map(|parsed| &parsed.template.variables).filter(|variable| variable.sensitive);
        for variable in sensitive {
            let mut secrets = Vec::new();
            typed_text(&self.variables, &variable.name.name, &mut secrets);
            secrets.iter().for_each(|secret| session.scrubber().hide(secret));
        }
        let failed = diags.has_errors();
        if failed {
            parsed.iter().for_each(|parsed| self.hide_unread(session, parsed));
        }
        self.show(session, &diags);
        parsed.filter(|_| !failed).ok_or(Refused)
    }

    /// Hides what files of values have for sensitive variables, as far as that can be told of files that are broken.
    fn hide_unread(&self, session: &Session, parsed: &Parsed) {
        let is_named = |name: &str| self.variables.files.iter().any(|file| file == name);
        let ends = [".pkrvars.hcl", ".pkrvars.json"];
        for file in
            self.files.all().filter(|file| is_named(&file.name) || ends.iter().any(|end| file.name.ends_with(end)))
        {
            for variable in parsed.template.variables.iter().filter(|variable| variable.sensitive) {
                let found = values_of(&variable.name.name, &file.text);
                found.iter().for_each(|secret| session.scrubber().hide(secret));
            }
        }
    }

    /// Reads the template of `options` for nothing but the plugins that it requires; says so when it requires none.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is in the language that has no such thing; it was said.
    pub fn requirements(session: &mut Session, options: &TemplateOptions) -> Result<Vec<RequiredPlugin>, Refused> {
        let mut frontend = Self::new(session, options, false)?;
        let AnyParsed::Hcl2(parsed) = frontend.parse(session, options)? else {
            let summary = "Packer plugins currently only works with HCL2 configuration templates";
            let detail = "Legacy JSON templates cannot say which plugins they require. Write the template in HCL2, or \
                          install the plugins it uses with packer plugins install.";
            frontend.show(session, &Diagnostic::error(summary, detail, None).into());
            return Err(Refused);
        };
        if parsed.template.plugins.is_empty() {
            session.message(NO_REQUIREMENTS);
        }
        Ok(parsed.template.plugins)
    }

    /// Looks for the plugins that the template requires; from here on it may name the components of all plugins that are
    /// installed. With `releases_only` plugins in other versions count as not there.
    ///
    /// # Errors
    ///
    /// Some are not there; they were named.
    pub fn require_plugins(
        &mut self,
        session: &mut Session,
        parsed: &AnyParsed,
        releases_only: bool,
    ) -> Result<(), Refused> {
        let found = match parsed {
            AnyParsed::Hcl2(parsed) => {
                let lock = LockFile::open(session, &self.template, &self.host.working_dir)?;
                let required = parsed.template.plugins.as_slice();
                plugin_components::external(
                    (&session.environment, &session.fence),
                    required,
                    lock.before(),
                    releases_only,
                )
            }
            // Legacy templates cannot require any.
            AnyParsed::Legacy(..) => {
                plugin_components::external((&session.environment, &session.fence), &[], None, releases_only)
            }
        };
        match found {
            Ok(external) => {
                self.registry = Arc::new(Registry::with(external));
                Ok(())
            }
            Err(diags) => {
                self.show(session, &diags);
                Err(Refused)
            }
        }
    }

    /// Gives variables and locals their values. Problems go to `diags`; secrets are hidden from here on.
    pub fn analyse(
        &mut self,
        session: &mut Session,
        parsed: AnyParsed,
        data: DataSupply,
        diags: &mut Diagnostics,
    ) -> Analysis {
        let inputs = Inputs { variables: &self.variables, host: &self.host, version: session.version.number };
        let analysis = match parsed {
            AnyParsed::Hcl2(parsed) => analyse(*parsed, inputs, data, &*self.registry, &self.files, diags),
            AnyParsed::Legacy(template, given) => legacy::analyse(*template, given, inputs, &self.files, diags),
        };
        hide_secrets(session, &analysis, &self.variables);
        analysis
    }

    /// Compiles the selection.
    ///
    /// # Errors
    ///
    /// A pattern that is no glob; it was said.
    pub fn select(&self, session: &mut Session, options: &TemplateOptions) -> Result<Selection, Refused> {
        if self.kind == TemplateKind::Legacy {
            return Ok(Selection::exact(&options.only, &options.except));
        }
        Selection::new(&options.only, &options.except).map_err(|diags| {
            self.show(session, &diags);
            Refused
        })
    }

    /// Says what was found, if anything.
    pub fn show(&self, session: &mut Session, diags: &Diagnostics) {
        show(session, &self.files, diags);
    }
}

/// Hides every text inside sensitive variables and locals.
///
/// What was given for a sensitive variable is hidden as it was typed as well: it may be what cannot be read.
fn hide_secrets(session: &Session, analysis: &Analysis, given: &VariableInputs) {
    let mut secrets = analysis.values.secrets();
    for name in analysis.values.variables().sensitive() {
        typed_text(given, name, &mut secrets);
    }
    for secret in secrets {
        session.scrubber().hide(&secret);
    }
}

/// Adds what the command line and the environment give for a variable, as it was typed.
fn typed_text(given: &VariableInputs, name: &str, found: &mut Vec<String>) {
    let arguments = given.arguments.iter().filter(|(argument, _)| argument == name);
    found.extend(arguments.map(|(_, text)| text.clone()));
    found.extend(given.environment.get(&format!("PKR_VAR_{name}")).cloned());
}
