//! Ports of this machine that lead through the connection.

use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::fault::ConnectFault;
use super::pool::Pool;
use super::settings::Tunnel;
use crate::io_fault::os_words;

/// Open ports. Closed when dropped.
#[derive(Debug, Default)]
pub(super) struct Tunnels {
    listeners: JoinSet<()>,
}

impl Tunnels {
    /// Listens to all of them. Each connection takes the way that the pool has at that time.
    ///
    /// # Errors
    ///
    /// A port that is taken.
    pub(super) async fn open(tunnels: &[Tunnel], pool: &Arc<Pool>) -> Result<Self, ConnectFault> {
        let mut listeners = JoinSet::new();
        for tunnel in tunnels {
            let listener = TcpListener::bind(("127.0.0.1", tunnel.listen)).await.map_err(|error| {
                ConnectFault::Hopeless(format!(
                    "ssh_local_tunnels: cannot listen on localhost:{}: {}",
                    tunnel.listen,
                    os_words(&error)
                ))
            })?;
            listeners.spawn(serve(listener, tunnel.clone(), pool.clone()));
        }
        Ok(Self { listeners })
    }

    /// Closes the ports, and waits until they are free.
    pub(super) async fn close(&mut self) {
        self.listeners.shutdown().await;
    }
}

async fn serve(listener: TcpListener, tunnel: Tunnel, pool: Arc<Pool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(carry(stream, tunnel.clone(), pool.clone()));
                }
                Err(error) => tracing::warn!(%error, port = tunnel.listen, "a tunnel does not accept a connection"),
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn carry(mut stream: tokio::net::TcpStream, tunnel: Tunnel, pool: Arc<Pool>) {
    let channel = match pool.forward(&tunnel.host, tunnel.port).await {
        Ok(channel) => channel,
        Err(fault) => {
            tracing::warn!(%fault, host = tunnel.host, port = tunnel.port, "a tunnel's end is not reachable");
            return;
        }
    };
    if let Err(error) = copy_bidirectional(&mut stream, &mut channel.into_stream()).await {
        tracing::debug!(%error, "a tunnelled connection ended early");
    }
}
