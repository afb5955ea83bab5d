//! Writes down what components reveal, as soon as they do. Cheap to clone; one that records nothing is for what runs
//! without a journal, such as `validate`.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::journal::{Journal, Position};
use planner::value::Value;

use crate::journal::note::Note;
use crate::journal::resource::{Destroy, FileMark, Resource, ResourceKind};
use crate::scrubber::Scrubber;

/// The provider of what is on this machine.
pub const LOCAL: &str = "local";

/// Where it is written down, if it is.
#[derive(Clone, Default)]
pub struct Recorder(Option<Arc<Shared>>);

struct Shared {
    journal: Journal,
    secrets: Scrubber,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    n_resources: u64,
    /// The last note.
    last: Option<Position>,
    /// What is in the world, by number.
    there: BTreeMap<u64, Found>,
    /// The numbers of all that can come to light twice.
    numbers: HashMap<Name, u64>,
}

/// Provider, id, build, and whether it is an artifact.
type Name = (String, String, Arc<str>, bool);

/// Something that came to light.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The node that it came to light in.
    pub node: Option<u32>,
    /// The build that it belongs to.
    pub build: Arc<str>,
    /// What it is.
    pub kind: ResourceKind,
    /// What its provider calls it.
    pub id: String,
    /// Who has it.
    pub provider: String,
    /// Where the provider has it.
    pub place: BTreeMap<String, String>,
    /// What removes it.
    pub destroy: Destroy,
}

impl Recorder {
    /// Records in `journal`, where none of `secrets` appears.
    pub fn new(journal: Journal, secrets: Scrubber) -> Self {
        Self(Some(Arc::new(Shared { journal, secrets, state: Mutex::default() })))
    }

    /// Whether anything is written down.
    pub fn is_active(&self) -> bool {
        self.0.is_some()
    }

    /// Writes a note down.
    pub fn note(&self, note: &Note) {
        let _ = self.put(note);
    }

    /// Writes a note down, and waits until that is durable. What could not be written is told at the end of the run, so
    /// nobody is told here.
    pub async fn note_durably(&self, note: &Note) {
        if let (Some(shared), Some(position)) = (&self.0, self.put(note)) {
            let _ = shared.journal.durable(position).await;
        }
    }

    /// Something is in the world now. Gives its number; what was known before keeps its own. Zero when nothing is
    /// written down.
    pub fn found(&self, found: Found) -> u64 {
        let Some(shared) = &self.0 else { return 0 };
        let number = {
            let mut state = shared.lock();
            let name = found.name();
            if let Some(number) = name.as_ref().and_then(|name| state.numbers.get(name)) {
                return *number;
            }
            state.n_resources += 1;
            let number = state.n_resources;
            state.numbers.extend(name.map(|name| (name, number)));
            state.there.insert(number, found.clone());
            number
        };
        let Found { node, build, kind, id, provider, place, destroy } = found;
        let build = build.to_string();
        self.note(&Note::Resource(Resource { number, node, build, kind, id, provider, place, destroy }));
        number
    }

    /// Something of an earlier run is this one's now. Gives its number here.
    pub fn adopt(&self, resource: Resource, node: u32) -> u64 {
        let Resource { build, kind, id, provider, place, destroy, .. } = resource;
        let build = Arc::from(build);
        self.found(Found { node: Some(node), build, kind, id, provider, place, destroy })
    }

    /// It is not there any more.
    pub fn gone(&self, number: u64) {
        let Some(shared) = &self.0 else { return };
        let was_there = {
            let mut state = shared.lock();
            let found = state.there.remove(&number);
            found.as_ref().and_then(Found::name).map(|name| state.numbers.remove(&name));
            found.is_some()
        };
        if was_there {
            self.note(&Note::Gone { number });
        }
    }

    /// Whether nothing is in the world but artifacts, for all that is known.
    pub fn is_clean(&self) -> bool {
        let is_artifact = |found: &Found| found.kind == ResourceKind::Artifact;
        self.0.as_ref().is_none_or(|shared| shared.lock().there.values().all(is_artifact))
    }

