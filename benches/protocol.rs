//! What it costs to speak to plugins, measured against the Go plugin of `tests/plugin`: calls, and content that passes
//! through a machine that its builder lends. `cargo bench -p plugins --bench protocol`; needs Go.
//!
//! Beside each row stands what the same bytes take through a bare Unix socket between two threads, in the same run.
//! The budgets: 100 µs for a call and its answer, 500 MiB/s of upload, and no memory that grows with a file.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

#[path = "../tests/interop/go_build.rs"]
mod go_build;
#[path = "../tests/interop/communicator/host.rs"]
mod host;
#[path = "../tests/interop/tester.rs"]
mod tester;

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::Cancel;
use mimalloc::MiMalloc;
use plugins::component::Communicator;
use plugins::external::process::Plugin;
use plugins::wire::client::Client;
use serde::de::IgnoredAny;
use serde_json::json;

use host::{Machine, handed_on, provision};
use tester::{Sdk, binary, launch};

/// What the product uses.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const N_CALLS: usize = 5_000;
const N_SMALL_FILES: usize = 5_000;
const SIZE: u64 = 2 << 30;
const MIB: f64 = (1 << 20) as f64;
const ROUNDS: usize = 3;

fn main() {
    if binary(Sdk::New).is_none() {
        println!("nothing is measured: the plugin cannot be built without Go");
        return;
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    runtime.block_on(async {
        calls().await;
        content().await;
    });
}

/// The least time of some rounds. Each of them is a task, as the nodes of a run are.
async fn best<W: Future<Output = ()> + Send + 'static>(work: impl Fn() -> W) -> Duration {
    let mut least = Duration::MAX;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        tokio::spawn(work()).await.expect("it does not panic");
        least = least.min(started.elapsed());
    }
    least
}

async fn calls() {
    let launch = launch(binary(Sdk::New).expect("it was built"), "builder", "quick", "");
    let plugin = Plugin::start(&launch, &Cancel::new()).await.expect("the plugin starts");
    let client = || plugin.client.clone();
    let one_by_one = best(|| {
        let client = client();
        async move {
            for _ in 0..N_CALLS {
                call_nothing(&client).await;
            }
        }
    });
    let one_by_one = one_by_one.await;
    let at_once = best(|| {
        let client = client();
        async move { drop(futures_util::future::join_all((0..N_CALLS).map(|_| call_nothing(&client))).await) }
    });
    let at_once = at_once.await;
    let bare = best(async || tokio::task::spawn_blocking(ping_pong).await.expect("it does not panic")).await;
    let each = |took: Duration| took.as_secs_f64() * 1e6 / N_CALLS as f64;
    let ratio = each(one_by_one) / each(bare);
    println!("a call and its answer       {:>8.1} µs   {ratio:>5.1} x a bare one   budget: 100 µs", each(one_by_one));
    println!("the same, {N_CALLS} at once     {:>8.1} µs", each(at_once));
    println!("a bare one                  {:>8.1} µs", each(bare));
}

/// The shortest answer there is.
async fn call_nothing(client: &Client) {
    client.call::<IgnoredAny>("Builder.Nothing", &()).await.expect_err("there is no such method");
}

/// As many bytes to and fro as the calls take.
fn ping_pong() {
    let (mut near, mut far) = UnixStream::pair().expect("there are sockets");
    let echo = std::thread::spawn(move || {
        let mut bytes = [0; 64];
        while far.read_exact(&mut bytes).is_ok() {
            far.write_all(&bytes).expect("somebody reads");
        }
    });
    let mut bytes = [7; 64];
    for _ in 0..N_CALLS {
        near.write_all(&bytes).expect("somebody reads");
        near.read_exact(&mut bytes).expect("somebody writes");
    }
    drop(near);
    echo.join().expect("it does not panic");
}

