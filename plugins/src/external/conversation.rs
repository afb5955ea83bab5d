//! Calls that take as long as the work they start, and can be told to end.

use std::pin::pin;

use engine::Cancel;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::component::ComponentError;
use crate::external::fault::PluginFault;
use crate::external::process::Plugin;

/// Calls `endpoint.method` and waits for its end. When the run is stopping the component is asked to cancel, and may take
/// its time to clean up; only killing does not wait for it.
///
/// # Errors
///
/// What the component failed with, or why there is no answer.
pub async fn converse<R: DeserializeOwned>(
    plugin: &Plugin,
    (endpoint, method): (&str, &str),
    arguments: &impl Serialize,
    cancel: &Cancel,
) -> Result<R, ComponentError> {
    if cancel.is_stopping() {
        return Err(ComponentError::Cancelled);
    }
    let name = format!("{endpoint}.{method}");
    let mut work = pin!(plugin.call(&name, arguments));
    tokio::select! {
        biased;
        done = &mut work => return done.map_err(ComponentError::from),
        () = cancel.stopping() => {}
    }
    let cancelling = format!("{endpoint}.Cancel");
    let mut asking = pin!(plugin.call::<IgnoredAny>(&cancelling, &()));
    let mut asked = false;
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done.map_err(ended),
            () = cancel.killing() => return Err(ComponentError::Cancelled),
            answer = &mut asking, if !asked => {
                asked = true;
                if let Err(fault) = answer {
                    tracing::info!("{cancelling} failed: {fault}");
                }
            }
        }
    }
}

/// What work that was told to end came to. Components have many words for having ended because they were told to.
fn ended(fault: PluginFault) -> ComponentError {
    let words = |text: &str| ["cancel", "halted", "interrupt"].iter().any(|word| text.to_lowercase().contains(word));
    match fault {
        PluginFault::Refused(text) if words(&text) => ComponentError::Cancelled,
        fault => fault.into(),
    }
}