    /// What a builder had is not there any more, but for artifacts, and what `stays`.
    pub fn builder_ended(&self, build: &str, stays: impl Fn(&Found) -> bool) {
        let Some(shared) = &self.0 else { return };
        let is_over =
            |found: &Found| &*found.build == build && found.kind != ResourceKind::Artifact && found.provider != LOCAL;
        let over: Vec<u64> = {
            let state = shared.lock();
            let over = state.there.iter().filter(|(_, found)| is_over(found) && !stays(found));
            over.map(|(number, _)| *number).collect()
        };
        over.into_iter().for_each(|number| self.gone(number));
    }

    /// A file that is only needed for a while is about to be made at `path`, or was.
    pub fn temporary(&self, kind: ResourceKind, path: PathBuf) -> Temporary {
        let id = path.display().to_string();
        let mark = FileMark::of(path.clone()).unwrap_or_else(|_| FileMark::planned(path));
        let destroy = Destroy::Files { files: vec![mark] };
        let temporary = self.local(kind, id, destroy);
        self.settle();
        temporary
    }

    /// An artifact is about to be written at `path`. It is written down again once it is whole, and better known then.
    pub fn planned(&self, path: PathBuf) {
        self.found(Found::planned(path));
        self.settle();
    }

    /// These files are whole, and written down as they are: what was planned is struck off the record. Only as they are
    /// they can be told from what somebody else puts in their place later.
    pub fn made(&self, files: &[FileMark]) {
        let Some(shared) = &self.0 else { return };
        let plans: Vec<u64> = {
            let state = shared.lock();
            let names = files.iter().filter_map(|mark| Found::planned(mark.path.clone()).name());
            names.filter_map(|name| state.numbers.get(&name).copied()).collect()
        };
        plans.into_iter().for_each(|number| self.gone(number));
    }

    /// Waits until all that was noted is durable. Takes as long as writing a small file does; not for where that matters.
    pub fn settle(&self) {
        if let Some(shared) = &self.0 {
            let last = shared.lock().last;
            // What could not be written is told at the end of the run.
            last.map(|last| shared.journal.wait(last));
        }
    }

    /// Completes when all that was noted is durable.
    pub async fn settled(&self) {
        let last = self.0.as_ref().and_then(|shared| shared.lock().last);
        if let (Some(shared), Some(last)) = (&self.0, last) {
            // What could not be written is told at the end of the run.
            let _ = shared.journal.durable(last).await;
        }
    }

    /// A group of processes has started.
    pub fn process(&self, pid: i32, started: Option<u64>) -> Temporary {
        self.local(ResourceKind::Process, pid.to_string(), Destroy::Process { pid, started })
    }

    fn local(&self, kind: ResourceKind, id: String, destroy: Destroy) -> Temporary {
        let (provider, place) = (LOCAL.to_owned(), BTreeMap::new());
        let number = self.found(Found { node: None, build: Arc::from(""), kind, id, provider, place, destroy });
        Temporary { recorder: self.clone(), number }
    }

    fn put(&self, note: &Note) -> Option<Position> {
        let shared = self.0.as_ref()?;
        let bytes = without_secrets(note.to_bytes(), &shared.secrets);
        // The first only spares a cleanup what it finds out itself; of a node that has ended the rest comes before its end;
        // and processes have somebody else who ends them.
        let may_wait = match note {
            Note::Gone { .. } | Note::Inputs { .. } | Note::Guard(_) | Note::Clean => true,
            Note::Resource(resource) => resource.kind == ResourceKind::Process,
            _ => false,
        };
        let position = if may_wait { shared.journal.note_lazily(&bytes) } else { shared.journal.note(&bytes) };
        shared.lock().last = Some(position);
        Some(position)
    }
}

