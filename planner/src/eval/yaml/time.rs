//! The times that plain scalars may be.

use jiff::civil::Date;

/// The time that `text` is, as RFC 3339: a date, or a date and a time behind a `T` with a zone or behind blanks
/// without one. Months, days and times of day may have one digit; fractions of seconds are dropped.
pub(super) fn timestamp(text: &str) -> Option<String> {
    let mut reader = Reader { rest: text };
    let (year, month, day) = (reader.year()?, reader.after("-")?, reader.after("-")?);
    // Says whether there is such a day.
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let date = format!("{year:04}-{month:02}-{day:02}");
    if reader.rest.is_empty() {
        return Some(format!("{date}T00:00:00Z"));
    }
    let has_zone = reader.rest.starts_with(['T', 't']);
    if has_zone {
        reader.rest = &reader.rest[1..];
    } else if reader.rest.starts_with(' ') {
        reader.rest = reader.rest.trim_start_matches(' ');
    } else {
        return None;
    }
    let (hour, minute, second) = (reader.number()?, reader.after(":")?, reader.after(":")?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    reader.fraction();
    let zone = if has_zone { reader.zone()? } else { "Z".to_owned() };
    reader.rest.is_empty().then(|| format!("{date}T{hour:02}:{minute:02}:{second:02}{zone}"))
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    /// Four digits, no more and no less.
    fn year(&mut self) -> Option<i16> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        self.rest = rest;
        if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
    }

    /// A sign and a number.
    fn after(&mut self, sign: &str) -> Option<u8> {
        self.rest = self.rest.strip_prefix(sign)?;
        self.number()
    }

    /// One digit, or two.
    fn number(&mut self) -> Option<u8> {
        let length = self.rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(length);
        self.rest = rest;
        digits.parse().ok()
    }

    fn fraction(&mut self) {
        if let Some(rest) = self.rest.strip_prefix(['.', ','])
            && rest.starts_with(|first: char| first.is_ascii_digit())
        {
            self.rest = rest.trim_start_matches(|character: char| character.is_ascii_digit());
        }
    }

    /// `Z`, or hours and minutes of two digits each.
    fn zone(&mut self) -> Option<String> {
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Some("Z".to_owned());
        }
        let (zone, rest) = self.rest.split_at_checked(6)?;
        self.rest = rest;
        let digits = |at: usize| zone.get(at..at + 2).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let (hours, minutes): (u32, u32) = (digits(1)?.parse().ok()?, digits(4)?.parse().ok()?);
        let is_well_formed = zone.starts_with(['+', '-']) && zone.as_bytes()[3] == b':';
        if !is_well_formed || hours > 24 || minutes > 60 {
            return None;
        }
        let total = hours * 60 + minutes;
        let sign = &zone[..1];
        Some(if total == 0 { "Z".to_owned() } else { format!("{sign}{:02}:{:02}", total / 60, total % 60) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, expected) in [
            ("2001-12-14", Some("2001-12-14T00:00:00Z")),
            ("2001-1-2", Some("2001-01-02T00:00:00Z")),
            ("2001-12-14T21:59:43.10-05:00", Some("2001-12-14T21:59:43-05:00")),
            ("2001-12-14t21:59:43Z", Some("2001-12-14T21:59:43Z")),
            ("2001-12-14T1:2:3,5+00:00", Some("2001-12-14T01:02:03Z")),
            ("2001-12-14   1:2:3.123456789012", Some("2001-12-14T01:02:03Z")),
            ("2001-12-14T01:02:03+24:60", Some("2001-12-14T01:02:03+25:00")),
            ("0000-02-29", Some("0000-02-29T00:00:00Z")),
            ("2001-02-29", None),
            ("2001-13-01", None),
            ("2001-1-", None),
            ("2001-1-1x", None),
            ("2001-123-1", None),
            ("20011-1-1", None),
            ("2001-12-14 21:59:43 -5", None),
            ("2001-12-14T21:59:43", None),
            ("2001-12-14 21:59:43Z", None),
            ("2001-12-14T24:00:00Z", None),
            ("2001-12-14T21:59:60Z", None),
            ("2001-12-14T21:59:43+5:00", None),
            ("2001-12-14T21:59:43.Z", None),
            ("2001-12-14é", None),
            ("2001", None),
            ("", None),
        ] {
            assert_eq!(timestamp(text).as_deref(), expected, "{text}");
        }
    }
}