async fn content() {
    let folder = tempfile::tempdir().expect("there is room");
    // Without a block on the disk, as that is not what is measured.
    let source = folder.path().join("source");
    File::create(&source).and_then(|file| file.set_len(SIZE)).expect("there is room");
    let copied = best(|| {
        let source = source.clone();
        async { tokio::task::spawn_blocking(move || through_a_socket(&source)).await.expect("it does not panic") }
    });
    let bare = copied.await;
    let row = |what: &str, took: Duration, budget: &str| {
        let (speed, ratio) = (SIZE as f64 / MIB / took.as_secs_f64(), bare.as_secs_f64() / took.as_secs_f64());
        println!("{what:<27} {speed:>8.0} MiB/s {ratio:>5.2} x a bare copy   {budget}");
    };
    row("a bare copy", bare, "");
    for (sdk, name) in [(Sdk::New, "new sdk"), (Sdk::Old, "old sdk")] {
        let machine = Machine::boot(sdk, &[]).await.expect("the machine starts");
        let lent = machine.communicator.clone();
        let relayed = handed_on(lent.clone()).await;
        forget_peak();
        let before = peak();
        let uploaded = best(|| upload(lent.clone(), source.clone())).await;
        row(&format!("upload, {name}"), uploaded, "budget: 500 MiB/s");
        row(&format!("download, {name}"), best(|| download(lent.clone(), source.clone())).await, "");
        row(&format!("upload handed on, {name}"), best(|| upload(relayed.clone(), source.clone())).await, "");
        row(&format!("plugin to plugin, {name}"), best(|| from_plugin(lent.clone())).await, "");
        println!("memory for all this         {:>8.1} MiB more than before   budget: flat", (peak() - before) / MIB);
        let each = best(|| small_files(lent.clone())).await.as_secs_f64() * 1e6 / N_SMALL_FILES as f64;
        println!("a small file, {name}       {each:>8.1} µs");
        assert!(machine.disk.join("small").exists());
        machine.finish().await.expect("the builder ends");
    }
}

async fn small_files(communicator: Arc<dyn Communicator>) {
    for _ in 0..N_SMALL_FILES {
        communicator.upload("small", &mut &b"small"[..], None, &Cancel::new()).await.expect("it is written");
    }
}

/// A provisioner's content for the machine.
async fn from_plugin(communicator: Arc<dyn Communicator>) {
    let config = json!({ "upload": [{ "size": "2GiB", "destination": "/dev/null" }] });
    let (result, _) = provision(Sdk::New, config, communicator).await.expect("Go is there");
    result.expect("it succeeds");
}

async fn upload(communicator: Arc<dyn Communicator>, source: PathBuf) {
    let mut source = tokio::fs::File::open(source).await.expect("it is there");
    communicator.upload("/dev/null", &mut source, None, &Cancel::new()).await.expect("it is written");
}

async fn download(communicator: Arc<dyn Communicator>, source: PathBuf) {
    let source = source.to_str().expect("the name is text");
    communicator.download(source, &mut tokio::io::sink(), &Cancel::new()).await.expect("it is read");
}

/// A file from one thread to another.
fn through_a_socket(source: &Path) {
    let (mut near, mut far) = UnixStream::pair().expect("there are sockets");
    let received = std::thread::spawn(move || {
        let mut chunk = vec![0; 64 << 10];
        while far.read(&mut chunk).expect("somebody writes") > 0 {}
    });
    let mut source = File::open(source).expect("it is there");
    let mut chunk = vec![0; 64 << 10];
    loop {
        match source.read(&mut chunk).expect("it can be read") {
            0 => break,
            len => near.write_all(&chunk[..len]).expect("somebody reads"),
        }
    }
    drop(near);
    received.join().expect("it does not panic");
}

/// The most memory that this process had since it was told to forget that.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let kibibytes = line.trim().trim_end_matches(" kB").parse().unwrap_or(0.0);
    kibibytes * 1024.0
}

fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").expect("this is Linux");
}
