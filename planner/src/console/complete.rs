//! What could be typed next: names of functions and variables, and attributes of values.

use crate::eval::Lookup;
use crate::value::Value;
use crate::values::{ConsoleScope, Values};

/// Ways to go on with a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Where the part starts that is replaced, in bytes.
    pub start: usize,
    /// What can stand there, sorted.
    pub candidates: Vec<String>,
}

/// How the word that ends `before` could go on. The last step of `local.a.b` is an attribute of what comes before it;
/// a word without steps is a variable or function.
pub fn complete(before: &str, values: &Values) -> Completion {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let word = &before[before.trim_end_matches(is_word).len()..];
    let (path, step) = word.rsplit_once('.').map_or((None, word), |(path, step)| (Some(path), step));
    let mut candidates = match path {
        Some(path) => attributes(path, values),
        None => {
            let functions = values.functions.names().map(|name| format!("{name}("));
            ConsoleScope::new(values).names().into_iter().chain(functions).collect()
        }
    };
    candidates.retain(|candidate| candidate.starts_with(step));
    candidates.sort();
    Completion { start: before.len() - step.len(), candidates }
}

/// The names behind `path`.
fn attributes(path: &str, values: &Values) -> Vec<String> {
    let mut steps = path.split('.');
    let root = steps.next().and_then(|root| ConsoleScope::new(values).root(root, None));
    let value = root.and_then(|root| steps.try_fold(root.into_value(), |value, step| value.get(step).cloned()));
    value.iter().filter_map(Value::entries).flat_map(|entries| entries.keys()).map(|name| name.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::Host;
    use crate::values::DataSupply;
    use crate::values::fixtures::analysed;

    #[test]
    fn words_go_on_as_names_and_attributes() {
        let template = "variable \"deep\" { default = { one = { two = 1, twelve = 2 } } }\n";
        let (analysis, _) = analysed(template, &Host::empty(), DataSupply::Later);
        for (before, start, expected) in [
            ("upp", 0, &["upper("][..]),
            ("[pa", 1, &["packer", "parseint(", "path", "pathexpand("]),
            ("1 + var.", 8, &["deep"]),
            ("\"${var.deep.one.tw", 16, &["twelve", "two"]),
            ("var.deep.nope.", 14, &[]),
            ("var.deep.one.two.x", 17, &[]),
            ("nope.x", 5, &[]),
            ("source.", 7, &["name", "type"]),
            ("é", 0, &[]),
        ] {
            let Completion { start: at, candidates } = complete(before, &analysis.values);
            assert_eq!(at, start, "{before}");
            assert_eq!(candidates, expected, "{before}");
        }
    }
}
