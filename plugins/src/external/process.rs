//! A plugin's process with one component in it: started, greeted, connected to, and ended when nobody needs it.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::{Cancel, CancelPhase};
use planner::value::quote;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::{oneshot, watch};

use crate::external::fault::{Breakdown, Cause, Identity, PluginFault};
use crate::external::greeting::{Address, Greeting};
use crate::external::leaving::{Leaver, Leaving};
use crate::external::line::Line;
use crate::external::sockets::Sockets;
use crate::external::stderr::{Stderr, Tail};
use crate::memory::MemorySize;
use crate::process::{self, Fence, Invocation, ProcessError};
use crate::pump::Stream;
use crate::scrubber::Scrubber;
use crate::wire::client::Client;
use crate::wire::fault::CallFault;
use crate::wire::mux::Mux;

/// Proves to a plugin that it was not started by hand; the same for all.
const COOKIE: (&str, &str) =
    ("PACKER_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");
/// The stream that the component itself answers on.
const MAIN: u32 = 0;
/// How long a process whose connection is lost may take to be seen to have ended: one that dies loses it a bit earlier.
const LAST_MOMENTS: Duration = Duration::from_millis(500);

/// What to start.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The plugin's name, for messages.
    pub name: String,
    /// Its version, for messages.
    pub version: String,
    /// The plugin's binary.
    pub binary: PathBuf,
    /// Its arguments: `start`, the kind of component, perhaps `--protobuf`, and the component's name. None for a plugin
    /// that is one component.
    pub args: Vec<String>,
    /// Where it runs.
    pub working_dir: Arc<PathBuf>,
    /// The environment, without what is added for plugins.
    pub environment: Arc<BTreeMap<String, String>>,
    /// The ports that it may choose from where it cannot use sockets of the file system.
    pub ports: (u16, u16),
    /// How long it may take to greet us.
    pub patience: Duration,
    /// How much memory it may hold.
    pub memory_limit: Option<MemorySize>,
    /// What ends it should we not be able to.
    pub fence: Fence,
    /// What must not be seen of what it writes.
    pub secrets: Scrubber,
    /// Where it is counted from when it is told to end until it has.
    pub leaving: Leaving,
}

impl Launch {
    fn identity(&self) -> Identity {
        let component = match self.args.as_slice() {
            [_, kind, .., name] => format!("{kind} {}", quote(name)),
            _ => "its only component".to_owned(),
        };
        Identity { name: self.name.clone(), version: self.version.clone(), component }
    }
}

/// A running plugin. The process and everything in its group are killed when this is dropped.
#[derive(Debug)]
pub struct Plugin {
    /// The component's own calls, without a word about the plugin when they fail; see [`Plugin::call`].
    pub client: Client,
    /// Further streams.
    pub mux: Arc<Mux>,
    process: Process,
}

impl Plugin {
    /// Starts the process, waits for its greeting and connects to it.
    ///
    /// That the run is stopping is for calls to tell it; only *killing* ends the process.
    ///
    /// # Errors
    ///
    /// Why that failed. Nothing is left of the process then.
    pub async fn start(launch: &Launch, cancel: &Cancel) -> Result<Self, PluginFault> {
        let (process, line) = Process::start(launch, cancel);
        let connected = tokio::time::timeout(launch.patience, connect(&process, line)).await;
        match connected.unwrap_or(Err(StartFault::Other(Cause::Timeout(launch.patience)))) {
            Ok((mux, client)) => Ok(Self { client, mux, process }),
            Err(StartFault::Other(cause)) => Err(process.condemn(None, cause).await),
            Err(StartFault::Lost(cause)) => Err(process.lose(None, cause).await),
        }
    }

    /// Calls `method` of the component, as in `Builder.Prepare`.
    ///
    /// # Errors
    ///
    /// The component's own error, or what became of the plugin, in words for users.
    pub async fn call<R: DeserializeOwned>(&self, method: &str, arguments: &impl Serialize) -> Result<R, PluginFault> {
        match self.client.call(method, arguments).await {
            Ok(answer) => Ok(answer),
            Err(fault) => Err(self.explain(method, fault).await),
        }
    }

