//! The end of a build run: which builds failed, which artifacts there are, for people and for programs.

use std::sync::Arc;
use std::time::Duration;

use planner::lower::Program;
use planner::node::BuildId;
use plugins::component::Artifact;
use plugins::executor::Executor;

use crate::building::closing::Closing;
use crate::building::watch::Watch;
use crate::duration::in_words;
use crate::session::Session;

/// What an interrupted run ends with.
pub const INTERRUPTED: &str = "Cleanly cancelled builds after being interrupted.";

/// Something of a build, with the build's name.
type Named<T> = (Arc<str>, T);
type Artifacts = Vec<Arc<dyn Artifact>>;

/// What the builds of a run came to, in template order.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    errors: Vec<Named<String>>,
    artifacts: Vec<Named<Artifacts>>,
    n_opened: usize,
}

impl Summary {
    /// Sums up a finished run.
    pub fn new(program: &Program, executor: &Executor, watch: &Watch) -> Self {
        let mut summary = Self { n_opened: watch.n_opened(), ..Self::default() };
        let skipped = watch.skipped();
        for at in 0..program.builds.len() {
            let id = BuildId(at as u32);
            let name = program.build(id).name.clone();
            let result = executor.result(id);
            if let Some(error) = result.error {
                summary.errors.push((name, error));
            } else if let Ok(nth) = skipped.binary_search_by_key(&id, |(build, _)| *build) {
                let cause = program.key(*program.plan.node(skipped[nth].1));
                summary.errors.push((name, format!("not started, because {cause} failed")));
            } else if !result.artifacts.is_empty() {
                summary.artifacts.push((name, result.artifacts));
            }
        }
        summary
    }

    /// Whether any build failed.
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Prints it. An interrupted run says only that. What determined how long it took stands before the artifacts: scripts
    /// look at the last lines for those.
    pub fn print(&self, session: &mut Session, took: Duration, interrupted: bool, closing: (&Closing, bool)) {
        if self.n_opened > 0 {
            session.say(&format!("\n==> Wait completed after {}", in_words(took)));
        }
        if interrupted {
            session.say(INTERRUPTED);
            return;
        }
        if self.n_opened > 0 {
            let (closing, asked) = closing;
            closing.print(session, asked);
        }
        if self.has_errors() {
            self.print_errors(session);
        }
        if self.artifacts.is_empty() {
            session.say("\n==> Builds finished but no artifacts were created.");
        } else {
            self.print_artifacts(session);
        }
    }

    fn print_errors(&self, session: &mut Session) {
        session.machine(None, "error-count", &[self.errors.len().to_string()]);
        session.error("\n==> Some builds didn't complete successfully and had errors:");
        for (name, error) in &self.errors {
            session.machine(Some(name), "error", std::slice::from_ref(error));
            session.error(&format!("--> {name}: {error}"));
        }
    }

    fn print_artifacts(&self, session: &mut Session) {
        session.say("\n==> Builds finished. The artifacts of successful builds are:");
        for (name, artifacts) in &self.artifacts {
            session.machine(Some(name), "artifact-count", &[artifacts.len().to_string()]);
            for (at, artifact) in artifacts.iter().enumerate() {
                print_artifact(session, name, at, &**artifact);
            }
        }
    }
}

fn print_artifact(session: &mut Session, name: &str, at: usize, artifact: &dyn Artifact) {
    let mut line = |rest: &[&str]| {
        let args: Vec<String> =
            std::iter::once(at.to_string()).chain(rest.iter().map(|arg| (*arg).to_owned())).collect();
        session.machine(Some(name), "artifact", &args);
    };
    line(&["builder-id", artifact.builder_id()]);
    line(&["id", &artifact.id()]);
    line(&["string", &artifact.description()]);
    let files = artifact.files();
    line(&["files-count", &files.len().to_string()]);
    for (nth, file) in files.iter().enumerate() {
        line(&["file", &nth.to_string(), &file.to_string_lossy()]);
    }
    line(&["end"]);
    session.say(&format!("--> {name}: {}", artifact.description()));
}
