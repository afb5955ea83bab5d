//! What the nodes of a run write down: what they are made from, machines and what belongs to them, artifacts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use planner::catalog::ComponentKind;
use planner::node::{ArtifactId, BuildId, ComponentUse, Node};
use planner::value::Value;

use crate::component::{Artifact, BuildData, ComponentError, GENERATED_DATA, OnError, State};
use crate::config::is_placeholder;
use crate::executor::prepare::{component_name, kind_of};
use crate::executor::shared::Executor;
use crate::journal::reveal::place;
use crate::journal::{ArtifactNote, Destroy, FileMark, Found, LOCAL, Note, ResourceKind};
use crate::session::BuilderEnd;

/// What is served of an artifact to post-processors of plugins, beside what all artifacts have.
const KNOWN_STATE: [&str; 2] = [GENERATED_DATA, "par.artifact.metadata"];

impl Executor {
    /// Writes down what a component is made from. `config` is its configuration before its build begins.
    pub(crate) fn record_inputs(&self, id: BuildId, what: ComponentUse, config: &Value) {
        if !self.recorder().is_active() {
            return;
        }
        let node = match what {
            ComponentUse::Builder => Node::BuilderOpen(id),
            ComponentUse::Provisioner(at) => Node::Provision(id, at),
            ComponentUse::PostProcessor(at) => Node::PostProcess(id, at),
        };
        let (kind, name) = (kind_of(what), component_name(self, id, what));
        let checksum = self.registry.checksum(kind, &name).unwrap_or_default();
        let keep = match what {
            ComponentUse::PostProcessor(at) => {
                self.program.post_processor(id, at).and_then(|(_, meta)| meta.keep_input_artifact)
            }
            _ => None,
        };
        let (build, keep) = (&self.program.build(id).source_name, format!("{keep:?}"));
        let mut words = vec![kind_words(kind), &*name, &checksum, build, &keep];
        let variables = self.context(id).user_variables;
        let texts = variables.iter().flat_map(|texts| texts.iter());
        words.extend(texts.flat_map(|(name, value)| [&**name, &**value]));
        let inputs = self.inputs().of(self.position(node), &words, config);
        self.run(id).set_inputs(what, inputs.clone());
        self.recorder().note(&Note::Inputs(inputs));
    }

    /// Writes down the machine that a builder lends.
    pub(crate) fn record_machine(&self, id: BuildId, data: &BuildData) {
        let build = self.program.build(id);
        if !self.registry.is_external(ComponentKind::Builder, &build.kind) {
            // Those built in only reach what is there without them.
            return;
        }
        let text = |name: &str| {
            let text = data.get(name).and_then(Value::as_str).unwrap_or_default();
            (!text.is_empty() && !is_placeholder(text) && !text.starts_with("ERR_")).then(|| text.to_owned())
        };
        if let Some(machine) = text("ID").or_else(|| text("Host")) {
            self.record_found(id, ResourceKind::Machine, machine, String::new(), Destroy::Provider);
        }
    }

    /// Writes down something that a builder makes; its provider is its plugin unless it says otherwise.
    pub(crate) fn record_found(
        &self,
        id: BuildId,
        kind: ResourceKind,
        found: String,
        provider: String,
        destroy: Destroy,
    ) {
        let build = self.program.build(id);
        let provider = if provider.is_empty() { self.provider(ComponentKind::Builder, &build.kind) } else { provider };
        let (node, build) = (Some(self.position(Node::BuilderOpen(id))), build.key.clone());
        let place = self.run(id).place();
        self.recorder().found(Found { node, build, kind, id: found, provider, place, destroy });
    }

    /// Notes where a builder makes things.
    pub(crate) fn note_place(&self, id: BuildId, config: &Value) {
        if self.recorder().is_active() {
            self.run(id).set_place(place(config));
        }
    }

    /// A builder has ended: what it had is gone, but for what it says it could not remove. Whoever was told to leave
    /// everything, or was killed, leaves everything.
    pub(crate) fn record_builder_end(&self, id: BuildId, end: &BuilderEnd, is_killing: bool) {
        let on_error = self.plain_context().on_error;
        let has_cleaned = match end {
            BuilderEnd::Returned(Ok(_)) => true,
            BuilderEnd::Returned(Err(ComponentError::Broken(_))) | BuilderEnd::Panicked(_) => false,
            BuilderEnd::Returned(Err(_)) => !is_killing && on_error == OnError::Cleanup,
        };
        if has_cleaned {
            let run = self.run(id);
            self.recorder().builder_ended(&self.program.build(id).key, |found| run.regrets(&found.id));
        }
    }

