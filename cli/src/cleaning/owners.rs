//! Whose a thing is by now: what a run left, a later one may have made again under the same name, and then it stays.

use std::collections::BTreeMap;
use std::path::PathBuf;

use plugins::journal::history::Fate;
use plugins::journal::{Destroy, History, LOCAL, Resource};

/// By what names a thing, the run that made it last: files that are written over keep all else that is known of them.
#[derive(Default)]
pub struct Owners(BTreeMap<Name, String>);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Path(PathBuf),
    Provided(String, String),
}

impl Owners {
    /// Adds what `run` made, the newest run first: one that takes up another has the start of that.
    pub fn add(&mut self, run: &str, history: &History) {
        let there = history.resources.values();
        let there = there.filter(|left| matches!(left.fate, Fate::There | Fate::Destroying));
        for name in there.flat_map(|left| names(&left.resource)) {
            self.0.entry(name).or_insert_with(|| run.to_owned());
        }
    }

    /// Takes out of what `run` left the files that another run has by now. Gives that run if nothing remains.
    pub fn withhold(&self, run: &str, resource: &mut Resource) -> Option<String> {
        let Destroy::Files { files } = &mut resource.destroy else {
            return names(resource).iter().find_map(|name| self.other(run, name)).map(str::to_owned);
        };
        let mut taken_by = None;
        files.retain(|file| {
            let other = self.other(run, &Name::Path(file.path.clone()));
            taken_by = taken_by.take().or(other.map(str::to_owned));
            other.is_none()
        });
        taken_by.filter(|_| files.is_empty())
    }

    /// The run that has `name` by now, if it is not `run`.
    fn other(&self, run: &str, name: &Name) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|owner| *owner != run)
    }
}

/// What names a thing in the world. Numbers of processes do not. An image has several names: `ami-1` as soon as it is
/// known, and `us-east-1:ami-1` as an artifact, among others perhaps.
fn names(resource: &Resource) -> Vec<Name> {
    let mut names = Vec::new();
    match &resource.destroy {
        Destroy::Files { files } => names.extend(files.iter().map(|file| Name::Path(file.path.clone()))),
        Destroy::Process { .. } => return names,
        _ => {}
    }
    if resource.provider != LOCAL {
        let parts = resource.id.split(',').flat_map(|part| [part, part.rsplit(':').next().unwrap_or(part)]);
        let named = |id: &str| Name::Provided(resource.provider.clone(), id.to_owned());
        names.extend(std::iter::once(resource.id.as_str()).chain(parts).map(named));
    }
    names
}
