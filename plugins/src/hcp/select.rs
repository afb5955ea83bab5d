//! What the data sources of the registry have in common: what they need to be told, and what they may give.

use std::collections::BTreeMap;

use engine::Cancel;
use jiff::Timestamp;
use planner::value::{Type, Value};

use super::client::Client;
use super::fault::HcpError;
use super::iterations::Iteration;
use super::versions::Version;
use super::when::is_past;
use crate::component::{ComponentContext, ComponentError};
use crate::config::Fields;

/// A text that must be there.
pub(crate) fn needed(fields: &mut Fields<'_>, name: &str) -> String {
    let text = fields.text(name);
    if text.is_empty() {
        fields.fault(format!("the `{name}` must be specified"));
    }
    text
}

/// Two texts one of which must be there, and not both.
pub(crate) fn either(fields: &mut Fields<'_>, one: &str, other: &str) -> (String, String) {
    let texts = (fields.text(one), fields.text(other));
    match (texts.0.is_empty(), texts.1.is_empty()) {
        (true, true) => fields.fault(format!("the `{one}` or the `{other}` must be specified")),
        (false, false) => fields.fault(format!("only one of `{one}` and `{other}` can be specified")),
        _ => {}
    }
    texts
}

/// What to tell about a data source that has a successor.
pub(crate) fn replaced(name: &str, successor: &str) -> String {
    format!("the data source {name} is deprecated; use {successor} instead")
}

/// Labels as a value.
pub(crate) fn labels(labels: &BTreeMap<String, String>) -> Value {
    let entries = labels.iter().map(|(name, text)| (name.as_str().into(), Value::string(text.as_str())));
    Value::map(entries.collect(), Type::String)
}

/// As the error of a component.
pub(crate) fn failed(error: HcpError) -> ComponentError {
    ComponentError::new(error.to_string())
}

/// Does something with a client, as long as the run goes on.
pub(crate) async fn with_client(
    context: Option<&ComponentContext>,
    cancel: &Cancel,
    work: impl AsyncFnOnce(Client) -> Result<Value, ComponentError>,
) -> Result<Value, ComponentError> {
    let context = context.ok_or_else(|| ComponentError::new("the data source was not prepared"))?;
    let working = async { work(Client::connect(context).await.map_err(failed)?).await };
    tokio::select! {
        biased;
        () = cancel.stopping() => Err(ComponentError::Cancelled),
        value = working => value,
    }
}

/// The id of a channel, and the version it stands for, which may be used.
pub(crate) async fn version_of_channel(
    client: &Client,
    bucket: &str,
    channel: &str,
) -> Result<(String, Version), ComponentError> {
    let found = client.channel(bucket, channel).await.map_err(failed)?;
    let which = format!("channel {channel}");
    let version = found
        .version
        .ok_or_else(|| ComponentError::new(format!("there is no HCP Packer Version associated with the {which}")))?;
    usable(&version.revoke_at, "Version", &which)?;
    Ok((found.id, version))
}

/// The version with a fingerprint, which may be used.
pub(crate) async fn version(client: &Client, bucket: &str, fingerprint: &str) -> Result<Version, ComponentError> {
    let version = client.version(bucket, fingerprint).await.map_err(failed)?;
    usable(&version.revoke_at, "Version", &format!("fingerprint {fingerprint}"))?;
    Ok(version)
}

/// The id of a channel, and the iteration it stands for, which may be used.
pub(crate) async fn iteration_of_channel(
    client: &Client,
    bucket: &str,
    channel: &str,
) -> Result<(String, Iteration), ComponentError> {
    let found = client.iteration_channel(bucket, channel).await.map_err(failed)?;
    let which = format!("channel {channel}");
    let iteration = found
        .iteration
        .ok_or_else(|| ComponentError::new(format!("there is no HCP Packer Iteration associated with the {which}")))?;
    usable(&iteration.revoke_at, "Iteration", &which)?;
    Ok((found.id, iteration))
}

/// The iteration with an id, which may be used.
pub(crate) async fn iteration(client: &Client, bucket: &str, id: &str) -> Result<Iteration, ComponentError> {
    let iteration = client.iteration(bucket, id).await.map_err(failed)?;
    usable(&iteration.revoke_at, "Iteration", &format!("id {id}"))?;
    Ok(iteration)
}

/// Nothing that was revoked is built upon.
fn usable(revoke_at: &str, what: &str, which: &str) -> Result<(), ComponentError> {
    if !is_past(revoke_at, Timestamp::now()) {
        return Ok(());
    }
    Err(ComponentError::new(format!(
        "the HCP Packer {what} associated with the {which} is revoked and can not be used on Packer builds"
    )))
}
