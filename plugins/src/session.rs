//! A live builder between open and close. The builder calls back in the middle of its run; the session holds that
//! suspended call, so that open can end when it arrives and close can answer it.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::component::{Artifact, BuildData, Builder, Communicator, ComponentError, Hook, Ui};

/// A builder's suspended call.
pub struct HookCall {
    /// The hook's name.
    pub name: String,
    /// The machine, if there is one to talk to.
    pub communicator: Option<Arc<dyn Communicator>>,
    /// What the builder knows about it.
    pub data: BuildData,
    /// Raised when the builder wants what it called to end.
    pub cancel: Cancel,
    answer: oneshot::Sender<Result<(), ComponentError>>,
}

impl HookCall {
    /// Lets the builder go on. A builder that no longer listens has ended, which the session reports by itself.
    pub fn answer(self, result: Result<(), ComponentError>) {
        let _ = self.answer.send(result);
    }
}

/// How a builder's run ended.
#[derive(Clone, Debug)]
pub enum BuilderEnd {
    /// It returned.
    Returned(Result<Option<Arc<dyn Artifact>>, ComponentError>),
    /// It panicked with this text: a bug.
    Panicked(String),
}

/// What a builder did next.
pub enum Step {
    /// It called back.
    Called(HookCall),
    /// It ended.
    Ended(BuilderEnd),
}

/// A running builder.
pub struct Session {
    calls: mpsc::Receiver<HookCall>,
    run: JoinHandle<Result<Option<Arc<dyn Artifact>>, ComponentError>>,
}

impl Session {
    /// Starts the builder on a task of its own, so that nobody's lost interest ever drops it half way.
    pub fn start(builder: Box<dyn Builder>, ui: Arc<dyn Ui>, cancel: Cancel) -> Self {
        let (sender, calls) = mpsc::channel(1);
        let hook: Arc<dyn Hook> = Arc::new(SessionHook { calls: sender, cancel: cancel.clone() });
        let run = tokio::spawn(async move { builder.run(ui, hook, &cancel).await });
        Self { calls, run }
    }

    /// Waits for the next call or the end.
    pub async fn next(&mut self) -> Step {
        // A closed channel means that the builder has dropped its hook: only its end is left to wait for.
        if let Some(call) = self.calls.recv().await {
            return Step::Called(call);
        }
        Step::Ended(match (&mut self.run).await {
            Ok(result) => BuilderEnd::Returned(result),
            Err(error) if error.is_panic() => BuilderEnd::Panicked(text_of_panic(&*error.into_panic())),
            Err(_) => BuilderEnd::Returned(Err(ComponentError::Cancelled)),
        })
    }
}

/// The text that a panic carries.
pub fn text_of_panic(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panicked without a text".to_owned())
}

struct SessionHook {
    calls: mpsc::Sender<HookCall>,
    cancel: Cancel,
}

#[async_trait]
impl Hook for SessionHook {
    async fn run(
        &self,
        name: &str,
        communicator: Option<Arc<dyn Communicator>>,
        data: BuildData,
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        let (answer, reply) = oneshot::channel();
        let call = HookCall { name: name.to_owned(), communicator, data, cancel: cancel.clone(), answer };
        let answered = async {
            self.calls.send(call).await.map_err(|_| ComponentError::Cancelled)?;
            reply.await.unwrap_or(Err(ComponentError::Cancelled))
        };
        // When killing, nobody answers any more; the builder must not wait for ever.
        tokio::select! {
            biased;
            result = answered => result,
            () = self.cancel.killing() => Err(ComponentError::Cancelled),
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::CancelPhase;
    use planner::value::Value;

    use super::*;
    use crate::component::{ComponentContext, HOOK_PROVISION, Prepared};

    /// Calls back once, then returns nothing, fails with the answer, or panics.
    struct Scripted {
        panics: bool,
    }

    #[async_trait]
    impl Builder for Scripted {
        async fn prepare(&mut self, _config: &Value, _context: &ComponentContext) -> Result<Prepared, ComponentError> {
            Ok(Prepared::default())
        }

        async fn run(
            &self,
            _ui: Arc<dyn Ui>,
            hook: Arc<dyn Hook>,
            cancel: &Cancel,
        ) -> Result<Option<Arc<dyn Artifact>>, ComponentError> {
            hook.run(HOOK_PROVISION, None, BuildData::new(), cancel).await?;
            assert!(!self.panics, "scripted");
            Ok(None)
        }
    }

    struct Silent;

    #[async_trait]
    impl Ui for Silent {
        fn say(&self, _text: &str) {}

        fn message(&self, _text: &str) {}

        fn error(&self, _text: &str) {}

        fn machine(&self, _kind: &str, _args: &[String]) {}

        async fn ask(&self, _query: &str) -> Result<String, ComponentError> {
            Err(ComponentError::new("nobody to ask"))
        }
    }

    async fn called(panics: bool, cancel: &Cancel) -> (Session, HookCall) {
        let mut session = Session::start(Box::new(Scripted { panics }), Arc::new(Silent), cancel.clone());
        match session.next().await {
            Step::Called(call) => (session, call),
            Step::Ended(end) => panic!("ended early: {end:?}"),
        }
    }

    #[tokio::test]
    async fn a_call_waits_for_its_answer() {
        let failed = ComponentError::new("provisioner failed");
        for (answer, panics, ends) in [
            (Ok(()), false, "Returned(Ok(None))".to_owned()),
            (Err(failed.clone()), false, format!("Returned(Err({failed:?}))")),
            (Ok(()), true, "Panicked(\"scripted\")".to_owned()),
        ] {
            let (mut session, call) = called(panics, &Cancel::new()).await;
            assert_eq!(call.name, HOOK_PROVISION);
            call.answer(answer);
            let Step::Ended(end) = session.next().await else { panic!("it calls once") };
            assert_eq!(format!("{end:?}"), ends);
        }
    }

    #[tokio::test]
    async fn nobody_waits_for_an_answer_when_killing() {
        let cancel = Cancel::new();
        let (mut session, _unanswered) = called(false, &cancel).await;
        cancel.raise(CancelPhase::Killing);
        let Step::Ended(end) = session.next().await else { panic!("it calls once") };
        assert_eq!(format!("{end:?}"), "Returned(Err(Cancelled))");
    }
}
