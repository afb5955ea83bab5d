//! Moments taken apart: `rfc3339_parse` and `unix_timestamp_parse`.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use jiff::civil::{DateTime, date};

use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes};
use crate::time::moment::Moment;
use crate::value::{Type, Value, quote};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "rfc3339_parse",
        &[Param::new("timestamp", Takes::String)],
        |_| Ok(parts_type("unix", Type::Number)),
        parse_rfc3339,
    ),
    Function::new(
        "unix_timestamp_parse",
        &[Param::new("unix_timestamp", Takes::Number)],
        |_| Ok(parts_type("rfc3339", Type::String)),
        parse_unix,
    ),
];

/// The clock at which Unix starts to count.
const EPOCH: DateTime = date(1970, 1, 1).at(0, 0, 0, 0);

/// The calendar is the same again, weekdays too, after so many years.
const ERA_YEARS: i64 = 400;

/// The seconds of these years.
const ERA_SECONDS: i64 = 146_097 * 86_400;

const NUMBERS: [&str; 10] =
    ["year", "year_day", "day", "month", "weekday", "hour", "minute", "second", "iso_year", "iso_week"];
const NAMES: [&str; 2] = ["month_name", "weekday_name"];

/// The parts, and the moment in the other notation.
fn parts_type(other: &str, ty: Type) -> Type {
    let numbers = NUMBERS.map(|name| (name, Type::Number));
    let names = NAMES.map(|name| (name, Type::String));
    Type::object(numbers.into_iter().chain(names).chain([(other, ty)]))
}

/// The parts of a date and time that is `eras` times 400 years later than `local`, and the moment in another notation.
fn parts(local: DateTime, eras: i64, other: (&str, Value)) -> Value {
    let week = local.date().iso_week_date();
    let numbers = [
        i64::from(local.year()) + eras * ERA_YEARS,
        i64::from(local.day_of_year()),
        i64::from(local.day()),
        i64::from(local.month()),
        i64::from(local.weekday().to_sunday_zero_offset()),
        i64::from(local.hour()),
        i64::from(local.minute()),
        i64::from(local.second()),
        i64::from(week.year()) + eras * ERA_YEARS,
        i64::from(week.week()),
    ];
    let names = ["%B", "%A"].map(|verb| Value::string(local.strftime(verb).to_string()));
    let values = numbers.into_iter().map(Value::int).chain(names);
    let parts = NUMBERS.into_iter().chain(NAMES).zip(values).chain([other]);
    Value::Object(Arc::new(parts.map(|(name, value)| (name.into(), value)).collect::<BTreeMap<Arc<str>, Value>>()))
}

/// As the clock of that place shows it. A space may stand where RFC 3339 has its `T`.
fn parse_rfc3339(call: &Call<'_>) -> Result<Value, CallError> {
    let text = call.text(0);
    let joined = match text.split_once(' ') {
        Some((date, time)) => &format!("{date}T{time}"),
        None => text,
    };
    let moment = Moment::parse(joined)
        .map_err(|_| CallError::argument(0, format!("{} is not a valid RFC3339 timestamp", quote(text))))?;
    let since = moment.local.duration_since(EPOCH);
    // What came before counts down to the second that it is in.
    let second = since.as_secs() - i64::from(since.subsec_nanos() < 0);
    let unix = second - i64::from(moment.offset) * 60;
    Ok(parts(moment.local, 0, ("unix", Value::int(unix))))
}

/// In UTC. Years go as far as 64 bits of seconds do.
fn parse_unix(call: &Call<'_>) -> Result<Value, CallError> {
    let number = call.number(0);
    let Some(seconds) = number.to_i64() else {
        return Err(format!(
            "unix_timestamp must be a whole number of seconds representable as a 64-bit integer: {number}"
        )
        .into());
    };
    let (eras, rest) = (seconds.div_euclid(ERA_SECONDS), seconds.rem_euclid(ERA_SECONDS));
    let local = EPOCH.saturating_add(SignedDuration::from_secs(rest));
    let year = i64::from(local.year()) + eras * ERA_YEARS;
    let sign = if year < 0 { "-" } else { "" };
    let rfc3339 = format!("{sign}{:04}{}", year.unsigned_abs(), local.strftime("-%m-%dT%H:%M:%SZ"));
    Ok(parts(local, eras, ("rfc3339", Value::string(rfc3339))))
}
