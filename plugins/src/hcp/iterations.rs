//! What was in the registry before: channels, iterations and images (API of 2021-04-30).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::client::Client;
use super::fault::HcpError;

/// The API's name.
const API: &str = "2021-04-30";

/// A name for one iteration of a bucket.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct IterationChannel {
    pub(crate) id: String,
    pub(crate) iteration: Option<Iteration>,
}

/// One iteration of a bucket.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Iteration {
    pub(crate) author_id: String,
    pub(crate) bucket_slug: String,
    pub(crate) builds: Vec<IterationBuild>,
    pub(crate) complete: bool,
    pub(crate) created_at: String,
    pub(crate) fingerprint: String,
    pub(crate) id: String,
    pub(crate) incremental_version: i64,
    pub(crate) revoke_at: String,
    pub(crate) updated_at: String,
}

/// What one builder made for an iteration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct IterationBuild {
    pub(crate) cloud_provider: String,
    pub(crate) component_type: String,
    pub(crate) id: String,
    pub(crate) images: Vec<Image>,
    pub(crate) iteration_id: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) packer_run_uuid: String,
}

/// Where it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Image {
    pub(crate) created_at: String,
    pub(crate) image_id: String,
    pub(crate) region: String,
}

#[derive(Deserialize)]
struct ChannelAnswer {
    channel: IterationChannel,
}

#[derive(Deserialize)]
struct IterationAnswer {
    iteration: Iteration,
}

impl Client {
    /// The channel of a bucket.
    pub(crate) async fn iteration_channel(&self, bucket: &str, channel: &str) -> Result<IterationChannel, HcpError> {
        let what = format!("reading channel {channel:?} of HCP Packer bucket {bucket:?}");
        let path = ["images", bucket, "channels", channel];
        self.get::<ChannelAnswer>(&what, API, &path, &[]).await.map(|answer| answer.channel)
    }

    /// The iteration of a bucket.
    pub(crate) async fn iteration(&self, bucket: &str, id: &str) -> Result<Iteration, HcpError> {
        let what = format!("reading iteration {id:?} of HCP Packer bucket {bucket:?}");
        let query = [("iteration_id", id)];
        let path = ["images", bucket, "iteration"];
        self.get::<IterationAnswer>(&what, API, &path, &query).await.map(|answer| answer.iteration)
    }
}
