//! Commands: statuses, streams, terminals, many at once, and how they are ended.

use std::time::Duration;

use engine::{Cancel, CancelPhase};
use plugins::component::{Communicator, ComponentError, RemoteCommand};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

use crate::sshd::sshd;
use crate::visitor::{Done, connect, output, run, run_with, settings};

#[tokio::test]
async fn statuses_and_streams() {
    let Some(sshd) = sshd("") else { return };
    let machine = connect(&settings(&sshd)).await;
    let done = |status, out: &str, err: &str| Done { status, out: out.to_owned(), err: err.to_owned() };
    let rows = [
        ("true", done(0, "", "")),
        ("exit 3", done(3, "", "")),
        ("echo out; echo err >&2; exit 255", done(255, "out\n", "err\n")),
        ("printf 'no end'", done(0, "no end", "")),
        ("echo 'é ☃'", done(0, "é ☃\n", "")),
        ("kill -TERM $$", done(143, "", "")),
        ("kill -KILL $$", done(137, "", "")),
        ("cat", done(0, "", "")),
    ];
    for (line, expected) in rows {
        assert_eq!(run(&machine, line).await.unwrap(), expected, "{line}");
    }
    let echoed = run_with(&machine, "cat; cat >&2", Some(b"given\n\xff"), &Cancel::new()).await.unwrap();
    assert_eq!(echoed, done(0, "given\n\u{fffd}", ""));
}

#[tokio::test]
async fn much_output_of_any_bytes_arrives_whole() {
    let Some(sshd) = sshd("") else { return };
    let machine = connect(&settings(&sshd)).await;
    let (stdout, mut out) = tokio::io::duplex(64 * 1024);
    let line = "dd if=/dev/zero bs=1M count=200 2>/dev/null | tr '\\0' '\\377'".to_owned();
    let command = RemoteCommand { line, stdout: Some(Box::new(stdout)), ..RemoteCommand::default() };
    let running = machine.start(command, &Cancel::new()).await.unwrap();
    let counted = async {
        let (mut buffer, mut total) = (vec![0; 64 * 1024], 0_u64);
        loop {
            match out.read(&mut buffer).await.unwrap() {
                0 => return total,
                n_read => {
                    assert!(buffer[..n_read].iter().all(|byte| *byte == 0xff));
                    total += n_read as u64;
                }
            }
        }
    };
    let (status, total) = tokio::join!(running, counted);
    assert_eq!((status.unwrap(), total), (0, 200 * 1024 * 1024));
}

#[tokio::test]
async fn a_terminal_when_wanted() {
    let Some(sshd) = sshd("") else { return };
    let mut settings = settings(&sshd);
    assert_eq!(run(&connect(&settings).await, "test -t 1").await.unwrap().status, 1);
    settings.pty = true;
    let machine = connect(&settings).await;
    let said = run(&machine, "stty size; echo $TERM; stty -a | grep -o -- '-echo '").await.unwrap();
    assert_eq!((said.status, said.out.replace('\r', "").as_str()), (0, "40 80\nxterm\n-echo \n"));
}

#[tokio::test]
async fn what_stays_in_the_background_does_not_hold_the_command() {
    let Some(sshd) = sshd("") else { return };
    let machine = connect(&settings(&sshd)).await;
    let held = tokio::time::timeout(Duration::from_secs(60), run(&machine, "sleep 600 & echo begun")).await;
    assert_eq!(held.expect("it ends").unwrap(), Done { status: 0, out: "begun\n".to_owned(), err: String::new() });
    assert_eq!(output(&machine, "echo on").await, "on\n");
}

/// More than a server allows on one connection: a few connections share them.
#[tokio::test]
async fn fifty_sessions_at_once() {
    let Some(sshd) = sshd("MaxSessions 10") else { return };
    let machine = connect(&settings(&sshd)).await;
    let one = |nth: usize| {
        let machine = &machine;
        async move { output(machine, &format!("read line < fifo-{nth}; echo {nth}")).await }
    };
    for nth in 0..50 {
        output(&machine, &format!("mkfifo fifo-{nth}")).await;
    }
    let all = futures_util::future::join_all((0..50).map(one));
    // All of them have begun before the first may end.
    let home = sshd.home();
    let release = tokio::task::spawn_blocking(move || {
        let opened: Vec<_> =
            (0..50).map(|nth| std::fs::File::create(home.join(format!("fifo-{nth}"))).unwrap()).collect();
        drop(opened);
    });
    let (said, released) = tokio::join!(all, release);
    released.unwrap();
    let expected: Vec<String> = (0..50).map(|nth| format!("{nth}\n")).collect();
    assert_eq!(said, expected);
}

#[tokio::test]
async fn a_server_that_allows_one_session_serves_them_in_turn() {
    let Some(sshd) = sshd("MaxSessions 1") else { return };
    let machine = connect(&settings(&sshd)).await;
    let all = (0..30).map(|nth| {
        let machine = &machine;
        async move { output(machine, &format!("echo {nth}")).await }
    });
    let said = futures_util::future::join_all(all).await;
    assert!(said.iter().enumerate().all(|(nth, said)| *said == format!("{nth}\n")));
}

#[tokio::test]
async fn a_stopped_run_ends_the_command() {
    let Some(sshd) = sshd("") else { return };
    let machine = connect(&settings(&sshd)).await;
    let cancel = Cancel::new();
    let (stdout, out) = tokio::io::duplex(1024);
    let line = "trap 'echo ended > trapped; exit 1' TERM; echo begun; while :; do sleep 0.1; done".to_owned();
    let command = RemoteCommand { line, stdout: Some(Box::new(stdout)), ..RemoteCommand::default() };
    let running = machine.start(command, &cancel).await.unwrap();
    let stop = async {
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).await.unwrap();
        cancel.raise(CancelPhase::Stopping);
    };
    let (ended, ()) = tokio::join!(running, stop);
    assert_eq!(ended, Err(ComponentError::Cancelled));
    // The program on the machine hears of it as well.
    let waited = "for i in $(seq 100); do test -e trapped && exit 0; sleep 0.1; done; exit 1";
    assert_eq!(run(&machine, waited).await.unwrap().status, 0);
    let refused = machine.start(RemoteCommand::default(), &cancel).await.err();
    assert_eq!(refused, Some(ComponentError::Cancelled));
}
