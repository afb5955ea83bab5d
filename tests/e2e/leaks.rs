//! Nothing leaks: a run of two hundred nodes is killed after any of its records, and so are the cleanup and the resumption
//! that follow; each time all that was made is removed or taken over, and nobody is told of a success that was none.
//!
//! The provider is a plugin over the real protocol whose machines and images are files, and a script that removes them. A
//! few records are tried here; `PACKER_TEST_EVERY_RECORD=1` tries all of them, `PACKER_TEST_EVERY_RECORD=480-700` these.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use engine::journal::{Record, Recording, salvage};
use plugins::journal::History;
use rustix::process::{Pid, Signal, kill_process};

use crate::cleanup::RUNS;
use crate::fake_plugin::write_program;
use crate::sandbox::{Output, Sandbox, skipped};
use crate::tester;

/// Builds of the provider, each of seven nodes.
const N_IMAGES: usize = 12;
/// Builds of local files, each of five.
const N_FILES: usize = 24;
/// Of these so many have a checksum as well, which is appended to what is there.
const N_SUMS: usize = 6;
/// How many moments are tried unless all are asked for.
const N_MOMENTS: usize = 8;
const N_BUILDS: usize = N_IMAGES + N_FILES;
const PATIENCE: Duration = Duration::from_secs(60);

/// An account at the provider, and a template of all builds.
struct Account {
    sandbox: Sandbox,
}

/// What the builds are for: by path, what is in it.
type Made = BTreeMap<PathBuf, String>;

impl Account {
    /// None where there is no Go.
    fn open() -> Option<Self> {
        let sandbox = tester::sandbox("")?;
        let folder = |name: &str| sandbox.path(name);
        for name in ["cloud/machines", "cloud/images", "out", "marks", "tmp"] {
            std::fs::create_dir_all(folder(name)).unwrap();
        }
        write_program(&sandbox, "remove", "echo \"$1\" >> \"$HOME/calls\"\nrm -f \"$1\"\n");
        let (account, tool) = (folder("cloud"), folder("remove"));
        let mut text = String::new();
        let mut sources = Vec::new();
        for n in 0..N_IMAGES {
            text += &format!(
                "source \"tester-cloud\" \"i{n}\" {{\n  account = {account:?}\n  tool    = {tool:?}\n  image   = \
                 \"image-{n}\"\n}}\n"
            );
            sources.push(format!("\"tester-cloud.i{n}\""));
        }
        text += &build_block(&sources, "  provisioner \"shell-local\" { inline = [\"true\"] }\n");
        sources.clear();
        for n in 0..N_FILES {
            text += &format!("source \"file\" \"f{n}\" {{\n  content = \"{n}\"\n  target  = \"out/f{n}\"\n}}\n");
            sources.push(format!("\"file.f{n}\""));
        }
        let sums = sources.split_off(N_FILES - N_SUMS);
        text += &build_block(&sources, "");
        let sum = "  post-processor \"checksum\" { output = \"out/{{.BuildName}}.{{.ChecksumType}}\" }\n";
        text += &build_block(&sums, sum);
        sandbox.write("t.pkr.hcl", text);
        let mut account = Self { sandbox };
        let temporary = account.sandbox.path("tmp").to_str().unwrap().to_owned();
        account.sandbox.set("TMPDIR", &temporary);
        Some(account)
    }

    fn machines(&self) -> usize {
        std::fs::read_dir(self.sandbox.path("cloud/machines")).unwrap().count()
    }

    /// All builds that were post-processed.
    fn marks(&self) -> usize {
        std::fs::read_dir(self.sandbox.path("marks")).unwrap().count()
    }

    /// All images, local files and checksums.
    fn made(&self) -> Made {
        let folders = ["cloud/images", "out"].map(|name| self.sandbox.path(name));
        let files =
            folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
        let top = self.sandbox.path("");
        let relative = |path: &Path| path.strip_prefix(&top).unwrap().to_owned();
        files.map(|path| (relative(&path), std::fs::read_to_string(&path).unwrap())).collect()
    }

    fn build(&self, more: &[&str]) -> Child {
        let args = [&["build", "-color=false"], more, &["t.pkr.hcl"]].concat();
        self.sandbox.command(&args).spawn().unwrap()
    }

    /// The journals that are there, the newest last.
    fn journals(&self) -> Vec<PathBuf> {
        let entries =
            std::fs::read_dir(self.sandbox.path(RUNS)).into_iter().flatten().map(|entry| entry.unwrap().path());
        let mut found: Vec<PathBuf> = entries.collect();
        found.sort_by_key(|path| std::fs::metadata(path).and_then(|found| found.created()).ok());
        found
    }

