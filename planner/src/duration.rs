//! Durations as templates write them: `300ms`, `1h2m`, `-1.5h`. The syntax and the printed form are those of Go's `time`
//! package, because they are shown in messages that scripts match.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A signed duration in whole nanoseconds, at most about 292 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoDuration(i64);

/// Why a text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Not a number with a unit, or too large.
    #[error("time: invalid duration {}", quoted(.0))]
    Invalid(String),
    /// A number without a unit.
    #[error("time: missing unit in duration {}", quoted(.0))]
    MissingUnit(String),
    /// A unit that does not exist.
    #[error("time: unknown unit {} in duration {}", quoted(.unit), quoted(.text))]
    UnknownUnit {
        /// The unit.
        unit: String,
        /// The whole text.
        text: String,
    },
}

/// A text as Go's `time` package quotes it: byte by byte where it is not plain.
fn quoted(text: &str) -> String {
    let plain = |byte: u8| (b' '..0x80).contains(&byte);
    let bytes = text.bytes().map(|byte| match byte {
        b'"' | b'\\' => format!("\\{}", char::from(byte)),
        _ if plain(byte) => char::from(byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    });
    format!("\"{}\"", bytes.collect::<String>())
}

const SECOND: u64 = 1_000_000_000;

impl GoDuration {
    /// A duration of `nanos` nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Its length in nanoseconds.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// A duration to wait for; negative ones are zero.
    pub fn to_std(self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0).unwrap_or(0))
    }

    /// Whether there is anything to wait for.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }
}

impl From<Duration> for GoDuration {
    fn from(duration: Duration) -> Self {
        Self(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
    }
}

impl FromStr for GoDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let invalid = || DurationError::Invalid(text.to_owned());
        let (negative, mut rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "0" {
            return Ok(Self(0));
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut total: u128 = 0;
        while !rest.is_empty() {
            let (nanos, after) = parse_part(rest, text)?;
            total = total.checked_add(nanos).filter(|&total| total <= 1 << 63).ok_or_else(invalid)?;
            rest = after;
        }
        let total = i128::try_from(total).map_err(|_| invalid())?;
        i64::try_from(if negative { -total } else { total }).map(Self).map_err(|_| invalid())
    }
}

/// One number with its unit, as nanoseconds, and what follows it.
fn parse_part<'a>(part: &'a str, text: &str) -> Result<(u128, &'a str), DurationError> {
    let invalid = || DurationError::Invalid(text.to_owned());
    let digits = |from: &str| from.bytes().take_while(u8::is_ascii_digit).count();
    let whole = &part[..digits(part)];
    let mut rest = &part[whole.len()..];
    let mut fraction = "";
    if let Some(after) = rest.strip_prefix('.') {
        fraction = &after[..digits(after)];
        rest = &after[fraction.len()..];
    }
    if whole.is_empty() && fraction.is_empty() {
        return Err(invalid());
    }
    // A number too large is noticed before the unit is looked for.
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| invalid())? };
    if whole > 1 << 63 {
        return Err(invalid());
    }
    let unit_len = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(unit_len);
    if unit.is_empty() {
        return Err(DurationError::MissingUnit(text.to_owned()));
    }
    let nanos_per_unit =
        unit_nanos(unit).ok_or_else(|| DurationError::UnknownUnit { unit: unit.to_owned(), text: text.to_owned() })?;
    let nanos = whole.checked_mul(u128::from(nanos_per_unit)).ok_or_else(invalid)?;
    Ok((nanos.checked_add(fraction_nanos(fraction, nanos_per_unit)).ok_or_else(invalid)?, rest))
}

/// The nanoseconds in `0.fraction` units, rounded down. Digits past the eighteenth weigh less than a nanosecond.
fn fraction_nanos(fraction: &str, nanos_per_unit: u64) -> u128 {
    let mut scale: u128 = 1;
    let mut value: u128 = 0;
    for digit in fraction.bytes().take(18) {
        value = value * 10 + u128::from(digit - b'0');
        scale *= 10;
    }
    value * u128::from(nanos_per_unit) / scale
}

