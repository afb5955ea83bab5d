//! Times in words: Go's reference layouts (`2006-01-02`) and the `%` verbs of `strftime`. Always UTC.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The layout used when none is given: RFC 3339.
pub(crate) const RFC3339: &str = "2006-01-02T15:04:05Z07:00";

/// `timestamp` in UTC in Go's reference layout.
pub(crate) fn go_layout(timestamp: Timestamp, layout: &str) -> String {
    let time = timestamp.to_zoned(TimeZone::UTC).datetime();
    let mut text = String::new();
    let mut rest = layout;
    while let Some(first) = rest.chars().next() {
        if let Some((used, part)) = verb(&time, rest) {
            text.push_str(&part);
            rest = &rest[used..];
        } else {
            text.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    text
}

/// Longest first where one verb begins another.
const VERBS: &[&str] = &[
    "January",
    "Jan",
    "Monday",
    "Mon",
    "MST",
    "2006",
    "__2",
    "_2",
    "002",
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "15",
    "PM",
    "pm",
    "-07:00:00",
    "-07:00",
    "-070000",
    "-0700",
    "-07",
    "Z07:00:00",
    "Z07:00",
    "Z070000",
    "Z0700",
    "Z07",
    "1",
    "2",
    "3",
    "4",
    "5",
];

/// The verb that `rest` begins with: its length and its value.
fn verb(time: &DateTime, rest: &str) -> Option<(usize, String)> {
    if let Some(fraction) = fraction(time, rest) {
        return Some(fraction);
    }
    // `_2006` is an underscore and a year.
    if rest.starts_with("_2006") {
        return None;
    }
    let verb = VERBS.iter().find(|verb| rest.starts_with(**verb))?;
    // `Janet` is a name, not a month.
    let after = rest[verb.len()..].chars().next();
    if matches!(*verb, "Jan" | "Mon") && after.is_some_and(|c| c.is_ascii_lowercase()) {
        return None;
    }
    Some((verb.len(), verb_value(time, verb)))
}

fn verb_value(time: &DateTime, verb: &str) -> String {
    let hour12 = (time.hour() + 11) % 12 + 1;
    match verb {
        "January" => month(time).to_owned(),
        "Jan" => month(time)[..3].to_owned(),
        "1" => time.month().to_string(),
        "01" => format!("{:02}", time.month()),
        "Monday" => weekday(time).to_owned(),
        "Mon" => weekday(time)[..3].to_owned(),
        "2" => time.day().to_string(),
        "_2" => format!("{:2}", time.day()),
        "02" => format!("{:02}", time.day()),
        "__2" => format!("{:3}", time.day_of_year()),
        "002" => format!("{:03}", time.day_of_year()),
        "15" => format!("{:02}", time.hour()),
        "3" => hour12.to_string(),
        "03" => format!("{hour12:02}"),
        "4" => time.minute().to_string(),
        "04" => format!("{:02}", time.minute()),
        "5" => time.second().to_string(),
        "05" => format!("{:02}", time.second()),
        "2006" => format!("{:04}", time.year()),
        "06" => format!("{:02}", time.year().rem_euclid(100)),
        "PM" => half_day(time).to_owned(),
        "pm" => half_day(time).to_lowercase(),
        "MST" => "UTC".to_owned(),
        zone if zone.starts_with('Z') => "Z".to_owned(),
        zone => zone.replace('-', "+").replace('7', "0"),
    }
}

/// `.000` keeps trailing zeros, `.999` drops them; after a comma alike. Only when no other digit follows.
fn fraction(time: &DateTime, rest: &str) -> Option<(usize, String)> {
    let mark = rest.chars().next().filter(|mark| matches!(mark, '.' | ','))?;
    let kind = rest[1..].chars().next().filter(|kind| matches!(kind, '0' | '9'))?;
    let width = rest[1..].chars().take_while(|c| *c == kind).count();
    if rest[1 + width..].starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits: String = format!("{:09}", time.subsec_nanosecond()).chars().take(width.min(9)).collect();
    let digits = if kind == '9' { digits.trim_end_matches('0') } else { &digits };
    let text = if digits.is_empty() { String::new() } else { format!("{mark}{digits}") };
    Some((1 + width, text))
}

/// `timestamp` in UTC by the `%` verbs; an unknown verb stays as it is.
pub(crate) fn strftime(timestamp: Timestamp, format: &str) -> String {
    let time = timestamp.to_zoned(TimeZone::UTC).datetime();
    let mut text = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some(verb) => push_percent_verb(&mut text, &time, verb),
            None => text.push('%'),
        }
    }
    text
}

