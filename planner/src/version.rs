//! Versions and constraints on them, by the grammar of go-version that `required_version` is written in.

use std::cmp::Ordering;
use std::fmt;

/// A version: numeric segments, and perhaps a pre-release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    segments: Vec<u64>,
    n_written: usize,
    prerelease: String,
}

impl Version {
    /// Reads `v1.2.3-beta1+meta`. `None` when it is no version. Short versions are padded to three segments.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, metadata) = text.split_once('+').map_or((text, None), |(text, metadata)| (text, Some(metadata)));
        let numeric_end = text.find(|next: char| !next.is_ascii_digit() && next != '.').unwrap_or(text.len());
        let (numbers, rest) = text.split_at(numeric_end);
        let prerelease = match rest.strip_prefix('-') {
            Some(prerelease) => prerelease,
            None if rest.is_empty() || rest.starts_with(|next: char| next.is_ascii_alphabetic()) => rest,
            None => return None,
        };
        let is_label =
            |label: &str| label.chars().all(|next| next.is_ascii_alphanumeric() || matches!(next, '.' | '-' | '~'));
        if !is_label(prerelease) || !metadata.is_none_or(is_label) || rest == "-" {
            return None;
        }
        let mut segments = numbers.split('.').map(|segment| segment.parse().ok()).collect::<Option<Vec<u64>>>()?;
        let n_written = segments.len();
        segments.resize(n_written.max(3), 0);
        Some(Self { segments, n_written, prerelease: prerelease.to_owned() })
    }

    fn segment(&self, at: usize) -> u64 {
        self.segments.get(at).copied().unwrap_or(0)
    }

    fn compare_segments(&self, other: &Self) -> Ordering {
        let n_segments = self.segments.len().max(other.segments.len());
        (0..n_segments)
            .map(|at| self.segment(at).cmp(&other.segment(at)))
            .find(|found| found.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    /// Whether it is earlier than `other`.
    pub fn is_before(&self, other: &Self) -> bool {
        self.compare(other).is_lt()
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.compare_segments(other).then_with(|| compare_prereleases(&self.prerelease, &other.prerelease))
    }
}

/// The canonical form: at least three segments.
impl std::fmt::Display for Version {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let segments: Vec<String> = self.segments.iter().map(u64::to_string).collect();
        let dash = if self.prerelease.is_empty() { "" } else { "-" };
        write!(out, "{}{dash}{}", segments.join("."), self.prerelease)
    }
}

/// A release is later than any of its pre-releases; parts are compared as numbers where both are.
fn compare_prereleases(own: &str, other: &str) -> Ordering {
    match (own.is_empty(), other.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut own, mut other) = (own.split('.'), other.split('.'));
    loop {
        let ordering = match (own.next(), other.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(own), Some(other)) => match (own.parse::<u64>(), other.parse::<u64>()) {
                (Ok(own), Ok(other)) => own.cmp(&other),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => own.cmp(other),
            },
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Pessimistic,
}

/// Longer operators first, so that `>=` is not read as `>`.
const OPERATORS: [(&str, Operator); 7] = [
    (">=", Operator::GreaterEqual),
    ("<=", Operator::LessEqual),
    ("!=", Operator::NotEqual),
    ("~>", Operator::Pessimistic),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
];

/// Comma-separated terms that must all hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    terms: Vec<(Operator, Version)>,
    text: String,
}

impl Constraint {
    /// Reads `>= 1.7.0, < 2`.
    ///
    /// # Errors
    ///
    /// `malformed constraint: …` with the first term that is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let terms = text.split(',').map(|term| {
            let term = term.trim();
            let known = OPERATORS.iter().find_map(|(sign, operator)| Some((*operator, term.strip_prefix(sign)?)));
            let (operator, version) = known.unwrap_or((Operator::Equal, term));
            let version = Version::parse(version.trim()).ok_or_else(|| format!("malformed constraint: {term}"))?;
            Ok((operator, version))
        });
        let terms = terms.collect::<Result<_, String>>()?;
        Ok(Self { terms, text: text.split(',').map(str::trim).collect::<Vec<_>>().join(",") })
    }

    /// Whether any term names a pre-release.
    pub fn has_prerelease(&self) -> bool {
        self.terms.iter().any(|(_, version)| !version.prerelease.is_empty())
    }

    /// Whether `version` fulfils every term.
    pub fn allows(&self, version: &Version) -> bool {
        self.terms.iter().all(|(operator, wanted)| fulfils(version, *operator, wanted))
    }
}

/// The terms as they were written, without the space between them.
impl fmt::Display for Constraint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

fn fulfils(version: &Version, operator: Operator, wanted: &Version) -> bool {
    let ordering = version.compare(wanted);
    match operator {
        Operator::Equal => ordering.is_eq(),
        Operator::NotEqual => ordering.is_ne(),
        Operator::Greater => ordering.is_gt() && comparable(version, wanted, false),
        Operator::GreaterEqual => ordering.is_ge() && comparable(version, wanted, false),
        Operator::Less => ordering.is_lt() && comparable(version, wanted, true),
        Operator::LessEqual => ordering.is_le() && comparable(version, wanted, true),
        Operator::Pessimistic => {
            let n_kept = wanted.n_written.saturating_sub(1);
            let same_head = (0..n_kept).all(|at| version.segment(at) == wanted.segment(at));
            ordering.is_ge() && same_head && comparable(version, wanted, false)
        }
    }
}

/// A pre-release is only compared with pre-releases of the same version. For upper bounds a release may be compared with
/// a pre-release.
fn comparable(version: &Version, wanted: &Version, is_upper_bound: bool) -> bool {
    match (version.prerelease.is_empty(), wanted.prerelease.is_empty()) {
        (true, true) => true,
        (false, false) => version.compare_segments(wanted).is_eq(),
        (false, true) => false,
        (true, false) => is_upper_bound || version.compare_segments(wanted).is_ge(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints() {
        for (constraint, version, expected) in [
            (">= 1.7.0", "1.16.0", true),
            (">= 1.7.0, < 1.10.0", "1.16.0", false),
            ("1.16", "1.16.0", true),
            ("= 1.16.0", "1.16.1", false),
            ("!= 1.16.0", "1.16.0", false),
            ("~> 1", "2.0.0", true),
            ("~> 1.7", "1.16.0", true),
            ("~> 1.7", "2.0.0", false),
            ("~> 1.16.0", "1.16.9", true),
            ("~> 1.16.1", "1.16.0", false),
            ("~> 1.16.0", "1.17.0", false),
            ("> 1.0", "1.1.0-beta", false),
            (">= 1.1.0-alpha", "1.1.0-beta", true),
            (">= 1.1.0-beta.2", "1.1.0-beta.10", true),
            ("< 2.0.0-beta", "1.9.0", true),
            ("v1.2.3", "1.2.3", true),
            (">= 1.2.3+meta", "1.2.3", true),
        ] {
            let (parsed, version) = (Constraint::parse(constraint), Version::parse(version));
            let allowed = parsed.ok().zip(version.as_ref()).map(|(constraint, version)| constraint.allows(version));
            assert_eq!(allowed, Some(expected), "{constraint} on {version:?}");
        }
    }

    #[test]
    fn malformed() {
        for text in ["", "abc", ">= ", "=> 1", "1..2", "1.2.", "1.2-", "99999999999999999999"] {
            assert_eq!(Constraint::parse(text), Err(format!("malformed constraint: {}", text.trim())), "{text}");
        }
    }
}
