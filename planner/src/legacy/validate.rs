//! What must hold between the parts of a template before any of it is evaluated.

use crate::legacy::multi_error::all_of;
use crate::legacy::template::{LegacyTemplate, OnlyExcept};

/// Checks builders, and the names by which other parts refer to them.
///
/// # Errors
///
/// Everything that is wrong, as one text.
pub(super) fn validate(template: &LegacyTemplate) -> Result<(), String> {
    let mut errors = Vec::new();
    if template.builders.is_empty() {
        errors.push("at least one builder must be defined".to_owned());
    }
    for (at, provisioner) in template.provisioners.iter().enumerate() {
        let nth = at + 1;
        let found = only_except(&provisioner.sources, template);
        errors.extend(found.into_iter().map(|error| format!("provisioner {nth}: {error}")));
        let missing = provisioner.overrides.keys().filter(|name| !template.builders.contains_key(*name));
        errors.extend(missing.map(|name| format!("provisioner {nth}: override '{name}' doesn't exist")));
    }
    for (at, chain) in template.chains.iter().enumerate() {
        for (position, post_processor) in chain.iter().enumerate() {
            let nth = format!("{}.{}", at + 1, position + 1);
            let found = only_except(&post_processor.sources, template);
            errors.extend(found.into_iter().map(|error| format!("post-processor {nth}: {error}")));
        }
    }
    all_of(errors)
}

fn only_except(sources: &OnlyExcept, template: &LegacyTemplate) -> Vec<String> {
    let OnlyExcept { only, except } = sources;
    if !only.is_empty() && !except.is_empty() {
        return vec!["only one of 'only' or 'except' may be specified".to_owned()];
    }
    let mut missing = Vec::new();
    for (word, names) in [("only", only), ("except", except)] {
        let unknown = names.iter().filter(|name| !template.builders.contains_key(*name));
        missing.extend(unknown.map(|name| format!("'{word}' specified builder '{name}' not found")));
    }
    missing
}
