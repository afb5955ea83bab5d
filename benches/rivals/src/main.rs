//! The same graph of no-op nodes through our scheduler and three others, as one tokio task per node, and as the barest loop
//! there is: layers of 1,000 nodes, each node after two of the layer before it, two workers. Prints what building and
//! running cost per node.
//!
//! Each measurement is a process of its own with 30 seconds and 8 GiB (address space) to get there, so that one which
//! takes for ever, or everything, stops nobody else. Ours runs with priorities and a limit of 64 slots on; none of the
//! others has either.

mod rivals;

use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use mimalloc::MiMalloc;
use rivals::{Cost, RIVALS};

/// What the product uses, for all of them.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The smallest is for the one that keeps a matrix of all pairs of nodes and cannot hold a larger graph.
const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];
const PATIENCE: Duration = Duration::from_secs(30);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [name, size] = &arguments[..] {
        let (_, measure) = RIVALS.iter().find(|(known, _)| known == name).expect("a known scheduler");
        let Cost { build, run } = best_of_some(*measure, size.parse().expect("a number of nodes"));
        println!("{} {}", build.as_nanos(), run.as_nanos());
        return;
    }
    for size in SIZES {
        println!("{size} nodes, two workers");
        let mut ours = None;
        for (name, _) in RIVALS {
            match measure_apart(name, size) {
                Ok((build, run)) => {
                    let (build, run) = (build / size as f64, run / size as f64);
                    let ours = *ours.get_or_insert(run);
                    println!(
                        "  {name:<18} build {build:>8.0} ns/node   run {run:>8.0} ns/node   {:>7.2} ×",
                        run / ours
                    );
                }
                Err(why) => println!("  {name:<18} skipped: {why}"),
            }
        }
    }
}

/// The least of up to five measurements, fewer if they take long: whatever else the machine does only adds.
fn best_of_some(measure: fn(usize) -> Cost, size: usize) -> Cost {
    let began = Instant::now();
    let mut best = measure(size);
    for _ in 1..5 {
        if began.elapsed() > PATIENCE / 8 {
            break;
        }
        let Cost { build, run } = measure(size);
        best = Cost { build: build.min(best.build), run: run.min(best.run) };
    }
    best
}

/// Nanoseconds for building and running, measured in another process.
#[expect(clippy::disallowed_methods, reason = "the rule keeps plugins fenced; this starts itself")]
fn measure_apart(name: &str, size: usize) -> Result<(f64, f64), String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let child = Command::new("sh")
        .args(["-c", "ulimit -v 8388608; exec \"$@\"", "sh"])
        .arg(this)
        .args([name, &size.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let text = within(PATIENCE, child)?;
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(build)), Some(Ok(run))) => Ok((build, run)),
        _ => Err("it failed (8 GiB may be too little for it)".to_owned()),
    }
}

/// What the child wrote, or that it took too long.
fn within(patience: Duration, mut child: Child) -> Result<String, String> {
    let mut output = child.stdout.take().ok_or("no output")?;
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let text = std::io::read_to_string(&mut output).unwrap_or_default();
        let _ = sender.send(text);
    });
    let text = receiver.recv_timeout(patience).map_err(|_| format!("more than {} s", patience.as_secs()));
    let _ = child.kill();
    let _ = child.wait();
    text
}
