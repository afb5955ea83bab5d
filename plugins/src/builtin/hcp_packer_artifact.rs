//! Data source `hcp-packer-artifact`: where the artifact of a version in the HCP Packer registry is.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::value::{ObjectType, Type, Value};

use crate::component::{ComponentContext, ComponentError, Datasource};
use crate::config::{Field, FieldType, Fields};
use crate::hcp::{Client, go_time, select};

/// The fields of the data source.
pub const FIELDS: &[Field] = &[
    ("bucket_name", FieldType::Text),
    ("channel_name", FieldType::Text),
    ("component_type", FieldType::Text),
    ("platform", FieldType::Text),
    ("region", FieldType::Text),
    ("version_fingerprint", FieldType::Text),
];

const OUTPUT: [&str; 9] = [
    "build_id",
    "channel_id",
    "component_type",
    "created_at",
    "external_identifier",
    "packer_run_uuid",
    "platform",
    "region",
    "version_id",
];

/// The type of what it yields.
pub fn output_type() -> Type {
    let labels = (Arc::from("labels"), Type::Map(Arc::new(Type::String)));
    let attributes = OUTPUT.into_iter().map(|name| (Arc::from(name), Type::String)).chain([labels]).collect();
    Type::Object(Arc::new(ObjectType { attributes, ..ObjectType::default() }))
}

/// The data source.
#[derive(Default)]
pub struct HcpPackerArtifact {
    bucket: String,
    channel: String,
    fingerprint: String,
    platform: String,
    region: String,
    component_type: String,
    context: Option<ComponentContext>,
}