    /// Writes down an artifact, before anybody starts from it.
    pub(crate) async fn record_artifact(
        &self,
        id: BuildId,
        which: ArtifactId,
        artifact: Option<&Arc<dyn Artifact>>,
        (input, keeps_input): (Option<&Arc<dyn Artifact>>, bool),
    ) {
        let Some(artifact) = artifact.filter(|_| self.recorder().is_active()) else { return };
        let (node, what) = match which {
            ArtifactId::Builder => (Node::BuilderClose(id), ComponentUse::Builder),
            ArtifactId::PostProcessor(at) => (Node::PostProcess(id, at), ComponentUse::PostProcessor(at)),
        };
        let note = self.describe(artifact).await;
        let passed_on = input.filter(|input| Arc::ptr_eq(input, artifact));
        let number = match passed_on.and_then(|_| self.run(id).number_before(which)) {
            Some(number) => number,
            None => {
                let provider = self.provider(kind_of(what), &component_name(self, id, what));
                self.artifact_resource(id, self.position(node), provider, &note)
            }
        };
        self.run(id).set_number(which, number);
        let note = ArtifactNote { node: self.position(node), number, keeps_input, ..note };
        let marks = note.marks.clone();
        self.recorder().note_durably(&Note::Artifact(note)).await;
        // Not before: until then it is half made.
        self.recorder().made(&marks);
    }

    fn artifact_resource(&self, id: BuildId, node: u32, provider: String, note: &ArtifactNote) -> u64 {
        let is_local = !note.marks.is_empty();
        let name = if is_local || note.id.is_empty() { note.files.join(", ") } else { note.id.clone() };
        if name.is_empty() || (provider == LOCAL && !is_local) {
            // Nothing in the world.
            return 0;
        }
        let destroy = if is_local { Destroy::Files { files: note.marks.clone() } } else { Destroy::Provider };
        let (build, place) = (self.program.build(id).key.clone(), self.run(id).place());
        let kind = ResourceKind::Artifact;
        self.recorder().found(Found { node: Some(node), build, kind, id: name, provider, place, destroy })
    }

    async fn describe(&self, artifact: &Arc<dyn Artifact>) -> ArtifactNote {
        let mut state = BTreeMap::new();
        for name in KNOWN_STATE {
            let known = artifact.state(name).await.ok().and_then(|known| self.harmless(known));
            state.extend(known.map(|known| (name.to_owned(), STANDARD.encode(known.into_bytes()))));
        }
        let files: Vec<PathBuf> = artifact.files();
        let base = self.plain_context().working_dir;
        ArtifactNote {
            builder_id: artifact.builder_id().to_owned(),
            id: artifact.id(),
            description: artifact.description(),
            marks: files.iter().filter_map(|file| FileMark::of(base.join(file)).ok()).collect(),
            files: files.iter().map(|file| file.to_string_lossy().into_owned()).collect(),
            state,
            ..ArtifactNote::default()
        }
    }

    /// State without what must not be written down; none when nothing is left.
    fn harmless(&self, state: State) -> Option<State> {
        let entries = state.entries();
        let is_harmless = |name: &str, value: &Value| {
            let is_login = ["Password", "WinRMPassword", "SSHPrivateKey"].contains(&name);
            !is_login && !crate::journal::recorder::holds_secret(value, self.secrets())
        };
        let kept: BTreeMap<String, Value> =
            entries.into_iter().filter(|(name, value)| is_harmless(name, value)).collect();
        if kept.is_empty() { None } else { State::of(&kept).ok() }
    }

    /// Who has what a component makes.
    fn provider(&self, kind: ComponentKind, name: &str) -> String {
        self.registry.plugin(kind, name).unwrap_or_else(|| LOCAL.to_owned())
    }
}

fn kind_words(kind: ComponentKind) -> &'static str {
    match kind {
        ComponentKind::Builder => "builder",
        ComponentKind::Provisioner => "provisioner",
        ComponentKind::PostProcessor => "post-processor",
        ComponentKind::Datasource => "data source",
    }
}