fn unit_nanos(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        // The micro sign and the Greek letter look alike; both are written.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3_600 * SECOND,
        _ => return None,
    })
}

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        match nanos {
            0 => f.write_str("0s"),
            1..1_000 => write!(f, "{nanos}ns"),
            1_000..1_000_000 => write!(f, "{}\u{b5}s", decimal(nanos, 1_000)),
            1_000_000..SECOND => write!(f, "{}ms", decimal(nanos, 1_000_000)),
            _ => {
                let minutes = nanos / (60 * SECOND);
                if minutes >= 60 {
                    write!(f, "{}h", minutes / 60)?;
                }
                if minutes > 0 {
                    write!(f, "{}m", minutes % 60)?;
                }
                write!(f, "{}s", decimal(nanos % (60 * SECOND), SECOND))
            }
        }
    }
}

/// `nanos / unit` as a decimal without trailing zeros.
fn decimal(nanos: u64, unit: u64) -> String {
    let width = unit.ilog10() as usize;
    let fraction = format!("{:0width$}", nanos % unit);
    let fraction = fraction.trim_end_matches('0');
    let whole = nanos / unit;
    if fraction.is_empty() { whole.to_string() } else { format!("{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_and_prints() {
        let rows = [
            ("0", "0s"),
            ("300ms", "300ms"),
            ("1h2m", "1h2m0s"),
            ("60s", "1m0s"),
            ("90m", "1h30m0s"),
            ("1.5s", "1.5s"),
            (".5s", "500ms"),
            ("1.s", "1s"),
            ("-1.5h", "-1h30m0s"),
            ("+5s", "5s"),
            ("1us", "1\u{b5}s"),
            ("1\u{3bc}s", "1\u{b5}s"),
            ("1500ns", "1.5\u{b5}s"),
            ("1h1m1.000000001s", "1h1m1.000000001s"),
            ("9223372036854775807ns", "2562047h47m16.854775807s"),
            ("-9223372036854775808ns", "-2562047h47m16.854775808s"),
        ];
        for (text, printed) in rows {
            assert_eq!(text.parse::<GoDuration>().unwrap().to_string(), printed, "{text}");
        }
    }

    #[test]
    fn refuses() {
        let rows = [
            ("", r#"time: invalid duration """#),
            ("-", r#"time: invalid duration "-""#),
            ("5", r#"time: missing unit in duration "5""#),
            ("9223372036854775809", r#"time: invalid duration "9223372036854775809""#),
            ("1h5", r#"time: missing unit in duration "1h5""#),
            ("3 s", r#"time: unknown unit " s" in duration "3 s""#),
            ("1d", r#"time: unknown unit "d" in duration "1d""#),
            ("1é", r#"time: unknown unit "\xc3\xa9" in duration "1\xc3\xa9""#),
            ("\n\"\\", r#"time: invalid duration "\x0a\"\\""#),
            (".s", r#"time: invalid duration ".s""#),
            ("s", r#"time: invalid duration "s""#),
            ("9223372036854775808ns", r#"time: invalid duration "9223372036854775808ns""#),
            (
                "99999999999999999999999999999999999999999h",
                r#"time: invalid duration "99999999999999999999999999999999999999999h""#,
            ),
        ];
        for (text, message) in rows {
            assert_eq!(text.parse::<GoDuration>().unwrap_err().to_string(), message, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(nanos in any::<i64>()) {
            let duration = GoDuration::from_nanos(nanos);
            prop_assert_eq!(duration.to_string().parse::<GoDuration>(), Ok(duration));
        }

        #[test]
        fn reading_never_panics(text in "\\PC*") {
            let _ = text.parse::<GoDuration>();
        }

        #[test]
        fn near_misses_never_panic(text in "[-+]?([0-9]{0,25}[.]?[0-9]{0,25}(ns|us|ms|s|m|h|d)?){0,4}") {
            let _ = text.parse::<GoDuration>();
        }
    }
}
