//! Work that is told to end in the middle: every kind of component that can be, on both SDKs.

use std::collections::BTreeMap;

use engine::Cancel;
use plugins::external::process::Plugin;
use serde::Serialize;
use serde::de::IgnoredAny;

use crate::tester::{Sdk, binary, launch};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Configs {
    configs: Vec<BTreeMap<&'static str, &'static str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Provision {
    generated_data: BTreeMap<&'static str, &'static str>,
    #[serde(rename = "StreamID")]
    stream_id: u32,
}

/// What the work of a component came to that would go on for an hour but for a cancellation.
async fn cancelled(sdk: Sdk, kind: &str, name: &str, (endpoint, prepare, work): (&str, &str, &str)) -> Option<String> {
    let mut launch = launch(binary(sdk)?, kind, name, "");
    if sdk == Sdk::Old {
        launch.args.retain(|argument| argument != "--protobuf");
    }
    let plugin = Plugin::start(&launch, &Cancel::new()).await.unwrap();
    let configs = Configs { configs: vec![[("work", "1h")].into()] };
    let _: IgnoredAny = plugin.call(&format!("{endpoint}.{prepare}"), &configs).await.unwrap();
    let stream_id = plugin.mux.next_id();
    let (listener, method) = (plugin.mux.listen(stream_id), format!("{endpoint}.{work}"));
    let working = async {
        match work {
            "Provision" => {
                let arguments = Provision { generated_data: BTreeMap::new(), stream_id };
                plugin.call::<serde_json::Value>(&method, &arguments).await
            }
            _ => plugin.call(&method, &stream_id).await,
        }
    };
    let cancelling = async {
        // The work has begun once the component comes for what it is lent.
        let lent = listener.accept().await.unwrap();
        // And has its context a moment later, without which the SDK cannot cancel anything.
        let _: IgnoredAny = plugin.call(&format!("{endpoint}.ConfigSpec"), &()).await.unwrap();
        let _: IgnoredAny = plugin.call(&format!("{endpoint}.Cancel"), &()).await.unwrap();
        lent
    };
    let (worked, _lent) = tokio::join!(working, cancelling);
    Some(match worked {
        Ok(answer) => answer.to_string(),
        Err(fault) => fault.to_string(),
    })
}

#[tokio::test]
async fn every_kind_of_work_ends_when_it_is_cancelled() {
    for sdk in [Sdk::New, Sdk::Old] {
        for (kind, name, calls) in [
            ("builder", "quick", ("Builder", "Prepare", "Run")),
            ("provisioner", "tool", ("Provisioner", "Prepare", "Provision")),
            ("post-processor", "keeper", ("PostProcessor", "Configure", "PostProcess")),
        ] {
            let Some(told) = cancelled(sdk, kind, name, calls).await else { return };
            assert!(told.contains("cancel"), "{sdk:?} {kind}: {told}");
        }
    }
}
