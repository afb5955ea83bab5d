//! Ends what has no end of its own when the run is stopping.

use engine::Cancel;

use crate::component::ComponentError;

/// Waits for `work`, a preparation that touches nothing in the world and may be dropped half way.
///
/// # Errors
///
/// Those of the work, or that the run is stopping.
pub(crate) async fn unless_stopped<T>(
    cancel: &Cancel,
    work: impl Future<Output = Result<T, ComponentError>>,
) -> Result<T, ComponentError> {
    tokio::select! {
        biased;
        done = work => done,
        // Boxed, as most work is done at once, and thousands wait to begin.
        () = async { Box::pin(cancel.stopping()).await } => Err(ComponentError::Cancelled),
    }
}
