//! Values of single flags: their Rust types, how they are read from text, and the message when they cannot be.

use std::time::Duration;

use planner::duration::{DurationError, GoDuration};
use plugins::component::OnError;

/// What language a template is in when its path does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConfigType {
    /// Legacy JSON.
    #[default]
    Json,
    /// HCL2.
    Hcl2,
}

/// How `plan` shows the graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlanFormat {
    /// A tree for people.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// Graphviz.
    Dot,
    /// Mermaid.
    Mermaid,
}

/// `-config-type`.
pub(super) fn config_type(text: &str) -> Result<ConfigType, String> {
    match text.to_ascii_lowercase().as_str() {
        "json" => Ok(ConfigType::Json),
        "hcl2" => Ok(ConfigType::Hcl2),
        _ => Err(format!("{text} does not belong to configType values")),
    }
}

/// `-format` of `plan`.
pub(super) fn plan_format(text: &str) -> Result<PlanFormat, String> {
    match text {
        "text" => Ok(PlanFormat::Text),
        "json" => Ok(PlanFormat::Json),
        "dot" => Ok(PlanFormat::Dot),
        "mermaid" => Ok(PlanFormat::Mermaid),
        _ => Err(expected_one_of(&["text", "json", "dot", "mermaid"])),
    }
}

/// `-on-error`.
pub(super) fn on_error(text: &str) -> Result<OnError, String> {
    match text {
        "cleanup" => Ok(OnError::Cleanup),
        "abort" => Ok(OnError::Abort),
        "ask" => Ok(OnError::Ask),
        "run-cleanup-provisioner" => Ok(OnError::RunCleanupProvisioner),
        _ => Err(expected_one_of(&["cleanup", "abort", "ask", "run-cleanup-provisioner"])),
    }
}

/// `-var`: `key=value`, split at the first `=`.
pub(super) fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
        None => Err(format!("No '=' value in arg: {text}")),
    }
}

/// `-older-than`: how long ago.
pub(super) fn age(text: &str) -> Result<Duration, String> {
    let age: GoDuration = text.parse().map_err(|error: DurationError| error.to_string())?;
    if age.nanos() < 0 {
        return Err("it must not be negative".to_owned());
    }
    Ok(age.to_std())
}

/// A time limit.
pub(super) fn limit(text: &str) -> Result<Duration, String> {
    let limit: GoDuration = text.parse().map_err(|error: DurationError| error.to_string())?;
    if limit.nanos() <= 0 {
        return Err("it must be more than 0, such as 90s or 1h30m".to_owned());
    }
    Ok(limit.to_std())
}

/// `--pool`: `name=10`, split at the last `=`.
pub(super) fn capacity(text: &str) -> Result<(String, u32), String> {
    let expected = || format!("expected a name and a number from 1 to {}, as in aws-eu=10", u32::MAX);
    let (name, number) = text.rsplit_once('=').ok_or_else(expected)?;
    let capacity = integer(number).ok().and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0);
    match capacity {
        Some(capacity) if !name.is_empty() => Ok((name.to_owned(), capacity)),
        _ => Err(expected()),
    }
}

/// A boolean as Go's `flag` reads it.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// A 64-bit integer as Go's `flag` reads it: a sign, then decimal digits or `0x`, `0o`, `0b`, `0` with such digits;
/// with a prefix (or zero) digits may be grouped by single underscores.
pub(super) fn integer(text: &str) -> Result<i64, String> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, &lower[..]),
    };
    let grouped = if radix == 10 { digits } else { digits.strip_prefix('_').unwrap_or(digits) };
    if grouped.is_empty() || grouped.split('_').any(str::is_empty) || (radix == 10 && grouped.contains('_')) {
        return Err("parse error".to_owned());
    }
    let plain = grouped.replace('_', "");
    if !plain.chars().all(|digit| digit.is_digit(radix)) {
        return Err("parse error".to_owned());
    }
    let magnitude = i128::from_str_radix(&plain, radix).map_err(|_| "value out of range".to_owned())?;
    i64::try_from(if negative { -magnitude } else { magnitude }).map_err(|_| "value out of range".to_owned())
}

/// The message for a value outside a closed list.
fn expected_one_of(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    format!("expected one of [{}]", quoted.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_as_go_does() {
        let rows = [
            ("0", Ok(0)),
            ("12", Ok(12)),
            ("-3", Ok(-3)),
            ("+3", Ok(3)),
            ("0x1F", Ok(31)),
            ("010", Ok(8)),
            ("0b1_0", Ok(2)),
            ("1_000", Err("parse error")),
            ("", Err("parse error")),
            ("-", Err("parse error")),
            ("1.5", Err("parse error")),
            ("0x", Err("parse error")),
            ("--3", Err("parse error")),
            ("9223372036854775807", Ok(i64::MAX)),
            ("9223372036854775808", Err("value out of range")),
            ("99999999999999999999999999999999999999999999999", Err("value out of range")),
        ];
        for (text, expected) in rows {
            assert_eq!(integer(text), expected.map_err(str::to_owned), "{text}");
        }
    }
}
