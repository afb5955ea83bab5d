//! Child processes. The only place that starts any: each gets its own process group, a working directory and an
//! environment given by the caller, no standard input, and a kill ladder. Never waits for more than the child itself.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use engine::Cancel;
use tempfile::TempPath;
use tokio::process::Child;
use tokio::time::{Instant, sleep, sleep_until};

use crate::io_fault::{os_words, words_and_advice};
use crate::memory::{MemorySize, outgrown};
use crate::pump::{LineSink, Pump, QUIET};
use planner::value::quote;

/// How long a process may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(5);
/// How long a killed process may take to vanish: only one stuck in the kernel takes any time at all.
const DEATH: Duration = Duration::from_secs(10);
/// How often to look whether a process group still has members: there is nothing to wait on.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// How long to wait for others to give back file descriptors or process slots.
const SCARCITY: Duration = Duration::from_secs(20);

/// Held for reading while a process starts; see [`while_nothing_starts`]. The table of open files belongs to the whole
/// process, and so does this lock; it guards no data of ours.
static OPEN_FILES: RwLock<()> = RwLock::new(());

/// What to start, and where.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The program: a path, or a name looked up in the environment's `PATH`.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Where it runs.
    pub working_dir: Arc<PathBuf>,
    /// All of its environment.
    pub environment: Arc<BTreeMap<String, String>>,
}

/// Why a process did not run to its own end.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// There is no such program.
    #[error("exec: {}: executable file not found in $PATH", quote(.0))]
    NotFound(String),
    /// The directory to run in is not there.
    #[error("the working directory {} cannot be used: {}", .path.display(), os_words(.source))]
    WorkingDir {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The system would not start it.
    #[error("fork/exec {program}: {}", words_and_advice(.source))]
    Start {
        /// The program.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// The system would not say how it ended.
    #[error("waiting for {program}: {}", os_words(.source))]
    Wait {
        /// The program.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// It was killed and is still there.
    #[error("{0} does not end although it was killed; it waits for a device or a network file system")]
    Unkillable(String),
    /// It was killed because it held too much memory.
    #[error("it held {held} of memory")]
    Memory {
        /// How much.
        held: MemorySize,
    },
    /// It was ended because the run is stopping.
    #[error("context canceled")]
    Cancelled,
}

/// Runs a process to its end and gives its exit status: its exit code, or 128 + n when signal n ended it.
///
/// On *stopping* the whole process group gets SIGTERM and, five seconds later or on *killing*, SIGKILL. Processes that
/// the child leaves behind when it ends by itself are not waited for; what they write soon after is still delivered.
pub async fn run(invocation: &Invocation, lines: &mut LineSink<'_>, cancel: &Cancel) -> Result<i32, ProcessError> {
    if cancel.is_stopping() {
        return Err(ProcessError::Cancelled);
    }
    attend(invocation, lines, cancel, Ladder::Running, None).await.map(exit_code)
}

/// Runs a process that hears in another way that the run is stopping: only *killing* ends it, by SIGKILL, and so does
/// holding more than `memory_limit` bytes. Its group ends with it.
pub async fn run_until_killed(
    invocation: &Invocation,
    lines: &mut LineSink<'_>,
    cancel: &Cancel,
    memory_limit: Option<MemorySize>,
) -> Result<ExitStatus, ProcessError> {
    if cancel.is_killing() {
        return Err(ProcessError::Cancelled);
    }
    attend(invocation, lines, cancel, Ladder::Spared, memory_limit).await
}

async fn attend(
    invocation: &Invocation,
    lines: &mut LineSink<'_>,
    cancel: &Cancel,
    mut ladder: Ladder,
    memory_limit: Option<MemorySize>,
) -> Result<ExitStatus, ProcessError> {
    let mut child = start_patiently(invocation, &ladder, cancel).await?;
    let mut group = Group::of(&child);
    let mut pump = Pump::new(&mut child);
    let mut outgrown = pin!(outgrown(child.id(), memory_limit));
    let (spared, mut held) = (matches!(ladder, Ladder::Spared), None);
    let status = loop {
        tokio::select! {
            biased;
            status = child.wait() => break status,
            () = ladder.next_rung(cancel) => ladder = match ladder.climb(&group) {
                Some(ladder) => ladder,
                None => return Err(ProcessError::Unkillable(invocation.program.clone())),
            },
            size = &mut outgrown, if held.is_none() => {
                held = Some(size);
                ladder = Ladder::kill(&group);
            }
            // Last: a flood of output is always ready.
            _ = pump.deliver(lines), if pump.is_open() => {}
        }
    };
    let interrupted = matches!(ladder, Ladder::Asked { .. } | Ladder::Killed { .. });
    if matches!(ladder, Ladder::Asked { .. }) {
        outlast(&group, &mut pump, &ladder, lines, cancel).await;
    }
    if interrupted || spared || status.is_err() {
        group.signal_kill();
    }
    group.disarm();
    pump.drain(lines).await;
    match (held, status) {
        (Some(held), _) => Err(ProcessError::Memory { held }),
        (None, _) if interrupted => Err(ProcessError::Cancelled),
        (None, status) => status.map_err(|source| ProcessError::Wait { program: invocation.program.clone(), source }),
    }
}

/// Gives what an interrupted child leaves behind the rest of its time: often it is the child's child that cleans up.
///
/// Ends when the group is gone. Members that have ended but whom nobody has looked at still count as members, so it also
/// ends soon after both pipes have.
async fn outlast(group: &Group, pump: &mut Pump, ladder: &Ladder, lines: &mut LineSink<'_>, cancel: &Cancel) {
    let mut closed = None;
    while group.has_members() {
        if !pump.is_open() && closed.get_or_insert_with(Instant::now).elapsed() > QUIET {
            return;
        }
        tokio::select! {
            biased;
            () = ladder.next_rung(cancel) => return,
            _ = pump.deliver(lines), if pump.is_open() => {}
            () = sleep(LOOK_AGAIN) => {}
        }
    }
}

/// Writes an executable file of a fresh name into `directory`. It is removed when the returned path is dropped, and left
/// nowhere when writing fails.
pub fn write_script(directory: &Path, prefix: &str, suffix: &str, content: &[u8]) -> io::Result<TempPath> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(suffix).rand_bytes(10);
    while_nothing_starts(|| {
        let mut file = builder.tempfile_in(directory)?;
        file.write_all(content)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            file.as_file().set_permissions(std::fs::Permissions::from_mode(0o700))?;
        }
        Ok(file.into_temp_path())
    })
}

