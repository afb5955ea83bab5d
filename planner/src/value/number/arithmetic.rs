//! Arithmetic: each operation is exact and then rounded once, to the greater precision of its operands.

use std::ops::{Add, Mul, Neg, Sub};

use dashu_base::{Abs, Approximation, BitTest, Signed};
use dashu_float::Context;
use dashu_float::round::mode::HalfEven;
use dashu_int::IBig;

use super::float::{Form, Number, PRECISION};

/// Operands further apart than this cannot influence each other's 512 bits, whatever the rounding.
const NEGLIGIBLE: usize = 2 * PRECISION + 8;

impl Number {
    /// The sum; `None` for an infinity and its opposite.
    pub fn checked_add(&self, other: &Self) -> Option<Self> {
        match (&self.0, &other.0) {
            (Form::Small(a), Form::Small(b)) => {
                Some(a.checked_add(*b).map_or_else(|| Self::from_parts(IBig::from(*a) + IBig::from(*b), 0), Self::from))
            }
            (Form::Infinite(a), Form::Infinite(b)) => (a == b).then(|| self.clone()),
            (Form::Infinite(_), _) => Some(self.clone()),
            (_, Form::Infinite(_)) => Some(other.clone()),
            (Form::NegativeZero, _) => Some(other.clone()),
            (_, Form::NegativeZero) => Some(self.clone()),
            _ => Some(add_finite(self, other)),
        }
    }

    /// The difference; `None` for an infinity and itself.
    pub fn checked_sub(&self, other: &Self) -> Option<Self> {
        self.checked_add(&-other)
    }

    /// The product; `None` for zero times infinity.
    pub fn checked_mul(&self, other: &Self) -> Option<Self> {
        let negative = self.is_negative() != other.is_negative();
        if self.is_infinite() || other.is_infinite() {
            return (!self.is_zero() && !other.is_zero()).then_some(Self(Form::Infinite(negative)));
        }
        if self.is_zero() || other.is_zero() {
            return Some(Self(if negative { Form::NegativeZero } else { Form::Small(0) }));
        }
        if let (Form::Small(a), Form::Small(b)) = (&self.0, &other.0)
            && let Some(product) = a.checked_mul(*b)
        {
            return Some(Self::from(product));
        }
        let ((a, a_exponent), (b, b_exponent)) = (self.parts()?, other.parts()?);
        let product = Self::from_parts(a * b, a_exponent + b_exponent);
        // A product keeps all its bits, up to the limit.
        let needed = product.parts().map_or(0, |(significand, _)| significand.bit_len());
        Some(product.rounded(precision(self, other).max(needed)))
    }

    /// The quotient; `None` for zero by zero and infinity by infinity. Anything else by zero is infinite.
    pub fn checked_div(&self, other: &Self) -> Option<Self> {
        let negative = self.is_negative() != other.is_negative();
        if (self.is_zero() && other.is_zero()) || (self.is_infinite() && other.is_infinite()) {
            return None;
        }
        if self.is_zero() || other.is_infinite() {
            return Some(Self(if negative { Form::NegativeZero } else { Form::Small(0) }));
        }
        if other.is_zero() || self.is_infinite() {
            return Some(Self(Form::Infinite(negative)));
        }
        if let (Form::Small(a), Form::Small(b)) = (&self.0, &other.0)
            && a.checked_rem(*b) == Some(0)
        {
            return a.checked_div(*b).map(Self::from);
        }
        let ((a, a_exponent), (b, b_exponent)) = (self.parts()?, other.parts()?);
        let precision = precision(self, other);
        let quotient = Context::<HalfEven>::new(precision).div::<2>(&repr(a), &repr(b)).ok()?;
        let (Approximation::Exact(float) | Approximation::Inexact(float, _)) = quotient;
        let (significand, exponent) = float.into_repr().into_parts();
        Some(Self::from_parts(significand, exponent + a_exponent - b_exponent).rounded(precision))
    }

