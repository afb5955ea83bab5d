//! The machine: its account, its shells and commands, and what was asked of it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::WWW_AUTHENTICATE;
use hyper::{Response, StatusCode};
use tokio::sync::{Mutex as AsyncMutex, Notify, mpsc, oneshot};
use tokio::task::AbortHandle;

use super::login::Account;
use super::programs::{Disk, Io, Out, run};
use super::{server, soap};

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// So much output is in one answer at most.
const MAX_OUTPUT: usize = 90_000;

/// What kind of machine it is.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) domain: &'static str,
    pub(crate) user: &'static str,
    pub(crate) password: &'static str,
    pub(crate) basic: bool,
    pub(crate) ntlm: bool,
    /// Whether NTLM without encryption is good enough.
    pub(crate) unencrypted: bool,
    pub(crate) tls: bool,
    pub(crate) disk: Disk,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            domain: "",
            user: "Administrator",
            password: "correct horse",
            basic: true,
            ntlm: true,
            unencrypted: false,
            tls: false,
            disk: Disk::default(),
        }
    }
}

/// A request that was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The last word of its action, such as `Create`.
    pub(crate) action: String,
    pub(crate) is_sealed: bool,
    /// What was asked for, whole when it came through a proxy.
    pub(crate) target: String,
    pub(crate) timeout: String,
    /// The command line, with PowerShell's scripts in clear.
    pub(crate) line: String,
    /// Whether the command has a console instead of input.
    pub(crate) console: String,
}

/// What happens to a request instead of its answer.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    None,
    HangUp,
    Silence,
    /// It is answered once this is notified.
    Late(Arc<Notify>),
    Status(u16),
    Fault(&'static str, &'static str),
}

pub(super) enum Answer {
    HangUp,
    Silence,
    Text(u16, String),
}

type Plan = Box<dyn FnMut(&Seen) -> Trouble + Send>;

pub(super) struct State {
    pub(super) setup: Setup,
    plan: Mutex<Plan>,
    seen: Mutex<Vec<Seen>>,
    refusals: Mutex<Vec<&'static str>>,
    shells: Mutex<BTreeMap<String, BTreeMap<String, Arc<Command>>>>,
    terminated: Mutex<usize>,
}

struct Command {
    input: Mutex<Option<mpsc::Sender<Vec<u8>>>>,
    output: AsyncMutex<mpsc::Receiver<Out>>,
    task: AbortHandle,
}

