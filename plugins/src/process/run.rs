//! Running a process to its end.

use std::os::fd::{AsFd, OwnedFd};
use std::pin::pin;
use std::process::ExitStatus;

use engine::Cancel;
use tokio::process::Child;

use crate::memory::{MemorySize, outgrown};
use crate::process::invocation::{Invocation, ProcessError};
use crate::process::ladder::{Group, Ladder, outlast};
use crate::process::start::start_patiently;
use crate::pump::{LineSink, Pump};

/// Runs a process to its end and gives its exit status: its exit code, or 128 + n when signal n ended it.
///
/// On *stopping* the whole process group gets SIGTERM and, five seconds later or on *killing*, SIGKILL. Processes that
/// the child leaves behind when it ends by itself are not waited for; what they write soon after is still delivered.
pub async fn run(invocation: &Invocation, lines: &mut LineSink<'_>, cancel: &Cancel) -> Result<i32, ProcessError> {
    if cancel.is_stopping() {
        return Err(ProcessError::Cancelled);
    }
    attend(invocation, lines, cancel, Ladder::Running, (None, &drop)).await.map(exit_code)
}

/// Runs a process that hears in another way that the run is stopping: only *killing* ends it, by SIGKILL, and so does
/// holding more than `memory_limit` bytes. Its group ends with it. Once it has started, `keep` gets copies of our ends of
/// its pipes: whoever writes to a pipe without a reader dies of it.
pub async fn run_until_killed(
    invocation: &Invocation,
    lines: &mut LineSink<'_>,
    cancel: &Cancel,
    memory_limit: Option<MemorySize>,
    keep: &Keep<'_>,
) -> Result<ExitStatus, ProcessError> {
    if cancel.is_killing() {
        return Err(ProcessError::Cancelled);
    }
    attend(invocation, lines, cancel, Ladder::Spared, (memory_limit, keep)).await
}

/// Keeps open files.
pub type Keep<'k> = dyn Fn(Vec<OwnedFd>) + Send + Sync + 'k;

/// Copies of our ends of a child's pipes; fewer when there is no room for more open files.
fn pipes(child: &Child) -> Vec<OwnedFd> {
    let (out, err) = (child.stdout.as_ref().map(AsFd::as_fd), child.stderr.as_ref().map(AsFd::as_fd));
    out.into_iter().chain(err).filter_map(|pipe| pipe.try_clone_to_owned().ok()).collect()
}

async fn attend(
    invocation: &Invocation,
    lines: &mut LineSink<'_>,
    cancel: &Cancel,
    mut ladder: Ladder,
    (memory_limit, keep): (Option<MemorySize>, &Keep<'_>),
) -> Result<ExitStatus, ProcessError> {
    let mut child = start_patiently(invocation, &ladder, cancel).await?;
    if matches!(ladder, Ladder::Spared) {
        keep(pipes(&child));
    }
    let mut group = Group::of(&child, &invocation.fence);
    let mut pump = Pump::new(&mut child, &invocation.secrets);
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

#[cfg(unix)]
fn exit_code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}

#[cfg(not(unix))]
fn exit_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or(-1)
}

#[cfg(test)]
#[cfg(unix)]
pub(crate) mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use engine::CancelPhase;
    use tokio::time::sleep;

    use super::*;
    use crate::builtin::fixtures::context;
    use crate::process::Fence;
    use crate::pump::Stream;
    use crate::scrubber::Scrubber;

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

    /// A process that runs until it is ended, in a group of its own.
    #[expect(clippy::disallowed_methods, reason = "this room is where processes are started")]
    pub(crate) fn leader_of_a_group() -> std::process::Child {
        use std::os::unix::process::CommandExt as _;
        std::process::Command::new("sleep").arg("600").process_group(0).spawn().unwrap()
    }

    fn shell(script: &str) -> Invocation {
        Invocation {
            program: "sh".to_owned(),
            args: vec!["-c".to_owned(), script.to_owned()],
            working_dir: context().working_dir,
            environment: context().environment,
            fence: Fence::default(),
            secrets: Scrubber::new(),
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
