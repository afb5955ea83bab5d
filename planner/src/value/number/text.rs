//! Numbers from and to decimal text. Text never has an exponent, and has the fewest digits that read back the same.

use std::fmt;

use dashu_base::{Abs, BitTest};
use dashu_int::{IBig, UBig};

use super::float::{EXPONENT_LIMIT, Form, Number, TEXT_PRECISION};

const TEXT_BITS: usize = TEXT_PRECISION as usize;

impl Number {
    /// Reads decimal text: sign, digits, point, exponent of ten (`e`) or of two (`p`), or `Inf`. `None` when it is
    /// anything else.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(small) = parse_small(text) {
            return Some(small);
        }
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        if matches!(unsigned, "Inf" | "inf") {
            return Some(Self { form: Form::Infinite(negative), precision: TEXT_PRECISION });
        }
        let (mantissa, tens, twos) = match unsigned.find(['e', 'E', 'p', 'P']) {
            Some(at) => {
                let exponent = parse_exponent(&unsigned[at + 1..])?;
                let of_two = matches!(unsigned.as_bytes()[at], b'p' | b'P');
                if of_two { (&unsigned[..at], 0, exponent) } else { (&unsigned[..at], exponent, 0) }
            }
            None => (unsigned, 0, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = [whole, fraction].concat();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let magnitude = from_decimal(&digits, tens - fraction.len() as i64).times_power_of_two(twos);
        Some(if negative { -&magnitude } else { magnitude })
    }

    /// Reads a whole number in base 2 to 62: letters are digits from 10 on, of either case up to base 36, beyond that
    /// lower case before upper case. `None` when it is anything else.
    pub fn parse_integer(text: &str, base: u32) -> Option<Self> {
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        if digits.is_empty() {
            return None;
        }
        let mut value = IBig::ZERO;
        for byte in digits.bytes() {
            let digit = match byte {
                b'0'..=b'9' => u32::from(byte - b'0'),
                b'a'..=b'z' => u32::from(byte - b'a') + 10,
                b'A'..=b'Z' if base <= 36 => u32::from(byte - b'A') + 10,
                b'A'..=b'Z' => u32::from(byte - b'A') + 36,
                _ => return None,
            };
            if digit >= base {
                return None;
            }
            value = value * base + digit;
        }
        let value = if text.starts_with('-') { -value } else { value };
        // Never rounded: it keeps as many bits as it has.
        let precision = u32::try_from(value.bit_len()).ok()?.max(64);
        Some(Self::from_parts(value, 0, precision))
    }

    /// The digits of a whole number in base 2 to 36, lower case, without sign. Empty when it is not whole.
    pub fn in_radix(&self, radix: u8) -> String {
        self.to_big().map_or_else(String::new, |whole| whole.abs().in_radix(radix).to_string())
    }

    /// Its significant decimal digits and how many of them stand before the point, without sign. Empty for zero and
    /// for infinities.
    pub(crate) fn decimal(&self) -> (String, i64) {
        match self.parts() {
            Some((significand, exponent)) if !significand.is_zero() => {
                shortest(&significand.abs(), exponent, self.precision as usize)
            }
            _ => (String::new(), 0),
        }
    }
}

impl Number {
    /// Whether `==` holds: whether both read the same in decimal. Two that keep different numbers of bits may do so and
    /// still not be the same.
    pub fn reads_as(&self, other: &Self) -> bool {
        let exact =
            |number: &Self| number.to_i64().is_some_and(|value| value.unsigned_abs() < 1 << f64::MANTISSA_DIGITS);
        if self.precision == other.precision || (exact(self) && exact(other)) {
            return self == other;
        }
        self.is_zero() == other.is_zero()
            && self.is_infinite() == other.is_infinite()
            && (self.is_zero() || self.is_negative() == other.is_negative())
            && self.decimal() == other.decimal()
    }

    /// All its decimal digits and how many of them stand before the point, without sign. Empty for zero and for
    /// infinities.
    pub(crate) fn exact_decimal(&self) -> (String, i64) {
        match self.parts() {
            Some((significand, exponent)) if !significand.is_zero() => decimal(&significand.abs(), exponent),
            _ => (String::new(), 0),
        }
    }
}

