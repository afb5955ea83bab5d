//! Starting a process.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use engine::Cancel;
use tokio::process::Child;
use tokio::time::{Instant, sleep};

use crate::process::invocation::{Invocation, ProcessError};
use crate::process::ladder::Ladder;
use crate::process::script::starting;

/// How long to wait for others to give back file descriptors or process slots.
const SCARCITY: Duration = Duration::from_secs(20);

/// Starts the process; when file descriptors or process slots are short, waits for some to be given back.
pub(super) async fn start_patiently(
    invocation: &Invocation,
    ladder: &Ladder,
    cancel: &Cancel,
) -> Result<Child, ProcessError> {
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
    invocation.fence.stand_by();
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
        let _starting = starting();
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
    find_in_path(&invocation.program, search, &invocation.working_dir)
        .ok_or_else(|| ProcessError::NotFound(invocation.program.clone()))
}

/// The program called `name` in the folders of `search`, which is written like `PATH`.
pub fn find_in_path(name: &str, search: &str, working_dir: &Path) -> Option<PathBuf> {
    std::env::split_paths(search)
        .map(|directory| working_dir.join(directory).join(name))
        .find(|candidate| is_executable(candidate))
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