/// A running machine. It is gone when this is dropped.
pub(crate) struct Machine {
    pub(crate) port: u16,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Machine {
    /// One that works.
    pub(crate) fn start(setup: Setup) -> Self {
        Self::with_trouble(setup, |_| Trouble::None)
    }

    /// One that has trouble with some requests.
    pub(crate) fn with_trouble(setup: Setup, plan: impl FnMut(&Seen) -> Trouble + Send + 'static) -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            setup,
            plan: Mutex::new(Box::new(plan)),
            seen: Mutex::default(),
            refusals: Mutex::default(),
            shells: Mutex::default(),
            terminated: Mutex::default(),
        });
        let (stop, stopped) = oneshot::channel();
        let served = state.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    () = server::serve(listener, served) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { port, state, stop: Some(stop), thread: Some(thread) }
    }

    /// What was asked so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().clone()
    }

    /// The actions that were asked for.
    pub(crate) fn actions(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.action).collect()
    }

    /// Why logins by NTLM were refused.
    pub(crate) fn refusals(&self) -> Vec<&'static str> {
        self.state.refusals.lock().unwrap().clone()
    }

    /// How many shells there are.
    pub(crate) fn n_shells(&self) -> usize {
        self.state.shells.lock().unwrap().len()
    }

    /// How many commands were terminated.
    pub(crate) fn n_terminated(&self) -> usize {
        *self.state.terminated.lock().unwrap()
    }

    pub(crate) fn disk(&self) -> &Disk {
        &self.state.setup.disk
    }

    /// Waits until the machine is in some state.
    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !is_so(self) {
            assert!(began.elapsed() < PATIENCE, "never: {what}; {:?}", self.actions());
            std::thread::yield_now();
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl State {
    pub(super) fn account(&self) -> Account {
        let Setup { domain, user, password, .. } = self.setup;
        Account { domain: domain.to_lowercase(), user: user.to_owned(), password: password.to_owned() }
    }

    pub(super) fn refused(&self, why: &'static str) {
        self.refusals.lock().unwrap().push(why);
    }

    pub(super) fn refuse(&self) -> Response<Full<Bytes>> {
        let mut reply = Response::builder().status(StatusCode::UNAUTHORIZED);
        if self.setup.ntlm {
            reply = reply.header(WWW_AUTHENTICATE, "Negotiate");
        }
        if self.setup.basic {
            reply = reply.header(WWW_AUTHENTICATE, "Basic realm=\"WSMAN\"");
        }
        reply.body(Full::default()).unwrap()
    }

    /// Answers a request that was let in.
    pub(super) async fn answer(&self, text: &str, is_sealed: bool, target: &str) -> Answer {
        let action = soap::text(text, "Action").unwrap_or_default();
        let line = soap::text(text, "Command").unwrap_or_default();
        let seen = Seen {
            action: action.rsplit('/').next().unwrap_or_default().to_owned(),
            is_sealed,
            target: target.to_owned(),
            timeout: soap::text(text, "OperationTimeout").unwrap_or_default(),
            line: in_clear(&line),
            console: soap::option(text, "WINRS_CONSOLEMODE_STDIN").unwrap_or_default(),
        };
        self.seen.lock().unwrap().push(seen.clone());
        let trouble = (self.plan.lock().unwrap())(&seen);
        match trouble {
            Trouble::None => {}
            Trouble::HangUp => return Answer::HangUp,
            Trouble::Silence => return Answer::Silence,
            Trouble::Late(now) => now.notified().await,
            Trouble::Status(status) => return Answer::Text(status, "<html>nothing</html>".to_owned()),
            Trouble::Fault(number, why) => return Answer::Text(500, soap::fault(number, "w:Fault", why)),
        }
        match self.serve(&seen, text, &line).await {
            Ok(text) => Answer::Text(200, text),
            Err(fault) => Answer::Text(500, fault),
        }
    }

    async fn serve(&self, seen: &Seen, text: &str, line: &str) -> Result<String, String> {
        if seen.action == "Create" {
            let id = uuid::Uuid::new_v4().to_string().to_uppercase();
            self.shells.lock().unwrap().insert(id.clone(), BTreeMap::new());
            return Ok(soap::created(&id));
        }
        let shell = soap::text(text, "Selector").unwrap_or_default();
        let no_shell = || soap::fault("2150858843", "w:InvalidSelectors", "The shell was not found on the server.");
        let commands = self.shells.lock().unwrap().get(&shell).cloned().ok_or_else(no_shell)?;
        let named = |element: &str| {
            let (attributes, _) = soap::element(text, element)?;
            let id = soap::attribute(attributes, "CommandId")?;
            Some((commands.get(&id)?.clone(), id))
        };
        let no_command = || soap::fault("2150858843", "w:InvalidSelectors", "The command was not found.");
        match seen.action.as_str() {
            "Delete" => {
                self.shells.lock().unwrap().remove(&shell);
                commands.values().for_each(|command| command.task.abort());
                Ok(soap::envelope(""))
            }
            "Command" => {
                let (id, command) = start(line, seen.console == "TRUE", &self.setup.disk);
                if let Some(commands) = self.shells.lock().unwrap().get_mut(&shell) {
                    commands.insert(id.clone(), Arc::new(command));
                }
                Ok(soap::started(&id))
            }
            "Receive" => {
                let (command, id) = named("DesiredStream").ok_or_else(no_command)?;
                receive(&command, &id, &seen.timeout).await
            }
            "Send" => {
                let (command, _) = named("Stream").ok_or_else(no_command)?;
                send(&command, text).await.then(|| soap::envelope("<rsp:SendResponse/>")).ok_or_else(no_command)
            }
            "Signal" => {
                let (command, _) = named("Signal").ok_or_else(no_command)?;
                command.task.abort();
                *self.terminated.lock().unwrap() += 1;
                Ok(soap::envelope("<rsp:SignalResponse/>"))
            }
            other => Err(soap::fault("", "a:ActionNotSupported", other)),
        }
    }
}

fn start(line: &str, console: bool, disk: &Disk) -> (String, Command) {
    let ((input, stdin), (out, output)) = (mpsc::channel(2), mpsc::channel(4));
    let (line, disk) = (in_clear(line), disk.clone());
    let task = tokio::spawn(async move {
        let mut io = Io { stdin, out: out.clone() };
        let status = run(&line, &mut io, &disk).await;
        let _ = out.send(Out::Done(status)).await;
    });
    let input = Mutex::new((!console).then_some(input));
    let command = Command { input, output: AsyncMutex::new(output), task: task.abort_handle() };
    (uuid::Uuid::new_v4().to_string().to_uppercase(), command)
}

async fn receive(command: &Command, id: &str, timeout: &str) -> Result<String, String> {
    let seconds = timeout.trim_start_matches("PT").trim_end_matches('S').parse().unwrap_or(60.0);
    let mut output = command.output.lock().await;
    let first = tokio::time::timeout(Duration::from_secs_f64(seconds), output.recv()).await;
    let Ok(first) = first else {
        return Err(soap::fault("2150858793", "w:TimedOut", "The operation took longer than the time-out."));
    };
    let (mut next, mut streams, mut total, mut status) = (first, Vec::new(), 0, None);
    while let Some(out) = next {
        match out {
            Out::Data(stream, bytes) => {
                total += bytes.len();
                streams.push((stream, bytes));
            }
            Out::Done(code) => status = Some(code),
        }
        next = if total < MAX_OUTPUT && status.is_none() { output.try_recv().ok() } else { None };
    }
    Ok(soap::received(id, &streams, status))
}

/// False when the command does not read any more.
async fn send(command: &Command, text: &str) -> bool {
    let Some((attributes, data)) = soap::element(text, "Stream") else { return false };
    let data = STANDARD.decode(data).unwrap_or_default();
    let input = command.input.lock().unwrap().clone();
    let Some(input) = input else { return false };
    let is_taken = data.is_empty() || input.send(data).await.is_ok();
    if soap::attribute(attributes, "End").as_deref() == Some("true") {
        command.input.lock().unwrap().take();
    }
    is_taken
}

/// A command line with what is encoded in it decoded.
fn in_clear(line: &str) -> String {
    let Some((start, coded)) = line.split_once("-EncodedCommand ") else { return line.to_owned() };
    let bytes = STANDARD.decode(coded.trim()).unwrap_or_default();
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    format!("{start}-EncodedCommand {}", String::from_utf16_lossy(&units))
}
