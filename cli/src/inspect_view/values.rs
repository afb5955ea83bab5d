//! Variables and locals with their values.

use std::fmt::Write;

use planner::value::{Value, display, quote};
use planner::values::Values;

/// Both lists, sorted by name. Locals that could not be evaluated are left out, as in the reference.
pub fn values(values: &Values) -> String {
    let mut text = String::from("> input-variables:\n\n");
    for (name, value) in values.variables().values() {
        write_line(&mut text, "var", name, value);
    }
    text.push('\n');
    text.push_str(&locals(values));
    text
}

/// The second list alone.
pub fn locals(values: &Values) -> String {
    let mut text = String::from("> local-variables:\n\n");
    for (name, value) in &values.locals() {
        write_line(&mut text, "local", name, value);
    }
    text
}

fn write_line(text: &mut String, root: &str, name: &str, value: &Value) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{root}.{name}: {}", quote(&display::render(value)));
}
