//! How long the nodes of a template took in earlier runs: a file for each template in `durations/` of the state directory,
//! of which the last few durations of each node are kept. Runs that end at the same time wait for each other, so that
//! none is forgotten, and a file is always whole.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use planner::estimate::Estimates;
use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::state::folder::{StateDir, private_folder};

/// The folder in the state directory.
const FOLDER: &str = "durations";
const VERSION: u32 = 1;
/// Durations kept of each node.
const N_KEPT: usize = 9;
/// After so many runs in which a node did not run it is forgotten.
const N_RUNS: u64 = 200;

/// A node that ran and succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Its key.
    pub key: String,
    /// What it has in common with others ([`planner::lower::Program::class`]).
    pub class: String,
    /// How long it took.
    pub duration: Duration,
}

/// The durations of one template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durations {
    file: PathBuf,
    template: String,
}

#[derive(Default, Deserialize, Serialize)]
struct Document {
    version: u32,
    /// For people.
    template: String,
    /// Runs that were recorded.
    n_runs: u64,
    nodes: BTreeMap<String, Row>,
}

#[derive(Default, Deserialize, Serialize)]
struct Row {
    of: String,
    /// Microseconds, the oldest first.
    took: Vec<u64>,
    /// The run that was the last to have it.
    run: u64,
}

impl Durations {
    /// Those of the template at `path`: the same for every run of it, whatever the variables. None of one that comes from
    /// standard input, and when there is no place for them.
    pub fn of(environment: &Environment, working_dir: &Path, path: &str) -> Option<Self> {
        if path == "-" {
            return None;
        }
        let state = StateDir::of(environment, working_dir).ok()?;
        let path = working_dir.join(path);
        Some(Self::new(&state, &path.canonicalize().unwrap_or(path)))
    }

    fn new(state: &StateDir, path: &Path) -> Self {
        let template = path.to_string_lossy().into_owned();
        let name = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, template.as_bytes()).simple().to_string();
        Self { file: state.path().join(FOLDER).join(format!("{name}.json")), template }
    }

    /// What they say about the next run. Nothing was measured if there is no file, or none that can be read.
    pub fn estimates(&self) -> Estimates {
        let document = self.read().unwrap_or_default();
        let mut of_class = HashMap::<String, Vec<u64>>::new();
        let mut of_node = HashMap::with_capacity(document.nodes.len());
        for (key, row) in document.nodes {
            let Some(took) = median(row.took) else { continue };
            of_class.entry(row.of).or_default().push(took);
            of_node.insert(key, Duration::from_micros(took));
        }
        let of_class = of_class.into_iter().filter_map(|(of, all)| Some((of, Duration::from_micros(median(all)?))));
        Estimates { of_node, of_class: of_class.collect() }
    }

    /// Adds what a run took.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn record(&self, measured: impl IntoIterator<Item = Measured>) -> io::Result<()> {
        let folder = self.file.parent().unwrap_or(&self.file);
        private_folder(folder)?;
        let lock = File::options().write(true).create(true).truncate(false).open(self.file.with_extension("lock"))?;
        lock.lock()?;
        let mut document = self.read().unwrap_or_default();
        let run = document.n_runs + 1;
        (document.version, document.n_runs) = (VERSION, run);
        document.template.clone_from(&self.template);
        for Measured { key, class, duration } in measured {
            let row = document.nodes.entry(key).or_default();
            (row.of, row.run) = (class, run);
            row.took.push(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
            row.took.drain(..row.took.len().saturating_sub(N_KEPT));
        }
        document.nodes.retain(|_, row| run - row.run.min(run) < N_RUNS);
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer(io::BufWriter::new(&mut file), &document)?;
        file.flush()?;
        // The lock goes with the file that it is on.
        file.persist(&self.file).map(drop).map_err(|error| error.error)
    }

    fn read(&self) -> Option<Document> {
        let text = match fs::read(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!("durations of earlier runs: {}: {error}", self.file.display());
                return None;
            }
        };
        match serde_json::from_slice::<Document>(&text) {
            Ok(document) if document.version == VERSION => Some(document),
            Ok(document) => {
                tracing::warn!("durations of earlier runs: {} has version {}", self.file.display(), document.version);
                None
            }
            Err(error) => {
                tracing::warn!("durations of earlier runs: {}: {error}", self.file.display());
                None
            }
        }
    }
}

/// The middle one, which a few that went astray do not move.
fn median(mut all: Vec<u64>) -> Option<u64> {
    all.sort_unstable();
    let upper = *all.get(all.len() / 2)?;
    let lower = all[(all.len() - 1) / 2];
    Some(lower.midpoint(upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(key: &str, class: &str, micros: u64) -> Measured {
        Measured { key: key.to_owned(), class: class.to_owned(), duration: Duration::from_micros(micros) }
    }

    fn durations(folder: &Path) -> Durations {
        Durations { file: folder.join("durations/x.json"), template: "/t".to_owned() }
    }

    #[test]
    fn the_median_of_the_last_few_counts() {
        let folder = tempfile::tempdir().unwrap();
        let durations = durations(folder.path());
        assert_eq!(durations.estimates(), Estimates::default());
        for micros in [1, 1, 1, 1, 900_000, 7, 8, 7, 9, 7, 8, 9, 8] {
            durations.record([measured("a/open", "open null", micros), measured("b/open", "open null", 2)]).unwrap();
        }
        let found = durations.estimates();
        assert_eq!(found.of_node["a/open"], Duration::from_micros(8));
        assert_eq!(found.of_class["open null"], Duration::from_micros(5));
    }

    #[test]
    fn what_is_broken_counts_for_nothing_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let durations = durations(folder.path());
        fs::create_dir_all(folder.path().join("durations")).unwrap();
        for text in ["", "{", "{\"version\":2,\"template\":\"\",\"n_runs\":1,\"nodes\":{}}"] {
            fs::write(&durations.file, text).unwrap();
            assert_eq!(durations.estimates(), Estimates::default(), "{text}");
            durations.record([measured("a", "b", 1)]).unwrap();
            assert_eq!(durations.estimates().of_node.len(), 1, "{text}");
        }
    }

    #[test]
    fn runs_at_the_same_time_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let durations = durations(folder.path());
        std::thread::scope(|scope| {
            for at in 0..8 {
                let durations = &durations;
                scope.spawn(move || durations.record([measured(&format!("n{at}"), "c", at)]).unwrap());
            }
        });
        assert_eq!(durations.estimates().of_node.len(), 8);
    }
}
