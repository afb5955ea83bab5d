//! What a build takes over from the runs that are taken up again, and why it runs the rest.
//!
//! A machine cannot be taken up in the middle, so a builder and its provisioners are taken over together, by their
//! artifact, or not at all; post-processors one by one. What is taken over must be made from what it would be made from
//! now, and be there as far as somebody still needs it.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::Outcome;
use planner::node::{ArtifactId, BuildId, ComponentUse, Node, PostProcessorId, ProvisionerId};

use crate::cleanup::World;
use crate::component::Artifact;
use crate::executor::build_run::PostRun;
use crate::executor::shared::Executor;
use crate::journal::{ArtifactNote, Earlier, EarlierRun, Fate, Made, Note, Reason, RecordedArtifact};
use crate::output::{Line, LineKind};

/// What of a build is taken over, and from which of the earlier runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adoption {
    /// The builder's artifact.
    pub builder: Option<usize>,
    /// What these post-processors made.
    pub posts: BTreeMap<PostProcessorId, usize>,
}

/// Decides what of a build is taken over, once all its components have been checked, and says so. Whether the builder's
/// artifact is, which is then known.
pub(crate) async fn builder(executor: &Arc<Executor>, id: BuildId) -> bool {
    let Some(earlier) = executor.earlier() else { return false };
    let run = executor.run(id);
    let (adoption, lines) = decide(executor, earlier, id);
    lines.into_iter().for_each(|text| {
        executor.output.line(Line { build: Some(id), post_processor: None, kind: LineKind::Say, text });
    });
    let from = adoption.builder;
    // Open runs once, and nobody else decides.
    let _ = run.adoption.set(adoption);
    if let Some(from) = from {
        let artifact =
            take_over(executor, (earlier, from), (id, ArtifactId::Builder)).await.map(|(artifact, _)| artifact);
        let _ = run.opened.set(());
        let _ = run.artifact.set(artifact);
    }
    from.is_some()
}

/// Takes over what a post-processor made.
pub(crate) async fn post_processor(executor: &Arc<Executor>, id: BuildId, at: PostProcessorId) -> Outcome {
    let run = executor.run(id);
    let (Some(earlier), Some(position)) = (executor.earlier(), run.adoption_of(at)) else {
        return Outcome::Bug("nothing can be taken over".to_owned());
    };
    let taken = take_over(executor, (earlier, position), (id, ArtifactId::PostProcessor(at))).await;
    let keeps_input = taken.as_ref().is_some_and(|(_, note)| note.keeps_input);
    run.set_post(at, PostRun { artifact: taken.map(|(artifact, _)| artifact), keeps_input });
    Outcome::Succeeded
}

/// Writes down that an artifact is ours now: first here, then where it was, so that at no moment it is nobody's.
async fn take_over(
    executor: &Executor,
    (earlier, position): (&Earlier, usize),
    (id, which): (BuildId, ArtifactId),
) -> Option<(Arc<dyn Artifact>, ArtifactNote)> {
    let node = match which {
        ArtifactId::Builder => Node::BuilderClose(id),
        ArtifactId::PostProcessor(at) => Node::PostProcess(id, at),
    };
    let from = &earlier.runs()[position];
    let made = from.made(&executor.program.key(node))?;
    let is_there = earlier.fate(position, made) == Fate::There;
    let number = match made.resource.clone().filter(|_| is_there) {
        Some(resource) => executor.recorder().adopt(resource, executor.position(node)),
        None => 0,
    };
    executor.run(id).set_number(which, number);
    let taken_from = Some(from.run().to_owned());
    let note = ArtifactNote { node: executor.position(node), number, taken_from, ..made.note.clone() };
    executor.recorder().note_durably(&Note::Artifact(note.clone())).await;
    if is_there {
        earlier.give_away(position, made, &executor.plain_context().run_uuid).await;
    }
    let context = executor.plain_context();
    let world = World {
        working_dir: context.working_dir,
        environment: context.environment,
        fence: context.fence,
        secrets: context.secrets,
        run_started: context.started.into(),
    };
    Some((Arc::new(RecordedArtifact::new(note.clone(), made.resource.clone(), world)), note))
}

