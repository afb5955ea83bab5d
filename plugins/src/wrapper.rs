//! What stands around a provisioner: a pause before it, a timeout, retries, a failure that does not count.

use std::future::Future;
use std::time::Duration;

use engine::{Cancel, CancelPhase};
use planner::duration::GoDuration;

use crate::component::{ComponentError, Ui};
use planner::value::quote;

/// The pause after the first failed try. It doubles with each further one, up to [`LONGEST_BACK_OFF`].
const FIRST_BACK_OFF: Duration = Duration::from_millis(500);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(30);
/// How long a provisioner whose time ran out may take to stop before it is killed.
const OVERTIME: Duration = Duration::from_secs(15);

/// The meta-arguments of one `provisioner` block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProvisionOptions {
    /// How long to wait before each try.
    pub pause_before: GoDuration,
    /// How long each try may take, the pause not counted. Zero and less: as long as it likes.
    pub timeout: GoDuration,
    /// Further tries after a failure.
    pub max_retries: u32,
    /// Whether a failure is only a warning.
    pub continue_on_error: bool,
    /// `-debug`: ask before it starts.
    pub debug: bool,
}

/// One try.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Counts from zero.
    pub number: u32,
    /// The signal to run under: that of the run, and the timeout's.
    pub cancel: Cancel,
}

/// Provisions by making attempts until one succeeds or none are left.
///
/// `make_attempt` must prepare the provisioner afresh, since its configuration is evaluated again for every try. An
/// attempt is never dropped: when its time is up, it is told to stop and waited for. A cancelled run ends in
/// [`ComponentError::Cancelled`], whatever the options say.
pub async fn provision_with<F>(
    options: &ProvisionOptions,
    mut make_attempt: impl FnMut(Attempt) -> F,
    ui: &dyn Ui,
    cancel: &Cancel,
) -> Result<(), ComponentError>
where
    F: Future<Output = Result<(), ComponentError>>,
{
    if options.debug {
        ask_before(ui, cancel).await?;
    }
    match retry(options, &mut make_attempt, ui, cancel).await {
        Err(_) if cancel.is_stopping() => Err(ComponentError::Cancelled),
        Err(error) if options.continue_on_error && error != ComponentError::Cancelled => {
            let quoted = quote(&error.to_string());
            ui.say(&format!(
                "Warning: Provisioner failed with {quoted}, but continue_on_error is set; continuing the build."
            ));
            Ok(())
        }
        other => other,
    }
}

async fn ask_before(ui: &dyn Ui, cancel: &Cancel) -> Result<(), ComponentError> {
    tokio::select! {
        biased;
        () = cancel.stopping() => Err(ComponentError::Cancelled),
        answer = ui.ask("Pausing before the next provisioner . Press enter to continue.") => {
            if let Err(error) = answer {
                // Debugging without a terminal goes on without pausing.
                tracing::error!(%error, "asking for input failed");
            }
            Ok(())
        }
    }
}

async fn retry<F>(
    options: &ProvisionOptions,
    make_attempt: &mut impl FnMut(Attempt) -> F,
    ui: &dyn Ui,
    cancel: &Cancel,
) -> Result<(), ComponentError>
where
    F: Future<Output = Result<(), ComponentError>>,
{
    let mut first: Option<ComponentError> = None;
    let mut back_off = FIRST_BACK_OFF;
    for number in 0..=options.max_retries {
        let Err(error) = attempt(options, number, make_attempt, ui, cancel).await else { return Ok(()) };
        if cancel.is_stopping() || error == ComponentError::Cancelled {
            return Err(ComponentError::Cancelled);
        }
        let left = options.max_retries - number;
        if left == 0 {
            if options.max_retries > 0 {
                ui.say("retry limit reached.");
            }
            return Err(with_first(error, first));
        }
        ui.say(&format!("Provisioner failed with {}, retrying with {left} trie(s) left", quote(&error.to_string())));
        first.get_or_insert(error);
        wait(back_off, cancel).await?;
        back_off = (back_off * 2).min(LONGEST_BACK_OFF);
    }
    Ok(())
}

