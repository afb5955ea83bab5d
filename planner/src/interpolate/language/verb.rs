//! One value under one verb of `printf`.

use crate::interpolate::language::float::float;
use crate::interpolate::language::value::Value;
use crate::value::notation::{in_ascii, is_printable, quote, quote_char};

/// What is written between the `%` and the letter of a verb.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spec {
    pub(super) sharp: bool,
    pub(super) zero: bool,
    pub(super) plus: bool,
    pub(super) minus: bool,
    pub(super) space: bool,
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
}

/// Writes `value` under the verb `letter`.
pub(super) fn write_value(out: &mut String, spec: &Spec, letter: char, value: &Value) {
    match (letter, value) {
        ('T', Value::Nil) => out.push_str(&spec.pad("<nil>")),
        ('T', value) => out.push_str(&spec.text(value.type_name())),
        ('v', value) => natural(out, spec, value),
        // It is for errors, which no value is.
        ('w', Value::Nil) => misuse(out, spec, letter, value),
        ('w', value) => {
            out.push_str(&format!("%!w({}=", value.type_name()));
            natural(out, spec, value);
            out.push(')');
        }
        (letter, value) => plain(out, spec, letter, value, true),
    }
}

/// `%v`; with `#` as Go writes it in a program, with `+` as without.
fn natural(out: &mut String, spec: &Spec, value: &Value) {
    let inner = Spec { sharp: false, plus: false, ..*spec };
    if spec.sharp { source(out, &inner, value, true) } else { plain(out, &inner, 'v', value, true) }
}

/// A value that the verb has no meaning for.
fn misuse(out: &mut String, spec: &Spec, letter: char, value: &Value) {
    if *value == Value::Nil {
        out.push_str(&format!("%!{letter}(<nil>)"));
        return;
    }
    out.push_str(&format!("%!{letter}({}=", value.type_name()));
    plain(out, spec, 'v', value, true);
    out.push(')');
}

/// Any verb but `%#v` and `%T`. Nothing inside something else is `<nil>` under every verb.
fn plain(out: &mut String, spec: &Spec, letter: char, value: &Value, is_outermost: bool) {
    let formatted = match value {
        Value::Nil if letter == 'v' => Some(spec.pad("<nil>")),
        Value::Nil if !is_outermost => Some("<nil>".to_owned()),
        Value::Nil => None,
        Value::Bool(value) => matches!(letter, 'v' | 't').then(|| spec.pad(&value.to_string())),
        Value::Int(number) => whole(spec, letter, *number),
        Value::Byte(number) => whole(spec, letter, i64::from(*number)),
        Value::Float(number) => float(spec, letter, *number),
        Value::Text(text) => text_under(spec, letter, text),
        Value::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { " " } else { "" });
                plain(out, spec, letter, item, false);
            }
            out.push(']');
            return;
        }
        Value::Map(entries) => {
            out.push_str("map[");
            for (at, (name, item)) in entries.iter().enumerate() {
                out.push_str(if at > 0 { " " } else { "" });
                plain(out, spec, letter, &Value::Text(name.clone()), false);
                out.push(':');
                plain(out, spec, letter, item, false);
            }
            out.push(']');
            return;
        }
    };
    match formatted {
        Some(text) => out.push_str(&text),
        None => misuse(out, spec, letter, value),
    }
}

/// `%#v`
fn source(out: &mut String, spec: &Spec, value: &Value, is_outermost: bool) {
    match value {
        Value::Nil if is_outermost => out.push_str(&spec.pad("<nil>")),
        Value::Nil => out.push_str("interface {}(nil)"),
        Value::Text(text) => out.push_str(&spec.pad(&quote(spec.cut(text)))),
        Value::Byte(number) => plain(out, &Spec { sharp: true, ..*spec }, 'x', &Value::Int(i64::from(*number)), true),
        Value::List(items) => {
            out.push_str("[]interface {}{");
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                source(out, spec, item, false);
            }
            out.push('}');
        }
        Value::Map(entries) => {
            out.push_str("map[string]interface {}{");
            for (at, (name, item)) in entries.iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                source(out, spec, &Value::Text(name.clone()), false);
                out.push(':');
                source(out, spec, item, false);
            }
            out.push('}');
        }
        other => plain(out, spec, 'v', other, is_outermost),
    }
}

impl Spec {
    pub(super) fn pad(&self, text: &str) -> String {
        let missing = self.width.unwrap_or(0).saturating_sub(text.chars().count());
        match (self.minus, self.zero) {
            (true, _) => text.to_owned() + &" ".repeat(missing),
            (false, true) => "0".repeat(missing) + text,
            (false, false) => " ".repeat(missing) + text,
        }
    }

