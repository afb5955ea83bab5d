//! Schedules a recorded run again, in virtual time. Runs nothing.

use crate::exit::Exit;
use crate::findings::Refused;
use crate::options::ReplayOptions;
use crate::replaying::recorded::Outline;
use crate::replaying::report::{Listed, Replay, list_json};
use crate::replaying::{Capacities, RecordedRun, Schedule};
use crate::session::Session;
use crate::state::StateDir;

/// Runs `packer replay`.
pub fn run(session: &mut Session, options: &ReplayOptions) -> Exit {
    let done = state(session).and_then(|state| match &options.run {
        Some(name) => replay(session, &state, name, options),
        None => list(session, &state, options.json),
    });
    match done {
        Ok(()) => Exit::Success,
        Err(Refused) => Exit::Failed,
    }
}

fn state(session: &mut Session) -> Result<StateDir, Refused> {
    let working_dir = session.environment.working_dir().map(std::path::Path::to_owned);
    let working_dir = working_dir.map_err(|error| refuse(session, &error.to_string()))?;
    StateDir::of(&session.environment, &working_dir).map_err(|error| refuse(session, &error.to_string()))
}

fn replay(session: &mut Session, state: &StateDir, name: &str, options: &ReplayOptions) -> Result<(), Refused> {
    let file = state.find(name).map_err(|error| refuse(session, &error.to_string()))?;
    let run = RecordedRun::read(&file)
        .map_err(|why| refuse(session, &format!("run {} cannot be replayed: {why}", file.id())))?;
    let mut again = |capacities: &Capacities| {
        Schedule::again(&run, capacities).map_err(|error| refuse(session, &error.to_string()))
    };
    let replayed = again(&Capacities::new())?;
    let changed = if options.capacities.is_empty() { None } else { Some(again(&options.capacities)?) };
    let replay = Replay { recorded: Schedule::of_record(&run), replayed, changed, run: &run };
    session.raw(&if options.json { replay.json() } else { replay.text() });
    Ok(())
}

/// All runs, the newest first. One that cannot be read is told with the reason, and hides no other.
fn list(session: &mut Session, state: &StateDir, is_json: bool) -> Result<(), Refused> {
    let runs = state.runs().map_err(|error| refuse(session, &error.to_string()))?;
    let listed = runs.iter().map(|file| Listed {
        id: file.id().to_owned(),
        outline: Outline::read(file),
        is_alive: file.is_locked().unwrap_or(false),
    });
    if is_json {
        session.raw(&list_json(&listed.collect::<Vec<_>>()));
    } else if runs.is_empty() {
        session.say(&format!("No run is recorded in {}.", state.path().display()));
    } else {
        listed.for_each(|run| session.say(&run.text()));
    }
    Ok(())
}

fn refuse(session: &mut Session, why: &str) -> Refused {
    session.error(&format!("Error: {why}"));
    Refused
}
