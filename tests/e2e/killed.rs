//! What is left of a run that is killed: nothing, whatever its children started, and whenever it happens.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::process::ExitStatusExt;
use std::process::Child;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::sandbox::Sandbox;
use crate::tester;

/// Far more than it takes. The issue allows two seconds, which a busy machine can spend on nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// Children that end, children that stay, and children of theirs: in their group, in a session of their own, and without
/// any environment. All have `$MARK` on their command line or in their environment.
const FAMILY: &str = r#"
source "null" "a" { communicator = "none" }
source "null" "b" { communicator = "none" }
source "null" "c" { communicator = "none" }
build {
  sources = ["null.a", "null.b", "null.c"]
  provisioner "shell-local" { inline = ["true"] }
  provisioner "shell-local" { inline = ["sh -c true & true"] }
  provisioner "shell-local" {
    inline = [
      "sleep 600 &",
      "(setsid sh -c 'sleep 600 & setsid sleep 600' &)",
      "(env -i setsid sh -c 'sleep 600; true' $MARK &)",
      "echo ready; touch ready-$PACKER_BUILD_NAME; wait",
    ]
  }
}
"#;

/// A run of which everything is marked.
struct Run {
    sandbox: Sandbox,
    mark: String,
    packer: Child,
}

impl Run {
    fn start(template: &str) -> Self {
        Self::start_in(Sandbox::with_template(template))
    }

    fn start_in(mut sandbox: Sandbox) -> Self {
        let mark = format!("mark-{:016x}{:016x}", random(), random());
        sandbox.set("MARK", &mark);
        let packer = sandbox.command(&["build", "t.pkr.hcl"]).spawn().unwrap();
        Self { sandbox, mark, packer }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.packer), signal).unwrap();
    }

    /// The processes of the run, by their command lines. What only waits for its parent to look at it is none.
    fn processes(&self) -> Vec<(i32, String)> {
        let guarded = format!("ends-what-was-started-by {} ", self.packer.id());
        let numbers =
            std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        let living = numbers.filter_map(|process: i32| {
            let read = |name: &str| std::fs::read(format!("/proc/{process}/{name}")).ok();
            let command = String::from_utf8_lossy(&read("cmdline")?).replace('\0', " ");
            let environment = String::from_utf8_lossy(&read("environ")?).into_owned();
            let ours =
                [&command, &environment].iter().any(|text| text.contains(&self.mark)) || command.contains(&guarded);
            // Nothing can be read of the dead.
            ours.then_some((process, command))
        });
        living.collect()
    }

    /// Waits until nothing is left, and everybody who reads knows.
    fn assert_gone(self, what: &str) {
        let began = Instant::now();
        loop {
            let left = self.processes();
            if left.is_empty() {
                break;
            }
            assert!(began.elapsed() < PATIENCE, "{what}: {left:?} are left");
            std::thread::yield_now();
        }
        // Returns at the end of both pipes.
        self.sandbox.finish(self.packer);
        let temporary = std::fs::read_dir(self.sandbox.path("temporary")).into_iter().flatten();
        let sockets = temporary.filter(|entry| entry.as_ref().unwrap().file_type().unwrap().is_socket());
        let sockets: Vec<_> = sockets.map(|entry| entry.unwrap().path()).collect();
        assert!(sockets.is_empty(), "{what}: {sockets:?} are left");
    }
}

fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Kills what `start` starts at fifty random moments up to `latest`.
fn kill_at_random(latest: Duration, start: impl Fn() -> Run + Sync) {
    const ROUNDS: usize = 50;
    let round = AtomicUsize::new(0);
    let kill = || {
        while round.fetch_add(1, Ordering::Relaxed) < ROUNDS {
            let run = start();
            let moment = latest.mul_f64(random() as f64 / u64::MAX as f64);
            std::thread::sleep(moment);
            run.signal(Signal::KILL);
            run.assert_gone(&format!("killed after {moment:?}"));
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(kill))));
}

#[test]
fn nothing_survives_a_run_that_is_killed_at_any_moment() {
    kill_at_random(Duration::from_millis(200), || Run::start(FAMILY));
}

#[test]
fn plugins_do_not_survive_either_nor_what_they_started() {
    const TEMPLATE: &str = r#"
data "tester-echo" "d" { text = "x" }
source "tester-quick" "a" {
  work   = "600s"
  faults = ["child:prepare", "child:run"]
}
source "tester-machine" "b" { disk = "disk" }
build {
  sources = ["tester-quick.a", "tester-machine.b"]
  provisioner "tester" { say = data.tester-echo.d.text }
  provisioner "shell-local" { inline = ["setsid sleep 600 & wait"] }
  post-processor "tester-keeper" { keep = true }
}
"#;
    if tester::sandbox(TEMPLATE).is_none() {
        return;
    }
    kill_at_random(Duration::from_millis(600), || {
        let mut sandbox = tester::sandbox(TEMPLATE).unwrap();
        std::fs::create_dir(sandbox.path("temporary")).unwrap();
        let temporary = sandbox.path("temporary").to_str().unwrap().to_owned();
        sandbox.set("TMPDIR", &temporary);
        Run::start_in(sandbox)
    });
}

