//! A plugin's process with one component in it: started, greeted, connected to, and ended when nobody needs it.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::Cancel;
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::external::greeting::{Address, Greeting, GreetingFault};
use crate::process::{self, Invocation, ProcessError};
use crate::pump::Stream;
use crate::wire::client::Client;
use crate::wire::mux::Mux;

/// Proves to a plugin that it was not started by hand; the same for all.
const COOKIE: (&str, &str) =
    ("PACKER_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");
/// The stream that the component itself answers on.
const MAIN: u32 = 0;
/// How many of the last lines of a plugin's standard error are kept for diagnostics.
const TAIL: usize = 10;

/// What to start.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The plugin's binary.
    pub binary: PathBuf,
    /// Its arguments: `start`, the kind of component, perhaps `--protobuf`, and the component's name.
    pub args: Vec<String>,
    /// Where it runs.
    pub working_dir: Arc<PathBuf>,
    /// The environment, without what is added for plugins.
    pub environment: Arc<BTreeMap<String, String>>,
    /// The ports that it may choose from where it cannot use sockets of the file system.
    pub ports: (u16, u16),
    /// How long it may take to greet us.
    pub patience: Duration,
}

/// Why there is no plugin to talk to. The last lines of its standard error come with [`StartFault::tail`].
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub struct StartFault {
    /// What went wrong.
    pub cause: StartCause,
    /// The last lines that the plugin wrote to its standard error.
    pub tail: Vec<String>,
}

/// What can go wrong with a start.
#[derive(Debug, thiserror::Error)]
pub enum StartCause {
    /// It said nothing for too long.
    #[error("timeout while waiting for plugin to start")]
    Timeout,
    /// It ended first, with this exit status.
    #[error("plugin exited before we could connect")]
    Exited(i32),
    /// The system could not run it.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// What it said is no greeting, or one of another protocol.
    #[error(transparent)]
    Greeting(#[from] GreetingFault),
    /// The connection could not be made.
    #[error("cannot connect to the plugin: {0}")]
    Connect(#[from] std::io::Error),
}

/// A running plugin. The process and everything it started are killed when this is dropped.
#[derive(Debug)]
pub struct Plugin {
    /// The component's own calls.
    pub client: Client,
    /// Further streams.
    pub mux: Arc<Mux>,
    tail: Arc<Tail>,
    process: Process,
}

impl Plugin {
    /// Starts the process, waits for its greeting and connects to it. When the run is stopped, so is the process.
    ///
    /// # Errors
    ///
    /// Why that failed. Nothing is left of the process then.
    pub async fn start(launch: &Launch, cancel: &Cancel) -> Result<Self, StartFault> {
        let tail = Arc::new(Tail::default());
        let failed = |cause: StartCause| StartFault { cause, tail: tail.lines() };
        let (mut process, line) = Process::start(launch, Arc::clone(&tail), cancel.clone());
        let line = tokio::select! {
            // A greeting counts, even if the process is gone already.
            biased;
            Ok(line) = line => line,
            end = &mut process.0 => return Err(failed(end_of(end))),
            () = tokio::time::sleep(launch.patience) => return Err(failed(StartCause::Timeout)),
        };
        let greeting = Greeting::parse(&line).map_err(|fault| failed(fault.into()))?;
        let mux = connect(&greeting.address).await.map_err(|error| failed(error.into()))?;
        let main = mux.dial(MAIN).await.map_err(|error| failed(error.into()))?;
        Ok(Self { client: Client::start(main), mux: Arc::new(mux), tail, process })
    }

    /// The last lines that it wrote to its standard error.
    pub fn tail(&self) -> Vec<String> {
        self.tail.lines()
    }

    /// Waits for its end; how it ended.
    pub async fn ended(&mut self) -> StartCause {
        end_of((&mut self.process.0).await)
    }
}

fn end_of(end: Result<Result<i32, ProcessError>, tokio::task::JoinError>) -> StartCause {
    match end {
        Ok(Ok(status)) => StartCause::Exited(status),
        Ok(Err(error)) => error.into(),
        Err(error) => std::io::Error::other(error).into(),
    }
}

async fn connect(address: &Address) -> std::io::Result<Mux> {
    Ok(match address {
        Address::Unix(path) => Mux::client(UnixStream::connect(path).await?),
        Address::Tcp(address) => {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Mux::client(stream)
        }
    })
}

/// The task that runs the process.
#[derive(Debug)]
struct Process(JoinHandle<Result<i32, ProcessError>>);

impl Process {
    /// The process, and the first line of its output.
    fn start(launch: &Launch, tail: Arc<Tail>, cancel: Cancel) -> (Self, oneshot::Receiver<String>) {
        let invocation = invocation(launch);
        let name = launch.binary.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (greeting, line) = oneshot::channel();
        let mut greeting = Some(greeting);
        let run = async move {
            let mut deliver = |stream: Stream, line: &str| match (stream, greeting.take()) {
                // Who waited for it may have lost patience.
                (Stream::Out, Some(greeting)) => drop(greeting.send(line.to_owned())),
                (Stream::Out, None) => {}
                (Stream::Err, waiting) => {
                    greeting = waiting;
                    tracing::info!("{name} plugin: {line}");
                    tail.push(line);
                }
            };
            process::run(&invocation, &mut deliver, &cancel).await
        };
        (Self(tokio::spawn(run)), line)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // With the task goes the process group.
        self.0.abort();
    }
}

fn invocation(launch: &Launch) -> Invocation {
    let mut environment = launch.environment.as_ref().clone();
    environment.insert(COOKIE.0.to_owned(), COOKIE.1.to_owned());
    environment.insert("PACKER_PLUGIN_MIN_PORT".to_owned(), launch.ports.0.to_string());
    environment.insert("PACKER_PLUGIN_MAX_PORT".to_owned(), launch.ports.1.to_string());
    Invocation {
        program: launch.binary.to_string_lossy().into_owned(),
        args: launch.args.clone(),
        working_dir: Arc::clone(&launch.working_dir),
        environment: Arc::new(environment),
    }
}

/// The last lines of a plugin's standard error.
#[derive(Debug, Default)]
struct Tail(Mutex<VecDeque<String>>);

impl Tail {
    fn push(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push_back(line.to_owned());
        if lines.len() > TAIL {
            lines.pop_front();
        }
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