/// Writes a file that may be executed soon; `write` opens it, writes it, and closes it before it returns.
///
/// A process that starts inherits every open file until it executes its own program, and the kernel refuses to execute a
/// file that anyone has open for writing ("text file busy"). To wait, after closing the file, for the processes then being
/// started is not enough: the kernel tells us that a process executes before it closes what that process inherited.
pub fn while_nothing_starts<T>(write: impl FnOnce() -> T) -> T {
    let _nothing_starts = OPEN_FILES.write().unwrap_or_else(PoisonError::into_inner);
    write()
}

/// Starts the process; when file descriptors or process slots are short, waits for some to be given back.
async fn start_patiently(invocation: &Invocation, ladder: &Ladder, cancel: &Cancel) -> Result<Child, ProcessError> {
    let deadline = Instant::now() + SCARCITY;
    let mut pause = Duration::from_millis(10);
    loop {
        match start(invocation) {
            Err(ProcessError::Start { source, .. }) if is_scarcity(&source) && Instant::now() < deadline => {}
            other => return other,
        }
        tokio::select! {
            () = sleep(pause) => {}
            () = ladder.next_rung(cancel) => return Err(ProcessError::Cancelled),
        }
        pause = (pause * 2).min(Duration::from_millis(500));
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place where processes are started")]
fn start(invocation: &Invocation) -> Result<Child, ProcessError> {
    let path = find_program(invocation)?;
    let mut command = tokio::process::Command::new(&path);
    command
        .args(&invocation.args)
        .current_dir(invocation.working_dir.as_path())
        .env_clear()
        .envs(invocation.environment.as_ref())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // A group, an absolute path and nothing run between fork and exec: then `posix_spawn` can do it, at a third of the cost.
    #[cfg(unix)]
    command.process_group(0).arg0(&invocation.program);
    let child = {
        let _starting = OPEN_FILES.read().unwrap_or_else(PoisonError::into_inner);
        command.spawn()
    };
    child.map_err(|source| start_error(invocation, source))
}

fn start_error(invocation: &Invocation, source: io::Error) -> ProcessError {
    // The system names neither the program nor the directory; find out which of them is missing.
    match std::fs::metadata(invocation.working_dir.as_path()) {
        Err(source) => ProcessError::WorkingDir { path: invocation.working_dir.to_path_buf(), source },
        Ok(_) => ProcessError::Start { program: invocation.program.clone(), source },
    }
}

/// The program's absolute path.
fn find_program(invocation: &Invocation) -> Result<PathBuf, ProcessError> {
    let program = Path::new(&invocation.program);
    if program.components().count() > 1 || program.is_absolute() || invocation.program.is_empty() {
        return Ok(invocation.working_dir.join(program));
    }
    let search = invocation.environment.get("PATH").map_or("", String::as_str);
    std::env::split_paths(search)
        .map(|directory| invocation.working_dir.join(directory).join(program))
        .find(|candidate| is_executable(candidate))
        .ok_or_else(|| ProcessError::NotFound(invocation.program.clone()))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file() || path.with_extension("exe").is_file()
}

/// Whether the error passes once other processes have ended.
fn is_scarcity(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        let scarce = [Errno::MFILE, Errno::NFILE, Errno::AGAIN, Errno::NOMEM];
        error.raw_os_error().is_some_and(|code| scarce.iter().any(|errno| errno.raw_os_error() == code))
    }
    #[cfg(not(unix))]
    {
        error.kind() == io::ErrorKind::OutOfMemory
    }
}

#[cfg(unix)]
fn exit_code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}

