//! One line as an expression over a template's values.

use crate::diagnostic::Diagnostics;
use crate::eval::{self, Scope};
use crate::files::Files;
use crate::find::take_bytes;
use crate::syntax;
use crate::value::Value;
use crate::values::{ConsoleScope, Values};

/// What stands for the file's name in diagnostics.
const NAME: &str = "<console-input>";

/// The value of the expression in `line`, which may hold several lines.
///
/// # Errors
///
/// Why it has none, pointing into `files`.
pub fn evaluate(line: &[u8], values: &Values, files: &mut Files) -> Result<Value, Diagnostics> {
    let mut text = line.to_vec();
    if text.contains(&b'\n') {
        // The last line may be the end of a heredoc, which must have a line end.
        text.push(b'\n');
    }
    let file = take_bytes(files, NAME.to_owned(), text)?;
    let expr = syntax::parse_expression(files, file)?;
    let lookup = ConsoleScope::new(values);
    let scope = Scope { variables: &lookup, functions: &values.functions, host: &values.host };
    let mut diags = Diagnostics::new();
    let value = eval::evaluate(&expr, &scope, &mut diags);
    if diags.has_errors() { Err(diags) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::Host;
    use crate::value::display;
    use crate::values::DataSupply;
    use crate::values::fixtures::{analysed, said};

    const TEMPLATE: &str = "variable \"list\" { default = [\"a\"] }\nvariable \"unset\" {}\nlocals {\n good = 1\n twice = \
                            local.good * 2\n}\nlocal \"bad\" { expression = upper([]) }";

    #[test]
    fn lines_are_expressions_over_the_template() {
        let (analysis, _) = analysed(TEMPLATE, &Host::empty(), DataSupply::Later);
        for (line, expected) in [
            ("local.twice + 1", Ok("3")),
            ("var.list[0]", Ok("a")),
            ("var.unset", Ok("<unknown>")),
            ("var", Ok("<unknown>")),
            ("local", Ok("{\n  \"good\" = 1\n  \"twice\" = 2\n}")),
            ("packer", Ok("<unknown>")),
            ("packer.version", Ok("1.16.0")),
            ("path.root", Ok("root")),
            ("build", Ok("<unknown>")),
            ("source", Ok("<unknown>")),
            ("source.type", Ok("<unknown>")),
            ("[for x in [1, 2] :\n  x * 10]", Ok("[\n  10,\n  20,\n]")),
            ("<<E\n  a\nE", Ok("  a\n")),
            ("{ a = null, b = { c = null } }", Ok("{\n  \"b\" = {}\n}")),
            ("[null, \"\\u0001é\\n\"]", Ok("[\n  null,\n  \"\\x01é\\n\",\n]")),
            ("data", Err("Unknown variable")),
            ("local.bad", Err("Unsupported attribute")),
            ("var.nope", Err("Unsupported attribute")),
            ("build.ID", Err("Unsupported attribute")),
            ("env(\"HOME\")", Err("Call to unknown function")),
            ("1 2", Err("Extra characters after expression")),
            ("\0", Err("Invalid character")),
        ] {
            let result = evaluate(line.as_bytes(), &analysis.values, &mut Files::new());
            let shown = result.as_ref().map(display::render);
            match (shown, expected) {
                (Ok(shown), Ok(expected)) => assert_eq!(shown, expected, "{line}"),
                (Err(diags), Err(expected)) => assert!(said(diags)[0].starts_with(expected), "{line}: {diags:?}"),
                (shown, _) => panic!("{line}: {shown:?}"),
            }
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        let (analysis, _) = analysed(TEMPLATE, &Host::empty(), DataSupply::Later);
        let diags = evaluate(b"\"a\xff\"", &analysis.values, &mut Files::new()).unwrap_err();
        assert!(said(&diags)[0].starts_with("Invalid character encoding"), "{diags:?}");
    }
}
