//! What a build has come to so far: written by its nodes, one after the other, read by those behind them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use engine::Cancel;
use planner::node::PostProcessorId;

use crate::component::{Artifact, BuildData, Communicator, ComponentError};
use crate::output::ChainOutput;
use crate::session::{BuilderEnd, HookCall, Session};

/// The machine as lent by the builder.
pub struct Lent {
    /// How to talk to it; none when the builder gave no communicator.
    pub communicator: Option<Arc<dyn Communicator>>,
    /// What the builder knows about it.
    pub data: BuildData,
    /// Raised when the builder wants those it was lent to to end.
    pub cancel: Cancel,
}

/// A session between open and close.
pub struct Live {
    /// The running builder.
    pub session: Session,
    /// Its suspended provision call.
    pub call: Option<HookCall>,
    /// How it ended, once it has.
    pub ended: Option<BuilderEnd>,
}

/// What a post-processor left.
#[derive(Clone, Debug)]
pub struct PostRun {
    /// Its artifact.
    pub artifact: Option<Arc<dyn Artifact>>,
    /// Whether its input stays.
    pub keeps_input: bool,
}

/// One build's state.
pub struct BuildRun {
    /// Names the builder promised to add to `build.*`.
    pub generated: OnceLock<Vec<String>>,
    /// Set once the builder was started.
    pub opened: OnceLock<()>,
    /// The session, until close ends it.
    pub live: tokio::sync::Mutex<Option<Live>>,
    lent: Mutex<Option<Arc<Lent>>>,
    /// The error that the provision call is answered with.
    pub provision_error: Mutex<Option<ComponentError>>,
    /// The builder's artifact, once it ended well.
    pub artifact: OnceLock<Option<Arc<dyn Artifact>>>,
    /// Chains' lines, kept apart.
    pub chains: Arc<ChainOutput>,
    posts: Mutex<BTreeMap<PostProcessorId, PostRun>>,
    errors: Mutex<Vec<BuildError>>,
}

/// Something that went wrong in a build, with what it is called in the summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildError {
    /// A component's configuration was refused; the text was shown as a diagnostic.
    Prepare(String),
    /// The builder, or a provisioner through it.
    Builder(String),
    /// A post-processor.
    PostProcess(PostProcessorId, String),
    /// An artifact's destruction.
    Destroy(String),
    /// It ended because the run was told to.
    Cancelled,
}

impl BuildRun {
    /// Nothing has happened yet.
    pub fn new(chains: Arc<ChainOutput>) -> Self {
        Self {
            generated: OnceLock::new(),
            opened: OnceLock::new(),
            live: tokio::sync::Mutex::new(None),
            lent: Mutex::new(None),
            provision_error: Mutex::new(None),
            artifact: OnceLock::new(),
            chains,
            posts: Mutex::new(BTreeMap::new()),
            errors: Mutex::new(Vec::new()),
        }
    }

    /// The names the builder promised.
    pub fn generated(&self) -> &[String] {
        self.generated.get().map(Vec::as_slice).unwrap_or_default()
    }

    /// The machine; none when the builder ended without lending one.
    pub fn lent(&self) -> Option<Arc<Lent>> {
        lock(&self.lent).clone()
    }

    /// Takes the machine of a call. A builder that repeats a step lends it anew.
    pub fn lend(&self, call: &HookCall) {
        let lent =
            Lent { communicator: call.communicator.clone(), data: call.data.clone(), cancel: call.cancel.clone() };
        *lock(&self.lent) = Some(Arc::new(lent));
    }

    /// Notes an error for the summary.
    pub fn fail(&self, error: BuildError) {
        lock(&self.errors).push(error);
    }

    /// All errors so far.
    pub fn errors(&self) -> Vec<BuildError> {
        lock(&self.errors).clone()
    }

    /// Notes what a post-processor left.
    pub fn set_post(&self, at: PostProcessorId, post: PostRun) {
        lock(&self.posts).insert(at, post);
    }

    /// What a post-processor left; none when it failed or did not run.
    pub fn post(&self, at: PostProcessorId) -> Option<PostRun> {
        lock(&self.posts).get(&at).cloned()
    }

    /// Notes the first provisioner error.
    pub fn set_provision_error(&self, error: ComponentError) {
        lock(&self.provision_error).get_or_insert(error);
    }

    /// The result the provision call is answered with.
    pub fn provision_result(&self) -> Result<(), ComponentError> {
        lock(&self.provision_error).clone().map_or(Ok(()), Err)
    }
}

/// A poisoned lock means that a node panicked while writing a plain value; what is there is still whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
