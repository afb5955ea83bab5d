//! Data source `hcp-packer-image`, which `hcp-packer-artifact` replaces: where the image of an iteration in the HCP Packer
//! registry is.

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
    ("channel", FieldType::Text),
    ("cloud_provider", FieldType::Text),
    ("component_type", FieldType::Text),
    ("iteration_id", FieldType::Text),
    ("region", FieldType::Text),
];

const OUTPUT: [&str; 9] = [
    "build_id",
    "channel_id",
    "cloud_provider",
    "component_type",
    "created_at",
    "id",
    "iteration_id",
    "packer_run_uuid",
    "region",
];

/// The type of what it yields.
pub fn output_type() -> Type {
    let labels = (Arc::from("labels"), Type::Map(Arc::new(Type::String)));
    let attributes = OUTPUT.into_iter().map(|name| (Arc::from(name), Type::String)).chain([labels]).collect();
    Type::Object(Arc::new(ObjectType { attributes, ..ObjectType::default() }))
}

/// The data source.
#[derive(Default)]
pub struct HcpPackerImage {
    bucket: String,
    channel: String,
    iteration: String,
    cloud: String,
    region: String,
    component_type: String,
    context: Option<ComponentContext>,
}

#[async_trait]
impl Datasource for HcpPackerImage {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        let mut fields = Fields::new(config, context);
        self.bucket = select::needed(&mut fields, "bucket_name");
        (self.iteration, self.channel) = select::either(&mut fields, "iteration_id", "channel");
        self.cloud = select::needed(&mut fields, "cloud_provider");
        self.region = select::needed(&mut fields, "region");
        self.component_type = fields.text("component_type");
        self.context = Some(context.clone());
        fields.finish().map(|()| vec![select::replaced("hcp-packer-image", "hcp-packer-artifact")])
    }

    async fn execute(&self, cancel: &Cancel) -> Result<Value, ComponentError> {
        select::with_client(self.context.as_ref(), cancel, async |client: Client| {
            let (channel, iteration) = if self.iteration.is_empty() {
                select::iteration_of_channel(&client, &self.bucket, &self.channel).await?
            } else {
                (String::new(), select::iteration(&client, &self.bucket, &self.iteration).await?)
            };
            let is_wanted =
                |component_type: &str| self.component_type.is_empty() || self.component_type == component_type;
            let mut available = Vec::new();
            for build in &iteration.builds {
                for image in &build.images {
                    let (region, cloud) = (&image.region, &build.cloud_provider);
                    if *region == self.region && *cloud == self.cloud && is_wanted(&build.component_type) {
                        return Ok(Value::object([
                            ("build_id", Value::string(build.id.as_str())),
                            ("channel_id", Value::string(channel)),
                            ("cloud_provider", Value::string(cloud.as_str())),
                            ("component_type", Value::string(build.component_type.as_str())),
                            ("created_at", Value::string(go_time(&image.created_at))),
                            ("id", Value::string(image.image_id.as_str())),
                            ("iteration_id", Value::string(build.iteration_id.as_str())),
                            ("labels", select::labels(&build.labels)),
                            ("packer_run_uuid", Value::string(build.packer_run_uuid.as_str())),
                            ("region", Value::string(region.as_str())),
                        ]));
                    }
                    let component_type = &build.component_type;
                    available.push(format!(
                        "[region={region:?}, cloud_provider={cloud:?}, component_type={component_type:?}]"
                    ));
                }
            }
            let Self { region, cloud, component_type, .. } = self;
            Err(ComponentError::new(format!(
                "could not find a build result matching [region={region:?}, cloud_provider={cloud:?}, \
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
        let mut source = HcpPackerImage::default();
        let config = Value::object(fields.iter().map(|(name, text)| (*name, Value::string(*text))));
        let warnings = source.prepare(&config, &context_of(server, &[])).await.map_err(|error| error.to_string())?;
        assert_eq!(warnings, ["the data source hcp-packer-image is deprecated; use hcp-packer-artifact instead"]);
        source.execute(&Cancel::new()).await.map_err(|error| error.to_string())
    }

    const BUILDS: &str = r#"[
        {"id": "b-1", "component_type": "amazon-ebs.x", "cloud_provider": "aws", "packer_run_uuid": "run", "iteration_id": "p",
         "labels": {"k": "v"}, "images": [
            {"region": "eu", "image_id": "ami-1", "created_at": "2024-01-02T03:04:05Z"},
            {"region": "us", "image_id": "ami-2", "created_at": "2024-01-02T03:04:06Z"}]},
        {"id": "b-2", "component_type": "amazon-ebs.y", "cloud_provider": "aws", "images": [
            {"region": "us", "image_id": "ami-3"}]},
        {"id": "b-3", "component_type": "azure-arm.x", "cloud_provider": "azure", "images": [
            {"region": "us", "image_id": "azure-1"}]}]"#;

    fn server() -> Server {
        let iteration = format!("{{\"id\": \"p\", \"builds\": {BUILDS}}}");
        let channel = format!("{{\"channel\": {{\"id\": \"c\", \"iteration\": {iteration}}}}}");
        let revoked = "{\"iteration\": {\"revoke_at\": \"2020-01-01T00:00:00Z\"}}";
        registry(&[
            ("2021-04-30:images/b/channels/prod", &channel),
            ("2021-04-30:images/b/iteration?iteration_id=f", &format!("{{\"iteration\": {iteration}}}")),
            ("2021-04-30:images/b/iteration?iteration_id=old", revoked),
        ])
    }

    async fn chosen(fields: &[(&'static str, &str)]) -> Result<Value, String> {
        let all = [&[("bucket_name", "b")][..], fields].concat();
        executed(&server(), &all).await
    }

    #[tokio::test]
    async fn everything_of_the_one_that_fits() {
        let fields = [("channel", "prod"), ("cloud_provider", "aws"), ("region", "eu")];
        let value = chosen(&fields).await.unwrap();
        assert_eq!(value.ty(), output_type());
        for (name, text) in [
            ("build_id", "b-1"),
            ("channel_id", "c"),
            ("component_type", "amazon-ebs.x"),
            ("created_at", "2024-01-02T03:04:05.000Z"),
            ("id", "ami-1"),
            ("packer_run_uuid", "run"),
            ("cloud_provider", "aws"),
            ("region", "eu"),
            ("iteration_id", "p"),
        ] {
            assert_eq!(value.get(name), Some(&Value::string(text)), "{name}");
        }
        assert_eq!(value.get("labels").unwrap().get("k"), Some(&Value::string("v")));
    }

    #[tokio::test]
    async fn every_condition_counts() {
        for (wanted, id) in [
            (&[("channel", "prod"), ("cloud_provider", "aws"), ("region", "us")][..], "ami-2"),
            (&[("iteration_id", "f"), ("cloud_provider", "azure"), ("region", "us")], "azure-1"),
            (
                &[
                    ("iteration_id", "f"),
                    ("cloud_provider", "aws"),
                    ("region", "us"),
                    ("component_type", "amazon-ebs.y"),
                ],
                "ami-3",
            ),
        ] {
            assert_eq!(chosen(wanted).await.unwrap().get("id"), Some(&Value::string(id)));
        }
        let none = [("iteration_id", "f"), ("cloud_provider", "aws"), ("region", "mars"), ("component_type", "t")];
        let error = chosen(&none).await.unwrap_err();
        let start = "could not find a build result matching [region=\"mars\", cloud_provider=\"aws\", component_type=\"t\"]. \
                     Available: [[region=\"eu\", cloud_provider=\"aws\", component_type=\"amazon-ebs.x\"] [region=\"us\", ";
        assert!(error.starts_with(start) && error.ends_with("] "), "{error}");
    }

    #[tokio::test]
    async fn what_must_be_said() {
        let error = chosen(&[]).await.unwrap_err();
        let faults = [
            "the `iteration_id` or the `channel` must be specified",
            "the `cloud_provider` must be specified",
            "the `region` must be specified",
        ];
        assert!(error.ends_with(&faults.map(|fault| format!("* {fault}")).join("\n")), "{error}");
        let both = [("iteration_id", "f"), ("channel", "prod"), ("cloud_provider", "aws"), ("region", "us")];
        let error = chosen(&both).await.unwrap_err();
        assert!(error.ends_with("* only one of `iteration_id` and `channel` can be specified"), "{error}");
        let revoked = [("iteration_id", "old"), ("cloud_provider", "aws"), ("region", "us")];
        let error = chosen(&revoked).await.unwrap_err();
        let words =
            "the HCP Packer Iteration associated with the id old is revoked and can not be used on Packer builds";
        assert_eq!(error, words);
    }
}
