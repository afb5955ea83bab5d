//! Versions and constraints on them, by the grammar of go-version that `required_version` is written in.

use std::cmp::Ordering;
use std::fmt;

/// A version: numeric segments, and perhaps a pre-release and metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    segments: Vec<i64>,
    n_written: usize,
    prerelease: String,
    metadata: String,
}

impl Version {
    /// Reads `v1.2.3-beta1+meta`. `None` when it is no version. Short versions are padded to three segments.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, metadata) = text.split_once('+').map_or((text, None), |(text, metadata)| (text, Some(metadata)));
        if !metadata.is_none_or(are_labels) {
            return None;
        }
        let numeric_end = text.find(|next: char| !next.is_ascii_digit() && next != '.').unwrap_or(text.len());
        let (numbers, rest) = text.split_at(numeric_end);
        let prerelease = if rest.is_empty() { rest } else { prerelease(rest)? };
        let mut segments = numbers.split('.').map(|segment| segment.parse().ok()).collect::<Option<Vec<i64>>>()?;
        let n_written = segments.len();
        segments.resize(n_written.max(3), 0);
        let metadata = metadata.unwrap_or_default().to_owned();
        Some(Self { segments, n_written, prerelease: prerelease.to_owned(), metadata })
    }

    /// What stands behind the dash; empty for a release.
    pub fn prerelease(&self) -> &str {
        &self.prerelease
    }

    /// What stands behind the plus sign; it counts in no comparison.
    pub fn metadata(&self) -> &str {
        &self.metadata
    }

    /// The first three segments alone: the release that a pre-release leads to.
    pub fn core(&self) -> Self {
        let segments = self.segments.iter().take(3).copied().collect();
        Self { segments, n_written: 3, prerelease: String::new(), metadata: String::new() }
    }

    /// The same without metadata.
    pub fn without_metadata(&self) -> Self {
        Self { metadata: String::new(), ..self.clone() }
    }

    /// Whether it is earlier than `other`.
    pub fn is_before(&self, other: &Self) -> bool {
        self.compare(other).is_lt()
    }

    /// Which of the two is later. Missing segments count as zeros; pre-releases count only between versions of as many
    /// segments.
    pub fn compare(&self, other: &Self) -> Ordering {
        if self.segments == other.segments {
            return compare_prereleases(&self.prerelease, &other.prerelease);
        }
        let segment = |version: &Self, at: usize| version.segments.get(at).copied().unwrap_or(0);
        (0..self.segments.len().max(other.segments.len()))
            .map(|at| segment(self, at).cmp(&segment(other, at)))
            .find(|found| found.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

/// How versions are listed: as [`Version::compare`] has it, save where that goes round in circles. There a version that
/// ends comes before one that goes on.
impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let labels = |version: &Self| -> Vec<(bool, i64, String)> {
            let labels = version.prerelease.split('.');
            labels.map(|label| (label.parse::<i64>().is_err(), label.parse().unwrap_or(0), label.to_owned())).collect()
        };
        let is_release = |version: &Self| version.prerelease.is_empty();
        let by_segments = self.segments.cmp(&other.segments);
        by_segments
            .then_with(|| is_release(self).cmp(&is_release(other)))
            .then_with(|| labels(self).cmp(&labels(other)))
            .then_with(|| (&self.metadata, self.n_written).cmp(&(&other.metadata, other.n_written)))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The pre-release in what follows the numbers: behind a dash, which only labels that begin with a digit need.
fn prerelease(rest: &str) -> Option<&str> {
    let is_word = |next: char| next.is_ascii_alphabetic() || matches!(next, '-' | '~');
    let found = match rest.strip_prefix('-') {
        Some(behind) if behind.starts_with(|next: char| next.is_ascii_digit() || is_word(next)) => behind,
        _ if rest.starts_with(is_word) => rest,
        _ => return None,
    };
    are_labels(found).then_some(found)
}

/// Whether these are labels with dots between them.
fn are_labels(text: &str) -> bool {
    let is_inside = |next: char| next.is_ascii_alphanumeric() || matches!(next, '-' | '~');
    text.split('.').all(|label| !label.is_empty() && label.chars().all(is_inside))
}

/// The canonical form: at least three segments.
impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let segments: Vec<String> = self.segments.iter().map(i64::to_string).collect();
        out.write_str(&segments.join("."))?;
        for (sign, text) in [('-', &self.prerelease), ('+', &self.metadata)] {
            if !text.is_empty() {
                write!(out, "{sign}{text}")?;
            }
        }
        Ok(())
    }
}

/// A release is later than any of its pre-releases.
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
            (own, other) => compare_labels(own, other),
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
}