#[test]
fn builders_of_plugins_may_cancel_before_they_end_with_a_run_that_is_killed() {
    const TEMPLATE: &str = r#"
source "tester-machine" "provisioned" { disk = "provisioned" }
source "tester-machine" "booting" {
  disk = "booting"
  boot = "600s"
}
build {
  sources = ["tester-machine.provisioned", "tester-machine.booting"]
  provisioner "shell-local" { inline = ["touch ready; setsid sleep 600 & wait"] }
}
"#;
    let Some(sandbox) = tester::sandbox(TEMPLATE) else { return };
    let run = Run::start_in(sandbox);
    run.sandbox.wait_for(&["provisioned", "booting", "ready"]);
    let left = ["provisioned", "booting"].map(|name| run.sandbox.path(name));
    run.signal(Signal::KILL);
    let began = Instant::now();
    while left.iter().any(|disk| disk.exists()) {
        assert!(began.elapsed() < PATIENCE, "machines are left");
        std::thread::yield_now();
    }
    run.assert_gone("killed at work");
}

#[test]
fn a_run_is_not_taken_up_before_the_plugins_of_the_killed_one_have_cancelled() {
    const TEMPLATE: &str = r#"
variable "boot" { default = "600s" }
source "tester-machine" "a" {
  disk   = "disk"
  boot   = var.boot
  faults = ["slow:cancel:500ms"]
}
build { sources = ["tester-machine.a"] }
"#;
    let Some(sandbox) = tester::sandbox(TEMPLATE) else { return };
    let mut run = Run::start_in(sandbox);
    run.sandbox.wait_for(&["disk"]);
    run.signal(Signal::KILL);
    run.sandbox.set("PKR_VAR_boot", "0s");
    let text = run.sandbox.run(&["build", "-resume", "t.pkr.hcl"]).expect(0);
    assert!(text.contains("Taking up run ") && run.sandbox.path("disk").exists(), "{text}");
    run.assert_gone("killed, and taken up");
}

/// Whether those we start will take no notice of SIGHUP.
pub(crate) fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    u64::from_str_radix(mask.trim(), 16).unwrap() & 1 == 1
}

#[test]
fn nothing_survives_a_run_at_its_busiest() {
    // Who has hangups ignored, as nohup does, wants packer to outlive the terminal.
    let signals: &[Signal] = if is_hangup_ignored() { &[Signal::KILL] } else { &[Signal::KILL, Signal::HUP] };
    for signal in signals.iter().copied() {
        let run = Run::start(FAMILY);
        run.sandbox.wait_for(&["ready-a", "ready-b", "ready-c"]);
        assert!(run.processes().len() > 12, "{:?}", run.processes());
        run.signal(signal);
        run.assert_gone(&format!("{signal:?}"));
    }
}

#[test]
fn nothing_survives_a_run_that_somebody_wants_to_end() {
    for signals in [&[Signal::INT][..], &[Signal::TERM, Signal::TERM], &[Signal::INT; 3]] {
        let run = Run::start(FAMILY);
        run.sandbox.wait_for(&["ready-a", "ready-b", "ready-c"]);
        signals.iter().for_each(|signal| run.signal(*signal));
        run.assert_gone(&format!("{signals:?}"));
    }
}

#[test]
fn a_run_within_a_run_dies_with_it() {
    let template = format!(
        "source \"null\" \"a\" {{ communicator = \"none\" }}\nbuild {{\n  sources = [\"null.a\"]\n  \
         provisioner \"shell-local\" {{ inline = [\"{} build inner.pkr.hcl\"] }}\n}}\n",
        env!("CARGO_BIN_EXE_packer")
    );
    let mut sandbox = Sandbox::with_template(&template);
    sandbox.write("inner.pkr.hcl", FAMILY);
    let mark = format!("mark-{:016x}", random());
    sandbox.set("MARK", &mark);
    let packer = sandbox.command(&["build", "t.pkr.hcl"]).spawn().unwrap();
    let run = Run { sandbox, mark, packer };
    run.sandbox.wait_for(&["ready-a", "ready-b", "ready-c"]);
    run.signal(Signal::KILL);
    run.assert_gone("the outer one killed");
}

#[test]
fn a_guard_that_is_killed_is_replaced() {
    const TEMPLATE: &str = r#"
source "null" "a" { communicator = "none" }
build {
  sources = ["null.a"]
  provisioner "shell-local" { inline = ["touch first; while ! test -e go; do sleep 0.01; done"] }
  provisioner "shell-local" { inline = ["setsid sleep 600 & touch second; wait"] }
}
"#;
    let run = Run::start(TEMPLATE);
    run.sandbox.wait_for(&["first"]);
    let is_guard = |(_, command): &(i32, String)| command.starts_with("pkr-guard ");
    let (guard, _) = run.processes().into_iter().find(is_guard).unwrap();
    kill_process(Pid::from_raw(guard).unwrap(), Signal::KILL).unwrap();
    while run.processes().iter().any(is_guard) {
        std::thread::yield_now();
    }
    run.sandbox.write("go", "");
    run.sandbox.wait_for(&["second"]);
    run.signal(Signal::KILL);
    run.assert_gone("the first guard killed, then the run");
}

#[test]
fn a_run_that_ends_leaves_what_was_meant_to_stay_and_no_guard() {
    const TEMPLATE: &str = r#"
source "null" "a" { communicator = "none" }
build {
  sources = ["null.a"]
  provisioner "shell-local" { inline = ["setsid sleep 600 > /dev/null 2>&1 &"] }
}
"#;
    let mut run = Run::start(TEMPLATE);
    assert_eq!(run.packer.wait().unwrap().into_raw(), 0);
    let left = run.processes();
    assert!(!left.iter().any(|(_, command)| command.starts_with("pkr-guard ")), "{left:?}");
    let [(stayed, _)] = left[..] else { panic!("{left:?}") };
    kill_process(Pid::from_raw(stayed).unwrap(), Signal::KILL).unwrap();
    run.assert_gone("after an ordinary end");
}
