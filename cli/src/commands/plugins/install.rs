//! Installs a plugin: the newest release, or a binary.

use planner::config::plugin::check_source;
use planner::diagnostic::{Diagnostic, Diagnostics};
use planner::files::Files;
use planner::value::quote;
use planner::version::{Constraint, Version};
use plugins::discovery::install::Placed;
use plugins::releases::latest::Wanted;
use plugins::trust::signatures::Signatures;

use crate::exit::Exit;
use crate::findings::{Refused, show};
use crate::options::PluginsInstallOptions;
use crate::plugin_store::PluginStore;
use crate::session::Session;
use crate::template_kind::clean;

/// Runs `packer plugins install`.
pub fn run(session: &mut Session, options: &PluginsInstallOptions) -> Exit {
    let constraint = match check(options) {
        Ok(constraint) => constraint,
        Err(text) => {
            session.error(&text);
            return Exit::Failed;
        }
    };
    PluginStore::with(session, |session, store| match &options.binary {
        Some(binary) => install(session, store, (binary, &options.source), &constraint),
        None => {
            let wanted =
                Wanted { source: &options.source, constraint: &constraint, force: options.force, locked: None };
            store.fetch(session, &wanted).map(|_| ()).map_err(|error| {
                session.error(&error);
                Refused
            })
        }
    })
}

/// The versions that will do.
fn check(options: &PluginsInstallOptions) -> Result<Constraint, String> {
    let PluginsInstallOptions { source, constraint, .. } = options;
    check_source(source).map_err(|error| format!("Invalid source string {}: {error}", quote(source)))?;
    let Some(text) = constraint else { return Ok(Constraint::none()) };
    let constraint = Constraint::parse(text)?;
    if constraint.has_prerelease() {
        return Err(format!("Unsupported prerelease for constraint {}", quote(&constraint.to_string())));
    }
    Ok(constraint)
}

fn install(
    session: &mut Session,
    store: &PluginStore,
    (binary, source): (&str, &str),
    constraint: &Constraint,
) -> Result<(), Refused> {
    let binary = clean(&store.working_dir().join(binary));
    let accept = |version: &Version| {
        let fits = constraint.allows(&version.core());
        let text = || format!("The binary's version is {version}, which does not fit \"{constraint}\".");
        if fits { Ok(()) } else { Err(text()) }
    };
    let installed = store.block_on(async {
        let signatures = Signatures::beside(&binary)?;
        store.shelf.install(&binary, source, &signatures, accept).await
    });
    match installed {
        Ok(Placed { path, .. }) => {
            let (binary, path) = (binary.display(), path.display());
            session.say(&format!("Successfully installed plugin {source} from {binary} to {path}"));
            Ok(())
        }
        Err(error) => {
            let found = Diagnostic::error(error.summary(), error.to_string(), None);
            show(session, &Files::new(), &Diagnostics::from(found));
            Err(Refused)
        }
    }
}
