//! Builds what a template describes.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use engine::{Cancel, Outcome, Rules, RunReport};
use planner::diagnostic::Diagnostics;
use planner::lower::{Analysis, Extent, Limits, Program, lower, lower_data};
use planner::node::Node;
use planner::select::Selection;
use planner::values::DataSupply;
use plugins::cleanup::await_end;
use plugins::executor::RunFacts;

use crate::building::closing::Closing;
use crate::building::experience::Experience;
use crate::building::facts::{ComponentFlags, run_facts};
use crate::building::identity::template_note;
use crate::building::quiet::Quiet;
use crate::building::recording::Recording;
use crate::building::resume::Resumed;
use crate::building::runner::{RunSetup, Runner};
use crate::building::summary::{INTERRUPTED, Summary};
use crate::cleaning::notice::notice;
use crate::cleaning::view::waiting;
use crate::descriptors::raise_limit;
use crate::exit::Exit;
use crate::findings::Refused;
use crate::frontend::Frontend;
use crate::options::BuildOptions;
use crate::reporter::{Report, Reports, Settings, Target};
use crate::session::{Session, complain};
use crate::signal::Watcher;
use crate::state::StateDir;
use crate::telemetry::{RunLabel, Telemetry};

/// Runs `packer build`.
pub fn run(session: &mut Session, options: &BuildOptions) -> Exit {
    match try_run(session, options) {
        Ok(exit) => exit,
        Err(Refused) => Exit::Failed,
    }
}

fn try_run(session: &mut Session, options: &BuildOptions) -> Result<Exit, Refused> {
    let mut frontend = Frontend::new(session, &options.template, options.warn_on_undeclared_var)?;
    let resumed = find_resumed(session, options, &frontend)?;
    frontend.stop_clock(resumed.as_ref().and_then(Resumed::started).unwrap_or(session.environment.started));
    let parsed = frontend.parse(session, &options.template)?;
    frontend.require_plugins(session, &parsed, options.ignore_prerelease_plugins)?;
    let selection = frontend.select(session, &options.template)?;
    let mut diags = Diagnostics::new();
    let analysis = frontend.analyse(session, parsed, DataSupply::Later, &mut diags);
    let flags = ComponentFlags { debug: options.debug, force: options.force, on_error: options.on_error };
    let mut facts = run_facts(session, &analysis, flags);
    let Checked { analysis, selection, incomplete, said } = match &analysis.legacy {
        Some(_) if !diags.has_errors() => check_legacy(session, &frontend, analysis, selection)?,
        _ => Checked { analysis, selection, incomplete: false, said: Diagnostics::new() },
    };
    let limits: Limits = options.limits.clone().into();
    let settings = settings(session, options);
    let cancel = Cancel::new();
    // Opened when something is about to run: a template that is refused does not cost the files of an earlier run.
    let mut telemetry = None;
    // Nothing runs before the template is known to be whole, except data sources that decide what the builds are.
    let structural = analysis.structural_data();
    let mut program = if structural.is_empty() || diags.has_errors() {
        lower(analysis, &*frontend.registry, &selection, (limits, Extent::Build), &mut diags)
    } else {
        // What was found so far would be lost if one of them fails.
        frontend.show(session, &std::mem::take(&mut diags));
        let opened = telemetry.insert(open_telemetry(session, options, &facts)?);
        let reports = start_reporter(session, settings, &cancel)?;
        let _signals = watch_signals(session, &cancel, &reports)?;
        let setup = RunSetup {
            reports,
            settings,
            registry: frontend.registry.clone(),
            facts: facts.clone(),
            files: Arc::new(frontend.files.clone()),
            cancel: cancel.clone(),
            rules: Rules { fail_fast: true, ..options.patience.rules() },
            said: Diagnostics::new(),
            telemetry: opened.clone(),
            // It builds nothing.
            journal: None,
        };
        let analysis = run_structural(session, &frontend, setup, analysis, &structural, limits.clone())?;
        lower(analysis, &*frontend.registry, &selection, (limits, Extent::Build), &mut diags)
    };
    frontend.show(session, &diags);
    if diags.has_errors() {
        return Err(Refused);
    }
    if program.builds.is_empty() {
        frontend.show(session, &no_builds());
        return Err(Refused);
    }
    let telemetry = telemetry.map_or_else(|| open_telemetry(session, options, &facts), Ok)?;
    let reports = start_reporter(session, settings, &cancel)?;
    announce(session, options, &program, &reports);
    let _signals = watch_signals(session, &cancel, &reports)?;
    let template = template_note(&options.template.path, frontend.working_dir(), &frontend.files);
    if options.resume.is_none() {
        warn_of_leftovers(session, &template.path, frontend.working_dir());
    }
    let experience = Experience::of(&session.environment, frontend.working_dir(), &options.template.path);
    experience.apply(&mut program);
    // What is taken over from another run says nothing about how long it takes.
    let experience = Some(experience).filter(|_| resumed.is_none());
    let recording = Recording::begin(session, &program, &mut facts, template, resumed);
    let recording = recording.map_err(|error| say_error(session, &error))?;
    let Frontend { registry, files, .. } = frontend;
    let (files, rules, journal) = (Arc::new(files), options.patience.rules(), Some(recording.journal()));
    let setup = RunSetup { reports, settings, registry, facts, files, cancel, rules, said, telemetry, journal };
    run_builds(session, setup, program, (recording, experience)).map(|exit| exit.or_failed(incomplete))
}

