//! Plugins that do something wrong: the error says which plugin it was, what became of it and what it said last, and
//! nothing waits for it.

use std::time::Duration;

use engine::Cancel;
use plugins::external::fault::PluginFault;
use plugins::external::process::Plugin;
use serde::de::IgnoredAny;

use crate::tester::{Sdk, binary, launch};

/// Asks a builder with `faults` for its specification; what comes of it.
async fn ask(faults: &str) -> Option<Result<IgnoredAny, PluginFault>> {
    let plugin = Plugin::start(&launch(binary(Sdk::New)?, "builder", "quick", faults), &Cancel::new()).await;
    Some(match plugin {
        Ok(plugin) => plugin.call("Builder.ConfigSpec", &()).await,
        Err(fault) => Err(fault),
    })
}

#[tokio::test]
async fn an_error_says_which_plugin_it_was_and_what_it_said_last() {
    for (faults, what, how) in [
        ("crash:start:3", "plugin exited before we could connect", "It ended with exit status 3."),
        ("crash:spec:5", "plugin crashed in Builder.ConfigSpec", "It ended with exit status 5."),
    ] {
        let Some(answer) = ask(faults).await else { return };
        let text = answer.map(|_| ()).unwrap_err().to_string();
        let head = format!(
            "{what} (github.com/acme/tester v1.2.3, builder \"quick\")\n{how}\nThe last lines of its standard error:\n    "
        );
        assert!(text.starts_with(&head), "{text}");
        let method = faults.split(':').nth(1).unwrap();
        assert!(text.ends_with(&format!("    about to crash in {method}\n    last words of the tester")), "{text}");
    }
}

#[tokio::test]
async fn connections_that_end_or_carry_nonsense_are_no_reason_to_wait() {
    for (faults, what, how) in [
        ("close:spec", "plugin hung up", "It closed the connection but went on running, and was ended."),
        ("halfclose:spec", "plugin hung up", "It closed the connection but went on running, and was ended."),
        ("garbage:spec", "plugin broke the protocol", "What it sent cannot be understood ("),
    ] {
        let Some(answer) = ask(faults).await else { return };
        let text = answer.map(|_| ()).unwrap_err().to_string();
        let head = format!("{what} in Builder.ConfigSpec (github.com/acme/tester v1.2.3, builder \"quick\")\n{how}");
        assert!(text.starts_with(&head), "{text}");
    }
}

#[tokio::test]
async fn a_plugin_that_does_not_greet_is_given_up() {
    let Some(binary) = binary(Sdk::New) else { return };
    let mut launch = launch(binary, "builder", "quick", "hang:start");
    launch.patience = Duration::from_millis(200);
    let text = Plugin::start(&launch, &Cancel::new()).await.map(|_| ()).unwrap_err().to_string();
    assert_eq!(
        text,
        "timeout while waiting for plugin to start (github.com/acme/tester v1.2.3, builder \"quick\")\n\
         It did not say within 200ms where it can be reached, and was ended. PACKER_PLUGIN_START_TIMEOUT gives plugins \
         more time."
    );
}
