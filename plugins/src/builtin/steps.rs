//! Builders made of steps: run in order, undone in reverse, with the `-on-error` and `-debug` rules around them.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;

use crate::component::{
    BuildData, Communicator, ComponentError, HOOK_CLEANUP_PROVISION, HOOK_PROVISION, Hook, OnError, Ui,
};
use planner::value::quote;

/// The name of the provisioning step, which `-on-error=run-cleanup-provisioner` still undoes.
pub const STEP_PROVISION: &str = "StepProvision";

/// What the steps of one run share.
pub struct StepState {
    /// Where they say what they do.
    pub ui: Arc<dyn Ui>,
    /// The call back to the provisioners.
    pub hook: Arc<dyn Hook>,
    /// The connection, once there is one.
    pub communicator: Option<Arc<dyn Communicator>>,
    /// What is known of the machine.
    pub data: BuildData,
    /// The run's signal.
    pub cancel: Cancel,
    /// The first failure.
    pub error: Option<ComponentError>,
}

/// One step of a builder.
#[async_trait]
pub trait Step: Send + Sync {
    /// Its name, as it is shown.
    fn name(&self) -> &'static str;

    /// Does it. An error that is not a cancellation is recorded by the runner.
    async fn run(&self, state: &mut StepState) -> Result<(), ComponentError>;

    /// Undoes it, whether the run went well or not.
    async fn cleanup(&self, state: &mut StepState);
}

/// How the run of steps goes on after a failure, and whether it pauses.
#[derive(Clone, Copy, Debug, Default)]
pub struct StepOptions {
    /// `-on-error`.
    pub on_error: OnError,
    /// `-debug`: pause after each step and before each cleanup.
    pub debug: bool,
}

