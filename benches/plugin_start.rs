//! What we add to the start of a plugin, measured with the Go plugin of `tests/plugin`: its process alone until the line
//! with which it greets, and a plugin that has been started, connected to and asked to prepare itself, in turn.
//! `cargo bench -p plugins --bench plugin_start`; needs Go. The budget for the difference is 3 ms.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

#[path = "../tests/interop/go_build.rs"]
mod go_build;
#[path = "../tests/interop/tester.rs"]
mod tester;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use engine::Cancel;
use mimalloc::MiMalloc;
use planner::value::Value;
use plugins::external::cty;
use plugins::external::process::{Launch, Plugin};
use serde::Serialize;
use serde::de::IgnoredAny;

use tester::{Sdk, binary, launch};

/// What the product uses.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const N_ROUNDS: usize = 200;
const BUDGET: Duration = Duration::from_millis(3);

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Configs {
    configs: Vec<serde_bytes::ByteBuf>,
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    for (sdk, what) in [(Sdk::New, "newer SDK"), (Sdk::Old, "older SDK")] {
        let Some(binary) = binary(sdk) else {
            println!("nothing is measured: the plugin cannot be built without Go");
            return;
        };
        let mut launch = launch(binary, "builder", "quick", "");
        if sdk == Sdk::Old {
            launch.args.retain(|argument| argument != "--protobuf");
        }
        let (mut alone, mut connected, mut prepared) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..N_ROUNDS {
            alone.push(greeting(&launch));
            let (start, prepare) = runtime.block_on(async {
                let launch = launch.clone();
                // A task, as the nodes of a run are.
                tokio::spawn(async move { start(&launch).await }).await.expect("it does not panic")
            });
            connected.push(start);
            prepared.push(prepare);
        }
        let [alone, connected, prepared] = [alone, connected, prepared].map(median);
        println!(
            "{what}: process alone until it greets {alone:.1?}, connected {connected:.1?}, prepared {prepared:.1?}: \
             {:.1?} above the process (budget {BUDGET:.1?})",
            prepared.saturating_sub(alone)
        );
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// How long the process takes to greet somebody who does nothing but wait for that.
#[expect(clippy::disallowed_methods, reason = "the bench starts what it measures against")]
fn greeting(launch: &Launch) -> Duration {
    let cookie = ("PACKER_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");
    let mut command = Command::new(&launch.binary);
    command.args(&launch.args).env_clear().envs(launch.environment.as_ref()).env(cookie.0, cookie.1);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let started = Instant::now();
    let mut child = command.spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("it is text");
    let took = started.elapsed();
    assert!(line.starts_with("5|0|unix|"), "{line}");
    child.kill().expect("it is ours");
    child.wait().expect("it is ours");
    took
}

/// How long it takes until the plugin is connected to, and until it has prepared itself.
async fn start(launch: &Launch) -> (Duration, Duration) {
    let config = cty::to_json(&Value::object([("say", Value::text("hello"))])).expect("it is known");
    let configs = Configs { configs: vec![config.into()] };
    let started = Instant::now();
    let plugin = Plugin::start(launch, &Cancel::new()).await.expect("it starts");
    let connected = started.elapsed();
    let _: IgnoredAny = plugin.call("Builder.Prepare", &configs).await.expect("it prepares itself");
    (connected, started.elapsed())
}
