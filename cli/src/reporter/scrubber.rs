//! Takes secrets out of text on its way to users and logs.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

use planner::value::quote;

const MASK: &str = "<sensitive>";

/// The secrets of one run. Clones share them.
#[derive(Clone, Default)]
pub struct Scrubber {
    /// Longest first, so that a secret inside another does not leave the rest of it behind.
    secrets: Arc<RwLock<Vec<String>>>,
}

impl Scrubber {
    /// Knows no secret yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Hides `secret` from now on: as a whole, with either line end, and each of its lines that is not empty, also as
    /// they stand in quotes.
    pub fn hide(&self, secret: &str) {
        let unix = secret.replace("\r\n", "\n");
        let lines = unix.split('\n').map(str::trim_end).filter(|line| !line.trim().is_empty());
        let quoted = lines.clone().flat_map(in_quotes);
        let parts = [secret, unix.as_str(), unix.trim_end_matches('\n')].into_iter().chain(lines);
        let mut secrets = self.secrets.write().unwrap_or_else(PoisonError::into_inner);
        secrets.extend(parts.filter(|part| !part.trim().is_empty()).map(str::to_owned));
        secrets.extend(quoted);
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
    }

    /// The text with `<sensitive>` in place of every secret.
    pub fn scrub<'text>(&self, text: &'text str) -> Cow<'text, str> {
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        let present: Vec<&str> = secrets.iter().map(String::as_str).filter(|secret| text.contains(*secret)).collect();
        if present.is_empty() {
            return Cow::Borrowed(text);
        }
        Cow::Owned(mask(text, &present))
    }
}

/// A line as it stands between quotes, and between quotes that are quoted again, as members of collections are shown.
/// Nothing when that is the line itself.
fn in_quotes(line: &str) -> impl Iterator<Item = String> + use<> {
    let quoted = |text: &str| quote(text)[1..].strip_suffix('"').unwrap_or_default().to_owned();
    let once = quoted(line);
    let twice = quoted(&once);
    (once != line).then_some([once, twice]).into_iter().flatten()
}

/// Only how many there are: the secrets stay out of every log.
impl std::fmt::Debug for Scrubber {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = self.secrets.read().unwrap_or_else(PoisonError::into_inner).len();
        formatter.debug_struct("Scrubber").field("n_secrets", &count).finish()
    }
}

/// One pass from the left, the longest secret at each place. A second pass per secret would mask inside masks.
fn mask(text: &str, secrets: &[&str]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match secrets.iter().find(|secret| rest.starts_with(**secret)) {
            Some(secret) => {
                masked.push_str(MASK);
                rest = &rest[secret.len()..];
            }
            None => {
                masked.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_whole_and_by_line() {
        let rows: [(&[&str], &str, &str); 11] = [
            (&[], "plain", "plain"),
            (&["hunter2"], "pw=hunter2, hunter2!", "pw=<sensitive>, <sensitive>!"),
            (&["abc", "abcdef"], "abcdef abc", "<sensitive> <sensitive>"),
            (&["s", "long secret"], "this long secret", "thi<sensitive> <sensitive>"),
            (&["a\r\nb b\n\nc"], "x b b y", "x <sensitive> y"),
            (&["one\ntwo"], "one\ntwo", "<sensitive>"),
            (&["", " ", "\n"], "a b\nc", "a b\nc"),
            (&["é"], "café", "caf<sensitive>"),
            (&["a\"b\\c"], r#""a\"b\\c" a"b\c"#, r#""<sensitive>" <sensitive>"#),
            (&["a\"b"], r#""{\"k\" = \"a\\\"b\"}""#, r#""{\"k\" = \"<sensitive>\"}""#),
            (&["one\ntw\to"], r#""one\ntw\to""#, r#""<sensitive>\n<sensitive>""#),
        ];
        for (secrets, text, expected) in rows {
            let scrubber = Scrubber::new();
            secrets.iter().for_each(|secret| scrubber.hide(secret));
            assert_eq!(scrubber.scrub(text), expected, "{secrets:?}");
        }
    }

    #[test]
    fn clones_share_secrets_and_debug_shows_none() {
        let scrubber = Scrubber::new();
        scrubber.clone().hide("hunter2");
        assert_eq!(scrubber.scrub("hunter2"), "<sensitive>");
        assert!(!format!("{scrubber:?}").contains("hunter2"));
    }
}
