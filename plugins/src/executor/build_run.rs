//! What a build has come to so far: written by its nodes, one after the other, read by those behind them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use engine::Cancel;
use planner::node::{ArtifactId, ComponentUse, PostProcessorId};

use crate::component::{Artifact, BuildData, Communicator, ComponentError};
use crate::executor::adopt::Adoption;
use crate::journal::InputsNote;
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
    n_provisioned: AtomicUsize,
    /// The builder's artifact, once it ended well.
    pub artifact: OnceLock<Option<Arc<dyn Artifact>>>,
    /// Chains' lines, kept apart.
    pub chains: Arc<ChainOutput>,
    /// What of it is taken over from an earlier run, once that is decided.
    pub adoption: OnceLock<Adoption>,
    posts: Mutex<BTreeMap<PostProcessorId, PostRun>>,
    errors: Mutex<Vec<BuildError>>,
    records: Mutex<Records>,
}

/// What is written down of a build.
#[derive(Default)]
struct Records {
    /// What its components are made from.
    inputs: BTreeMap<ComponentUse, InputsNote>,
    /// Where its builder makes things.
    place: BTreeMap<String, String>,
    /// What its builder said about things that it could not remove.
    regrets: Vec<String>,
    /// The numbers that its artifacts have as resources.
    numbers: BTreeMap<ArtifactId, u64>,
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
            n_provisioned: AtomicUsize::new(0),
            artifact: OnceLock::new(),
            chains,
            adoption: OnceLock::new(),
            posts: Mutex::new(BTreeMap::new()),
            errors: Mutex::new(Vec::new()),
            records: Mutex::default(),
        }
    }

    /// Whether the builder's artifact is taken over from an earlier run.
    pub fn is_adopted(&self) -> bool {
        self.adoption.get().is_some_and(|adoption| adoption.builder.is_some())
    }

    /// The earlier run that what a post-processor made is taken over from, if it is.
    pub fn adoption_of(&self, at: PostProcessorId) -> Option<usize> {
        self.adoption.get()?.posts.get(&at).copied()
    }

    /// Notes what a component is made from.
    pub fn set_inputs(&self, what: ComponentUse, inputs: InputsNote) {
        lock(&self.records).inputs.insert(what, inputs);
    }

    /// What a component is made from, if that is known.
    pub fn inputs(&self, what: ComponentUse) -> Option<InputsNote> {
        lock(&self.records).inputs.get(&what).cloned()
    }

    /// Notes where the builder makes things.
    pub fn set_place(&self, place: BTreeMap<String, String>) {
        lock(&self.records).place = place;
    }

    /// Where the builder makes things.
    pub fn place(&self) -> BTreeMap<String, String> {
        lock(&self.records).place.clone()
    }

    /// Notes what the builder says about things that it could not remove.
    pub fn regret(&self, text: &str) {
        lock(&self.records).regrets.push(text.to_owned());
    }

    /// Whether the builder said that it could not remove this.
    pub fn regrets(&self, id: &str) -> bool {
        lock(&self.records).regrets.iter().any(|text| text.contains(id))
    }

    /// Notes the number of an artifact.
    pub fn set_number(&self, which: ArtifactId, number: u64) {
        lock(&self.records).numbers.insert(which, number);
    }

    /// The number of an artifact, if it has one.
    pub fn number(&self, which: ArtifactId) -> Option<u64> {
        lock(&self.records).numbers.get(&which).copied()
    }

    /// The number of the artifact that the maker of another one started from.
    pub fn number_before(&self, which: ArtifactId) -> Option<u64> {
        let ArtifactId::PostProcessor(at) = which else { return None };
        self.number(match at.position.checked_sub(1) {
            None => ArtifactId::Builder,
            Some(position) => ArtifactId::PostProcessor(PostProcessorId { position, ..at }),
        })
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

    /// Forgets errors.
    pub fn drop_errors(&self, is_unwanted: impl Fn(&BuildError) -> bool) {
        lock(&self.errors).retain(|error| !is_unwanted(error));
    }

    /// Adds to the text of the last error.
    pub fn amend_last_error(&self, more: &str) {
        if let Some(
            BuildError::Prepare(text)
            | BuildError::Builder(text)
            | BuildError::PostProcess(_, text)
            | BuildError::Destroy(text),
        ) = lock(&self.errors).last_mut()
        {
            text.push_str(more);
        }
    }

    /// Changes what the provision call is answered with, if that is an error.
    pub fn change_provision_error(&self, change: impl FnOnce(&mut Option<ComponentError>)) {
        change(&mut lock(&self.provision_error));
    }

    /// A provisioner succeeded, or there was nothing for it to do.
    pub fn note_provisioned(&self) {
        self.n_provisioned.fetch_add(1, Ordering::Relaxed);
    }

    /// How many provisioners did.
    pub fn n_provisioned(&self) -> usize {
        self.n_provisioned.load(Ordering::Relaxed)
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