/// From the last run that has something to take over. What is wrong with the others is not told, but of the very last.
fn decide(executor: &Executor, earlier: &Earlier, id: BuildId) -> (Adoption, Vec<String>) {
    let decisions = (0..earlier.runs().len()).map(|from| Decision { executor, earlier, from, id }.decide());
    let mut refusal = None;
    for decision in decisions {
        match decision {
            Ok(decided) => return decided,
            Err(line) => drop(refusal.get_or_insert(line)),
        }
    }
    (Adoption::default(), refusal.into_iter().collect())
}

struct Decision<'a> {
    executor: &'a Executor,
    earlier: &'a Earlier,
    /// The run that the builder's artifact would be taken over from.
    from: usize,
    id: BuildId,
}

impl Decision<'_> {
    /// What is taken over, and what to say of it.
    ///
    /// # Errors
    ///
    /// Nothing is, for this reason.
    fn decide(&self) -> Result<(Adoption, Vec<String>), String> {
        let from = self.named(self.from);
        if let Err((step, reason)) = self.builder() {
            return Err(format!("Built again, because of {step} in {from}: {reason}."));
        }
        let mut adoption = Adoption { builder: Some(self.from), posts: BTreeMap::new() };
        let mut lines = Vec::new();
        let build = self.executor.program.build(self.id);
        let mut is_builder_needed = build.chains.is_empty();
        for (chain, members) in build.chains.iter().enumerate() {
            let at = |position: usize| PostProcessorId { chain: chain as u32, position: position as u32 };
            let own = |position: usize| self.own_key(Node::PostProcess(self.id, at(position)));
            let (taken, refusal) = self.chain(members.len(), &at);
            is_builder_needed |= taken.is_empty();
            for (position, &run) in taken.iter().enumerate() {
                adoption.posts.insert(at(position), run);
                lines.push(format!("Not run again: {}, unchanged since {}.", own(position), self.named(run)));
            }
            if let Some((run, reason)) = refusal {
                let first = taken.len();
                lines.push(format!("Run again: {}. In {}: {reason}.", own(first), self.named(run)));
                let rest = first + 1..members.len();
                lines.extend(rest.map(|position| format!("Run again: {}, as {} is.", own(position), own(first))));
            }
        }
        if let Err(reason) = self.is_accounted_for(self.from, Node::BuilderClose(self.id), is_builder_needed) {
            return Err(format!("Built again, because of what {from} made: {reason}."));
        }
        let trust = if self.is_on_trust() { " Whether it is still there cannot be asked." } else { "" };
        let first = format!("Not built again: nothing that it is made from has changed since {from}.{trust}");
        lines.insert(0, first);
        Ok((adoption, lines))
    }

    /// Whether builder and provisioners would do what they did. If not, which of them, and why.
    fn builder(&self) -> Result<(), (String, Reason)> {
        let build = self.executor.program.build(self.id);
        let uses = (0..build.provisioners.len() as u32).map(ProvisionerId::Ordinary);
        let uses = uses.map(|at| (Node::Provision(self.id, at), Some(ComponentUse::Provisioner(at))));
        let all = std::iter::once((Node::BuilderOpen(self.id), Some(ComponentUse::Builder)));
        let close = Node::BuilderClose(self.id);
        let is_made = self.made(self.from, close).is_some();
        for (node, what) in all.chain(uses).chain([(close, None)]) {
            self.check(self.from, node, is_made, what).map_err(|reason| (self.own_key(node), reason))?;
        }
        let more = Node::Provision(self.id, ProvisionerId::Ordinary(build.provisioners.len() as u32));
        if self.run(self.from).has(&self.executor.program.key(more)) {
            return Err((self.own_key(more), Reason::Changed));
        }
        Ok(())
    }

    /// The runs that post-processors of a chain are taken over from, as far as they are; and which run does not have the
    /// next, and why.
    fn chain(&self, length: usize, at: &impl Fn(usize) -> PostProcessorId) -> (Vec<usize>, Option<(usize, Reason)>) {
        let mut taken = Vec::new();
        let mut refusal = None;
        let mut lineage = self.lineage(self.from, Node::BuilderClose(self.id));
        while taken.len() < length {
            let what = at(taken.len());
            let node = Node::PostProcess(self.id, what);
            match self.check_any(&lineage, node, ComponentUse::PostProcessor(what)) {
                Ok(run) => {
                    taken.push(run);
                    lineage = self.lineage(run, node);
                }
                Err(why) => {
                    refusal = Some(why);
                    break;
                }
            }
        }
        // What somebody starts from, and what stays, must be there.
        while !taken.is_empty() {
            let lost = (0..taken.len()).find_map(|position| {
                let next = taken.get(position + 1);
                let is_needed = next.is_none_or(|&run| self.stays(run, at(position + 1)));
                let node = Node::PostProcess(self.id, at(position));
                let there = self.is_accounted_for(taken[position], node, is_needed);
                there.err().map(|reason| (taken[position], reason))
            });
            let Some(why) = lost else { break };
            taken.pop();
            refusal = Some(why);
        }
        (taken, refusal)
    }

    /// The first of these runs that has done what a node would do. If none has, the first, and why not.
    fn check_any(&self, runs: &[usize], node: Node, what: ComponentUse) -> Result<usize, (usize, Reason)> {
        let mut refusal = None;
        for &run in runs {
            match self.check(run, node, self.made(run, node).is_some(), Some(what)) {
                Ok(()) => return Ok(run),
                Err(reason) => drop(refusal.get_or_insert((run, reason))),
            }
        }
        Err(refusal.unwrap_or((self.from, Reason::New)))
    }

    fn check(&self, run: usize, node: Node, is_made: bool, what: Option<ComponentUse>) -> Result<(), Reason> {
        let inputs = what.and_then(|what| self.executor.run(self.id).inputs(what));
        self.run(run).check(&self.executor.program.key(node), is_made, inputs.as_ref(), self.executor.inputs())
    }

    fn made(&self, run: usize, node: Node) -> Option<&Made> {
        self.run(run).made(&self.executor.program.key(node))
    }

    /// Whether a post-processor kept what it started from.
    fn stays(&self, run: usize, at: PostProcessorId) -> bool {
        let made = self.made(run, Node::PostProcess(self.id, at));
        made.is_none_or(|made| made.note.keeps_input)
    }

    /// Whether what a node made is there. What nobody needs any more may have been removed, as it was meant to be.
    fn is_accounted_for(&self, run: usize, node: Node, is_needed: bool) -> Result<(), Reason> {
        match self.made(run, node) {
            None => Ok(()),
            Some(made) if self.earlier.fate(run, made) == Fate::Gone && !is_needed => Ok(()),
            Some(made) => self.earlier.check_presence(run, made),
        }
    }

    fn is_on_trust(&self) -> bool {
        let made = self.made(self.from, Node::BuilderClose(self.id));
        made.is_some_and(|made| made.note.marks.is_empty() && made.resource.is_some())
    }

    fn lineage(&self, run: usize, node: Node) -> Vec<usize> {
        self.earlier.lineage(run, &self.executor.program.key(node))
    }

    fn run(&self, run: usize) -> &EarlierRun {
        &self.earlier.runs()[run]
    }

    fn named(&self, run: usize) -> String {
        format!("run {}", self.run(run).short_run())
    }

    /// A node's key without the build's.
    fn own_key(&self, node: Node) -> String {
        let key = self.executor.program.key(node);
        let build = &*self.executor.program.build(self.id).key;
        key.strip_prefix(build).and_then(|rest| rest.strip_prefix('/')).unwrap_or(&key).to_owned()
    }
}
