//! Tells a new build what earlier runs of its template left. Looks at little: a build must not wait for its history.

use std::io::Read as _;

use plugins::journal::Resource;

use crate::cleaning::owners::Owners;
use crate::cleaning::prune::{KEPT, prune};
use crate::cleaning::survey::{is_clean, left_of, read};
use crate::state::{RunFile, StateDir};

/// How many of the newest runs are looked at.
const LOOKED_AT: usize = 20;
/// The first record of a journal, which names the template, is within so many bytes.
const HEAD: u64 = 4096;

/// One line about what earlier runs of the template at `path` left; none when they left nothing. Also has old runs
/// forgotten, once they are many.
pub fn notice(state: &StateDir, path: &str) -> Option<String> {
    // What cannot be read says nothing; that it cannot be written will be said by the run.
    let runs = state.runs().ok()?;
    if runs.len() > 2 * KEPT
        && let Err(error) = prune(state)
    {
        tracing::warn!("old runs are not forgotten: {error}");
    }
    let mut newer = Newer::default();
    let (mut n_left, mut of_runs) = (0, Vec::new());
    for file in runs.iter().take(LOOKED_AT).filter(|file| may_be_of(file, path)) {
        let n_of_run = newer.n_left(file, path);
        newer.unread.push(file);
        if n_of_run > 0 {
            n_left += n_of_run;
            of_runs.push(file.id().to_owned());
        }
    }
    let newest = of_runs.first()?;
    let things = if n_left == 1 { "1 resource is".to_owned() } else { format!("{n_left} resources are") };
    let runs = if of_runs.len() == 1 { "an earlier run".to_owned() } else { format!("{} earlier runs", of_runs.len()) };
    let names = of_runs.join(" ");
    Some(format!(
        "Warning: {things} left of {runs} of this template: `packer cleanup {names}` removes what is left, `packer build \
         -resume={newest}` takes the run up."
    ))
}

/// What the runs made that were looked at before.
#[derive(Default)]
struct Newer<'f> {
    owners: Owners,
    /// Their journals, until what they made matters.
    unread: Vec<&'f RunFile>,
}

impl Newer<'_> {
    /// How much is left of a run, if it is one of the template at `path`, that none of these has made again.
    fn n_left(&mut self, file: &RunFile, path: &str) -> usize {
        if is_clean(file) || file.is_locked().unwrap_or(true) {
            return 0;
        }
        let Ok((history, _)) = read(file) else { return 0 };
        if history.run.as_ref().is_none_or(|run| run.template.path != path) {
            return 0;
        }
        let left: Vec<&Resource> = left_of(&history).collect();
        if left.is_empty() {
            return 0;
        }
        for file in self.unread.drain(..) {
            if let Ok((history, _)) = read(file) {
                self.owners.add(file.id(), &history);
            }
        }
        let is_own = |resource: &&&Resource| self.owners.withhold(file.id(), &mut (**resource).clone()).is_none();
        left.iter().filter(is_own).count()
    }
}

/// Whether the journal begins as that of a run of this template.
fn may_be_of(file: &RunFile, path: &str) -> bool {
    let mut head = Vec::new();
    let is_read = file.open().is_ok_and(|file| file.take(HEAD).read_to_end(&mut head).is_ok());
    let quoted = serde_json::to_string(path).unwrap_or_default();
    // A path that does not fit in there is looked for in the whole.
    is_read && (quoted.len() as u64 > HEAD / 2 || String::from_utf8_lossy(&head).contains(&quoted))
}
