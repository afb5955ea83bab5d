//! Values to documents.

use super::error::YamlError;
use crate::value::Value;

/// How far each level is indented.
const STEP: usize = 2;
/// The longest key, in bytes, that needs no `?`.
const MAX_KEY: usize = 128;
/// Text in quotes goes on in the next line at the first blank behind this column.
const WIDTH: usize = 80;

/// The document that holds a wholly known `value`: block style, text and keys in double quotes, or as blocks when they
/// have several lines.
pub(in crate::eval) fn encode(value: &Value) -> Result<String, YamlError> {
    let mut writer = Writer { out: String::new(), column: 0, indent: None, after_blank: true, at_indent: true };
    writer.node(value, Role::Root)?;
    writer.end_line();
    // Says that a plain text at the root does not go on.
    if matches!(value, Value::Null(_) | Value::Bool(_) | Value::Number(_)) {
        writer.out.push_str("...\n");
    }
    Ok(writer.out)
}

/// What a node is to the one around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Root,
    Item,
    /// A key that only its colon shows to be one.
    ShortKey,
    /// Any other key, or a value.
    Entry,
}

struct Writer {
    out: String,
    /// Characters in the last line.
    column: usize,
    /// How far the node is indented; none around the root.
    indent: Option<usize>,
    /// Whether the last character is a blank, or counts as one.
    after_blank: bool,
    /// Whether the line holds nothing but indentation and signs that count as such.
    at_indent: bool,
}

impl Writer {
    fn node(&mut self, value: &Value, role: Role) -> Result<(), YamlError> {
        match value {
            Value::Unknown(_) => return Err(YamlError::new("cannot serialize unknown value as YAML")),
            Value::Null(_) => self.plain("null"),
            Value::Bool(value) => self.plain(if *value { "true" } else { "false" }),
            Value::Number(number) => self.plain(&number.to_string()),
            Value::String(text) => self.text(text, role),
            Value::List(_, items) | Value::Set(_, items) | Value::Tuple(items) => {
                if items.is_empty() {
                    self.plain("[]");
                    return Ok(());
                }
                // A sequence stands in the column of its key.
                let within = role == Role::Entry && !self.at_indent;
                let around = self.indent;
                self.indent = Some(around.map_or(0, |around| if within { around } else { around + STEP }));
                for item in items.iter() {
                    self.new_line();
                    self.sign("-", true);
                    self.node(item, Role::Item)?;
                }
                self.indent = around;
            }
            Value::Map(_, entries) | Value::Object(entries) => {
                if entries.is_empty() {
                    self.plain("{}");
                    return Ok(());
                }
                let around = self.indent;
                self.indent = Some(around.map_or(0, |around| around + STEP));
                for (key, value) in entries.iter() {
                    self.new_line();
                    self.key(key);
                    self.node(value, Role::Entry)?;
                }
                self.indent = around;
            }
        }
        Ok(())
    }

    /// A key and its colon.
    fn key(&mut self, key: &str) {
        if key.len() <= MAX_KEY && !key.contains(is_break) {
            self.text(key, Role::ShortKey);
            self.put(":");
            (self.after_blank, self.at_indent) = (false, false);
            return;
        }
        self.sign("?", true);
        self.text(key, Role::Entry);
        self.new_line();
        self.sign(":", true);
    }

    /// Text in double quotes, or as a block if it has several lines and a block can hold it.
    fn text(&mut self, text: &str, role: Role) {
        if text.contains('\n') && role != Role::ShortKey && fits_block(text) {
            self.block(text);
            return;
        }
        self.quoted(text, role != Role::ShortKey);
    }

    fn quoted(&mut self, text: &str, may_break: bool) {
        self.sign("\"", false);
        // A mark in front makes the reference escape everything.
        let escapes_all = text.starts_with('\u{feff}');
        let mut after_blank = false;
        let mut chars = text.chars().enumerate().peekable();
        while let Some((index, character)) = chars.next() {
            let next = chars.peek().map(|(_, next)| *next);
            if escapes_all || !is_printable(character) || is_break(character) || matches!(character, '"' | '\\') {
                self.put(&escaped(character));
            } else if character != ' '
                || !may_break
                || after_blank
                || self.column <= WIDTH
                || index == 0
                || next.is_none()
            {
                self.put(character.encode_utf8(&mut [0; 4]));
            } else {
                self.continue_line(next == Some(' '));
            }
            after_blank = character == ' ' && !escapes_all;
        }
        self.put("\"");
        (self.after_blank, self.at_indent) = (false, false);
    }

    /// A new line within quotes, in place of a blank. A blank that follows must not get lost.
    fn continue_line(&mut self, before_blank: bool) {
        let around = self.indent;
        self.indent = Some(self.text_indent());
        self.new_line();
        self.indent = around;
        if before_blank {
            self.put("\\");
        }
    }

    /// How far lines of text are indented.
    fn text_indent(&self) -> usize {
        self.indent.map_or(STEP, |indent| indent + STEP)
    }

    fn block(&mut self, text: &str) {
        self.sign("|", false);
        if text.starts_with(|first| first == ' ' || is_break(first)) {
            self.put(&STEP.to_string());
        }
        let mut ends = text.chars().rev().map(is_break);
        match (ends.next(), ends.next()) {
            (Some(true), Some(false)) => {}
            (Some(true), _) => self.put("+"),
            _ => self.put("-"),
        }
        self.put("\n");
        let indent = self.text_indent();
        let mut starts_line = true;
        for character in text.chars() {
            let is_break = is_break(character);
            if starts_line && !is_break {
                self.put(&" ".repeat(indent));
            }
            starts_line = is_break;
            self.put(character.encode_utf8(&mut [0; 4]));
        }
        (self.after_blank, self.at_indent) = (starts_line, starts_line);
    }

    fn plain(&mut self, text: &str) {
        self.sign(text, false);
    }

    /// A sign, behind a blank; it may count as indentation.
    fn sign(&mut self, sign: &str, indents: bool) {
        if !self.after_blank {
            self.put(" ");
        }
        self.put(sign);
        self.after_blank = false;
        self.at_indent &= indents;
    }

    /// Ends the line, unless it holds nothing but what may stand in front of the node, and indents the next.
    fn new_line(&mut self) {
        let indent = self.indent.unwrap_or(0);
        if !self.at_indent || self.column > indent || self.column == indent && !self.after_blank {
            self.put("\n");
        }
        let missing = indent.saturating_sub(self.column);
        self.put(&" ".repeat(missing));
        (self.after_blank, self.at_indent) = (true, true);
    }

    fn end_line(&mut self) {
        self.indent = None;
        self.new_line();
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.column = if text.ends_with(is_break) { 0 } else { self.column + text.chars().count() };
    }
}

fn is_break(character: char) -> bool {
    matches!(character, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What needs no escape within quotes; characters beyond the first plane do.
fn is_printable(character: char) -> bool {
    matches!(character, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

/// Whether a block can hold it: not what would have to be escaped, nor blanks at the end of a line.
fn fits_block(text: &str) -> bool {
    let followers = text.chars().skip(1).map(Some).chain([None]);
    text.chars()
        .zip(followers)
        .all(|(character, next)| is_printable(character) && !(character == ' ' && next.is_none_or(is_break)))
}

/// The escape sequence of a character.
fn escaped(character: char) -> String {
    let letter = match character {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        other => {
            return match u32::from(other) {
                code @ ..=0xff => format!("\\x{code:02X}"),
                code @ ..=0xffff => format!("\\u{code:04X}"),
                code => format!("\\U{code:08X}"),
            };
        }
    };
    format!("\\{letter}")
}
