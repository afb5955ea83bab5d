//! What is in a folder of ours.

use std::fs;
use std::path::Path;

use crate::io_fault::os_words;

/// Deeper folders are a circle of links.
const MAX_DEPTH: usize = 100;

/// A file or folder in a folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its path in the folder, with slashes.
    pub(super) name: String,
    pub(super) is_folder: bool,
}

/// All that is in `folder`, folders before what is in them, by name. What `exclude` lists, by path or by name alone, is left
/// out. Links are followed.
pub(super) fn entries(folder: &Path, exclude: &[String]) -> Result<Vec<Entry>, String> {
    let mut found = Vec::new();
    gather(folder, "", exclude, 0, &mut found)?;
    Ok(found)
}

fn gather(folder: &Path, prefix: &str, exclude: &[String], depth: usize, found: &mut Vec<Entry>) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("cannot read {}: {}", folder.display(), os_words(&error));
    if depth > MAX_DEPTH {
        return Err(format!("{} is more than {MAX_DEPTH} folders deep", folder.display()));
    }
    let mut children = fs::read_dir(folder).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    children.sort_by_key(fs::DirEntry::file_name);
    for child in children {
        let (path, own) = (child.path(), child.file_name());
        let own = own.to_str().ok_or_else(|| format!("the name of {} is not UTF-8", path.display()))?;
        let name = format!("{prefix}{own}");
        if exclude.iter().any(|excluded| excluded.trim_end_matches('/') == name || excluded == own) {
            continue;
        }
        let meta =
            fs::metadata(&path).map_err(|error| format!("cannot read {}: {}", path.display(), os_words(&error)))?;
        let deeper = meta.is_dir().then(|| format!("{name}/"));
        found.push(Entry { name, is_folder: meta.is_dir() });
        if let Some(prefix) = deeper {
            gather(&path, &prefix, exclude, depth + 1, found)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path, exclude: &[&str]) -> Result<Vec<String>, String> {
        let exclude: Vec<String> = exclude.iter().map(|text| (*text).to_owned()).collect();
        let entries = entries(folder, &exclude)?;
        Ok(entries.into_iter().map(|entry| if entry.is_folder { entry.name + "/" } else { entry.name }).collect())
    }

    #[test]
    fn everything_by_name_but_what_is_excluded() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("b/c")).unwrap();
        for name in ["a", "b/c/d", "b/e", "f"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        assert_eq!(names(folder.path(), &[]).unwrap(), ["a", "b/", "b/c/", "b/c/d", "b/e", "f"]);
        assert_eq!(names(folder.path(), &["b/c/", "f"]).unwrap(), ["a", "b/", "b/e"]);
        assert_eq!(names(folder.path(), &["d", "b/e"]).unwrap(), ["a", "b/", "b/c/", "f"]);
        let missing = names(&folder.path().join("no"), &[]).unwrap_err();
        assert!(missing.ends_with("/no: no such file or directory"), "{missing}");
    }

    #[cfg(unix)]
    #[test]
    fn circles_come_to_an_end() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("self")).unwrap();
        let error = names(folder.path(), &[]).unwrap_err();
        assert!(error.contains("more than 100 folders deep") || error.contains("symbolic links"), "{error}");
    }
}
