//! Which components the installed plugins bring, and how they are run.

use std::sync::Arc;

use engine::Cancel;
use planner::config::plugin::{RequiredPlugin, report_missing};
use planner::diagnostic::{Diagnostic, Diagnostics};
use planner::lock::check::{Candidate, check, wanted};
use planner::lock::plugin_lock::PluginLock;
use planner::version::Constraint;
use plugins::discovery::installation::Installation;
use plugins::discovery::shelf::{ListError, Query, Shelf};
use plugins::external::External;
use plugins::external::binary::{Binary, Component};
use plugins::external::hosting::Hosting;
use plugins::external::leaving::Leaving;
use plugins::external::provided::Components;
use plugins::external::schema_cache::SchemaCache;
use plugins::process::Fence;

use crate::environment::Environment;
use crate::folders::cache_folder;
use crate::plugin_settings::PluginSettings;
use crate::plugin_shelf::shelf;

/// The folder of schemas in that of what can be had again. Another form of them needs another name.
const SCHEMAS: &str = "plugin-schemas";

/// How plugins are chosen.
#[derive(Clone, Copy, Debug)]
struct Choice {
    releases_only: bool,
    force_gob: bool,
}

/// A plugin, and what the template calls it.
type Named = (String, Installation);

/// The components of all plugins that are installed; those of `required` plugins go by the names that they have there.
/// What the others bring is found out only when a component is asked for that is not built in.
///
/// # Errors
///
/// Plugins that are required are not there or not what is locked, or it is not known whether they are.
pub fn external(
    (environment, fence): (&Environment, &Fence),
    required: &[RequiredPlugin],
    lock: Option<&PluginLock>,
    releases_only: bool,
) -> Result<External, Diagnostics> {
    let settings = PluginSettings::read(environment)?;
    let choice = Choice { releases_only, force_gob: settings.force_gob };
    match (shelf(environment, fence, Cancel::new()), required) {
        (Ok(shelf), _) => {
            let found = find_required(&shelf, required, lock, choice)?;
            let hosting = hosting(environment, &shelf, settings);
            Ok(External::new(hosting, Box::new(move || find_all(&shelf, &found, choice))))
        }
        // Who needs no plugin need not say where plugins are.
        (Err(_), []) => Ok(External::default()),
        (Err(error), [first, ..]) => Err(unlisted(first, &error.to_string())),
    }
}

/// The newest installation of each plugin that will do.
fn find_required(
    shelf: &Shelf,
    required: &[RequiredPlugin],
    lock: Option<&PluginLock>,
    choice: Choice,
) -> Result<Vec<Named>, Diagnostics> {
    let (mut found, mut missing, mut diags) = (Vec::with_capacity(required.len()), Vec::new(), Diagnostics::new());
    for plugin in required {
        let constraint = match wanted(lock, plugin) {
            Ok(constraint) => constraint,
            Err(unlocked) => {
                diags.push(unlocked);
                continue;
            }
        };
        let query =
            Query { source: Some(&plugin.source), constraint: &constraint, releases_only: choice.releases_only };
        match list(shelf, &query).map_err(|error| unlisted(plugin, &error))?.pop() {
            Some(installation) => {
                check_locked(shelf, lock, plugin, &installation, &mut diags);
                found.push((plugin.name.to_string(), installation));
            }
            None => missing.push(plugin),
        }
    }
    report_missing(&missing, &mut diags);
    if diags.has_errors() { Err(diags) } else { Ok(found) }
}

fn check_locked(
    shelf: &Shelf,
    lock: Option<&PluginLock>,
    plugin: &RequiredPlugin,
    installation: &Installation,
    diags: &mut Diagnostics,
) {
    let platform = shelf.target.platform();
    let candidate = Candidate { version: &installation.version, platform: &platform, digest: &installation.digest };
    if let Err(other) = check(lock, plugin, candidate) {
        diags.push(other);
    }
}

/// The components of the plugins that are required, and of all others by the plugins' own names.
fn find_all(shelf: &Shelf, required: &[Named], choice: Choice) -> Result<Components, String> {
    let anything = Constraint::none();
    let query = Query { source: None, constraint: &anything, releases_only: choice.releases_only };
    // The last one of a plugin is the one to use.
    let others = list(shelf, &query)?.into_iter().rev().map(|installation| (installation.plugin.clone(), installation));
    let mut components = Components::new();
    for (name, installation) in required.iter().cloned().chain(others) {
        let binary = Arc::new(Binary::of(&installation, choice.force_gob));
        for (key, component) in Component::all(&name, &installation.description, &binary) {
            components.entry((component.kind, key)).or_insert(component);
        }
    }
    Ok(components)
}

fn list(shelf: &Shelf, query: &Query<'_>) -> Result<Vec<Installation>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("starting the worker threads: {error}"))?;
    runtime.block_on(shelf.list(query)).map_err(|error: ListError| error.to_string())
}

fn unlisted(plugin: &RequiredPlugin, error: &str) -> Diagnostics {
    let summary = format!("Failed to list installation for {}", plugin.source);
    Diagnostic::error(summary, error, plugin.span).into()
}

fn hosting(environment: &Environment, shelf: &Shelf, settings: PluginSettings) -> Hosting {
    let describer = &shelf.describer;
    let cache = cache_folder(environment, &describer.working_dir).map(|folder| folder.join(SCHEMAS));
    Hosting {
        working_dir: describer.working_dir.clone(),
        environment: describer.environment.clone(),
        fence: describer.fence.clone(),
        ports: settings.ports,
        patience: settings.patience,
        memory_limit: settings.memory_limit,
        leaving: Leaving::default(),
        schemas: SchemaCache::new(cache),
    }
}
