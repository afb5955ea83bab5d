//! `printf`, as Go's `fmt` reads its verbs and complains about them inside the text.

use std::str::Chars;

use crate::interpolate::language::value::Value;
use crate::interpolate::language::verb::{Spec, write_value};

/// Widths and precisions above this are taken for mistakes.
const MAX_WIDTH: i64 = 1_000_000;

/// `args` in the places that `format` has for them.
pub(super) fn printf(format: &str, args: &[Value]) -> String {
    let mut printer = Printer { args, next: 0, is_reordered: false, out: String::new() };
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        printer.out.push_str(&rest[..at]);
        let mut chars = rest[at + 1..].chars();
        printer.verb(&mut chars);
        rest = chars.as_str();
    }
    printer.out.push_str(rest);
    printer.extra();
    printer.out
}

struct Printer<'a> {
    args: &'a [Value],
    /// The argument that comes next.
    next: usize,
    /// Whether any verb named its argument: then none is too many.
    is_reordered: bool,
    out: String,
}

/// What was read of one verb.
#[derive(Default)]
struct Reading {
    spec: Spec,
    is_bad_index: bool,
    after_index: bool,
}

impl Printer<'_> {
    /// One verb; the `%` in front of it was read.
    fn verb(&mut self, chars: &mut Chars<'_>) {
        let mut reading = Reading { spec: flags(chars), ..Reading::default() };
        self.index(chars, &mut reading);
        self.width(chars, &mut reading);
        if chars.as_str().starts_with('.') {
            chars.next();
            self.precision(chars, &mut reading);
        }
        if !reading.after_index {
            self.index(chars, &mut reading);
        }
        let Some(letter) = chars.next() else {
            self.out.push_str("%!(NOVERB)");
            return;
        };
        if letter == '%' {
            self.out.push('%');
        } else if reading.is_bad_index {
            self.out.push_str(&format!("%!{letter}(BADINDEX)"));
        } else if let Some(arg) = self.args.get(self.next) {
            self.next += 1;
            write_value(&mut self.out, &reading.spec, letter, arg);
        } else {
            self.out.push_str(&format!("%!{letter}(MISSING)"));
        }
    }

    fn width(&mut self, chars: &mut Chars<'_>, reading: &mut Reading) {
        if chars.as_str().starts_with('*') {
            chars.next();
            reading.after_index = false;
            match self.whole_argument() {
                Some(width) => {
                    reading.spec.minus |= width < 0;
                    reading.spec.width = usize::try_from(width.abs()).ok();
                }
                None => self.out.push_str("%!(BADWIDTH)"),
            }
            return;
        }
        reading.spec.width = number(chars);
        reading.is_bad_index |= reading.after_index && reading.spec.width.is_some();
    }

    fn precision(&mut self, chars: &mut Chars<'_>, reading: &mut Reading) {
        reading.is_bad_index |= reading.after_index;
        self.index(chars, reading);
        if chars.as_str().starts_with('*') {
            chars.next();
            reading.after_index = false;
            reading.spec.precision = self.whole_argument().and_then(|precision| usize::try_from(precision).ok());
            if reading.spec.precision.is_none() {
                self.out.push_str("%!(BADPREC)");
            }
            return;
        }
        reading.spec.precision = Some(number(chars).unwrap_or(0));
    }

    /// `[3]`: the number of the argument that comes next.
    fn index(&mut self, chars: &mut Chars<'_>, reading: &mut Reading) {
        if !chars.as_str().starts_with('[') {
            reading.after_index = false;
            return;
        }
        self.is_reordered = true;
        let text = chars.as_str();
        let Some(end) = text.find(']') else {
            chars.next();
            (reading.is_bad_index, reading.after_index) = (true, false);
            return;
        };
        let mut digits = text[1..end].chars();
        let index = number(&mut digits).filter(|_| digits.as_str().is_empty());
        *chars = text[end + 1..].chars();
        let index = index.and_then(|index| index.checked_sub(1)).filter(|index| *index < self.args.len());
        reading.after_index = index.is_some();
        match index {
            Some(index) => self.next = index,
            None => reading.is_bad_index = true,
        }
    }

    /// The next argument, if it is a whole number of a sensible size.
    fn whole_argument(&mut self) -> Option<i64> {
        let arg = self.args.get(self.next)?;
        self.next += 1;
        match arg {
            Value::Int(number) if (-MAX_WIDTH..=MAX_WIDTH).contains(number) => Some(*number),
            Value::Byte(number) => Some(i64::from(*number)),
            _ => None,
        }
    }

    /// Arguments that no verb asked for.
    fn extra(&mut self) {
        if self.is_reordered || self.next >= self.args.len() {
            return;
        }
        let shown: Vec<String> = self.args[self.next..]
            .iter()
            .map(|arg| match arg {
                Value::Nil => "<nil>".to_owned(),
                arg => format!("{}={arg}", arg.type_name()),
            })
            .collect();
        self.out.push_str(&format!("%!(EXTRA {})", shown.join(", ")));
    }
}

