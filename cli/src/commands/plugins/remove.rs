//! Removes plugins.

use std::path::{Component, Path};

use planner::config::plugin::check_source;
use planner::diagnostic::{Diagnostic, Diagnostics};
use planner::files::Files;
use planner::value::quote;
use planner::version::Constraint;
use plugins::discovery::remove::remove;
use plugins::discovery::shelf::Query;
use plugins::io_fault::words_and_advice;

use crate::exit::Exit;
use crate::findings::{Refused, show};
use crate::options::PluginsRemoveOptions;
use crate::plugin_store::PluginStore;
use crate::session::Session;

/// Runs `packer plugins remove`.
pub fn run(session: &mut Session, options: &PluginsRemoveOptions) -> Exit {
    let binary = Path::new(&options.plugin);
    if binary.is_absolute() {
        return PluginStore::with(session, |session, store| remove_binary(session, store, binary));
    }
    let source = &options.plugin;
    let checked = check_source(source).map_err(|error| format!("Invalid source string {}: {error}", quote(source)));
    let constraint = options.constraint.as_deref().map_or_else(|| Ok(Constraint::none()), Constraint::parse);
    match checked.and(constraint) {
        Ok(constraint) => {
            PluginStore::with(session, |session, store| remove_matching(session, store, options, &constraint))
        }
        Err(text) => {
            session.error(&text);
            Exit::Failed
        }
    }
}

/// Removes one binary, if it is one of the plugins'.
fn remove_binary(session: &mut Session, store: &PluginStore, binary: &Path) -> Result<(), Refused> {
    let folder = &store.shelf.folder;
    let climbs = binary.components().any(|part| part == Component::ParentDir);
    let failure = if climbs || !binary.starts_with(folder) {
        let detail = format!(
            "The path {} is not under the plugin directory inferred by Packer ({}) and will not be removed.",
            quote(&binary.to_string_lossy()),
            folder.display()
        );
        Some(("Invalid plugin location", detail))
    } else {
        let failed = remove(binary).err();
        failed.map(|error| ("Failed to delete plugin", format!("{}: {}", binary.display(), words_and_advice(&error))))
    };
    match failure {
        Some((summary, detail)) => {
            show(session, &Files::new(), &Diagnostics::from(Diagnostic::error(summary, detail, None)));
            Err(Refused)
        }
        None => {
            session.message(&binary.to_string_lossy());
            Ok(())
        }
    }
}

/// Removes all that fit. One that cannot be removed does not keep the others.
fn remove_matching(
    session: &mut Session,
    store: &PluginStore,
    options: &PluginsRemoveOptions,
    constraint: &Constraint,
) -> Result<(), Refused> {
    let query = Query { source: Some(&options.plugin), constraint, releases_only: false };
    let found = store.list(session, &query)?;
    for installation in &found {
        let path = installation.path.to_string_lossy();
        match remove(&installation.path) {
            Ok(()) => session.message(&path),
            Err(error) => {
                let reason = quote(&words_and_advice(&error));
                session.error(&format!("Failed to remove plugin {}: {reason}", quote(&path)));
            }
        }
    }
    if found.is_empty() {
        let wanted = options.constraint.as_ref().map(|_| format!(" {constraint}")).unwrap_or_default();
        let source = &options.plugin;
        session.error(&format!("No installed plugin found matching the plugin constraints {source}{wanted}"));
        return Err(Refused);
    }
    Ok(())
}
