//! Finds what runs left behind. Reads journals and locks none: what is found may change until somebody has the lock.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use plugins::cleanup::{Method, guard_at_work, is_gone};
use plugins::journal::{GuardNote, History, Note, Resource};
use plugins::process::find_in_path;

use crate::cleaning::owners::Owners;
use crate::environment::Environment;
use crate::state::{RunFile, StateDir, StateError};

/// A run, and what is left of it.
#[derive(Debug)]
pub struct Remains {
    /// Its journal.
    pub file: RunFile,
    /// The template that it is of; empty if it was killed before it could say.
    pub template: String,
    /// When it started, if that is known.
    pub started: Option<Timestamp>,
    /// How far it came.
    pub condition: Condition,
    /// Who has its plugins cancel, if it was killed and that is not over.
    pub guard: Option<GuardNote>,
    /// What is left, in the order in which it is to go. Empty of a run that is alive.
    pub items: Vec<Item>,
    /// Parts of its journal that cannot be read.
    pub damages: Vec<String>,
}

impl Remains {
    /// How many things are left to be removed: not those that are a later run's by now.
    pub fn n_left(&self) -> usize {
        self.items.iter().filter(|item| item.taken_by.is_none()).count()
    }

    /// The later runs that have things of this one by now, and how many each.
    pub fn takers(&self) -> BTreeMap<&str, usize> {
        let mut takers = BTreeMap::new();
        self.items
            .iter()
            .filter_map(|item| item.taken_by.as_deref())
            .for_each(|run| *takers.entry(run).or_default() += 1);
        takers
    }
}

/// How far a run came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Somebody has its journal: it is running, or being cleaned up after.
    InUse,
    /// It was killed a moment ago, and its plugins still cancel what they were at.
    Ending,
    /// It did not come to its end.
    Killed,
    /// It came to its end, and something had gone wrong, or it was stopped.
    Failed,
    /// It came to a good end.
    Succeeded,
}

impl Condition {
    /// For programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::InUse => "in-use",
            Self::Ending => "ending",
            Self::Killed => "killed",
            Self::Failed => "failed",
            Self::Succeeded => "succeeded",
        }
    }
}

/// Something that is left.
#[derive(Clone, Debug)]
pub struct Item {
    /// What it is.
    pub resource: Resource,
    /// How it is removed.
    pub method: Method,
    /// A later run that made the same thing again, whose it is now.
    pub taken_by: Option<String>,
}

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Survey {
    /// Runs that are alive or left something, the newest first.
    pub runs: Vec<Remains>,
    /// Journals that cannot be read at all, with the reason.
    pub unreadable: Vec<(RunFile, String)>,
}

impl Survey {
    /// How many things are left to be removed.
    pub fn n_left(&self) -> usize {
        self.runs.iter().map(Remains::n_left).sum()
    }
}

/// Which runs to look at.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Those of these names; all if there are none.
    pub names: Vec<String>,
    /// Those that started before then.
    pub before: Option<Timestamp>,
}

impl Scope {
    /// Runs called `names`, or all; that started longer ago than `age`.
    pub fn new(names: Vec<String>, age: Option<Duration>, now: Timestamp) -> Self {
        // Longer ago than time goes back: none did.
        Self { names, before: age.map(|age| now.checked_sub(age).unwrap_or(Timestamp::MIN)) }
    }
}

/// Looks at the runs in `scope`.
///
/// # Errors
///
/// A name means no run, or several; or the state directory cannot be read.
pub fn survey(state: &StateDir, scope: &Scope, environment: &Environment) -> Result<Survey, StateError> {
    let wanted = scope.names.iter().map(|name| state.find(name)).collect::<Result<Vec<RunFile>, StateError>>()?;
    let mut found = Survey::default();
    let mut read = Vec::new();
    // Also those that are not wanted: what is left of one run may be another's by now.
    for file in state.runs()? {
        match look_at(&file) {
            Ok(Some(run)) => read.push((file, run)),
            Ok(None) => {}
            Err(reason) if wanted.is_empty() || wanted.contains(&file) => found.unreadable.push((file, reason)),
            Err(_) => {}
        }
    }
    let mut owners = Owners::default();
    read.iter().for_each(|(file, look)| owners.add(file.id(), &look.history));
    let is_installed = installed(environment);
    for (file, run) in &read {
        let is_wanted = wanted.is_empty() || wanted.contains(file);
        let is_old_enough = scope.before.is_none_or(|before| started(run).is_some_and(|started| started <= before));
        if is_wanted && is_old_enough {
            let remains = remains(file, run, &owners, &is_installed);
            if remains.condition == Condition::InUse || !remains.items.is_empty() {
                found.runs.push(remains);
            }
        }
    }
    Ok(found)
}

