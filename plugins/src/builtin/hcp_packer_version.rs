//! Data source `hcp-packer-version`: the version that a channel of the HCP Packer registry stands for.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::value::{ObjectType, Type, Value};

use crate::component::{ComponentContext, ComponentError, Datasource};
use crate::config::{Field, FieldType, Fields};
use crate::hcp::{Client, go_time, select};

/// The fields of the data source.
pub const FIELDS: &[Field] = &[("bucket_name", FieldType::Text), ("channel_name", FieldType::Text)];

const OUTPUT: [&str; 9] =
    ["author_id", "bucket_name", "channel_id", "created_at", "fingerprint", "id", "name", "status", "updated_at"];

/// The type of what it yields.
pub fn output_type() -> Type {
    let attributes = OUTPUT.into_iter().map(|name| (Arc::from(name), Type::String)).collect();
    Type::Object(Arc::new(ObjectType { attributes, ..ObjectType::default() }))
}

/// The data source.
#[derive(Default)]
pub struct HcpPackerVersion {
    bucket: String,
    channel: String,
    context: Option<ComponentContext>,
}

#[async_trait]
impl Datasource for HcpPackerVersion {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        let mut fields = Fields::new(config, context);
        self.bucket = select::needed(&mut fields, "bucket_name");
        self.channel = select::needed(&mut fields, "channel_name");
        self.context = Some(context.clone());
        fields.finish().map(|()| Vec::new())
    }

    async fn execute(&self, cancel: &Cancel) -> Result<Value, ComponentError> {
        select::with_client(self.context.as_ref(), cancel, async |client: Client| {
            let (channel, version) = select::version_of_channel(&client, &self.bucket, &self.channel).await?;
            Ok(Value::object([
                ("author_id", Value::string(version.author_id)),
                ("bucket_name", Value::string(version.bucket_name)),
                ("channel_id", Value::string(channel)),
                ("created_at", Value::string(go_time(&version.created_at))),
                ("fingerprint", Value::string(version.fingerprint)),
                ("id", Value::string(version.id)),
                ("name", Value::string(version.name)),
                ("status", Value::string(version.status)),
                ("updated_at", Value::string(go_time(&version.updated_at))),
            ]))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use engine::CancelPhase;

    use super::*;
    use crate::hcp::tests::{context_of, registry};
    use crate::secrets::tests::server::{Reply, Server};

    async fn executed(server: &Server, fields: &[(&'static str, &str)]) -> Result<Value, String> {
        let mut source = HcpPackerVersion::default();
        let config = Value::object(fields.iter().map(|(name, text)| (*name, Value::string(*text))));
        let prepared = source.prepare(&config, &context_of(server, &[])).await;
        prepared.map_err(|error| error.to_string())?;
        source.execute(&Cancel::new()).await.map_err(|error| error.to_string())
    }

    const FIELDS: [(&str, &str); 2] = [("bucket_name", "b/1"), ("channel_name", "prod")];

    fn with(version: &str) -> Server {
        let channel = format!("{{\"channel\": {{\"id\": \"c\", \"version\": {version}}}}}");
        registry(&[("2023-01-01:buckets/b%2F1/channels/prod", &channel)])
    }

    #[tokio::test]
    async fn the_version_of_a_channel() {
        let server = with(
            r#"{"id": "v-id", "name": "v7", "fingerprint": "f", "status": "VERSION_ACTIVE", "author_id": "a",
                "bucket_name": "b/1", "created_at": "2024-01-02T03:04:05Z", "updated_at": "2024-02-03T04:05:06.7Z",
                "revoke_at": "2999-01-01T00:00:00Z"}"#,
        );
        let value = executed(&server, &FIELDS).await.unwrap();
        assert_eq!(value.ty(), output_type());
        for (name, text) in [
            ("author_id", "a"),
            ("bucket_name", "b/1"),
            ("channel_id", "c"),
            ("created_at", "2024-01-02T03:04:05.000Z"),
            ("fingerprint", "f"),
            ("id", "v-id"),
            ("name", "v7"),
            ("status", "VERSION_ACTIVE"),
            ("updated_at", "2024-02-03T04:05:06.700Z"),
        ] {
            assert_eq!(value.get(name), Some(&Value::string(text)), "{name}");
        }
    }

    #[tokio::test]
    async fn versions_that_are_none() {
        let none = executed(&with("null"), &FIELDS).await.unwrap_err();
        assert_eq!(none, "there is no HCP Packer Version associated with the channel prod");
        let revoked = executed(&with(r#"{"id": "v", "revoke_at": "2020-01-01T00:00:00Z"}"#), &FIELDS).await;
        assert_eq!(
            revoked.unwrap_err(),
            "the HCP Packer Version associated with the channel prod is revoked and can not be used on Packer builds"
        );
        let missing = executed(&registry(&[]), &FIELDS).await.unwrap_err();
        let words = "reading channel \"prod\" of HCP Packer bucket \"b/1\": HTTP 404, Code:5: nothing there";
        assert_eq!(missing, words);
        let fields = executed(&registry(&[]), &[]).await.unwrap_err();
        assert!(fields.ends_with("* the `bucket_name` must be specified\n* the `channel_name` must be specified"));
    }

    #[tokio::test]
    async fn a_registry_that_never_answers_is_left_when_the_run_ends() {
        let server = Server::replying(&[Reply::Silence]);
        let mut source = HcpPackerVersion::default();
        let config = Value::object(FIELDS.map(|(name, text)| (name, Value::string(text))));
        source.prepare(&config, &context_of(&server, &[])).await.unwrap();
        let cancel = Cancel::new();
        let stopping = async {
            while server.requests().is_empty() {
                tokio::task::yield_now().await;
            }
            cancel.raise(CancelPhase::Stopping);
        };
        let (value, ()) = tokio::join!(source.execute(&cancel), stopping);
        assert_eq!(value, Err(ComponentError::Cancelled));
    }
}