fn push_percent_verb(text: &mut String, time: &DateTime, verb: char) {
    let hour12 = (time.hour() + 11) % 12 + 1;
    // Writing to a string cannot fail.
    let _ = match verb {
        'B' => write!(text, "{}", month(time)),
        'b' => write!(text, "{}", &month(time)[..3]),
        'm' => write!(text, "{:02}", time.month()),
        'A' => write!(text, "{}", weekday(time)),
        'a' => write!(text, "{}", &weekday(time)[..3]),
        'd' => write!(text, "{:02}", time.day()),
        'H' => write!(text, "{:02}", time.hour()),
        'I' => write!(text, "{hour12:02}"),
        'M' => write!(text, "{:02}", time.minute()),
        'S' => write!(text, "{:02}", time.second()),
        'Y' => write!(text, "{:04}", time.year()),
        'y' => write!(text, "{:02}", time.year().rem_euclid(100)),
        'p' => write!(text, "{}", half_day(time)),
        'Z' => write!(text, "UTC"),
        'z' => write!(text, "+0000"),
        // The dot belongs to it in the reference, and templates have come to rely on it.
        'L' => write!(text, ".{:03}", time.millisecond()),
        '%' => write!(text, "%"),
        other => write!(text, "%{other}"),
    };
}

fn half_day(time: &DateTime) -> &'static str {
    if time.hour() < 12 { "AM" } else { "PM" }
}

fn month(time: &DateTime) -> &'static str {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    NAMES[usize::from(time.month().unsigned_abs()) - 1]
}

fn weekday(time: &DateTime) -> &'static str {
    const NAMES: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    NAMES[usize::from(time.date().weekday().to_monday_zero_offset().unsigned_abs())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment() -> Timestamp {
        "2024-02-05T15:04:09.012300Z".parse().unwrap()
    }

    #[test]
    fn go_layouts() {
        let rows = [
            (RFC3339, "2024-02-05T15:04:09Z"),
            ("2006-01-02", "2024-02-05"),
            ("20060102150405", "20240205150409"),
            ("Mon Jan _2 15:04:05 2006", "Mon Feb  5 15:04:09 2024"),
            ("Monday, 02-Jan-06 15:04:05 MST", "Monday, 05-Feb-24 15:04:09 UTC"),
            ("3:04PM", "3:04PM"),
            ("03.04 pm", "03.04 pm"),
            ("January 2, 2006 -0700", "February 5, 2024 +0000"),
            ("-07:00 Z0700", "+00:00 Z"),
            ("05.000 05.999999999", "09.012 09.0123"),
            ("002 __2", "036  36"),
            ("1/2/06 4:5", "2/5/24 4:9"),
            ("Janet", "Janet"),
            ("_2006", "_2024"),
            ("v é", "v é"),
        ];
        for (layout, text) in rows {
            assert_eq!(go_layout(moment(), layout), text, "{layout}");
        }
    }

    #[test]
    fn percent_verbs() {
        let rows = [
            ("%Y-%m-%dT%H:%M:%S", "2024-02-05T15:04:09"),
            ("%B %b %A %a %y %I%p", "February Feb Monday Mon 24 03PM"),
            ("%L %Z %z %% %q %", ".012 UTC +0000 % %q %"),
        ];
        for (format, text) in rows {
            assert_eq!(strftime(moment(), format), text, "{format}");
        }
    }
}
