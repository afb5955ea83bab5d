//! Names of sockets that plugins waited at who died before anybody came to them: the system keeps such a name for ever.
//! Before it becomes a socket's, a plugin makes sure of a name with an empty file, which may stay as well.

#[cfg(target_os = "linux")]
use std::collections::BTreeMap;
#[cfg(target_os = "linux")]
use std::fs::Metadata;
#[cfg(target_os = "linux")]
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
#[cfg(target_os = "linux")]
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// How the names begin.
const PREFIX: &str = "packer-plugin";
/// The times of files lag behind the clock.
const LAG: Duration = Duration::from_secs(1);

/// How long a name is a file's at the very most, unless its plugin is dead.
const RESERVED: Duration = Duration::from_secs(2);

/// Removes, from a folder for temporary files, the sockets of plugins that came to be since then and that nobody has open.
#[cfg(target_os = "linux")]
pub(crate) fn sweep(folder: &Path, since: SystemTime) {
    let found: Vec<PathBuf> = young(folder, since).into_keys().filter(|path| is_socket(path)).collect();
    if found.is_empty() {
        return;
    }
    // Read after the folder: who is in the folder and alive is in the table.
    let Ok(table) = std::fs::read("/proc/net/unix") else { return };
    let table = String::from_utf8_lossy(&table);
    for path in found.iter().filter(|path| !is_open(&table, path)) {
        remove(path);
    }
}

/// Removes the names from a folder for temporary files that plugins who died since then had only made sure of. Takes its
/// time if there are any: a living plugin of somebody else must find its own.
#[cfg(target_os = "linux")]
pub(crate) fn sweep_reserved(folder: &Path, since: SystemTime) {
    let is_reserved = |path: &PathBuf, found: &Metadata| {
        let number = path.file_name().and_then(|name| name.to_str()?.strip_prefix(PREFIX));
        let is_numbered = number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        is_numbered && found.is_file() && found.len() == 0
    };
    let mut reserved = young(folder, since);
    reserved.retain(|path, found| is_reserved(path, found));
    if reserved.is_empty() {
        return;
    }
    std::thread::sleep(RESERVED);
    for (path, found) in reserved {
        let is_same = |now: Metadata| (now.ino(), now.len()) == (found.ino(), 0) && now.is_file();
        if std::fs::symlink_metadata(&path).is_ok_and(is_same) {
            // It may have gone this moment.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// What in a folder may be of plugins of ours, and came to be since then.
#[cfg(target_os = "linux")]
fn young(folder: &Path, since: SystemTime) -> BTreeMap<PathBuf, Metadata> {
    let since = since.checked_sub(LAG).unwrap_or(since);
    let found = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let found = found.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    let found = found.filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)));
    let is_ours = |found: &Metadata| found.uid() == rustix::process::geteuid().as_raw();
    found.filter(|(_, found)| is_ours(found) && found.modified().is_ok_and(|modified| modified >= since)).collect()
}

/// Elsewhere nobody tells who has a socket open.
#[cfg(not(target_os = "linux"))]
pub(crate) fn sweep(_: &Path, _: SystemTime) {}

/// Elsewhere it is left.
#[cfg(not(target_os = "linux"))]
pub(crate) fn sweep_reserved(_: &Path, _: SystemTime) {}

/// Removes a socket's name, if it is one.
pub(crate) fn remove(path: &Path) {
    if is_socket(path)
        && let Err(error) = std::fs::remove_file(path)
    {
        tracing::debug!("the socket {} of a plugin stays: {error}", path.display());
    }
}

fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket())
}

/// Whether the system's table of sockets has this name: `Num RefCount Protocol Flags Type St Inode Path`.
#[cfg(target_os = "linux")]
fn is_open(table: &str, path: &Path) -> bool {
    let name = path.to_string_lossy();
    // The path may have blanks in it.
    table.lines().any(|line| line.strip_suffix(&*name).is_some_and(|head| head.ends_with(' ')))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn only_what_nobody_waits_at_any_more_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let bind = |name: &str| UnixListener::bind(path(name)).unwrap();
        let _alive = bind("packer-plugin alive");
        ["packer-plugin-dead", "other-dead"].into_iter().for_each(|name| drop(bind(name)));
        std::fs::write(path("packer-plugin-file"), "").unwrap();
        let now = SystemTime::now();
        sweep(folder.path(), now + Duration::from_secs(60));
        assert!(path("packer-plugin-dead").exists(), "it is older than that");
        sweep(folder.path(), now);
        let left = ["packer-plugin-dead", "packer-plugin alive", "packer-plugin-file", "other-dead"];
        assert_eq!(left.map(|name| path(name).exists()), [false, true, true, true]);
        sweep(&path("nowhere"), now);
    }

    #[test]
    fn names_that_were_only_made_sure_of_are_removed_once_nobody_can_need_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let _alive = UnixListener::bind(path("packer-plugin12")).unwrap();
        for (name, text) in [("packer-plugin34", ""), ("packer-plugin56", "text"), ("packer-plugin-x", ""), ("1", "")] {
            std::fs::write(path(name), text).unwrap();
        }
        sweep_reserved(folder.path(), SystemTime::now());
        let names = ["packer-plugin12", "packer-plugin34", "packer-plugin56", "packer-plugin-x", "1"];
        assert_eq!(names.map(|name| path(name).exists()), [true, false, true, true, true]);
    }
}
