//! The releases of one plugin that one place offers, and how the files of each are laid out there.

use planner::version::{Constraint, Version};

use crate::download::fault::FetchError;
use crate::download::place::Place;
use crate::releases::names::INDEX;

/// What kind of place it is. Each has names, and faults, of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody's copy.
    Mirror,
    /// HashiCorp's releases server.
    Server,
    /// The releases of a repository on GitHub.
    GitHub,
}

/// Releases of a plugin.
#[derive(Clone, Debug)]
pub struct Offer {
    /// What kind of place has them.
    pub kind: Kind,
    /// The folder with a folder for each release.
    pub place: Place,
    /// The versions, as they are written there.
    pub names: Vec<String>,
}

/// It is not known which releases there are.
#[derive(Debug, thiserror::Error)]
pub enum OfferError {
    /// An address is none.
    #[error("{address:?} is no {what}: {reason}")]
    Address {
        /// What it should be the address of.
        what: &'static str,
        /// What was given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The system or the environment allows no client.
    #[error("web servers cannot be asked: {0}")]
    Client(String),
    /// The list cannot be read.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The list is none.
    #[error("reading the versions of the plugin {plugin}: {source}")]
    Index {
        /// The plugin.
        plugin: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// Nothing is known for plugins of this source, in words.
    #[error("{0}")]
    Nowhere(String),
    /// The server wants us to come back later.
    #[error(
        "Plugin host rate limited the plugin getter. Try again in {pause}.\nHINT: Set the PACKER_GITHUB_API_TOKEN env \
         var with a token to get more requests.\n{cause}"
    )]
    RateLimited {
        /// When.
        pause: planner::duration::GoDuration,
        /// What it said.
        cause: FetchError,
    },
}

impl Offer {
    /// The releases that will do, newest first.
    pub fn fitting(&self, constraint: &Constraint) -> Vec<Version> {
        let fits = |version: &Version| version.prerelease().is_empty() && constraint.allows(version);
        // Whoever writes versions in another way has their files elsewhere.
        let parse = |name: &String| Version::parse(name).filter(|version| version.to_string() == *name);
        let mut found: Vec<Version> = self.names.iter().filter_map(parse).filter(fits).collect();
        found.sort_by(|one, other| other.cmp(one));
        found
    }

    /// Where the files of a release are.
    pub fn release(&self, version: &Version) -> Place {
        self.place.folder(&self.label(version))
    }

    /// What the list of checksums of a release is called.
    pub fn checksums_name(&self, plugin: &str, version: &Version) -> String {
        format!("packer-plugin-{plugin}_{}_SHA256SUMS", self.label(version))
    }

    fn label(&self, version: &Version) -> String {
        match self.kind {
            Kind::Mirror | Kind::Server => version.to_string(),
            Kind::GitHub => format!("v{version}"),
        }
    }
}

/// The text of the list of releases in `place`.
pub(super) async fn index(place: &Place) -> Result<String, FetchError> {
    place.text(INDEX).await
}