/// Tells what earlier runs of the template left, on standard error: standard output is for who waits for certain lines.
fn warn_of_leftovers(session: &Session, template: &str, working_dir: &Path) {
    let state = StateDir::of(&session.environment, working_dir).ok();
    let text = state.and_then(|state| notice(&state, template));
    text.iter().for_each(|text| complain(&session.scrubber().scrub(text)));
}

/// A template of which the components have been checked.
struct Checked {
    analysis: Analysis,
    selection: Selection,
    /// Whether some of the selected builds were dropped.
    incomplete: bool,
    /// What was said about it.
    said: Diagnostics,
}

/// In a legacy template all components are checked before anything runs, and builds of which something is wrong are
/// dropped: the others run.
fn check_legacy(
    session: &mut Session,
    frontend: &Frontend,
    analysis: Analysis,
    selection: Selection,
) -> Result<Checked, Refused> {
    let quiet = Quiet::new(session, frontend, &analysis);
    let how = (Limits::default(), Extent::Prepare);
    // What could be wrong with the template as a whole was found before.
    let program = Arc::new(lower(analysis, &*frontend.registry, &selection, how, &mut Diagnostics::new()));
    quiet.run(session, &program)?;
    let said = quiet.findings_by_build(&program);
    frontend.show(session, &said);
    let refused = quiet.refused(&program);
    let n_selected = program.builds.len() + program.left_out.len();
    if n_selected > 0 && refused.len() == n_selected {
        return Err(Refused);
    }
    let analysis = Arc::into_inner(program).map(Program::into_analysis).ok_or(Refused)?;
    Ok(Checked { analysis, incomplete: !refused.is_empty(), selection: selection.without(refused), said })
}

/// The run that is to be taken up, if one is, and there is one.
fn find_resumed(
    session: &mut Session,
    options: &BuildOptions,
    frontend: &Frontend,
) -> Result<Option<Resumed>, Refused> {
    let Some(name) = &options.resume else { return Ok(None) };
    let found = Resumed::find(session, name, &options.template.path, frontend.working_dir());
    let found = found.map_err(|error| say_error(session, &error))?;
    match &found {
        Some(resumed) => {
            if let Some(guard) = resumed.guard() {
                session.say(&waiting(resumed.run()));
                await_end(&guard);
            }
            session.say(&format!("Taking up run {}.", resumed.run()));
        }
        None => session.say("There is no run of this template to take up: all of it is built now."),
    }
    Ok(found)
}

fn run_builds(
    session: &mut Session,
    setup: RunSetup,
    program: Program,
    (recording, experience): (Recording, Option<Experience>),
) -> Result<Exit, Refused> {
    raise_limit();
    let program = Arc::new(program);
    let (cancel, telemetry) = (setup.cancel.clone(), setup.telemetry.clone());
    let finished =
        Runner::new(setup).and_then(|runner| runner.run(&program)).map_err(|error| say_error(session, &error))?;
    let is_written = telemetry.is_wanted();
    close(session, &telemetry);
    if let Some(experience) = experience {
        experience.add(&program, &finished, session.scrubber());
    }
    let summary = Summary::new(&program, &finished.executor, &finished.watch);
    let interrupted = cancel.is_stopping();
    let closing = Closing::new(&program, &finished.appraisal, &finished.slots);
    summary.print(session, finished.report.elapsed, interrupted, (&closing, is_written));
    let recorded = recording.end(session, &finished.report);
    if let Err(error) = &recorded {
        let text = format!("Error: {error}\nThe end of this run is not recorded, so it does not count as a success.");
        session.error(&text);
    }
    let is_recorded = recorded.is_ok();
    // A run that was stopped may have failed nowhere and yet not done all.
    let was_stopped = interrupted || finished.report.stopped.is_some();
    let failed = summary.has_errors() || was_stopped || !is_recorded || has_other_failures(&program, &finished.report);
    Ok(if failed { Exit::Failed } else { Exit::Success })
}

