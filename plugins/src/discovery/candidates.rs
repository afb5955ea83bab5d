//! Files that are called like a plugin for this system: the walk through the folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::discovery::file_name::FileName;
use crate::discovery::target::Target;

/// A file that is called like a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Where it lies.
    pub path: PathBuf,
    /// How many folders below the folder of all plugins.
    pub depth: usize,
}

/// The files below `root` that are called like a plugin for `target`, or like that of one `plugin`, in the order of their
/// paths. Not those that lie in `top` itself. No folder that is a link is entered, except `root`.
///
/// # Errors
///
/// `root` is there and cannot be read. A folder below it that cannot is left out, which the log says.
pub fn find(root: &Path, top: &Path, plugin: Option<&str>, target: Target) -> io::Result<Vec<Candidate>> {
    let is_wanted = |path: &Path| {
        let name = path.file_name().and_then(|name| FileName::parse(name.to_str()?, target));
        name.is_some_and(|name| plugin.is_none_or(|plugin| name.plugin == plugin))
    };
    let depth = |path: &Path| path.parent()?.strip_prefix(top).ok().map(|folder| folder.components().count());
    let mut found = Vec::new();
    let mut folders = match fs::read_dir(root) {
        Ok(entries) => vec![(root.to_owned(), entries)],
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error),
    };
    while let Some((folder, entries)) = folders.pop() {
        for entry in entries {
            let entry = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)));
            match entry {
                Ok((path, kind)) if kind.is_dir() => match fs::read_dir(&path) {
                    Ok(entries) => folders.push((path, entries)),
                    Err(error) => tracing::warn!("no plugins are looked for in {}: {error}", path.display()),
                },
                Ok((path, _)) => {
                    let depth = depth(&path).unwrap_or_default();
                    if depth > 0 && is_wanted(&path) {
                        found.push(Candidate { path, depth });
                    }
                }
                Err(error) => tracing::warn!("plugins may be missing from {}: {error}", folder.display()),
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINUX: Target = Target { os: "linux", arch: "amd64" };

    #[test]
    fn what_is_called_like_a_plugin_is_found() {
        let top = tempfile::tempdir().unwrap();
        let deep = "d/".repeat(17);
        for name in [
            "packer-plugin-root_v1.0.0_x5.0_linux_amd64",
            "host/ns/a/packer-plugin-a_v1.0.0_x5.0_linux_amd64",
            "host/ns/a/packer-plugin-a_v1.0.0_x5.0_linux_amd64_SHA256SUM",
            "host/ns/a/packer-plugin-a_v1.0.0_x5.0_linux_arm64",
            "host/ns/b/packer-plugin-a_v2.0.0_x5.0_linux_amd64",
            "host/ns/ab/packer-plugin-ab_v1.0.0_x5.0_linux_amd64",
            "höst/ns/a/packer-plugin-a_v1.0.0_x5.0_linux_amd64",
            &format!("{deep}packer-plugin-a_v1.0.0_x5.0_linux_amd64"),
        ] {
            let path = top.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        std::os::unix::fs::symlink("ns", top.path().join("host/link")).unwrap();
        std::os::unix::fs::symlink(".", top.path().join("host/ns/round")).unwrap();
        let check = |root: &str, plugin: Option<&str>, expected: &[(&str, usize)]| {
            let found = find(&top.path().join(root), top.path(), plugin, LINUX).unwrap();
            let found: Vec<(String, usize)> = found
                .into_iter()
                .map(|found| (found.path.strip_prefix(top.path()).unwrap().to_str().unwrap().to_owned(), found.depth))
                .collect();
            let expected: Vec<_> = expected.iter().map(|(path, depth)| ((*path).to_owned(), *depth)).collect();
            assert_eq!(found, expected, "{root} {plugin:?}");
        };
        let a = "host/ns/a/packer-plugin-a_v1.0.0_x5.0_linux_amd64";
        let ab = "host/ns/ab/packer-plugin-ab_v1.0.0_x5.0_linux_amd64";
        let other = "host/ns/b/packer-plugin-a_v2.0.0_x5.0_linux_amd64";
        let unicode = "höst/ns/a/packer-plugin-a_v1.0.0_x5.0_linux_amd64";
        let far = format!("{deep}packer-plugin-a_v1.0.0_x5.0_linux_amd64");
        check("", None, &[(&far, 17), (a, 3), (ab, 3), (other, 3), (unicode, 3)]);
        check("host/ns", Some("a"), &[(a, 3), (other, 3)]);
        check("host/ns", Some("c"), &[]);
        check("nowhere", None, &[]);
        let file = find(&top.path().join(a), top.path(), None, LINUX);
        assert_eq!(file.unwrap_err().kind(), io::ErrorKind::NotADirectory);
    }
}
