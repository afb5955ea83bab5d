//! Does what a method says.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use engine::{Cancel, CancelPhase};

use crate::cleanup::local;
use crate::cleanup::method::{Method, Step};
use crate::io_fault::words_and_advice;
use crate::journal::FileMark;
use crate::process::{self, Fence, Invocation, ProcessError};
use crate::scrubber::Scrubber;

/// How long a provider's tool may take.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// How many of its last lines are told.
const LINES: usize = 10;

/// Where a cleanup works.
#[derive(Clone, Debug)]
pub struct World {
    /// Where commands run.
    pub working_dir: Arc<PathBuf>,
    /// Their environment, which has what providers' tools need to know.
    pub environment: Arc<BTreeMap<String, String>>,
    /// What ends them should we not be able to.
    pub fence: Fence,
    /// What must not be seen of what they write.
    pub secrets: Scrubber,
    /// When the run started: what is older is none of its files.
    pub run_started: SystemTime,
}

/// What became of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Removed {
    /// It was gone before.
    WasGone,
    /// Something that is not the run's has its place, and stays.
    IsOthers,
    /// It is gone now.
    Now,
}

/// Why a resource is still there.
#[derive(Debug, thiserror::Error)]
pub enum CleanupFault {
    /// A file stays.
    #[error("{}: {}", .path.display(), words_and_advice(.source))]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A command could not be run to its end.
    #[error("{command}: {source}")]
    Process {
        /// The command.
        command: String,
        /// Why.
        source: ProcessError,
    },
    /// A command took too long.
    #[error("{0}: it was ended after 15 minutes")]
    TooSlow(String),
    /// A command said that it failed.
    #[error("{command}: exit status {status}{words}")]
    Status {
        /// The command.
        command: String,
        /// Its exit status.
        status: i32,
        /// Its last words, each on a line of its own.
        words: String,
    },
    /// A process is still there.
    #[error("process {0} does not end although it was killed")]
    Unkillable(i32),
    /// It is for somebody else to do.
    #[error("{0}")]
    ByHand(String),
}

/// Removes a resource by `method`. To do it again does no harm.
///
/// # Errors
///
/// Why it is still there, or may be.
pub async fn carry_out(method: &Method, world: &World, cancel: &Cancel) -> Result<Removed, CleanupFault> {
    match method {
        Method::Files(files) => remove_files(files.clone(), local::remove, world.run_started).await,
        Method::Artifact(files) => remove_files(files.clone(), local::remove_unchanged, world.run_started).await,
        Method::Process { pid, started } => match process::end_group(*pid, *started).await {
            Some(true) => Ok(Removed::Now),
            Some(false) => Err(CleanupFault::Unkillable(*pid)),
            None => Ok(Removed::WasGone),
        },
        Method::Commands(steps) => {
            let mut removed = Removed::WasGone;
            for step in steps {
                removed = removed.max(run(step, world, cancel).await?);
            }
            Ok(removed)
        }
        Method::ByHand { reason, .. } => Err(CleanupFault::ByHand(reason.clone())),
        Method::Nothing => Ok(Removed::WasGone),
    }
}