#[cfg(not(unix))]
fn exit_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or(-1)
}

/// How far the process has been pushed towards its end.
enum Ladder {
    Running,
    /// Running, and not to be asked.
    Spared,
    Asked {
        deadline: Instant,
    },
    Killed {
        deadline: Instant,
    },
}

impl Ladder {
    /// Completes when it is time to push harder.
    async fn next_rung(&self, cancel: &Cancel) {
        match self {
            Self::Running => cancel.stopping().await,
            Self::Spared => cancel.killing().await,
            Self::Asked { deadline } => tokio::select! {
                () = sleep_until(*deadline) => {}
                () = cancel.killing() => {}
            },
            Self::Killed { deadline } => sleep_until(*deadline).await,
        }
    }

    /// Pushes, and gives the next state; none when there is nothing harder.
    fn climb(&self, group: &Group) -> Option<Self> {
        match self {
            Self::Running => {
                group.signal_terminate();
                Some(Self::Asked { deadline: Instant::now() + GRACE })
            }
            Self::Asked { .. } | Self::Spared => Some(Self::kill(group)),
            Self::Killed { .. } => None,
        }
    }

    /// Pushes as hard as can be.
    fn kill(group: &Group) -> Self {
        group.signal_kill();
        Self::Killed { deadline: Instant::now() + DEATH }
    }
}

/// The child's process group. Dropped before the child's end it kills the whole group, so that nothing outlives us when
/// the waiting task goes away.
struct Group {
    leader: Option<i32>,
}

impl Group {
    fn of(child: &Child) -> Self {
        Self { leader: child.id().and_then(|id| i32::try_from(id).ok()) }
    }

    #[cfg(unix)]
    fn has_members(&self) -> bool {
        let leader = self.leader.and_then(rustix::process::Pid::from_raw);
        leader.is_some_and(|leader| rustix::process::test_kill_process_group(leader).is_ok())
    }

    #[cfg(not(unix))]
    fn has_members(&self) -> bool {
        false
    }

    /// The child is gone: its number may soon belong to another.
    fn disarm(&mut self) {
        self.leader = None;
    }

