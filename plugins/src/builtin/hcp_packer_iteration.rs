//! Data source `hcp-packer-iteration`, which `hcp-packer-version` replaces: the iteration that a channel of the HCP Packer
//! registry stands for.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::value::{ObjectType, Type, Value};

use crate::component::{ComponentContext, ComponentError, Datasource};
use crate::config::{Field, FieldType, Fields};
use crate::hcp::{Client, go_time, select};

/// The fields of the data source.
pub const FIELDS: &[Field] = &[("bucket_name", FieldType::Text), ("channel", FieldType::Text)];

const OUTPUT: [&str; 7] = ["author_id", "bucket_name", "channel_id", "created_at", "fingerprint", "id", "updated_at"];

/// The type of what it yields.
pub fn output_type() -> Type {
    let others = [(Arc::from("complete"), Type::Bool), (Arc::from("incremental_version"), Type::Number)];
    let attributes = OUTPUT.into_iter().map(|name| (Arc::from(name), Type::String)).chain(others).collect();
    Type::Object(Arc::new(ObjectType { attributes, ..ObjectType::default() }))
}

/// The data source.
#[derive(Default)]
pub struct HcpPackerIteration {
    bucket: String,
    channel: String,
    context: Option<ComponentContext>,
}

#[async_trait]
impl Datasource for HcpPackerIteration {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        let mut fields = Fields::new(config, context);
        self.bucket = select::needed(&mut fields, "bucket_name");
        self.channel = select::needed(&mut fields, "channel");
        self.context = Some(context.clone());
        fields.finish().map(|()| vec![select::replaced("hcp-packer-iteration", "hcp-packer-version")])
    }

    async fn execute(&self, cancel: &Cancel) -> Result<Value, ComponentError> {
        select::with_client(self.context.as_ref(), cancel, async |client: Client| {
            let (channel, iteration) = select::iteration_of_channel(&client, &self.bucket, &self.channel).await?;
            Ok(Value::object([
                ("author_id", Value::string(iteration.author_id)),
                ("bucket_name", Value::string(iteration.bucket_slug)),
                ("channel_id", Value::string(channel)),
                ("complete", Value::Bool(iteration.complete)),
                ("created_at", Value::string(go_time(&iteration.created_at))),
                ("fingerprint", Value::string(iteration.fingerprint)),
                ("id", Value::string(iteration.id)),
                ("incremental_version", Value::int(iteration.incremental_version)),
                ("updated_at", Value::string(go_time(&iteration.updated_at))),
            ]))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hcp::tests::{context_of, registry};
    use crate::secrets::tests::server::Server;

    async fn executed(server: &Server, fields: &[(&'static str, &str)]) -> Result<Value, String> {
        let mut source = HcpPackerIteration::default();
        let config = Value::object(fields.iter().map(|(name, text)| (*name, Value::string(*text))));
        let warnings = source.prepare(&config, &context_of(server, &[])).await.map_err(|error| error.to_string())?;
        let warning = "the data source hcp-packer-iteration is deprecated; use hcp-packer-version instead";
        assert_eq!(warnings, [warning]);
        source.execute(&Cancel::new()).await.map_err(|error| error.to_string())
    }

    const FIELDS: [(&str, &str); 2] = [("bucket_name", "b"), ("channel", "prod")];

    #[tokio::test]
    async fn the_iteration_of_a_channel() {
        let channel = r#"{"channel": {"id": "c", "iteration": {"id": "i", "incremental_version": 7, "fingerprint": "f",
            "complete": true, "author_id": "a", "bucket_slug": "b", "created_at": "2024-01-02T03:04:05Z",
            "updated_at": "2024-02-03T04:05:06.7Z"}}}"#;
        let server = registry(&[("2021-04-30:images/b/channels/prod", channel)]);
        let value = executed(&server, &FIELDS).await.unwrap();
        assert_eq!(value.ty(), output_type());
        for (name, text) in [
            ("author_id", "a"),
            ("bucket_name", "b"),
            ("channel_id", "c"),
            ("created_at", "2024-01-02T03:04:05.000Z"),
            ("fingerprint", "f"),
            ("id", "i"),
            ("updated_at", "2024-02-03T04:05:06.700Z"),
        ] {
            assert_eq!(value.get(name), Some(&Value::string(text)), "{name}");
        }
        assert_eq!(value.get("complete"), Some(&Value::Bool(true)));
        assert_eq!(value.get("incremental_version").unwrap().as_number().unwrap().to_i64(), Some(7));
    }

    #[tokio::test]
    async fn iterations_that_are_none() {
        let rows = [
            ("null", "there is no HCP Packer Iteration associated with the channel prod"),
            (
                r#"{"revoke_at": "2020-01-01T00:00:00Z"}"#,
                "the HCP Packer Iteration associated with the channel prod is revoked and can not be used on Packer builds",
            ),
        ];
        for (iteration, error) in rows {
            let channel = format!("{{\"channel\": {{\"iteration\": {iteration}}}}}");
            let server = registry(&[("2021-04-30:images/b/channels/prod", &channel)]);
            assert_eq!(executed(&server, &FIELDS).await.unwrap_err(), error);
        }
        let fields = executed(&registry(&[]), &[]).await.unwrap_err();
        assert!(fields.ends_with("* the `bucket_name` must be specified\n* the `channel` must be specified"));
    }
}
