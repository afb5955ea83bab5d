//! Waiting for a machine that is only just starting.

use std::sync::Arc;
use std::time::Duration;

use engine::Cancel;
use tokio::time::{sleep, timeout};

use super::communicator::SshCommunicator;
use super::fault::ConnectFault;
use super::settings::Settings;
use crate::component::{ComponentError, Ui};

/// Between two tries.
const BETWEEN_TRIES: Duration = Duration::from_secs(5);
/// What a refusal adds to that: machines create their users while they start.
const AFTER_REFUSAL: Duration = Duration::from_secs(2);

/// How patient to be (`sdk: communicator/config.go`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long all tries together may take; none: for ever.
    pub timeout: Option<Duration>,
    /// How often the machine may refuse us; none: any number of times.
    pub attempts: Option<u32>,
}

impl Patience {
    /// From the two options, of which either unset one is without limit, unless both are unset.
    pub fn of(timeout: Option<Duration>, attempts: Option<u32>) -> Self {
        match (timeout, attempts) {
            (None, None) => Self { timeout: Some(Duration::from_secs(5 * 60)), attempts: Some(10) },
            (timeout, attempts) => Self { timeout, attempts },
        }
    }
}

/// Waits until the machine lets us in.
///
/// # Errors
///
/// It does not in time, or has refused us too often. The error has been shown.
pub async fn wait_for_ssh(
    settings: &Settings,
    patience: Patience,
    ui: &Arc<dyn Ui>,
    cancel: &Cancel,
) -> Result<SshCommunicator, ComponentError> {
    ui.say(&format!("Using SSH communicator to connect: {}", settings.target.host));
    ui.say("Waiting for SSH to become available...");
    let mut last = None;
    let tries = knock(settings, patience.attempts, ui, &mut last);
    let connected = async {
        match patience.timeout {
            Some(limit) => timeout(limit, tries).await,
            None => Ok(tries.await),
        }
    };
    let connected = tokio::select! {
        biased;
        () = cancel.stopping() => return Err(ComponentError::Cancelled),
        connected = connected => connected,
    };
    let error = match connected {
        Ok(Ok(communicator)) => {
            ui.say("Connected to SSH!");
            return Ok(communicator);
        }
        Ok(Err(fault)) => format!("Error waiting for SSH: {fault}"),
        // Nobody can tell from a timeout alone what to change.
        Err(_) => match last {
            Some(fault) => format!("Timeout waiting for SSH.\nThe last try ended with: {fault}"),
            None => "Timeout waiting for SSH.".to_owned(),
        },
    };
    ui.error(&error);
    Err(ComponentError::new(error))
}

async fn knock(
    settings: &Settings,
    attempts: Option<u32>,
    ui: &Arc<dyn Ui>,
    last: &mut Option<String>,
) -> Result<SshCommunicator, String> {
    let mut n_refused = 0;
    loop {
        match SshCommunicator::connect(settings, ui).await {
            Ok(communicator) => return Ok(communicator),
            Err(ConnectFault::Refused(why)) => {
                let fault = ConnectFault::Refused(why);
                n_refused += 1;
                tracing::info!(%fault, n_refused, "the machine refuses us");
                if attempts.is_some_and(|attempts| n_refused >= attempts) {
                    return Err(refusal(&fault));
                }
                *last = Some(fault.to_string());
                sleep(AFTER_REFUSAL).await;
            }
            Err(ConnectFault::Hopeless(why)) => return Err(why),
            Err(fault) => {
                tracing::info!(%fault, "the machine is not there yet");
                *last = Some(fault.to_string());
            }
        }
        sleep(BETWEEN_TRIES).await;
    }
}

fn refusal(fault: &ConnectFault) -> String {
    format!(
        "Packer experienced an authentication error when trying to connect via SSH. This can happen if your \
         username/password are wrong. You may want to double-check your credentials as part of your debugging process. \
         original error: {fault}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold_when_neither_is_set() {
        let minute = Some(Duration::from_secs(60));
        let rows = [
            ((None, None), (Some(Duration::from_secs(300)), Some(10))),
            ((minute, None), (minute, None)),
            ((None, Some(3)), (None, Some(3))),
            ((minute, Some(3)), (minute, Some(3))),
        ];
        for ((timeout, attempts), (expected_timeout, expected_attempts)) in rows {
            let patience = Patience::of(timeout, attempts);
            assert_eq!((patience.timeout, patience.attempts), (expected_timeout, expected_attempts));
        }
    }
}
