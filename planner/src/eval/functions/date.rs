//! Times in words: by formats, by Go's layouts, by the verbs of `strftime`; and durations later.

use jiff::Timestamp;

use crate::duration::{DurationError, GoDuration};
use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes, returns};
use crate::time::layout;
use crate::time::moment::{Moment, MomentError};
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
        Ok(Value::string(Moment::utc((call.host.now)()).to_string()))
    }),
    Function::new("legacy_isotime", &[], returns::string, |call| started(call, layout::go_layout))
        .with_variadic(Param::new("format", Takes::String)),
    Function::new("legacy_strftime", &[], returns::string, |call| started(call, layout::strftime))
        .with_variadic(Param::new("format", Takes::String)),
];

/// When the process started, by a format if there is one.
fn started(call: &Call<'_>, show: fn(Timestamp, &str) -> String) -> Result<Value, CallError> {
    match call.args {
        [] => Ok(Value::string(layout::go_layout(call.host.started, layout::RFC3339))),
        [_] => Ok(Value::string(show(call.host.started, call.text(0)))),
        several => {
            let texts: Vec<&str> = several.iter().filter_map(Value::as_str).collect();
            Err(format!("too many values, 1 needed: [{}]", texts.join(" ")).into())
        }
    }
}

impl From<MomentError> for CallError {
    fn from(error: MomentError) -> Self {
        Self::Failed(error.to_string())
    }
}

fn format_date(call: &Call<'_>) -> Result<Value, CallError> {
    let moment = Moment::parse(call.text(1)).map_err(|why| CallError::argument(1, why.to_string()))?;
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
    let moment = Moment::parse(call.text(0))?;
    let duration: GoDuration = call.text(1).parse().map_err(|error: DurationError| error.to_string())?;
    let moved = moment.local.checked_add(jiff::SignedDuration::from_nanos(duration.nanos()));
    let local = moved.map_err(|_| "the resulting time is out of range")?;
    Ok(Value::string(Moment { local, ..moment }.to_string()))
}
