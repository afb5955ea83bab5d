//! What a build came to, once all its nodes have ended.

use std::sync::Arc;

use planner::node::{BuildId, PostProcessorId};

use crate::component::{Artifact, ComponentError};
use crate::executor::build_run::BuildError;
use crate::executor::post_process::builder_artifact_kept;
use crate::executor::shared::Executor;

/// What a build came to.
#[derive(Clone, Debug, Default)]
pub struct BuildResult {
    /// What went wrong, as the summary shows it.
    pub error: Option<String>,
    /// Whether the builder was reached at all: a build whose configuration was refused never ran.
    pub refused: bool,
    /// The artifacts that stay, builder's first, then chain by chain. Empty when there is an error.
    pub artifacts: Vec<Arc<dyn Artifact>>,
    /// Artifacts that stay although the build failed: nobody decided about them.
    pub left_behind: Vec<Arc<dyn Artifact>>,
}

impl Executor {
    /// Sums a build up and lets out lines still held back. Meaningful once all its nodes have ended.
    pub fn result(&self, id: BuildId) -> BuildResult {
        let run = self.run(id);
        run.chains.finish_all();
        let mut errors = run.errors();
        // When everything is ended at once, what would have told the end of the builder does not run any more.
        if errors.is_empty() && run.opened.get().is_some() && run.artifact.get().is_none() {
            errors.push(BuildError::Cancelled);
        }
        if errors.is_empty() {
            return BuildResult { artifacts: self.kept_artifacts(id), ..BuildResult::default() };
        }
        BuildResult {
            refused: errors.iter().any(|error| matches!(error, BuildError::Prepare(_))),
            error: Some(error_text(&errors)),
            artifacts: Vec::new(),
            left_behind: self.left_behind(id),
        }
    }

    fn kept_artifacts(&self, id: BuildId) -> Vec<Arc<dyn Artifact>> {
        let run = self.run(id);
        let builder = run.artifact.get().cloned().flatten();
        let mut kept: Vec<Arc<dyn Artifact>> =
            builder.filter(|_| builder_artifact_kept(self, id)).into_iter().collect();
        for (chain, members) in self.program.build(id).chains.iter().enumerate() {
            let at = |position: usize| PostProcessorId { chain: chain as u32, position: position as u32 };
            for position in 0..members.len() {
                let Some(artifact) = run.post(at(position)).and_then(|post| post.artifact) else { break };
                let next = run.post(at(position + 1));
                if next.is_none_or(|next| next.keeps_input) {
                    kept.push(artifact);
                }
            }
        }
        kept
    }

    /// After a failure: post-processors' artifacts whose next in the chain did not succeed.
    fn left_behind(&self, id: BuildId) -> Vec<Arc<dyn Artifact>> {
        let run = self.run(id);
        let mut left = Vec::new();
        for (chain, members) in self.program.build(id).chains.iter().enumerate() {
            for position in 0..members.len() {
                let at = PostProcessorId { chain: chain as u32, position: position as u32 };
                let next = run.post(PostProcessorId { position: at.position + 1, ..at });
                if next.is_none() {
                    left.extend(run.post(at).and_then(|post| post.artifact));
                }
            }
        }
        left
    }
}

/// One builder error stands for itself; post-processing errors are counted and listed.
fn error_text(errors: &[BuildError]) -> String {
    if let Some(builder) = errors.iter().find_map(|error| match error {
        BuildError::Builder(text) | BuildError::Prepare(text) => Some(text.clone()),
        _ => None,
    }) {
        return builder;
    }
    // Chains run in parallel; what they failed with is told in template order.
    let mut failures: Vec<(PostProcessorId, &str)> = errors
        .iter()
        .filter_map(
            |error| if let BuildError::PostProcess(at, text) = error { Some((*at, text.as_str())) } else { None },
        )
        .collect();
    failures.sort();
    let destroyed = errors
        .iter()
        .filter_map(|error| if let BuildError::Destroy(text) = error { Some(text.as_str()) } else { None });
    let listed: Vec<&str> = failures.into_iter().map(|(_, text)| text).chain(destroyed).collect();
    if listed.is_empty() {
        return ComponentError::Cancelled.to_string();
    }
    format!("{} error(s) occurred:\n\n* {}", listed.len(), listed.join("\n* "))
}
