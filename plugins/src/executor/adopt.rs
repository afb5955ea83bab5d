//! What a build takes over from the run that is taken up again, and why it runs the rest.
//!
//! A machine cannot be taken up in the middle, so a builder and its provisioners are taken over together, by their
//! artifact, or not at all; post-processors one by one. What is taken over must be made from what it would be made from
//! now, and be there as far as somebody still needs it.

use std::collections::BTreeSet;
use std::sync::Arc;

use engine::Outcome;
use planner::node::{ArtifactId, BuildId, ComponentUse, Node, PostProcessorId, ProvisionerId};

use crate::cleanup::World;
use crate::component::Artifact;
use crate::executor::build_run::PostRun;
use crate::executor::shared::Executor;
use crate::journal::{Earlier, Fate, Made, Note, Reason, RecordedArtifact};
use crate::output::{Line, LineKind};

/// What of a build is taken over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adoption {
    /// The builder's artifact.
    pub builder: bool,
    /// What these post-processors made.
    pub posts: BTreeSet<PostProcessorId>,
}

/// Decides what of a build is taken over, once all its components have been checked, and says so. Whether the builder's
/// artifact is, which is then known.
pub(crate) async fn builder(executor: &Arc<Executor>, id: BuildId) -> bool {
    let Some(earlier) = executor.earlier() else { return false };
    let run = executor.run(id);
    let (adoption, lines) = Decision { executor, earlier, id }.decide();
    lines.into_iter().for_each(|text| {
        executor.output.line(Line { build: Some(id), post_processor: None, kind: LineKind::Say, text });
    });
    let is_adopted = adoption.builder;
    // Open runs once, and nobody else decides.
    let _ = run.adoption.set(adoption);
    if is_adopted {
        let made = earlier.made(&executor.program.key(Node::BuilderClose(id)));
        let artifact = take_over(executor, earlier, made, (id, ArtifactId::Builder)).await;
        let _ = run.opened.set(());
        let _ = run.artifact.set(artifact);
    }
    is_adopted
}

/// Takes over what a post-processor made.
pub(crate) async fn post_processor(executor: &Arc<Executor>, id: BuildId, at: PostProcessorId) -> Outcome {
    let Some(earlier) = executor.earlier() else { return Outcome::Bug("nothing can be taken over".to_owned()) };
    let made = earlier.made(&executor.program.key(Node::PostProcess(id, at)));
    let keeps_input = made.is_some_and(|made| made.note.keeps_input);
    let artifact = take_over(executor, earlier, made, (id, ArtifactId::PostProcessor(at))).await;
    executor.run(id).set_post(at, PostRun { artifact, keeps_input });
    Outcome::Succeeded
}

/// Writes down that an artifact is ours now: first here, then where it was, so that at no moment it is nobody's.
async fn take_over(
    executor: &Executor,
    earlier: &Earlier,
    made: Option<&Made>,
    (id, which): (BuildId, ArtifactId),
) -> Option<Arc<dyn Artifact>> {
    let made = made?;
    let node = match which {
        ArtifactId::Builder => Node::BuilderClose(id),
        ArtifactId::PostProcessor(at) => Node::PostProcess(id, at),
    };
    let is_there = made.fate == Fate::There;
    let number = match made.resource.clone().filter(|_| is_there) {
        Some(resource) => executor.recorder().adopt(resource, executor.position(node)),
        None => 0,
    };
    executor.run(id).set_number(which, number);
    let mut note = made.note.clone();
    (note.node, note.number) = (executor.position(node), number);
    executor.recorder().note_durably(&Note::Artifact(note.clone())).await;
    if is_there {
        earlier.give_away(made, &executor.plain_context().run_uuid).await;
    }
    let context = executor.plain_context();
    let world = World {
        working_dir: context.working_dir,
        environment: context.environment,
        fence: context.fence,
        secrets: context.secrets,
        run_started: context.started.into(),
    };
    Some(Arc::new(RecordedArtifact::new(note, made.resource.clone(), world)))
}

struct Decision<'a> {
    executor: &'a Executor,
    earlier: &'a Earlier,
    id: BuildId,
}