/// Tells which programs there are.
pub fn installed(environment: &Environment) -> impl Fn(&str) -> bool {
    let search = environment.get("PATH").unwrap_or_default().to_owned();
    move |tool| Path::new(tool).is_absolute() || find_in_path(tool, &search, Path::new("/")).is_some()
}

/// A journal as it is now.
struct Look {
    history: History,
    in_use: bool,
    damages: Vec<String>,
}

/// Reads a journal; none when it is gone.
fn look_at(file: &RunFile) -> Result<Option<Look>, String> {
    let is_gone = |error: &StateError| matches!(error, StateError::File { source, .. } if source.kind() == std::io::ErrorKind::NotFound);
    // First: what comes to its end after that is in use for us, and not killed.
    let in_use = match file.is_locked() {
        Err(error) if is_gone(&error) => return Ok(None),
        other => other.map_err(|error| error.to_string())?,
    };
    let (history, damages) = read(file)?;
    Ok(Some(Look { history, in_use, damages }))
}

/// What a run left, less what is seen to be gone.
pub fn left_of(history: &History) -> impl Iterator<Item = &Resource> {
    history.leftovers().map(|left| &left.resource).filter(|resource| !is_gone(resource))
}

/// Whether the end of a journal says that its run left nothing. Reads little.
pub fn is_clean(file: &RunFile) -> bool {
    let note = Note::Clean.to_bytes();
    let mut end = Vec::new();
    let mut read = |mut file: File| {
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(length.saturating_sub(note.len() as u64)))?;
        file.take(note.len() as u64).read_to_end(&mut end)
    };
    file.open().is_ok_and(|file| read(file).is_ok()) && end == note
}

/// Reads as much as can be read of a journal, and says what cannot.
///
/// # Errors
///
/// It is no journal, one of a newer version, or cannot be read at all.
pub fn read(file: &RunFile) -> Result<(History, Vec<String>), String> {
    let opened = file.open().map_err(|error| error.to_string())?;
    let (recording, damages) = engine::journal::salvage(opened).map_err(|error| error.to_string())?;
    Ok((History::of(recording), damages.iter().map(ToString::to_string).collect()))
}

fn started(look: &Look) -> Option<Timestamp> {
    look.history.run.as_ref()?.started.parse().ok()
}

fn remains(file: &RunFile, look: &Look, owners: &Owners, is_installed: &impl Fn(&str) -> bool) -> Remains {
    let history = &look.history;
    let guard = guard_at_work(history).filter(|_| !look.in_use);
    let condition = match (look.in_use, history.has_ended(), history.has_succeeded()) {
        (true, ..) => Condition::InUse,
        (false, false, _) if guard.is_some() => Condition::Ending,
        (false, false, _) => Condition::Killed,
        (false, true, false) => Condition::Failed,
        (false, true, true) => Condition::Succeeded,
    };
    let mut items = Vec::new();
    if condition != Condition::InUse {
        items.extend(left_of(history).map(|resource| item(file.id(), resource, owners, is_installed)));
        // Within a rank the newest goes first.
        items.sort_by_key(|item| rank(&item.resource));
    }
    Remains {
        file: file.clone(),
        template: history.run.as_ref().map(|run| run.template.path.clone()).unwrap_or_default(),
        started: started(look),
        condition,
        guard,
        items,
        damages: look.damages.clone(),
    }
}

fn item(run: &str, resource: &Resource, owners: &Owners, is_installed: &impl Fn(&str) -> bool) -> Item {
    let mut resource = resource.clone();
    let taken_by = owners.withhold(run, &mut resource);
    let method = if taken_by.is_some() { Method::Nothing } else { Method::of(&resource, is_installed) };
    Item { resource, method, taken_by }
}

/// What goes first: machines hold on to all else, and groups of resources hold everything.
pub fn rank(resource: &Resource) -> u8 {
    use plugins::journal::ResourceKind as Kind;
    match resource.kind {
        Kind::Machine | Kind::Container | Kind::Process => 0,
        Kind::Image | Kind::Artifact | Kind::TemporaryFile | Kind::Other => 1,
        Kind::Snapshot => 2,
        Kind::Volume => 3,
        Kind::KeyPair | Kind::TemporaryKey | Kind::SecurityGroup => 4,
        Kind::ResourceGroup => 5,
    }
}
