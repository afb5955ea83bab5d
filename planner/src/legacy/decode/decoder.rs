//! Values into their targets, maps into fields.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::legacy::decode::fault::Fault;
use crate::legacy::decode::scalar::{self, parse_duration};
use crate::legacy::decode::target::{Field, Target};
use crate::legacy::raw::Raw;
use crate::literal::parse_bool;

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
    /// regard to case when no entry is called exactly like a field; of several, lower case comes first. Gives the names that no field has, sorted.
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
            let alike = || entries.iter().rev().find(|(key, _)| equal_fold(key, name));
            let Some((key, value)) = exact.or_else(alike) else {
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
                // As a number it is an enumeration: 1 is true, 2 is false.
                let number = scalar::decode(name, input, target, self.weak).map_err(Fault::One)?;
                Ok(match number {
                    Raw::Number(1.0) => Raw::Bool(true),
                    Raw::Number(2.0) => Raw::Bool(false),
                    _ => Raw::Null,
                })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::legacy::raw::from_tree;
    use crate::span::FileId;
    use crate::syntax::json;

    const FIELDS: &[Field] = &[
        ("text", Target::Text),
        ("flag", Target::Flag),
        ("num", Target::Whole),
        ("texts", Target::List(&Target::Text)),
        ("nums", Target::List(&Target::Whole)),
        ("map", Target::Map(&Target::Text)),
        ("dur", Target::Duration),
        ("tri", Target::Trilean),
    ];

    /// Decodes one configuration over the other: the settings as Go prints them, or what is wrong.
    fn decoded(decoder: Decoder, configs: &[&str]) -> Result<String, String> {
        let mut settings = Settings::new();
        for config in configs {
            let config = from_tree(&json::parse(config, FileId(0)).unwrap()).unwrap();
            decoder.fields(&config, FIELDS, &mut settings).map_err(|fault| fault.to_string())?;
        }
        Ok(Raw::Map(Arc::new(settings)).to_string())
    }

    #[test]
    fn values_are_converted_weakly() {
        for (config, expected) in [
            (r#"{"text": 5, "flag": "1", "num": "0x10"}"#, "map[flag:true num:16 text:5]"),
            (r#"{"text": true, "flag": 2, "num": true}"#, "map[flag:true num:1 text:1]"),
            (r#"{"text": 1e21, "flag": "", "num": 3.9}"#, "map[flag:false num:3 text:1000000000000000000000]"),
            (r#"{"texts": "a,b", "nums": "1,2"}"#, "map[nums:[1 2] texts:[a b]]"),
            (r#"{"texts": "", "nums": 5}"#, "map[nums:[5] texts:[]]"),
            (r#"{"texts": [1, null, false], "nums": {}}"#, "map[nums:[] texts:[1  0]]"),
            (r#"{"map": [{"a": 1}, {"b": true}, {"a": "z"}]}"#, "map[map:map[a:z b:1]]"),
            (r#"{"map": {"a": null}, "dur": "1m", "tri": "T"}"#, "map[dur:6e+10 map:map[a:] tri:true]"),
            (r#"{"dur": 5, "tri": ""}"#, "map[dur:5]"),
            (r#"{"tri": 2}"#, "map[tri:false]"),
            (r#"{"TEXT": "x", "Flag": null}"#, "map[text:x]"),
            ("null", "map[]"),
        ] {
            assert_eq!(decoded(Decoder::COMPONENT, &[config]).as_deref(), Ok(expected), "{config}");
        }
    }

    #[test]
    fn later_settings_are_laid_over_earlier_ones() {
        let configs =
            [r#"{"texts": ["a", "b", "c"], "map": {"x": 1}, "num": 1}"#, r#"{"texts": ["z"], "map": {"y": 2}}"#];
        assert_eq!(decoded(Decoder::COMPONENT, &configs).as_deref(), Ok("map[map:map[x:1 y:2] num:1 texts:[z b c]]"));
    }

    #[test]
    fn what_does_not_fit_is_refused_in_known_words() {
        for (config, expected) in [
            ("[]", "'' expected a map, got 'slice'"),
            (
                r#"{"flag": "yes", "num": "x"}"#,
                "2 error(s) decoding:\n\n\
                 * cannot parse 'flag' as bool: strconv.ParseBool: parsing \"yes\": invalid syntax\n\
                 * cannot parse 'num' as int: strconv.ParseInt: parsing \"x\": invalid syntax",
            ),
            (
                r#"{"text": [1], "texts": [{"a": 1}], "map": {"k": []}}"#,
                "3 error(s) decoding:\n\n\
                 * 'map[k]' expected type 'string', got unconvertible type '[]interface {}', value: '[]'\n\
                 * 'text' expected type 'string', got unconvertible type '[]interface {}', value: '[1]'\n\
                 * 'texts[0]' expected type 'string', got unconvertible type 'map[string]interface {}', value: 'map[a:1]'",
            ),
            (
                r#"{"map": 1, "dur": "x", "tri": "maybe"}"#,
                "3 error(s) decoding:\n\n\
                 * 'map' expected a map, got 'float64'\n\
                 * error decoding 'dur': time: invalid duration \"x\"\n\
                 * error decoding 'tri': Error parsing bool from given var: strconv.ParseBool: parsing \"maybe\": \
                 invalid syntax",
            ),
        ] {
            assert_eq!(decoded(Decoder::COMPONENT, &[config]).unwrap_err(), expected, "{config}");
        }
        for (config, expected) in [
            (r#"{"texts": "a"}"#, "'texts': source data must be an array or slice, got string"),
            (r#"{"text": 1}"#, "'text' expected type 'string', got unconvertible type 'float64', value: '1'"),
            (r#"{"flag": 1}"#, "'flag' expected type 'bool', got unconvertible type 'float64', value: '1'"),
        ] {
            let expected = format!("1 error(s) decoding:\n\n* {expected}");
            assert_eq!(decoded(Decoder::STRICT, &[config]), Err(expected), "{config}");
        }
    }
}
