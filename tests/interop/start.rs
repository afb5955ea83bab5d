//! Starting plugins: what they say of themselves, and how a start can fail.

use std::sync::Arc;
use std::time::Duration;

use engine::Cancel;
use planner::catalog::BlockNesting;
use plugins::external::process::Plugin;
use plugins::external::spec;
use serde::Deserialize;

use crate::tester::{Sdk, binary, launch};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ConfigSpec {
    #[serde(with = "serde_bytes")]
    pub(crate) config_spec: Vec<u8>,
}

#[tokio::test]
async fn components_tell_the_shape_of_their_configuration() {
    let Some(binary) = binary(Sdk::New) else { return };
    let plugin = Plugin::start(&launch(binary, "builder", "fields", ""), &Cancel::new()).await.unwrap();
    let answer: ConfigSpec = plugin.client.call("Builder.ConfigSpec", &()).await.unwrap();
    let schema = spec::schema(&answer.config_spec).unwrap();
    let attribute = |name: &str| {
        let found = schema.attributes.iter().find(|attribute| &*attribute.name == name);
        found.map(|attribute| (attribute.ty.to_string(), attribute.required))
    };
    for (name, ty, required) in [
        ("string", "string", false),
        ("trilean", "bool", false),
        ("uint8", "number", false),
        ("matrix", "list of list of string", false),
        ("map", "map of string", false),
        ("map_of_lists", "map of list of string", false),
        ("required", "string", true),
    ] {
        assert_eq!(attribute(name), Some((ty.to_owned(), required)), "{name}");
    }
    let block = |name: &str| {
        let found = schema.blocks.iter().find(|block| &*block.name == name);
        found.map(|block| {
            (block.nesting.clone(), block.min, block.schema.attributes.len() + block.schema.blocks.len() > 0)
        })
    };
    assert_eq!(block("block"), Some((BlockNesting::Single, 0, true)));
    assert_eq!(block("required_block"), Some((BlockNesting::Single, 1, true)));
    assert_eq!(block("item"), Some((BlockNesting::List, 0, true)));
}

#[tokio::test]
async fn a_start_that_fails_says_why() {
    let Some(binary) = binary(Sdk::New) else { return };
    for (faults, expected) in [
        ("line:start:hello", "Unrecognized remote plugin message: hello"),
        ("line:start:1|unix|/x", "The protocol of this plugin (protocol version 4 and lower) was deprecated"),
        ("line:start:6|0|unix|/x", "Incompatible API MAJOR version with plugin."),
        ("crash:start:3", "plugin exited before we could connect"),
        ("crash:start:0", "plugin exited before we could connect"),
        ("hang:start", "timeout while waiting for plugin to start"),
    ] {
        let mut launch = launch(binary, "builder", "quick", faults);
        if faults.starts_with("hang") {
            launch.patience = Duration::from_millis(300);
        }
        let fault = Plugin::start(&launch, &Cancel::new()).await.map(|_| ()).unwrap_err();
        assert!(fault.to_string().starts_with(expected), "{faults}: {fault}");
    }
    let fault = Plugin::start(&launch("/no/such/plugin".as_ref(), "builder", "quick", ""), &Cancel::new()).await;
    let fault = fault.map(|_| ()).unwrap_err().to_string();
    assert!(
        fault.starts_with("fork/exec /no/such/plugin: no such file or directory (github.com/acme/tester"),
        "{fault}"
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_plugin_that_is_killed_before_anybody_came_leaves_no_socket() {
    let Some(binary) = binary(Sdk::New) else { return };
    let folder = tempfile::tempdir().unwrap();
    // Its greeting stands behind nonsense, so that it waits where nobody is told of.
    let mut launch = launch(binary, "builder", "quick", "spill:start:100");
    Arc::make_mut(&mut launch.environment).insert("TMPDIR".to_owned(), folder.path().to_str().unwrap().to_owned());
    let fault = Plugin::start(&launch, &Cancel::new()).await.map(|_| ()).unwrap_err().to_string();
    assert!(fault.contains("packer-plugin"), "it waits somewhere: {fault}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn a_plugin_that_knows_no_protobuf_cannot_be_started_with_it() {
    let Some(binary) = binary(Sdk::Old) else { return };
    let mut launch = launch(binary, "builder", "quick", "");
    let fault = Plugin::start(&launch, &Cancel::new()).await.map(|_| ()).unwrap_err().to_string();
    assert!(fault.starts_with("plugin exited before we could connect"), "{fault}");
    launch.args.retain(|argument| argument != "--protobuf");
    assert!(Plugin::start(&launch, &Cancel::new()).await.is_ok());
}
