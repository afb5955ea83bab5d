//! Operands: the numbers among them, and all of them as they are shown in messages.

use gotmpl::parse::{CommandNode, Expr, Number, PipeNode, SmolStr};

use crate::interpolate::language::token::{Kind, Token};
use crate::literal::{parse_int, parse_magnitude, unquote_char};
use crate::value::quote;

/// The value of a number or character.
pub(super) fn number(token: &Token) -> Result<Number, String> {
    let text = token.text.as_str();
    match token.kind {
        Kind::CharConstant => {
            let (piece, tail) = unquote_char(&text[1..], '\'')?;
            if tail != "'" {
                return Err(format!("malformed character constant: {text}"));
            }
            return Ok(Number::Int(i64::from(piece.code())));
        }
        Kind::Complex => return Err(format!("complex numbers are not supported: {text}")),
        _ => {}
    }
    if let Ok(value) = parse_int(text) {
        return Ok(Number::Int(value));
    }
    if let Some(value) = parse_magnitude(text).ok().and_then(|value| u64::try_from(value).ok()) {
        return Ok(Number::Uint(value));
    }
    let looks_whole = !text.contains(['.', 'e', 'E', 'p', 'P']);
    match text.replace('_', "").parse::<f64>() {
        Ok(_) if !separates(text) => Err(format!("illegal number syntax: {}", quote(text))),
        Ok(_) if looks_whole => Err(format!("integer overflow: {}", quote(text))),
        Ok(value) if value.is_finite() => Ok(Number::Float(value)),
        _ => Err(format!("illegal number syntax: {}", quote(text))),
    }
}

/// Whether underscores stand between digits only.
fn separates(text: &str) -> bool {
    let is_digit = |c: Option<&u8>| c.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    (0..bytes.len())
        .filter(|at| bytes[*at] == b'_')
        .all(|at| at > 0 && is_digit(bytes.get(at - 1)) && is_digit(bytes.get(at + 1)))
}

/// An expression as it is shown. `source` is the text of the whole template, in which literals are looked up.
pub(crate) fn shown(expr: &Expr, source: &str) -> String {
    let dotted = |head: String, fields: &[SmolStr]| fields.iter().fold(head, |text, field| text + "." + field);
    match expr {
        Expr::Dot(_) => ".".to_owned(),
        Expr::Nil(_) => "nil".to_owned(),
        Expr::Bool(_, value) => value.to_string(),
        Expr::Identifier(_, name) => name.to_string(),
        Expr::Field(_, fields) => dotted(String::new(), fields),
        Expr::Variable(_, name, fields) => dotted(name.to_string(), fields),
        Expr::Pipe(_, pipe) => format!("({})", shown_pipe(pipe, source)),
        Expr::Chain(_, inner, fields) => dotted(shown(inner, source), fields),
        Expr::String(pos, _) | Expr::Number(pos, _) => literal_at(&source[pos.offset..]).to_owned(),
    }
}

/// A command as it is shown.
pub(crate) fn shown_command(command: &CommandNode, source: &str) -> String {
    let args: Vec<String> = command.args.iter().map(|arg| shown(arg, source)).collect();
    args.join(" ")
}

fn shown_pipe(pipe: &PipeNode, source: &str) -> String {
    let commands: Vec<String> = pipe.commands.iter().map(|command| shown_command(command, source)).collect();
    let declared = if pipe.decl.is_empty() {
        String::new()
    } else {
        format!("{} {} ", pipe.decl.join(", "), if pipe.is_assign { "=" } else { ":=" })
    };
    declared + &commands.join(" | ")
}

/// The literal that `text` begins with, as it is written.
fn literal_at(text: &str) -> &str {
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '`' | '\''));
    let Some(quote) = quote else {
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '-')));
        return &text[..end.unwrap_or(text.len())];
    };
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return &text[..=at];
        }
        escaped = c == '\\' && !escaped && quote != '`';
    }
    text
}