/// Failures that no build answers for: a data source that nobody read, and bugs. A failed provisioner is the builder's to
/// judge, which may have repeated the step with success.
fn has_other_failures(program: &Program, report: &RunReport) -> bool {
    report.outcomes.iter().any(|(id, outcome)| match outcome {
        Outcome::Bug(_) => true,
        outcome => outcome.is_failure() && matches!(program.plan.node(id), Node::Datasource(_)),
    })
}

/// Runs the data sources that names, source lists and meta-arguments refer to.
fn run_structural(
    session: &mut Session,
    frontend: &Frontend,
    setup: RunSetup,
    analysis: Analysis,
    wanted: &BTreeSet<usize>,
    limits: Limits,
) -> Result<Analysis, Refused> {
    let mut diags = Diagnostics::new();
    let program = Arc::new(lower_data(analysis, &*frontend.registry, wanted, limits, &mut diags));
    frontend.show(session, &diags);
    let (cancel, telemetry) = (setup.cancel.clone(), setup.telemetry.clone());
    let report = Runner::new(setup)
        .and_then(|runner| runner.run_quietly(&program))
        .map_err(|error| say_error(session, &error))?;
    if cancel.is_stopping() && report.counts.failures() == 0 {
        session.say(INTERRUPTED);
    }
    if !report.is_success() {
        close(session, &telemetry);
        return Err(Refused);
    }
    Arc::into_inner(program).map(Program::into_analysis).ok_or(Refused)
}

/// What is written about the run for other programs. That it can be had is known before anything runs.
fn open_telemetry(session: &mut Session, options: &BuildOptions, facts: &RunFacts) -> Result<Arc<Telemetry>, Refused> {
    let context = &facts.context;
    let label = RunLabel {
        run: context.run_uuid.clone(),
        packer: session.version.number,
        template: session.scrubber().scrub(&options.template.path).into_owned(),
        started: session.environment.started.to_string(),
    };
    let opened = Telemetry::open(
        &options.telemetry,
        (&context.working_dir, &session.environment.variables),
        &label,
        session.scrubber(),
    );
    opened.map(Arc::new).map_err(|error| {
        session.error(&format!("Error: {error}"));
        Refused
    })
}

/// Writes what is left about the run. Builds are what they are, whatever became of it.
fn close(session: &mut Session, telemetry: &Telemetry) {
    for problem in telemetry.finish() {
        session.say(&format!("Warning: {problem}"));
    }
}

fn settings(session: &Session, options: &BuildOptions) -> Settings {
    Settings { colour: options.colour, timestamps: options.timestamps, ..session.settings() }
}

fn start_reporter(session: &mut Session, settings: Settings, cancel: &Cancel) -> Result<Reports, Refused> {
    session.start_reporter(settings, cancel).map_err(|error| {
        session.error(&format!("Error: starting the reporter thread: {error}"));
        Refused
    })
}

fn say_error(session: &mut Session, error: &impl std::error::Error) -> Refused {
    session.error(&format!("Error: {error}"));
    Refused
}

fn watch_signals(session: &mut Session, cancel: &Cancel, reports: &Reports) -> Result<Watcher, Refused> {
    Watcher::start(cancel.clone(), reports.clone()).map_err(|error| {
        session.error(&format!("Error: watching for signals: {error}"));
        Refused
    })
}

fn announce(session: &mut Session, options: &BuildOptions, program: &Program, reports: &Reports) {
    if options.skip_enforcement {
        session.say("Skipping HCP Packer enforced provisioners (--skip-enforcement flag set)");
    }
    if options.debug {
        session.say("Debug mode enabled. Builds will not be parallelized.");
    }
    let target = |(colour_index, build): (usize, &planner::lower::Build)| Target {
        build: build.name.clone(),
        post_processor: None,
        colour_index,
    };
    reports.send(Report::Legend(program.builds.iter().enumerate().map(target).collect()));
}

fn no_builds() -> Diagnostics {
    let detail = "A build command cannot run without at least one build to process. If the only or except flags have \
                  been specified at run time check that at least one build is selected for execution.";
    planner::diagnostic::Diagnostic::error("No builds to run", detail, None).into()
}
