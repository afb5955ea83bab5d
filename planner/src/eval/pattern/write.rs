//! Writes a pattern out for the `regex` crate. No flags are set: whatever depends on one is spelled out.

use std::fmt::Write;

use super::node::{Class, ClassItem, Kind, Node};
use super::property::Property;

const SURROGATES: (u32, u32) = (0xd800, 0xdfff);
/// What no character matches.
const NOTHING: &str = r"[^\x{0}-\x{10ffff}]";
const EVERYTHING: &str = r"[\x{0}-\x{10ffff}]";

/// The pattern as text.
pub(super) fn write(node: &Node) -> String {
    let mut out = String::new();
    push(node, &mut out);
    out
}

fn push(node: &Node, out: &mut String) {
    match &node.kind {
        Kind::Char { code, fold } => push_char(*code, *fold, out),
        Kind::Class(class) => push_class(class, out),
        Kind::Any => out.push_str("(?s:.)"),
        Kind::AnyOfLine => out.push_str(r"[^\n]"),
        Kind::TextStart => out.push_str(r"\A"),
        Kind::TextEnd => out.push_str(r"\z"),
        Kind::LineStart => out.push_str("(?m:^)"),
        Kind::LineEnd => out.push_str("(?m:$)"),
        Kind::WordBoundary => out.push_str(r"(?-u:\b)"),
        Kind::NoWordBoundary => out.push_str(r"(?-u:\B)"),
        Kind::Capture(node) => push_between("(", node, ")", out),
        Kind::Repeat { node, min, max, greedy } => {
            push_between("(?:", node, ")", out);
            let count = match max {
                None => format!("{{{min},}}"),
                Some(max) => format!("{{{min},{max}}}"),
            };
            out.push_str(&count);
            out.push_str(if *greedy { "" } else { "?" });
        }
        Kind::Concat(parts) => parts.iter().for_each(|part| push(part, out)),
        Kind::Alternate(parts) => {
            for (index, part) in parts.iter().enumerate() {
                out.push_str(if index == 0 { "(?:" } else { "|" });
                push(part, out);
            }
            out.push(')');
        }
    }
}

fn push_between(open: &str, node: &Node, close: &str, out: &mut String) {
    out.push_str(open);
    push(node, out);
    out.push_str(close);
}

fn push_char(code: u32, fold: bool, out: &mut String) {
    match char::from_u32(code) {
        None => out.push_str(NOTHING),
        Some(character) if fold => {
            out.push_str("(?i:");
            out.push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
            out.push(')');
        }
        Some(character) => out.push_str(&regex::escape(character.encode_utf8(&mut [0; 4]))),
    }
}

fn push_class(class: &Class, out: &mut String) {
    out.push_str(if class.fold { "(?i:[" } else { "[" });
    out.push_str(if class.negated { "^" } else { "" });
    // An empty class must not look like one that begins with its closing bracket.
    out.push_str(NOTHING);
    for item in &class.items {
        push_item(item, out);
    }
    out.push_str(if class.fold { "])" } else { "]" });
}

fn push_item(item: &ClassItem, out: &mut String) {
    match item {
        ClassItem::Range(low, high) => {
            push_range(*low, (*high).min(SURROGATES.0 - 1), out);
            push_range((*low).max(SURROGATES.1 + 1), *high, out);
        }
        ClassItem::Named { ranges, negated } => {
            out.push_str(if *negated { "[^" } else { "[" });
            for (low, high) in *ranges {
                push_range(u32::from(*low), u32::from(*high), out);
            }
            out.push(']');
        }
        ClassItem::Property { property, negated } => push_property(*property, *negated, out),
    }
}

/// Nothing when the range is empty.
fn push_range(low: u32, high: u32, out: &mut String) {
    if low <= high {
        // Writing to a string cannot fail.
        let _ = write!(out, r"\x{{{low:x}}}-\x{{{high:x}}}");
    }
}

fn push_property(property: Property, negated: bool, out: &mut String) {
    let letter = if negated { 'P' } else { 'p' };
    match property {
        Property::Any => out.push_str(if negated { NOTHING } else { EVERYTHING }),
        Property::Surrogate => out.push_str(if negated { EVERYTHING } else { NOTHING }),
        Property::Ascii => out.push_str(if negated { r"[^\x00-\x7f]" } else { r"[\x00-\x7f]" }),
        Property::Assigned => out.push_str(if negated { r"\p{gc=Cn}" } else { r"\P{gc=Cn}" }),
        Property::Category(name) => out.extend([r"\", letter.encode_utf8(&mut [0; 4]), "{gc=", name, "}"]),
        Property::Script(name) => out.extend([r"\", letter.encode_utf8(&mut [0; 4]), "{sc=", name, "}"]),
    }
}
