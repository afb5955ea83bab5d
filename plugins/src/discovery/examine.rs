//! The checks that a file passes before it counts as a plugin, in their order.

use std::path::Path;

use planner::version::Version;

use crate::discovery::candidates::Candidate;
use crate::discovery::checksum::{ChecksumError, verify, verify_if_there};
use crate::discovery::describe::Description;
use crate::discovery::file_name::{ApiVersion, FileName};
use crate::discovery::installation::Installation;
use crate::discovery::refusal::{MAX_DEPTH, Refusal};
use crate::discovery::shelf::{Query, Shelf};

/// The only pre-releases that there should be.
pub const DEVELOPMENT: &str = "dev";

/// Looks at one file.
///
/// # Errors
///
/// It is not to be used.
pub async fn examine(shelf: &Shelf, candidate: &Candidate, query: &Query<'_>) -> Result<Installation, Refusal> {
    let path = &candidate.path;
    if candidate.depth > MAX_DEPTH {
        return Err(Refusal::TooDeep(candidate.depth));
    }
    // Only a binary with the right checksum is started.
    let digest = identify(shelf, path, false).await?;
    let description = describe(shelf, path, &digest).await?;
    let text = path.file_name().unwrap_or_default().to_string_lossy();
    let name = FileName::parse(&text, shelf.target).unwrap_or(FileName { plugin: "", version: "", api: "" });
    let version = named_version(name.version, query.releases_only)?;
    check_reported(path, &description, &version)?;
    if description.api_version != name.api {
        let (reported, implied) = (description.api_version, name.api.to_owned());
        return Err(Refusal::OtherApi { reported, implied });
    }
    if !query.constraint.allows(&version.core()) {
        let (version, constraint) = (version.to_string(), query.constraint.to_string());
        return Err(Refusal::Unwanted { version, constraint });
    }
    let api = ApiVersion::parse(name.api).filter(|api| api.is_usable());
    let api = api.ok_or_else(|| Refusal::Incompatible(name.api.to_owned()))?;
    Ok(Installation {
        path: path.clone(),
        plugin: name.plugin.to_owned(),
        version,
        api,
        digest,
        description,
        single: None,
    })
}

/// The digest of a binary that has the right checksum beside it, and the right signature where one is required. That of a
/// loose one need not be there.
pub(super) async fn identify(shelf: &Shelf, path: &Path, is_loose: bool) -> Result<String, Refusal> {
    let (binary, trust) = (path.to_owned(), shelf.trust.clone());
    let verified = tokio::task::spawn_blocking(move || {
        let verify = if is_loose { verify_if_there } else { verify };
        let checksum = verify(&binary).map_err(Refusal::Checksum)?;
        trust.check_use(&binary).map_err(Refusal::Trust)?;
        Ok(checksum)
    });
    let failed = |error| Refusal::Checksum(ChecksumError::Unreadable(std::io::Error::other(error)));
    verified.await.map_err(failed)?
}

/// What the plugin with this digest says, from the cache if it was asked before.
pub(super) async fn describe(shelf: &Shelf, path: &Path, digest: &str) -> Result<Description, Refusal> {
    if let Some(description) = shelf.cache.get(digest) {
        return Ok(description);
    }
    let description = shelf.describer.describe(path).await.map_err(Refusal::Describe)?;
    shelf.cache.put(digest, &description);
    Ok(description)
}

/// The version in a name.
fn named_version(text: &str, releases_only: bool) -> Result<Version, Refusal> {
    let version = Version::parse(text).ok_or_else(|| Refusal::Version(text.to_owned()))?;
    if text != format!("v{version}") {
        return Err(Refusal::NotCanonical(text.to_owned()));
    }
    if releases_only && !version.prerelease().is_empty() {
        return Err(Refusal::Prerelease);
    }
    if !version.metadata().is_empty() {
        return Err(Refusal::Metadata(text.to_owned()));
    }
    Ok(version)
}

fn check_reported(path: &Path, description: &Description, implied: &Version) -> Result<(), Refusal> {
    let text = &description.version;
    let reported = Version::parse(text).ok_or_else(|| Refusal::MalformedReport(text.clone()))?;
    if reported.without_metadata().to_string() != implied.to_string() {
        return Err(Refusal::OtherVersion { reported: text.clone(), implied: implied.to_string() });
    }
    if !matches!(implied.prerelease(), "" | DEVELOPMENT) {
        // It is used all the same.
        tracing::info!(
            "invalid plugin pre-release version {implied} of {}, only development or release binaries are accepted",
            path.display()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_in_names() {
        for (text, releases_only, expected) in [
            ("v1.2.3", true, ""),
            ("v1.2.3-dev", false, ""),
            ("v1.2.3-dev", true, "Prerelease"),
            ("v1.2.3-beta", false, ""),
            ("v1.2", false, "NotCanonical"),
            ("1.2.3", false, "NotCanonical"),
            ("v1.02.3", false, "NotCanonical"),
            ("v1.2.3+x", true, "Metadata"),
            ("vx", false, "Version"),
            ("", false, "Version"),
        ] {
            let found = named_version(text, releases_only).err().map(|refusal| format!("{refusal:?}"));
            let found = found.unwrap_or_default();
            assert!(found.starts_with(expected) && found.is_empty() == expected.is_empty(), "{text}: {found}");
        }
    }
}
