//! Which components the installed plugins bring, and how they are run.

use std::collections::BTreeMap;
use std::path::PathBuf;
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
use plugins::external::binary::{Binary, Component, Encoding};
use plugins::external::hosting::Hosting;
use plugins::external::leaving::Leaving;
use plugins::external::provided::Components;
use plugins::external::schema_cache::SchemaCache;
use plugins::process::Fence;

use crate::core_config::plugin_paths;
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

/// Where plugins are, beside the folder that they are installed in.
#[derive(Debug)]
struct Places {
    /// Those that are named by their paths.
    named: BTreeMap<String, PathBuf>,
    /// The folder that this program lies in.
    program: Option<PathBuf>,
}

/// A plugin, and what the template calls it.
type Named = (String, Installation);

/// The components of all plugins that are installed; those of `required` plugins go by the names that they have there.
/// What the others bring is found out only when a component is asked for that is neither built in nor theirs.
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
    let named = plugin_paths(environment).map_err(|error| {
        Diagnostics::from(Diagnostic::error("Error loading configuration", error.to_string(), None))
    })?;
    let places = Places { named, program: environment.program_folder.clone() };
    match (shelf(environment, fence, Cancel::new()), required) {
        (Ok(shelf), _) => {
            let found = find_required(&shelf, required, lock, choice)?;
            let hosting = hosting(environment, &shelf, settings);
            let find = move || Ok(components(wait(find_others(&shelf, &places, choice.releases_only))?, choice));
            Ok(External::new(hosting, components(found, choice), Box::new(find)))
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
    let (mut found, mut missing) = (Vec::with_capacity(required.len()), Vec::new());
    let (mut refused, mut diags) = (Vec::new(), Diagnostics::new());
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
        let mut survey = wait(async { shelf.survey(&query).await.map_err(|error| error.to_string()) })
            .map_err(|error| unlisted(plugin, &error))?;
        match survey.installations.pop() {
            Some(installation) => {
                check_locked(shelf, lock, plugin, &installation, &mut diags);
                found.push((plugin.name.to_string(), installation));
            }
            None => {
                missing.push(plugin);
                refused.extend(survey.refused.iter().map(|(path, refusal)| format!("{}: {refusal}", path.display())));
            }
        }
    }
    report_missing(&missing, &refused, &mut diags);
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

/// The components of these plugins. Of two that go by one name the first counts.
fn components(plugins: Vec<Named>, choice: Choice) -> Components {
    let mut components = Components::new();
    for (name, installation) in plugins {
        let binary = Arc::new(Binary::of(&installation, choice.force_gob));
        for (key, component) in Component::all(&name, &installation.description, &binary) {
            components.entry((component.kind, key)).or_insert(component);
        }
    }
    if !components.is_empty() && components.values().all(|found| found.binary.encoding == Encoding::Protobuf) {
        // Scripts look for this.
        tracing::trace!("Using protobuf for communication with plugins");
    }
    components
}

/// All plugins that are not required, those to prefer first: who is named by its path, who lies beside this program, who is
/// installed in a version, the newest first, and who lies in the folder of plugins under nothing but its name.
async fn find_others(shelf: &Shelf, places: &Places, releases_only: bool) -> Result<Vec<Named>, String> {
    let mut found = Vec::new();
    for (name, path) in &places.named {
        let named = shelf.at(path, name).await;
        found.push(
            named.map_err(|refusal| format!("the plugin {name} at {} cannot be used: {refusal}", path.display()))?,
        );
    }
    if let Some(folder) = &places.program {
        match shelf.loose(folder, releases_only).await {
            Ok(loose) => found.extend(loose),
            // Who put the program there need not have thought of plugins.
            Err(error) => tracing::warn!("{error}"),
        }
    }
    let failed = |error: ListError| error.to_string();
    let query = Query { source: None, constraint: &Constraint::none(), releases_only };
    // The last one of a plugin is the one to use.
    found.extend(shelf.list(&query).await.map_err(failed)?.into_iter().rev());
    found.extend(shelf.loose(&shelf.folder, releases_only).await.map_err(failed)?);
    Ok(found.into_iter().map(|installation| (installation.plugin.clone(), installation)).collect())
}

/// Waits for something that the shelf does.
fn wait<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| format!("starting the worker threads: {error}"))?.block_on(work)
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
