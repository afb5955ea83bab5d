//! RFC 3339: `2006-01-02T15:04:05.999Z`, `…+01:00`.
//!
//! What is wrong with a text is said of the part that is wrong, in the order and the words of the reference.

use std::fmt;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use crate::value::quote;

/// A time of day somewhere, with the offset from UTC in minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What a clock there shows.
    pub local: DateTime,
    /// How far that clock is ahead of UTC, in minutes.
    pub offset: i32,
}

/// Why a text is no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid RFC3339 timestamp: {0}")]
pub struct MomentError(String);

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", self.local.strftime("%Y-%m-%dT%H:%M:%S"), self.zone(true, Some("Z")))
    }
}

impl Moment {
    /// The moment on a clock that shows UTC.
    pub fn utc(timestamp: Timestamp) -> Self {
        Self { local: TimeZone::UTC.to_datetime(timestamp), offset: 0 }
    }

    /// Reads exactly RFC 3339, with `T` between date and time.
    ///
    /// # Errors
    ///
    /// It is something else.
    pub fn parse(text: &str) -> Result<Self, MomentError> {
        Reader { text, lapse: None }.moment().map_err(MomentError)
    }

    /// The offset, as `utc` when it is none and there is such a word.
    pub fn zone(&self, colon: bool, utc: Option<&str>) -> String {
        if let (0, Some(utc)) = (self.offset, utc) {
            return utc.to_owned();
        }
        let (sign, minutes) = (if self.offset < 0 { '-' } else { '+' }, self.offset.unsigned_abs());
        format!("{sign}{:02}{}{:02}", minutes / 60, if colon { ":" } else { "" }, minutes % 60)
    }
}

/// What is left to read.
struct Reader<'t> {
    text: &'t str,
    /// What the reference only says when nothing else is wrong.
    lapse: Option<String>,
}

impl Reader<'_> {
    fn moment(mut self) -> Result<Moment, String> {
        let year = self.year()?;
        self.sign("-")?;
        let month = self.number("month", 1..=12)?;
        self.sign("-")?;
        let day = self.number("day of month", 0..=99)?;
        self.sign("T")?;
        let time = self.time()?;
        let offset = self.offset()?;
        if !self.text.is_empty() {
            return Err(unusable(self.text, "timestamp segment"));
        }
        let date = Date::new(year, month, day).map_err(|_| "day out of range".to_owned())?;
        match self.lapse {
            Some(lapse) => Err(lapse),
            None => Ok(Moment { local: date.to_datetime(time), offset }),
        }
    }

    fn time(&mut self) -> Result<Time, String> {
        // A digit alone is not enough, but the reference says so last.
        let is_short = self.text.bytes().take_while(u8::is_ascii_digit).count() == 1;
        let hour = if is_short { self.short_hour() } else { self.number("hour", 0..=23)? };
        self.sign(":")?;
        let minute = self.number("minute", 0..=59)?;
        self.sign(":")?;
        let second = self.number("second", 0..=59)?;
        let nanos = self.fraction();
        Time::new(hour, minute, second, nanos).map_err(|_| "time out of range".to_owned())
    }

    fn year(&mut self) -> Result<i16, String> {
        let year = self.text.get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let Some(year) = year.and_then(|digits| digits.parse().ok()) else {
            return Err(unusable(self.text, "year"));
        };
        self.text = &self.text[4..];
        Ok(year)
    }

    /// Two digits.
    fn number(&mut self, what: &str, range: RangeInclusive<i8>) -> Result<i8, String> {
        let number = two(self.text).ok_or_else(|| unusable(self.text, what))?;
        self.text = &self.text[2..];
        if range.contains(&number) { Ok(number) } else { Err(unusable(self.text, what)) }
    }

    fn short_hour(&mut self) -> i8 {
        let (digit, rest) = self.text.split_at(1);
        self.text = rest;
        self.lapse = Some(unusable(digit, "hour"));
        digit.parse().unwrap_or_default()
    }

    fn sign(&mut self, sign: &str) -> Result<(), String> {
        match self.text.strip_prefix(sign) {
            Some(rest) => {
                self.text = rest;
                Ok(())
            }
            None if sign == "T" => Err("missing required time introducer 'T'".to_owned()),
            None if self.text.is_empty() => Err(format!("end of string where \"{sign}\" is expected")),
            None => Err(format!("found {} where \"{sign}\" is expected", quote(self.text))),
        }
    }

    /// A fraction of a second, in nanoseconds. No format shows it, but it counts in sums.
    fn fraction(&mut self) -> i32 {
        let is_digit = |character: char| character.is_ascii_digit();
        let Some(rest) = self.text.strip_prefix(['.', ',']).filter(|rest| rest.starts_with(is_digit)) else {
            return 0;
        };
        if self.text.starts_with(',') {
            self.lapse.get_or_insert_with(|| unusable(",", "timestamp segment"));
        }
        self.text = rest.trim_start_matches(is_digit);
        let digits = rest[..rest.len() - self.text.len()].bytes().map(|digit| i32::from(digit - b'0'));
        digits.chain(std::iter::repeat(0)).take(9).fold(0, |nanos, digit| nanos * 10 + digit)
    }

    fn offset(&mut self) -> Result<i32, String> {
        const WHAT: &str = "UTC offset";
        if let Some(rest) = self.text.strip_prefix('Z') {
            self.text = rest;
            return Ok(0);
        }
        let split = self.text.split_at_checked(6).filter(|(shown, _)| shown.is_ascii() && shown[3..].starts_with(':'));
        let Some((shown, rest)) = split else { return Err(unusable(self.text, WHAT)) };
        let (hours, minutes) = (two(&shown[1..]), two(&shown[4..]));
        if hours.is_some_and(|hours| hours > 24) || hours.and(minutes).is_some_and(|minutes| minutes > 60) {
            return Err(unusable(rest, WHAT));
        }
        let sign = shown.chars().next().filter(|sign| matches!(sign, '+' | '-'));
        let (Some(hours), Some(minutes), Some(sign)) = (hours, minutes, sign) else {
            return Err(unusable(self.text, WHAT));
        };
        if hours == 24 || minutes == 60 {
            self.lapse.get_or_insert_with(|| unusable(shown, WHAT));
        }
        self.text = rest;
        let minutes = i32::from(hours) * 60 + i32::from(minutes);
        Ok(if sign == '-' { -minutes } else { minutes })
    }
}

/// What is said when `text` is where a part is expected.
fn unusable(text: &str, what: &str) -> String {
    match what {
        _ if text.is_empty() => format!("end of string before {what}"),
        "hour" if text.contains(':') => "hour must be between 0 and 23 inclusive".to_owned(),
        "hour" | "minute" if text.len() != 2 => format!("{what} must have exactly two digits"),
        _ => format!("cannot use {} as {what}", quote(text)),
    }
}

/// The number that two digits at the start of `text` are.
fn two(text: &str) -> Option<i8> {
    text.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}
