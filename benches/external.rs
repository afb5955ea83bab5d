//! A hundred builds with three components of a plugin each, beside one process per component from the start, in one run:
//! `cargo bench -p cli --bench external`. Needs Go, which builds the plugin. Prints a table; asserts nothing, as a busy
//! machine proves nothing.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

#[path = "../tests/interop/go_build.rs"]
mod go_build;
mod process_tree;

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use go_build::{Sdk, binary};
use process_tree::{below, program, proportional_kib};
use sha2::{Digest, Sha256};

const N_BUILDS: usize = 100;
/// How many builds run at the same time.
const ABREAST: &str = "-parallel-builds=4";
/// Both halves of what plugins must be shown to start; the same for all.
const COOKIE: (&str, &str) =
    ("PACKER_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");

fn main() {
    let Some(plugin) = binary(Sdk::New) else { return };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = folder.path();
    install(folder, plugin);
    write_template(folder);
    // Asks the plugin what it is, which is remembered.
    let cold = timed(folder, &["validate", "t.pkr.hcl"]);
    println!("{N_BUILDS} builds x 3 components of a plugin, {} cpus", cpus());
    println!("validate, first time        {}", cold.table());
    println!("validate                    {}", timed(folder, &["validate", "t.pkr.hcl"]).table());
    let ours = timed(folder, &["build", ABREAST, "t.pkr.hcl"]);
    println!("build {ABREAST}    {}", ours.table());
    let theirs = all_from_the_start(folder, plugin);
    println!("one process each, started   {}", theirs.table());
    println!(
        "build / only starting one process each: wall {:.2}, memory {:.3}, processes {:.3}",
        ours.wall.as_secs_f64() / theirs.wall.as_secs_f64(),
        ours.kib as f64 / theirs.kib as f64,
        ours.n_processes as f64 / theirs.n_processes as f64,
    );
    if let Some(old) = binary(Sdk::Old) {
        install(folder, old);
        println!("the same on an SDK of gob   {}", timed(folder, &["build", "-force", ABREAST, "t.pkr.hcl"]).table());
    }
    write_faulty_template(folder);
    println!("validate, a body is wrong   {}", timed(folder, &["validate", "wrong.pkr.hcl"]).table());
}

/// What a run took at most.
struct Cost {
    wall: Duration,
    kib: u64,
    n_processes: usize,
}

impl Cost {
    fn table(&self) -> String {
        let Self { wall, kib, n_processes } = self;
        let (wall, mib) = (wall.as_secs_f64() * 1_000.0, *kib as f64 / 1024.0);
        format!("{wall:>9.1} ms, {mib:>7.1} MiB PSS at most, {n_processes:>4} plugin processes at most")
    }
}

fn cpus() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn install(folder: &Path, plugin: &Path) {
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let name = format!("packer-plugin-tester_v1.2.3_x5.0_linux_{arch}");
    let place = folder.join("plugins/example.com/acme/tester");
    std::fs::create_dir_all(&place).expect("the folder is writable");
    std::fs::copy(plugin, place.join(&name)).expect("the plugin can be copied");
    let digest = Sha256::digest(std::fs::read(plugin).expect("the plugin was built"));
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    std::fs::write(place.join(format!("{name}_SHA256SUM")), digest).expect("the folder is writable");
}

fn write_template(folder: &Path) {
    let mut text = String::new();
    for at in 0..N_BUILDS {
        text += &format!("source \"tester-machine\" \"m{at}\" {{ disk = \"disk{at}\" }}\n");
    }
    let names: Vec<String> = (0..N_BUILDS).map(|at| format!("\"tester-machine.m{at}\"")).collect();
    text += &format!("build {{\n  sources = [{}]\n", names.join(", "));
    text += "  provisioner \"tester\" {}\n  post-processor \"tester-keeper\" {}\n}\n";
    std::fs::write(folder.join("t.pkr.hcl"), text).expect("the folder is writable");
}

/// The same with a mistake in the last source.
fn write_faulty_template(folder: &Path) {
    let text = std::fs::read_to_string(folder.join("t.pkr.hcl")).expect("it was written");
    let last = format!("disk = \"disk{}\"", N_BUILDS - 1);
    let faulty = text.replace(&last, "disk = \"d\"\n  colour = 1\n");
    std::fs::write(folder.join("wrong.pkr.hcl"), faulty).expect("the folder is writable");
}

fn timed(folder: &Path, args: &[&str]) -> Cost {
    let started = Instant::now();
    let mut packer = command(Path::new(env!("CARGO_BIN_EXE_packer")));
    packer.args(args).current_dir(folder).stdout(Stdio::null()).stdin(Stdio::null());
    packer.env("PACKER_PLUGIN_PATH", folder.join("plugins")).env("HOME", folder);
    let mut child = packer.process_group(0).spawn().expect("packer starts");
    let (mut kib, mut n_processes) = (0, 0);
    while child.try_wait().expect("a child can be waited for").is_none() {
        let (now, n_now) = cost_below(child.id());
        (kib, n_processes) = (kib.max(now), n_processes.max(n_now));
        std::thread::sleep(Duration::from_millis(10));
    }
    Cost { wall: started.elapsed(), kib, n_processes }
}

/// What it takes to start a process for every component before the first build, as HashiCorp Packer does.
fn all_from_the_start(folder: &Path, plugin: &Path) -> Cost {
    let kinds = [("builder", "machine"), ("provisioner", "plain"), ("post-processor", "keeper")];
    let started = Instant::now();
    let start = |(kind, name): (&str, &str)| {
        let mut plugin = command(plugin);
        plugin.args(["start", kind, "--protobuf", name]).current_dir(folder).stdin(Stdio::null());
        plugin.stdout(Stdio::piped()).stderr(Stdio::null()).env(COOKIE.0, COOKIE.1);
        plugin.env("PACKER_PLUGIN_MIN_PORT", "10000").env("PACKER_PLUGIN_MAX_PORT", "25000");
        plugin.spawn().expect("the plugin starts")
    };
    let mut children: Vec<Child> = (0..N_BUILDS).flat_map(|_| kinds).map(start).collect();
    let mut lines = Vec::new();
    for child in &mut children {
        let mut line = String::new();
        let mut reader = BufReader::new(child.stdout.take().expect("it is piped"));
        reader.read_line(&mut line).expect("the plugin greets");
        lines.push((reader, line));
    }
    let wall = started.elapsed();
    let (kib, n_processes) = cost_below(std::process::id());
    for child in &mut children {
        child.kill().and_then(|()| child.wait()).expect("the plugin can be ended");
    }
    for (_, line) in lines {
        // Killed, they leave their sockets behind.
        line.trim().splitn(4, '|').nth(3).map(std::fs::remove_file);
    }
    Cost { wall, kib, n_processes }
}

/// The sum of proportional set sizes of a process and all below it, and how many plugins there are.
fn cost_below(root: u32) -> (u64, usize) {
    let (mut kib, mut n_plugins) = (0, 0);
    for pid in below(root) {
        let Some(held) = proportional_kib(pid) else { continue };
        kib += held;
        let program = program(pid).unwrap_or_default();
        n_plugins += usize::from(program.to_string_lossy().contains("packer-plugin-tester"));
    }
    (kib, n_plugins)
}

#[expect(clippy::disallowed_methods, reason = "the bench is the shell here")]
fn command(program: &Path) -> Command {
    Command::new(program)
}
