//! The answering end of a stream with calls of Go's `net/rpc`. Calls run at the same time, as Go runs them.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::wire::client::{RequestHead, ResponseHead, encode};
use crate::wire::values::Values;

/// What answers calls.
#[async_trait]
pub trait Service: Send + Sync {
    /// Answers `method`, as in `Ui.Say`.
    ///
    /// # Errors
    ///
    /// In words for the other side.
    async fn call(&self, method: &str, arguments: Arguments) -> Result<Reply, String>;
}

/// The arguments of a call.
#[derive(Clone, Debug)]
pub struct Arguments(Bytes);

impl Arguments {
    /// As what the method takes.
    ///
    /// # Errors
    ///
    /// When they are something else.
    pub fn read<A: DeserializeOwned>(&self) -> Result<A, String> {
        rmp_serde::from_slice(&self.0).map_err(|error| format!("cannot read the arguments: {error}"))
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply(Vec<u8>);

impl Reply {
    /// A value in MessagePack as an answer.
    pub fn packed(value: impl Into<Vec<u8>>) -> Self {
        Self(value.into())
    }

    /// `value` as an answer.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn new(value: &impl Serialize) -> Result<Self, String> {
        encode(value).map(Self).map_err(|error| format!("cannot write the answer: {error}"))
    }
}

/// Answers the calls that come over `stream` until it ends. What still runs then is dropped.
pub async fn serve(stream: impl AsyncRead + AsyncWrite + Send + 'static, service: Arc<dyn Service>) {
    let (source, sink) = tokio::io::split(stream);
    let (answers, queue) = mpsc::unbounded_channel();
    let mut running = JoinSet::new();
    running.spawn(send(sink, queue));
    let mut values = Values::new(source);
    let ended = loop {
        match next_call(&mut values).await {
            Ok(Some((head, arguments))) => {
                running.spawn(answer(Arc::clone(&service), head, arguments, answers.clone()));
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
        // Takes the ended ones off the list.
        while running.try_join_next().is_some() {}
    };
    if let Err(error) = ended {
        tracing::debug!("a plugin's calls end: {error}");
    }
}

async fn next_call(values: &mut Values<impl AsyncRead + Unpin>) -> std::io::Result<Option<(RequestHead, Arguments)>> {
    let Some(head) = values.next().await? else { return Ok(None) };
    let head: RequestHead = rmp_serde::from_slice(&head).map_err(std::io::Error::other)?;
    let arguments = values.next().await?.ok_or(std::io::ErrorKind::UnexpectedEof)?;
    Ok(Some((head, Arguments(arguments))))
}

async fn answer(
    service: Arc<dyn Service>,
    head: RequestHead,
    arguments: Arguments,
    answers: mpsc::UnboundedSender<Vec<u8>>,
) {
    let RequestHead { service_method, seq } = head;
    let (error, body) = match service.call(&service_method, arguments).await {
        Ok(Reply(body)) => (String::new(), body),
        // Go's server sends an empty structure with an error.
        Err(error) => (error, vec![0x80]),
    };
    let head = ResponseHead { service_method, seq, error };
    match encode(&head) {
        // Nobody listens any more when this fails.
        Ok(head) => drop(answers.send([head, body].concat())),
        Err(error) => tracing::debug!("an answer to a plugin cannot be written: {error}"),
    }
}

async fn send(mut sink: impl AsyncWrite + Unpin, mut queue: mpsc::UnboundedReceiver<Vec<u8>>) {
    while let Some(answer) = queue.recv().await {
        if sink.write_all(&answer).await.is_err() || sink.flush().await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::wire::client::Client;
    use crate::wire::fault::CallFault;

    struct Echo;

    #[async_trait]
    impl Service for Echo {
        async fn call(&self, method: &str, arguments: Arguments) -> Result<Reply, String> {
            match method {
                "Echo.Say" => Reply::new(&arguments.read::<String>()?),
                "Echo.Later" => {
                    tokio::time::sleep(Duration::from_secs(arguments.read()?)).await;
                    Reply::new(&"later")
                }
                _ => Err(format!("rpc: can't find method {method}")),
            }
        }
    }

    fn client() -> Client {
        let (near, far) = tokio::io::duplex(64);
        tokio::spawn(serve(far, Arc::new(Echo)));
        Client::start(near)
    }

    #[tokio::test(start_paused = true)]
    async fn calls_overtake_each_other() {
        let client = client();
        let slow = client.call::<String>("Echo.Later", &3600);
        let quick = async {
            for text in ["", "é", &"long ".repeat(10_000)] {
                assert_eq!(client.call::<String>("Echo.Say", &text).await.unwrap(), text);
            }
            tokio::time::Instant::now()
        };
        let started = tokio::time::Instant::now();
        let (slow, quick) = tokio::join!(slow, quick);
        assert_eq!(slow.unwrap(), "later");
        assert!(quick.duration_since(started) < Duration::from_secs(3600));
    }

    #[tokio::test]
    async fn errors_come_back_in_words() {
        let client = client();
        let text = |fault: CallFault| fault.to_string();
        let missing = client.call::<String>("Echo.None", &()).await.map_err(text);
        assert_eq!(missing, Err("rpc: can't find method Echo.None".to_owned()));
        assert!(client.call::<String>("Echo.Say", &1).await.is_err_and(|fault| matches!(fault, CallFault::Refused(_))));
        assert!(
            client.call::<u64>("Echo.Say", &"x").await.is_err_and(|fault| matches!(fault, CallFault::Answer { .. }))
        );
    }

    #[tokio::test]
    async fn a_stream_that_ends_ends_the_calls_on_it() {
        let (near, far) = tokio::io::duplex(64);
        let client = Client::start(near);
        let call = client.call::<String>("Echo.Say", &"x");
        let (fault, ()) = tokio::join!(call, async { drop(far) });
        assert!(fault.is_err());
        assert!(matches!(client.call::<String>("Echo.Say", &"x").await, Err(CallFault::Closed)));
    }
}
