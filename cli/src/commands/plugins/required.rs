//! Lists the plugins that a template requires, and those that would do.

use planner::value::quote;
use plugins::discovery::shelf::Query;

use crate::exit::Exit;
use crate::findings::Refused;
use crate::frontend::Frontend;
use crate::options::PluginsRequiredOptions;
use crate::plugin_store::PluginStore;
use crate::session::Session;

/// Runs `packer plugins required`. The template is read and nothing in it evaluated.
pub fn run(session: &mut Session, options: &PluginsRequiredOptions) -> Exit {
    PluginStore::with(session, |session, store| list(session, store, options))
}

fn list(session: &mut Session, store: &PluginStore, options: &PluginsRequiredOptions) -> Result<(), Refused> {
    let required = Frontend::requirements(session, &options.template)?;
    for plugin in &required {
        let query = Query { source: Some(&plugin.source), constraint: &plugin.version, releases_only: false };
        let mut line = format!("{} {} {}", plugin.name, plugin.source, quote(&plugin.version.to_string()));
        for installation in store.list(session, &query)? {
            line.push(' ');
            line.push_str(&installation.path.to_string_lossy());
        }
        session.message(&line);
    }
    Ok(())
}
