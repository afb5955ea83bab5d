//! Our side: how the tests connect, and what they hear.

use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use async_trait::async_trait;
use engine::Cancel;
use plugins::component::{Communicator, ComponentError, RemoteCommand, Ui};
use plugins::ssh::wait::{Patience, wait_for_ssh};
use plugins::ssh::{Algorithms, Credentials, Detour, Hop, Identity, Settings, SshCommunicator, Transfer, load_key};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use crate::sshd::{PASSWORD, Sshd, USER};

/// Keeps what is said, and answers questions from a list.
#[derive(Default)]
pub(crate) struct Ears {
    said: Mutex<Vec<String>>,
    answers: Mutex<Vec<String>>,
}

impl Ears {
    pub(crate) fn answering(answers: &[&str]) -> Arc<Self> {
        let answers = answers.iter().rev().map(|answer| (*answer).to_owned()).collect();
        Arc::new(Self { answers: Mutex::new(answers), ..Self::default() })
    }

    pub(crate) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    fn push(&self, text: String) {
        self.said.lock().unwrap().push(text);
    }
}

#[async_trait]
impl Ui for Ears {
    fn say(&self, text: &str) {
        self.push(text.to_owned());
    }

    fn message(&self, text: &str) {
        self.push(text.to_owned());
    }

    fn error(&self, text: &str) {
        self.push(format!("error: {text}"));
    }

    fn machine(&self, _: &str, _: &[String]) {}

    async fn ask(&self, query: &str) -> Result<String, ComponentError> {
        self.push(format!("ask: {query}"));
        self.answers.lock().unwrap().pop().ok_or_else(|| ComponentError::new("no available tty"))
    }

    async fn ask_secret(&self, query: &str) -> Result<String, ComponentError> {
        self.push(format!("ask in secret: {query}"));
        self.answers.lock().unwrap().pop().ok_or_else(|| ComponentError::new("no available tty"))
    }
}

/// The server as somewhere to log in to, with a key.
pub(crate) fn hop(sshd: &Sshd) -> Hop {
    Hop {
        host: "127.0.0.1".to_owned(),
        port: sshd.port,
        username: USER.to_owned(),
        credentials: Credentials { identities: vec![identity(&sshd.key())], ..Credentials::default() },
    }
}

pub(crate) fn identity(path: &Path) -> Identity {
    Identity { key: load_key(path).unwrap(), certificate: None }
}

pub(crate) fn with_password() -> Credentials {
    Credentials { password: Some(PASSWORD.to_owned()), ..Credentials::default() }
}

/// How most tests connect.
pub(crate) fn settings(sshd: &Sshd) -> Settings {
    Settings {
        target: hop(sshd),
        detour: Detour::None,
        algorithms: Algorithms::default(),
        forwarded_agent: None,
        pty: false,
        keep_alive: None,
        read_write_timeout: None,
        transfer: Transfer::Scp,
        local_tunnels: Vec::new(),
        remote_tunnels: Vec::new(),
        temporary_dir: std::env::temp_dir(),
    }
}

/// One try is enough: the server is there.
pub(crate) const AT_ONCE: Patience = Patience { timeout: Some(std::time::Duration::from_secs(30)), attempts: Some(1) };

/// Connects, or says why not.
pub(crate) async fn try_connect(settings: &Settings) -> Result<SshCommunicator, String> {
    let ui: Arc<dyn Ui> = Arc::new(Ears::default());
    wait_for_ssh(settings, AT_ONCE, &ui, &Cancel::new()).await.map_err(|error| error.to_string())
}

/// Connects.
pub(crate) async fn connect(settings: &Settings) -> SshCommunicator {
    try_connect(settings).await.unwrap()
}

/// What came of a command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) status: i64,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs a command to its end.
pub(crate) async fn run(machine: &dyn Communicator, line: &str) -> Result<Done, ComponentError> {
    run_with(machine, line, None, &Cancel::new()).await
}

/// Runs a command to its end, with input.
pub(crate) async fn run_with(
    machine: &dyn Communicator,
    line: &str,
    stdin: Option<&'static [u8]>,
    cancel: &Cancel,
) -> Result<Done, ComponentError> {
    let (stdout, mut out) = tokio::io::duplex(64 * 1024);
    let (stderr, mut err) = tokio::io::duplex(64 * 1024);
    let command = RemoteCommand {
        line: line.to_owned(),
        stdin: stdin.map(|bytes| Box::new(bytes) as _),
        stdout: Some(Box::new(stdout)),
        stderr: Some(Box::new(stderr)),
    };
    let running = machine.start(command, cancel).await?;
    let (mut out_bytes, mut err_bytes) = (Vec::new(), Vec::new());
    let (status, out_end, err_end) =
        tokio::join!(running, out.read_to_end(&mut out_bytes), err.read_to_end(&mut err_bytes));
    out_end.unwrap();
    err_end.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Done { status: status?, out: text(out_bytes), err: text(err_bytes) })
}

/// The output of a command that succeeds.
pub(crate) async fn output(machine: &dyn Communicator, line: &str) -> String {
    let done = run(machine, line).await.unwrap();
    assert_eq!((done.status, done.err.as_str()), (0, ""), "{line}");
    done.out
}

/// Zeros without end, which do something once when so many were read.
pub(crate) struct Zeros<A> {
    left: usize,
    act: Option<A>,
}

impl<A: FnOnce() + Unpin> Zeros<A> {
    pub(crate) fn until(left: usize, act: A) -> Self {
        Self { left, act: Some(act) }
    }
}

impl<A: FnOnce() + Unpin> AsyncRead for Zeros<A> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let n_read = buffer.remaining().min(32 * 1024);
        buffer.put_slice(&vec![0; n_read]);
        self.left = self.left.saturating_sub(n_read);
        if self.left == 0
            && let Some(act) = self.act.take()
        {
            act();
        }
        Poll::Ready(Ok(()))
    }
}
