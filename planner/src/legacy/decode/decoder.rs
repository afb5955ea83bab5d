//! Values into their targets, maps into fields.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::legacy::decode::fault::Fault;
use crate::legacy::decode::scalar::{self, parse_bool, parse_duration};
use crate::legacy::decode::target::{Field, Target};
use crate::legacy::raw::Raw;

/// How values are decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoder {
    /// Whether values of other types are converted.
    pub weak: bool,
    /// Whether text becomes a duration where one is wanted.
    pub durations: bool,
    /// Whether text becomes a list where one is wanted, split at commas.
    pub lists: bool,
}

/// Decoded settings by name. What was not given is not there.
pub type Settings = BTreeMap<Arc<str>, Raw>;

impl Decoder {
    /// Takes a value as it is, or not at all.
    pub const STRICT: Self = Self { weak: false, durations: true, lists: false };
    /// Converts what can be converted.
    pub const WEAK: Self = Self { weak: true, durations: true, lists: false };
    /// As components decode their configuration.
    pub const COMPONENT: Self = Self { weak: true, durations: true, lists: true };

    /// Decodes the entries of `input` into `settings`, each into the field of its name. Names are compared without
    /// regard to case when no entry is called exactly like a field. Gives the names that no field has, sorted.
    ///
    /// # Errors
    ///
    /// `input` is no map, or entries do not fit their fields.
    pub fn fields(&self, input: &Raw, fields: &[Field], settings: &mut Settings) -> Result<Vec<Arc<str>>, Fault> {
        let entries = match input {
            Raw::Null => return Ok(Vec::new()),
            Raw::Map(entries) => entries,
            other => return Err(Fault::One(format!("'' expected a map, got '{}'", other.kind()))),
        };
        let mut unused: Vec<Arc<str>> = entries.keys().cloned().collect();
        let mut faults = Vec::new();
        for (name, target) in fields {
            let exact = entries.get_key_value(*name);
            let Some((key, value)) = exact.or_else(|| entries.iter().find(|(key, _)| equal_fold(key, name))) else {
                continue;
            };
            unused.retain(|other| other != key);
            match self.value(name, value, *target, settings.get(*name)) {
                Ok(Raw::Null) => {}
                Ok(decoded) => drop(settings.insert(Arc::from(*name), decoded)),
                Err(fault) => fault.append_to(&mut faults),
            }
        }
        Fault::of(faults)?;
        Ok(unused)
    }

    /// Decodes one value over `old`. What is null leaves the old one; without one it gives null.
    ///
    /// # Errors
    ///
    /// The value does not fit.
    pub fn value(&self, name: &str, input: &Raw, target: Target, old: Option<&Raw>) -> Result<Raw, Fault> {
        if *input == Raw::Null {
            return Ok(old.cloned().unwrap_or(Raw::Null));
        }
        let input = &self.prepared(name, input, target)?;
        match target {
            Target::List(item) => self.list(name, input, *item, old),
            Target::Map(item) => self.map(name, input, *item, old),
            Target::Trilean if matches!(input, Raw::Bool(_) | Raw::Null) => Ok(input.clone()),
            Target::Trilean => {
                // As a number it is an enumeration: open, true, false.
                let number = scalar::decode(name, input, target, self.weak).map_err(Fault::One)?;
                Ok(if number == Raw::Number(0.0) { Raw::Null } else { Raw::Bool(number == Raw::Number(1.0)) })
            }
            _ => scalar::decode(name, input, target, self.weak).map_err(Fault::One),
        }
    }

    /// Text becomes what is wanted where that has a notation of its own.
    fn prepared(&self, name: &str, input: &Raw, target: Target) -> Result<Raw, Fault> {
        let Raw::Text(text) = input else { return Ok(input.clone()) };
        let failed = |error: String| Fault::One(format!("error decoding '{name}': {error}"));
        match target {
            Target::Trilean if text.is_empty() => Ok(Raw::Null),
            Target::Trilean => {
                let value = parse_bool(text).map_err(|error| format!("Error parsing bool from given var: {error}"));
                value.map(Raw::Bool).map_err(failed)
            }
            Target::List(_) if self.lists && text.is_empty() => Ok(Raw::List(Arc::from([]))),
            Target::List(_) if self.lists => Ok(Raw::List(text.split(',').map(Raw::text).collect())),
            Target::Duration if self.durations => parse_duration(text).map_err(failed),
            _ => Ok(input.clone()),
        }
    }

    fn list(&self, name: &str, input: &Raw, item: Target, old: Option<&Raw>) -> Result<Raw, Fault> {
        let single = std::slice::from_ref(input);
        let given = match input {
            Raw::List(items) => items,
            other if !self.weak => {
                let kind = other.kind();
                return Err(Fault::One(format!("'{name}': source data must be an array or slice, got {kind}")));
            }
            Raw::Map(entries) if entries.is_empty() => return Ok(Raw::List(Arc::from([]))),
            _ => single,
        };
        let mut items: Vec<Raw> = old.and_then(Raw::items).unwrap_or_default().to_vec();
        let mut faults = Vec::new();
        for (at, value) in given.iter().enumerate() {
            if items.len() <= at {
                items.push(item.zero());
            }
            match self.value(&format!("{name}[{at}]"), value, item, Some(&items[at])) {
                Ok(decoded) => items[at] = decoded,
                Err(fault) => fault.append_to(&mut faults),
            }
        }
        Fault::of(faults)?;
        Ok(Raw::List(items.into()))
    }

    fn map(&self, name: &str, input: &Raw, item: Target, old: Option<&Raw>) -> Result<Raw, Fault> {
        let mut entries = old.and_then(Raw::entries).cloned().unwrap_or_default();
        match input {
            Raw::Map(given) => {
                let mut faults = Vec::new();
                for (key, value) in given.iter() {
                    let zero = item.zero();
                    match self.value(&format!("{name}[{key}]"), value, item, Some(&zero)) {
                        Ok(decoded) => drop(entries.insert(key.clone(), decoded)),
                        Err(fault) => fault.append_to(&mut faults),
                    }
                }
                Fault::of(faults)?;
            }
            Raw::List(items) if self.weak => {
                let mut merged = Raw::Map(Arc::new(entries));
                for (at, value) in items.iter().enumerate().filter(|(_, value)| **value != Raw::Null) {
                    merged = self.map(&format!("{name}[{at}]"), value, item, Some(&merged))?;
                }
                return Ok(merged);
            }
            other => return Err(Fault::One(format!("'{name}' expected a map, got '{}'", other.kind()))),
        }
        Ok(Raw::Map(Arc::new(entries)))
    }
}

/// Whether two names differ in case only.
fn equal_fold(one: &str, other: &str) -> bool {
    let folded =
        |text: &str| -> Vec<char> { text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect() };
    one.len() == other.len() && one.eq_ignore_ascii_case(other) || folded(one) == folded(other)
}
