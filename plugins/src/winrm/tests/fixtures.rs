//! Settings for a machine, and commands on it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::Cancel;
use tokio::io::{AsyncReadExt, duplex};

use crate::component::{Communicator, ComponentError, RemoteCommand, Source};
use crate::winrm::tests::winrm_machine::{Machine, Setup};
use crate::winrm::{Proxy, Settings, WinRm};

/// Basic authentication over plain HTTP, as the account of [`Setup::default`].
pub(super) fn settings(machine: &Machine) -> Settings {
    Settings {
        host: "127.0.0.1".to_owned(),
        port: machine.port,
        username: "Administrator".to_owned(),
        password: "correct horse".to_owned(),
        use_ssl: false,
        insecure: false,
        use_ntlm: false,
        proxy: Proxy::Direct,
        timeout: Duration::from_secs(60),
    }
}

/// A machine that works, and the way to it.
pub(super) fn reached() -> (Machine, WinRm) {
    let machine = Machine::start(Setup::default());
    let winrm = WinRm::new(settings(&machine)).unwrap();
    (machine, winrm)
}

/// What a command wrote, and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ran {
    pub(super) status: Result<i64, ComponentError>,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

/// Runs a command to its end.
pub(super) async fn run(winrm: &WinRm, line: &str, stdin: Option<Box<Source<'static>>>, cancel: &Cancel) -> Ran {
    let ((mut stdout, out), (mut stderr, errors)) = (duplex(1 << 16), duplex(1 << 16));
    let command =
        RemoteCommand { line: line.to_owned(), stdin, stdout: Some(Box::new(out)), stderr: Some(Box::new(errors)) };
    let running = match winrm.start(command, cancel).await {
        Ok(running) => running,
        Err(error) => return Ran { status: Err(error), stdout: Vec::new(), stderr: Vec::new() },
    };
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let (status, ..) = tokio::join!(running, stdout.read_to_end(&mut out), stderr.read_to_end(&mut errors));
    Ran { status, stdout: out, stderr: errors }
}

/// What `work` writes to the log.
pub(super) async fn logged<T>(work: impl Future<Output = T>) -> (T, String) {
    use tracing::instrument::WithSubscriber as _;
    let log = Log::default();
    let result = work.with_subscriber(log.clone()).await;
    let text = log.0.lock().unwrap().clone();
    (result, text)
}

/// Takes everything down, whatever the level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        self.0.lock().unwrap().push_str(&format!("{attributes:?}\n"));
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        self.0.lock().unwrap().push_str(&format!("{values:?}\n"));
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        self.0.lock().unwrap().push_str(&format!("{event:?}\n"));
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}
