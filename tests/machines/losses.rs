//! Connections that are lost: between two commands, in a command, in a transfer, and without a word.

use std::time::Duration;

use engine::Cancel;
use plugins::component::{Communicator, DISCONNECTED, FileInfo, RemoteCommand};
use plugins::ssh::{Settings, Transfer};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::relay::Relay;
use crate::sshd::{Sshd, sshd};
use crate::visitor::{Zeros, connect, output, run, settings};

fn through(sshd: &Sshd, relay: &Relay) -> Settings {
    let mut settings = settings(sshd);
    settings.target.port = relay.port;
    settings
}

#[tokio::test]
async fn between_two_commands_it_is_made_anew() {
    let Some(sshd) = sshd("") else { return };
    let relay = Relay::to(sshd.port);
    let machine = connect(&through(&sshd, &relay)).await;
    for _ in 0..3 {
        assert_eq!(output(&machine, "echo here").await, "here\n");
        relay.cut();
    }
    machine.upload("after", &mut b"x".as_slice(), None, &Cancel::new()).await.unwrap();
}

#[tokio::test]
async fn a_server_that_was_restarted_is_found_again() {
    let Some(mut sshd) = sshd("") else { return };
    for transfer in [Transfer::Scp, Transfer::Sftp] {
        let machine = connect(&Settings { transfer, ..settings(&sshd) }).await;
        machine.upload("before", &mut b"x".as_slice(), None, &Cancel::new()).await.unwrap();
        sshd.stop();
        let error = run(&machine, "true").await.unwrap_err().to_string();
        let expected = format!("dial tcp 127.0.0.1:{}: connection refused", sshd.port);
        assert_eq!(error, expected);
        sshd.start();
        assert_eq!(output(&machine, "echo here").await, "here\n");
        machine.upload("after", &mut b"x".as_slice(), None, &Cancel::new()).await.unwrap();
    }
}

#[tokio::test]
async fn in_a_command_it_has_a_status_of_its_own() {
    let Some(sshd) = sshd("") else { return };
    let relay = Relay::to(sshd.port);
    let machine = connect(&through(&sshd, &relay)).await;
    let (stdout, out) = tokio::io::duplex(1024);
    let line = "echo begun; sleep 600".to_owned();
    let command = RemoteCommand { line, stdout: Some(Box::new(stdout)), ..RemoteCommand::default() };
    let running = machine.start(command, &Cancel::new()).await.unwrap();
    let cut = async {
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).await.unwrap();
        relay.cut();
    };
    let (status, ()) = tokio::join!(running, cut);
    assert_eq!(status, Ok(DISCONNECTED));
}

#[tokio::test]
async fn in_a_transfer_it_is_an_error() {
    let Some(sshd) = sshd("") else { return };
    for transfer in [Transfer::Scp, Transfer::Sftp] {
        let relay = std::sync::Arc::new(Relay::to(sshd.port));
        let machine = connect(&Settings { transfer, ..through(&sshd, &relay) }).await;
        let info = FileInfo { name: "f".to_owned(), size: 1 << 40, mode: 0o644, modified: None };
        let wire = relay.clone();
        let mut content = Zeros::until(8 << 20, move || wire.cut());
        let cancel = Cancel::new();
        let sent = machine.upload("large", &mut content, Some(&info), &cancel);
        let error = tokio::time::timeout(Duration::from_secs(60), sent).await.expect("it ends").unwrap_err();
        let said = if transfer == Transfer::Scp { "the connection was lost" } else { "sftp: cannot write large: " };
        assert!(error.to_string().contains(said), "{transfer:?}: {error}");
        machine.upload("after", &mut b"x".as_slice(), None, &Cancel::new()).await.unwrap();
    }
}

/// The machine is gone without a word: whoever is asked now and then and does not answer is given up.
#[tokio::test]
async fn silence_is_noticed() {
    let Some(sshd) = sshd("") else { return };
    let asked = |settings: &mut Settings| settings.keep_alive = Some(Duration::from_millis(50));
    let timed = |settings: &mut Settings| settings.read_write_timeout = Some(Duration::from_millis(500));
    for set in [asked as fn(&mut Settings), timed] {
        let relay = Relay::to(sshd.port);
        let mut settings = through(&sshd, &relay);
        set(&mut settings);
        let machine = connect(&settings).await;
        let line = "sleep 600".to_owned();
        let running = machine.start(RemoteCommand { line, ..RemoteCommand::default() }, &Cancel::new()).await.unwrap();
        relay.fall_silent();
        let status = tokio::time::timeout(Duration::from_secs(60), running).await.expect("it ends");
        assert_eq!(status, Ok(DISCONNECTED));
    }
}