/// Runs the steps and undoes them. The error is the first recorded one, or a cancellation.
pub async fn run_steps(
    steps: &[Box<dyn Step + '_>],
    options: StepOptions,
    state: &mut StepState,
) -> Result<(), ComponentError> {
    let mut run = StepRun { options, halted: false, aborted: false, announced: false };
    let mut n_started = 0;
    for step in steps {
        if state.cancel.is_stopping() {
            break;
        }
        n_started += 1;
        if !run.attempt(step.as_ref(), state).await {
            break;
        }
        run.pause("after run of", step.name(), state).await;
    }
    // A step that failed was not paused after, so it is not paused before either.
    let n_paused = if run.halted { n_started - 1 } else { n_started };
    for (index, step) in steps[..n_started].iter().enumerate().rev() {
        if index < n_paused {
            run.pause("before cleanup of", step.name(), state).await;
        }
        run.cleanup(step.as_ref(), state).await;
    }
    match state.error.take() {
        Some(error) => Err(error),
        None if state.cancel.is_stopping() => Err(ComponentError::Cancelled),
        None => Ok(()),
    }
}

struct StepRun {
    options: StepOptions,
    /// A step failed.
    halted: bool,
    /// The user chose to abort.
    aborted: bool,
    /// The failure has been shown.
    announced: bool,
}

impl StepRun {
    /// Runs one step, again if the user wants so; false when the run is over.
    async fn attempt(&mut self, step: &dyn Step, state: &mut StepState) -> bool {
        loop {
            let Err(error) = step.run(state).await else { return true };
            // Being told to stop is not a fault of the build: nothing is recorded, and no error cleanup runs. A fault of
            // its own is one even then: it may be the reason why the run stops.
            if error != ComponentError::Cancelled || !state.cancel.is_stopping() {
                state.error = Some(error.clone());
            }
            if self.options.on_error == OnError::Ask && !state.cancel.is_stopping() {
                state.ui.error(&error.to_string());
                match ask(step.name(), state).await {
                    Choice::Retry => {
                        state.error = None;
                        continue;
                    }
                    Choice::Abort => self.aborted = true,
                    Choice::CleanUp => {}
                }
            }
            self.halted = true;
            return false;
        }
    }

    async fn cleanup(&mut self, step: &dyn Step, state: &mut StepState) {
        let provision_anyway = self.options.on_error == OnError::RunCleanupProvisioner && step.name() == STEP_PROVISION;
        let spared = match self.options.on_error {
            OnError::Cleanup => false,
            OnError::Ask => self.aborted,
            OnError::Abort | OnError::RunCleanupProvisioner => true,
        };
        if provision_anyway || !spared || !self.leave_as_is(step.name(), state) {
            step.cleanup(state).await;
        }
    }

    /// Whether an unfinished run leaves this step as it is. Says so.
    fn leave_as_is(&mut self, name: &str, state: &StepState) -> bool {
        let cancelled = state.cancel.is_stopping();
        if !self.halted && !cancelled {
            return false;
        }
        let first = !std::mem::replace(&mut self.announced, true);
        if !first {
            state.ui.error(&format!("aborted: skipping cleanup of step {}", quote(name)));
            return true;
        }
        if let Some(error) = &state.error {
            state.ui.error(&error.to_string());
        }
        if cancelled {
            state.ui.error("Interrupted, aborting...");
        } else {
            state.ui.error(&format!("Step {} failed, aborting...", quote(name)));
        }
        true
    }

    async fn pause(&self, place: &str, name: &str, state: &StepState) {
        if !self.options.debug || state.cancel.is_stopping() {
            return;
        }
        let query = format!("Pausing {place} step '{name}'. Press enter to continue.");
        tokio::select! {
            biased;
            () = state.cancel.stopping() => {}
            answer = state.ui.ask(&query) => if let Err(error) = answer {
                // Debugging without a terminal goes on without pausing.
                tracing::error!(%error, "asking for input failed");
            }
        }
    }
}

enum Choice {
    CleanUp,
    Abort,
    Retry,
}

/// Asks what to do about a failed step. Without a terminal, or when cancelled, cleans up.
async fn ask(name: &str, state: &StepState) -> Choice {
    state.ui.say(&format!("Step {} failed", quote(name)));
    loop {
        let query = "[c] Clean up and exit, [a] abort without cleanup, or [r] retry step (build may fail even if retry succeeds)?";
        let answer = tokio::select! {
            biased;
            () = state.cancel.stopping() => return Choice::CleanUp,
            answer = state.ui.ask(query) => answer,
        };
        let line = match answer {
            Ok(line) => line,
            Err(error) => {
                tracing::error!(%error, "asking for input failed");
                return Choice::CleanUp;
            }
        };
        match line.chars().next().map(|first| first.to_ascii_lowercase()) {
            None | Some('c') => return Choice::CleanUp,
            Some('a') => return Choice::Abort,
            Some('r') => return Choice::Retry,
            Some(_) => state.ui.say(&format!("Incorrect input: {}", quote(&line))),
        }
    }
}

/// The step that lends the communicator to the provisioners, and to the error-cleanup provisioner after a failure.
pub struct StepProvision;

#[async_trait]
impl Step for StepProvision {
    fn name(&self) -> &'static str {
        STEP_PROVISION
    }

    async fn run(&self, state: &mut StepState) -> Result<(), ComponentError> {
        state.hook.run(HOOK_PROVISION, state.communicator.clone(), state.data.clone(), &state.cancel).await
    }

    async fn cleanup(&self, state: &mut StepState) {
        let Some(original) = state.error.clone() else { return };
        state.ui.say("Provisioning step had errors: Running the cleanup provisioner, if present...");
        let (communicator, data) = (state.communicator.clone(), state.data.clone());
        let cleanup = state.hook.run(HOOK_CLEANUP_PROVISION, communicator, data, &state.cancel).await;
        if let Err(error) = cleanup {
            let text = format!("Cleanup failed: {error}. Original Provisioning error: {original}");
            state.error = Some(ComponentError::new(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use engine::CancelPhase;

    use super::*;
    use crate::builtin::fixtures::{RecordingHook, RecordingUi};

    /// Says when it is run and undone; fails as often as told.
    struct Noted {
        name: &'static str,
        failures: Mutex<u32>,
    }

    #[async_trait]
    impl Step for Noted {
        fn name(&self) -> &'static str {
            self.name
        }

        async fn run(&self, state: &mut StepState) -> Result<(), ComponentError> {
            state.ui.say(&format!("run {}", self.name));
            let mut failures = self.failures.lock().unwrap();
            if *failures == 0 {
                return Ok(());
            }
            *failures -= 1;
            Err(ComponentError::new(format!("{} broke", self.name)))
        }

        async fn cleanup(&self, state: &mut StepState) {
            state.ui.say(&format!("undo {}", self.name));
        }
    }

    struct Case {
        options: StepOptions,
        answers: &'static [&'static str],
        /// How often the last step fails.
        failures: u32,
        hook: Vec<Result<(), ComponentError>>,
        said: &'static [&'static str],
        result: Result<(), &'static str>,
    }

    async fn check(case: Case, cancelled_in_hook: bool) {
        let ui = Arc::new(RecordingUi::answering(case.answers));
        let cancel = Cancel::new();
        let mut state = StepState {
            ui: ui.clone(),
            hook: Arc::new(RecordingHook::answering(case.hook)),
            communicator: None,
            data: BuildData::new(),
            cancel: cancel.clone(),
            error: None,
        };
        let mut steps: Vec<Box<dyn Step>> = vec![
            Box::new(Noted { name: "StepOne", failures: Mutex::new(0) }),
            Box::new(StepProvision),
            Box::new(Noted { name: "StepLast", failures: Mutex::new(case.failures) }),
        ];
        if cancelled_in_hook {
            steps.insert(1, Box::new(Stopper(cancel)));
        }
        let result = run_steps(&steps, case.options, &mut state).await;
        assert_eq!(result.map_err(|error| error.to_string()), case.result.map_err(str::to_owned));
        assert_eq!(ui.said(), case.said);
    }

    /// Stops the run, as an interrupt would.
    struct Stopper(Cancel);

    #[async_trait]
    impl Step for Stopper {
        fn name(&self) -> &'static str {
            "StepStop"
        }

        async fn run(&self, _: &mut StepState) -> Result<(), ComponentError> {
            self.0.raise(CancelPhase::Stopping);
            Err(ComponentError::Cancelled)
        }

        async fn cleanup(&self, state: &mut StepState) {
            state.ui.say("undo StepStop");
        }
    }

    const BANNER: &str = "say: Provisioning step had errors: Running the cleanup provisioner, if present...";
    const QUESTION: &str = "ask: [c] Clean up and exit, [a] abort without cleanup, or [r] retry step (build may fail even if retry succeeds)?";

    fn options(on_error: OnError) -> StepOptions {
        StepOptions { on_error, debug: false }
    }

    #[tokio::test]
    async fn success_is_undone_in_reverse_whatever_on_error_says() {
        for on_error in [OnError::Cleanup, OnError::Abort, OnError::Ask, OnError::RunCleanupProvisioner] {
            let said = &["say: run StepOne", "say: run StepLast", "say: undo StepLast", "say: undo StepOne"];
            let case =
                Case { options: options(on_error), answers: &[], failures: 0, hook: vec![], said, result: Ok(()) };
            check(case, false).await;
        }
    }

    #[tokio::test]
    async fn cleanup_runs_the_cleanup_provisioner_and_undoes() {
        let case = Case {
            options: options(OnError::Cleanup),
            answers: &[],
            failures: 1,
            hook: vec![],
            said: &["say: run StepOne", "say: run StepLast", "say: undo StepLast", BANNER, "say: undo StepOne"],
            result: Err("StepLast broke"),
        };
        check(case, false).await;
        let case = Case {
            options: options(OnError::Cleanup),
            answers: &[],
            failures: 0,
            hook: vec![Err(ComponentError::new("no")), Err(ComponentError::new("neither"))],
            said: &["say: run StepOne", BANNER, "say: undo StepOne"],
            result: Err("Cleanup failed: neither. Original Provisioning error: no"),
        };
        check(case, false).await;
    }

    #[tokio::test]
    async fn abort_leaves_everything() {
        let case = Case {
            options: options(OnError::Abort),
            answers: &[],
            failures: 1,
            hook: vec![],
            said: &[
                "say: run StepOne",
                "say: run StepLast",
                "error: StepLast broke",
                "error: Step \"StepLast\" failed, aborting...",
                "error: aborted: skipping cleanup of step \"StepProvision\"",
                "error: aborted: skipping cleanup of step \"StepOne\"",
            ],
            result: Err("StepLast broke"),
        };
        check(case, false).await;
    }

    #[tokio::test]
    async fn run_cleanup_provisioner_does_only_that() {
        let case = Case {
            options: options(OnError::RunCleanupProvisioner),
            answers: &[],
            failures: 0,
            hook: vec![Err(ComponentError::new("no"))],
            said: &["say: run StepOne", BANNER, "error: no", "error: Step \"StepOne\" failed, aborting..."],
            result: Err("no"),
        };
        check(case, false).await;
    }

    #[tokio::test]
    async fn ask_retries_aborts_or_cleans_up() {
        let failed =
            ["say: run StepOne", "say: run StepLast", "error: StepLast broke", "say: Step \"StepLast\" failed"];
        /// Answers, failures, what is said after the failure, the result.
        type Row = (&'static [&'static str], u32, Vec<&'static str>, Result<(), &'static str>);
        let rows: [Row; 4] = [
            (
                &["x", "R"],
                1,
                vec![
                    QUESTION,
                    "say: Incorrect input: \"x\"",
                    QUESTION,
                    "say: run StepLast",
                    "say: undo StepLast",
                    "say: undo StepOne",
                ],
                Ok(()),
            ),
            (
                &["a"],
                1,
                vec![
                    QUESTION,
                    "error: StepLast broke",
                    "error: Step \"StepLast\" failed, aborting...",
                    "error: aborted: skipping cleanup of step \"StepProvision\"",
                    "error: aborted: skipping cleanup of step \"StepOne\"",
                ],
                Err("StepLast broke"),
            ),
            (&[""], 1, vec![QUESTION, "say: undo StepLast", BANNER, "say: undo StepOne"], Err("StepLast broke")),
            (&[], 1, vec![QUESTION, "say: undo StepLast", BANNER, "say: undo StepOne"], Err("StepLast broke")),
        ];
        for (answers, failures, after, result) in rows {
            let said: Vec<&'static str> = failed.iter().copied().chain(after).collect();
            let case =
                Case { options: options(OnError::Ask), answers, failures, hook: vec![], said: said.leak(), result };
            check(case, false).await;
        }
    }

    #[tokio::test]
    async fn an_interrupt_is_no_error() {
        let rows: [(OnError, &'static [&'static str]); 2] = [
            (OnError::Cleanup, &["say: run StepOne", "say: undo StepStop", "say: undo StepOne"]),
            (
                OnError::Abort,
                &[
                    "say: run StepOne",
                    "error: Interrupted, aborting...",
                    "error: aborted: skipping cleanup of step \"StepOne\"",
                ],
            ),
        ];
        for (on_error, said) in rows {
            let result = Err("context canceled");
            check(Case { options: options(on_error), answers: &[], failures: 0, hook: vec![], said, result }, true)
                .await;
        }
    }

    #[tokio::test]
    async fn debug_pauses_around_steps() {
        let case = Case {
            options: StepOptions { on_error: OnError::Cleanup, debug: true },
            answers: &["", ""],
            failures: 1,
            hook: vec![],
            said: &[
                "say: run StepOne",
                "ask: Pausing after run of step 'StepOne'. Press enter to continue.",
                "ask: Pausing after run of step 'StepProvision'. Press enter to continue.",
                "say: run StepLast",
                "say: undo StepLast",
                "ask: Pausing before cleanup of step 'StepProvision'. Press enter to continue.",
                BANNER,
                "ask: Pausing before cleanup of step 'StepOne'. Press enter to continue.",
                "say: undo StepOne",
            ],
            result: Err("StepLast broke"),
        };
        check(case, false).await;
    }
}
