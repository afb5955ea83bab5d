//! A wire between us and a server, that can be cut, or fall silent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::proxies::on_each;

/// A wire.
pub(crate) struct Relay {
    pub(crate) port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    cut: Notify,
    silent: AtomicBool,
}

impl Relay {
    /// A wire to `port`.
    pub(crate) fn to(port: u16) -> Self {
        let state = Arc::new(State::default());
        let held = state.clone();
        let own = on_each(move |stream| {
            let state = held.clone();
            async move {
                // A server that is not there is one that hangs up.
                if let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await {
                    carry(stream, server, state).await;
                }
            }
        });
        Self { port: own, state }
    }

    /// Cuts all connections. New ones are carried.
    pub(crate) fn cut(&self) {
        self.state.cut.notify_waiters();
    }

    /// Carries nothing any more, without saying so.
    pub(crate) fn fall_silent(&self) {
        self.state.silent.store(true, Ordering::SeqCst);
    }
}

async fn carry(one: TcpStream, other: TcpStream, state: Arc<State>) {
    let cut = state.cut.notified();
    let (one_read, one_write) = one.into_split();
    let (other_read, other_write) = other.into_split();
    tokio::select! {
        () = cut => {}
        () = pump(one_read, other_write, &state) => {}
        () = pump(other_read, one_write, &state) => {}
    }
}

async fn pump(mut from: tokio::net::tcp::OwnedReadHalf, mut to: tokio::net::tcp::OwnedWriteHalf, state: &State) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(_) if state.silent.load(Ordering::SeqCst) => {}
            Ok(n_read) => {
                if to.write_all(&buffer[..n_read]).await.is_err() {
                    return;
                }
            }
        }
    }
}
