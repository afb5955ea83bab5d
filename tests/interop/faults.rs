//! Plugins that do something wrong: the error says which plugin it was, what became of it and what it said last; nothing
//! waits for it, and nothing of it is left.

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::{Cancel, CancelPhase};
use planner::value::Value;
use plugins::external::cty;
use plugins::external::fault::PluginFault;
use plugins::external::process::{Launch, Plugin};
use plugins::memory::MemorySize;
use serde::de::IgnoredAny;

use crate::data::Configs;
use crate::tester::{Sdk, binary, launch};

const BOTH: [Sdk; 2] = [Sdk::New, Sdk::Old];
/// Far more than anything takes here.
const PATIENCE: Duration = Duration::from_secs(30);

/// The data source of the plugin on `sdk`, with these faults; and what its processes are known by.
fn source(sdk: Sdk, faults: &str) -> Option<(Launch, String)> {
    let mut launch = launch(binary(sdk)?, "datasource", "echo", faults);
    if sdk == Sdk::Old {
        launch.args.retain(|argument| argument != "--protobuf");
    }
    let mark = uuid::Uuid::new_v4().to_string();
    Arc::make_mut(&mut launch.environment).insert("MARK".to_owned(), mark.clone());
    Some((launch, mark))
}

/// Goes through all methods of a data source.
async fn use_up(launch: &Launch, cancel: &Cancel) -> Result<(), PluginFault> {
    let plugin = Plugin::start(launch, cancel).await?;
    let configs = Configs { configs: vec![cty::to_json(&Value::object([("text", Value::text("x"))])).unwrap().into()] };
    let _: IgnoredAny = plugin.call("Datasource.ConfigSpec", &()).await?;
    let _: IgnoredAny = plugin.call("Datasource.Configure", &configs).await?;
    let _: IgnoredAny = plugin.call("Datasource.OutputSpec", &()).await?;
    let _: IgnoredAny = plugin.call("Datasource.Execute", &()).await?;
    Ok(())
}

