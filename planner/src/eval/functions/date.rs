//! Times: RFC 3339 text, formats, durations.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use crate::duration::{DurationError, GoDuration};
use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes, returns};
use crate::value::{Value, quote};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "formatdate",
        &[Param::new("format", Takes::String), Param::new("time", Takes::String)],
        returns::string,
        format_date,
    ),
    Function::new(
        "timeadd",
        &[Param::new("timestamp", Takes::String), Param::new("duration", Takes::String)],
        returns::string,
        time_add,
    ),
    Function::new("timestamp", &[], returns::string, |call| {
        let now = (call.host.now)();
        Ok(Value::string(Moment { local: TimeZone::UTC.to_datetime(now), offset: 0 }.to_string()))
    }),
];

/// A time of day somewhere, with the offset from UTC in minutes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Moment {
    local: DateTime,
    offset: i32,
}

impl std::fmt::Display for Moment {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}{}", self.local.strftime("%Y-%m-%dT%H:%M:%S"), self.zone(true, Some("Z")))
    }
}

impl Moment {
    /// The offset, as `utc` when it is none and there is such a word.
    fn zone(&self, colon: bool, utc: Option<&str>) -> String {
        if let (0, Some(utc)) = (self.offset, utc) {
            return utc.to_owned();
        }
        let (sign, minutes) = (if self.offset < 0 { '-' } else { '+' }, self.offset.unsigned_abs());
        format!("{sign}{:02}{}{:02}", minutes / 60, if colon { ":" } else { "" }, minutes % 60)
    }
}

/// Reads exactly RFC 3339: `2006-01-02T15:04:05.999Z`, `…+01:00`.
struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn moment(text: &str) -> Result<Moment, String> {
        let mut reader = Reader { text };
        let moment = reader.read().map_err(|why| format!("not a valid RFC3339 timestamp: {why}"))?;
        if reader.text.is_empty() {
            return Ok(moment);
        }
        Err(format!("not a valid RFC3339 timestamp: extra text: {}", quote(reader.text)))
    }

    fn read(&mut self) -> Result<Moment, String> {
        let year = self.digits(4, "year")?;
        self.sign('-')?;
        let month = self.within(1, 12, "month")?;
        self.sign('-')?;
        let day = self.within(1, 31, "day of month")?;
        let date = Date::new(year as i16, month as i8, day as i8).map_err(|_| "day out of range".to_owned())?;
        if !self.text.starts_with('T') {
            return Err("missing required time introducer 'T'".to_owned());
        }
        self.text = &self.text[1..];
        let hour = self.within(0, 23, "hour")?;
        self.sign(':')?;
        let minute = self.within(0, 59, "minute")?;
        self.sign(':')?;
        let second = self.within(0, 59, "second")?;
        let nanos = self.fraction();
        let offset = self.offset()?;
        let time =
            Time::new(hour as i8, minute as i8, second as i8, nanos).map_err(|_| "time out of range".to_owned())?;
        Ok(Moment { local: date.to_datetime(time), offset })
    }

    fn digits(&mut self, count: usize, what: &str) -> Result<u32, String> {
        if self.text.is_empty() {
            return Err(format!("end of string before {what}"));
        }
        let digits = self.text.get(..count).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        match digits.and_then(|digits| digits.parse().ok()) {
            Some(number) => {
                self.text = &self.text[count..];
                Ok(number)
            }
            None => Err(format!("cannot use {} as {what}", quote(self.text))),
        }
    }

    fn within(&mut self, low: u32, high: u32, what: &str) -> Result<u32, String> {
        let number = self.digits(2, what)?;
        if (low..=high).contains(&number) { Ok(number) } else { Err(format!("{what} out of range")) }
    }

    fn sign(&mut self, sign: char) -> Result<(), String> {
        match self.text.strip_prefix(sign) {
            Some(rest) => {
                self.text = rest;
                Ok(())
            }
            None if self.text.is_empty() => Err(format!("end of string where \"{sign}\" is expected")),
            None => Err(format!("found {} where \"{sign}\" is expected", quote(self.text))),
        }
    }

    /// A fraction of a second, in nanoseconds. No format shows it, but it counts in sums.
    fn fraction(&mut self) -> i32 {
        let Some(rest) =
            self.text.strip_prefix(['.', ',']).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        else {
            return 0;
        };
        self.text = rest.trim_start_matches(|character: char| character.is_ascii_digit());
        let digits = rest[..rest.len() - self.text.len()].bytes().map(|digit| i32::from(digit - b'0'));
        digits.chain(std::iter::repeat(0)).take(9).fold(0, |nanos, digit| nanos * 10 + digit)
    }

    fn offset(&mut self) -> Result<i32, String> {
        if let Some(rest) = self.text.strip_prefix('Z') {
            self.text = rest;
            return Ok(0);
        }
        let sign = match self.text.chars().next() {
            Some('+') => 1,
            Some('-') => -1,
            None => return Err("end of string before UTC offset".to_owned()),
            Some(_) => return Err(format!("cannot use {} as UTC offset", quote(self.text))),
        };
        self.text = &self.text[1..];
        let hours = self.within(0, 24, "UTC offset")?;
        self.sign(':')?;
        let minutes = self.within(0, 60, "UTC offset")?;
        Ok(sign * (hours * 60 + minutes) as i32)
    }
}

