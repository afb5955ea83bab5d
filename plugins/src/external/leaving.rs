//! Processes that were told to end and have not ended yet. New ones wait for them, so that there are never more processes
//! than there is use for.

use std::sync::Arc;

use tokio::sync::watch;

/// How many are about to end. Cheap to clone; all clones count together.
#[derive(Clone, Debug)]
pub struct Leaving(Arc<watch::Sender<usize>>);

/// One that is about to end, until this is dropped.
#[derive(Debug)]
pub(super) struct Leaver(Leaving);

impl Default for Leaving {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Leaving {
    /// One more is told to end.
    pub(super) fn one(&self) -> Leaver {
        self.0.send_modify(|count| *count += 1);
        Leaver(self.clone())
    }

    /// Waits until all that were told to end have done so.
    pub(super) async fn all_gone(&self) {
        // The sender is right here.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Drop for Leaver {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;

    use super::*;

    #[tokio::test]
    async fn who_comes_waits_for_who_leaves() {
        let leaving = Leaving::default();
        leaving.all_gone().await;
        let (one, other) = (leaving.one(), leaving.one());
        let mut waiting = Box::pin(leaving.all_gone());
        assert!(poll!(&mut waiting).is_pending());
        drop(one);
        assert!(poll!(&mut waiting).is_pending());
        drop(other);
        waiting.await;
    }
}
