//! One side goes in the middle: the other side learns of it, and nothing waits for what cannot come.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use engine::Cancel;
use plugins::component::{ComponentError, RemoteCommand};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};

use super::host::{Machine, handed_on, provision};
use super::memory_machine::MemoryMachine;
use crate::tester::Sdk;

const LOST: &str = "connection is shut down";

#[tokio::test]
async fn a_builder_that_goes_takes_its_machine_with_it() {
    for kind in ["crash", "panic", "close", "garbage"] {
        for (method, config) in [
            ("command", json!({ "run": ["true"] })),
            ("upload", json!({ "upload": [{ "size": "64MiB", "destination": "x" }] })),
            ("download", json!({ "download": [{ "source": "x" }] })),
            ("uploaddir", json!({ "upload_dir": [{ "source": "/x", "destination": "x" }] })),
            ("downloaddir", json!({ "download_dir": [{ "source": "x", "destination": "/x" }] })),
        ] {
            let Some(machine) = Machine::boot(Sdk::New, &[&format!("{kind}:{method}")]).await else { return };
            let (result, _) = provision(Sdk::New, config, machine.communicator.clone()).await.unwrap();
            assert!(result.is_err(), "{kind} {method}");
            assert!(machine.finish().await.is_err());
        }
    }
}

#[tokio::test]
async fn a_command_does_not_outlive_its_builder() {
    let Some(machine) = Machine::boot(Sdk::New, &["crash:upload"]).await else { return };
    let relayed = handed_on(machine.communicator.clone()).await;
    let (cancel, mut endings) = (Cancel::new(), Vec::new());
    for communicator in [&machine.communicator, &relayed] {
        for stdout in [None, Some(Box::new(tokio::io::sink()) as _)] {
            let command = RemoteCommand { line: "sleep 600".to_owned(), stdout, ..RemoteCommand::default() };
            endings.push(communicator.start(command, &cancel).await.unwrap());
        }
    }
    let uploaded = relayed.upload("x", &mut &b"x"[..], None, &cancel).await;
    assert_eq!(uploaded, Err(ComponentError::new(LOST)));
    for ending in endings {
        // The plugin SDK has a number for that; where output was wanted, it is known to be cut off.
        assert_ne!(ending.await, Ok(0));
    }
    assert!(machine.finish().await.is_err());
}

#[tokio::test]
async fn a_provisioner_that_goes_leaves_the_machine_alone() {
    for kind in ["crash", "panic", "close", "garbage"] {
        let Some(machine) = Machine::boot(Sdk::New, &[]).await else { return };
        let config = json!({ "faults": [format!("{kind}:provision")] });
        let (result, _) = provision(Sdk::New, config, machine.communicator.clone()).await.unwrap();
        assert!(result.is_err(), "{kind}");
        // Others go on.
        machine.communicator.upload("x", &mut &b"x"[..], None, &Cancel::new()).await.unwrap();
        machine.finish().await.unwrap();
    }
}

/// Gives some bytes, then fails.
struct Broken(usize);

impl AsyncRead for Broken {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.0 == 0 {
            return Poll::Ready(Err(io::Error::other("the disk is gone")));
        }
        let len = self.0.min(into.remaining());
        into.initialize_unfilled_to(len).fill(7);
        into.advance(len);
        self.0 -= len;
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_part_of_a_file_is_never_taken_for_all_of_it() {
    let machine = Arc::new(MemoryMachine::default());
    let relayed = handed_on(handed_on(machine.clone()).await).await;
    for len in [0, 1, 1 << 20] {
        let uploaded = relayed.upload("x", &mut Broken(len), None, &Cancel::new()).await;
        assert_eq!(uploaded, Err(ComponentError::new("the disk is gone")));
    }
    // What the machine was doing with it is over when the next file has come.
    relayed.upload("y", &mut &b"y"[..], None, &Cancel::new()).await.unwrap();
    assert!(!machine.files.lock().unwrap().contains_key("x"));

    let Some(machine) = Machine::boot(Sdk::New, &[]).await else { return };
    let uploaded = machine.communicator.upload("x", &mut Broken(1 << 20), None, &Cancel::new()).await;
    assert_eq!(uploaded, Err(ComponentError::new("the disk is gone")));
    machine.finish().await.unwrap();
}

#[tokio::test]
async fn nobody_hears_a_command_that_goes_on_and_it_ends() {
    let Some(machine) = Machine::boot(Sdk::New, &[]).await else { return };
    for communicator in [machine.communicator.clone(), handed_on(machine.communicator.clone()).await] {
        let (mut heard, stdout) = tokio::io::duplex(1 << 10);
        let command = RemoteCommand {
            line: "while echo again; do :; done; echo over > over".to_owned(),
            stdout: Some(Box::new(stdout)),
            ..RemoteCommand::default()
        };
        let running = tokio::spawn(communicator.start(command, &Cancel::new()).await.unwrap());
        heard.shutdown().await.unwrap();
        drop(heard);
        assert!(running.await.unwrap().is_err());
    }
    machine.finish().await.unwrap();
}
