//! Where releases come from, as the environment says: a mirror, or else HashiCorp's releases server and GitHub.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use reqwest::StatusCode;

use crate::download::fault::FetchError;
use crate::download::place::Place;
use crate::download::step::Watch;
use crate::download::web::{Patience, Web};
use crate::releases::names::versions;
use crate::releases::offer::{Kind, Offer, OfferError, index};
use crate::releases::official::Official;

/// Where plugins come from.
#[derive(Clone)]
pub struct Origins {
    /// Who is asked.
    pub hosts: Hosts,
    /// Where downloads that broke off are kept; nowhere without it.
    pub parts: Option<PathBuf>,
    /// Is told how far a download is.
    pub watch: Watch,
}

/// Who is asked for releases.
#[derive(Clone, Debug)]
pub enum Hosts {
    /// A mirror of everything, and nobody else.
    Mirror(Box<Place>),
    /// Those who make them.
    Official(Box<Official>),
}

impl Hosts {
    /// Those that `environment` names; relative paths start from `working_dir`.
    ///
    /// # Errors
    ///
    /// An address in it is none, or it allows no client.
    pub fn from_environment(environment: &BTreeMap<String, String>, working_dir: &Path) -> Result<Self, OfferError> {
        let web = || Web::new(environment, Patience::default());
        match environment.get("PACKER_PLUGIN_MIRROR").filter(|address| !address.is_empty()) {
            Some(address) => {
                let fault =
                    |reason| OfferError::Address { what: "mirror of plugins", address: address.clone(), reason };
                Place::parse(address, working_dir, web).map(Box::new).map(Self::Mirror).map_err(fault)
            }
            None => Official::from_environment(environment, web().map_err(OfferError::Client)?)
                .map(Box::new)
                .map(Self::Official),
        }
    }

    /// The releases of the plugin of `source`.
    ///
    /// # Errors
    ///
    /// Nobody knows.
    pub async fn offer(&self, source: &str) -> Result<Offer, OfferError> {
        match self {
            Self::Mirror(place) => mirrored(place, source).await,
            Self::Official(official) => official.offer(source).await,
        }
    }
}

/// What a mirror has: in a folder for the whole source, or in one for the last part of it alone, as on HashiCorp's server.
async fn mirrored(mirror: &Place, source: &str) -> Result<Offer, OfferError> {
    let plugin = source.rsplit('/').next().unwrap_or(source);
    let (own, shared) = (mirror.folder(source), mirror.folder(&format!("packer-plugin-{plugin}")));
    match listed(&own, plugin).await {
        Err(OfferError::Fetch(error)) if is_missing(&error) => match listed(&shared, plugin).await {
            Err(OfferError::Fetch(FetchError::Missing(place))) => {
                let (own, shared) = (own.shown(""), format!("{place} does not exist"));
                Err(OfferError::Nowhere(format!("{shared}, and neither does {own}")))
            }
            found => found,
        },
        found => found,
    }
}

async fn listed(place: &Place, plugin: &str) -> Result<Offer, OfferError> {
    let names = match index(place).await {
        Ok(index) => versions(&index).map_err(|source| OfferError::Index { plugin: plugin.to_owned(), source })?,
        // A folder is a list of its own.
        Err(missing @ FetchError::Missing(_)) => place.names()?.ok_or(missing)?,
        Err(error) => return Err(error.into()),
    };
    Ok(Offer { kind: Kind::Mirror, place: place.clone(), names })
}

/// Some servers do not say what is not there.
fn is_missing(error: &FetchError) -> bool {
    match error {
        FetchError::Missing(_) => true,
        FetchError::Refused { status, .. } => *status == StatusCode::FORBIDDEN,
        FetchError::Unreadable { .. } | FetchError::Room { .. } => false,
    }
}
