//! A data source of a plugin: told its configuration, asked for its value.

use engine::Cancel;
use planner::value::{Type, Value, json};
use plugins::external::process::Plugin;
use plugins::external::{cty, spec};
use serde::{Deserialize, Serialize};

use crate::tester::{Sdk, binary, launch};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Configs {
    pub(crate) configs: Vec<serde_bytes::ByteBuf>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Executed {
    #[serde(with = "serde_bytes")]
    pub(crate) value: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OutputSpec {
    #[serde(with = "serde_bytes")]
    pub(crate) output_spec: Vec<u8>,
}

#[tokio::test]
async fn values_of_every_shape_come_across() {
    let Some(binary) = binary(Sdk::New) else { return };
    let plugin = Plugin::start(&launch(binary, "datasource", "echo", ""), &Cancel::new()).await.unwrap();
    let output: OutputSpec = plugin.client.call("Datasource.OutputSpec", &()).await.unwrap();
    let Type::Object(output) = spec::output(&output.output_spec).unwrap() else { panic!("no object") };
    let config = Value::object([
        ("text", Value::text("é \" \n")),
        ("number", Value::int(7)),
        ("list", Value::strings(["a", "b"])),
        ("map", Value::map([("k".into(), Value::text("v"))].into(), Type::String)),
    ]);
    let configs = Configs { configs: vec![cty::to_json(&config).unwrap().into()] };
    let _: serde::de::IgnoredAny = plugin.client.call("Datasource.Configure", &configs).await.unwrap();
    let executed: Executed = plugin.client.call("Datasource.Execute", &()).await.unwrap();
    let value = cty::from_msgpack(&executed.value).unwrap();
    let Value::Object(members) = &value else { panic!("{value:?}") };
    assert_eq!(members.keys().collect::<Vec<_>>(), output.attributes.keys().collect::<Vec<_>>());
    let text = json::encode(&value).unwrap();
    for part in ["\"é \\\" \\n\"", "7", "[\"a\",\"b\"]", "{\"k\":\"v\"}"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}