async fn remove_files(
    files: Vec<FileMark>,
    remove: fn(&FileMark, SystemTime) -> io::Result<Removed>,
    run_started: SystemTime,
) -> Result<Removed, CleanupFault> {
    let remove_all = move || {
        let (mut removed, mut fault) = (Removed::WasGone, None);
        // One that stays is no reason for the others to.
        for file in files {
            match remove(&file, run_started) {
                Ok(of_this) => removed = removed.max(of_this),
                Err(source) => fault = Some(CleanupFault::File { path: file.path, source }),
            }
        }
        fault.map_or(Ok(removed), Err)
    };
    match tokio::task::spawn_blocking(remove_all).await {
        Ok(removed) => removed,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

async fn run(step: &Step, world: &World, cancel: &Cancel) -> Result<Removed, CleanupFault> {
    let command = step.line();
    let (program, args) = step.argv.split_first().unwrap_or((&command, &[]));
    let invocation = Invocation {
        program: program.clone(),
        args: args.to_vec(),
        working_dir: world.working_dir.clone(),
        environment: world.environment.clone(),
        fence: world.fence.clone(),
        secrets: world.secrets.clone(),
    };
    let (mut last, mut is_absent) = (VecDeque::new(), false);
    let mut lines = |_: crate::pump::Stream, line: &str| {
        is_absent |= step.absent.iter().any(|words| line.contains(words));
        last.push_back(line.to_owned());
        if last.len() > LINES {
            last.pop_front();
        }
    };
    let scope = cancel.child();
    let ended = {
        let mut running = std::pin::pin!(process::run(&invocation, &mut lines, &scope));
        tokio::select! {
            ended = &mut running => Some(ended),
            () = tokio::time::sleep(PATIENCE) => {
                scope.raise(CancelPhase::Stopping);
                // It has an end: what does not listen is killed.
                let _ = running.await;
                None
            }
        }
    };
    match ended {
        None => Err(CleanupFault::TooSlow(command)),
        Some(Err(source)) => Err(CleanupFault::Process { command, source }),
        Some(Ok(0)) => Ok(Removed::Now),
        Some(Ok(_)) if is_absent => Ok(Removed::WasGone),
        Some(Ok(status)) => {
            let words = last.iter().map(|line| format!("\n    {}", world.secrets.scrub(line))).collect();
            Err(CleanupFault::Status { command, status, words })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::fixtures::context;

    fn world() -> World {
        World {
            working_dir: context().working_dir,
            environment: context().environment,
            fence: Fence::default(),
            secrets: Scrubber::new(),
            run_started: SystemTime::now(),
        }
    }

    fn shell(script: &str) -> Step {
        Step { argv: ["sh", "-c", script].map(str::to_owned).to_vec(), absent: &["No such container"] }
    }

    async fn check(steps: &[&str]) -> Result<Removed, String> {
        let method = Method::Commands(steps.iter().map(|script| shell(script)).collect());
        carry_out(&method, &world(), &Cancel::new()).await.map_err(|fault| fault.to_string())
    }

    #[tokio::test]
    async fn what_a_tool_says_decides() {
        assert_eq!(check(&["true"]).await, Ok(Removed::Now));
        assert_eq!(check(&["echo Error: No such container: x >&2; exit 1"]).await, Ok(Removed::WasGone));
        assert_eq!(check(&["echo No such container; exit 1", "true"]).await, Ok(Removed::Now));
        let fault = check(&["echo no luck; exit 3", "false"]).await.unwrap_err();
        assert_eq!(fault, "sh -c 'echo no luck; exit 3': exit status 3\n    no luck");
        let nowhere = Method::Commands(vec![Step { argv: vec!["no-such-tool".to_owned()], absent: &[] }]);
        let fault = carry_out(&nowhere, &world(), &Cancel::new()).await.unwrap_err();
        assert!(fault.to_string().contains("executable file not found"), "{fault}");
    }

    #[tokio::test]
    async fn one_file_that_stays_keeps_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let (bad, good) = (folder.path().join("x\0y"), folder.path().join("good"));
        std::fs::write(&good, "").unwrap();
        let files = [bad, good.clone()].map(FileMark::planned).to_vec();
        let fault = carry_out(&Method::Files(files), &world(), &Cancel::new()).await.unwrap_err();
        assert!(matches!(fault, CleanupFault::File { .. }), "{fault}");
        assert!(!good.exists());
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_group_of_processes_ends_and_only_if_it_is_the_same() {
        let method = |pid, started| Method::Process { pid, started };
        let mut leader = process::tests::leader_of_a_group();
        let pid = i32::try_from(leader.id()).unwrap();
        let started = process::started_at(pid).unwrap();
        let cancel = Cancel::new();
        assert_eq!(carry_out(&method(pid, started + 1), &world(), &cancel).await.unwrap(), Removed::WasGone);
        assert!(leader.try_wait().unwrap().is_none());
        let ended = std::thread::spawn(move || leader.wait().unwrap());
        assert_eq!(carry_out(&method(pid, started), &world(), &cancel).await.unwrap(), Removed::Now);
        assert!(!ended.join().unwrap().success());
        assert_eq!(carry_out(&method(pid, started), &world(), &cancel).await.unwrap(), Removed::WasGone);
    }
}
