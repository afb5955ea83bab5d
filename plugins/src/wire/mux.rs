//! Many streams over one connection: yamux, and the ids by which both sides find each other's streams.
//!
//! Whoever opens a stream writes its id, 32 bits with the lowest byte first; whoever waits for that id answers with the
//! same four bytes. An id nobody waits for within five seconds is given up.

use std::error::Error as _;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio_util::compat::TokioAsyncReadCompatExt;
use yamux::{Config, Connection, ConnectionError, Mode};

use crate::wire::doors::Doors;
use crate::wire::socket::Socket;
use crate::wire::stream::Stream;

/// How long a stream waits to be asked for, and the other way round.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most that is sent in one frame. A longer one costs less, but nothing else gets through meanwhile.
const FRAME: usize = 64 << 10;
/// With the crate's limit of a gibibyte for all windows this leaves each of them at its first size: Go's yamux may send a
/// whole window in one frame, and longer frames are refused.
const MAX_STREAMS: usize = 4096;

type Opened = oneshot::Sender<io::Result<yamux::Stream>>;

/// A connection with many streams. It ends when it is dropped.
#[derive(Debug)]
pub struct Mux {
    open: mpsc::UnboundedSender<Opened>,
    doors: Arc<Doors>,
    last_id: AtomicU32,
    failure: Arc<OnceLock<String>>,
}

impl Mux {
    /// Takes over `connection`, to which the other side is the server. Must be called in a tokio runtime.
    pub fn client(connection: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        Self::start(connection, Mode::Client)
    }

    /// Takes over `connection`, to which the other side is the client. Must be called in a tokio runtime.
    pub fn server(connection: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        Self::start(connection, Mode::Server)
    }

    fn start(connection: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, mode: Mode) -> Self {
        let mut config = Config::default();
        config.set_max_num_streams(MAX_STREAMS);
        config.set_split_send_size(FRAME);
        let connection = Connection::new(Socket::new(connection).compat(), config, mode);
        let (open, requests) = mpsc::unbounded_channel();
        let doors = Arc::new(Doors::default());
        let failure = Arc::default();
        tokio::spawn(drive(connection, requests, Arc::clone(&doors), Arc::clone(&failure)));
        Self { open, doors, last_id: AtomicU32::new(0), failure }
    }

    /// What of the other side's words could not be understood, if the connection is over because of that.
    pub fn failure(&self) -> Option<String> {
        self.failure.get().cloned()
    }

    /// An id that no stream of this side had before.
    pub fn next_id(&self) -> u32 {
        self.last_id.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Opens stream `id`, which the other side waits for.
    ///
    /// # Errors
    ///
    /// When the connection is over, or the other side does not take the stream.
    pub async fn dial(&self, id: u32) -> io::Result<Stream> {
        let (opened, stream) = oneshot::channel();
        self.open.send(opened).map_err(|_| closed())?;
        let mut stream = Stream::new(stream.await.map_err(|_| closed())??);
        stream.write_all(&id.to_le_bytes()).await?;
        stream.flush().await?;
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).await?;
        match u32::from_le_bytes(answer) == id {
            true => Ok(stream),
            false => Err(io::Error::new(io::ErrorKind::InvalidData, "the other side answered for another stream")),
        }
    }

    /// Waits for stream `id` from now on: tell the other side the id after this.
    pub fn listen(&self, id: u32) -> Listener {
        Listener { id, stream: self.doors.expect(id), doors: Arc::clone(&self.doors) }
    }
}

/// A stream that the other side will open.
#[derive(Debug)]
pub struct Listener {
    id: u32,
    stream: oneshot::Receiver<Stream>,
    doors: Arc<Doors>,
}

impl Listener {
    /// The stream, once it is there.
    ///
    /// # Errors
    ///
    /// When it does not come in time, or the connection is over.
    pub async fn accept(self) -> io::Result<Stream> {
        let stream = tokio::time::timeout(PATIENCE, self.arrive()).await;
        stream.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }

    /// The stream, however long it takes: for who learns in another way that it will not come.
    ///
    /// # Errors
    ///
    /// When the connection is over.
    pub async fn arrive(mut self) -> io::Result<Stream> {
        let mut stream = (&mut self.stream).await.map_err(|_| closed())?;
        stream.write_all(&self.id.to_le_bytes()).await?;
        stream.flush().await?;
        Ok(stream)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.doors.forget(self.id);
    }
}

