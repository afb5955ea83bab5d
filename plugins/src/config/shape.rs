//! Field tables, from which the planner's schemas are made. One row per field and component.

use std::sync::Arc;

use planner::catalog::{AttributeSchema, Schema};
use planner::legacy::decode::Target;
use planner::value::Type;

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// A string.
    Text,
    /// A bool.
    Flag,
    /// A number.
    Number,
    /// A list of strings.
    Texts,
    /// A list of numbers.
    Numbers,
    /// A map of strings.
    TextMap,
    /// A string that is a template, rendered when the component runs.
    Template,
    /// A list of such strings.
    Templates,
    /// A string that says how long.
    Duration,
    /// A bool whose absence is not the same as false.
    Trilean,
}

impl FieldType {
    /// The type that the planner converts to.
    pub fn ty(self) -> Type {
        match self {
            Self::Text | Self::Template | Self::Duration => Type::String,
            Self::Flag | Self::Trilean => Type::Bool,
            Self::Number => Type::Number,
            Self::Texts | Self::Templates => Type::List(Arc::new(Type::String)),
            Self::Numbers => Type::List(Arc::new(Type::Number)),
            Self::TextMap => Type::Map(Arc::new(Type::String)),
        }
    }

    /// What values of legacy templates are decoded into.
    pub fn target(self) -> Target {
        match self {
            Self::Text | Self::Template => Target::Text,
            Self::Flag => Target::Flag,
            Self::Number => Target::Whole,
            Self::Texts | Self::Templates => Target::List(&Target::Text),
            Self::Numbers => Target::List(&Target::Whole),
            Self::TextMap => Target::Map(&Target::Text),
            Self::Duration => Target::Duration,
            Self::Trilean => Target::Trilean,
        }
    }

    /// Whether its text is left as it is when the component is prepared.
    pub fn is_rendered_later(self) -> bool {
        matches!(self, Self::Template | Self::Templates)
    }
}

/// One field: its name and type. Absence is never an error of the template, components report what they miss.
pub type Field = (&'static str, FieldType);

/// What the core tells most components, and what a template may therefore set as well.
pub const PACKER_FIELDS: &[Field] = &[
    ("packer_build_name", FieldType::Text),
    ("packer_builder_type", FieldType::Text),
    ("packer_core_version", FieldType::Text),
    ("packer_debug", FieldType::Flag),
    ("packer_force", FieldType::Flag),
    ("packer_on_error", FieldType::Text),
    ("packer_sensitive_variables", FieldType::Texts),
    ("packer_user_variables", FieldType::TextMap),
];

/// The schema of these fields, `output` being what a data source yields.
pub fn schema<'a>(fields: impl IntoIterator<Item = &'a Field>, output: Option<Type>) -> Schema {
    let mut attributes: Vec<AttributeSchema> =
        fields.into_iter().map(|(name, ty)| AttributeSchema::optional(*name, ty.ty())).collect();
    attributes.sort_by(|one, other| one.name.cmp(&other.name));
    Schema { attributes, blocks: Vec::new(), output }
}
