//! What is wrong with a value, collected.

use std::fmt;

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The value itself.
    One(String),
    /// Values inside.
    Several(Vec<String>),
}

impl Fault {
    /// Adds it to others.
    pub(super) fn append_to(self, faults: &mut Vec<String>) {
        match self {
            Self::One(text) => faults.push(text),
            Self::Several(texts) => faults.extend(texts),
        }
    }

    /// A fault, if there is any.
    pub(super) fn of(faults: Vec<String>) -> Result<(), Self> {
        if faults.is_empty() { Ok(()) } else { Err(Self::Several(faults)) }
    }
}

/// The layout that scripts know: counted and sorted, a bullet each.
impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(text) => write!(out, "{text}"),
            Self::Several(texts) => {
                let mut points: Vec<String> = texts.iter().map(|text| format!("* {text}")).collect();
                points.sort();
                write!(out, "{} error(s) decoding:\n\n{}", texts.len(), points.join("\n"))
            }
        }
    }
}

impl std::error::Error for Fault {}
