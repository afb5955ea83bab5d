//! Files that a run was about to make, or had begun, when it was killed. Before it is taken up they go: what is appended
//! to would otherwise hold things twice.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::SystemTime;

use crate::cleanup::carry_out::CleanupFault;
use crate::cleanup::local;
use crate::journal::{Destroy, Fate, FileMark, History, Left, ResourceKind};

/// Removes the files that the run of `history`, which started at `run_started`, planned and did not finish, and gives the
/// numbers that they have as its resources.
///
/// # Errors
///
/// One of them cannot be removed.
pub fn remove_half_made(history: &History, run_started: SystemTime) -> Result<Vec<u64>, CleanupFault> {
    let whole = history.artifacts.iter().flat_map(|note| &note.marks).map(|mark| mark.path.as_path());
    let whole: BTreeSet<&Path> = whole.collect();
    let is_open = |left: &&Left| left.fate == Fate::There && left.resource.kind == ResourceKind::Artifact;
    let mut removed = Vec::new();
    for left in history.resources.values().filter(is_open) {
        let Destroy::Files { files } = &left.resource.destroy else { continue };
        let is_half_made = |file: &FileMark| file.inode.is_none() && !whole.contains(file.path.as_path());
        if !files.iter().all(is_half_made) {
            continue;
        }
        for file in files {
            let fault = |source| CleanupFault::File { path: file.path.clone(), source };
            local::remove(file, run_started).map_err(fault)?;
        }
        removed.push(left.resource.number);
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use engine::journal::{Record, Recording, Tail, VERSION};

    use super::*;
    use crate::journal::{ArtifactNote, Note, Resource};

    #[test]
    fn what_was_begun_goes_and_what_is_whole_stays() {
        let folder = tempfile::tempdir().unwrap();
        let planned = |number: u64, name: &str| {
            let path = folder.path().join(name);
            let files = vec![FileMark::planned(path.clone())];
            let (id, provider) = (path.display().to_string(), "local".to_owned());
            let (kind, destroy) = (ResourceKind::Artifact, Destroy::Files { files });
            let (node, build, place) = (None, String::new(), Default::default());
            Note::Resource(Resource { number, node, build, kind, id, provider, place, destroy })
        };
        for name in ["whole", "half"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let marks = vec![FileMark::of(folder.path().join("whole")).unwrap()];
        let artifact = Note::Artifact(ArtifactNote { number: 4, marks, ..ArtifactNote::default() });
        let notes = [planned(1, "whole"), planned(2, "half"), planned(3, "never begun"), artifact];
        let records = notes.iter().map(|note| (Duration::ZERO, Record::Note(note.to_bytes()))).collect();
        let history = History::of(Recording { version: VERSION, records, tail: Tail::Clean, end: 0 });
        assert_eq!(remove_half_made(&history, SystemTime::now()).unwrap(), [2, 3]);
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["whole"]);
    }
}
