//! Descriptions of plugins that were asked before, so that they need not be started to be asked again. One file for each
//! binary, named after its checksum: whoever has the checksum right has the binary that was asked.
//!
//! Files come into being whole, so that any number of programs can use the folder at once. One that cannot be read or
//! understood counts as not there.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use tempfile::NamedTempFile;

use crate::discovery::describe::Description;

/// A folder of descriptions; without one nothing is kept.
#[derive(Clone, Debug, Default)]
pub struct DescriptionCache {
    folder: Option<PathBuf>,
}

impl DescriptionCache {
    /// The cache in `folder`, which is made when it is needed.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// What the binary with this checksum said.
    pub fn get(&self, checksum: &str) -> Option<Description> {
        let text = fs::read(self.file(checksum)?).ok()?;
        Description::parse(&text).ok()
    }

    /// Keeps what the binary with this checksum said.
    pub fn put(&self, checksum: &str, description: &Description) {
        if let Err(error) = self.try_put(checksum, description) {
            tracing::debug!("the description of a plugin is not kept: {error}");
        }
    }

    fn try_put(&self, checksum: &str, description: &Description) -> io::Result<()> {
        let (Some(folder), Some(file)) = (&self.folder, self.file(checksum)) else { return Ok(()) };
        fs::create_dir_all(folder)?;
        let mut fresh = NamedTempFile::new_in(folder)?;
        fresh.write_all(&serde_json::to_vec(description)?)?;
        fresh.persist(file)?;
        Ok(())
    }

    fn file(&self, checksum: &str) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("{checksum}.json")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_found_and_damage_is_not() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("not/yet");
        let cache = DescriptionCache::new(Some(folder.clone()));
        let said = Description { version: "1.2.3".to_owned(), ..Description::default() };
        assert_eq!(cache.get("ab"), None);
        cache.put("ab", &said);
        assert_eq!((cache.get("ab"), cache.get("cd")), (Some(said.clone()), None));
        let whole = fs::read(folder.join("ab.json")).unwrap();
        for damage in [&whole[..whole.len() / 2], b"", b"\xff\xfe", b"[]", b"{\"version\":{}}"] {
            fs::write(folder.join("ab.json"), damage).unwrap();
            assert_eq!(cache.get("ab"), None, "{damage:?}");
            cache.put("ab", &said);
            assert_eq!(cache.get("ab"), Some(said.clone()));
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "only whole files stay");
        let nowhere = DescriptionCache::default();
        nowhere.put("ab", &said);
        assert_eq!(nowhere.get("ab"), None);
    }
}
