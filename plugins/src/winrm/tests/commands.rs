//! Commands: output, input, statuses, and how they end when the connection or the run does.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use engine::{Cancel, CancelPhase};
use tokio::io::{AsyncWrite, AsyncWriteExt as _, duplex};
use tokio::sync::Notify;

use super::fixtures::{Ran, reached, run, settings};
use super::winrm_machine::{Machine, Setup, Trouble};
use crate::component::{Communicator as _, ComponentError, DISCONNECTED, RemoteCommand};
use crate::winrm::WinRm;

#[tokio::test]
async fn output_errors_and_status() {
    let (machine, winrm) = reached();
    let cancel = Cancel::new();
    let ran = run(&winrm, "echo a <b> & \"c\" && complain ä && exit 3221225786", None, &cancel).await;
    let expected = Ran { status: Ok(3_221_225_786), stdout: "a <b> & \"c\"\r\n".into(), stderr: "ä\r\n".into() };
    assert_eq!(ran, expected);
    let ran = run(&winrm, "bytes", None, &cancel).await;
    assert_eq!((ran.stdout, ran.stderr), (vec![0xff, 0xfe, 0, b'\n', 0x80], vec![0xc3, 0x28]));
    assert_eq!(machine.n_shells(), 0);
}

#[tokio::test]
async fn what_is_not_wanted_goes_nowhere() {
    let (_machine, winrm) = reached();
    let command = RemoteCommand { line: "echo x && complain y && exit 2".to_owned(), ..RemoteCommand::default() };
    assert_eq!(winrm.start(command, &Cancel::new()).await.unwrap().await, Ok(2));
}

#[tokio::test]
async fn input_is_passed_on() {
    let (machine, winrm) = reached();
    let (mut near, far) = duplex(1 << 16);
    let text = vec![b'i'; 250_000];
    let cancel = Cancel::new();
    let feeding = async {
        near.write_all(&text).await.unwrap();
        drop(near);
    };
    let (ran, ()) = tokio::join!(run(&winrm, "cat", Some(Box::new(far)), &cancel), feeding);
    assert_eq!((ran.status, ran.stdout.len()), (Ok(0), text.len()));
    assert!(machine.seen().iter().any(|seen| seen.console == "FALSE"));
    // A command that does not read still ends as it ends.
    let (mut near, far) = duplex(1 << 10);
    let feeding = async { while near.write_all(&[b'i'; 1 << 10]).await.is_ok() {} };
    let (ran, ()) = tokio::join!(run(&winrm, "exit 7", Some(Box::new(far)), &cancel), feeding);
    assert_eq!(ran.status, Ok(7));
}

/// Counts, and keeps nothing.
struct Counting(Arc<AtomicUsize>);

impl AsyncWrite for Counting {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.0.fetch_add(bytes.len(), Ordering::SeqCst);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn any_amount_of_output_in_little_memory() {
    let (machine, winrm) = reached();
    let count = Arc::new(AtomicUsize::new(0));
    let mut status = None;
    let used = allocation_counter::measure(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let command = RemoteCommand {
            line: "flood 40000000".to_owned(),
            stdout: Some(Box::new(Counting(count.clone()))),
            ..RemoteCommand::default()
        };
        status = Some(runtime.block_on(async { winrm.start(command, &Cancel::new()).await.unwrap().await }));
    });
    assert_eq!((status.unwrap(), count.load(Ordering::SeqCst)), (Ok(0), 40_000_000));
    assert!(used.bytes_max < 4_000_000, "{} bytes at most", used.bytes_max);
    drop(machine);
}