/// The last failure is what is wrong now; the first often says how it came to that.
fn with_first(last: ComponentError, first: Option<ComponentError>) -> ComponentError {
    match first {
        Some(first) if first != last => {
            ComponentError::new(format!("{last}\n\nThe first of several tries failed with: {first}"))
        }
        _ => last,
    }
}

async fn attempt<F>(
    options: &ProvisionOptions,
    number: u32,
    make_attempt: &mut impl FnMut(Attempt) -> F,
    ui: &dyn Ui,
    cancel: &Cancel,
) -> Result<(), ComponentError>
where
    F: Future<Output = Result<(), ComponentError>>,
{
    if options.pause_before.is_positive() {
        ui.say(&format!("Pausing {} before the next provisioner...", options.pause_before));
        wait(options.pause_before.to_std(), cancel).await?;
    }
    if !options.timeout.is_positive() {
        return make_attempt(Attempt { number, cancel: cancel.clone() }).await;
    }
    ui.say(&format!("Setting a {} timeout for the next provisioner...", options.timeout));
    let scope = cancel.child();
    let mut running = std::pin::pin!(make_attempt(Attempt { number, cancel: scope.clone() }));
    tokio::select! {
        biased;
        result = &mut running => return result,
        () = tokio::time::sleep(options.timeout.to_std()) => {}
    }
    ui.error("Cancelling provisioner after a timeout...");
    scope.raise(CancelPhase::Stopping);
    let result = tokio::select! {
        biased;
        result = &mut running => result,
        () = tokio::time::sleep(OVERTIME) => {
            scope.raise(CancelPhase::Killing);
            running.await
        }
    };
    match result {
        Err(ComponentError::Cancelled) if !cancel.is_stopping() => Err(ComponentError::TimedOut),
        other => other,
    }
}

