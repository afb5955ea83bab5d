//! Post-processors, and the artifacts that nobody keeps.

use std::sync::Arc;

use engine::{Cancel, Outcome, SkipCause};
use planner::diagnostic::Diagnostics;
use planner::node::{ArtifactId, BuildId, ComponentUse, PostProcessorId};

use crate::component::{Artifact, ComponentError, PostProcessed};
use crate::executor::adopt;
use crate::executor::build_run::{BuildError, PostRun};
use crate::executor::configure::configure;
use crate::executor::interrupt::unless_stopped;
use crate::executor::prepare::failure;
use crate::executor::shared::{Executor, outcome_of};
use crate::keep::keeps_input;
use crate::output::{ChainUi, Line, LineKind};

/// Runs a post-processor node.
pub(crate) async fn node(executor: &Arc<Executor>, id: BuildId, at: PostProcessorId, cancel: &Cancel) -> Outcome {
    let run = executor.run(id);
    let input = input_of(executor, id, at);
    let outcome = match input {
        None => Outcome::Skipped(SkipCause::NotNeeded),
        Some(_) if run.adoption_of(at).is_some() => adopt::post_processor(executor, id, at).await,
        Some(input) => match post_process(executor, id, at, input, cancel).await {
            Ok(()) => Outcome::Succeeded,
            Err(ComponentError::Cancelled) => {
                run.fail(BuildError::Cancelled);
                Outcome::Cancelled
            }
            Err(error) => {
                run.fail(BuildError::PostProcess(at, format!("Post-processor failed: {error}")));
                outcome_of(error)
            }
        },
    };
    let length = executor.program.build(id).chains[at.chain as usize].len();
    let is_last = at.position as usize + 1 == length;
    if is_last || !outcome.is_success() {
        run.chains.finish(at.chain as usize);
    }
    outcome
}

/// The artifact that a post-processor starts from.
fn input_of(executor: &Executor, id: BuildId, at: PostProcessorId) -> Option<Arc<dyn Artifact>> {
    let run = executor.run(id);
    match at.position.checked_sub(1) {
        None => run.artifact.get().cloned().flatten(),
        Some(position) => run.post(PostProcessorId { position, ..at })?.artifact,
    }
}

async fn post_process(
    executor: &Arc<Executor>,
    id: BuildId,
    at: PostProcessorId,
    input: Arc<dyn Artifact>,
    cancel: &Cancel,
) -> Result<(), ComponentError> {
    let (run, program) = (executor.run(id), &executor.program);
    let Some((block, meta)) = program.post_processor(id, at) else {
        return Err(ComponentError::new("the post-processor vanished from the plan"));
    };
    let kind = block.kind.name.clone();
    let text = if meta.name == kind {
        format!("Running post-processor: {kind}")
    } else {
        format!("Running post-processor: {} (type {kind})", meta.name)
    };
    let line = Line { build: Some(id), post_processor: None, kind: LineKind::Say, text };
    run.chains.line(at.chain as usize, line);
    let data = input.generated_data();
    executor.hide_logins(&data);
    let view = program.build_after(id, run.generated(), &data);
    let mut diags = Diagnostics::new();
    let Some(config) = configure(executor, id, ComponentUse::PostProcessor(at), view, &mut diags) else {
        return Err(ComponentError::new(executor.refuse(Some(id), diags).to_string()));
    };
    let Some(mut post_processor) = executor.registry.post_processor(&kind) else {
        return Err(ComponentError::new(format!("post-processor {kind} vanished from the registry")));
    };
    unless_stopped(cancel, post_processor.prepare(&config, &executor.context(id))).await?;
    let ui = Arc::new(ChainUi::new(run.chains.clone(), at.chain as usize, id, Some(kind)));
    let PostProcessed { artifact, keep, force } = post_processor.post_process(ui, input.clone(), cancel).await?;
    let keeps_input = keeps_input(meta.keep_input_artifact, keep, force);
    let which = ArtifactId::PostProcessor(at);
    executor.record_artifact(id, which, artifact.as_ref(), (Some(&input), keeps_input)).await;
    if at.position as usize + 1 == program.build(id).chains[at.chain as usize].len() {
        // Nobody reads the last one of a chain.
        artifact.iter().for_each(|artifact| artifact.release());
    }
    run.set_post(at, PostRun { artifact, keeps_input });
    Ok(())
}

/// Destroys an artifact unless somebody keeps it. Whoever could read it has done so: it is let go of in any case.
pub(crate) async fn destroy(executor: &Arc<Executor>, id: BuildId, which: ArtifactId, cancel: &Cancel) -> Outcome {
    let run = executor.run(id);
    let artifact = match which {
        ArtifactId::Builder => run.artifact.get().cloned().flatten(),
        ArtifactId::PostProcessor(at) => run.post(at).and_then(|post| post.artifact),
    };
    let Some(artifact) = artifact else { return Outcome::Skipped(SkipCause::NotNeeded) };
    // A stopped run has not come to a decision about its artifacts: leaving them loses nothing.
    if cancel.is_stopping() || !is_unwanted(executor, id, which) {
        artifact.release();
        return Outcome::Skipped(SkipCause::NotNeeded);
    }
    let destroyed = artifact.destroy().await;
    if destroyed.is_ok() {
        run.number(which).into_iter().for_each(|number| executor.recorder().gone(number));
    }
    artifact.release();
    let Err(error) = destroyed else { return Outcome::Succeeded };
    let text = match which {
        ArtifactId::Builder => format!("Error destroying builder artifact: {error}; bad artifact: {}", artifact.id()),
        ArtifactId::PostProcessor(at) => {
            let next = PostProcessorId { position: at.position + 1, ..at };
            let kind = executor.program.post_processor(id, next).map(|(block, _)| block.kind.name.clone());
            format!("Failed cleaning up prior artifact: {error}; pp is {}", kind.unwrap_or_default())
        }
    };
    run.fail(BuildError::Destroy(text.clone()));
    Outcome::Failed(failure(text))
}

/// The builder's artifact goes unless a first post-processor keeps it, also when one failed. A post-processor's goes
/// when the next in its chain is done with it; if that failed it stays, for it may be all there is.
fn is_unwanted(executor: &Executor, id: BuildId, which: ArtifactId) -> bool {
    let run = executor.run(id);
    match which {
        ArtifactId::Builder => !builder_artifact_kept(executor, id),
        ArtifactId::PostProcessor(at) => {
            let next = PostProcessorId { position: at.position + 1, ..at };
            run.post(next).is_some_and(|next| !next.keeps_input)
        }
    }
}

/// Whether the builder's artifact stays: no chains, or a chain's first post-processor keeps it.
pub(crate) fn builder_artifact_kept(executor: &Executor, id: BuildId) -> bool {
    let run = executor.run(id);
    let n_chains = executor.program.build(id).chains.len() as u32;
    let first = |chain| run.post(PostProcessorId { chain, position: 0 });
    n_chains == 0 || (0..n_chains).any(|chain| first(chain).is_some_and(|post| post.keeps_input))
}
