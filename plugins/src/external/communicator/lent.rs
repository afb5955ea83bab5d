//! The communicator that a plugin's builder lends us.

use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use serde::Serialize;
use serde::de::IgnoredAny;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::copy::{Broken, copy, failure, until_stopped};
use super::exit_status;
use super::messages::{Download, Folder, Start, Upload};
use crate::component::{Communicator, ComponentError, FileInfo, RemoteCommand, Running, Sink, Source};
use crate::wire::client::Client;
use crate::wire::mux::{Listener, Mux};

/// What a command ended with when nobody can say it, as the plugin SDK has it.
const UNKNOWN_STATUS: i64 = 123;

/// A communicator in a plugin.
#[derive(Clone, Debug)]
pub struct LentCommunicator {
    client: Client,
    mux: Arc<Mux>,
}

impl LentCommunicator {
    /// The one whose methods `client` calls, with further streams over `mux`.
    pub fn new(client: Client, mux: Arc<Mux>) -> Self {
        Self { client, mux }
    }

    async fn call(&self, method: &str, arguments: &impl Serialize) -> Result<(), ComponentError> {
        let answer = self.client.call::<IgnoredAny>(method, arguments).await;
        answer.map(|IgnoredAny| ()).map_err(failure)
    }

    /// A stream that the plugin will open, if it is wanted: the id to tell, and where to wait.
    fn door(&self, is_wanted: bool) -> (u32, Option<Listener>) {
        let id = if is_wanted { self.mux.next_id() } else { 0 };
        (id, is_wanted.then(|| self.mux.listen(id)))
    }
}

#[async_trait]
impl Communicator for LentCommunicator {
    async fn start(&self, command: RemoteCommand, cancel: &Cancel) -> Result<Running, ComponentError> {
        let RemoteCommand { line, stdin, stdout, stderr } = command;
        let (stdin_stream_id, stdin_door) = self.door(stdin.is_some());
        let (stdout_stream_id, stdout_door) = self.door(stdout.is_some());
        let (stderr_stream_id, stderr_door) = self.door(stderr.is_some());
        let response_stream_id = self.mux.next_id();
        let response_door = self.mux.listen(response_stream_id);
        let arguments =
            Start { command: line, stdin_stream_id, stdout_stream_id, stderr_stream_id, response_stream_id };
        let conversation = Conversation {
            stdin: stdin.zip(stdin_door),
            stdout: stdout.zip(stdout_door),
            stderr: stderr.zip(stderr_door),
            response: response_door,
        };
        let conversed = conversation.hold(cancel.clone());
        let mut running: Running = Box::pin(conversed);
        // Some communicators say that a command was started only when it has ended, so it is served from the beginning.
        let mut started = pin!(until_stopped(cancel, self.call("Communicator.Start", &arguments)));
        tokio::select! {
            biased;
            started = &mut started => started?,
            end = &mut running => {
                started.await?;
                running = Box::pin(std::future::ready(end));
            }
        }
        Ok(running)
    }

    async fn upload(
        &self,
        path: &str,
        content: &mut Source<'_>,
        info: Option<&FileInfo>,
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        let reader_stream_id = self.mux.next_id();
        let door = self.mux.listen(reader_stream_id);
        let arguments = Upload { path: path.to_owned(), reader_stream_id, file_info: info.map(Into::into) };
        let mut called = pin!(self.call("Communicator.Upload", &arguments));
        let uploaded = async {
            tokio::select! {
                // It may have had enough before all is sent.
                answer = &mut called => return answer,
                sent = send(content, door) => sent?,
            }
            called.await
        };
        until_stopped(cancel, uploaded).await
    }

    async fn download(&self, path: &str, content: &mut Sink<'_>, cancel: &Cancel) -> Result<(), ComponentError> {
        let writer_stream_id = self.mux.next_id();
        let door = self.mux.listen(writer_stream_id);
        let arguments = Download { path: path.to_owned(), writer_stream_id };
        let mut called = pin!(self.call("Communicator.Download", &arguments));
        let downloaded = async {
            let mut stream = tokio::select! {
                stream = door.arrive() => stream.map_err(failure)?,
                answer = &mut called => return answer.and(Err(failure("the plugin answered without a word of the content"))),
            };
            let received = async {
                match copy(&mut stream, content).await {
                    Ok(()) => Ok(None),
                    // The answer, if there is one, knows more.
                    Err(Broken::Source(error)) => Ok(Some(failure(error))),
                    Err(Broken::Sink(error)) => Err(failure(error)),
                }
            };
            let (broken, ()) = tokio::try_join!(received, called)?;
            broken.map_or(Ok(()), Err)
        };
        until_stopped(cancel, downloaded).await
    }