    fn cut<'t>(&self, text: &'t str) -> &'t str {
        let end = self.precision.and_then(|precision| text.char_indices().nth(precision));
        end.map_or(text, |(end, _)| &text[..end])
    }

    fn text(&self, text: &str) -> String {
        self.pad(self.cut(text))
    }

    pub(super) fn sign(&self, is_negative: bool) -> &'static str {
        match (is_negative, self.plus, self.space) {
            (true, ..) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            (false, false, false) => "",
        }
    }

    fn character(&self, c: char) -> String {
        if self.plus { in_ascii(&quote_char(c)) } else { quote_char(c) }
    }
}

fn text_under(spec: &Spec, letter: char, text: &str) -> Option<String> {
    Some(match letter {
        'v' | 's' => spec.text(text),
        'x' | 'X' => spec.pad(&hexadecimal(spec, letter, text.as_bytes())),
        'q' => {
            let text = spec.cut(text);
            let is_raw =
                spec.sharp && text.chars().all(|c| c == '\t' || c != '`' && c != '\u{feff}' && !c.is_control());
            spec.pad(&match (is_raw, spec.plus) {
                (true, _) => format!("`{text}`"),
                (false, true) => in_ascii(&quote(text)),
                (false, false) => quote(text),
            })
        }
        _ => return None,
    })
}

fn hexadecimal(spec: &Spec, letter: char, bytes: &[u8]) -> String {
    let bytes = &bytes[..spec.precision.unwrap_or(bytes.len()).min(bytes.len())];
    let prefix = match (spec.sharp && !bytes.is_empty(), letter) {
        (true, 'x') => "0x",
        (true, _) => "0X",
        _ => "",
    };
    let digits = bytes.iter().map(|byte| if letter == 'x' { format!("{byte:02x}") } else { format!("{byte:02X}") });
    let digits: Vec<String> = digits.collect();
    if spec.space {
        let digits: Vec<String> = digits.iter().map(|digits| format!("{prefix}{digits}")).collect();
        return digits.join(" ");
    }
    prefix.to_owned() + &digits.concat()
}

fn whole(spec: &Spec, letter: char, number: i64) -> Option<String> {
    let magnitude = number.unsigned_abs();
    let (digits, prefix) = match letter {
        'v' | 'd' => (magnitude.to_string(), ""),
        'b' => (format!("{magnitude:b}"), if spec.sharp { "0b" } else { "" }),
        'o' => (format!("{magnitude:o}"), if spec.sharp { "0" } else { "" }),
        'O' => (format!("{magnitude:o}"), if spec.sharp { "0o0" } else { "0o" }),
        'x' => (format!("{magnitude:x}"), if spec.sharp { "0x" } else { "" }),
        'X' => (format!("{magnitude:X}"), if spec.sharp { "0X" } else { "" }),
        'c' | 'q' => {
            let c = u32::try_from(number).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
            return Some(spec.pad(&if letter == 'c' { c.to_string() } else { spec.character(c) }));
        }
        'U' => return Some(unicode(spec, number)),
        _ => return None,
    };
    let sign = spec.sign(number < 0);
    let n_digits = match spec.precision {
        // Nothing is left of a zero without digits.
        Some(0) if number == 0 => return Some(" ".repeat(spec.width.unwrap_or(0))),
        Some(precision) => precision,
        None if spec.zero && !spec.minus => spec.width.unwrap_or(0).saturating_sub(sign.len()),
        None => 0,
    };
    let zeros = "0".repeat(n_digits.saturating_sub(digits.len()));
    let has_zero = !zeros.is_empty() || digits.starts_with('0');
    // A leading zero may be there already.
    let prefix =
        if has_zero && matches!(letter, 'o' | 'O') { prefix.strip_suffix('0').unwrap_or(prefix) } else { prefix };
    Some(Spec { zero: false, ..*spec }.pad(&format!("{sign}{prefix}{zeros}{digits}")))
}

/// `U+00E9`, and with `#` the character as well.
fn unicode(spec: &Spec, number: i64) -> String {
    let digits = spec.precision.unwrap_or(4).max(4);
    let shown = u32::try_from(number).ok().and_then(char::from_u32).filter(|c| spec.sharp && is_printable(*c));
    let shown = shown.map(|c| format!(" '{c}'")).unwrap_or_default();
    Spec { zero: false, ..*spec }.pad(&format!("U+{:0digits$X}{shown}", number as u64))
}
