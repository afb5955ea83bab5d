//! Fetches the plugins that a template requires, and locks what it got.

use planner::config::plugin::RequiredPlugin;
use planner::lock::check::outdated;
use planner::lock::plugin_lock::{BINARY, Hashes, LockedPlugin};
use planner::value::quote;
use planner::version::Constraint;
use plugins::discovery::installation::Installation;
use plugins::discovery::shelf::Query;
use plugins::releases::latest::Wanted;

use crate::exit::Exit;
use crate::findings::Refused;
use crate::frontend::Frontend;
use crate::lock_file::LockFile;
use crate::options::InitOptions;
use crate::plugin_store::PluginStore;
use crate::session::Session;

/// Runs `packer init`. The template is read and nothing in it evaluated. A plugin that cannot be had does not keep the
/// others.
pub fn run(session: &mut Session, options: &InitOptions) -> Exit {
    PluginStore::with(session, |session, store| {
        let required = Frontend::requirements(session, &options.template)?;
        if required.is_empty() {
            return Ok(());
        }
        let mut lock = LockFile::open(session, &options.template.path, store.working_dir())?;
        let mut ended = Ok(());
        for plugin in &required {
            let fetched = fetch(session, store, options, plugin, &mut lock)?;
            if let Err(error) = fetched {
                session.error(&format!("Failed getting the {} plugin:", quote(&plugin.source)));
                session.error(&error);
                lock.keep(plugin);
                ended = Err(Refused);
            }
        }
        lock.save(session, &required);
        ended
    })
}

/// Fetches a plugin if need be. The inner error says why it cannot be had.
fn fetch(
    session: &mut Session,
    store: &PluginStore,
    options: &InitOptions,
    plugin: &RequiredPlugin,
    lock: &mut LockFile,
) -> Result<Result<(), String>, Refused> {
    let (source, mut constraint, mut force) = (plugin.source.as_str(), plugin.version.clone(), options.force);
    let locked = lock.lock().pinned(source, &constraint).filter(|_| !options.upgrade).cloned();
    if let Some(locked) = &locked {
        constraint = Constraint::exactly(locked.version.clone());
    } else if !options.upgrade
        && let Some(text) = outdated(lock.lock(), source, &constraint)
    {
        return Ok(Err(text));
    }
    let platform = store.shelf.target.platform();
    if !options.upgrade {
        let query = Query { source: Some(source), constraint: &constraint, releases_only: true };
        if let Some(installed) = store.list(session, &query)?.pop() {
            if !force && is_locked(locked.as_ref(), &installed, &platform) {
                let hash = format!("{BINARY}{}", installed.digest);
                lock.record(plugin, &installed.version, Hashes::from([(platform, [hash].into())]));
                return Ok(Ok(()));
            }
            // The one that is there, once more.
            constraint = Constraint::exactly(installed.version);
            force = true;
        }
    }
    let wanted = Wanted { source, constraint: &constraint, force, locked: locked.as_ref() };
    let fetched = store.fetch(session, &wanted);
    Ok(fetched.map(|installed| lock.record(plugin, &installed.version, installed.hashes)))
}

/// Whether a plugin that is installed is the one that is locked. Where nothing is known of its files on this platform, it
/// is taken as it is.
fn is_locked(locked: Option<&LockedPlugin>, installed: &Installation, platform: &str) -> bool {
    let Some(locked) = locked else { return true };
    let is_known = locked.hashes.get(platform).is_some_and(|hashes| !hashes.is_empty());
    !is_known || locked.digests(platform, BINARY).contains(&installed.digest)
}
