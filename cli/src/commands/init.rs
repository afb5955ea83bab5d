//! Fetches the plugins that a template requires.

use planner::config::plugin::RequiredPlugin;
use planner::value::quote;
use planner::version::Constraint;
use plugins::discovery::shelf::Query;
use plugins::releases::latest::Wanted;

use crate::exit::Exit;
use crate::frontend::{Frontend, Refused};
use crate::options::InitOptions;
use crate::plugin_store::PluginStore;
use crate::session::Session;

/// Runs `packer init`. The template is read and nothing in it evaluated. A plugin that cannot be had does not keep the
/// others.
pub fn run(session: &mut Session, options: &InitOptions) -> Exit {
    PluginStore::with(session, |session, store| {
        let required = Frontend::requirements(session, &options.template)?;
        let mut ended = Ok(());
        for plugin in &required {
            let fetched = fetch(session, store, options, plugin)?;
            if let Err(error) = fetched {
                session.error(&format!("Failed getting the {} plugin:", quote(&plugin.source)));
                session.error(&error);
                ended = Err(Refused);
            }
        }
        ended
    })
}

/// Fetches a plugin if need be. The inner error says why it cannot be had.
fn fetch(
    session: &mut Session,
    store: &PluginStore,
    options: &InitOptions,
    plugin: &RequiredPlugin,
) -> Result<Result<(), String>, Refused> {
    let (source, mut constraint) = (plugin.source.as_str(), plugin.version.clone());
    if !options.upgrade {
        let query = Query { source: Some(source), constraint: &constraint, releases_only: true };
        match store.list(session, &query)?.pop() {
            Some(_) if !options.force => return Ok(Ok(())),
            // The one that is there, once more.
            Some(installed) => constraint = Constraint::exactly(installed.version),
            None => {}
        }
    }
    Ok(store.fetch(session, &Wanted { source, constraint: &constraint, force: options.force }))
}