    /// Kills a build once its journal has so many records. Gives what came of it.
    fn kill_at(&self, mut child: Child, n_records: usize) -> Output {
        let n_before = self.journals().len();
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < PATIENCE, "{n_records} records are not written within {PATIENCE:?}");
            let journals = self.journals();
            let is_there = journals.len() > n_before || child.try_wait().unwrap().is_some();
            let n_now = journals.last().filter(|_| journals.len() > n_before).map_or(0, |path| records(path).len());
            if n_now >= n_records || (is_there && child.try_wait().unwrap().is_some()) {
                break;
            }
            std::thread::sleep(Duration::from_micros(300));
        }
        // It may have come to its end.
        let _ = kill_process(Pid::from_child(&child), Signal::KILL);
        let process = child.id();
        let output = self.sandbox.finish(child);
        self.wait_for_all_of(process);
        output
    }

    /// Kills a cleanup once it has written so many records.
    fn kill_cleanup_at(&self, n_records: usize) {
        let Some(journal) = self.journals().pop() else { return };
        let n_before = records(&journal).len();
        let mut child = self.sandbox.command(&["cleanup", "-auto-approve"]).spawn().unwrap();
        while child.try_wait().unwrap().is_none() && records(&journal).len() < n_before + n_records {
            std::thread::sleep(Duration::from_micros(300));
        }
        let _ = kill_process(Pid::from_child(&child), Signal::KILL);
        let process = child.id();
        self.sandbox.finish(child);
        self.wait_for_all_of(process);
    }

    /// Waits until nothing runs any more that belongs to a run: neither what it started, nor the guard of this process.
    fn wait_for_all_of(&self, process: u32) {
        let (mark, guarded) = (self.sandbox.path(""), format!("ends-what-was-started-by\0{process}\0"));
        let marks = [("environ", mark.to_str().unwrap()), ("cmdline", &guarded)];
        let began = Instant::now();
        let is_ours = |process: PathBuf| {
            let read = |file| std::fs::read(process.join(file)).unwrap_or_default();
            marks.iter().any(|(file, mark)| String::from_utf8_lossy(&read(file)).contains(mark))
        };
        while std::fs::read_dir("/proc").unwrap().any(|entry| is_ours(entry.unwrap().path())) {
            assert!(began.elapsed() < PATIENCE, "something of a killed run is left");
            std::thread::yield_now();
        }
    }

    /// Success is only said by who has its end on record. Gives whether it is.
    fn check_end(&self, output: &Output, what: &str) -> bool {
        let last = self.journals().pop();
        let is_recorded =
            last.is_some_and(|path| records(&path).iter().any(|record| matches!(record, Record::RunEnded { .. })));
        assert!(output.code != 0 || is_recorded, "{what}: success without an end");
        is_recorded
    }

    #[track_caller]
    fn clean_up(&self, what: &str) {
        let output = self.sandbox.run(&["cleanup", "-auto-approve"]);
        assert_eq!(output.code, 0, "{what}: {}{}", output.stdout, output.stderr);
        assert_eq!(self.sandbox.run(&["cleanup"]).expect(0), "Nothing is left behind.\n", "{what}");
        assert_eq!(self.machines(), 0, "{what}");
        let left: Vec<_> =
            std::fs::read_dir(self.sandbox.path("tmp")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(left.is_empty(), "{what}: {left:?}");
    }
}

/// What is in one and not the same in the other.
fn unlike(one: &Made, other: &Made) -> Made {
    let all: BTreeSet<_> = one.iter().chain(other).collect();
    let only = all.into_iter().filter(|(path, _)| one.get(*path) != other.get(*path));
    only.map(|(path, text)| (path.clone(), text.clone())).collect()
}

fn build_block(sources: &[String], more: &str) -> String {
    format!(
        "build {{\n  sources = [{}]\n{more}  post-processor \"shell-local\" {{ inline = [\"echo done > \
         marks/$PACKER_BUILD_NAME\"] }}\n}}\n",
        sources.join(", ")
    )
}

fn recording(path: &Path) -> Recording {
    salvage(std::fs::File::open(path).unwrap()).unwrap().0
}

fn records(path: &Path) -> Vec<Record> {
    recording(path).records.into_iter().map(|(_, record)| record).collect()
}

