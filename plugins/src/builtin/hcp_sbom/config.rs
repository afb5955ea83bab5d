//! The configuration, and what is wrong with it.

use planner::interpolate::{Interpolation, RunData};
use planner::value::{Value, quote};

use crate::component::{BuildData, ComponentContext, ComponentError};
use crate::config::{Field, FieldType, Fields, is_placeholder};

/// The fields of the provisioner.
pub const FIELDS: &[Field] = &[
    ("auto_generate", FieldType::Flag),
    ("destination", FieldType::Text),
    ("elevated_password", FieldType::Text),
    ("elevated_user", FieldType::Text),
    ("execute_command", FieldType::Template),
    ("sbom_name", FieldType::Text),
    ("scan_path", FieldType::Text),
    ("scanner_args", FieldType::Texts),
    ("scanner_checksum", FieldType::Text),
    ("scanner_url", FieldType::Text),
    ("source", FieldType::Text),
];

const ARGS: [&str; 2] = ["-o", "cyclonedx-json"];

/// The configuration.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) context: ComponentContext,
    pub(super) interpolation: Interpolation,
    pub(super) origin: Origin,
    /// Where a copy is kept; empty for nowhere.
    pub(super) destination: String,
    /// What it is called in messages.
    pub(super) name: String,
}

/// Where the bill of materials comes from.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// This file of the machine.
    File(String),
    /// It is made there.
    Made(Scan),
}

/// How it is made.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    pub(super) args: Vec<String>,
    pub(super) path: String,
    /// A template; empty for what fits the machine.
    pub(super) execute_command: String,
    /// Who makes it, on Windows: name and password.
    pub(super) elevated: Option<(String, String)>,
}

impl Config {
    /// Reads the fields. Adds to `warnings` what is set and has no effect.
    pub(super) fn read(
        config: &Value,
        context: &ComponentContext,
        warnings: &mut Vec<String>,
    ) -> Result<Self, ComponentError> {
        let mut fields = Fields::new(config, context);
        let name = fields.text("sbom_name");
        if !name.is_empty() && !is_placeholder(&name) && !is_name(&name) {
            fields.fault(format!(
                "sbom_name must have 3 to 36 characters, letters, digits and hyphens; it is {}",
                quote(&name)
            ));
        }
        for old in ["scanner_url", "scanner_checksum"] {
            if !fields.text(old).is_empty() {
                warnings.push(format!(
                    "{old} is deprecated and has no effect: the newest release of packer is the scanner"
                ));
            }
        }
        let origin = origin(&mut fields, warnings);
        let destination = fields.text("destination");
        if destination.is_empty() {
            warnings.push("without destination the SBOM is checked, and not kept".to_owned());
        }
        let config = Self {
            context: fields.context().clone(),
            interpolation: fields.interpolation().clone(),
            origin,
            destination,
            name,
        };
        fields.finish().map(|()| config)
    }
}

impl Config {
    /// The same, now that it is known what the builder says of the machine.
    pub(super) fn at_run(&self, data: &BuildData) -> Result<Self, ComponentError> {
        let data = RunData::new(data);
        let render = |what: &str, text: &str| {
            let rendered = self.interpolation.at_run(text, &data);
            rendered.map_err(|error| ComponentError::new(format!("error processing {what}: {error}")))
        };
        let origin = match &self.origin {
            Origin::File(path) => Origin::File(render("source", path)?),
            Origin::Made(scan) => {
                let args = scan.args.iter().map(|arg| render("scanner_args", arg)).collect::<Result<_, _>>()?;
                let elevated = match &scan.elevated {
                    Some((user, password)) => {
                        Some((render("elevated_user", user)?, render("elevated_password", password)?))
                    }
                    None => None,
                };
                Origin::Made(Scan { args, path: render("scan_path", &scan.path)?, elevated, ..scan.clone() })
            }
        };
        let destination = render("destination", &self.destination)?;
        Ok(Self { origin, destination, ..self.clone() })
    }
}

fn is_name(name: &str) -> bool {
    (3..=36).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn origin(fields: &mut Fields<'_>, warnings: &mut Vec<String>) -> Origin {
    let (source, scan) = (fields.text("source"), scan(fields));
    if fields.flag("auto_generate") {
        if !source.is_empty() {
            fields.fault(
                "source and auto_generate are mutually exclusive; use either source for pre-generated SBOMs or \
                 auto_generate to create them",
            );
        }
        let args = if scan.args.is_empty() { ARGS.map(str::to_owned).to_vec() } else { scan.args };
        let path = if scan.path.is_empty() { "/".to_owned() } else { scan.path };
        return Origin::Made(Scan { args, path, ..scan });
    }
    if source.is_empty() {
        fields.fault("source must be specified when auto_generate is not enabled");
    }
    let set = [
        ("scanner_args", !scan.args.is_empty()),
        ("scan_path", !scan.path.is_empty()),
        ("execute_command", !scan.execute_command.is_empty()),
        ("elevated_user", scan.elevated.is_some()),
    ];
    let set = set.into_iter().filter(|(_, is_set)| *is_set);
    warnings.extend(set.map(|(name, _)| format!("{name} has no effect without auto_generate = true")));
    Origin::File(source)
}

fn scan(fields: &mut Fields<'_>) -> Scan {
    let execute_command = fields.raw_text("execute_command");
    if let Err(error) = fields.interpolation().check(&execute_command) {
        fields.fault(format!("error parsing execute_command: {error}"));
    }
    let (user, password) = (fields.text("elevated_user"), fields.text("elevated_password"));
    if user.is_empty() && !password.is_empty() {
        fields.fault("elevated_user must be specified when elevated_password is");
    }
    Scan {
        args: fields.texts("scanner_args"),
        path: fields.text("scan_path"),
        execute_command,
        elevated: (!user.is_empty()).then_some((user, password)),
    }
}
