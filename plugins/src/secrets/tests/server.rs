//! A service on this machine that answers as a test wants.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::process::Fence;
use crate::secrets::{Patience, SecretSettings, Services};

/// What came in. Names of headers are lower case.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// What goes out.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A status, headers as text, a body.
    Answer(u16, String, String),
    /// Bytes, for a file.
    File(Vec<u8>),
    /// Nothing, while the server lives.
    Silence,
    /// The connection is closed.
    HangUp,
}

impl Reply {
    pub(crate) fn new(status: u16, body: &str) -> Self {
        Self::Answer(status, String::new(), body.to_owned())
    }
}

type Requests = Arc<Mutex<Vec<Request>>>;

/// A running service.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    requests: Requests,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers with the replies in turn, the last one again and again.
    pub(crate) fn replying(replies: &[Reply]) -> Self {
        let replies = replies.to_vec();
        let mut at = 0;
        Self::start(move |_| {
            at += 1;
            replies[(at - 1).min(replies.len() - 1)].clone()
        })
    }

    pub(crate) fn start(reply: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, ended) = (Requests::default(), Arc::new(AtomicBool::new(false)));
        let (seen, stop) = (requests.clone(), ended.clone());
        let mut reply = reply;
        let thread = std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                held.extend(serve(stream.unwrap(), &mut reply, &seen));
            }
        });
        Self { address, requests, ended, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What came in so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The only request.
    pub(crate) fn request(&self) -> Request {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests[0].clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Answers one request. Gives the connection back if it is to stay open without an answer.
pub(crate) fn serve<S: Read + Write>(
    mut stream: S,
    reply: &mut dyn FnMut(&Request) -> Reply,
    seen: &Requests,
) -> Option<S> {
    let request = read(&mut stream)?;
    seen.lock().unwrap().push(request.clone());
    match reply(&request) {
        Reply::Answer(status, headers, body) => {
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status} Status\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
            );
            None
        }
        Reply::File(bytes) => {
            let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", bytes.len());
            let _ = stream.write_all(&[head.as_bytes(), &bytes].concat());
            None
        }
        Reply::Silence => Some(stream),
        Reply::HangUp => None,
    }
}

fn read(stream: &mut impl Read) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers.get("content-length").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    (!line.is_empty()).then_some(Request { line, headers, body: String::from_utf8(body).unwrap() })
}

/// Clients that hardly wait, with these variables for an environment.
pub(crate) fn services(variables: &[(&str, &str)]) -> Services {
    services_in(Path::new("/nonexistent"), variables)
}

/// The same, with a folder that is home and working directory.
pub(crate) fn services_in(folder: &Path, variables: &[(&str, &str)]) -> Services {
    let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Services::new(SecretSettings {
        environment: Arc::new(environment),
        home: Some(folder.to_owned()),
        working_dir: folder.to_owned(),
        patience: Patience { retry: Duration::from_millis(1), ..Patience::default() },
        fence: Fence::default(),
    })
}

/// The text, or the words of the error.
pub(crate) fn said(result: Result<String, planner::eval::SecretError>) -> String {
    result.unwrap_or_else(|error| format!("error: {error}"))
}

/// An address where nobody listens.
pub(crate) fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
