//! Text for people: prefixes, time stamps, colours.

use std::fmt::Write;

use jiff::Zoned;

use super::report::{Target, UiKind};
use super::settings::Settings;

/// Green, cyan, magenta, yellow, blue: builds take them in turn.
const BUILD_COLOURS: [u8; 5] = [32, 36, 35, 33, 34];
const ERROR_COLOUR: u8 = 31;

/// `==> name: ` in front of every line; white space at the end dropped.
pub(super) fn prefixed(target: &Target, text: &str) -> String {
    let mut lines = String::new();
    for line in text.split('\n') {
        lines.push_str("==> ");
        lines.push_str(&target.build);
        if let Some(post_processor) = &target.post_processor {
            // Writing to a string cannot fail.
            let _ = write!(lines, " ({post_processor})");
        }
        lines.push_str(": ");
        lines.push_str(line);
        lines.push('\n');
    }
    lines.truncate(lines.trim_end().len());
    lines
}

/// The text behind the local time, seconds precise.
pub(super) fn stamped(now: &Zoned, text: &str) -> String {
    let format = if now.offset().is_zero() { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%:z" };
    format!("{}: {text}", now.strftime(format))
}

/// The text in the colour of its build, errors in red. The whole text is one stretch, several lines or not.
pub(super) fn coloured(settings: &Settings, target: &Target, kind: UiKind, text: String) -> String {
    if !settings.colour || !settings.escapes {
        return text;
    }
    let colour = match kind {
        UiKind::Error => ERROR_COLOUR,
        UiKind::Say | UiKind::Message => BUILD_COLOURS[target.colour_index % BUILD_COLOURS.len()],
    };
    format!("\x1b[1;{colour}m{text}\x1b[0m")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(post_processor: Option<&str>, colour_index: usize) -> Target {
        Target { build: "null.a".into(), post_processor: post_processor.map(Into::into), colour_index }
    }

    #[test]
    fn every_line_is_prefixed_and_the_end_is_trimmed() {
        let rows = [
            (None, "hello", "==> null.a: hello"),
            (None, "a\n  b  \nc  \n\t", "==> null.a: a\n==> null.a:   b  \n==> null.a: c  \n==> null.a:"),
            (None, "", "==> null.a:"),
            (Some("manifest"), "x", "==> null.a (manifest): x"),
        ];
        for (post_processor, text, expected) in rows {
            assert_eq!(prefixed(&target(post_processor, 0), text), expected, "{text:?}");
        }
    }

    #[test]
    fn colours_repeat_and_errors_are_red() {
        let settings = Settings { colour: true, escapes: true, ..Settings::default() };
        let rows = [
            (0, UiKind::Say, "\x1b[1;32mx\ny\x1b[0m"),
            (4, UiKind::Message, "\x1b[1;34mx\ny\x1b[0m"),
            (6, UiKind::Say, "\x1b[1;36mx\ny\x1b[0m"),
            (6, UiKind::Error, "\x1b[1;31mx\ny\x1b[0m"),
        ];
        for (index, kind, expected) in rows {
            assert_eq!(coloured(&settings, &target(None, index), kind, "x\ny".into()), expected);
        }
        for plain in [Settings { colour: false, ..settings }, Settings { escapes: false, ..settings }] {
            assert_eq!(coloured(&plain, &target(None, 0), UiKind::Error, "x".into()), "x");
        }
    }

    #[test]
    fn stamps_name_the_offset() {
        let at: jiff::Timestamp = "2024-05-06T05:08:09.5Z".parse().unwrap();
        let rows =
            [(2, "2024-05-06T07:08:09+02:00: x"), (-3, "2024-05-06T02:08:09-03:00: x"), (0, "2024-05-06T05:08:09Z: x")];
        for (hours, expected) in rows {
            let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(hours));
            assert_eq!(stamped(&at.to_zoned(zone), "x"), expected);
        }
    }
}
