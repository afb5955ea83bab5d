//! What is locked: versions of plugins, and the digests of their files for each platform.

use std::collections::{BTreeMap, BTreeSet};

use crate::version::{Constraint, Version};

/// The name of the file, in the folder of the template.
pub const LOCK_FILE: &str = ".packer.lock.hcl";
/// What stands before the digest of a binary.
pub const BINARY: &str = "bin:";
/// What stands before the digest of an archive that a binary comes in.
pub const ARCHIVE: &str = "zip:";

/// Everything that is locked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginLock {
    /// The name of the file, as messages have it.
    pub name: String,
    plugins: Vec<LockedPlugin>,
}

/// One version of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedPlugin {
    /// Where it comes from.
    pub source: String,
    /// The version.
    pub version: Version,
    /// What the template asked for when it was locked.
    pub constraints: String,
    /// The digests of its files, each behind what it is of, by platform (`linux_amd64`).
    pub hashes: Hashes,
}

/// Digests by platform.
pub type Hashes = BTreeMap<String, BTreeSet<String>>;

impl LockedPlugin {
    /// The digests for a platform of what `prefix` says.
    pub fn digests(&self, platform: &str, prefix: &str) -> BTreeSet<String> {
        let hashes = self.hashes.get(platform).into_iter().flatten();
        hashes.filter_map(|hash| hash.strip_prefix(prefix)).map(str::to_owned).collect()
    }
}

impl PluginLock {
    /// Nothing is locked yet; `name` is that of the file.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), plugins: Vec::new() }
    }

    /// What is locked, by source and version.
    pub fn plugins(&self) -> &[LockedPlugin] {
        &self.plugins
    }

    /// The version of `source` to use where `constraint` is asked for: the newest that is locked and fits.
    pub fn pinned(&self, source: &str, constraint: &Constraint) -> Option<&LockedPlugin> {
        self.of(source).rfind(|locked| constraint.allows(&locked.version))
    }

    /// The versions of `source` that are locked, oldest first.
    pub fn of(&self, source: &str) -> impl DoubleEndedIterator<Item = &LockedPlugin> {
        self.plugins.iter().filter(move |locked| locked.source == source)
    }

    /// Locks a version. What is known already of its files on other platforms is kept.
    pub fn add(&mut self, fresh: LockedPlugin) {
        let key = |locked: &LockedPlugin| (locked.source.clone(), locked.version.clone());
        match self.plugins.binary_search_by_key(&key(&fresh), key) {
            Ok(at) => {
                let locked = &mut self.plugins[at];
                locked.constraints = fresh.constraints;
                for (platform, hashes) in fresh.hashes {
                    locked.hashes.entry(platform).or_default().extend(hashes);
                }
            }
            Err(at) => self.plugins.insert(at, fresh),
        }
    }

    /// Keeps only what `keep` wants.
    pub fn retain(&mut self, keep: impl FnMut(&LockedPlugin) -> bool) {
        self.plugins.retain(keep);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn locked(source: &str, version: &str, hashes: &[(&str, &str)]) -> LockedPlugin {
        let mut by_platform = Hashes::new();
        for (platform, hash) in hashes {
            by_platform.entry((*platform).to_owned()).or_default().insert((*hash).to_owned());
        }
        let version = Version::parse(version).unwrap();
        LockedPlugin { source: source.to_owned(), version, constraints: "~> 1.0".to_owned(), hashes: by_platform }
    }

    #[test]
    fn the_newest_locked_version_that_fits_is_used_and_other_platforms_are_kept() {
        let mut lock = PluginLock::new("lock");
        for version in ["1.10.0", "2.0.0", "1.9.0"] {
            lock.add(locked("h/n/b", version, &[("os_a", "bin:1")]));
        }
        lock.add(locked("h/n/a", "3.0.0", &[]));
        lock.add(locked("h/n/b", "1.9.0", &[("os_a", "zip:2"), ("os_b", "zip:3")]));
        let pinned = |constraint: &str| {
            let found = lock.pinned("h/n/b", &Constraint::parse(constraint).unwrap());
            found.map(|locked| locked.version.to_string())
        };
        assert_eq!(pinned("~> 1.0").as_deref(), Some("1.10.0"));
        assert_eq!(pinned("< 1.10").as_deref(), Some("1.9.0"));
        assert_eq!(pinned("> 2"), None);
        let order: Vec<String> =
            lock.plugins().iter().map(|locked| format!("{} {}", locked.source, locked.version)).collect();
        assert_eq!(order, ["h/n/a 3.0.0", "h/n/b 1.9.0", "h/n/b 1.10.0", "h/n/b 2.0.0"]);
        let old = lock.of("h/n/b").next().unwrap();
        let digests = |platform, prefix| old.digests(platform, prefix).into_iter().collect::<Vec<_>>();
        assert_eq!((digests("os_a", BINARY), digests("os_a", ARCHIVE)), (vec!["1".to_owned()], vec!["2".to_owned()]));
        assert_eq!(digests("os_b", ARCHIVE), ["3"]);
    }
}
