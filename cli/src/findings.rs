//! How what was found about a template is said.

use std::borrow::Cow;

use planner::diagnostic::{Diagnostic, Diagnostics};
use planner::files::Files;
use planner::render::{RenderOptions, render};
use plugins::scrubber::Scrubber;

use crate::session::Session;

/// The command cannot go on; everything was said.
pub struct Refused;

/// Says what was found in `files`, if anything.
pub fn show(session: &mut Session, files: &Files, diags: &Diagnostics) {
    if diags.is_empty() || session.takes(diags, files) {
        return;
    }
    let text = rendered(session, files, diags);
    if diags.has_errors() { session.error(&text) } else { session.say(&text) }
}

/// What was found in `files`, as text for people.
pub fn rendered(session: &Session, files: &Files, diags: &Diagnostics) -> String {
    let escapes = session.settings().escapes && session.environment.terminal;
    without_secrets(diags, files, session.scrubber(), escapes)
}

/// What was found in `files`, as text for people; in colour if escapes are understood.
///
/// A secret that is folded or underlined would no longer be known as one: details are scrubbed before they are folded,
/// and what holds a secret all the same has no colour.
pub fn without_secrets(diags: &Diagnostics, files: &Files, scrubber: &Scrubber, escapes: bool) -> String {
    let scrubbed = |diagnostic: &Diagnostic| {
        let detail = scrubber.scrub(&diagnostic.detail_in(files)).into_owned();
        Diagnostic { detail, mentions: None, ..diagnostic.clone() }
    };
    let diags = diags.iter().map(scrubbed).collect();
    let plain = render(&diags, files, RenderOptions::default());
    if escapes && matches!(scrubber.scrub(&plain), Cow::Borrowed(_)) {
        return render(&diags, files, RenderOptions { color: true, ..RenderOptions::default() });
    }
    plain
}