/// The common case without big arithmetic: up to 18 digits and perhaps a minus.
fn parse_small(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || digits.len() > 18 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let magnitude = Number { form: Form::Small(digits.parse().ok()?), precision: TEXT_PRECISION };
    Some(if digits.len() < text.len() { -&magnitude } else { magnitude })
}

fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // More digits than this lie far beyond every limit, whatever they are.
    let value = if digits.trim_start_matches('0').len() > 9 { 1_000_000_000 } else { digits.parse().ok()? };
    Some(if text.starts_with('-') { -value } else { value })
}

/// `digits` times 10 to the `exponent`, rounded once.
fn from_decimal(digits: &str, exponent: i64) -> Number {
    let of = |form| Number { form, precision: TEXT_PRECISION };
    let kept = digits.trim_start_matches('0').trim_end_matches('0');
    if kept.is_empty() {
        return of(Form::Small(0));
    }
    let exponent = exponent + (digits.len() - digits.trim_end_matches('0').len()) as i64;
    let top = exponent + kept.len() as i64;
    if top.abs() > EXPONENT_LIMIT as i64 / 3 {
        return of(if top > 0 { Form::Infinite(false) } else { Form::Small(0) });
    }
    let Ok(value) = UBig::from_str_radix(kept, 10) else { return of(Form::Small(0)) };
    let power = UBig::from(10u8).pow(exponent.unsigned_abs() as usize);
    if exponent >= 0 {
        return Number::from_parts(IBig::from(value * power), 0, TEXT_PRECISION);
    }
    // Two bits more than are kept, and a last one that says whether anything was cut off: rounding sees the truth.
    let shift = (TEXT_BITS + 2 + power.bit_len()).saturating_sub(value.bit_len());
    let numerator = value << shift;
    let quotient = &numerator / &power;
    let sticky = if &quotient * &power == numerator { UBig::ZERO } else { UBig::ONE };
    Number::from_parts(IBig::from((quotient << 1usize) + sticky), -(shift as isize) - 1, TEXT_PRECISION)
}

/// The fewest digits that identify `significand` times 2 to the `exponent` among numbers of so many bits, with the number
/// of digits before the point. Steele and White's walk over the digits of the number and of its two midpoints.
fn shortest(significand: &IBig, exponent: isize, precision: usize) -> (String, i64) {
    let zeros = significand.trailing_zeros().unwrap_or(0);
    let (significand, exponent) = (significand >> zeros, exponent.saturating_add_unsigned(zeros));
    let bits = significand.bit_len();
    if exponent >= 0 && bits + exponent.unsigned_abs() <= precision {
        return trimmed((significand << exponent.unsigned_abs()).to_string(), 0);
    }
    let shift = precision + 1 - bits;
    let mantissa = significand << shift;
    let exponent = exponent - shift as isize;
    let (digits, point) = decimal(&mantissa, exponent);
    let (lower, _) = decimal(&(&mantissa - IBig::ONE), exponent);
    let (upper, _) = decimal(&(&mantissa + IBig::ONE), exponent);
    let inclusive = !mantissa.bit(1);
    let (digits_at, lower, upper) = (digits.as_bytes(), lower.as_bytes(), upper.as_bytes());
    for (index, digit) in digits_at.iter().copied().enumerate() {
        let low = lower.get(index).copied().unwrap_or(b'0');
        let high = upper.get(index).copied().unwrap_or(b'0');
        let down = low != digit || inclusive && index + 1 == lower.len();
        let up = digit != high && (inclusive || digit + 1 < high || index + 1 < upper.len());
        if down && up {
            return cut(digits_at, index + 1, point, rounds_up(digits_at, index + 1));
        }
        if down || up {
            return cut(digits_at, index + 1, point, up);
        }
    }
    (digits, point)
}

/// Whether the first `count` digits are nearer to the number one up in the last place; halves go to even.
fn rounds_up(digits: &[u8], count: usize) -> bool {
    match digits.get(count) {
        None => false,
        Some(b'5') if count + 1 == digits.len() => (digits[count - 1] - b'0') % 2 == 1,
        Some(next) => *next >= b'5',
    }
}

