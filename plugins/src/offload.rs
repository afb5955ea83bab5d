//! Work that computes or waits for a disk: runs away from the threads that serve everything else.

use std::sync::Arc;

use engine::Cancel;
use tokio::sync::Semaphore;

use crate::component::ComponentError;

/// Runs `work` on a thread where it may block, and waits for it. A panic in it becomes an error. The work always runs to
/// its own end, so it must look for a cancellation itself.
pub async fn offload<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ComponentError> + Send + 'static,
) -> Result<T, ComponentError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(ComponentError::new(format!("internal error: {error}"))),
    }
}

/// Room for as many long computations at once as there are processors. Each drives its own reading and writing and hands
/// the parts that can run side by side to the work-stealing pool; a long computation *inside* that pool would be stolen
/// by the others while they wait, and pile up on one stack.
#[derive(Clone, Debug)]
pub struct Workbench(Arc<Semaphore>);

impl Default for Workbench {
    fn default() -> Self {
        // Not by asking the pool, which would start its threads for runs that never use them.
        Self(Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from))))
    }
}

impl Workbench {
    /// Waits for room, then for the work. Stops waiting for room when the run stops.
    pub async fn run<T: Send + 'static>(
        &self,
        cancel: &Cancel,
        work: impl FnOnce() -> Result<T, ComponentError> + Send + 'static,
    ) -> Result<T, ComponentError> {
        tokio::select! {
            biased;
            () = cancel.stopping() => Err(ComponentError::Cancelled),
            room = self.0.acquire() => {
                // Never closed, so there is always room in the end; it is held until the work is done.
                let _room = room;
                offload(work).await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::CancelPhase;

    use super::*;

    #[tokio::test]
    async fn results_and_panics_come_back() {
        assert_eq!(offload(|| Ok(42)).await, Ok(42));
        let panicked = offload::<()>(|| panic!("on purpose")).await.unwrap_err();
        assert!(panicked.to_string().contains("panic"), "{panicked}");
    }

    #[tokio::test]
    async fn a_stopped_run_starts_no_work() {
        let cancel = Cancel::new();
        assert_eq!(Workbench::default().run(&cancel, || Ok(1)).await, Ok(1));
        cancel.raise(CancelPhase::Stopping);
        assert_eq!(Workbench::default().run(&cancel, || Ok(1)).await, Err(ComponentError::Cancelled));
    }
}
