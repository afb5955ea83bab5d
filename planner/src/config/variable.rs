//! `variable` and `variables` blocks: declared inputs with type, default and validation rules.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::setting;
use crate::config::shape::{Shape, attribute, check_identifier, has_labels};
use crate::diagnostic::Diagnostics;
use crate::eval::{self, Scope};
use crate::span::Span;
use crate::syntax::ast::{Attribute, Block, Expr, Ident};
use crate::value::{Constraint, Type, Value};

const VARIABLE: Shape = Shape {
    attributes: &["type", "default", "description", "sensitive"],
    required: &[],
    blocks: &[("validation", &[])],
};
const VALIDATION: Shape =
    Shape { attributes: &["condition", "error_message"], required: &["condition", "error_message"], blocks: &[] };

/// One declared variable.
#[derive(Clone, Debug)]
pub struct VariableBlock {
    /// Its name.
    pub name: Ident,
    /// What its values are converted to.
    pub constraint: Constraint,
    /// Whether the type was left open, so that command line text is taken literally.
    pub untyped: bool,
    /// Its default, converted; [`Value::Unknown`] when the default is broken and was reported.
    pub default: Option<Value>,
    /// Where the default stands.
    pub default_span: Option<Span>,
    /// What it is for.
    pub description: Option<Arc<str>>,
    /// Whether its text is masked in output.
    pub sensitive: bool,
    /// Its rules.
    pub validations: Vec<Validation>,
    /// The block's header, or the attribute in a `variables` block.
    pub span: Span,
}

/// One validation rule.
#[derive(Clone, Debug)]
pub struct Validation {
    /// Must be true.
    pub condition: Arc<Expr>,
    /// What to say when it is not.
    pub error_message: Arc<str>,
    /// The rule's header.
    pub header: Span,
}

/// Decodes a `variable "name"` block.
pub fn decode(block: &Block, scope: &Scope<'_>, diags: &mut Diagnostics) -> Option<VariableBlock> {
    let body = VARIABLE.content(&block.body, block.header, diags);
    let name = block.labels[0].clone();
    if !check_identifier(&name, "Invalid variable name", diags) {
        return None;
    }
    let declared = attribute(&body, "type").map(|attribute| Constraint::from_expr(&attribute.expr, diags));
    let default = attribute(&body, "default");
    let default_span = default.map(|attribute| attribute.expr.span);
    let (constraint, default) = type_and_default(declared, default, scope, diags);
    let untyped = constraint.ty == Type::Dynamic;
    let given = |name: &str| attribute(&body, name).map(|attribute| &*attribute.expr);
    let description = given("description").and_then(|expr| setting::text(expr, None, diags));
    let sensitive = given("sensitive").and_then(|expr| setting::flag(expr, None, diags));
    let rules = body.blocks.iter().filter(|inner| &*inner.kind.name == "validation" && has_labels(inner, 0));
    let validations = rules.filter_map(|rule| decode_validation(rule, &name.name, diags)).collect();
    Some(VariableBlock {
        name,
        constraint,
        untyped,
        default,
        default_span,
        description,
        sensitive: sensitive.unwrap_or(false),
        validations,
        span: block.header,
    })
}

/// Decodes a `variables { name = default }` block.
pub fn decode_short(block: &Block, scope: &Scope<'_>, diags: &mut Diagnostics) -> Vec<VariableBlock> {
    let attributes = block.body.just_attributes(diags);
    let mut variables = Vec::with_capacity(attributes.len());
    for attribute in attributes.iter() {
        if !check_identifier(&attribute.name, "Invalid variable name", diags) {
            continue;
        }
        let (constraint, default) = type_and_default(None, Some(attribute), scope, diags);
        variables.push(VariableBlock {
            name: attribute.name.clone(),
            untyped: constraint.ty == Type::Dynamic,
            constraint,
            default,
            default_span: Some(attribute.expr.span),
            description: None,
            sensitive: false,
            validations: Vec::new(),
            span: attribute.span(),
        });
    }
    variables
}

