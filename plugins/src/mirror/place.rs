//! Where a mirror is, and how its files are read.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Client, StatusCode, Url};
use sha2::{Digest as _, Sha256};

use crate::discovery::checksum::{in_digits, read_parts};
use crate::io_fault::os_words;
use crate::proxy;

/// Lists and checksums are much shorter.
const MAX_TEXT: usize = 16 << 20;
/// How long a server may take to be reached, and how long to say nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// A mirror.
#[derive(Clone, Debug)]
pub enum Mirror {
    /// A folder.
    Folder(PathBuf),
    /// What is behind an address.
    Web(Url, Client),
}

/// A file of a mirror was not read.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// The mirror's address is none.
    #[error("{address:?} is no mirror of plugins: {reason}")]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no such file.
    #[error("{0} does not exist")]
    Missing(String),
    /// The system or the network fails.
    #[error("{place}: {reason}")]
    Unreadable {
        /// The file.
        place: String,
        /// What happened.
        reason: String,
    },
}

impl Mirror {
    /// The mirror at `address`: the URL of a server or of a folder, or a folder's path.
    ///
    /// # Errors
    ///
    /// It is neither.
    pub fn parse(
        address: &str,
        working_dir: &Path,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, MirrorError> {
        let fault = |reason: String| MirrorError::Address { address: address.to_owned(), reason };
        if !address.contains("://") {
            return Ok(Self::Folder(working_dir.join(address)));
        }
        let mut url = Url::parse(address).map_err(|error| fault(error.to_string()))?;
        match url.scheme() {
            "file" => url.to_file_path().map(Self::Folder).map_err(|()| fault("it names no folder here".to_owned())),
            "http" | "https" => {
                if !url.path().ends_with('/') {
                    url.set_path(&format!("{}/", url.path()));
                }
                // What the environment says about proxies is read from what was handed to us.
                let mut client = Client::builder().no_proxy().connect_timeout(PATIENCE).read_timeout(PATIENCE);
                for proxy in proxy::from_environment(environment).map_err(|error| fault(words(&error)))? {
                    client = client.proxy(proxy);
                }
                Ok(Self::Web(url, client.build().map_err(|error| fault(words(&error)))?))
            }
            scheme => Err(fault(format!("{scheme} is neither http, https nor file"))),
        }
    }

    /// The names in a folder of the mirror; `None` when only its owner can tell, as on a server.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn names(&self, path: &str) -> Result<Option<Vec<String>>, MirrorError> {
        let Self::Folder(folder) = self else { return Ok(None) };
        let folder = folder.join(path);
        let entries = fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))?;
        Ok(Some(entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()))
    }

    /// What a short file says.
    ///
    /// # Errors
    ///
    /// It is not there, cannot be read, or is not short.
    pub async fn text(&self, path: &str) -> Result<String, MirrorError> {
        let mut text = Vec::new();
        let place = self.place(path);
        self.read(path, |part| {
            text.extend_from_slice(part);
            if text.len() > MAX_TEXT { Err(io::Error::other("it is far too long")) } else { Ok(()) }
        })
        .await?;
        String::from_utf8(text).map_err(|_| MirrorError::Unreadable { place, reason: "it is no text".to_owned() })
    }

    /// Copies a file and gives its digest.
    ///
    /// # Errors
    ///
    /// It is not there, or cannot be read or copied to its end.
    pub async fn save(&self, path: &str, to: &mut File) -> Result<String, MirrorError> {
        let mut hasher = Sha256::new();
        self.read(path, |part| {
            hasher.update(part);
            to.write_all(part)
        })
        .await?;
        Ok(in_digits(&hasher.finalize()))
    }

    async fn read(&self, path: &str, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> Result<(), MirrorError> {
        let place = self.place(path);
        let failed = |reason: String| MirrorError::Unreadable { place: place.clone(), reason };
        match self {
            Self::Folder(folder) => {
                let path = folder.join(path);
                let file = File::open(&path).map_err(|error| unreadable(&path, &error))?;
                read_parts(file, each).map_err(|error| failed(os_words(&error)))
            }
            Self::Web(base, client) => {
                let url = base.join(path).map_err(|error| failed(error.to_string()))?;
                let mut answer = client.get(url).send().await.map_err(|error| failed(words(&error)))?;
                match answer.status() {
                    status if status.is_success() => {}
                    StatusCode::NOT_FOUND => return Err(MirrorError::Missing(place)),
                    status => return Err(failed(format!("the server answers {status}"))),
                }
                while let Some(part) = answer.chunk().await.map_err(|error| failed(words(&error)))? {
                    each(&part).map_err(|error| failed(os_words(&error)))?;
                }
                Ok(())
            }
        }
    }

    /// What a file is called in messages: not by who may read it.
    fn place(&self, path: &str) -> String {
        match self {
            Self::Folder(folder) => folder.join(path).display().to_string(),
            Self::Web(base, _) => {
                let mut shown = base.clone();
                // Only addresses without a host refuse, which also have no users.
                let _ = shown.set_username("").and_then(|()| shown.set_password(None));
                format!("{shown}{path}")
            }
        }
    }
}

fn unreadable(path: &Path, error: &io::Error) -> MirrorError {
    let place = path.display().to_string();
    match error.kind() {
        io::ErrorKind::NotFound => MirrorError::Missing(place),
        _ => MirrorError::Unreadable { place, reason: os_words(error) },
    }
}

/// The innermost cause, which is the one that says something.
fn words(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_folders_and_servers() {
        for (address, expected) in [
            ("mirror", "/work/mirror/x"),
            ("/mirror/größe", "/mirror/größe/x"),
            ("file:///mirror/gr%C3%B6%C3%9Fe/", "/mirror/größe/x"),
            ("http://host/a", "http://host/a/x"),
            ("https://host:8443/a/", "https://host:8443/a/x"),
            ("https://user:secret@host/", "https://host/x"),
            ("https://:secret@host", "https://host/x"),
            ("file://host/a", "\"file://host/a\" is no mirror of plugins: it names no folder here"),
            ("s3://bucket", "\"s3://bucket\" is no mirror of plugins: s3 is neither http, https nor file"),
        ] {
            let mirror = Mirror::parse(address, Path::new("/work"), &BTreeMap::new());
            let found = mirror.map_or_else(|error| error.to_string(), |mirror| mirror.place("x"));
            assert_eq!(found, expected, "{address}");
        }
    }
}
