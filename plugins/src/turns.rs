//! One at a time per file: components of one run that write to the same file take turns.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Who may write to which file now. Shared by all components that one registry makes.
#[derive(Debug, Default)]
pub struct Turns(Mutex<HashMap<PathBuf, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// Waits for the turn to write to `path`, an absolute path. The turn lasts until the returned guard is dropped.
    pub async fn take(&self, path: &Path) -> tokio::sync::OwnedMutexGuard<()> {
        let turn = {
            let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // What nobody holds or waits for need not be remembered.
            files.retain(|_, turn| Arc::strong_count(turn) > 1);
            files.entry(path.to_path_buf()).or_default().clone()
        };
        turn.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_file_one_writer() {
        let turns = Turns::default();
        let first = turns.take(Path::new("/a")).await;
        let other = turns.take(Path::new("/b")).await;
        let waiting = turns.take(Path::new("/a"));
        tokio::pin!(waiting);
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        drop(first);
        waiting.await;
        drop(other);
        assert_eq!(turns.0.lock().unwrap().len(), 2);
        turns.take(Path::new("/c")).await;
        assert_eq!(turns.0.lock().unwrap().len(), 1);
    }
}
