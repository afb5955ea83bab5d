//! Removes what runs left behind.

use std::collections::BTreeSet;

use engine::Cancel;
use jiff::Timestamp;
use plugins::cleanup::await_end;

use crate::cleaning::prune::{KEPT, prune};
use crate::cleaning::survey::{Scope, Survey, survey};
use crate::cleaning::sweep::{Fate, Sweeper};
use crate::cleaning::view::{self, Fates};
use crate::exit::Exit;
use crate::options::CleanupOptions;
use crate::reporter::{AskError, Report};
use crate::session::Session;
use crate::signal::Interruption;
use crate::state::StateDir;

/// Runs `packer cleanup`.
pub fn run(session: &mut Session, options: &CleanupOptions) -> Exit {
    match try_run(session, options) {
        Ok(exit) => exit,
        Err(text) => {
            session.error(&format!("Error: {text}"));
            Exit::Failed
        }
    }
}

fn try_run(session: &mut Session, options: &CleanupOptions) -> Result<Exit, String> {
    let working_dir = session.environment.working_dir().map_err(|error| error.to_string())?.to_owned();
    let state = StateDir::of(&session.environment, &working_dir).map_err(|error| error.to_string())?;
    let scope = Scope::new(options.runs.clone(), options.older_than, Timestamp::now());
    let look = |session: &Session| survey(&state, &scope, &session.environment).map_err(|error| error.to_string());
    let only_looks = options.dry_run || (options.json && !options.auto_approve);
    let mut found = look(session)?;
    if !only_looks && await_ends(session, &found, options) {
        found = look(session)?;
    }
    if !options.json {
        show(session, &found);
    }
    let mut fates = Fates::new();
    let mut all_done = true;
    if !only_looks && found.runs.iter().any(|run| !run.items.is_empty()) {
        if !options.auto_approve && found.n_left() > 0 {
            approve(session, &found, options.forget)?;
        }
        let sweeper = sweeper(session, options, working_dir)?;
        all_done = sweep(session, &sweeper, &found, options, &mut fates);
    }
    if options.json {
        let text = session.scrubber().scrub(&view::json(&found, &fates)).into_owned();
        session.verbatim(&text);
    }
    if !only_looks {
        let n_pruned = prune(&state).map_err(|error| error.to_string())?;
        if n_pruned > 0 && !options.json {
            session.say(&format!("Forgot {n_pruned} finished runs beyond the newest {KEPT}."));
        }
    }
    Ok(if all_done && found.unreadable.is_empty() { Exit::Success } else { Exit::Failed })
}

/// Waits for the end of what killed runs had running, plugins above all that cancel what they were at. Returns whether
/// there was any.
fn await_ends(session: &mut Session, found: &Survey, options: &CleanupOptions) -> bool {
    let mut is_any = false;
    for run in &found.runs {
        let Some(guard) = &run.guard else { continue };
        if !options.json {
            session.say(&view::waiting(run.file.id()));
        }
        await_end(guard);
        is_any = true;
    }
    is_any
}

fn show(session: &mut Session, found: &Survey) {
    for (file, reason) in &found.unreadable {
        session.error(&format!("Run {} cannot be looked at: {reason}", file.id()));
    }
    if !found.runs.is_empty() {
        let text = view::text(found);
        session.say(&text);
    }
    if found.n_left() == 0 {
        session.say("Nothing is left behind.");
    }
}

/// Asks whether that is meant.
fn approve(session: &mut Session, found: &Survey, forget: bool) -> Result<(), String> {
    let n_runs = found.runs.iter().filter(|run| run.n_left() > 0).count();
    let (things, runs) = (counted(found.n_left(), "resource"), counted(n_runs, "run"));
    let query = match forget {
        false => format!("Remove {things} of {runs}? Only 'yes' will be accepted:"),
        true => format!("Strike {things} of {runs} off the record, removing nothing? Only 'yes' will be accepted:"),
    };
    match ask(session, query) {
        Ok(answer) if answer.trim() == "yes" => Ok(()),
        Ok(_) | Err(AskError::Interrupted) => Err("nothing was removed".to_owned()),
        Err(error) => Err(format!(
            "nobody can be asked ({error}), and nothing was removed\nPass -auto-approve to remove what is listed, or \
             -dry-run to only list it."
        )),
    }
}

fn ask(session: &mut Session, query: String) -> Result<String, AskError> {
    let failed = |error: std::io::Error| AskError::Read(error.to_string());
    let reports = session.start_reporter(session.settings(), &Cancel::new()).map_err(failed)?;
    let (reply, answer) = crossbeam_channel::bounded(1);
    reports.send(Report::Ask { target: None, query, hidden: false, reply });
    let answer = answer.recv().unwrap_or(Err(AskError::NoTty));
    session.stop_reporter();
    answer
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn sweeper(session: &Session, options: &CleanupOptions, working_dir: std::path::PathBuf) -> Result<Sweeper, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    Ok(Sweeper {
        runtime: runtime.map_err(|error| format!("starting the worker threads: {error}"))?,
        cancel: Cancel::new(),
        working_dir,
        environment: session.environment.variables.clone(),
        fence: session.fence.clone(),
        secrets: session.scrubber().clone(),
        forget: options.forget,
    })
}

/// Removes what was found; gives whether nothing of it is left.
fn sweep(
    session: &mut Session,
    sweeper: &Sweeper,
    found: &Survey,
    options: &CleanupOptions,
    fates: &mut Fates,
) -> bool {
    let interruption = Interruption::ending(sweeper.cancel.clone());
    let mut kept = BTreeSet::new();
    for run in found.runs.iter().filter(|run| !run.items.is_empty()) {
        let id = run.file.id().to_owned();
        let swept = sweeper.sweep(run, |item, fate| {
            if let Some(text) = view::outcome(item, fate).filter(|_| !options.json) {
                if matches!(fate, Fate::Left(_)) { session.error(&text) } else { session.say(&text) }
            }
            fates.insert((id.clone(), item.resource.number), fate.clone());
        });
        let is_left =
            fates.range((id.clone(), 0)..=(id.clone(), u64::MAX)).any(|(_, fate)| matches!(fate, Fate::Left(_)));
        let trouble = swept.unwrap_or_else(|error| Some(error.to_string()));
        if is_left || trouble.is_some() {
            kept.insert(id);
        } else if !options.json {
            session.say(&format!("Nothing is left of run {id}. Its journal is kept for `packer replay`."));
        }
        trouble.into_iter().for_each(|text| session.error(&text));
        if interruption.signal().is_some() {
            session.error("Interrupted. `packer cleanup` goes on with the rest.");
            return false;
        }
    }
    if !kept.is_empty() && !options.json {
        let runs: Vec<&str> = kept.iter().map(String::as_str).collect();
        session.error(&format!(
            "Something is left. `packer cleanup` tries again; once it is removed by hand, `packer cleanup -forget {}` \
             strikes it off the record.",
            runs.join(" ")
        ));
    }
    kept.is_empty()
}
