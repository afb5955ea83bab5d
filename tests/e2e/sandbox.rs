//! A folder to run `packer` in, cut off from the surroundings of the test.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Far more than any run needs. Only a hang takes that long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A temporary folder, also the home of what runs in it.
pub(crate) struct Sandbox {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// What a run left behind, with durations and the folder's path made the same for every run.
#[derive(Debug)]
pub(crate) struct Output {
    /// The exit code; a process killed by signal n counts as 128 + n.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), variables: Vec::new() }
    }

    /// A folder with one template, `t.pkr.hcl`.
    pub(crate) fn with_template(text: &str) -> Self {
        let sandbox = Self::new();
        sandbox.write("t.pkr.hcl", text);
        sandbox
    }

    /// The path of the folder, or of something in it.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Waits until these files are there. Fails the test when that takes longer than any run needs.
    #[track_caller]
    pub(crate) fn wait_for(&self, names: &[&str]) {
        let began = Instant::now();
        while !names.iter().all(|name| self.path(name).exists()) {
            assert!(began.elapsed() < PATIENCE, "{names:?} did not appear within {PATIENCE:?}");
            std::thread::yield_now();
        }
    }

    /// The text of a file.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Sets a variable for the runs that follow.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A command that runs `packer` in the folder; standard input is empty.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        #[expect(clippy::disallowed_methods, reason = "the test is the shell here")]
        let mut command = Command::new(env!("CARGO_BIN_EXE_packer"));
        command.args(args).current_dir(self.folder.path()).env_clear();
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", self.folder.path()).env("TZ", "UTC");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        // A group of its own, so that a hanging run can be ended with everything it started.
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        command
    }

    /// A command as one that permissions hold for: for root, who may do anything, the folder goes to nobody, who then
    /// runs a `packer` of its own, as the built one may lie where only root gets to.
    #[expect(clippy::disallowed_methods, reason = "the test is the shell here")]
    pub(crate) fn unprivileged_command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        const NOBODY: u32 = 65_534;
        let original = self.command(args);
        if !rustix::process::geteuid().is_root() {
            return original;
        }
        let folder = self.folder.path();
        // Not written by this process: a test beside this one could start a child that still holds the open file.
        let copied = Command::new("cp").arg("-f").arg(original.get_program()).arg(folder.join("packer")).status();
        assert!(copied.unwrap().success());
        let owned = Command::new("chown").args(["-R", &format!("{NOBODY}:{NOBODY}")]).arg(folder).status();
        assert!(owned.unwrap().success());
        let mut command = Command::new(folder.join("packer"));
        command.args(args).current_dir(folder).env_clear();
        command.envs(original.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        command.uid(NOBODY).gid(NOBODY);
        command
    }

    /// Runs `packer` to its end.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Output {
        self.finish(self.command(args).spawn().unwrap())
    }

    /// Runs `packer` with these bytes as standard input, a pipe.
    pub(crate) fn run_with_input<S: AsRef<OsStr>>(&self, args: &[S], input: impl AsRef<[u8]>) -> Output {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.as_ref().to_vec();
        // The child may not read it at all; then writing fails, which is none of our business.
        std::thread::spawn(move || stdin.write_all(&input));
        self.finish(child)
    }

    /// Waits for a run that was started with [`Sandbox::command`]. A run that hangs is killed and fails the test.
    pub(crate) fn finish(&self, mut child: Child) -> Output {
        let group = i32::try_from(child.id()).unwrap();
        let stdout = child.stdout.take().map(collect);
        let stderr = child.stderr.take().map(collect);
        let (ended, wait) = mpsc::channel();
        std::thread::spawn(move || ended.send(child.wait()));
        let Ok(status) = wait.recv_timeout(PATIENCE) else {
            let group = rustix::process::Pid::from_raw(group).unwrap();
            rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap();
            panic!("packer did not end within {PATIENCE:?}");
        };
        let status = status.unwrap();
        let code = status.code().or_else(|| std::os::unix::process::ExitStatusExt::signal(&status).map(|n| 128 + n));
        let text = |thread: Option<std::thread::JoinHandle<Vec<u8>>>| {
            let bytes = thread.map(|thread| thread.join().unwrap()).unwrap_or_default();
            self.normalised(&String::from_utf8(bytes).unwrap())
        };
        Output { code: code.unwrap(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// The text with `[SANDBOX]` for the folder and `[DURATION]` for how long things took.
    pub(crate) fn normalised(&self, text: &str) -> String {
        let folder = self.folder.path().to_str().unwrap();
        let text = text.replace(folder, "[SANDBOX]");
        text.split_inclusive('\n').map(without_duration).collect()
    }
}

/// Says why a test did not run. On CI everything must run.
#[track_caller]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(crate) fn skipped(reason: &str) {
    assert!(std::env::var_os("CI").is_none(), "CI needs this: {reason}");
    eprintln!("skipped: {reason}");
}

impl Output {
    /// Fails the test unless the run ended with this code; returns standard output.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> String {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self.stdout
    }
}

fn collect(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// One line with `[DURATION]` for the words behind `after`.
fn without_duration(line: &str) -> String {
    for before in ["' finished after ", "' errored after ", "==> Wait completed after "] {
        if let Some((head, tail)) = line.split_once(before) {
            let end = tail.find([':', '.', '\n', '\x1b']).unwrap_or(tail.len());
            return format!("{head}{before}[DURATION]{}", &tail[end..]);
        }
    }
    line.to_owned()
}

#[test]
fn durations_are_normalised() {
    let rows = [
        ("Build 'null.a' finished after 1 second 2 milliseconds.\n", "Build 'null.a' finished after [DURATION].\n"),
        ("Build 'a' errored after 3 seconds: exit: 1\n", "Build 'a' errored after [DURATION]: exit: 1\n"),
        ("==> Wait completed after 5 microseconds\n", "==> Wait completed after [DURATION]\n"),
        ("==> a: sleeps after 5 seconds\n", "==> a: sleeps after 5 seconds\n"),
    ];
    for (line, expected) in rows {
        assert_eq!(Sandbox::new().normalised(line), expected);
    }
}