async fn wait(duration: Duration, cancel: &Cancel) -> Result<(), ComponentError> {
    tokio::select! {
        biased;
        () = cancel.stopping() => Err(ComponentError::Cancelled),
        () = tokio::time::sleep(duration) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::builtin::fixtures::RecordingUi;

    fn duration(text: &str) -> GoDuration {
        text.parse().unwrap()
    }

    fn failed(text: &str) -> Result<(), ComponentError> {
        Err(ComponentError::new(text))
    }

    /// Runs with attempts that take `seconds` and give these results.
    async fn check(
        options: ProvisionOptions,
        seconds: u64,
        results: &[Result<(), ComponentError>],
        said: &[&str],
        expected: Result<(), ComponentError>,
    ) -> Duration {
        let (ui, cancel, start) = (RecordingUi::answering(&[]), Cancel::new(), Instant::now());
        let make = |attempt: Attempt| {
            let result = results[attempt.number as usize].clone();
            async move {
                tokio::select! {
                    biased;
                    () = attempt.cancel.stopping() => Err(ComponentError::Cancelled),
                    () = tokio::time::sleep(Duration::from_secs(seconds)) => result,
                }
            }
        };
        let result = provision_with(&options, make, &ui, &cancel).await;
        assert_eq!(result, expected);
        assert_eq!(ui.said(), said);
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn plain() {
        check(ProvisionOptions::default(), 1, &[Ok(())], &[], Ok(())).await;
        check(ProvisionOptions::default(), 1, &[failed("no")], &[], failed("no")).await;
    }

    #[tokio::test(start_paused = true)]
    async fn pause_and_timeout_are_both_honoured() {
        let options =
            ProvisionOptions { pause_before: duration("1m"), timeout: duration("30s"), ..ProvisionOptions::default() };
        let said = [
            "say: Pausing 1m0s before the next provisioner...",
            "say: Setting a 30s timeout for the next provisioner...",
        ];
        assert_eq!(check(options.clone(), 29, &[Ok(())], &said, Ok(())).await, Duration::from_secs(89));
        let said = [said[0], said[1], "error: Cancelling provisioner after a timeout..."];
        let elapsed = check(options, 31, &[Ok(())], &said, Err(ComponentError::TimedOut)).await;
        assert_eq!(elapsed, Duration::from_secs(90));
    }

    #[tokio::test(start_paused = true)]
    async fn retries_back_off_and_report_the_last_failure() {
        let options = ProvisionOptions { max_retries: 2, ..ProvisionOptions::default() };
        let said = [
            "say: Provisioner failed with \"one\", retrying with 2 trie(s) left",
            "say: Provisioner failed with \"two\", retrying with 1 trie(s) left",
            "say: retry limit reached.",
        ];
        let text = "three\n\nThe first of several tries failed with: one";
        let results = [failed("one"), failed("two"), failed("three")];
        let elapsed = check(options.clone(), 1, &results, &said, failed(text)).await;
        assert_eq!(elapsed, Duration::from_millis(3_000 + 500 + 1_000));
        check(options.clone(), 1, &[failed("one"), Ok(())], &said[..1], Ok(())).await;
        let same = [said[0], "say: Provisioner failed with \"one\", retrying with 1 trie(s) left", said[2]];
        check(options, 1, &[failed("one"), failed("one"), failed("one")], &same, failed("one")).await;
    }

    #[tokio::test(start_paused = true)]
    async fn every_try_has_its_own_time() {
        let options = ProvisionOptions { timeout: duration("5s"), max_retries: 1, ..ProvisionOptions::default() };
        let said = [
            "say: Setting a 5s timeout for the next provisioner...",
            "error: Cancelling provisioner after a timeout...",
            "say: Provisioner failed with \"context deadline exceeded\", retrying with 1 trie(s) left",
            "say: Setting a 5s timeout for the next provisioner...",
            "error: Cancelling provisioner after a timeout...",
            "say: retry limit reached.",
        ];
        check(options, 6, &[Ok(()), Ok(())], &said, Err(ComponentError::TimedOut)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn failure_can_be_made_not_to_count() {
        let options = ProvisionOptions { continue_on_error: true, ..ProvisionOptions::default() };
        let said = [
            "say: Warning: Provisioner failed with \"a \\\"b\\\"\", but continue_on_error is set; continuing the build.",
        ];
        check(options, 1, &[failed("a \"b\"")], &said, Ok(())).await;
    }

    #[tokio::test(start_paused = true)]
    async fn debug_asks_and_goes_on_without_a_terminal() {
        let options = ProvisionOptions { debug: true, ..ProvisionOptions::default() };
        let said = ["ask: Pausing before the next provisioner . Press enter to continue."];
        check(options, 1, &[Ok(())], &said, Ok(())).await;
    }

    #[tokio::test(start_paused = true)]
    async fn cancellation_wins_everywhere() {
        let base = ProvisionOptions { max_retries: 3, continue_on_error: true, ..ProvisionOptions::default() };
        let options = [
            ProvisionOptions { pause_before: duration("1h"), ..base.clone() },
            ProvisionOptions { timeout: duration("1h"), ..base.clone() },
            base,
        ];
        // Each attempt fails after a second; the run stops at half a second or, in the back-off, later.
        for options in options {
            for stop_after in [500, 1_200, 2_100] {
                let (ui, cancel) = (RecordingUi::default(), Cancel::new());
                let make = |attempt: Attempt| async move {
                    tokio::select! {
                        () = attempt.cancel.stopping() => failed("killed"),
                        () = tokio::time::sleep(Duration::from_secs(1)) => failed("no"),
                    }
                };
                let stop = async {
                    tokio::time::sleep(Duration::from_millis(stop_after)).await;
                    cancel.raise(CancelPhase::Stopping);
                };
                let (result, ()) = tokio::join!(provision_with(&options, make, &ui, &cancel), stop);
                assert_eq!(result, Err(ComponentError::Cancelled));
                assert!(!ui.said().iter().any(|line| line.contains("Warning")));
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_will_not_stop_is_killed_in_the_end() {
        let options = ProvisionOptions { timeout: duration("1s"), ..ProvisionOptions::default() };
        let (ui, cancel, start) = (RecordingUi::default(), Cancel::new(), Instant::now());
        let stubborn = |attempt: Attempt| async move {
            attempt.cancel.killing().await;
            Err(ComponentError::Cancelled)
        };
        let result = provision_with(&options, stubborn, &ui, &cancel).await;
        assert_eq!((result, start.elapsed()), (Err(ComponentError::TimedOut), Duration::from_secs(1) + OVERTIME));
        assert!(!cancel.is_stopping());
    }
}