#[tokio::test]
async fn a_lost_connection_has_a_status() {
    let failed = |why: &str| Err(ComponentError::Failed(format!("the command on 127.0.0.1: {why}")));
    let rows = [
        (Trouble::HangUp, Ok(DISCONNECTED)),
        (Trouble::Fault("2150858843", "The shell was not found"), Ok(DISCONNECTED)),
        (Trouble::Fault("995", "aborted"), Ok(DISCONNECTED)),
        (Trouble::Fault("5", "Access is denied."), failed("Access is denied. (code 5)")),
        (Trouble::Status(502), failed("the answer is not one of a WinRM service: HTTP 502 Bad Gateway")),
        (Trouble::Status(200), failed("the answer is not one of a WinRM service: it is not SOAP")),
    ];
    for (trouble, status) in rows {
        let mut trouble = Some(trouble);
        let machine = Machine::with_trouble(Setup::default(), move |seen| match seen.action.as_str() {
            "Receive" => trouble.take().unwrap_or(Trouble::None),
            _ => Trouble::None,
        });
        let winrm = WinRm::new(settings(&machine)).unwrap();
        let ran = run(&winrm, "wait", None, &Cancel::new()).await;
        assert_eq!(ran.status, status);
    }
}

#[tokio::test]
async fn a_command_that_cannot_start_says_why() {
    for (action, words) in [("Create", "no memory (code 14)"), ("Command", "no memory (code 14)")] {
        let machine = Machine::with_trouble(Setup::default(), move |seen| {
            if seen.action == action { Trouble::Fault("14", "no memory") } else { Trouble::None }
        });
        let winrm = WinRm::new(settings(&machine)).unwrap();
        let ran = run(&winrm, "echo x", None, &Cancel::new()).await;
        let error = format!("cannot start a command on 127.0.0.1: {words}");
        assert_eq!(ran.status, Err(ComponentError::Failed(error)));
        assert_eq!(machine.n_shells(), 0);
    }
}

#[tokio::test]
async fn a_cancelled_command_is_terminated_and_its_shell_deleted() {
    let (machine, winrm) = reached();
    let cancel = Cancel::new();
    let waiting = async {
        let machine = tokio::task::spawn_blocking(move || {
            machine.wait_until("it runs", |machine| machine.actions().last().is_some_and(|last| last == "Receive"));
            machine
        });
        let machine = machine.await.unwrap();
        cancel.raise(CancelPhase::Stopping);
        machine
    };
    let (ran, machine) = tokio::join!(run(&winrm, "echo x && wait", None, &cancel), waiting);
    assert_eq!(ran.status, Err(ComponentError::Cancelled));
    assert_eq!((machine.n_terminated(), machine.n_shells()), (1, 0));
    let ran = run(&winrm, "echo x", None, &cancel).await;
    assert_eq!(ran.status, Err(ComponentError::Cancelled));
}

#[tokio::test]
async fn a_shell_that_nobody_waits_for_any_more_is_deleted() {
    let (now, cancel) = (Arc::new(Notify::new()), Cancel::new());
    let late = now.clone();
    let machine = Machine::with_trouble(Setup::default(), move |seen| match seen.action.as_str() {
        "Create" => Trouble::Late(late.clone()),
        _ => Trouble::None,
    });
    let winrm = WinRm::new(settings(&machine)).unwrap();
    let asking = async {
        let machine = tokio::task::spawn_blocking(move || {
            machine.wait_until("a shell is asked for", |machine| !machine.actions().is_empty());
            machine
        });
        let machine = machine.await.unwrap();
        cancel.raise(CancelPhase::Stopping);
        machine
    };
    let (ran, machine) = tokio::join!(run(&winrm, "echo x", None, &cancel), asking);
    assert_eq!(ran.status, Err(ComponentError::Cancelled));
    now.notify_one();
    let waited = tokio::task::spawn_blocking(move || {
        machine.wait_until("it is deleted", |machine| machine.actions() == ["Create", "Delete"]);
        machine.wait_until("it is gone", |machine| machine.n_shells() == 0);
    });
    waited.await.unwrap();
}

#[tokio::test]
async fn a_dropped_command_takes_its_shell_along() {
    let (machine, winrm) = reached();
    let command = RemoteCommand { line: "wait".to_owned(), ..RemoteCommand::default() };
    drop(winrm.start(command, &Cancel::new()).await.unwrap());
    let waited = tokio::task::spawn_blocking(move || {
        machine.wait_until("the shell is deleted", |machine| machine.n_shells() == 0);
    });
    waited.await.unwrap();
}
