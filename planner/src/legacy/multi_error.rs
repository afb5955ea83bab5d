//! Several errors as one text, in the layout that scripts know.

/// `2 errors occurred:`, then a bullet each, then two empty lines.
pub fn multi_error(errors: &[String]) -> String {
    let points: Vec<String> = errors.iter().map(|error| format!("* {error}")).collect();
    let head =
        if errors.len() == 1 { "1 error occurred:".to_owned() } else { format!("{} errors occurred:", errors.len()) };
    format!("{head}\n\t{}\n\n", points.join("\n\t"))
}

/// One text for all errors, if there are any.
pub(super) fn all_of(errors: Vec<String>) -> Result<(), String> {
    if errors.is_empty() { Ok(()) } else { Err(multi_error(&errors)) }
}
