//! Logarithm and power of `f64`, by the methods of Go's standard library: results agree to the last digit, which
//! functions of the system do not promise.

use std::f64::consts::{FRAC_1_SQRT_2, LOG2_E};

/// The natural logarithm, as in fdlibm: `x` is `2^k * (1 + f)`, and a polynomial in `f / (2 + f)` does the rest.
pub(super) fn ln(x: f64) -> f64 {
    if !x.is_finite() || x <= 0.0 {
        return x.ln();
    }
    let (mut fraction, mut k) = split(x);
    if fraction < FRAC_1_SQRT_2 {
        fraction *= 2.0;
        k -= 1;
    }
    let (f, k) = (fraction - 1.0, f64::from(k));
    let s = f / (2.0 + f);
    let s2 = s * s;
    let s4 = s2 * s2;
    let odd = s2 * (LN[0] + s4 * (LN[2] + s4 * (LN[4] + s4 * LN[6])));
    let even = s4 * (LN[1] + s4 * (LN[3] + s4 * LN[5]));
    let half_square = 0.5 * f * f;
    k * LN2_HIGH - ((half_square - (s * (half_square + (odd + even)) + k * LN2_LOW)) - f)
}

/// The coefficients of the polynomial.
const LN: [f64; 7] = [
    6.666_666_666_666_735e-1,
    3.999_999_999_940_942e-1,
    2.857_142_874_366_239e-1,
    2.222_219_843_214_978_4e-1,
    1.818_357_216_161_805e-1,
    1.531_383_769_920_937_3e-1,
    1.479_819_860_511_658_6e-1,
];

/// The logarithm of two in two parts: multiples of the first are exact.
const LN2_HIGH: f64 = 6.931_471_803_691_238e-01;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// `x` to the power of `y`: squares for the whole part of `y`, the logarithm for the rest of it.
pub(super) fn pow(x: f64, y: f64) -> f64 {
    let is_special = !x.is_finite() || !y.is_finite() || x == 0.0 || x == 1.0 || y == 0.0;
    let (mut whole, mut rest) = (y.abs().trunc(), y.abs().fract());
    if is_special || rest != 0.0 && x < 0.0 || whole >= LARGEST {
        return x.powf(y);
    }
    if y.abs() == 0.5 {
        return if y > 0.0 { x.sqrt() } else { 1.0 / x.sqrt() };
    }
    if rest > 0.5 {
        rest -= 1.0;
        whole += 1.0;
    }
    let mut result = if rest == 0.0 { 1.0 } else { exp(rest * ln(x)) };
    let mut exponent = 0;
    let (mut square, mut square_exponent) = split(x);
    let mut bits = whole as u64;
    while bits != 0 {
        if square_exponent.abs() > 1 << 12 {
            // Far out of range, whatever follows.
            exponent += square_exponent;
            break;
        }
        if bits & 1 == 1 {
            result *= square;
            exponent += square_exponent;
        }
        square *= square;
        square_exponent *= 2;
        if square < 0.5 {
            square *= 2.0;
            square_exponent -= 1;
        }
        bits >>= 1;
    }
    if y < 0.0 { scale(1.0 / result, -exponent) } else { scale(result, exponent) }
}

/// `e` to a power that is far from both ends of the range. The series of a sixteenth of the rest is squared four times.
fn exp(x: f64) -> f64 {
    let exponent = (x * LOG2_E).round_ties_even();
    let rest = (-exponent).mul_add(EXP_LN2_LOW, (-exponent).mul_add(EXP_LN2_HIGH, x)) / 16.0;
    let series = EXP.iter().rev().skip(1).fold(EXP[EXP.len() - 1], |sum, factor| sum.mul_add(rest, *factor));
    let less_one = (0..3).fold(rest * series, |power, _| power * (power + 2.0));
    scale(less_one.mul_add(less_one + 2.0, 1.0), exponent as i32)
}

/// One over the faculties of one to eight.
const EXP: [f64; 8] = [1.0, 1.0 / 2.0, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0, 1.0 / 5040.0, 1.0 / 40320.0];

/// The logarithm of two in two parts, as [`exp`] wants it.
const EXP_LN2_HIGH: f64 = 0.693_147_180_559_662_956_511_601_805_686_950_683_593_75;
const EXP_LN2_LOW: f64 = 0.282_352_905_630_315_771_225_884_481_750_134_360_255_254_120_68e-12;

/// Powers from here on are zero or infinite, or of one.
const LARGEST: f64 = (1u64 << 63) as f64;

/// A finite number that is not zero as a fraction, at least a half and below one, and a power of two.
fn split(x: f64) -> (f64, i32) {
    const FRACTION: u32 = f64::MANTISSA_DIGITS - 1;
    const HALF: u64 = 1022;
    if x.is_subnormal() {
        let (fraction, exponent) = split(x * (1u64 << FRACTION) as f64);
        return (fraction, exponent - FRACTION as i32);
    }
    let bits = x.to_bits();
    let exponent = (bits >> FRACTION & 0x7ff) as i32 - HALF as i32;
    (f64::from_bits(bits & !(0x7ff << FRACTION) | HALF << FRACTION), exponent)
}

/// `x` times a power of two, rounded once.
fn scale(mut x: f64, exponent: i32) -> f64 {
    const STEP: i32 = 900;
    // Beyond this everything is zero or infinite already.
    let mut left = exponent.clamp(-4 * STEP, 4 * STEP);
    while left.abs() > STEP {
        x *= 2f64.powi(STEP * left.signum());
        left -= STEP * left.signum();
    }
    x * 2f64.powi(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms() {
        for (x, expected) in [
            (1.0, 0.0),
            (2.0, std::f64::consts::LN_2),
            (10.0, std::f64::consts::LN_10),
            (0.5, -std::f64::consts::LN_2),
            (0.0, f64::NEG_INFINITY),
            (f64::INFINITY, f64::INFINITY),
            (5e-324, -744.4400719213812),
            (f64::MAX, 709.782712893384),
        ] {
            assert_eq!(ln(x), expected, "{x}");
        }
        assert!(ln(-1.0).is_nan());
    }

    #[test]
    fn powers() {
        for (x, y, expected) in [
            (2.0, 10.0, 1024.0),
            (2.0, -2.0, 0.25),
            (-2.0, 3.0, -8.0),
            (0.0, 0.0, 1.0),
            (0.0, -1.0, f64::INFINITY),
            (2.0, 0.5, std::f64::consts::SQRT_2),
            (4.0, -0.5, 0.5),
            (1.0, f64::INFINITY, 1.0),
            (-1.0, 1e300, 1.0),
            (2.0, 1e300, f64::INFINITY),
            (2.0, -1e300, 0.0),
            (2.0, -1074.0, 5e-324),
            (2.0, -1075.0, 0.0),
            (2.0, 1023.0, 8.98846567431158e307),
            (2.0, 1024.0, f64::INFINITY),
            (10.0, 308.0, 1.0000000000000006e308),
            (7.142, -37.0, 2.5625107931995334e-32),
            (2.0, 1.0 / 3.0, 1.259921049894873),
            (20.0, 11.8831, 2885822010304847.0),
            (410.1688054930972, 15.0, 1.5647300364243408e39),
            (f64::NEG_INFINITY, 3.0, f64::NEG_INFINITY),
        ] {
            assert_eq!(pow(x, y), expected, "{x} to the {y}");
        }
        assert!(pow(-8.0, 1.0 / 3.0).is_nan());
    }
}
