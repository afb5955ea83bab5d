//! Waiting for a machine: what is said, and when it is over.

use std::sync::Arc;
use std::time::Duration;

use engine::{Cancel, CancelPhase};
use plugins::component::{ComponentError, Ui};
use plugins::ssh::wait::{Patience, wait_for_ssh};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::sshd::sshd;
use crate::visitor::{AT_ONCE, Ears, settings};

#[tokio::test]
async fn a_machine_that_is_there() {
    let Some(sshd) = sshd("") else { return };
    let ears = Arc::new(Ears::default());
    let ui: Arc<dyn Ui> = ears.clone();
    wait_for_ssh(&settings(&sshd), AT_ONCE, &ui, &Cancel::new()).await.unwrap();
    let said =
        ["Using SSH communicator to connect: 127.0.0.1", "Waiting for SSH to become available...", "Connected to SSH!"];
    assert_eq!(ears.said(), said);
}

/// Nobody listens, somebody who says nothing, and somebody who says something else.
#[tokio::test]
async fn a_machine_that_does_not_come_in_time() {
    let Some(sshd) = sshd("") else { return };
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let other = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let nobody = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap().port();
    let ports = [silent.local_addr().unwrap().port(), other.local_addr().unwrap().port(), nobody];
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = other.accept().await {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
            stream.shutdown().await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    });
    let reasons = ["", "ssh: handshake failed: ", "connection refused"];
    for (port, reason) in ports.into_iter().zip(reasons) {
        let ears = Arc::new(Ears::default());
        let ui: Arc<dyn Ui> = ears.clone();
        let mut settings = settings(&sshd);
        settings.target.port = port;
        let patience = Patience { timeout: Some(Duration::from_millis(300)), attempts: Some(10) };
        let error = wait_for_ssh(&settings, patience, &ui, &Cancel::new()).await.err().unwrap();
        assert!(error.to_string().starts_with("Timeout waiting for SSH."), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(ears.said()[2..], [format!("error: {error}")]);
    }
}

#[tokio::test]
async fn a_stopped_run_waits_no_longer() {
    let Some(sshd) = sshd("") else { return };
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let mut settings = settings(&sshd);
    settings.target.port = silent.local_addr().unwrap().port();
    let cancel = Cancel::new();
    let ui: Arc<dyn Ui> = Arc::new(Ears::default());
    let patience = Patience { timeout: None, attempts: None };
    let stop = async {
        // It is being talked to.
        let accepted = silent.accept().await.unwrap();
        cancel.raise(CancelPhase::Stopping);
        accepted
    };
    let (ended, _) = tokio::join!(wait_for_ssh(&settings, patience, &ui, &cancel), stop);
    assert_eq!(ended.err(), Some(ComponentError::Cancelled));
}

#[tokio::test]
async fn refusals_are_counted() {
    let Some(sshd) = sshd("") else { return };
    let mut settings = settings(&sshd);
    settings.target.username = "nobody-here".to_owned();
    let ui: Arc<dyn Ui> = Arc::new(Ears::default());
    let patience = Patience { timeout: None, attempts: Some(2) };
    let error = wait_for_ssh(&settings, patience, &ui, &Cancel::new()).await.err().unwrap().to_string();
    assert!(error.starts_with("Error waiting for SSH: Packer experienced an authentication error"), "{error}");
}
