//! What a file was read as, and many files at once.

use rayon::prelude::*;

use crate::diagnostic::Diagnostics;
use crate::files::{Files, Section};
use crate::span::FileId;
use crate::syntax::ast::Body;
use crate::syntax::parse::read_body;
use crate::syntax::variant::read_json_body;

/// A parsed file, before anything of it is recorded.
pub(super) struct Reading {
    /// None when there are errors.
    pub(super) body: Option<Body>,
    /// Its sections, as far as it has any.
    pub(super) outline: Vec<Section>,
    pub(super) diagnostics: Diagnostics,
}

impl Reading {
    /// Puts the outline where diagnostics look for it.
    pub(super) fn record(self, files: &mut Files, file: FileId) -> (Option<Body>, Diagnostics) {
        files.set_outline(file, self.outline);
        (self.body, self.diagnostics)
    }
}

/// Which of the two syntaxes a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// HCL native syntax.
    Native,
    /// HCL in JSON.
    Json,
}

/// The bodies of files, those without errors, in the order given. Files are parsed at the same time on all cores; what
/// is found in them is reported in their order. Also records their outlines for diagnostics.
pub fn parse_bodies(files: &mut Files, given: &[(FileId, Syntax)], diags: &mut Diagnostics) -> Vec<Body> {
    let read = |(file, syntax): &(FileId, Syntax)| match syntax {
        Syntax::Native => read_body(&files.get(*file).text, *file),
        Syntax::Json => read_json_body(&files.get(*file).text, *file),
    };
    let readings: Vec<Reading> = match given {
        // Not worth the start of the threads.
        [] | [_] => given.iter().map(read).collect(),
        _ => given.par_iter().map(read).collect(),
    };
    let mut bodies = Vec::with_capacity(readings.len());
    for (reading, (file, _)) in readings.into_iter().zip(given) {
        let (body, problems) = reading.record(files, *file);
        diags.append(problems);
        bodies.extend(body);
    }
    bodies
}
