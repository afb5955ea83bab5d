//! Whether plugins are what is locked.

use crate::config::plugin::RequiredPlugin;
use crate::diagnostic::Diagnostic;
use crate::lock::plugin_lock::{BINARY, PluginLock};
use crate::version::{Constraint, Version};

/// A plugin that is installed, as far as locks care.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'c> {
    /// Its version.
    pub version: &'c Version,
    /// The platform it is for, such as `linux_amd64`.
    pub platform: &'c str,
    /// The SHA-256 digest of its binary.
    pub digest: &'c str,
}

/// Which versions of a required plugin will do: the locked one, if anything is locked.
///
/// # Errors
///
/// There is a lock, and it has no version of the plugin that the template allows.
pub fn wanted(lock: Option<&PluginLock>, plugin: &RequiredPlugin) -> Result<Constraint, Diagnostic> {
    let Some(lock) = lock else { return Ok(plugin.version.clone()) };
    if let Some(locked) = lock.pinned(&plugin.source, &plugin.version) {
        return Ok(Constraint::exactly(locked.version.clone()));
    }
    let detail = match outdated(lock, &plugin.source, &plugin.version) {
        Some(text) => text,
        None => format!("{} says nothing about {}. Run packer init to add it.", lock.name, plugin.source),
    };
    Err(Diagnostic::error("Plugin is not locked", detail, plugin.span))
}

/// That versions of `source` are locked, and none of them will do; `None` when none is locked.
pub fn outdated(lock: &PluginLock, source: &str, constraint: &Constraint) -> Option<String> {
    let versions: Vec<String> = lock.of(source).map(|locked| locked.version.to_string()).collect();
    (!versions.is_empty()).then(|| {
        format!(
            "{} has version {} of {source}, which does not fit \"{constraint}\". Run packer init -upgrade to lock one \
             that does.",
            lock.name,
            versions.join(", ")
        )
    })
}

/// Checks a plugin that is about to be used against the lock.
///
/// # Errors
///
/// Its version, or its binary, is not what is locked.
pub fn check(lock: Option<&PluginLock>, plugin: &RequiredPlugin, found: Candidate<'_>) -> Result<(), Diagnostic> {
    let Some(lock) = lock else { return Ok(()) };
    let wanted = wanted(Some(lock), plugin)?;
    let Candidate { version, platform, digest } = found;
    let (name, source) = (&lock.name, &plugin.source);
    let locked = lock.of(source).find(|locked| locked.version == *version && wanted.allows(version));
    let Some(locked) = locked else {
        let detail = format!(
            "{source} {version} is installed, while {name} has \"{wanted}\". Run packer init to install that, or packer init \
             -upgrade to lock the newest."
        );
        return Err(Diagnostic::error("Plugin is not the one that is locked", detail, plugin.span));
    };
    let binaries = locked.digests(platform, BINARY);
    if binaries.contains(digest) {
        return Ok(());
    }
    let (summary, detail) = if binaries.is_empty() {
        let detail = format!(
            "{name} has no checksum of {source} {version} for {platform}. Run packer init on this machine to add it."
        );
        ("Plugin is not locked", detail)
    } else {
        let detail = format!(
            "ErrInvalidPlugin: the binary of {source} {version} for {platform} has the checksum {digest}, which is not in \
             {name}. Run packer init to install the one that is locked. If it was changed on purpose, run packer init \
             -upgrade."
        );
        ("Plugin is not the one that is locked", detail)
    };
    Err(Diagnostic::error(summary, detail, plugin.span))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::plugin_lock::tests::locked;
    use crate::span::{FileId, Span};

    #[test]
    fn only_what_is_locked_will_do() {
        let mut lock = PluginLock::new("lock");
        lock.add(locked("h/n/a", "1.0.0", &[("os_cpu", "bin:aa"), ("os_cpu", "zip:bb"), ("os_other", "zip:cc")]));
        for (source, constraint, version, platform, digest, expected) in [
            ("h/n/a", "~> 1.0", "1.0.0", "os_cpu", "aa", ""),
            ("h/n/a", "~> 1.0", "1.0.0", "os_cpu", "bb", "ErrInvalidPlugin: the binary of h/n/a 1.0.0 for os_cpu"),
            ("h/n/a", "~> 1.0", "1.1.0", "os_cpu", "aa", "h/n/a 1.1.0 is installed, while lock has \"=1.0.0\""),
            ("h/n/a", "~> 1.0", "1.0.0", "os_other", "aa", "lock has no checksum of h/n/a 1.0.0 for os_other"),
            (
                "h/n/a",
                "> 1.0",
                "1.1.0",
                "os_cpu",
                "aa",
                "lock has version 1.0.0 of h/n/a, which does not fit \"> 1.0\"",
            ),
            ("h/n/b", "> 1.0", "1.1.0", "os_cpu", "aa", "lock says nothing about h/n/b. Run packer init"),
        ] {
            let span = Span { file: FileId(0), start: 0, end: 0 };
            let version_constraint = Constraint::parse(constraint).unwrap();
            let required =
                RequiredPlugin { name: "a".into(), source: source.to_owned(), version: version_constraint, span };
            let version = Version::parse(version).unwrap();
            let found = Candidate { version: &version, platform, digest };
            let fault = check(Some(&lock), &required, found).err().map(|found| found.detail.to_string());
            let fault = fault.unwrap_or_default();
            assert!(fault.starts_with(expected) && fault.is_empty() == expected.is_empty(), "{fault}");
            assert!(check(None, &required, found).is_ok());
        }
    }
}
