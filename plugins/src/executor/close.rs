//! Answers a builder's suspended call and waits for its artifact.

use std::sync::Arc;

use engine::{Cancel, Outcome};
use planner::node::{ArtifactId, BuildId};

use crate::component::ComponentError;
use crate::executor::attempts::final_outcome;
use crate::executor::build_run::{BuildRun, Live};
use crate::executor::open::failed;
use crate::executor::provision::{answer_provision, serve_hook};
use crate::executor::shared::Executor;
use crate::session::{BuilderEnd, Step};

/// Succeeds with the builder's artifact, which may be none.
pub(crate) async fn close(executor: &Arc<Executor>, id: BuildId, cancel: &Cancel) -> Outcome {
    let run = executor.run(id);
    if run.is_adopted() {
        return Outcome::Succeeded;
    }
    let Some(mut live) = run.live.lock().await.take() else {
        return Outcome::Bug("a build was closed that is not open".to_owned());
    };
    note_cancelled(run, &live, cancel);
    answer_provision(executor, id, &mut live);
    let end = loop {
        if let Some(end) = live.ended.take() {
            break end;
        }
        match live.session.next().await {
            Step::Called(call) => serve_hook(executor, id, call, cancel).await,
            Step::Ended(end) => live.ended = Some(end),
        }
    };
    if let BuilderEnd::Returned(Ok(artifact)) = &end {
        // Before what it is made from is known to be gone.
        executor.record_artifact(id, ArtifactId::Builder, artifact.as_ref(), (None, false)).await;
    }
    executor.record_builder_end(id, &end, cancel.is_killing());
    match end {
        // How plugins say that they have stopped as they were told to.
        BuilderEnd::Returned(Ok(None)) if cancel.is_stopping() => {
            failed(run, BuilderEnd::Returned(Err(ComponentError::Cancelled)))
        }
        BuilderEnd::Returned(Ok(artifact)) => {
            if executor.program.build(id).chains.is_empty() {
                // Nobody reads it.
                artifact.iter().for_each(|artifact| artifact.release());
            }
            // Close runs once, so nobody has set the artifact before.
            let _ = run.artifact.set(artifact);
            Outcome::Succeeded
        }
        // What it was closed in is over.
        end => final_outcome(failed(run, end), cancel),
    }
}

/// Provisioners that were cancelled before they started left no error; the builder must not take that for success.
fn note_cancelled(run: &BuildRun, live: &Live, cancel: &Cancel) {
    if live.call.is_some() && cancel.is_stopping() {
        run.set_provision_error(ComponentError::Cancelled);
    }
}