    #[cfg(unix)]
    fn signal_terminate(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    #[cfg(unix)]
    fn signal_kill(&self) {
        self.signal(rustix::process::Signal::KILL);
    }

    #[cfg(unix)]
    fn signal(&self, signal: rustix::process::Signal) {
        if let Some(leader) = self.leader.and_then(rustix::process::Pid::from_raw)
            && let Err(error) = rustix::process::kill_process_group(leader, signal)
        {
            // No such group: it ended by itself in this moment.
            tracing::debug!(%error, ?signal, "signal not delivered");
        }
    }

    // Without process groups the child itself is killed by its handle, when that is dropped.
    #[cfg(not(unix))]
    fn signal_terminate(&self) {}

    #[cfg(not(unix))]
    fn signal_kill(&self) {}
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal_kill();
    }
}

#[cfg(test)]
#[cfg(unix)]
pub(crate) mod tests {
    use engine::CancelPhase;

    use super::*;
    use crate::builtin::fixtures::context;
    use crate::pump::Stream;

    /// Waits until a process that is not ours is gone, or a zombie that its parent has not looked at yet.
    pub(crate) async fn assert_ends(process: i32) {
        for _ in 0..1_000 {
            let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            if stat.is_empty() || stat.contains(") Z ") {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("process {process} is still there");
    }

    fn shell(script: &str) -> Invocation {
        Invocation {
            program: "sh".to_owned(),
            args: vec!["-c".to_owned(), script.to_owned()],
            working_dir: context().working_dir,
            environment: context().environment,
        }
    }

    async fn check(invocation: &Invocation) -> (Result<i32, String>, Vec<(Stream, String)>) {
        let mut lines = Vec::new();
        let status = run(invocation, &mut |stream, line| lines.push((stream, line.to_owned())), &Cancel::new()).await;
        (status.map_err(|error| error.to_string()), lines)
    }

    #[tokio::test]
    async fn says_what_cannot_be_started() {
        let base = shell("true");
        let gone = Invocation { working_dir: Arc::new("/no/such/place".into()), ..base.clone() };
        let rows = [
            (gone, "the working directory /no/such/place cannot be used: no such file or directory"),
            (
                Invocation { program: "nope".into(), ..base.clone() },
                "exec: \"nope\": executable file not found in $PATH",
            ),
            (
                Invocation { program: "etc/nope".into(), ..base.clone() },
                "fork/exec etc/nope: no such file or directory",
            ),
            (Invocation { args: vec!["a\0b".into()], ..base }, "fork/exec sh: nul byte found in provided data"),
        ];
        for (invocation, text) in rows {
            assert_eq!(check(&invocation).await, (Err(text.to_owned()), vec![]));
        }
    }

    #[tokio::test]
    async fn floods_and_odd_bytes_come_through() {
        let (status, lines) = check(&shell("head -c 3000000 /dev/zero | tr '\\0' x; echo; printf '\\377 end'")).await;
        assert_eq!(status, Ok(0));
        let (last, flood) = lines.split_last().unwrap();
        assert_eq!(last, &(Stream::Out, "\u{fffd} end".to_owned()));
        assert!(flood.iter().all(|(_, line)| line.len() <= 64 * 1024));
        assert_eq!(flood.iter().map(|(_, line)| line.len()).sum::<usize>(), 3_000_000);
    }

    #[tokio::test]
    async fn an_endless_flood_can_be_stopped() {
        let cancel = Cancel::new();
        let mut n_lines = 0_u64;
        let mut count = |_: Stream, _: &str| {
            n_lines += 1;
            if n_lines == 1_000 {
                cancel.raise(CancelPhase::Stopping);
            }
        };
        let status = run(&shell("exec yes"), &mut count, &cancel).await;
        assert!(matches!(status, Err(ProcessError::Cancelled)), "{status:?}");
    }

    #[tokio::test]
    async fn nothing_outlives_a_dropped_run() {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let (invocation, cancel) = (shell("sleep 1000 & echo $!; wait"), Cancel::new());
        let mut tell = |_: Stream, line: &str| sender.send(line.parse::<i32>().unwrap()).unwrap();
        let child = {
            let running = run(&invocation, &mut tell, &cancel);
            tokio::select! {
                status = running => panic!("{status:?}"),
                child = receiver.recv() => child.unwrap(),
            }
        };
        assert_ends(child).await;
    }
}
