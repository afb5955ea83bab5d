//! Fractions under the verbs of `printf`.

use crate::interpolate::language::verb::Spec;
use crate::value::Number;
use crate::value::notation::Digits;

/// The bits of a mantissa behind its point.
const MANTISSA_BITS: u32 = f64::MANTISSA_DIGITS - 1;

/// `number` under the verb `letter`; none if it has no meaning for fractions.
pub(super) fn float(spec: &Spec, letter: char, number: f64) -> Option<String> {
    let precision = spec.precision;
    let exact =
        || Number::from_f64(number.abs()).map_or_else(|| Digits::of_f64(number), |number| Digits::exact(&number));
    let mut digits = match letter.to_ascii_lowercase() {
        'v' | 'g' if precision.is_some() => exact().general(precision),
        'v' | 'g' => Digits::of_f64(number).general(None),
        'f' => exact().fixed(precision.unwrap_or(6)),
        'e' => exact().scientific(precision.unwrap_or(6)),
        'x' => hexadecimal(number.abs(), precision),
        'b' if letter == 'b' => binary(number.abs()),
        _ => return None,
    };
    if spec.sharp && letter != 'b' {
        digits = with_point(&digits, letter, precision);
    }
    if letter.is_ascii_uppercase() {
        digits = digits.to_uppercase();
    }
    let sign = spec.sign(number.is_sign_negative());
    if spec.zero && !spec.minus {
        let missing = spec.width.unwrap_or(0).saturating_sub(sign.len() + digits.len());
        return Some(format!("{sign}{}{digits}", "0".repeat(missing)));
    }
    Some(spec.pad(&format!("{sign}{digits}")))
}

/// The mantissa as a whole number, and the power of two that it is multiplied with.
fn parts(number: f64) -> (u64, i64) {
    let bits = number.to_bits();
    let mantissa = bits & ((1 << MANTISSA_BITS) - 1);
    // Without its sign, it is the exponent that is left.
    let exponent = (bits >> MANTISSA_BITS) as i64;
    let least = -i64::from(MANTISSA_BITS) - 1022;
    if exponent == 0 { (mantissa, least) } else { (mantissa | 1 << MANTISSA_BITS, least + exponent - 1) }
}

/// `8796093022208000p-43`
fn binary(number: f64) -> String {
    let (mantissa, exponent) = parts(number);
    format!("{mantissa}p{exponent:+}")
}

/// `0x1.8p+00`
fn hexadecimal(number: f64, precision: Option<usize>) -> String {
    let (mut mantissa, mut exponent) = parts(number);
    if mantissa == 0 {
        exponent = 0;
    } else {
        let missing = mantissa.leading_zeros() - (u64::BITS - 1 - MANTISSA_BITS);
        mantissa <<= missing;
        exponent += i64::from(MANTISSA_BITS) - i64::from(missing);
    }
    let n_digits = (MANTISSA_BITS / 4) as usize;
    if let Some(precision) = precision.filter(|precision| *precision < n_digits) {
        let dropped = 4 * (n_digits - precision) as u32;
        let (half, rest) = (1 << (dropped - 1), mantissa & ((1 << dropped) - 1));
        let kept = mantissa >> dropped;
        mantissa = (kept + u64::from(rest > half || rest == half && kept & 1 == 1)) << dropped;
        if mantissa >> (MANTISSA_BITS + 1) > 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let fraction = format!("{:0n_digits$x}", mantissa & ((1 << MANTISSA_BITS) - 1));
    let fraction = match precision {
        None => fraction.trim_end_matches('0').to_owned(),
        Some(precision) => format!("{fraction:0<precision$}")[..precision].to_owned(),
    };
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("0x{}{point}{fraction}p{sign}{:02}", mantissa >> MANTISSA_BITS, exponent.abs())
}

/// With a point, and with the zeros that are else left out.
fn with_point(digits: &str, letter: char, precision: Option<usize>) -> String {
    let wanted = match letter {
        'v' | 'g' | 'G' | 'x' => precision.unwrap_or(6),
        _ => 0,
    };
    let exponent = digits.find(if letter.eq_ignore_ascii_case(&'x') { 'p' } else { 'e' }).unwrap_or(digits.len());
    let (mantissa, exponent) = digits.split_at(exponent);
    // The first that is no zero and all behind it, but for the point. Of `0x` the `x` counts.
    let significant = mantissa.trim_start_matches(['0', '.']).chars().filter(|c| *c != '.').count();
    let zeros = "0".repeat(wanted.saturating_sub(significant));
    let point = if mantissa.contains('.') { "" } else { "." };
    format!("{mantissa}{point}{zeros}{exponent}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notations() {
        let sharp = Spec { sharp: true, ..Spec::default() };
        let precise = |precision| Spec { precision: Some(precision), ..Spec::default() };
        for (spec, letter, number, expected) in [
            (Spec::default(), 'x', 1.5, "0x1.8p+00"),
            (Spec::default(), 'X', -1e100, "-0X1.249AD2594C37DP+332"),
            (Spec::default(), 'x', 0.0, "0x0p+00"),
            (Spec::default(), 'x', 5e-324, "0x1p-1074"),
            (precise(1), 'x', 1.97, "0x1.0p+01"),
            (precise(15), 'x', 1.5, "0x1.800000000000000p+00"),
            (Spec::default(), 'b', 1e3, "8796093022208000p-43"),
            (sharp, 'x', 0.5, "0x1.0000p-01"),
            (sharp, 'g', 1e100, "1.00000e+100"),
            (sharp, 'v', -2.5, "-2.50000"),
            (sharp, 'f', 2.0, "2.000000"),
            (Spec { sharp: true, ..precise(0) }, 'f', 2.0, "2."),
        ] {
            assert_eq!(float(&spec, letter, number).as_deref(), Some(expected), "{letter} {number}");
        }
        assert_eq!(float(&Spec::default(), 'B', 1.0), None);
    }
}
