//! What is in the registry: channels, versions and builds (API of 2023-01-01).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::client::Client;
use super::fault::HcpError;

/// The API's name.
const API: &str = "2023-01-01";
/// No version has as many pages of builds.
const MAX_PAGES: usize = 1000;

/// A name for one version of a bucket.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Channel {
    pub(crate) id: String,
    pub(crate) version: Option<Version>,
}

/// One version of a bucket.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Version {
    pub(crate) author_id: String,
    pub(crate) bucket_name: String,
    pub(crate) builds: Vec<Build>,
    pub(crate) created_at: String,
    pub(crate) fingerprint: String,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) revoke_at: String,
    pub(crate) status: String,
    pub(crate) updated_at: String,
}

/// What one builder made for a version.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Build {
    pub(crate) artifacts: Vec<Artifact>,
    pub(crate) component_type: String,
    pub(crate) id: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) packer_run_uuid: String,
    pub(crate) platform: String,
    pub(crate) version_id: String,
}

/// Where it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Artifact {
    pub(crate) created_at: String,
    pub(crate) external_identifier: String,
    pub(crate) region: String,
}

#[derive(Deserialize)]
struct ChannelAnswer {
    channel: Channel,
}

#[derive(Deserialize)]
struct VersionAnswer {
    version: Version,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct BuildsAnswer {
    builds: Vec<Build>,
    pagination: Pagination,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Pagination {
    next_page_token: String,
}

impl Client {
    /// The channel of a bucket.
    pub(crate) async fn channel(&self, bucket: &str, channel: &str) -> Result<Channel, HcpError> {
        let what = format!("reading channel {channel:?} of HCP Packer bucket {bucket:?}");
        let path = ["buckets", bucket, "channels", channel];
        self.get::<ChannelAnswer>(&what, API, &path, &[]).await.map(|answer| answer.channel)
    }

    /// The version of a bucket.
    pub(crate) async fn version(&self, bucket: &str, fingerprint: &str) -> Result<Version, HcpError> {
        let what = format!("reading version {fingerprint:?} of HCP Packer bucket {bucket:?}");
        let path = ["buckets", bucket, "versions", fingerprint];
        self.get::<VersionAnswer>(&what, API, &path, &[]).await.map(|answer| answer.version)
    }

    /// All builds of a version.
    pub(crate) async fn builds(&self, bucket: &str, fingerprint: &str) -> Result<Vec<Build>, HcpError> {
        let what = format!("reading the builds of version {fingerprint:?} of HCP Packer bucket {bucket:?}");
        let path = ["buckets", bucket, "versions", fingerprint, "builds"];
        let (mut builds, mut token) = (Vec::new(), String::new());
        for _ in 0..MAX_PAGES {
            let query = [("pagination.next_page_token", token.as_str())];
            let query = if token.is_empty() { &[][..] } else { &query };
            let mut answer: BuildsAnswer = self.get(&what, API, &path, query).await?;
            builds.append(&mut answer.builds);
            token = answer.pagination.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        Ok(builds)
    }
}
