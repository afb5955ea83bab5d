//! Calls of Go's `net/rpc` over one stream: any number at a time, answers in any order.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};

use crate::wire::fault::CallFault;
use crate::wire::text::lossy;
use crate::wire::values::Values;

/// What stands before the arguments of a call.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RequestHead {
    pub(super) service_method: String,
    pub(super) seq: u64,
}

/// What stands before a result.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ResponseHead {
    pub(super) service_method: String,
    pub(super) seq: u64,
    /// Empty when all went well.
    #[serde(deserialize_with = "lossy")]
    pub(super) error: String,
}

/// The calling end of a stream. The stream ends when the last copy is dropped.
#[derive(Clone, Debug)]
pub struct Client {
    requests: mpsc::UnboundedSender<Bytes>,
    calls: Arc<Calls>,
}

impl Client {
    /// Takes over `stream`. Must be called in a tokio runtime.
    pub fn start(stream: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        let (source, sink) = tokio::io::split(stream);
        let (requests, queue) = mpsc::unbounded_channel();
        let calls = Arc::new(Calls::default());
        tokio::spawn(send(sink, queue));
        tokio::spawn(receive(source, Arc::clone(&calls)));
        Self { requests, calls }
    }

    /// Calls `method`, as in `Builder.Prepare`. Dropped, it leaves the call running over there.
    ///
    /// # Errors
    ///
    /// The other side's error, or why there is no answer.
    pub async fn call<R: DeserializeOwned>(&self, method: &str, arguments: &impl Serialize) -> Result<R, CallFault> {
        let body = self.call_packed(method, arguments).await?;
        rmp_serde::from_slice(&body)
            .map_err(|error| CallFault::Answer { method: method.to_owned(), reason: error.to_string() })
    }

    /// Like [`Client::call`], for an answer that is passed on as it is: one MessagePack value.
    ///
    /// # Errors
    ///
    /// The other side's error, or why there is no answer.
    pub async fn call_packed(&self, method: &str, arguments: &impl Serialize) -> Result<Bytes, CallFault> {
        let (seq, answer) = self.calls.begin()?;
        let head = RequestHead { service_method: method.to_owned(), seq };
        let refused = |reason: rmp_serde::encode::Error| {
            self.calls.take(seq);
            CallFault::Arguments { method: method.to_owned(), reason: reason.to_string() }
        };
        let request = [encode(&head).map_err(refused)?, encode(arguments).map_err(refused)?].concat();
        self.requests.send(request.into()).map_err(|_| self.calls.over())?;
        answer.await.map_err(|_| self.calls.over())?.map_err(CallFault::Refused)
    }
}

/// A call of `method` without arguments, numbered `seq`, as it is sent.
///
/// # Errors
///
/// Never: all of it has a form.
pub fn request(method: &str, seq: u64) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    let head = RequestHead { service_method: method.to_owned(), seq };
    Ok([encode(&head)?, encode(&())?].concat())
}

/// `value` as Go's codec writes it: structures as maps.
pub(super) fn encode(value: &impl Serialize) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    let mut bytes = Vec::new();
    value.serialize(&mut rmp_serde::Serializer::new(&mut bytes).with_struct_map())?;
    Ok(bytes)
}

type Answer = Result<Bytes, String>;

/// The calls without an answer yet; none any more once the stream is over.
#[derive(Debug)]
struct Calls {
    pending: Mutex<Option<Pending>>,
    /// Why the stream is over, if reading failed.
    failure: OnceLock<io::Error>,
}

#[derive(Debug, Default)]
struct Pending {
    last: u64,
    waiting: HashMap<u64, oneshot::Sender<Answer>>,
}

impl Default for Calls {
    fn default() -> Self {
        Self { pending: Mutex::new(Some(Pending::default())), failure: OnceLock::new() }
    }
}

impl Calls {
    fn lock(&self) -> MutexGuard<'_, Option<Pending>> {
        // Nothing that could panic runs while it is held.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) -> Result<(u64, oneshot::Receiver<Answer>), CallFault> {
        let mut pending = self.lock();
        let pending = pending.as_mut().ok_or_else(|| self.over())?;
        let (sender, receiver) = oneshot::channel();
        pending.last += 1;
        pending.waiting.insert(pending.last, sender);
        Ok((pending.last, receiver))
    }

    fn take(&self, seq: u64) -> Option<oneshot::Sender<Answer>> {
        self.lock().as_mut()?.waiting.remove(&seq)
    }

    fn close(&self, failure: Option<io::Error>) {
        if let Some(failure) = failure {
            self.failure.get_or_init(|| failure);
        }
        *self.lock() = None;
    }

    /// What a call is answered with once the stream is over.
    fn over(&self) -> CallFault {
        match self.failure.get() {
            Some(failure) => io::Error::new(failure.kind(), failure.to_string()).into(),
            None => CallFault::Closed,
        }
    }
}

async fn send(mut sink: impl AsyncWrite + Unpin, mut queue: mpsc::UnboundedReceiver<Bytes>) {
    while let Some(request) = queue.recv().await {
        if sink.write_all(&request).await.is_err() || sink.flush().await.is_err() {
            return;
        }
    }
    // Tells the other side that no more calls come; if it is gone, it need not be told.
    let _ = sink.shutdown().await;
}

async fn receive(source: impl AsyncRead + Unpin, calls: Arc<Calls>) {
    let mut values = Values::new(source);
    let failure = receive_all(&mut values, &calls).await.err();
    if let Some(error) = &failure {
        tracing::debug!("a plugin's answers end: {error}");
    }
    // A stream that is lost is one that is over.
    calls.close(failure.filter(|error| error.kind() != io::ErrorKind::ConnectionReset));
}

async fn receive_all(values: &mut Values<impl AsyncRead + Unpin>, calls: &Calls) -> io::Result<()> {
    while let Some(head) = values.next().await? {
        let head: ResponseHead = rmp_serde::from_slice(&head).map_err(io::Error::other)?;
        let body = values.next().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let answer = if head.error.is_empty() { Ok(body) } else { Err(head.error) };
        if let Some(waiting) = calls.take(head.seq) {
            // Who called may have gone.
            let _ = waiting.send(answer);
        }
    }
    Ok(())
}
