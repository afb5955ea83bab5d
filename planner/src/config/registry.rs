//! The `hcp_packer_registry` block: checked like any other, but this version sends nothing to a registry.

use crate::config::setting;
use crate::config::shape::attribute;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::eval::{self, Scope};
use crate::syntax::ast::Block;
use crate::value::{Type, convert};

/// Checks a registry block. Arguments that nobody knows are let pass, as in the reference.
pub fn check(block: &Block, scope: &Scope<'_>, diags: &mut Diagnostics) {
    let given = |name: &str| attribute(&block.body, name).map(|attribute| &*attribute.expr);
    if let Some(name) = given("bucket_name").and_then(|expr| setting::text(expr, Some(scope), diags))
        && !is_bucket_name(&name)
    {
        let summary =
            "hcp_packer_registry.bucket_name can only contain between 3 and 36 ASCII letters, numbers and hyphens";
        diags.error(summary, "", block.header);
    }
    if let Some(description) = given("description").and_then(|expr| setting::text(expr, Some(scope), diags))
        && description.len() > 255
    {
        let summary = "hcp_packer_registry.description should have a maximum length of 255 characters";
        diags.error(summary, "", block.header);
    }
    let labels = [given("labels"), given("bucket_labels"), given("build_labels")];
    for expr in labels.into_iter().flatten() {
        let value = eval::evaluate(expr, scope, diags);
        if let Err(error) = convert(&value, &Type::Map(Type::String.into())) {
            diags.error("Unsuitable value type", format!("Unsuitable value: {error}."), expr.span);
        }
    }
    if let Some(expr) = given("channels") {
        setting::texts(expr, Some(scope), diags);
    }
    match labels {
        [Some(_), Some(_), _] => {
            let summary = "hcp_packer_registry.labels and hcp_packer_registry.bucket_labels are mutually exclusive; please \
                           use the recommended argument hcp_packer_registry.bucket_labels";
            diags.error(summary, "", block.header);
        }
        [Some(_), None, _] => {
            let summary = "the argument hcp_packer_registry.labels has been deprecated and will be removed in the next \
                           minor release; please use hcp_packer_registry.bucket_labels";
            diags.push(Diagnostic::warning(summary, "", block.header));
        }
        _ => {}
    }
    let detail = "This version does not publish to a registry. The block is read and nothing is sent.";
    diags.warning("hcp_packer_registry has no effect", detail, block.header);
}

fn is_bucket_name(name: &str) -> bool {
    (3..=36).contains(&name.len()) && name.bytes().all(|next| next.is_ascii_alphanumeric() || next == b'-')
}