fn flags(chars: &mut Chars<'_>) -> Spec {
    let mut spec = Spec::default();
    loop {
        match chars.as_str().chars().next() {
            Some('#') => spec.sharp = true,
            Some('0') => spec.zero = true,
            Some('+') => spec.plus = true,
            Some('-') => spec.minus = true,
            Some(' ') => spec.space = true,
            _ => return spec,
        }
        chars.next();
    }
}

/// The number that comes next, if there is one. Of a far too large one nothing is left, nor of the text behind it.
fn number(chars: &mut Chars<'_>) -> Option<usize> {
    let mut number = None;
    while let Some(digit) = chars.as_str().chars().next().and_then(|c| c.to_digit(10)) {
        let before = number.unwrap_or(0);
        if before > MAX_WIDTH as usize {
            *chars = "".chars();
            return None;
        }
        number = Some(10 * before + digit as usize);
        chars.next();
    }
    number
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;

    #[test]
    fn verbs() {
        let (text, seven, half) = (Value::from("é\n"), Value::Int(7), Value::Float(0.5));
        let list = Value::List([seven.clone(), Value::Nil].into());
        for (format, args, expected) in [
            ("%d%%", from_ref(&seven), "7%"),
            (
                "%q %+q %#q %x % X %5s|%-3s|",
                &vec![text.clone(); 7],
                "\"é\\n\" \"\\u00e9\\n\" \"é\\n\" c3a90a C3 A9 0A    é\n|é\n |",
            ),
            (
                "%03d %+d % d %#x %#o %O %b %c %U %#U",
                &vec![seven.clone(); 10],
                "007 +7  7 0x7 07 0o7 111 \u{7} U+0007 U+0007",
            ),
            (
                "%.3d|%5.2f|%e|%06.1f",
                &[seven.clone(), half.clone(), half.clone(), half.clone()],
                "007| 0.50|5.000000e-01|0000.5",
            ),
            ("%[2]d %[1]v %[3]d", &[seven.clone(), Value::Int(8)], "8 7 %!d(BADINDEX)"),
            (
                "%*d|%-*d|%.*f",
                &[Value::Int(3), seven.clone(), Value::Int(3), seven.clone(), Value::Int(1), half.clone()],
                "  7|7  |0.5",
            ),
            ("%s %d %", from_ref(&seven), "%!s(int=7) %!d(MISSING) %!(NOVERB)"),
            ("%v", &[list.clone(), seven.clone(), Value::Nil], "[7 <nil>]%!(EXTRA int=7, <nil>)"),
            (
                "%d %#v %T %t",
                &[list.clone(), list.clone(), list, Value::Nil],
                "[7 <nil>] []interface {}{7, interface {}(nil)} []interface {} %!t(<nil>)",
            ),
            ("%w %z", &[text.clone(), seven.clone()], "%!w(string=é\n) %!z(int=7)"),
            ("a%99999999999999999999d b", &[], "a%!(NOVERB)"),
        ] {
            assert_eq!(printf(format, args), expected, "{format}");
        }
    }
}
