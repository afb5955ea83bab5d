//! Stand-ins for what surrounds a component in tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use engine::Cancel;
use planner::value::Value;

use crate::component::{Artifact, BuildData, Communicator, ComponentContext, ComponentError, Hook, OnError, Ui};
use crate::process::Fence;
use crate::scrubber::Scrubber;

/// A context in `/`, for a build called `web` of builder `null`.
pub(crate) fn context() -> ComponentContext {
    context_in(Path::new("/"))
}

/// A context whose working and temporary directory is `directory`.
pub(crate) fn context_in(directory: &Path) -> ComponentContext {
    let environment = BTreeMap::from([
        ("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned()),
        ("TMPDIR".to_owned(), directory.display().to_string()),
    ]);
    ComponentContext {
        build_name: Arc::from("web"),
        builder_type: Arc::from("null"),
        debug: false,
        force: false,
        on_error: OnError::Cleanup,
        run_uuid: Arc::from("run-1"),
        earlier_runs: Arc::from([]),
        core_version: Arc::from("1.16.0"),
        template_dir: Some(Arc::from("/templates")),
        working_dir: Arc::new(directory.to_path_buf()),
        environment: Arc::new(environment),
        fence: Fence::default(),
        recorder: Default::default(),
        secrets: Scrubber::new(),
        started: jiff::Timestamp::from_second(1_700_000_000).unwrap(),
        interactive: false,
        user_variables: None,
        sensitive_variables: std::sync::Arc::from([]),
        template_path: None,
    }
}

/// Keeps what is said, one `kind: text` each, and answers questions from a list.
#[derive(Default)]
pub(crate) struct RecordingUi {
    said: Mutex<Vec<String>>,
    answers: Mutex<Vec<String>>,
}

impl RecordingUi {
    /// One that gives these answers, then fails as without a terminal.
    pub(crate) fn answering(answers: &[&str]) -> Self {
        let answers = answers.iter().rev().map(|answer| (*answer).to_owned()).collect();
        Self { said: Mutex::default(), answers: Mutex::new(answers) }
    }

    pub(crate) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    fn push(&self, kind: &str, text: &str) {
        self.said.lock().unwrap().push(format!("{kind}: {text}"));
    }
}

#[async_trait]
impl Ui for RecordingUi {
    fn say(&self, text: &str) {
        self.push("say", text);
    }

    fn message(&self, text: &str) {
        self.push("message", text);
    }

    fn error(&self, text: &str) {
        self.push("error", text);
    }

    fn machine(&self, kind: &str, args: &[String]) {
        self.push("machine", &format!("{kind} {}", args.join(",")));
    }

    async fn ask(&self, query: &str) -> Result<String, ComponentError> {
        self.push("ask", query);
        self.answers.lock().unwrap().pop().ok_or_else(|| ComponentError::new("no available tty"))
    }
}

/// A hook that answers from a list, and keeps what it was called with.
#[derive(Default)]
pub(crate) struct RecordingHook {
    pub(crate) calls: Mutex<Vec<(String, bool, BuildData)>>,
    pub(crate) answers: Mutex<Vec<Result<(), ComponentError>>>,
}

impl RecordingHook {
    /// One that gives these answers, then succeeds.
    pub(crate) fn answering(answers: impl IntoIterator<Item = Result<(), ComponentError>>) -> Self {
        let mut answers: Vec<_> = answers.into_iter().collect();
        answers.reverse();
        Self { calls: Mutex::default(), answers: Mutex::new(answers) }
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.calls.lock().unwrap().iter().map(|(name, ..)| name.clone()).collect()
    }
}

#[async_trait]
impl Hook for RecordingHook {
    async fn run(
        &self,
        name: &str,
        communicator: Option<Arc<dyn Communicator>>,
        data: BuildData,
        _cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        self.calls.lock().unwrap().push((name.to_owned(), communicator.is_some(), data));
        self.answers.lock().unwrap().pop().unwrap_or(Ok(()))
    }
}

/// An artifact of these files.
#[derive(Debug, Default)]
pub(crate) struct FixedArtifact {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) data: BuildData,
}

#[async_trait]
impl Artifact for FixedArtifact {
    fn builder_id(&self) -> &str {
        "test.fixed"
    }

    fn id(&self) -> String {
        "fixed-id".to_owned()
    }

    fn description(&self) -> String {
        "fixed".to_owned()
    }

    fn files(&self) -> Vec<PathBuf> {
        self.files.clone()
    }

    fn generated_data(&self) -> BTreeMap<String, Value> {
        self.data.clone()
    }

    async fn destroy(&self) -> Result<(), ComponentError> {
        Ok(())
    }
}