    /// What became of the plugin when a call to it, over whichever of its streams, failed. A plugin that hung up is ended.
    pub async fn explain(&self, method: &str, fault: CallFault) -> PluginFault {
        let (process, call) = (&self.process, Some(method));
        match (fault, self.mux.failure()) {
            (CallFault::Refused(text), _) => PluginFault::Refused(text),
            (CallFault::Answer { reason, .. }, _) => process.broken(call, Cause::Answer(reason)),
            (CallFault::Arguments { reason, .. }, _) => process.broken(call, Cause::Arguments(reason)),
            (CallFault::Closed | CallFault::Io(_), Some(reason)) => process.condemn(call, Cause::Garbled(reason)).await,
            (CallFault::Io(error), None) if is_nonsense(&error) => {
                process.condemn(call, Cause::Garbled(error.to_string())).await
            }
            (CallFault::Closed | CallFault::Io(_), None) => {
                let lost = process.lose(call, Cause::HungUp).await;
                // Whoever reads hears of the end a moment before the reason is written down, and a plugin that is hung up on
                // ends as well as it can.
                match self.mux.failure() {
                    Some(reason) => process.broken(call, Cause::Garbled(reason)),
                    None => lost,
                }
            }
        }
    }

    /// The last lines that it wrote to its standard error.
    pub fn tail(&self) -> Vec<String> {
        self.process.tail.lines()
    }
}

/// Whether something was read that made no sense, as opposed to nothing being read any more.
fn is_nonsense(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::Other)
}

/// Why there is no connection.
enum StartFault {
    /// The process may have ended, which would be the true reason.
    Lost(Cause),
    /// Whatever the process did.
    Other(Cause),
}

/// Waits for the greeting, and makes the connection and the stream of the component's own calls.
async fn connect(process: &Process, line: oneshot::Receiver<String>) -> Result<(Arc<Mux>, Client), StartFault> {
    let line = tokio::select! {
        // A greeting counts, even if the process is gone already.
        biased;
        Ok(line) = line => line,
        _ = process.end() => return Err(StartFault::Lost(Cause::HungUp)),
    };
    let greeting = Greeting::parse(&line).map_err(|fault| StartFault::Other(Cause::Greeting(fault)))?;
    let refused = |error| StartFault::Lost(Cause::Connect(error));
    let mux = reach(&greeting.address, process).await.map_err(refused)?;
    let main = mux.dial(MAIN).await.map_err(refused)?;
    Ok((Arc::new(mux), Client::start(main)))
}

async fn reach(address: &Address, process: &Process) -> std::io::Result<Mux> {
    Ok(match address {
        Address::Unix(path) => {
            let stream = UnixStream::connect(path).await?;
            // Nobody else is to connect, and a plugin that is killed would leave it behind.
            process::remove_socket(path);
            process.sockets.forget();
            let pipes = process.pipes.lock().unwrap_or_else(PoisonError::into_inner).split_off(0);
            Mux::client(Line::new(stream, pipes, process.fence.clone()))
        }
        Address::Tcp(address) => {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Mux::client(stream)
        }
    })
}

type End = Result<ExitStatus, ProcessError>;

/// The process, and the task that attends to it.
#[derive(Debug)]
struct Process {
    identity: Identity,
    memory_limit: Option<MemorySize>,
    tail: Arc<Tail>,
    /// That of the run.
    cancel: Cancel,
    /// Ends the process.
    fate: Cancel,
    end: watch::Receiver<Option<Arc<End>>>,
    leaving: Leaving,
    /// Filled when it is told to end, emptied when it has.
    leaver: Arc<Mutex<Option<Leaver>>>,
    sockets: Sockets,
    /// Copies of our ends of its pipes, until somebody takes them.
    pipes: Arc<Mutex<Vec<OwnedFd>>>,
    fence: Fence,
}

