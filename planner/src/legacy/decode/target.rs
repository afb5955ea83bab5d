//! What values are decoded into.

use crate::legacy::raw::Raw;

/// A named part of a configuration.
pub type Field = (&'static str, Target);

/// What a value is decoded into.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// Text.
    Text,
    /// A bool.
    Flag,
    /// A bool that may also be left open.
    OptionalFlag,
    /// A bool that may be left open, read from text by a rule of its own.
    Trilean,
    /// A whole number.
    Whole,
    /// A length of time; becomes its nanoseconds.
    Duration,
    /// Left as it is.
    Anything,
    /// A list of these.
    List(&'static Target),
    /// A map to these.
    Map(&'static Target),
}

impl Target {
    /// Its type in Go's words.
    pub(super) fn type_name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Flag | Self::OptionalFlag => "bool",
            Self::Trilean => "config.Trilean",
            Self::Whole => "int",
            Self::Duration => "time.Duration",
            Self::Anything => "interface {}",
            Self::List(_) => "[]interface {}",
            Self::Map(_) => "map[string]interface {}",
        }
    }

    /// What stands in a list where nothing was given.
    pub(super) fn zero(self) -> Raw {
        match self {
            Self::Text => Raw::text(""),
            Self::Flag => Raw::Bool(false),
            Self::Whole | Self::Duration => Raw::Number(0.0),
            Self::OptionalFlag | Self::Trilean | Self::Anything | Self::List(_) | Self::Map(_) => Raw::Null,
        }
    }
}
