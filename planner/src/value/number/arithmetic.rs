//! Arithmetic: each operation is exact and then rounded once to the bits that the result keeps.

use std::ops::{Add, Mul, Neg, Sub};

use dashu_base::{Abs, Approximation, BitTest, Signed};
use dashu_float::Context;
use dashu_float::round::mode::HalfEven;
use dashu_int::IBig;

use super::float::{Form, Number, TEXT_PRECISION};

impl Number {
    /// The sum; `None` for an infinity and its opposite.
    pub fn checked_add(&self, other: &Self) -> Option<Self> {
        let precision = self.precision.max(other.precision);
        let of = |form: &Form| Some(Self { form: form.clone(), precision });
        match (&self.form, &other.form) {
            (Form::Small(a), Form::Small(b)) => match a.checked_add(*b).filter(|_| precision >= 64) {
                Some(sum) => of(&Form::Small(sum)),
                None => Some(Self::from_parts(IBig::from(*a) + IBig::from(*b), 0, precision)),
            },
            (Form::Infinite(a), Form::Infinite(b)) if a != b => None,
            (infinite @ Form::Infinite(_), _) | (_, infinite @ Form::Infinite(_)) => of(infinite),
            (Form::NegativeZero, rest) | (rest, Form::NegativeZero) => of(rest),
            _ => add_finite(self, other, precision),
        }
    }

    /// The difference; `None` for an infinity and itself.
    pub fn checked_sub(&self, other: &Self) -> Option<Self> {
        self.checked_add(&-other)
    }

    /// The product, with more bits than its factors keep when it needs them; `None` for zero times infinity.
    pub fn checked_mul(&self, other: &Self) -> Option<Self> {
        let precision = self.precision.max(other.precision);
        let negative = self.is_negative() != other.is_negative();
        if self.is_infinite() || other.is_infinite() {
            let defined = !self.is_zero() && !other.is_zero();
            return defined.then_some(Self { form: Form::Infinite(negative), precision });
        }
        if self.is_zero() || other.is_zero() {
            return Some(Self::zero(negative, precision));
        }
        if let (Form::Small(a), Form::Small(b)) = (&self.form, &other.form)
            && let Some(product) = a.checked_mul(*b).filter(|_| precision >= 64)
        {
            return Some(Self { form: Form::Small(product), precision });
        }
        let ((a, a_exponent), (b, b_exponent)) = (self.parts()?, other.parts()?);
        let widest = Self::from_parts(a * b, a_exponent + b_exponent, TEXT_PRECISION);
        let precision = precision.max(widest.needed_bits());
        Some(Self { precision, ..widest })
    }

    /// The quotient; `None` for zero by zero and infinity by infinity. Anything else by zero is infinite.
    pub fn checked_div(&self, other: &Self) -> Option<Self> {
        let precision = self.precision.max(other.precision);
        let negative = self.is_negative() != other.is_negative();
        if (self.is_zero() && other.is_zero()) || (self.is_infinite() && other.is_infinite()) {
            return None;
        }
        if self.is_zero() || other.is_infinite() {
            return Some(Self::zero(negative, precision));
        }
        if other.is_zero() || self.is_infinite() {
            return Some(Self { form: Form::Infinite(negative), precision });
        }
        if let (Form::Small(a), Form::Small(b)) = (&self.form, &other.form)
            && precision >= 64
            && a.checked_rem(*b) == Some(0)
        {
            return a.checked_div(*b).map(|quotient| Self { form: Form::Small(quotient), precision });
        }
        let ((a, a_exponent), (b, b_exponent)) = (self.parts()?, other.parts()?);
        let quotient = Context::<HalfEven>::new(precision as usize).div::<2>(&repr(a), &repr(b)).ok()?;
        let (Approximation::Exact(float) | Approximation::Inexact(float, _)) = quotient;
        let (significand, exponent) = float.into_repr().into_parts();
        Some(Self::from_parts(significand, exponent + a_exponent - b_exponent, precision))
    }

    /// What remains of division to a whole quotient rounded towards zero: it has the sign of `self`. By zero it is
    /// `self`; `None` when an infinity is divided, or divides.
    ///
    /// The quotient, its whole part and what that takes away are each rounded, as in the reference: with operands that
    /// keep few bits the remainder is not exact.
    pub fn checked_rem(&self, other: &Self) -> Option<Self> {
        if self.is_infinite() || other.is_infinite() {
            return None;
        }
        if other.is_zero() {
            return Some(self.clone());
        }
        if let (Form::Small(a), Form::Small(b)) = (&self.form, &other.form)
            && self.precision >= 64
        {
            return Some(Self { form: Form::Small(a.wrapping_rem(*b)), precision: self.precision });
        }
        let whole = self.checked_div(other)?.truncate().at_precision(self.precision);
        let ((a, a_exponent), (b, b_exponent)) = (whole.parts()?, other.parts()?);
        let taken = Self::from_parts(a * b, a_exponent + b_exponent, self.precision);
        self.checked_sub(&taken)
    }

