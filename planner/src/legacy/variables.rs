//! The variables of a legacy template: values given for them, and what becomes of them when they are rendered.

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;

use crate::eval::Host;
use crate::interpolate::{Facts, Interpolation, RenderError, UserVariables, is_not_set};
use crate::legacy::template::LegacyTemplate;

/// Variables by name, as text.
pub type Texts = BTreeMap<String, String>;

/// How often the variables are rendered at most. One may refer to another, in any order.
const MOST_PASSES: usize = 100;

/// A template that names a field of some later data, which is left alone: `{{ .Vars }}`.
const LATER: &str = r"\{\{(\s|)\.(.*?)(\s|)\}\}";
/// What may still change when other variables become known.
const REFERENCE: &str = r"\{\{\s*user\s*`.*`\s*\}\}";

/// Renders every default, and every value given instead of one, until nothing is left to be rendered. `variables` holds
/// what was given before, and what could be rendered afterwards, errors or not.
///
/// # Errors
///
/// The first that cannot be rendered, or that all that are left refer to what nobody defined.
pub(super) fn render(
    template: &LegacyTemplate,
    variables: &mut Arc<Texts>,
    facts: &Facts,
    host: &Host,
) -> Result<(), String> {
    let defaults = template.variables.iter().map(|(name, variable)| (name.to_string(), variable.default.clone()));
    let mut pending: Texts = defaults.collect();
    pending.extend(variables.iter().map(|(name, value)| (name.clone(), value.clone())));
    let (later, reference) = (pattern(LATER)?, pattern(REFERENCE)?);
    let mut renderer = Renderer { facts, host, variables, visible: false, later, reference };
    for _ in 0..MOST_PASSES {
        match renderer.pass(&mut pending)? {
            Pass { unset: None, again: false, .. } => break,
            Pass { unset: Some(failure), rendered: false, .. } => {
                return Err(format!(
                    "Failed to interpolate {failure}: Please make sure that the variable you're referencing has been \
                     defined; Packer treats all variables used to interpolate other user variables as required."
                ));
            }
            // The next pass would find what this one found.
            Pass { changed: false, .. } => break,
            _ => {}
        }
    }
    Ok(())
}

fn pattern(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| error.to_string())
}

/// What one pass over the variables came to.
#[derive(Default)]
struct Pass {
    /// Whether any could be rendered.
    rendered: bool,
    /// Whether any has another value than before, or is out of the way.
    changed: bool,
    /// Whether any that was rendered refers to others.
    again: bool,
    /// The last that refers to a variable that has no value.
    unset: Option<String>,
}

struct Renderer<'a> {
    facts: &'a Facts,
    host: &'a Host,
    /// Shared with functions only while they run, so that it can be changed in place.
    variables: &'a mut Arc<Texts>,
    /// Whether `user` sees them. It sees nothing before the first was rendered.
    visible: bool,
    later: Regex,
    reference: Regex,
}

impl Renderer<'_> {
    fn pass(&mut self, pending: &mut Texts) -> Result<Pass, String> {
        let mut pass = Pass::default();
        let mut finished = Vec::new();
        for (name, text) in &*pending {
            match self.render_one(text) {
                Ok(rendered) => {
                    pass.rendered = true;
                    pass.changed |= !self.visible || self.variables.get(name) != Some(&rendered);
                    self.visible = true;
                    Arc::make_mut(self.variables).insert(name.clone(), rendered);
                    if self.reference.is_match(text) {
                        pass.again = true;
                    } else {
                        finished.push(name.clone());
                    }
                }
                Err(RenderError::Exec(error)) if is_not_set(&error) => {
                    pass.unset = Some(format!("\"{name}\": \"{text}\"; error: {error}"));
                }
                Err(RenderError::Exec(error)) => return Err(error),
                Err(RenderError::Syntax(error)) => {
                    return Err(format!("error interpolating default value for '{name}': {error}"));
                }
            }
        }
        pass.changed |= !finished.is_empty();
        for name in finished {
            pending.remove(&name);
        }
        Ok(pass)
    }

    fn render_one(&self, text: &str) -> Result<String, RenderError> {
        if !text.contains("{{") {
            return Ok(text.to_owned());
        }
        let (masked, kept) = self.mask(text);
        let shown = if self.visible { self.variables.clone() } else { Arc::default() };
        let user = UserVariables::Defining(shown, self.host.clone());
        let rendered = Interpolation::new(Facts { user, ..self.facts.clone() }).at_prepare(&masked)?;
        Ok(kept.iter().enumerate().fold(rendered, |text, (at, original)| text.replace(&mark(at), original)))
    }

    /// The text with marks in place of what is for later, and what they stand for.
    fn mask(&self, text: &str) -> (String, Vec<String>) {
        let kept: Vec<String> = self.later.find_iter(text).map(|found| found.as_str().to_owned()).collect();
        let masked =
            kept.iter().enumerate().fold(text.to_owned(), |text, (at, original)| text.replace(original, &mark(at)));
        (masked, kept)
    }
}

/// No template has these characters: they are nobody's.
fn mark(at: usize) -> String {
    format!("\u{e0f0}{at}\u{e0f1}")
}