    /// What remains of division to a whole quotient rounded towards zero: it has the sign of `self`. By zero it is
    /// `self`; with an infinity on either side it is the product, as in the reference.
    pub fn checked_rem(&self, other: &Self) -> Option<Self> {
        if self.is_infinite() || other.is_infinite() {
            return self.checked_mul(other);
        }
        if other.is_zero() {
            return Some(self.clone());
        }
        if let (Form::Small(a), Form::Small(b)) = (&self.0, &other.0) {
            return Some(Self::from(a.wrapping_rem(*b)));
        }
        if self.abs() < other.abs() {
            return Some(self.clone());
        }
        let ((a, a_exponent), (b, b_exponent)) = (self.parts()?, other.parts()?);
        let exponent = a_exponent.min(b_exponent);
        let rest = aligned(a, a_exponent, exponent) % aligned(b, b_exponent, exponent);
        Some(Self::from_parts(rest, exponent).rounded(self.precision()))
    }

    /// Without its fraction: the next whole number towards zero.
    pub fn truncate(&self) -> Self {
        let Form::Big(float) = &self.0 else { return self.clone() };
        let exponent = float.repr().exponent();
        if exponent >= 0 {
            return self.clone();
        }
        let significand = float.repr().significand();
        let whole = significand.clone().abs() >> exponent.unsigned_abs();
        Self::from_parts(if significand.is_negative() { -whole } else { whole }, 0)
    }

    /// The largest whole number not above it.
    pub fn floor(&self) -> Self {
        let whole = self.truncate();
        if self.is_negative() && whole != *self { &whole + &Self::from(-1i64) } else { whole }
    }

    /// The smallest whole number not below it.
    pub fn ceil(&self) -> Self {
        -&(-self).floor()
    }

    /// Without its sign.
    pub fn abs(&self) -> Self {
        if self.is_negative() { -self } else { self.clone() }
    }
}

fn repr(significand: IBig) -> dashu_float::Repr<2> {
    dashu_float::Repr::new(significand, 0)
}

fn add_finite(a: &Number, b: &Number) -> Number {
    let (Some((a_part, a_exponent)), Some((b_part, b_exponent))) = (a.parts(), b.parts()) else { return a.clone() };
    let precision = precision(a, b);
    if a_part.is_zero() || b_part.is_zero() {
        return if a_part.is_zero() { b.clone() } else { a.clone() }.rounded(precision);
    }
    let (a_top, b_top) = (top_bit(&a_part, a_exponent), top_bit(&b_part, b_exponent));
    if a_top.abs_diff(b_top) > NEGLIGIBLE {
        return if a_top > b_top { a.clone() } else { b.clone() }.rounded(precision);
    }
    let exponent = a_exponent.min(b_exponent);
    let sum = aligned(a_part, a_exponent, exponent) + aligned(b_part, b_exponent, exponent);
    Number::from_parts(sum, exponent).rounded(precision)
}

/// What a result keeps.
fn precision(a: &Number, b: &Number) -> usize {
    a.precision().max(b.precision())
}

/// The significand at a lower exponent.
fn aligned(significand: IBig, at: isize, exponent: isize) -> IBig {
    significand << at.abs_diff(exponent)
}

fn top_bit(significand: &IBig, exponent: isize) -> isize {
    exponent.saturating_add_unsigned(significand.bit_len())
}

impl Neg for &Number {
    type Output = Number;

    fn neg(self) -> Number {
        match &self.0 {
            Form::Small(0) => Number(Form::NegativeZero),
            Form::NegativeZero => Number::ZERO,
            Form::Small(value) => {
                value.checked_neg().map_or_else(|| Number::from_parts(-IBig::from(*value), 0), Number::from)
            }
            Form::Infinite(negative) => Number(Form::Infinite(!negative)),
            Form::Big(float) => {
                let (significand, exponent) = float.as_ref().clone().into_repr().into_parts();
                Number::from_parts(-significand, exponent).rounded(float.precision())
            }
        }
    }
}

/// For operands known to be finite; an undefined sum is zero.
impl Add for &Number {
    type Output = Number;

    fn add(self, other: Self) -> Number {
        self.checked_add(other).unwrap_or(Number::ZERO)
    }
}

/// For operands known to be finite; an undefined difference is zero.
impl Sub for &Number {
    type Output = Number;

    fn sub(self, other: Self) -> Number {
        self.checked_sub(other).unwrap_or(Number::ZERO)
    }
}

/// For operands known to be finite; an undefined product is zero.
impl Mul for &Number {
    type Output = Number;

    fn mul(self, other: Self) -> Number {
        self.checked_mul(other).unwrap_or(Number::ZERO)
    }
}
