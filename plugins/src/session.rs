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
            Err(error) if error.is_panic() => BuilderEnd::Panicked(panic_text(error.into_panic())),
            Err(_) => BuilderEnd::Returned(Err(ComponentError::Cancelled)),
        })
    }
}

/// The text a panic carried.
pub fn panic_text(payload: Box<dyn std::any::Any + Send>) -> String {
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
    ) -> Result<(), ComponentError> {
        let (answer, reply) = oneshot::channel();
        let call = HookCall { name: name.to_owned(), communicator, data, answer };
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