/// The first `count` digits, perhaps one up in the last place.
fn cut(digits: &[u8], count: usize, point: i64, up: bool) -> (String, i64) {
    let mut kept = digits[..count].to_vec();
    if up {
        while kept.last() == Some(&b'9') {
            kept.pop();
        }
        match kept.last_mut() {
            Some(last) => *last += 1,
            None => return ("1".to_owned(), point + 1),
        }
    }
    let text: String = kept.into_iter().map(char::from).collect();
    (text.trim_end_matches('0').to_owned(), point)
}

/// All decimal digits of `significand` times 2 to the `exponent`, and how many stand before the point.
fn decimal(significand: &IBig, exponent: isize) -> (String, i64) {
    if exponent >= 0 {
        return trimmed((significand << exponent.unsigned_abs()).to_string(), 0);
    }
    let places = exponent.unsigned_abs();
    trimmed((significand * IBig::from(5u8).pow(places)).to_string(), places as i64)
}

fn trimmed(digits: String, places: i64) -> (String, i64) {
    let point = digits.len() as i64 - places;
    (digits.trim_end_matches('0').to_owned(), point)
}

impl fmt::Display for Number {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.form {
            // A number of fewer bits than it takes to tell it from its neighbours is printed as rounded as it is.
            Form::Small(value) if value.unsigned_abs().checked_shr(self.precision).unwrap_or(0) == 0 => {
                return write!(out, "{value}");
            }
            Form::NegativeZero => return out.write_str("-0"),
            Form::Infinite(negative) => return out.write_str(if *negative { "-Inf" } else { "+Inf" }),
            Form::Small(_) | Form::Big(_) => {}
        }
        let (digits, point) = self.decimal();
        if self.is_negative() {
            out.write_str("-")?;
        }
        write_positional(out, &digits, point)
    }
}