/// The JSON with all texts in it masked. Names of fields are ours, and stay.
fn without_secrets(bytes: Vec<u8>, secrets: &Scrubber) -> Vec<u8> {
    let is_harmless = std::str::from_utf8(&bytes).is_ok_and(|text| matches!(secrets.scrub(text), Cow::Borrowed(_)));
    if is_harmless {
        return bytes;
    }
    let Ok(mut document) = serde_json::from_slice(&bytes) else { return Vec::new() };
    if let serde_json::Value::Object(fields) = &mut document {
        // What kind of note it is, is ours as well.
        fields.iter_mut().filter(|(name, _)| *name != "note").for_each(|(_, value)| mask(value, secrets));
    }
    document.to_string().into_bytes()
}

/// Whether there is a secret somewhere in `value`.
pub(crate) fn holds_secret(value: &Value, secrets: &Scrubber) -> bool {
    match value {
        Value::String(text) => matches!(secrets.scrub(text), Cow::Owned(_)),
        Value::List(_, items) | Value::Set(_, items) | Value::Tuple(items) => {
            items.iter().any(|item| holds_secret(item, secrets))
        }
        Value::Map(_, entries) | Value::Object(entries) => entries
            .iter()
            .any(|(name, value)| matches!(secrets.scrub(name), Cow::Owned(_)) || holds_secret(value, secrets)),
        _ => false,
    }
}

fn mask(value: &mut serde_json::Value, secrets: &Scrubber) {
    match value {
        serde_json::Value::String(text) => *text = secrets.scrub(text).into_owned(),
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| mask(item, secrets)),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(|field| mask(field, secrets)),
        _ => {}
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that could panic runs while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Found {
    /// What the same thing has in common, whatever else comes to light of it. No two processes are the same.
    fn name(&self) -> Option<Name> {
        let is_artifact = self.kind == ResourceKind::Artifact;
        let name = || (self.provider.clone(), self.id.clone(), Arc::clone(&self.build), is_artifact);
        (self.kind != ResourceKind::Process).then(name)
    }

    fn planned(path: PathBuf) -> Self {
        let (id, provider, place) = (path.display().to_string(), LOCAL.to_owned(), BTreeMap::new());
        let destroy = Destroy::Files { files: vec![FileMark::planned(path)] };
        Self { node: None, build: Arc::from(""), kind: ResourceKind::Artifact, id, provider, place, destroy }
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Recorder").field(&self.is_active()).finish()
    }
}

/// Something on this machine that goes when its user is done with it. To be dropped once it is gone.
#[derive(Debug)]
pub struct Temporary {
    recorder: Recorder,
    number: u64,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        self.recorder.gone(self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::*;
    use crate::journal::History;

    #[test]
    fn a_file_that_was_planned_is_one_thing_with_the_file_that_was_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let journal = Journal::start(File::create_new(path("journal")).unwrap()).unwrap();
        let recorder = Recorder::new(journal, Scrubber::default());
        for name in ["image", "image", "half"] {
            recorder.planned(path(name));
        }
        fs::write(path("image"), "").unwrap();
        let files = vec![FileMark::of(path("image")).unwrap()];
        let made = |build: &str| Found {
            build: Arc::from(build),
            id: "image".to_owned(),
            destroy: Destroy::Files { files: files.clone() },
            ..Found::planned(path("image"))
        };
        let number = recorder.found(made("null.a"));
        assert_eq!(recorder.found(made("null.a")), number);
        assert_ne!(recorder.found(made("null.b")), number, "of another build");
        recorder.made(&files);
        // To be made again.
        recorder.gone(number);
        recorder.planned(path("image"));
        drop(recorder);
        let history = History::read(File::open(path("journal")).unwrap()).unwrap();
        let mut left: Vec<_> = history.leftovers().map(|left| left.resource.id.clone()).collect();
        left.sort();
        let full = |name: &str| path(name).display().to_string();
        assert_eq!(left, [full("half"), full("image"), "image".to_owned()]);
    }
}
