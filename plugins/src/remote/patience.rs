//! Waiting for a machine: that is being restarted, or whose services are not up yet.

use std::pin::pin;
use std::time::Duration;

use engine::{Cancel, CancelPhase};
use planner::duration::GoDuration;
use tokio::time::Instant;

use crate::component::{ComponentError, Ui};

/// How long to wait between one try and the next.
const BETWEEN_TRIES: Duration = Duration::from_secs(2);
/// How long something whose time is up may take to end before it is left behind.
const OVERTIME: Duration = Duration::from_secs(5);
/// Stands for "as long as it takes".
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The time that something may take, all tries together.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    timeout: GoDuration,
    until: Instant,
    /// Whether the user knows what is being waited for.
    told: bool,
}

impl Patience {
    /// Begins now.
    pub fn new(timeout: GoDuration) -> Self {
        Self { timeout, until: Instant::now() + timeout.to_std().min(FOR_EVER), told: false }
    }

    /// Whether the time is up.
    pub fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Waits, but not for longer than there is time.
    ///
    /// # Errors
    ///
    /// When the run is stopping.
    pub async fn pause(&self, duration: Duration, cancel: &Cancel) -> Result<(), ComponentError> {
        pause(duration.min(self.until.saturating_duration_since(Instant::now())), cancel).await
    }

    /// Waits for a moment after a try that failed with `error`, which is said for the first of them.
    ///
    /// # Errors
    ///
    /// That one when there is no time for another try, or no use in it, and when the run is stopping.
    pub async fn after(&mut self, error: ComponentError, ui: &dyn Ui, cancel: &Cancel) -> Result<(), ComponentError> {
        if cancel.is_stopping() {
            return Err(ComponentError::Cancelled);
        }
        let is_hopeless = matches!(error, ComponentError::Unsupported(_));
        if is_hopeless || Instant::now() + BETWEEN_TRIES >= self.until {
            return Err(error);
        }
        if !std::mem::replace(&mut self.told, true) {
            ui.say(&format!("Trying again for up to {}, as this did not work: {error}", self.timeout));
        }
        tracing::info!(%error, "trying again");
        pause(BETWEEN_TRIES, cancel).await
    }

    /// One piece of work, which is told to stop when the time is up, through the signal that it is given.
    ///
    /// # Errors
    ///
    /// Those of the work. When it was too slow, the error says so about `what`.
    pub async fn limit<T, F>(
        &self,
        what: &str,
        cancel: &Cancel,
        work: impl FnOnce(Cancel) -> F,
    ) -> Result<T, ComponentError>
    where
        F: Future<Output = Result<T, ComponentError>>,
    {
        let scope = cancel.child();
        let mut work = pin!(work(scope.clone()));
        tokio::select! {
            biased;
            result = &mut work => return result,
            () = tokio::time::sleep_until(self.until) => {}
        }
        scope.raise(CancelPhase::Stopping);
        match tokio::time::timeout(OVERTIME, work).await {
            Ok(Ok(done)) => Ok(done),
            _ if cancel.is_stopping() => Err(ComponentError::Cancelled),
            _ => Err(ComponentError::new(format!("{what} did not end within {}", self.timeout))),
        }
    }
}

/// Waits.
///
/// # Errors
///
/// When the run is stopping.
pub async fn pause(duration: Duration, cancel: &Cancel) -> Result<(), ComponentError> {
    tokio::select! {
        biased;
        () = cancel.stopping() => Err(ComponentError::Cancelled),
        () = tokio::time::sleep(duration) => Ok(()),
    }
}

/// Work that is done although the run is stopping, to leave the machine tidy: for a few seconds, and not once it is killed.
pub async fn tidy<T, F>(cancel: &Cancel, work: impl FnOnce(Cancel) -> F) -> Option<T>
where
    F: Future<Output = Result<T, ComponentError>>,
{
    tokio::select! {
        biased;
        () = cancel.killing() => None,
        () = tokio::time::sleep(OVERTIME) => None,
        done = work(Cancel::new()) => done.ok(),
    }
}