    /// Without its fraction: the next whole number towards zero.
    pub fn truncate(&self) -> Self {
        let Form::Big(float) = &self.form else { return self.clone() };
        let exponent = float.repr().exponent();
        if exponent >= 0 {
            return self.clone();
        }
        let significand = float.repr().significand();
        let whole = significand.clone().abs() >> exponent.unsigned_abs();
        Self::from_parts(if significand.is_negative() { -whole } else { whole }, 0, self.precision)
    }

    /// The largest whole number not above it.
    pub fn floor(&self) -> Self {
        self.stepped(-1, |whole| whole > self)
    }

    /// The smallest whole number not below it.
    pub fn ceil(&self) -> Self {
        self.stepped(1, |whole| whole < self)
    }

    /// Without its fraction, and one `step` further if that went the wrong way. Never negative zero.
    fn stepped(&self, step: i64, wrong_way: impl FnOnce(&Self) -> bool) -> Self {
        let whole = self.truncate();
        let whole = if wrong_way(&whole) { &whole + &Self::from(step) } else { whole };
        if whole.is_zero() { Self::zero(false, self.precision) } else { whole.at_precision(self.precision) }
    }

    /// Without its sign.
    pub fn abs(&self) -> Self {
        if self.is_negative() { -self } else { self.clone() }
    }

    /// The number times 2 to the `exponent`.
    pub(super) fn times_power_of_two(self, exponent: i64) -> Self {
        match self.parts() {
            Some((significand, at)) if exponent != 0 && !self.is_zero() => {
                Self::from_parts(significand, at.saturating_add(exponent as isize), self.precision)
            }
            _ => self,
        }
    }

    fn zero(negative: bool, precision: u32) -> Self {
        Self { form: if negative { Form::NegativeZero } else { Form::Small(0) }, precision }
    }

    /// The nearest number that keeps so many bits.
    fn at_precision(&self, precision: u32) -> Self {
        match self.parts() {
            Some((significand, exponent)) if !self.is_zero() => Self::from_parts(significand, exponent, precision),
            _ => Self { form: self.form.clone(), precision },
        }
    }

    /// How many bits of mantissa it takes to hold it.
    fn needed_bits(&self) -> u32 {
        let Some((significand, _)) = self.parts() else { return 0 };
        let trailing = significand.trailing_zeros().unwrap_or(0);
        u32::try_from(significand.bit_len().saturating_sub(trailing)).unwrap_or(u32::MAX)
    }
}

fn repr(significand: IBig) -> dashu_float::Repr<2> {
    dashu_float::Repr::new(significand, 0)
}

fn add_finite(a: &Number, b: &Number, precision: u32) -> Option<Number> {
    let ((a_part, a_exponent), (b_part, b_exponent)) = (a.parts()?, b.parts()?);
    if a_part.is_zero() || b_part.is_zero() {
        return Some(if a_part.is_zero() { b } else { a }.at_precision(precision));
    }
    // Operands further apart than this cannot influence each other's bits, whatever the rounding.
    let negligible = a_part.bit_len() + b_part.bit_len() + precision as usize + 8;
    let (a_top, b_top) = (top_bit(&a_part, a_exponent), top_bit(&b_part, b_exponent));
    if a_top.abs_diff(b_top) > negligible {
        return Some(if a_top > b_top { a } else { b }.at_precision(precision));
    }
    let exponent = a_exponent.min(b_exponent);
    let sum = aligned(a_part, a_exponent, exponent) + aligned(b_part, b_exponent, exponent);
    Some(Number::from_parts(sum, exponent, precision))
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
        let precision = self.precision;
        let form = match &self.form {
            Form::Small(0) => Form::NegativeZero,
            Form::NegativeZero => Form::Small(0),
            Form::Infinite(negative) => Form::Infinite(!negative),
            Form::Small(value) => match value.checked_neg() {
                Some(negated) => Form::Small(negated),
                None => return Number::from_parts(-IBig::from(*value), 0, precision),
            },
            Form::Big(float) => {
                let (significand, exponent) = float.as_ref().clone().into_repr().into_parts();
                return Number::from_parts(-significand, exponent, precision);
            }
        };
        Number { form, precision }
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