impl Decision<'_> {
    fn decide(&self) -> (Adoption, Vec<String>) {
        let from = format!("run {}", self.earlier.short_run());
        if let Err((step, reason)) = self.builder() {
            return (Adoption::default(), vec![format!("Built again, because of {step} in {from}: {reason}.")]);
        }
        let mut adoption = Adoption { builder: true, posts: BTreeSet::new() };
        let mut lines = Vec::new();
        let build = self.executor.program.build(self.id);
        let mut is_builder_needed = build.chains.is_empty();
        for (chain, members) in build.chains.iter().enumerate() {
            let at = |position: usize| PostProcessorId { chain: chain as u32, position: position as u32 };
            let (n_taken, reason) = self.chain(members.len(), &at);
            is_builder_needed |= n_taken == 0;
            adoption.posts.extend((0..n_taken).map(&at));
            let own = |position: usize| self.own_key(Node::PostProcess(self.id, at(position)));
            lines.extend(
                (0..n_taken).map(|position| format!("Not run again: {}, unchanged since {from}.", own(position))),
            );
            if let Some(reason) = reason {
                lines.push(format!("Run again: {}. In {from}: {reason}.", own(n_taken)));
                let rest = n_taken + 1..members.len();
                lines.extend(rest.map(|position| format!("Run again: {}, as {} is.", own(position), own(n_taken))));
            }
        }
        if let Err(reason) = self.artifact_is_there(is_builder_needed) {
            return (Adoption::default(), vec![format!("Built again, because of what {from} made: {reason}.")]);
        }
        let trust = if self.is_on_trust() { " Whether it is still there cannot be asked." } else { "" };
        let first = format!("Not built again: nothing that it is made from has changed since {from}.{trust}");
        lines.insert(0, first);
        (adoption, lines)
    }

    /// Whether builder and provisioners would do what they did. If not, which of them, and why.
    fn builder(&self) -> Result<(), (String, Reason)> {
        let build = self.executor.program.build(self.id);
        let uses = (0..build.provisioners.len() as u32).map(ProvisionerId::Ordinary);
        let uses = uses.map(|at| (Node::Provision(self.id, at), Some(ComponentUse::Provisioner(at))));
        let all = std::iter::once((Node::BuilderOpen(self.id), Some(ComponentUse::Builder)));
        for (node, what) in all.chain(uses).chain([(Node::BuilderClose(self.id), None)]) {
            self.check(node, what).map_err(|reason| (self.own_key(node), reason))?;
        }
        let more = Node::Provision(self.id, ProvisionerId::Ordinary(build.provisioners.len() as u32));
        if self.earlier.has(&self.executor.program.key(more)) {
            return Err((self.own_key(more), Reason::Changed));
        }
        Ok(())
    }

    /// How many post-processors of a chain are taken over, and why not the next.
    fn chain(&self, length: usize, at: &impl Fn(usize) -> PostProcessorId) -> (usize, Option<Reason>) {
        let mut n_taken = 0;
        let mut reason = None;
        while n_taken < length {
            let what = at(n_taken);
            let checked = self.check(Node::PostProcess(self.id, what), Some(ComponentUse::PostProcessor(what)));
            if let Err(why) = checked {
                reason = Some(why);
                break;
            }
            n_taken += 1;
        }
        // What somebody starts from, and what stays, must be there.
        while n_taken > 0 {
            let is_needed = |position: usize| position + 1 == n_taken || self.stays(at(position + 1));
            let lost = (0..n_taken).find_map(|position| self.post_is_there(at(position), is_needed(position)).err());
            let Some(why) = lost else { break };
            n_taken -= 1;
            reason = Some(why);
        }
        (n_taken, reason)
    }

    fn check(&self, node: Node, what: Option<ComponentUse>) -> Result<(), Reason> {
        let inputs = what.and_then(|what| self.executor.run(self.id).inputs(what));
        self.earlier.check(&self.executor.program.key(node), inputs.as_ref(), self.executor.inputs())
    }

    /// Whether a post-processor kept what it started from.
    fn stays(&self, at: PostProcessorId) -> bool {
        let made = self.earlier.made(&self.executor.program.key(Node::PostProcess(self.id, at)));
        made.is_none_or(|made| made.note.keeps_input)
    }

    fn post_is_there(&self, at: PostProcessorId, is_needed: bool) -> Result<(), Reason> {
        let made = self.earlier.made(&self.executor.program.key(Node::PostProcess(self.id, at)));
        made.map_or(Ok(()), |made| self.is_accounted_for(made, is_needed))
    }

    fn artifact_is_there(&self, is_needed: bool) -> Result<(), Reason> {
        let made = self.earlier.made(&self.executor.program.key(Node::BuilderClose(self.id)));
        made.map_or(Ok(()), |made| self.is_accounted_for(made, is_needed))
    }

    /// What nobody needs any more may have been removed, as it was meant to be.
    fn is_accounted_for(&self, made: &Made, is_needed: bool) -> Result<(), Reason> {
        if made.fate == Fate::Gone && !is_needed {
            return Ok(());
        }
        self.earlier.is_there(made)
    }

    fn is_on_trust(&self) -> bool {
        let made = self.earlier.made(&self.executor.program.key(Node::BuilderClose(self.id)));
        made.is_some_and(|made| made.note.marks.is_empty() && made.resource.is_some())
    }

    /// A node's key without the build's.
    fn own_key(&self, node: Node) -> String {
        let key = self.executor.program.key(node);
        let build = &*self.executor.program.build(self.id).key;
        key.strip_prefix(build).and_then(|rest| rest.strip_prefix('/')).unwrap_or(&key).to_owned()
    }
}