    async fn upload_dir(
        &self,
        to: &str,
        from: &str,
        exclude: &[String],
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        let arguments = Folder { dst: to.to_owned(), src: from.to_owned(), exclude: Some(exclude.to_vec()) };
        until_stopped(cancel, self.call("Communicator.UploadDir", &arguments)).await
    }

    async fn download_dir(
        &self,
        from: &str,
        to: &str,
        exclude: &[String],
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        let arguments = Folder { dst: to.to_owned(), src: from.to_owned(), exclude: Some(exclude.to_vec()) };
        until_stopped(cancel, self.call("Communicator.DownloadDir", &arguments)).await
    }
}

/// Sends all of `content`. That the other side does not take it is no error here, as its answer says why.
async fn send(content: &mut Source<'_>, door: Listener) -> Result<(), ComponentError> {
    let Ok(mut stream) = door.arrive().await else { return Ok(()) };
    match copy(content, &mut stream).await {
        Ok(()) => drop(stream.shutdown().await),
        Err(Broken::Sink(_)) => {}
        // The stream is dropped without an end, so that nobody takes a part for the whole.
        Err(Broken::Source(error)) => return Err(failure(error)),
    }
    Ok(())
}

/// A command's streams, each with the door where the plugin's end of it arrives.
struct Conversation {
    stdin: Option<(Box<Source<'static>>, Listener)>,
    stdout: Option<(Box<Sink<'static>>, Listener)>,
    stderr: Option<(Box<Sink<'static>>, Listener)>,
    response: Listener,
}

impl Conversation {
    /// Moves everything until the command has ended and all it said is delivered.
    async fn hold(self, cancel: Cancel) -> Result<i64, ComponentError> {
        let mut fed = pin!(feed(self.stdin));
        let heard = async {
            let status = async { Ok(status(self.response).await) };
            let ((), (), status) = tokio::try_join!(hear(self.stdout), hear(self.stderr), status)?;
            Ok(status)
        };
        let held = async {
            let mut heard = pin!(heard);
            tokio::select! {
                // It need not read all there is for it.
                end = &mut heard => return end,
                () = &mut fed => {}
            }
            heard.await
        };
        until_stopped(&cancel, held).await
    }
}

/// What the command reads. If it does not want it, that is its affair.
async fn feed(stdin: Option<(Box<Source<'static>>, Listener)>) {
    let Some((mut source, door)) = stdin else { return };
    let Ok(mut stream) = door.arrive().await else { return };
    match copy(&mut *source, &mut stream).await {
        // It would wait for more otherwise.
        Ok(()) => drop(stream.shutdown().await),
        Err(broken) => tracing::debug!("a command's input ends: {broken:?}"),
    }
}

/// What the command writes. A command that nobody hears any more loses its streams.
async fn hear(output: Option<(Box<Sink<'static>>, Listener)>) -> Result<(), ComponentError> {
    let Some((mut sink, door)) = output else { return Ok(()) };
    let mut stream = door.arrive().await.map_err(failure)?;
    match copy(&mut stream, &mut *sink).await {
        Ok(()) => end(&mut *sink).await,
        Err(Broken::Source(error) | Broken::Sink(error)) => Err(failure(error)),
    }
}

async fn end(sink: &mut (impl AsyncWrite + Unpin + ?Sized)) -> Result<(), ComponentError> {
    sink.shutdown().await.map_err(failure)
}

async fn status(response: Listener) -> i64 {
    let status = async {
        let stream = response.arrive().await?;
        exit_status::read(stream).await
    };
    status.await.unwrap_or_else(|error| {
        tracing::debug!("how a command ended is not known: {error}");
        UNKNOWN_STATUS
    })
}
