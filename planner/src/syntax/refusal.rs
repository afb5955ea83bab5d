//! The parser's own errors in our words, for what no look at the grammar explains.

use hcl::edit::parser;

use crate::syntax::explain::Finding;

/// Summary of an object key that the parser found twice; never reaches a user, such objects are hidden from it.
pub(super) const REPEATED_KEY: &str = "Object key repeated";

const TOO_DEEP: &str = "Expression nested too deeply";
const TOO_LONG: &str = "Too many operators in one expression";

/// `error`, which stands at `offset` of `text`.
pub(super) fn refusal(error: &parser::Error, offset: usize, text: &str) -> Finding {
    let message = error.message();
    let start = floor_boundary(text, offset);
    let end = text[start..].chars().next().map_or(start, |c| start + c.len_utf8());
    let (summary, detail) = if message.contains("nested levels") {
        return too_deep((start, end));
    } else if message.contains("chained binary operators") {
        let detail = "An expression can hold up to 128 operators in a row. Split it up with locals, or use a function.";
        (TOO_LONG, detail.to_owned())
    } else if message.contains("redefined object key") {
        (REPEATED_KEY, "This key is set twice in one object.".to_owned())
    } else {
        ("Invalid syntax", format!("The text cannot be read from here on: {message}."))
    };
    Finding { summary, detail, subject: (start, end), context: None }
}

/// Nesting that goes beyond what is read, at `subject`.
pub(super) fn too_deep(subject: (usize, usize)) -> Finding {
    let detail = "Brackets, blocks and template sequences can stand in each other up to 64 levels deep.".to_owned();
    Finding { summary: TOO_DEEP, detail, subject, context: None }
}

/// Whether `finding` is about a limit of the parser, which valid text may run into.
pub(super) fn is_limit(finding: &Finding) -> bool {
    finding.summary == TOO_DEEP || finding.summary == TOO_LONG
}

/// The start of the character that byte `offset` is part of.
fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}
