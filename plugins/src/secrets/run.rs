//! Asynchronous work done while a caller waits, whoever the caller is.

use std::future::Future;
use std::io;

/// Runs `work` to its end on a thread of its own.
///
/// A runtime's worker must not start another runtime on its thread, and expressions are evaluated on such workers, too.
///
/// # Errors
///
/// The system has no thread or no event queue to give.
pub(super) fn run<T: Send>(work: impl Future<Output = T> + Send) -> io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("secrets".to_owned()).spawn_scoped(scope, || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let result = runtime.block_on(work);
            // A name that is still being looked up must not hold up the answer.
            runtime.shutdown_background();
            Ok(result)
        })?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
