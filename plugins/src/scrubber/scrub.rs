//! The secrets of a run, and the masks in their place.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use planner::value::quote;

use super::patterns::Patterns;

const MASK: &str = "<sensitive>";
/// Of a longer text with several lines only the lines are looked for.
const LONGEST_WHOLE: usize = 64 * 1024;

/// The secrets of one run. Clones share them.
#[derive(Clone, Default)]
pub struct Scrubber {
    patterns: Arc<RwLock<Patterns>>,
}

impl Scrubber {
    /// Knows no secret yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Hides `secret` from now on: as a whole, with either line end, and each of its lines with more than punctuation in
    /// it, also as they stand in quotes.
    pub fn hide(&self, secret: &str) {
        if secret.trim().is_empty() {
            return;
        }
        // The line ends around it are not part of it.
        let secret = secret.trim_matches(['\r', '\n']);
        let whole = secret.replace("\r\n", "\n");
        let is_one_line = !whole.contains('\n');
        let telling = |line: &&str| !line.is_empty() && (is_one_line || line.chars().any(char::is_alphanumeric));
        let lines: Vec<&str> = whole.split('\n').map(str::trim).filter(telling).collect();
        let mut parts: Vec<String> = lines.iter().flat_map(|line| in_quotes(line)).collect();
        if is_one_line || secret.len() <= LONGEST_WHOLE {
            parts.extend([secret, &whole].map(str::to_owned));
        }
        parts.extend(lines.into_iter().map(str::to_owned));
        self.patterns.write().unwrap_or_else(PoisonError::into_inner).add(parts);
    }

    /// Hides `secret`, a password of `user`. One that is the same as the name of its user is no secret, and hiding it
    /// would make everything unreadable that mentions the user.
    pub fn hide_password(&self, secret: &str, user: &str) {
        if secret != user {
            self.hide(secret);
        }
    }

    /// The text with `<sensitive>` in place of every secret.
    pub fn scrub<'text>(&self, text: &'text str) -> Cow<'text, str> {
        let found = self.patterns().find(text.as_bytes());
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut masked = String::with_capacity(text.len());
        let mut rest = 0;
        for range in found {
            // Secrets are whole characters, and so is what is between them.
            masked.push_str(&text[rest..range.start]);
            masked.push_str(MASK);
            rest = range.end;
        }
        masked.push_str(&text[rest..]);
        Cow::Owned(masked)
    }

    /// How many of these bytes can be let go of while more are to come: a secret that lies over the cut, or may have begun
    /// before it, would not be known for one on either side.
    pub fn cut(&self, bytes: &[u8]) -> usize {
        let patterns = self.patterns();
        let begun = patterns.begun(bytes);
        if begun == bytes.len() {
            return begun;
        }
        let across = patterns.find(bytes).into_iter().find(|range| range.contains(&begun));
        across.map_or(begun, |range| range.start)
    }

    fn patterns(&self) -> RwLockReadGuard<'_, Patterns> {
        self.patterns.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A line as it stands between quotes, and between quotes that are quoted again, as members of collections are shown: as
/// templates, JSON and the log have them. Nothing when that is the line itself.
fn in_quotes(line: &str) -> Vec<String> {
    let bare = |quoted: String| quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned();
    let ways: [fn(&str) -> String; 3] =
        [quote, |text| format!("{text:?}"), |text| serde_json::Value::from(text).to_string()];
    let mut forms = Vec::new();
    for way in ways {
        let once = bare(way(line));
        if once != line {
            forms.push(bare(way(&once)));
            forms.push(once);
        }
    }
    forms
}

/// Only how many there are: the secrets stay out of every log.
impl std::fmt::Debug for Scrubber {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Scrubber").field("n_secrets", &self.patterns().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knowing(secrets: &[&str]) -> Scrubber {
        let scrubber = Scrubber::new();
        secrets.iter().for_each(|secret| scrubber.hide(secret));
        scrubber
    }

    #[test]
    fn secrets_are_masked_whole_and_by_line() {
        let rows: [(&[&str], &str, &str); 17] = [
            (&[], "plain", "plain"),
            (&["hunter2"], "pw=hunter2, hunter2!", "pw=<sensitive>, <sensitive>!"),
            (&["abc", "abcdef"], "abcdef abc", "<sensitive> <sensitive>"),
            (&["abc", "cde"], "abcde", "<sensitive>"),
            (&["s", "long secret"], "this long secret", "thi<sensitive> <sensitive>"),
            (&["a\r\nb b\n\nc"], "x b b y", "x <sensitive> y"),
            (&["one\ntwo"], "one\ntwo", "<sensitive>"),
            (&["{\n  \"k\": \"v\"\n}\n"], "\"k\": \"v\" {}", "<sensitive> {}"),
            (&["***"], "a***b", "a<sensitive>b"),
            (&[" padded "], "(padded)( padded )", "(<sensitive>)(<sensitive>)"),
            (&["", " ", "\n"], "a b\nc", "a b\nc"),
            (&["é"], "café", "caf<sensitive>"),
            (&["a\"b\\c"], r#""a\"b\\c" a"b\c"#, r#""<sensitive>" <sensitive>"#),
            (&["a\"b"], r#""{\"k\" = \"a\\\"b\"}""#, r#""{\"k\" = \"<sensitive>\"}""#),
            (&["one\ntw\to"], r#""one\ntw\to""#, r#""<sensitive>\n<sensitive>""#),
            (&["a\u{1b}b"], r#""a\x1bb" "a\u{1b}b" "a\u001bb""#, r#""<sensitive>" "<sensitive>" "<sensitive>""#),
            (&["x\r\ny\r\n"], "x\ny\nx\r\ny\r\n", "<sensitive>\n<sensitive>\r\n"),
        ];
        for (secrets, text, expected) in rows {
            assert_eq!(knowing(secrets).scrub(text), expected, "{secrets:?}");
        }
    }

    #[test]
    fn clones_share_secrets_and_debug_shows_none() {
        let scrubber = Scrubber::new();
        scrubber.clone().hide("hunter2");
        assert_eq!(scrubber.scrub("hunter2"), "<sensitive>");
        assert!(!format!("{scrubber:?}").contains("hunter2"));
    }

    #[test]
    fn nothing_secret_is_cut_in_two() {
        let scrubber = knowing(&["hunter2", "2 fast"]);
        let rows = [("", 0), ("plain", 5), ("my hun", 3), ("my hunter2", 3), ("my hunter2!", 11), ("hunter", 0)];
        for (text, expected) in rows {
            assert_eq!(scrubber.cut(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_password_that_is_no_secret_is_not_hidden() {
        let scrubber = Scrubber::new();
        scrubber.hide_password("vagrant", "vagrant");
        scrubber.hide_password("hunter2", "vagrant");
        assert_eq!(scrubber.scrub("vagrant hunter2"), "vagrant <sensitive>");
    }

    /// As many as a run could ever have, in a text as big as a piece of output.
    #[test]
    fn many_secrets_are_no_reason_to_wait() {
        let scrubber = Scrubber::new();
        (0..5_000).for_each(|n| scrubber.hide(&format!("secret-{n}-{}", n * 7919)));
        let text = "secret-4999-39587081 and much else ".repeat(2_000);
        assert_eq!(scrubber.scrub(&text).matches(MASK).count(), 2_000);
    }
}
