//! The two kinds of documents.

use serde_json::Value;

use super::scan::Inventory;
use super::{cyclonedx, spdx};

/// A kind of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SbomFormat {
    /// CycloneDX, in JSON.
    CycloneDx,
    /// SPDX, in JSON.
    Spdx,
}

impl SbomFormat {
    /// The format that a text names: `cyclonedx`, `cyclonedx-json`, `spdx`, `spdx-json`.
    pub fn named(text: &str) -> Option<Self> {
        match text {
            "cyclonedx" | "cyclonedx-json" => Some(Self::CycloneDx),
            "spdx" | "spdx-json" => Some(Self::Spdx),
            _ => None,
        }
    }

    /// How names of such files end.
    pub fn extension(self) -> &'static str {
        match self {
            Self::CycloneDx => "cdx.json",
            Self::Spdx => "spdx.json",
        }
    }

    /// What an attestation calls it.
    pub fn predicate_type(self) -> &'static str {
        match self {
            Self::CycloneDx => "https://cyclonedx.org/bom",
            Self::Spdx => "https://spdx.dev/Document",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::CycloneDx => "application/vnd.cyclonedx+json",
            Self::Spdx => "application/spdx+json",
        }
    }

    /// The document of what was found. `version` is that of this program, `created` when the run started.
    pub fn document(self, inventory: &Inventory, version: &str, created: jiff::Timestamp) -> Value {
        let created = created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        match self {
            Self::CycloneDx => cyclonedx::document(inventory, version, &created),
            Self::Spdx => spdx::document(inventory, version, &created),
        }
    }
}
