//! Lists the plugins that are installed.

use planner::version::Constraint;
use plugins::discovery::shelf::Query;

use crate::exit::Exit;
use crate::plugin_store::PluginStore;
use crate::session::Session;

/// Runs `packer plugins installed`.
pub fn run(session: &mut Session) -> Exit {
    PluginStore::with(session, |session, store| {
        let query = Query { source: None, constraint: &Constraint::none(), releases_only: false };
        for installation in store.list(session, &query)? {
            session.message(&installation.path.to_string_lossy());
        }
        Ok(())
    })
}