/// What an undisturbed run makes, and how many records it writes.
fn undisturbed() -> Option<(Made, usize)> {
    let account = Account::open()?;
    let output = account.sandbox.finish(account.build(&[]));
    account.check_end(&output, "undisturbed");
    output.expect(0);
    let journal = account.journals().pop().unwrap();
    let history = History::of(recording(&journal));
    assert!(history.nodes.len() >= 200, "{} nodes", history.nodes.len());
    assert!(history.has_succeeded());
    assert!(std::fs::read(&journal).unwrap().ends_with(br#"{"note":"clean"}"#));
    assert_eq!((account.machines(), account.made().len(), account.marks()), (0, N_BUILDS + N_SUMS, N_BUILDS));
    account.clean_up("undisturbed");
    assert_eq!(account.made().len(), N_BUILDS + N_SUMS, "what was made stays");
    Some((account.made(), records(&journal).len()))
}

/// The moments to try: numbers of records.
fn moments(n_records: usize) -> Vec<usize> {
    if let Some(wanted) = std::env::var_os("PACKER_TEST_EVERY_RECORD") {
        let wanted = wanted.to_str().and_then(|text| text.split_once('-'));
        let (first, last) =
            wanted.map_or((1, n_records), |(one, other)| (one.parse().unwrap(), other.parse().unwrap()));
        return (first..=last).collect();
    }
    (0..N_MOMENTS).map(|nth| 1 + nth * (n_records - 1) / (N_MOMENTS - 1)).collect()
}

/// Tries each moment, two at a time. All are tried, and whatever went wrong is told at the end.
fn at_each(moments: &[usize], attempt: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let work = || {
        while let Some(moment) = moments.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = catch_unwind(AssertUnwindSafe(|| attempt(*moment)));
            failures.lock().unwrap().extend(outcome.err().map(|panic| what_is_wrong(&*panic)));
        }
    };
    std::thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(work))));
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {} moments: {}", failures.len(), moments.len(), failures.join("\n"));
}

fn what_is_wrong(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_else(|| "a panic".to_owned())
}

#[test]
fn a_killed_run_can_be_cleaned_up_after_to_the_last_thing() {
    let Some((_, n_records)) = undisturbed() else { return };
    at_each(&moments(n_records), |moment| {
        let what = format!("killed at record {moment} of {n_records}");
        let account = Account::open().unwrap();
        let output = account.kill_at(account.build(&[]), moment);
        let has_ended = account.check_end(&output, &what);
        // The cleanup dies as well, early or late.
        account.kill_cleanup_at(moment % 20);
        account.clean_up(&what);
        if !has_ended {
            assert_eq!(account.made(), Made::new(), "{what}");
        }
    });
}

#[test]
fn a_killed_run_can_be_taken_up_also_if_that_is_killed() {
    let Some((made, n_records)) = undisturbed() else { return };
    at_each(&moments(n_records), |moment| {
        let what = format!("killed at record {moment} of {n_records}");
        let account = Account::open().unwrap();
        let output = account.kill_at(account.build(&[]), moment);
        let mut has_ended = account.check_end(&output, &what);
        if !has_ended {
            // The resumption dies as well, at another moment.
            let output = account.kill_at(account.build(&["-resume"]), 1 + (moment * 7) % n_records);
            has_ended = account.check_end(&output, &what);
        }
        let mut said = String::new();
        if !has_ended {
            let output = account.sandbox.finish(account.build(&["-resume"]));
            account.check_end(&output, &what);
            assert_eq!(output.code, 0, "{what}: {}{}", output.stdout, output.stderr);
            said = output.stdout;
        }
        assert_eq!(unlike(&account.made(), &made), Made::new(), "{what}: taken up\n{said}");
        assert_eq!(account.marks(), N_BUILDS, "{what}: post-processed");
        account.clean_up(&what);
        assert_eq!(account.made(), made, "{what}: cleaned up");
    });
}

#[test]
fn a_cleanup_that_is_killed_at_any_moment_is_taken_up() {
    let Some((_, n_records)) = undisturbed() else { return };
    let account = Account::open().unwrap();
    // Where most is in the world.
    account.kill_at(account.build(&[]), n_records / 2);
    for n_calls in 1.. {
        let n_before = std::fs::read_to_string(account.sandbox.path("calls")).unwrap_or_default().lines().count();
        let mut child = account.sandbox.command(&["cleanup", "-auto-approve"]).spawn().unwrap();
        let n_done = || {
            let calls = std::fs::read_to_string(account.sandbox.path("calls")).unwrap_or_default();
            calls.lines().count() - n_before
        };
        while n_done() < n_calls && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let is_over = child.try_wait().unwrap().is_some();
        let _ = kill_process(Pid::from_child(&child), Signal::KILL);
        let process = child.id();
        let output = account.sandbox.finish(child);
        if is_over {
            assert_eq!(output.code, 0, "{}", output.stdout);
            break;
        }
        account.wait_for_all_of(process);
    }
    account.clean_up("in the end");
    assert_eq!(account.made(), Made::new());
}

