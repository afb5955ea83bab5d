//! A folder on this machine or behind an address, and how its files are read.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use reqwest::Url;
use reqwest::header::HeaderMap;

use crate::discovery::checksum::read_parts;
use crate::download::fault::FetchError;
use crate::download::partial::Partial;
use crate::download::step::Watch;
use crate::download::web::{Web, shown};
use crate::io_fault::os_words;

/// Where files are.
#[derive(Clone, Debug)]
pub enum Place {
    /// A folder.
    Folder(PathBuf),
    /// What is behind an address, which ends with a slash.
    Web {
        /// The address.
        base: Url,
        /// Who asks.
        web: Web,
        /// What is said about who asks.
        headers: HeaderMap,
    },
}

impl Place {
    /// The place that `address` means: the URL of a server or of a folder, or a folder's path. `web` is asked for a client
    /// if one is needed.
    ///
    /// # Errors
    ///
    /// What is wrong with the address.
    pub fn parse(address: &str, working_dir: &Path, web: impl FnOnce() -> Result<Web, String>) -> Result<Self, String> {
        if !address.contains("://") {
            return Ok(Self::Folder(working_dir.join(address)));
        }
        let mut base = Url::parse(address).map_err(|error| error.to_string())?;
        match base.scheme() {
            "file" => base.to_file_path().map(Self::Folder).map_err(|()| "it names no folder here".to_owned()),
            "http" | "https" => {
                if !base.path().ends_with('/') {
                    base.set_path(&format!("{}/", base.path()));
                }
                Ok(Self::Web { base, web: web()?, headers: HeaderMap::new() })
            }
            scheme => Err(format!("{scheme} is neither http, https nor file")),
        }
    }

    /// The folder of this name in this one.
    pub fn folder(&self, name: &str) -> Self {
        match self {
            Self::Folder(folder) => Self::Folder(folder.join(name)),
            Self::Web { base, web, headers } => {
                let mut base = base.clone();
                base.set_path(&format!("{}{name}/", base.path()));
                Self::Web { base, web: web.clone(), headers: headers.clone() }
            }
        }
    }

    /// What a file here is called in messages.
    pub fn shown(&self, name: &str) -> String {
        match self {
            Self::Folder(folder) => folder.join(name).display().to_string(),
            Self::Web { base, .. } => shown(&file_url(base, name)),
        }
    }

    /// The names of what lies here; `None` when only its owner can tell, as on a server.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn names(&self) -> Result<Option<Vec<String>>, FetchError> {
        let Self::Folder(folder) = self else { return Ok(None) };
        let entries = fs::read_dir(folder).map_err(|error| FetchError::of_file(folder, &error))?;
        Ok(Some(entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()))
    }

    /// What a short file says.
    ///
    /// # Errors
    ///
    /// It is not there, cannot be read, is not short or no text.
    pub async fn text(&self, name: &str) -> Result<String, FetchError> {
        let no_text = |_| FetchError::Unreadable { place: self.shown(name), reason: "it is no text".to_owned() };
        String::from_utf8(self.bytes(name).await?).map_err(no_text)
    }

    /// What is in a short file.
    ///
    /// # Errors
    ///
    /// It is not there, cannot be read, or is not short.
    pub async fn bytes(&self, name: &str) -> Result<Vec<u8>, FetchError> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                fs::read(&path).map_err(|error| FetchError::of_file(&path, &error))
            }
            Self::Web { base, web, headers } => web.bytes(&file_url(base, name), headers).await,
        }
    }

    /// Completes `partial`, the beginning of a file here.
    ///
    /// # Errors
    ///
    /// It is not there, or cannot be read or kept to its end.
    pub async fn copy(&self, name: &str, partial: &mut Partial, watch: &Watch) -> Result<(), FetchError> {
        let place = self.shown(name);
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                let file = File::open(&path).map_err(|error| FetchError::of_file(&path, &error))?;
                let mut full = None;
                let copied = partial.restart(None).and_then(|()| {
                    read_parts(file, |part| partial.append(part).inspect_err(|error| full = Some(error.kind())))
                });
                copied.map_err(|source| match full {
                    Some(_) => FetchError::Room { place, path: partial.path().map(ToOwned::to_owned), source },
                    None => FetchError::Unreadable { place, reason: os_words(&source) },
                })
            }
            Self::Web { base, web, headers } => web.transfer(&file_url(base, name), headers, partial, watch).await,
        }
    }
}

fn file_url(base: &Url, name: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{name}", base.path()));
    url
}
