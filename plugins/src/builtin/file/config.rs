//! The options and the rules between them.

use planner::interpolate::Interpolation;
use planner::value::Value;

use crate::component::{ComponentContext, ComponentError};
use crate::config::{Field, FieldType, Fields, is_placeholder};
use crate::io_fault::os_words;

/// The fields of the provisioner.
pub const FIELDS: &[Field] = &[
    ("content", FieldType::Text),
    ("destination", FieldType::Text),
    ("direction", FieldType::Text),
    ("generated", FieldType::Flag),
    ("source", FieldType::Text),
    ("sources", FieldType::Texts),
];

/// What goes where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Transfer {
    /// Local files and folders go to the machine.
    Upload(Vec<String>),
    /// A text becomes a file on the machine.
    Content(String),
    /// Files and folders of the machine come here.
    Download(Vec<String>),
}

/// The checked options.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) context: ComponentContext,
    pub(super) interpolation: Interpolation,
    pub(super) transfer: Transfer,
    pub(super) destination: String,
}

impl Options {
    /// Takes and checks a configuration.
    pub(super) fn read(config: &Value, context: &ComponentContext) -> Result<Self, ComponentError> {
        let mut fields = Fields::new(config, context);
        let transfer = read_transfer(&mut fields);
        if let (Transfer::Upload(sources), false) = (&transfer, fields.flag("generated")) {
            sources.iter().for_each(|source| check_source(&mut fields, source));
        }
        let destination = fields.text("destination");
        if destination.is_empty() {
            fields.fault("Destination must be specified.");
        }
        let options = Self {
            context: fields.context().clone(),
            interpolation: fields.interpolation().clone(),
            transfer,
            destination,
        };
        fields.finish().map(|()| options)
    }
}

fn read_transfer(fields: &mut Fields<'_>) -> Transfer {
    let (content, direction) = (fields.text("content"), fields.text("direction"));
    let (mut sources, source) = (fields.texts("sources"), fields.text("source"));
    if !source.is_empty() {
        sources.push(source);
    }
    let is_download = direction == "download";
    if !is_download && !matches!(direction.as_str(), "" | "upload") && !is_placeholder(&direction) {
        fields.fault("Direction must be one of: download, upload.");
    }
    match (is_download, content.is_empty()) {
        (false, true) => Transfer::Upload(sources),
        (true, true) => Transfer::Download(sources),
        (is_download, false) => {
            if !sources.is_empty() {
                fields.fault("source(s) conflicts with content.");
            }
            if is_download {
                fields.fault("content is for uploads: to download, name a source.");
            }
            Transfer::Content(content)
        }
    }
}

/// Whether a source is there. One that is named after the machine is looked for when that is known.
fn check_source(fields: &mut Fields<'_>, source: &str) {
    if is_placeholder(source) || source.contains("{{") {
        return;
    }
    if let Err(error) = std::fs::metadata(fields.context().working_dir.join(source)) {
        fields.fault(format!("Bad source '{source}': stat {source}: {}", os_words(&error)));
    }
}