#[test]
fn what_a_journal_tells_when_its_tail_is_cut_is_what_it_told_before() {
    let Some((_, n_records)) = undisturbed() else { return };
    let account = Account::open().unwrap();
    account.kill_at(account.build(&[]), n_records / 2);
    let bytes = std::fs::read(account.journals().pop().unwrap()).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let whole = History::read(&bytes[..used]).unwrap();
    let mut n_known = 0;
    let is_tried = |cut: &usize| std::env::var_os("PACKER_TEST_EVERY_RECORD").is_some() || cut % 61 < 2 || *cut == used;
    for cut in (0..=used).filter(is_tried) {
        let history = History::read(&bytes[..cut]).unwrap_or_else(|error| panic!("cut at byte {cut}: {error}"));
        assert!(history.resources.len() >= n_known, "cut at byte {cut}");
        n_known = history.resources.len();
        let same = |(number, left): (&u64, &plugins::journal::history::Left)| {
            whole.resources[number].resource == left.resource
        };
        assert!(history.resources.iter().all(same), "cut at byte {cut}");
    }
    assert_eq!(n_known, whole.resources.len());
}

/// No file may grow beyond so many blocks.
const SMALL_FILES: &str = "ulimit -f $0; exec \"$@\"";
/// The state directory is on a disk of so many KiB, and is copied when all is over.
const SMALL_DISK: &str = "mount -t tmpfs -o size=$0k none \"$HOME/.local/state\" && \"$@\"; code=$?; \
                          cp -a \"$HOME/.local/state/.\" \"$HOME/kept\"; exit $code";

/// A shell; one for which a disk may be mounted that nobody else sees, if it is to be.
#[expect(clippy::disallowed_methods, reason = "the test is the shell here")]
fn shell(script: &str, has_disk: bool) -> Command {
    if !has_disk {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", script]);
        return shell;
    }
    let mut shell = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        shell.args(["--user", "--map-root-user"]);
    }
    shell.args(["--mount", "/bin/sh", "-c", script]);
    shell
}

/// A build whose journal has only so much room.
fn build_within(account: &Account, script: &str, room: usize) -> Output {
    let packer = account.sandbox.command(&["build", "-color=false", "t.pkr.hcl"]);
    let mut shell = shell(script, script == SMALL_DISK);
    shell.arg(room.to_string()).arg(packer.get_program()).args(packer.get_args()).env_clear();
    shell.envs(packer.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(account.sandbox.path("")).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    account.sandbox.finish(shell.spawn().unwrap())
}

#[test]
fn a_journal_that_takes_no_more_ends_the_run_and_leaves_no_machine() {
    let Some((_, n_records)) = undisturbed() else { return };
    assert!(n_records > 0);
    let small_files = [1, 40, 80, 120].map(|blocks| (SMALL_FILES, blocks));
    let small_disks = [8, 24, 48, 64].map(|kib| (SMALL_DISK, kib));
    let may_mount = shell("mount -t tmpfs none /mnt", true).output().is_ok_and(|output| output.status.success());
    if !may_mount {
        skipped("no file system can be mounted here");
    }
    for (script, room) in small_files.into_iter().chain(small_disks.into_iter().filter(|_| may_mount)) {
        let account = Account::open().unwrap();
        let (state, kept) = (account.sandbox.path(".local/state"), account.sandbox.path("kept"));
        std::fs::create_dir_all(&state).unwrap();
        std::fs::create_dir(&kept).unwrap();
        let output = build_within(&account, script, room);
        let what = format!("room for {room}: {}{}", output.stdout, output.stderr);
        assert_eq!(output.code, 1, "{what}");
        assert!(output.stdout.contains("journal"), "{what}");
        if script == SMALL_DISK {
            std::fs::remove_dir(&state).unwrap();
            std::fs::rename(&kept, &state).unwrap();
        }
        account.sandbox.run(&["cleanup", "-auto-approve"]).expect(0);
        assert_eq!(account.machines(), 0, "{what}");
    }
}
