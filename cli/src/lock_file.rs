//! The lock file of a template on disk: read before plugins are looked for, written when `init` is done.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use planner::config::plugin::RequiredPlugin;
use planner::diagnostic::{Diagnostic, Diagnostics};
use planner::files::Files;
use planner::lock::decode::read;
use planner::lock::plugin_lock::{ARCHIVE, BINARY, Hashes, LOCK_FILE, LockedPlugin, PluginLock};
use planner::version::Version;
use plugins::io_fault::words_and_advice;
use tempfile::NamedTempFile;

use crate::findings::{Refused, show};
use crate::session::Session;
use crate::template_kind::template_root;

/// A lock file, which may not be there yet.
pub struct LockFile {
    path: PathBuf,
    /// The template is all that is in the folder of the file.
    is_whole: bool,
    /// What it says, if it is there.
    before: Option<PluginLock>,
    lock: PluginLock,
    /// The sources, with versions, that the template uses now; all versions of a source whose plugin could not be had.
    used: Vec<(String, Option<Version>)>,
}

impl LockFile {
    /// The lock of the template at `template`.
    ///
    /// # Errors
    ///
    /// It cannot be read or understood; it was said.
    pub fn open(session: &mut Session, template: &str, working_dir: &Path) -> Result<Self, Refused> {
        let root = template_root(template, working_dir);
        let name = match root.trim_end_matches('/') {
            "." => LOCK_FILE.to_owned(),
            root => format!("{root}/{LOCK_FILE}"),
        };
        let path = working_dir.join(&name);
        let mut files = Files::new();
        let before = read(&path, &name, &mut files).map_err(|diags| {
            show(session, &files, &diags);
            Refused
        })?;
        let lock = before.clone().unwrap_or_else(|| PluginLock::new(name));
        Ok(Self { path, is_whole: working_dir.join(template).is_dir(), before, lock, used: Vec::new() })
    }

    /// What is locked on disk; `None` when there is no file.
    pub fn before(&self) -> Option<&PluginLock> {
        self.before.as_ref()
    }

    /// What is locked now.
    pub fn lock(&self) -> &PluginLock {
        &self.lock
    }

    /// Locks a version of a plugin. Where known files of it have changed, all that is known is forgotten.
    pub fn record(&mut self, plugin: &RequiredPlugin, version: &Version, hashes: Hashes) {
        let source = &plugin.source;
        self.lock.retain(|locked| {
            locked.source != *source || locked.version != *version || !contradict(&locked.hashes, &hashes)
        });
        let constraints = plugin.version.to_string();
        self.lock.add(LockedPlugin { source: source.clone(), version: version.clone(), constraints, hashes });
        self.used.push((source.clone(), Some(version.clone())));
    }

    /// Keeps what is locked of a plugin that could not be had.
    pub fn keep(&mut self, plugin: &RequiredPlugin) {
        self.used.push((plugin.source.clone(), None));
    }

    /// Writes the file, unless it says the same already. What it has of plugins that `required` no longer asks for goes;
    /// other templates in the folder keep theirs.
    pub fn save(mut self, session: &mut Session, required: &[RequiredPlugin]) {
        let used = std::mem::take(&mut self.used);
        let is_whole = self.is_whole;
        self.lock.retain(|locked| {
            let is_used = used.iter().any(|(source, version)| {
                *source == locked.source && version.as_ref().is_none_or(|version| *version == locked.version)
            });
            let mut replaced = required.iter().filter(|plugin| plugin.source == locked.source);
            is_used || !(is_whole || replaced.any(|plugin| plugin.version.allows(&locked.version)))
        });
        if self.before.as_ref().is_some_and(|before| *before == self.lock) {
            return;
        }
        if let Err(error) = write(&self.path, &self.lock.render()) {
            let summary = format!("{} was not written", self.lock.name);
            let detail = format!(
                "{}\nThe plugins are installed. Nothing will notice when others get other ones.",
                words_and_advice(&error)
            );
            show(session, &Files::new(), &Diagnostics::from(Diagnostic::warning(summary, detail, None)));
        }
    }
}

/// Whether files have changed: what is known of one kind on one platform is now something else.
fn contradict(known: &Hashes, fresh: &Hashes) -> bool {
    fresh.iter().any(|(platform, fresh)| {
        let Some(known) = known.get(platform) else { return false };
        [BINARY, ARCHIVE].iter().any(|kind| {
            let known: Vec<&String> = known.iter().filter(|hash| hash.starts_with(kind)).collect();
            let mut fresh = fresh.iter().filter(|hash| hash.starts_with(kind));
            !known.is_empty() && fresh.any(|hash| !known.contains(&hash))
        })
    })
}

/// Puts the text into the place of the file, all at once.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut fresh = NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    fresh.write_all(text.as_bytes())?;
    let mode = fs::metadata(&path).map_or(0o644, |there| there.permissions().mode() & 0o777);
    fresh.as_file().set_permissions(Permissions::from_mode(mode))?;
    fresh.persist(path)?;
    Ok(())
}