/// Without a declared type (or with `any`) the default's own type becomes the variable's, unless it is an empty
/// collection, which says nothing.
fn type_and_default(
    declared: Option<Constraint>,
    default: Option<&Attribute>,
    scope: &Scope<'_>,
    diags: &mut Diagnostics,
) -> (Constraint, Option<Value>) {
    let constraint = declared.unwrap_or_else(|| Constraint::of(Type::Dynamic));
    let Some(default) = default else { return (constraint, None) };
    let mut found = Diagnostics::new();
    let value = eval::evaluate(&default.expr, scope, &mut found);
    let failed = found.has_errors();
    diags.append(found);
    if failed {
        let unknown = Value::Unknown(constraint.ty.without_optional());
        return (constraint, Some(unknown));
    }
    if constraint.ty == Type::Dynamic {
        let says_nothing = value.items().is_some_and(<[Value]>::is_empty)
            || value.entries().is_some_and(std::collections::BTreeMap::is_empty)
            || value.is_null();
        let ty = if says_nothing { Type::Dynamic } else { value.ty() };
        return (Constraint::of(ty), Some(value));
    }
    match constraint.convert(&value) {
        Ok(value) => (constraint, Some(value)),
        Err(error) => {
            let detail = format!("This default value is not compatible with the variable's type constraint: {error}.");
            diags.error("Invalid default value for variable", detail, default.expr.span);
            let unknown = Value::Unknown(constraint.ty.without_optional());
            (constraint, Some(unknown))
        }
    }
}

fn decode_validation(block: &Block, variable: &str, diags: &mut Diagnostics) -> Option<Validation> {
    let body = VALIDATION.content(&block.body, block.header, diags);
    let condition = attribute(&body, "condition");
    let message = attribute(&body, "error_message");
    let condition_ok = condition.is_some_and(|condition| check_condition(&condition.expr, variable, diags));
    let text = message.and_then(|message| {
        let text = setting::text(&message.expr, None, diags)?;
        check_message(&text, message.expr.span, diags).then_some(text)
    });
    let (Some(condition), Some(error_message), true) = (condition, text, condition_ok) else { return None };
    Some(Validation { condition: condition.expr.clone(), error_message, header: block.header })
}

/// A condition may look at its own variable only.
fn check_condition(condition: &Expr, variable: &str, diags: &mut Diagnostics) -> bool {
    let mut refers_to_self = false;
    let mut valid = true;
    for reference in eval::references(condition) {
        if &*reference.root == "var" && reference.steps.first().is_some_and(|step| step.as_attr() == Some(variable)) {
            refers_to_self = true;
        } else {
            valid = false;
            let detail = format!(
                "The condition for variable {variable:?} can only refer to the variable itself, using var.{variable}."
            );
            diags.error("Invalid reference in variable validation", detail, reference.span);
        }
    }
    if !refers_to_self {
        valid = false;
        let detail =
            format!("The condition for variable {variable:?} must refer to var.{variable} in order to test it.");
        diags.error("Invalid variable validation condition", detail, condition.span);
    }
    valid
}

fn check_message(text: &str, span: Span, diags: &mut Diagnostics) -> bool {
    let detail = if text.is_empty() {
        "An empty string is not a valid nor useful error message."
    } else if is_sentence(text) {
        return true;
    } else {
        "Validation error message must be at least one full sentence starting with an uppercase letter ( if the \
         alphabet permits it ) and ending with a period or question mark."
    };
    diags.error("Invalid validation error message", detail, span);
    false
}

fn is_sentence(text: &str) -> bool {
    let starts = text.chars().next().is_some_and(|first| !first.is_alphabetic() || !first.is_lowercase());
    starts && text.ends_with(['.', '?', '!'])
}

/// Reports variables that share a name.
pub fn report_duplicates(variables: &[VariableBlock], diags: &mut Diagnostics) {
    let mut seen: HashMap<&str, ()> = HashMap::new();
    for variable in variables {
        if seen.insert(&variable.name.name, ()).is_some() {
            let detail = format!("Duplicate {} variable definition found.", variable.name.name);
            diags.error("Duplicate variable", detail, variable.span);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_sentence;

    #[test]
    fn sentences() {
        for (text, expected) in [
            ("Must be set.", true),
            ("must be set.", false),
            ("Must", false),
            ("É ok!", true),
            ("漢字は。?", true),
            ("1 or 2?", true),
        ] {
            assert_eq!(is_sentence(text), expected, "{text}");
        }
    }
}
