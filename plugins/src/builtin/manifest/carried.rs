//! Entries of a manifest that are from the runs that are taken up. They count as this run's: what is taken over is not
//! entered again, and what is built again replaces what was entered for it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::file::{BuildEntry, ManifestFile};

/// By manifest, how many of its entries are older than this run. Shared by all components that one registry makes.
#[derive(Debug, Default)]
pub struct Carried(Mutex<HashMap<PathBuf, usize>>);

impl Carried {
    /// Makes place for `entry` in `file`, the manifest at `path`, in a run that takes up the runs `earlier`.
    pub(super) fn make_place(&self, path: &Path, file: &mut ManifestFile, entry: &BuildEntry, earlier: &[Arc<str>]) {
        if earlier.is_empty() {
            return;
        }
        let entries = file.builds.get_or_insert_default();
        let mut carried = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let n_carried = carried.entry(path.to_path_buf()).or_insert_with(|| {
            for one in entries.iter_mut().filter(|one| earlier.iter().any(|run| **run == *one.packer_run_uuid)) {
                one.packer_run_uuid.clone_from(&entry.packer_run_uuid);
            }
            entries.len()
        });
        let is_same = |one: &BuildEntry| {
            (&one.packer_run_uuid, &one.name, &one.builder_type)
                == (&entry.packer_run_uuid, &entry.name, &entry.builder_type)
        };
        // Somebody else may have made it shorter.
        if let Some(position) = entries.iter().take(*n_carried).position(is_same) {
            entries.remove(position);
            *n_carried -= 1;
        }
    }
}
