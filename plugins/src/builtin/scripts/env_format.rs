//! `env_var_format`: how one variable is written into the command line. A `printf` format of two values.

use std::collections::BTreeMap;

use planner::value::quote;

use crate::config::{Fields, is_placeholder};

/// One piece of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// The value at this place, quoted or not.
    Value {
        place: usize,
        quoted: bool,
    },
}

/// A checked format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvFormat(Vec<Piece>);

impl EnvFormat {
    /// The format in a field, or else `default`.
    pub fn read(fields: &mut Fields<'_>, name: &str, default: &str) -> Self {
        let format = fields.text(name);
        let format = if format.is_empty() { default } else { &format };
        Self::parse(name, format).unwrap_or_else(|fault| {
            if !is_placeholder(format) {
                fields.fault(fault);
            }
            Self(Vec::new())
        })
    }

    /// Reads a format: `%s` and `%v` are the name, then the value; `%q` quotes; `%[1]s` and `%[2]s` choose; `%%` is `%`.
    fn parse(name: &str, format: &str) -> Result<Self, String> {
        let bad = |why: &str| Err(format!("{name} {}: {why}", quote(format)));
        let mut pieces = Vec::new();
        let mut used = [false; 2];
        let mut next = 0;
        let mut rest = format;
        while let Some(at) = rest.find('%') {
            push_text(&mut pieces, &rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('%') {
                push_text(&mut pieces, "%");
                rest = after;
                continue;
            }
            if let Some(after) = rest.strip_prefix('[') {
                let Some((place, after)) = after.split_once(']') else { return bad("a [ has no ]") };
                match place {
                    "1" => next = 0,
                    "2" => next = 1,
                    _ => return bad("only [1], the name, and [2], the value, exist"),
                }
                rest = after;
            }
            let quoted = match rest.chars().next() {
                Some('s' | 'v') => false,
                Some('q') => true,
                _ => return bad("only %s, %v, %q and %% are allowed"),
            };
            rest = &rest[1..];
            if next >= used.len() {
                return bad("there are two values only, the name and the value");
            }
            used[next] = true;
            pieces.push(Piece::Value { place: next, quoted });
            next += 1;
        }
        push_text(&mut pieces, rest);
        if used != [true, true] {
            return bad("it must hold two %s, one for the name and one for the value");
        }
        Ok(Self(pieces))
    }

    /// All variables one after the other, with their values made harmless by `escape`.
    pub fn write_all(&self, variables: &BTreeMap<String, String>, escape: impl Fn(&str) -> String) -> String {
        let mut text = String::new();
        for (name, value) in variables {
            self.write(name, &escape(value), &mut text);
        }
        text
    }

    fn write(&self, name: &str, value: &str, to: &mut String) {
        let values = [name, value];
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => to.push_str(text),
                Piece::Value { place, quoted: false } => to.push_str(values[*place]),
                Piece::Value { place, quoted: true } => to.push_str(&quote(values[*place])),
            }
        }
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        let rows = [
            ("%s='%s' ", Ok("A='b' ")),
            ("set %s=%s && ", Ok("set A=b && ")),
            ("export %[1]s=%[2]q; # %[1]s 100%%\n", Ok("export A=\"b\"; # A 100%\n")),
            ("%[2]s<%[1]v", Ok("b<A")),
            ("%s", Err("it must hold two %s, one for the name and one for the value")),
            ("%s %s %s", Err("there are two values only, the name and the value")),
            ("%d=%s", Err("only %s, %v, %q and %% are allowed")),
            ("%s=%", Err("only %s, %v, %q and %% are allowed")),
            ("%s=%é", Err("only %s, %v, %q and %% are allowed")),
            ("%[3]s", Err("only [1], the name, and [2], the value, exist")),
            ("%[1", Err("a [ has no ]")),
        ];
        for (format, expected) in rows {
            let written = EnvFormat::parse("env_var_format", format).map(|format| {
                let mut text = String::new();
                format.write("A", "b", &mut text);
                text
            });
            let expected =
                expected.map(str::to_owned).map_err(|why: &str| format!("env_var_format {}: {why}", quote(format)));
            assert_eq!(written, expected);
        }
    }
}