#[async_trait]
impl Datasource for HcpPackerArtifact {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        let mut fields = Fields::new(config, context);
        self.bucket = select::needed(&mut fields, "bucket_name");
        (self.fingerprint, self.channel) = select::either(&mut fields, "version_fingerprint", "channel_name");
        self.platform = select::needed(&mut fields, "platform");
        self.region = select::needed(&mut fields, "region");
        self.component_type = fields.text("component_type");
        self.context = Some(context.clone());
        fields.finish().map(|()| Vec::new())
    }

    async fn execute(&self, cancel: &Cancel) -> Result<Value, ComponentError> {
        select::with_client(self.context.as_ref(), cancel, async |client: Client| {
            let (channel, version) = if self.fingerprint.is_empty() {
                select::version_of_channel(&client, &self.bucket, &self.channel).await?
            } else {
                (String::new(), select::version(&client, &self.bucket, &self.fingerprint).await?)
            };
            let mut builds = version.builds;
            if builds.is_empty() {
                builds = client.builds(&self.bucket, &version.fingerprint).await.map_err(select::failed)?;
            }
            let is_wanted =
                |component_type: &str| self.component_type.is_empty() || self.component_type == component_type;
            let mut available = Vec::new();
            for build in &builds {
                for artifact in &build.artifacts {
                    let (region, platform) = (&artifact.region, &build.platform);
                    if *region == self.region && *platform == self.platform && is_wanted(&build.component_type) {
                        return Ok(Value::object([
                            ("build_id", Value::string(build.id.as_str())),
                            ("channel_id", Value::string(channel)),
                            ("component_type", Value::string(build.component_type.as_str())),
                            ("created_at", Value::string(go_time(&artifact.created_at))),
                            ("external_identifier", Value::string(artifact.external_identifier.as_str())),
                            ("labels", select::labels(&build.labels)),
                            ("packer_run_uuid", Value::string(build.packer_run_uuid.as_str())),
                            ("platform", Value::string(platform.as_str())),
                            ("region", Value::string(region.as_str())),
                            ("version_id", Value::string(build.version_id.as_str())),
                        ]));
                    }
                    let component_type = &build.component_type;
                    available
                        .push(format!("[region={region:?}, platform={platform:?}, component_type={component_type:?}]"));
                }
            }
            let Self { region, platform, component_type, .. } = self;
            Err(ComponentError::new(format!(
                "could not find a build result matching [region={region:?}, platform={platform:?}, \
                 component_type={component_type:?}]. Available: [{}] ",
                available.join(" ")
            )))
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
        let mut source = HcpPackerArtifact::default();
        let config = Value::object(fields.iter().map(|(name, text)| (*name, Value::string(*text))));
        let warnings = source.prepare(&config, &context_of(server, &[])).await.map_err(|error| error.to_string())?;
        assert_eq!(warnings, Vec::<String>::new());
        source.execute(&Cancel::new()).await.map_err(|error| error.to_string())
    }

    const BUILDS: &str = r#"[
        {"id": "b-1", "component_type": "amazon-ebs.x", "platform": "aws", "packer_run_uuid": "run", "version_id": "p",
         "labels": {"k": "v"}, "artifacts": [
            {"region": "eu", "external_identifier": "ami-1", "created_at": "2024-01-02T03:04:05Z"},
            {"region": "us", "external_identifier": "ami-2", "created_at": "2024-01-02T03:04:06Z"}]},
        {"id": "b-2", "component_type": "amazon-ebs.y", "platform": "aws", "artifacts": [
            {"region": "us", "external_identifier": "ami-3"}]},
        {"id": "b-3", "component_type": "azure-arm.x", "platform": "azure", "artifacts": [
            {"region": "us", "external_identifier": "azure-1"}]}]"#;

    fn server() -> Server {
        let version = format!("{{\"fingerprint\": \"f\", \"builds\": {BUILDS}}}");
        let channel = format!("{{\"channel\": {{\"id\": \"c\", \"version\": {version}}}}}");
        let revoked = "{\"version\": {\"revoke_at\": \"2020-01-01T00:00:00Z\"}}";
        registry(&[
            ("2023-01-01:buckets/b/channels/prod", &channel),
            ("2023-01-01:buckets/b/versions/f", &format!("{{\"version\": {version}}}")),
            ("2023-01-01:buckets/b/versions/old", revoked),
        ])
    }

    async fn chosen(fields: &[(&'static str, &str)]) -> Result<Value, String> {
        let all = [&[("bucket_name", "b")][..], fields].concat();
        executed(&server(), &all).await
    }

    #[tokio::test]
    async fn everything_of_the_one_that_fits() {
        let fields = [("channel_name", "prod"), ("platform", "aws"), ("region", "eu")];
        let value = chosen(&fields).await.unwrap();
        assert_eq!(value.ty(), output_type());
        for (name, text) in [
            ("build_id", "b-1"),
            ("channel_id", "c"),
            ("component_type", "amazon-ebs.x"),
            ("created_at", "2024-01-02T03:04:05.000Z"),
            ("external_identifier", "ami-1"),
            ("packer_run_uuid", "run"),
            ("platform", "aws"),
            ("region", "eu"),
            ("version_id", "p"),
        ] {
            assert_eq!(value.get(name), Some(&Value::string(text)), "{name}");
        }
        assert_eq!(value.get("labels").unwrap().get("k"), Some(&Value::string("v")));
    }

    #[tokio::test]
    async fn every_condition_counts() {
        for (wanted, id) in [
            (&[("channel_name", "prod"), ("platform", "aws"), ("region", "us")][..], "ami-2"),
            (&[("version_fingerprint", "f"), ("platform", "azure"), ("region", "us")], "azure-1"),
            (
                &[
                    ("version_fingerprint", "f"),
                    ("platform", "aws"),
                    ("region", "us"),
                    ("component_type", "amazon-ebs.y"),
                ],
                "ami-3",
            ),
        ] {
            assert_eq!(chosen(wanted).await.unwrap().get("external_identifier"), Some(&Value::string(id)));
        }
        let none = [("version_fingerprint", "f"), ("platform", "aws"), ("region", "mars"), ("component_type", "t")];
        let error = chosen(&none).await.unwrap_err();
        let start = "could not find a build result matching [region=\"mars\", platform=\"aws\", component_type=\"t\"]. \
                     Available: [[region=\"eu\", platform=\"aws\", component_type=\"amazon-ebs.x\"] [region=\"us\", ";
        assert!(error.starts_with(start) && error.ends_with("] "), "{error}");
    }

    #[tokio::test]
    async fn what_must_be_said() {
        let error = chosen(&[]).await.unwrap_err();
        let faults = [
            "the `version_fingerprint` or the `channel_name` must be specified",
            "the `platform` must be specified",
            "the `region` must be specified",
        ];
        assert!(error.ends_with(&faults.map(|fault| format!("* {fault}")).join("\n")), "{error}");
        let both = [("version_fingerprint", "f"), ("channel_name", "prod"), ("platform", "aws"), ("region", "us")];
        let error = chosen(&both).await.unwrap_err();
        assert!(error.ends_with("* only one of `version_fingerprint` and `channel_name` can be specified"), "{error}");
        let revoked = [("version_fingerprint", "old"), ("platform", "aws"), ("region", "us")];
        let error = chosen(&revoked).await.unwrap_err();
        let words = "the HCP Packer Version associated with the fingerprint old is revoked and can not be used on Packer builds";
        assert_eq!(error, words);
    }

    #[tokio::test]
    async fn builds_that_do_not_come_with_the_version_are_asked_for() {
        let builds = format!("{{\"builds\": {BUILDS}}}");
        let server = registry(&[
            ("2023-01-01:buckets/b/versions/f", "{\"version\": {\"fingerprint\": \"f\"}}"),
            ("2023-01-01:buckets/b/versions/f/builds", &builds),
        ]);
        let fields = [("bucket_name", "b"), ("version_fingerprint", "f"), ("platform", "azure"), ("region", "us")];
        let value = executed(&server, &fields).await.unwrap();
        assert_eq!(value.get("external_identifier"), Some(&Value::string("azure-1")));
    }
}
