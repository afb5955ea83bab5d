//! Names of sockets that plugins waited at who died before anybody came to them: the system keeps such a name for ever.

use std::path::Path;
use std::time::{Duration, SystemTime};

/// How the names begin.
const PREFIX: &str = "packer-plugin";
/// The times of files lag behind the clock.
const LAG: Duration = Duration::from_secs(1);

/// Removes, from a folder for temporary files, the sockets of plugins that came to be since then and that nobody has open.
#[cfg(target_os = "linux")]
pub(crate) fn sweep(folder: &Path, since: SystemTime) {
    let since = since.checked_sub(LAG).unwrap_or(since);
    let found: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).collect();
    let found = found.into_iter().filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    let found: Vec<_> = found.map(|entry| entry.path()).filter(|path| is_young_socket_of_ours(path, since)).collect();
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

/// Elsewhere nobody tells who has a socket open.
#[cfg(not(target_os = "linux"))]
pub(crate) fn sweep(_: &Path, _: SystemTime) {}

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

#[cfg(target_os = "linux")]
fn is_young_socket_of_ours(path: &Path, since: SystemTime) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(found) = std::fs::symlink_metadata(path) else { return false };
    let is_ours = found.uid() == rustix::process::geteuid().as_raw();
    is_ours && is_socket(path) && found.modified().is_ok_and(|modified| modified >= since)
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
}
