//! Text and numbers written as Go's `%q`, `%g`, `%e` and `%f` write them: the notation of messages and of `format`.

use super::number::Number;

/// `text` in double quotes with Go's escapes (`%q`).
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        push_escaped(character, '"', &mut out);
    }
    out.push('"');
    out
}

/// A character in single quotes with Go's escapes (`%q`).
pub fn quote_char(character: char) -> String {
    let mut out = String::from('\'');
    push_escaped(character, '\'', &mut out);
    out.push('\'');
    out
}

/// What was quoted, in ASCII only (`%+q`).
pub fn in_ascii(quoted: &str) -> String {
    let escaped = quoted.chars().map(|c| match u32::from(c) {
        0..0x80 => c.to_string(),
        code @ 0x80..0x1_0000 => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    });
    escaped.collect()
}

fn push_escaped(character: char, quote: char, out: &mut String) {
    match character {
        '\\' => out.push_str("\\\\"),
        '\u{7}' => out.push_str("\\a"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{b}' => out.push_str("\\v"),
        same if same == quote => out.extend(['\\', same]),
        printable if is_printable(printable) => out.push(printable),
        low if (low as u32) < 0x80 => out.push_str(&format!("\\x{:02x}", low as u32)),
        other if (other as u32) < 0x1_0000 => out.push_str(&format!("\\u{:04x}", other as u32)),
        other => out.push_str(&format!("\\U{:08x}", other as u32)),
    }
}

/// Whether a character has a visible form. The standard library's own table is behind its debug formatting, which
/// escapes combining marks as well.
pub fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return character == ' ' || character.is_ascii_graphic();
    }
    unicode_normalization::char::is_combining_mark(character) || character.escape_debug().len() == 1
}

/// Significant decimal digits of a number without its sign.
#[derive(Clone, Debug)]
pub struct Digits {
    digits: Vec<u8>,
    point: i64,
}

impl Digits {
    /// All digits of a finite number.
    pub fn exact(number: &Number) -> Self {
        let (digits, point) = number.exact_decimal();
        Self { digits: digits.into_bytes(), point }
    }

    /// The fewest digits that identify a finite number.
    pub fn shortest(number: &Number) -> Self {
        let (digits, point) = number.decimal();
        Self { digits: digits.into_bytes(), point }
    }

    /// The fewest digits that identify a finite `f64`.
    pub fn of_f64(value: f64) -> Self {
        let text = format!("{:e}", value.abs());
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
        if digits.iter().all(|digit| *digit == b'0') {
            return Self { digits: Vec::new(), point: 0 };
        }
        Self { digits, point: exponent.parse::<i64>().unwrap_or(0) + 1 }
    }

    /// Rounds to `count` digits, halves to even.
    fn round(&mut self, count: i64) {
        let Ok(keep) = usize::try_from(count) else {
            self.digits.clear();
            return;
        };
        if keep >= self.digits.len() {
            return;
        }
        let half = self.digits[keep] == b'5' && keep + 1 == self.digits.len();
        let odd = keep > 0 && (self.digits[keep - 1] - b'0') % 2 == 1;
        let up = if half { odd } else { self.digits[keep] >= b'5' };
        self.digits.truncate(keep);
        if up {
            self.increment();
        }
        while self.digits.last() == Some(&b'0') {
            self.digits.pop();
        }
    }

    fn increment(&mut self) {
        while self.digits.last() == Some(&b'9') {
            self.digits.pop();
        }
        match self.digits.last_mut() {
            Some(last) => *last += 1,
            None => {
                self.digits.push(b'1');
                self.point += 1;
            }
        }
    }

    fn digit(&self, index: i64) -> char {
        usize::try_from(index).ok().and_then(|index| self.digits.get(index)).map_or('0', |digit| char::from(*digit))
    }

    /// `%f` with `places` digits behind the point.
    pub fn fixed(mut self, places: usize) -> String {
        self.round(self.point + places as i64);
        let mut out: String = (0..self.point).map(|index| self.digit(index)).collect();
        if out.is_empty() {
            out.push('0');
        }
        if places > 0 {
            out.push('.');
            out.extend((self.point..self.point + places as i64).map(|index| self.digit(index)));
        }
        out
    }

    /// `%e` with `places` digits behind the point.
    pub fn scientific(mut self, places: usize) -> String {
        self.round(places as i64 + 1);
        let mut out = String::from(self.digit(0));
        if places > 0 {
            out.push('.');
            out.extend((1..=places as i64).map(|index| self.digit(index)));
        }
        let exponent = if self.digits.is_empty() { 0 } else { self.point - 1 };
        out.push_str(&format!("e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()));
        out
    }

    /// `%g` with `precision` significant digits, or as many as there are.
    pub fn general(mut self, precision: Option<usize>) -> String {
        if let Some(precision) = precision {
            self.round(precision.max(1) as i64);
        }
        let count = self.digits.len().max(1);
        let limit = match precision.map(|precision| precision.max(1)) {
            None => 6,
            Some(precision) if precision > count && count as i64 >= self.point => count,
            Some(precision) => precision,
        };
        let exponent = if self.digits.is_empty() { 0 } else { self.point - 1 };
        if exponent < -4 || exponent >= limit as i64 {
            return self.scientific(count - 1);
        }
        let places = (count as i64 - self.point).max(0) as usize;
        let places = if self.digits.is_empty() { 0 } else { places };
        self.fixed(places)
    }
}

/// `%.{precision}g` of a number with its sign; `None` for as many digits as identify it.
pub fn general(number: &Number, precision: Option<usize>) -> String {
    if number.is_infinite() {
        return number.to_string();
    }
    let digits = if precision.is_some() { Digits::exact(number) } else { Digits::shortest(number) };
    format!("{}{}", if number.is_negative() { "-" } else { "" }, digits.general(precision))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting() {
        assert_eq!(
            quote("a\"b\\\n\u{1}é\u{301}\u{200b}\u{feff}😀\u{a0}"),
            "\"a\\\"b\\\\\\n\\x01é\u{301}\\u200b\\ufeff😀\\u00a0\""
        );
    }

    #[test]
    fn numbers() {
        let check = |text: &str, precision: Option<usize>, expected: &str| {
            assert_eq!(general(&Number::parse(text).unwrap(), precision), expected, "{text}");
        };
        check("0", Some(10), "0");
        check("1.5", Some(10), "1.5");
        check("12345678901234", Some(10), "1.23456789e+13");
        check("0.00001", Some(10), "1e-05");
        check("-0.0001", Some(10), "-0.0001");
        check("100000", Some(10), "100000");
        check("10000000000", Some(10), "1e+10");
        check("0.5", None, "0.5");
        check("1234567.5", None, "1.2345675e+06");
        let digits = |value: f64| Digits::of_f64(value);
        assert_eq!(digits(2.5).fixed(0), "2");
        assert_eq!(digits(3.5).fixed(0), "4");
        assert_eq!(digits(9.996).fixed(2), "10.00");
        assert_eq!(digits(0.0).fixed(2), "0.00");
        assert_eq!(digits(0.004).fixed(2), "0.00");
        assert_eq!(digits(1234.5).scientific(6), "1.234500e+03");
        assert_eq!(digits(0.0).scientific(2), "0.00e+00");
    }
}
