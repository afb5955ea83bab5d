//! Values as text, as Go's `fmt.Print` and `fmt.Println` write them.

use std::fmt;

use crate::interpolate::language::value::Value;
use crate::value::notation::Digits;

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => write!(out, "<nil>"),
            Self::Bool(value) => write!(out, "{value}"),
            Self::Int(number) => write!(out, "{number}"),
            Self::Byte(byte) => write!(out, "{byte}"),
            Self::Float(number) => {
                let sign = if number.is_sign_negative() { "-" } else { "" };
                write!(out, "{sign}{}", Digits::of_f64(*number).general(None))
            }
            Self::Text(text) => write!(out, "{text}"),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::to_string).collect();
                write!(out, "[{}]", items.join(" "))
            }
            Self::Map(entries) => {
                let entries: Vec<String> = entries.iter().map(|(name, value)| format!("{name}:{value}")).collect();
                write!(out, "map[{}]", entries.join(" "))
            }
        }
    }
}

impl Value {
    /// As an action prints it, and as it is escaped.
    pub(super) fn printed(&self) -> String {
        if *self == Self::Nil { "<no value>".to_owned() } else { self.to_string() }
    }
}

/// Values in a row, with a space between two of which neither is text.
pub(super) fn print(values: &[Value]) -> String {
    let mut text = String::new();
    let mut after_text = true;
    for (at, value) in values.iter().enumerate() {
        let is_text = matches!(value, Value::Text(_));
        if at > 0 && !is_text && !after_text {
            text.push(' ');
        }
        text.push_str(&value.to_string());
        after_text = is_text;
    }
    text
}

/// Values in a line, with spaces between them.
pub(super) fn print_line(values: &[Value]) -> String {
    let texts: Vec<String> = values.iter().map(Value::to_string).collect();
    texts.join(" ") + "\n"
}