/// Waits until no process has `mark` in its environment.
async fn assert_gone(mark: &str, what: &str) {
    let is_marked = |process: &str| {
        let environment = std::fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
        String::from_utf8_lossy(&environment).contains(mark)
    };
    let began = Instant::now();
    loop {
        let entries = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = entries.filter(|name| name.to_str().is_some_and(is_marked)).collect();
        if left.is_empty() {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{what}: {left:?} are left");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What comes of a data source with these faults, on both SDKs; nothing of it is left.
async fn check(faults: &str, change: impl Fn(&mut Launch), expected: impl Fn(Result<(), String>)) {
    for sdk in BOTH {
        let Some((mut launch, mark)) = source(sdk, faults) else { return };
        change(&mut launch);
        let result = tokio::time::timeout(PATIENCE, use_up(&launch, &Cancel::new())).await;
        let result = result.unwrap_or_else(|_| panic!("{faults} on the {sdk:?} SDK hangs"));
        expected(result.map_err(|fault| fault.to_string()));
        assert_gone(&mark, faults).await;
    }
}

/// Where the four methods have their faults.
const METHODS: [(&str, &str); 4] =
    [("spec", "ConfigSpec"), ("configure", "Configure"), ("outputspec", "OutputSpec"), ("execute", "Execute")];

#[tokio::test]
async fn a_crash_is_told_with_the_last_words() {
    let last = "    about to crash in start\n    last words of the tester";
    check(
        "crash:start:3",
        |_| {},
        |result| {
            let text = result.unwrap_err();
            let head = "plugin exited before we could connect (github.com/acme/tester v1.2.3, datasource \"echo\")\n\
                    It ended with exit status 3.\nThe last lines of its standard error:\n    ";
            assert!(text.starts_with(head) && text.ends_with(last), "{text}");
        },
    )
    .await;
    for (place, method) in METHODS {
        check(
            &format!("crash:{place}:5"),
            |_| {},
            |result| {
                let text = result.unwrap_err();
                let head = format!(
                    "plugin crashed in Datasource.{method} (github.com/acme/tester v1.2.3, datasource \"echo\")\n\
                 It ended with exit status 5.\nThe last lines of its standard error:\n    "
                );
                assert!(text.starts_with(&head) && text.ends_with(&last.replace("start", place)), "{text}");
            },
        )
        .await;
        check(
            &format!("panic:{place}:no luck"),
            |_| {},
            |result| {
                let text = result.unwrap_err();
                let head = format!("plugin crashed in Datasource.{method} (github.com/acme/tester v1.2.3");
                assert!(text.starts_with(&head) && text.contains("\n    panic: no luck"), "{text}");
                assert!(text.lines().count() <= 13, "{text}");
            },
        )
        .await;
    }
}

#[tokio::test]
async fn an_error_of_the_component_is_in_its_own_words() {
    for place in ["configure", "execute"] {
        check(&format!("error:{place}:no luck"), |_| {}, |result| assert_eq!(result, Err("no luck".to_owned()))).await;
    }
}

#[tokio::test]
async fn connections_that_end_or_carry_nonsense_are_no_reason_to_wait() {
    for (place, method) in METHODS {
        for (kind, what) in
            [("close", "plugin hung up"), ("halfclose", "plugin hung up"), ("garbage", "plugin broke the protocol")]
        {
            check(
                &format!("{kind}:{place}"),
                |_| {},
                |result| {
                    let text = result.unwrap_err();
                    let head =
                        format!("{what} in Datasource.{method} (github.com/acme/tester v1.2.3, datasource \"echo\")\n");
                    assert!(text.starts_with(&head), "{text}");
                },
            )
            .await;
        }
    }
}

#[tokio::test]
async fn floods_do_no_harm() {
    for faults in ["flood:spec:8MiB,flood:execute:8MiB", "spill:spec:8MiB", "line:configure", "slow:execute:50ms"] {
        check(faults, |_| {}, |result| assert_eq!(result, Ok(()), "{faults}")).await;
    }
    check(
        "flood:execute:8MiB,crash:execute",
        |_| {},
        |result| {
            let text = result.unwrap_err();
            assert_eq!(text.lines().count(), 13, "{text}");
            assert!(text.ends_with("    last words of the tester"), "{text}");
        },
    )
    .await;
    check(
        "spill:start:8MiB",
        |_| {},
        |result| {
            let text = result.unwrap_err();
            assert!(text.starts_with("Unrecognized remote plugin message: "), "{text}");
            assert!(text.len() < 2_000, "{text}");
        },
    )
    .await;
}

#[tokio::test]
async fn a_plugin_that_takes_too_much_memory_is_ended() {
    let limit = |launch: &mut Launch| launch.memory_limit = Some(MemorySize(128 << 20));
    check("bloat:execute:256MiB,hang:execute", limit, |result| {
        let text = result.unwrap_err();
        let head = "plugin took too much memory in Datasource.Execute (github.com/acme/tester v1.2.3";
        assert!(text.starts_with(head), "{text}");
        assert!(text.contains("and was ended: PACKER_PLUGIN_MEMORY_LIMIT allows 128 MiB."), "{text}");
    })
    .await;
    check("bloat:start:256MiB,hang:start", limit, |result| {
        let text = result.unwrap_err();
        assert!(text.starts_with("plugin took too much memory (github.com/acme/tester v1.2.3"), "{text}");
    })
    .await;
    check("bloat:execute:16MiB", limit, |result| assert_eq!(result, Ok(()))).await;
}

#[tokio::test]
async fn what_a_plugin_leaves_behind_ends_with_it() {
    for faults in ["child:spec", "child:execute,crash:execute", "child:start,crash:start"] {
        check(faults, |_| {}, |_| {}).await;
    }
}

#[tokio::test]
async fn a_plugin_that_does_not_greet_is_given_up() {
    check("hang:start", |launch| launch.patience = Duration::from_millis(200), |result| {
        let text = "timeout while waiting for plugin to start (github.com/acme/tester v1.2.3, datasource \"echo\")\n\
                    It did not say within 200ms where it can be reached, and was ended. PACKER_PLUGIN_START_TIMEOUT \
                    gives plugins more time.";
        assert_eq!(result, Err(text.to_owned()));
    })
    .await;
}

#[tokio::test]
async fn only_the_end_of_everything_ends_a_plugin_at_work() {
    for place in ["start", "spec", "execute"] {
        let Some((launch, mark)) = source(Sdk::New, &format!("hang:{place}")) else { return };
        let cancel = Cancel::new();
        cancel.raise(CancelPhase::Stopping);
        let using = use_up(&launch, &cancel);
        let mut using = std::pin::pin!(using);
        // It works on while the run is stopping; how it hears of that is for calls to say.
        assert!(tokio::time::timeout(Duration::from_millis(300), &mut using).await.is_err());
        cancel.raise(CancelPhase::Killing);
        let fault = tokio::time::timeout(PATIENCE, using).await.unwrap().unwrap_err();
        assert!(matches!(fault, PluginFault::Cancelled), "{fault}");
        assert_gone(&mark, place).await;
    }
}