impl Process {
    /// The process, and the first line of its output.
    fn start(launch: &Launch, cancel: &Cancel) -> (Self, oneshot::Receiver<String>) {
        let invocation = invocation(launch);
        let name = launch.binary.file_name().unwrap_or_default().to_string_lossy();
        let mut stderr = Stderr::new(name.into_owned(), launch.secrets.clone());
        let (tail, fate, memory_limit) = (stderr.tail(), cancel.child(), launch.memory_limit);
        let (greeting, line) = oneshot::channel();
        let (ended, end) = watch::channel(None);
        let mut greeting = Some(greeting);
        let (leaver, sockets) = (Arc::new(Mutex::new(None)), Sockets::new());
        let pipes: Arc<Mutex<Vec<OwnedFd>>> = Arc::default();
        let run = {
            let (fate, leaver, sockets, pipes) = (fate.clone(), leaver.clone(), sockets.clone(), pipes.clone());
            async move {
                let mut deliver = |stream: Stream, line: &str| match stream {
                    Stream::Err => stderr.take(line),
                    // Only the first line is for us. Who waited for it may have lost patience.
                    Stream::Out => drop(greeting.take().map(|greeting| {
                        sockets.note_greeting(line);
                        greeting.send(line.to_owned())
                    })),
                };
                let keep = |kept| *pipes.lock().unwrap_or_else(PoisonError::into_inner) = kept;
                let end = process::run_until_killed(&invocation, &mut deliver, &fate, memory_limit, &keep).await;
                sockets.remove(&invocation);
                // The other end is held by whoever holds this task.
                let _ = ended.send(Some(Arc::new(end)));
                leaver.lock().unwrap_or_else(PoisonError::into_inner).take();
            }
        };
        let identity = launch.identity();
        let cancel = cancel.clone();
        // It ends by itself soon after the process has; with the runtime it ends the process.
        drop(tokio::spawn(run));
        let (leaving, fence) = (launch.leaving.clone(), launch.fence.clone());
        (Self { identity, memory_limit, tail, cancel, fate, end, leaving, leaver, sockets, pipes, fence }, line)
    }

    /// Waits for the end, and says how it was.
    async fn end(&self) -> Arc<End> {
        let mut end = self.end.clone();
        let seen = end.wait_for(Option::is_some).await.ok().and_then(|end| end.clone());
        // Only a panic of the task leaves nothing to see.
        seen.unwrap_or_else(|| Arc::new(Err(ProcessError::Cancelled)))
    }

    /// Ends a process that cannot be used. The fault is `cause`.
    async fn condemn(&self, call: Option<&str>, cause: Cause) -> PluginFault {
        self.fate.raise(CancelPhase::Killing);
        // What it wrote is all there after that.
        self.end().await;
        match self.cancel.is_killing() {
            true => PluginFault::Cancelled,
            false => self.broken(call, cause),
        }
    }

    /// Finds out why a connection is lost. The fault is `cause` if the process goes on without it.
    async fn lose(&self, call: Option<&str>, cause: Cause) -> PluginFault {
        let Ok(end) = tokio::time::timeout(LAST_MOMENTS, self.end()).await else {
            return self.condemn(call, cause).await;
        };
        let cause = match (&*end, self.memory_limit) {
            (Ok(status), _) if call.is_none() => Cause::Exited(*status),
            (Ok(status), _) => Cause::Died(*status),
            (Err(ProcessError::Memory { held }), Some(limit)) => Cause::Memory { held: *held, limit },
            (Err(ProcessError::Cancelled), _) if self.cancel.is_killing() => return PluginFault::Cancelled,
            // Another call has found out that it hung up.
            (Err(ProcessError::Cancelled), _) => cause,
            (Err(_), _) => Cause::Process(end),
        };
        self.broken(call, cause)
    }

    fn broken(&self, call: Option<&str>, cause: Cause) -> PluginFault {
        let (plugin, call) = (self.identity.clone(), call.map(str::to_owned));
        PluginFault::Broken(Box::new(Breakdown { plugin, call, cause, tail: self.tail.lines() }))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let mut leaver = self.leaver.lock().unwrap_or_else(PoisonError::into_inner);
        if self.end.borrow().is_none() {
            *leaver = Some(self.leaving.one());
        }
        self.fate.raise(CancelPhase::Killing);
    }
}

/// Plugins have no standard input, as no child of ours has. The SDK never reads it, and what somebody pipes into us must
/// not be eaten by whoever reads first.
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
        fence: launch.fence.clone(),
        secrets: launch.secrets.clone(),
    }
}