fn write_positional(out: &mut fmt::Formatter<'_>, digits: &str, point: i64) -> fmt::Result {
    if point <= 0 {
        return write!(out, "0.{}{digits}", "0".repeat(point.unsigned_abs() as usize));
    }
    match digits.split_at_checked(point as usize) {
        Some((whole, "")) => out.write_str(whole),
        Some((whole, fraction)) => write!(out, "{whole}.{fraction}"),
        None => write!(out, "{digits}{}", "0".repeat(point as usize - digits.len())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(Number::parse(text).map(|number| number.to_string()).as_deref(), Some(expected), "{text}");
    }

    #[test]
    fn text_reads_and_prints_without_exponent() {
        check("0", "0");
        check("-0", "-0");
        check("-0.0e5", "-0");
        check("007", "7");
        check("1.50", "1.5");
        check("+.5", "0.5");
        check("5.", "5");
        check("1e21", "1000000000000000000000");
        check("1E-3", "0.001");
        check("0.1", "0.1");
        check("123456789012345678901234567890", "123456789012345678901234567890");
        check("0.1234567890123456789012345", "0.1234567890123456789012345");
        check("9223372036854775808", "9223372036854775808");
        check("-9223372036854775808", "-9223372036854775808");
        check("1e400", &format!("1{}", "0".repeat(400)));
        check("1e-400", &format!("0.{}1", "0".repeat(399)));
        check("1e999999999999", "+Inf");
        check("-1e999999999999", "-Inf");
        check("1e-999999999999", "0");
        check("Inf", "+Inf");
        check("1.5p3", "12");
        check("-1P-1", "-0.5");
    }

    #[test]
    fn other_text_is_no_number() {
        for text in [
            "", "-", ".", "e5", "1e", "1p", "1e2p3", "1e+", "1 ", " 1", "1_000", "0x10", "one", "NaN", "1.2.3", "--1",
            "1e5.0", "é",
        ] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }

    #[test]
    fn quotients_print_with_the_fewest_digits_that_identify_them() {
        let third = Number::parse("1").unwrap().checked_div(&Number::parse("3").unwrap()).unwrap();
        assert_eq!(third.to_string(), format!("0.{}5", "3".repeat(154)));
        let sum = &Number::parse("0.1").unwrap() + &Number::parse("0.2").unwrap();
        assert_eq!(sum.to_string(), "0.3");
        assert_eq!(sum, Number::parse("0.3").unwrap());
    }

    #[test]
    fn numbers_keep_as_many_bits_as_those_they_come_from() {
        let text = |text| Number::parse(text).unwrap();
        let int = |value: i64| Number::from(value);
        let float = |value| Number::from_f64(value).unwrap();
        for (number, expected) in [
            (int(1).checked_div(&int(3)), "0.33333333333333333334"),
            (float(1.0).checked_div(&float(3.0)), "0.3333333333333333"),
            (float(1.0).checked_div(&int(3)), "0.33333333333333333334"),
            (int(1).checked_rem(&text("0.1234567890123456789012345")), "0.0123456879012345687894"),
            (int(i64::MAX).checked_mul(&int(3)), "27670116110564327421"),
            (int(i64::MAX).checked_add(&int(i64::MAX)), "18446744073709551614"),
            (int(i64::MAX).checked_add(&text("0.5")), "9223372036854775807.5"),
            (int(i64::MAX).checked_add(&float(0.25)), "9223372036854775807"),
            (Some(float(0.1)), "0.1"),
            (Some(float((1u64 << 60) as f64)), "1152921504606847000"),
            (Some(text("-0.3").ceil()), "0"),
        ] {
            assert_eq!(number.map(|number| number.to_string()).as_deref(), Some(expected));
        }
    }

    #[test]
    fn numbers_are_equal_when_they_read_the_same() {
        let text = |text| Number::parse(text).unwrap();
        let float = |value| Number::from_f64(value).unwrap();
        for (a, b, expected) in [
            (text("0.1"), float(0.1), true),
            (text("0.5"), float(0.5), true),
            (text("7"), Number::from(7i64), true),
            (text("-0"), Number::from(0i64), true),
            (text("1152921504606846976"), float((1u64 << 60) as f64), false),
            (text("0.1"), text("0.10000000000000000001"), false),
            (text("0.1"), float(-0.1), false),
            (Number::INFINITY, text("Inf"), true),
            (Number::INFINITY, text("-Inf"), false),
        ] {
            assert_eq!(a.reads_as(&b), expected, "{a} {b}");
            assert_eq!(b.reads_as(&a), expected, "{b} {a}");
        }
    }

    fn number() -> impl Strategy<Value = Number> {
        let plain = any::<i64>().prop_map(Number::from);
        let text = "-?[0-9]{1,60}(\\.[0-9]{1,60})?(e-?[0-9]{1,3})?".prop_map(|text| Number::parse(&text).unwrap());
        let float = any::<f64>().prop_filter_map("not a number", Number::from_f64);
        let quotient = (any::<i64>(), any::<i64>())
            .prop_filter_map("undefined", |(a, b)| Number::from(a).checked_div(&Number::from(b)));
        prop_oneof![plain, text, float, quotient].prop_filter("infinite", |number| !number.is_infinite())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn text_round_trips(number in number()) {
            let text = number.to_string();
            prop_assert!(Number::parse(&text).is_some_and(|read| read.reads_as(&number)), "{}", text);
        }

        #[test]
        fn arithmetic_obeys_its_laws(a in number(), b in number()) {
            prop_assert_eq!(&a + &b, &b + &a);
            prop_assert_eq!(&a * &b, &b * &a);
            prop_assert_eq!(&a - &a, Number::ZERO);
            prop_assert_eq!(-&-&a, a.clone());
            prop_assert!(a.floor() <= a && a <= a.ceil());
            prop_assert!(a.floor().is_whole() && a.truncate().is_whole());
            prop_assert_eq!(a < b, &a - &b < Number::ZERO);
            if let Some(rest) = a.checked_rem(&b) {
                prop_assert!(rest.is_zero() || b.is_zero() || rest.abs() <= a.abs());
            }
        }

        #[test]
        fn whole_numbers_print_in_every_base(value in any::<i64>(), base in 2u8..=36) {
            let digits = Number::from(value).in_radix(base);
            prop_assert_eq!(Number::parse_integer(&digits, u32::from(base)), Some(Number::from(value).abs()));
        }
    }
}