/// Numbers come before words, and where one version has no label any more, it comes before a number and behind a word.
/// Numbers that differ only in how they are written are neither equal nor in order: each comes before the other.
fn compare_labels(own: Option<&str>, other: Option<&str>) -> Ordering {
    if own == other {
        return Ordering::Equal;
    }
    let number = |label: Option<&str>| label.and_then(|label| label.parse::<i64>().ok());
    match (number(own), number(other)) {
        (Some(own), Some(other)) if own > other => Ordering::Greater,
        (Some(_), Some(_)) => Ordering::Less,
        (Some(_), None) if other.is_none() => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) if own.is_none() => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => match (own, other) {
            (None, _) => Ordering::Greater,
            (_, None) => Ordering::Less,
            (own, other) => own.cmp(&other),
        },
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
            let term = term.trim_matches(is_space);
            let known = OPERATORS.iter().find_map(|(sign, operator)| Some((*operator, term.strip_prefix(sign)?)));
            let (operator, version) = known.unwrap_or((Operator::Equal, term));
            let version = Version::parse(version.trim_matches(is_space));
            Ok((operator, version.ok_or_else(|| format!("malformed constraint: {term}"))?))
        });
        let terms = terms.collect::<Result<_, String>>()?;
        let text = text.split(',').map(|term| term.trim_matches(is_space)).collect::<Vec<_>>().join(",");
        Ok(Self { terms, text })
    }

    /// The constraint that only `version` fulfils.
    pub fn exactly(version: Version) -> Self {
        let text = format!("={version}");
        Self { terms: vec![(Operator::Equal, version)], text }
    }

    /// The constraint of no terms, which every version fulfils.
    pub fn none() -> Self {
        Self { terms: Vec::new(), text: String::new() }
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

/// White space, as patterns of Go understand it.
fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\x0c' | '\r')
}

fn fulfils(version: &Version, operator: Operator, wanted: &Version) -> bool {
    let ordering = version.compare(wanted);
    match operator {
        Operator::Equal => ordering.is_eq(),
        Operator::NotEqual => ordering.is_ne(),
        Operator::Greater => ordering.is_gt() && are_comparable(version, wanted),
        Operator::GreaterEqual => ordering.is_ge() && are_comparable(version, wanted),
        Operator::Less => ordering.is_lt() && are_comparable(version, wanted),
        Operator::LessEqual => ordering.is_le() && are_comparable(version, wanted),
        Operator::Pessimistic => ordering.is_ge() && are_comparable(version, wanted) && is_near(version, wanted),
    }
}

/// A pre-release only fulfils constraints that name a pre-release of the same version.
fn are_comparable(version: &Version, wanted: &Version) -> bool {
    version.prerelease.is_empty() || (!wanted.prerelease.is_empty() && version.segments == wanted.segments)
}

/// What `~>` asks for beside "not earlier": all segments but the last are those that were written, and the last is not
/// below. A version of fewer segments is never near, nor is a release near a pre-release.
fn is_near(version: &Version, wanted: &Version) -> bool {
    if version.prerelease.is_empty() && !wanted.prerelease.is_empty() {
        return false;
    }
    let (n_kept, last) = (wanted.n_written.saturating_sub(1), wanted.segments.len() - 1);
    version.segments.len() > last
        && version.segments[..n_kept] == wanted.segments[..n_kept]
        && version.segments[last] >= wanted.segments[last]
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
            ("= 1.2.3+a", "1.2.3+b", true),
            ("1.2-", "1.2.0--", true),
            ("1.2~x", "1.2.0-~x", true),
            ("1.2.3.0", "1.2.3", true),
            (">= 1.2.3.0-a", "1.2.3-b", false),
            ("~> 1.2.0-alpha", "1.2.0-beta", true),
            ("~> 1.2.0-alpha", "1.2.0", false),
            ("~> 1.2.3.4", "1.2.3.5", true),
            ("~> 1.2.3.4", "1.2.3", false),
            ("> 1.0.0-beta.x", "1.0.0-beta", true),
            ("> 1.0.0-beta.1", "1.0.0-beta", false),
            ("> 1.0.0-01", "1.0.0-1", false),
            ("< 1.0.0-01", "1.0.0-1", true),
        ] {
            let (parsed, version) = (Constraint::parse(constraint), Version::parse(version));
            let allowed = parsed.ok().zip(version.as_ref()).map(|(constraint, version)| constraint.allows(version));
            assert_eq!(allowed, Some(expected), "{constraint} on {version:?}");
        }
    }

    #[test]
    fn versions_are_listed_in_one_order() {
        let listed =
            ["1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-beta", "1.0.0-beta.1", "1.0.0-beta.x", "1.0.0", "1.0.1-dev"];
        let mut versions: Vec<Version> = listed.iter().rev().map(|text| Version::parse(text).unwrap()).collect();
        versions.sort();
        assert_eq!(versions.iter().map(Version::to_string).collect::<Vec<_>>(), listed);
    }

    #[test]
    fn parts_and_canonical_form() {
        for (text, shown, core, prerelease, metadata) in [
            ("v01.2", "1.2.0", "1.2.0", "", ""),
            ("1.2.3-dev+a.b", "1.2.3-dev+a.b", "1.2.3", "dev", "a.b"),
            ("1.2.3.4-1", "1.2.3.4-1", "1.2.3", "1", ""),
            ("9223372036854775807", "9223372036854775807.0.0", "9223372036854775807.0.0", "", ""),
        ] {
            let version = Version::parse(text).unwrap();
            let parts = (version.to_string(), version.core().to_string(), version.prerelease(), version.metadata());
            assert_eq!(parts, (shown.to_owned(), core.to_owned(), prerelease, metadata), "{text}");
        }
        assert_eq!(Version::parse("9223372036854775808"), None);
    }

    #[test]
    fn malformed() {
        for text in [
            "",
            "abc",
            ">= ",
            "=> 1",
            "1..2",
            "1.2.",
            "1.2-.",
            "1.2-a..b",
            "1.2+",
            "1.2+a+b",
            "1.2_a",
            "99999999999999999999",
        ] {
            assert_eq!(Constraint::parse(text), Err(format!("malformed constraint: {}", text.trim())), "{text}");
        }
    }
}
