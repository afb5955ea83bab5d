//! `<output>.lock`: keeps other Packer processes from the manifest while it is read and written.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use engine::Cancel;
use tokio::time::{Instant, sleep};

use crate::component::ComponentError;
use crate::journal::{Recorder, ResourceKind, Temporary};

/// A lock file older than this was left behind by a process that died.
const STALE: Duration = Duration::from_secs(10);
/// How long to wait for a live process.
const PATIENCE: Duration = Duration::from_secs(30);

/// Held: the lock file exists. Dropped: it does not.
#[derive(Debug)]
pub(super) struct ManifestLock {
    path: PathBuf,
    // Dropped when the file is gone.
    recorded: Option<Temporary>,
}

impl ManifestLock {
    /// Takes the lock of the manifest at `output`, waiting at first 200, then 400 milliseconds. What is left from a dead
    /// process is ignored after that; one that is in use is waited for. Ours is written down by `recorder` before it is made.
    pub(super) async fn take(output: &Path, recorder: &Recorder, cancel: &Cancel) -> Result<Self, ComponentError> {
        let mut name = output.as_os_str().to_owned();
        name.push(".lock");
        let mut lock = Self { path: PathBuf::from(name), recorded: None };
        let start = Instant::now();
        let mut pause = Duration::from_millis(200);
        let mut n_tries = 1;
        while let Err(error) = lock.create(recorder) {
            let in_use = error.kind() == io::ErrorKind::AlreadyExists;
            // Where no lock can be made, no manifest can be written either, and that error says more.
            if !in_use || (n_tries >= 3 && (lock.is_stale() || start.elapsed() > PATIENCE)) {
                tracing::warn!(lock = %lock.path.display(), %error, "going on without the manifest's lock");
                break;
            }
            tokio::select! {
                biased;
                () = cancel.stopping() => {
                    // Not ours: leave it.
                    std::mem::forget(lock);
                    return Err(ComponentError::Cancelled);
                }
                () = sleep(pause) => {}
            }
            n_tries += 1;
            pause = Duration::from_millis(400);
        }
        Ok(lock)
    }

    fn create(&mut self, recorder: &Recorder) -> io::Result<()> {
        if self.path.exists() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let recorded = recorder.temporary(ResourceKind::TemporaryFile, self.path.clone());
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.path)?;
        self.recorded = Some(recorded);
        Ok(())
    }

    fn is_stale(&self) -> bool {
        let modified = std::fs::metadata(&self.path).and_then(|meta| meta.modified());
        // Without a time, or with one in the future, there is nothing to tell it from a dead one.
        modified.map_or(true, |modified| SystemTime::now().duration_since(modified).map_or(true, |age| age > STALE))
    }
}

impl Drop for ManifestLock {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(lock = %self.path.display(), %error, "the manifest's lock stays behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_for_the_living_and_not_for_the_dead() {
        let folder = tempfile::tempdir().unwrap();
        let (output, path) = (folder.path().join("m.json"), folder.path().join("m.json.lock"));
        let (cancel, nobody) = (Cancel::new(), Recorder::default());
        let lock = ManifestLock::take(&output, &nobody, &cancel).await.unwrap();
        assert!(path.exists());

        // Another process would wait, far beyond the three tries, until this one is done.
        let start = Instant::now();
        let release = async {
            sleep(Duration::from_secs(5)).await;
            drop(lock);
        };
        let (second, ()) = tokio::join!(ManifestLock::take(&output, &nobody, &cancel), release);
        assert!(start.elapsed() >= Duration::from_secs(5));
        drop(second.unwrap());
        assert!(!path.exists());

        let dead = File::create(&path).unwrap();
        dead.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
        let start = Instant::now();
        drop(ManifestLock::take(&output, &nobody, &cancel).await.unwrap());
        assert_eq!(start.elapsed(), Duration::from_millis(600));
        assert!(!path.exists());
    }

    #[tokio::test(start_paused = true)]
    async fn a_stopped_run_leaves_the_lock_of_others() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("m.json");
        let (cancel, nobody) = (Cancel::new(), Recorder::default());
        let held = ManifestLock::take(&output, &nobody, &cancel).await.unwrap();
        cancel.raise(engine::CancelPhase::Stopping);
        assert_eq!(ManifestLock::take(&output, &nobody, &cancel).await.unwrap_err(), ComponentError::Cancelled);
        assert!(folder.path().join("m.json.lock").exists());
        drop(held);
    }
}
