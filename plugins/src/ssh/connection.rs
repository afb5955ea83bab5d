//! One connection: made, logged in on, and kept alive.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use russh::client::{Config, Handle, Msg, connect_stream};
use russh::{Channel, Disconnect};
use tokio::time::timeout;

use super::authenticate::authenticate;
use super::client::Client;
use super::fault::{ConnectFault, words};
use super::route::{Wire, address, dial};
use super::settings::{Detour, Hop, Settings};
use crate::component::Ui;

/// How long the two sides may take to agree and to log in (`sdk: communicator/ssh`).
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(60);

/// A silent server is given up after so many questions: a minute, unless the interval is set.
const UNANSWERED: usize = 12;

/// As much as may be on its way to us per channel.
const WINDOW: u32 = 2 * 1024 * 1024;

/// So many packets of a channel wait for their reader before the connection stands still. More than transfers have on their
/// way, who write while they do not read.
const UNREAD: usize = 256;

/// A connection that is logged in. Dropped, it hangs up.
pub(super) struct Connection {
    handle: Handle<Client>,
    /// The connection that carries this one. Closed after it.
    bastion: Option<Handle<Client>>,
    server: Arc<OnceLock<String>>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Connection(closed: {})", self.is_closed())
    }
}

impl Connection {
    /// Connects to the machine and logs in.
    ///
    /// # Errors
    ///
    /// It is not reached, or does not let us in.
    pub(super) async fn open(settings: &Settings, client: Client, ui: &Arc<dyn Ui>) -> Result<Self, ConnectFault> {
        let config = Arc::new(config(settings));
        let target = &settings.target;
        let patience = settings.read_write_timeout;
        let (way, bastion) = match &settings.detour {
            Detour::None => (dial(&target.host, target.port, None, patience).await?, None),
            Detour::Proxy(proxy) => (dial(&target.host, target.port, Some(proxy), patience).await?, None),
            Detour::Bastion(hop) => {
                let (way, handle) = through_bastion(&config, hop, target, patience, ui).await?;
                (way, Some(handle))
            }
        };
        let server = client.server.clone();
        let handle = log_in(&config, way, client, target, ui).await?;
        Ok(Self { handle, bastion, server })
    }

    /// Whether it is of no use any more.
    pub(super) fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// Whether the server is OpenSSH, of which more is known than the protocol promises.
    pub(super) fn is_openssh(&self) -> bool {
        self.server.get().is_some_and(|server| server.contains("OpenSSH"))
    }

    /// Opens a session.
    ///
    /// # Errors
    ///
    /// The connection is lost, or the server allows no more.
    pub(super) async fn session(&self) -> Result<Channel<Msg>, russh::Error> {
        self.handle.channel_open_session().await
    }

    /// Opens a way to `host` from the machine.
    ///
    /// # Errors
    ///
    /// The connection is lost, or the server does not connect.
    pub(super) async fn forward(&self, host: &str, port: u16) -> Result<Channel<Msg>, russh::Error> {
        self.handle.channel_open_direct_tcpip(host, port.into(), "127.0.0.1", 0).await
    }

    /// Has the server listen at `localhost:port`.
    ///
    /// # Errors
    ///
    /// It refuses.
    pub(super) async fn listen(&self, port: u16) -> Result<(), russh::Error> {
        self.handle.tcpip_forward("localhost", port.into()).await.map(drop)
    }

    /// Says goodbye. What is still open ends.
    pub(super) async fn close(&self) {
        for handle in std::iter::once(&self.handle).chain(&self.bastion) {
            // It may be gone already, which is as good.
            let _ = handle.disconnect(Disconnect::ByApplication, "", "").await;
        }
    }
}

fn config(settings: &Settings) -> Config {
    Config {
        preferred: settings.algorithms.preferred(),
        window_size: WINDOW,
        channel_buffer_size: UNREAD,
        keepalive_interval: settings.keep_alive,
        keepalive_max: UNANSWERED,
        nodelay: true,
        ..Config::default()
    }
}

async fn log_in(
    config: &Arc<Config>,
    way: Box<dyn Wire>,
    client: Client,
    hop: &Hop,
    ui: &Arc<dyn Ui>,
) -> Result<Handle<Client>, ConnectFault> {
    let failed = |words: &str| ConnectFault::new(format!("ssh: handshake failed: {words}"));
    let greeted = timeout(HANDSHAKE_TIMEOUT, connect_stream(config.clone(), way, client)).await;
    let mut handle = match greeted {
        Ok(Ok(handle)) => handle,
        Ok(Err(error)) => return Err(ConnectFault::greeting(&error)),
        Err(_) => return Err(failed(&format!("timeout: {} does not answer", address(&hop.host, hop.port)))),
    };
    // Whoever has to be asked may take their time.
    let patience = if hop.credentials.interactive { Duration::from_secs(3600) } else { HANDSHAKE_TIMEOUT };
    match timeout(patience, authenticate(&mut handle, hop, ui)).await {
        Ok(Ok(())) => Ok(handle),
        Ok(Err(fault)) => Err(fault),
        Err(_) => Err(failed("timeout: the server does not say whether it lets us in")),
    }
}

async fn through_bastion(
    config: &Arc<Config>,
    hop: &Hop,
    target: &Hop,
    patience: Option<Duration>,
    ui: &Arc<dyn Ui>,
) -> Result<(Box<dyn Wire>, Handle<Client>), ConnectFault> {
    let name = format!("bastion {}", address(&hop.host, hop.port));
    let way = dial(&hop.host, hop.port, None, patience).await.map_err(|fault| fault.of(&name))?;
    let handle = log_in(config, way, Client::default(), hop, ui).await.map_err(|fault| fault.of(&name))?;
    let channel = handle.channel_open_direct_tcpip(&target.host, target.port.into(), "127.0.0.1", 0).await;
    match channel {
        Ok(channel) => Ok((Box::new(channel.into_stream()), handle)),
        Err(error) => {
            let target = address(&target.host, target.port);
            Err(ConnectFault::new(format!("cannot connect to {target}: {}", words(&error))).of(&name))
        }
    }
}