/// Moves the connection on until it ends or nobody has use for it.
async fn drive<C>(
    mut connection: Connection<C>,
    mut requests: mpsc::UnboundedReceiver<Opened>,
    doors: Arc<Doors>,
    failure: Arc<OnceLock<String>>,
) where
    C: futures_io::AsyncRead + futures_io::AsyncWrite + Unpin,
{
    let mut wanted: Option<Opened> = None;
    let ended = std::future::poll_fn(|context| {
        loop {
            if wanted.is_none()
                && let Poll::Ready(request) = requests.poll_recv(context)
            {
                let Some(request) = request else { return Poll::Ready(Ok(())) };
                wanted = Some(request);
            }
            if let Some(request) = wanted.take() {
                match connection.poll_new_outbound(context) {
                    Poll::Ready(stream) => {
                        // Who asked may have gone.
                        let _ = request.send(stream.map_err(io::Error::other));
                        continue;
                    }
                    Poll::Pending => wanted = Some(request),
                }
            }
            match connection.poll_next_inbound(context) {
                Poll::Ready(Some(Ok(stream))) => {
                    tokio::spawn(announce(Stream::new(stream), Arc::clone(&doors)));
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
    });
    if let Err(error) = ended.await {
        tracing::debug!("the connection to a plugin failed: {error}");
        if let Some(reason) = nonsense(&error) {
            failure.get_or_init(|| reason);
        }
    }
    doors.close();
    // What was written until now still goes out, as far as the other side takes it. The crate's own way to close a
    // connection would wait for it without an end, and leave those waiting who still have streams.
    std::future::poll_fn(|context| {
        let _ = connection.poll_next_inbound(context);
        Poll::Ready(())
    })
    .await;
}

/// What the other side did wrong, unless all it did is end.
fn nonsense(error: &ConnectionError) -> Option<String> {
    let cause = std::iter::successors(error.source(), |error| (*error).source()).find(|cause| cause.is::<io::Error>());
    match error {
        ConnectionError::Io(_) | ConnectionError::Closed => None,
        error => cause.is_none().then(|| error.to_string()),
    }
}

/// Brings a stream that the other side opened to who waits for it, or leaves it for a while.
async fn announce(mut stream: Stream, doors: Arc<Doors>) {
    let mut id = [0; 4];
    if stream.read_exact(&mut id).await.is_err() {
        return;
    }
    let id = u32::from_le_bytes(id);
    if !doors.arrived(id, stream) {
        tokio::time::sleep(PATIENCE).await;
        doors.expire(id);
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the connection is over")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Mux, Mux) {
        let (near, far) = tokio::io::duplex(1 << 16);
        (Mux::client(near), Mux::server(far))
    }

    #[tokio::test]
    async fn streams_find_each_other_by_id() {
        let (near, far) = pair();
        let listener = far.listen(7);
        let late = near.next_id();
        let (first, second) = tokio::join!(near.dial(7), listener.accept());
        let (mut first, mut second) = (first.unwrap(), second.unwrap());
        first.write_all(b"to the server").await.unwrap();
        first.shutdown().await.unwrap();
        let mut text = String::new();
        second.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "to the server");
        // The other way round, the stream being there before anyone asks for it.
        let dialled = tokio::spawn(async move { far.dial(late).await.map(|stream| (stream, far)) });
        tokio::task::yield_now().await;
        let _accepted = near.listen(late).accept().await.unwrap();
        assert!(dialled.await.unwrap().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_comes_is_given_up() {
        let (near, far) = pair();
        assert_eq!(near.listen(1).accept().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        // Nobody asks for the second stream, which ends.
        assert!(far.dial(2).await.is_err());
        drop(far);
        assert!(near.dial(3).await.is_err());
    }

    #[tokio::test]
    async fn very_many_streams_are_open_at_once() {
        let (near, far) = pair();
        let listeners: Vec<Listener> = (0..1000).map(|id| far.listen(id)).collect();
        let near = Arc::new(near);
        let dialled: Vec<_> = (0..1000)
            .map(|id| {
                tokio::spawn({
                    let near = Arc::clone(&near);
                    async move { near.dial(id).await }
                })
            })
            .collect();
        let mut streams = Vec::new();
        for listener in listeners {
            streams.push(listener.accept().await.unwrap());
        }
        for dialled in dialled {
            streams.push(dialled.await.unwrap().unwrap());
        }
        assert_eq!(streams.len(), 2000);
    }
}