fn format_date(call: &Call<'_>) -> Result<Value, CallError> {
    let moment = Reader::moment(call.text(1)).map_err(|why| CallError::argument(1, why))?;
    let mut rest = call.text(0);
    let mut out = String::new();
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '\'' => {
                let (text, end) = literal(rest).ok_or_else(|| CallError::argument(0, "unterminated literal '"))?;
                out.push_str(&text);
                end
            }
            'a'..='z' | 'A'..='Z' => {
                let end = rest.find(|character| character != first).unwrap_or(rest.len());
                out.push_str(&verb(&rest[..end], &moment).map_err(|why| CallError::argument(0, why))?);
                end
            }
            _ => {
                out.push(first);
                first.len_utf8()
            }
        };
        rest = &rest[end..];
    }
    Ok(Value::string(out))
}

/// The text of `'…'` at the start of `text`, and where it ends. Two quotes are one: `''` alone is a quote.
fn literal(text: &str) -> Option<(String, usize)> {
    if text.starts_with("''") {
        return Some(("'".to_owned(), 2));
    }
    let mut out = String::new();
    let mut at = 1;
    loop {
        let quote = at + text[at..].find('\'')?;
        out.push_str(&text[at..quote]);
        if !text[quote + 1..].starts_with('\'') {
            return Some((out, quote + 1));
        }
        out.push('\'');
        at = quote + 2;
    }
}

fn verb(verb: &str, moment: &Moment) -> Result<String, String> {
    let local = moment.local;
    let hour12 = (local.hour() + 11) % 12 + 1;
    let name = |pattern: &str| local.strftime(pattern).to_string();
    Ok(match verb {
        "YY" => format!("{:02}", local.year() % 100),
        "YYYY" => format!("{:04}", local.year()),
        "M" => local.month().to_string(),
        "MM" => format!("{:02}", local.month()),
        "MMM" => name("%b"),
        "MMMM" => name("%B"),
        "D" => local.day().to_string(),
        "DD" => format!("{:02}", local.day()),
        "EEE" => name("%a"),
        "EEEE" => name("%A"),
        "h" => local.hour().to_string(),
        "hh" => format!("{:02}", local.hour()),
        "H" => hour12.to_string(),
        "HH" => format!("{hour12:02}"),
        "AA" => (if local.hour() < 12 { "AM" } else { "PM" }).to_owned(),
        "aa" => (if local.hour() < 12 { "am" } else { "pm" }).to_owned(),
        "m" => local.minute().to_string(),
        "mm" => format!("{:02}", local.minute()),
        "s" => local.second().to_string(),
        "ss" => format!("{:02}", local.second()),
        "Z" => moment.zone(true, Some("Z")),
        "ZZZ" => moment.zone(false, Some("UTC")),
        "ZZZZ" => moment.zone(false, None),
        "ZZZZZ" => moment.zone(true, None),
        other => return Err(bad_verb(other)),
    })
}

fn bad_verb(verb: &str) -> String {
    let hint = match verb.as_bytes().first() {
        Some(b'Y') => ": year must either be \"YY\" or \"YYYY\"",
        Some(b'M') => ": month must be \"M\", \"MM\", \"MMM\", or \"MMMM\"",
        Some(b'D') => ": day of month must either be \"D\" or \"DD\"",
        Some(b'E') => ": day of week must either be \"EEE\" or \"EEEE\"",
        Some(b'h') => ": 24-hour must either be \"h\" or \"hh\"",
        Some(b'H') => ": 12-hour must either be \"H\" or \"HH\"",
        Some(b'A') => ": must be \"AA\"",
        Some(b'a') => ": must be \"aa\"",
        Some(b'm') => ": minute must either be \"m\" or \"mm\"",
        Some(b's') => ": second must either be \"s\" or \"ss\"",
        Some(b'Z') => ": timezone must be Z, ZZZZ, or ZZZZZ",
        _ => "",
    };
    format!("invalid date format verb {}{hint}", quote(verb))
}

fn time_add(call: &Call<'_>) -> Result<Value, CallError> {
    let moment = Reader::moment(call.text(0))?;
    let duration: GoDuration = call.text(1).parse().map_err(|error: DurationError| error.to_string())?;
    let moved = moment.local.checked_add(jiff::SignedDuration::from_nanos(duration.nanos()));
    let local = moved.map_err(|_| "the resulting time is out of range")?;
    Ok(Value::string(Moment { local, ..moment }.to_string()))
}
