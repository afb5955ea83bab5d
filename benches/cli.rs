//! The budgets of the whole program, measured beside what they are compared with, in one run:
//! `cargo bench -p cli --bench cli`. Prints a table; asserts nothing, as a busy machine proves nothing.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod process_tree;

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use process_tree::{below, program, proportional_kib};

const N_RUNS: usize = 5;

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = folder.path();
    write_script(folder);
    println!(
        "median of {N_RUNS} runs, {} cpus",
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
    );
    for n_builds in [50, 200] {
        compare_build(folder, n_builds);
    }
    memory(folder, 200);
    row("version", 5.0, median(|| timed(packer(folder, &["version"]))));
    write_template(folder, "v.pkr.hcl", 50, "");
    row("validate 50 x 2", 25.0, median(|| timed(packer(folder, &["validate", "v.pkr.hcl"]))));
    write_many(&folder.join("many"));
    row("fmt -check, 500 files of 4 KB", 100.0, median(|| timed(packer(folder, &["fmt", "-check", "many"]))));
    let syntax_only = &["validate", "-syntax-only", "many"];
    row("validate -syntax-only of them", 100.0, median(|| timed(packer(folder, syntax_only))));
    let small = plan(folder, 1_000);
    row("plan 1,000 builds x 4 nodes", 100.0, small);
    let large = plan(folder, 10_000);
    row("plan 10,000 builds x 4 nodes", 1_000.0, large);
    println!("plan 10,000 / plan 1,000: {:.1} (linear is 10)", large.as_secs_f64() / small.as_secs_f64());
}

fn row(what: &str, budget_ms: f64, took: Duration) {
    println!("{what:<32} {:>9.1} ms   budget {budget_ms:>7.1} ms", took.as_secs_f64() * 1_000.0);
}

/// A one-line script, as both sides run it.
fn write_script(folder: &Path) {
    let script = folder.join("s.sh");
    std::fs::write(&script, "#!/bin/sh\ntrue\n").expect("the folder is writable");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("the script is ours");
}

fn write_template(folder: &Path, name: &str, n_builds: usize, extra: &str) {
    let mut text = String::new();
    for at in 0..n_builds {
        text += &format!("source \"null\" \"s{at}\" {{ communicator = \"none\" }}\n");
    }
    text += "build {\n  sources = [";
    (0..n_builds).for_each(|at| text += &format!("\"null.s{at}\", "));
    text += "]\n";
    (0..2).for_each(|_| text += "  provisioner \"shell-local\" { script = \"./s.sh\" }\n");
    text += extra;
    text += "}\n";
    std::fs::write(folder.join(name), text).expect("the folder is writable");
}

fn compare_build(folder: &Path, n_builds: usize) {
    write_template(folder, "b.pkr.hcl", n_builds, "");
    // One of each in turn, so that a slow moment of the machine hits both sides.
    let mut ratios = Vec::new();
    let (mut ours, mut scripts) = (Vec::new(), Vec::new());
    for _ in 0..N_RUNS {
        scripts.push(scripts_two_at_a_time(folder, n_builds * 2));
        ours.push(timed(packer(folder, &["build", "b.pkr.hcl"])));
        let (own, base) = (ours[ours.len() - 1], scripts[scripts.len() - 1]);
        ratios.push(own.as_secs_f64() / base.as_secs_f64());
    }
    ratios.sort_by(f64::total_cmp);
    ours.sort();
    scripts.sort();
    println!(
        "build {n_builds} x 2: {:.1} ms, {} x `sh -c ./s.sh` two at a time: {:.1} ms, ratio {:.2} (budget 1.50)",
        ours[N_RUNS / 2].as_secs_f64() * 1_000.0,
        n_builds * 2,
        scripts[N_RUNS / 2].as_secs_f64() * 1_000.0,
        ratios[N_RUNS / 2]
    );
}

fn scripts_two_at_a_time(folder: &Path, n_scripts: usize) -> Duration {
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..n_scripts / 2 {
                    let mut shell = command("/bin/sh");
                    let status = shell.args(["-c", "./s.sh"]).current_dir(folder).status();
                    assert!(status.is_ok_and(|status| status.success()), "the script runs");
                }
            });
        }
    });
    started.elapsed()
}

fn plan(folder: &Path, n_builds: usize) -> Duration {
    write_template(folder, "p.pkr.hcl", n_builds, "  post-processor \"manifest\" {}\n");
    median(|| timed(packer(folder, &["plan", "p.pkr.hcl"])))
}

/// A folder of templates that are in canonical layout already: read, checked and laid out, but not written.
fn write_many(folder: &Path) {
    std::fs::create_dir(folder).expect("the folder is writable");
    for at in 0..500 {
        let block = |block: usize| {
            format!(
                "source \"null\" \"s-{at}-{block}\" {{ # a comment\n  communicator = \"none\"\n  \
                 boot_command = [\"<esc>${{var.a[0]}}\", \"b\"]\n}}\n\n"
            )
        };
        let path = folder.join(format!("{at}.pkr.hcl"));
        std::fs::write(path, (0..38).map(block).collect::<String>()).expect("the folder is writable");
    }
}

/// The largest sum of proportional set sizes of the program and all it started, sampled while it runs.
fn memory(folder: &Path, n_builds: usize) {
    write_template(folder, "m.pkr.hcl", n_builds, "");
    let mut child = packer(folder, &["build", "m.pkr.hcl"]).process_group(0).spawn().expect("packer starts");
    let group = child.id();
    let mut largest = (0, 0);
    while child.try_wait().expect("a child can be waited for").is_none() {
        largest = largest.max(all_kib(group));
    }
    println!(
        "build {n_builds} x 2: {:.1} MiB PSS at most, {} processes then (budget 60 MiB)",
        largest.0 as f64 / 1024.0,
        largest.1
    );
}

/// Sum over the process and everything below it, and how many there are.
fn all_kib(root: u32) -> (u64, usize) {
    // A child that has not executed its program yet has the whole memory of its parent, which would count twice.
    let ours = program(root);
    let counted = below(root).into_iter().filter(|pid| *pid == root || program(*pid) != ours);
    let sizes: Vec<u64> = counted.filter_map(proportional_kib).collect();
    (sizes.iter().sum(), sizes.len())
}

fn packer(folder: &Path, args: &[&str]) -> Command {
    let mut command = command(env!("CARGO_BIN_EXE_packer"));
    // Not among the runs of whoever measures.
    command.env("PACKER_STATE_DIR", folder.join("state"));
    command.args(args).current_dir(folder).stdout(Stdio::null()).stdin(Stdio::null());
    command
}

#[expect(clippy::disallowed_methods, reason = "the bench is the shell here")]
fn command(program: &str) -> Command {
    Command::new(program)
}

fn timed(mut command: Command) -> Duration {
    let started = Instant::now();
    let status = command.status().expect("packer starts");
    assert!(status.success(), "{command:?} failed");
    started.elapsed()
}

fn median(run: impl Fn() -> Duration) -> Duration {
    let mut took: Vec<Duration> = (0..N_RUNS).map(|_| run()).collect();
    took.sort();
    took[N_RUNS / 2]
}
