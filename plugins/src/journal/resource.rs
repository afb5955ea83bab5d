//! What a run leaves in the world: machines, images, keys, files, processes; and what removes each.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Something in the world that is there because of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Its number in the run, from one.
    pub number: u64,
    /// The node that it came to light in, by position in the graph.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<u32>,
    /// The build that it belongs to: `null.a`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub build: String,
    /// What it is.
    pub kind: ResourceKind,
    /// What its provider calls it; of files the path.
    pub id: String,
    /// Who has it: `local`, `docker`, `amazon`, …: a plugin's name, without the component's.
    pub provider: String,
    /// Where the provider has it: `region`, `project`, `zone`, `resource_group`, …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub place: BTreeMap<String, String>,
    /// What removes it.
    pub destroy: Destroy,
}

/// What a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceKind {
    /// A machine that runs, or could.
    Machine,
    /// A container.
    Container,
    /// An image that machines are made from.
    Image,
    /// A snapshot of a volume.
    Snapshot,
    /// A volume.
    Volume,
    /// A key pair that a provider knows.
    KeyPair,
    /// A security group or firewall rule.
    SecurityGroup,
    /// A group of resources, gone with all that is in it.
    ResourceGroup,
    /// What a builder or post-processor made.
    Artifact,
    /// A local file that is only needed while the run lasts.
    TemporaryFile,
    /// A local private key that is only needed while the run lasts.
    TemporaryKey,
    /// Local processes: a group of them.
    Process,
    /// Something else.
    #[serde(other)]
    Other,
}

impl ResourceKind {
    /// Its name, for people and in JSON: `key-pair`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Container => "container",
            Self::Image => "image",
            Self::Snapshot => "snapshot",
            Self::Volume => "volume",
            Self::KeyPair => "key-pair",
            Self::SecurityGroup => "security-group",
            Self::ResourceGroup => "resource-group",
            Self::Artifact => "artifact",
            Self::TemporaryFile => "temporary-file",
            Self::TemporaryKey => "temporary-key",
            Self::Process => "process",
            Self::Other => "other",
        }
    }

    /// The kind of that name; [`ResourceKind::Other`] if there is none.
    pub fn of_name(name: &str) -> Self {
        serde_json::from_value(serde_json::Value::from(name)).unwrap_or(Self::Other)
    }
}

/// What removes a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "way", rename_all = "kebab-case")]
pub enum Destroy {
    /// These local files and folders go, as far as they are still what they were.
    Files {
        /// The files.
        files: Vec<FileMark>,
    },
    /// The process group ends.
    Process {
        /// The number of its leader, which is that of the group.
        pid: i32,
        /// When it started, in clock ticks since the system did: another process may have the number by now.
        started: Option<u64>,
    },
    /// Its component said which command removes it.
    Command {
        /// The program and its arguments. No shell reads them.
        argv: Vec<String>,
    },
    /// The provider's own command-line tool removes it, known by provider and kind.
    Provider,
    /// Nobody knows how.
    #[serde(other)]
    Unknown,
}

/// A local file or folder, and how to tell that it is still the same one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMark {
    /// The absolute path.
    pub path: PathBuf,
    /// The device that it is on, and its number there. None before it was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inode: Option<(u64, u64)>,
    /// Its size in bytes.
    #[serde(default)]
    pub size: u64,
    /// When it was last written, in nanoseconds since 1970.
    #[serde(default)]
    pub modified: i64,
    /// When it came to be, in the same way; 0 where that is not known. Numbers of files are given away again at once.
    #[serde(default)]
    pub born: i64,
}

impl FileMark {
    /// Of a file that may come to be.
    pub fn planned(path: PathBuf) -> Self {
        Self { path, inode: None, size: 0, modified: 0, born: 0 }
    }

    /// Of a file as it is now; links are not followed.
    ///
    /// # Errors
    ///
    /// It is not there, or cannot be looked at.
    pub fn of(path: PathBuf) -> io::Result<Self> {
        let found = fs::symlink_metadata(&path)?;
        Ok(Self {
            inode: Some(inode(&found)),
            size: found.len(),
            modified: nanoseconds(found.modified()),
            born: nanoseconds(found.created()),
            path,
        })
    }

    /// Whether what is there now is the same file, whatever was written to it since.
    pub fn is_same_file(&self) -> bool {
        let Ok(now) = Self::of(self.path.clone()) else { return false };
        let is_as_old = now.born == self.born || now.born == 0 || self.born == 0;
        self.inode.is_none() || (self.inode == now.inode && is_as_old)
    }

    /// Whether what is there now is the same file and as it was.
    pub fn is_unchanged(&self) -> bool {
        Self::of(self.path.clone()).is_ok_and(|now| now == *self)
    }
}

impl AsRef<Path> for FileMark {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

#[cfg(unix)]
fn inode(found: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (found.dev(), found.ino())
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

fn nanoseconds(at: io::Result<SystemTime>) -> i64 {
    let since = at.ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since.and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_from_another_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ünïcode name");
        let planned = FileMark::planned(path.clone());
        assert!(!planned.is_same_file());
        fs::write(&path, "one").unwrap();
        let mark = FileMark::of(path.clone()).unwrap();
        assert!(planned.is_same_file() && mark.is_same_file() && mark.is_unchanged());
        fs::write(&path, "three").unwrap();
        assert!(mark.is_same_file() && !mark.is_unchanged());
        // The old one is still there, so that its number is not taken again.
        fs::rename(&path, folder.path().join("aside")).unwrap();
        fs::write(&path, "one").unwrap();
        assert!(!mark.is_same_file() && !mark.is_unchanged());
    }

    #[test]
    fn kinds_have_names() {
        for kind in [ResourceKind::Machine, ResourceKind::KeyPair, ResourceKind::TemporaryFile, ResourceKind::Other] {
            assert_eq!(ResourceKind::of_name(kind.name()), kind);
        }
        assert_eq!(ResourceKind::of_name("of tomorrow"), ResourceKind::Other);
    }
}
