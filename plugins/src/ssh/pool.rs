//! The connections to one machine: one as a rule, a few when a server allows only so many sessions on each, another one
//! when the first is lost.

use std::sync::Arc;
use std::time::Duration;

use russh::Channel;
use russh::client::Msg;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::channel::{FAREWELL, Host, Session};
use super::client::Client;
use super::connection::Connection;
use super::fault::{ConnectFault, words};
use super::settings::Settings;
use crate::component::Ui;

/// More connections are not opened; whoever wants another session waits for one to end. OpenSSH allows ten sessions on
/// each.
const MAX_CONNECTIONS: usize = 8;

/// How long a port of the machine may take to become free.
const PORT_PATIENCE: Duration = Duration::from_secs(5);
const BETWEEN_TRIES: Duration = Duration::from_millis(250);

/// The connections to one machine.
pub(super) struct Pool {
    settings: Settings,
    ui: Arc<dyn Ui>,
    connections: Mutex<Vec<Arc<Connection>>>,
    host: Arc<Host>,
}

impl Pool {
    /// Connects.
    ///
    /// # Errors
    ///
    /// The machine is not reached, or does not let us in.
    pub(super) async fn open(settings: Settings, ui: Arc<dyn Ui>) -> Result<Self, ConnectFault> {
        let pool = Self { settings, ui, connections: Mutex::default(), host: Arc::default() };
        let first = pool.connect(true).await?;
        pool.connections.lock().await.push(Arc::new(first));
        Ok(pool)
    }

    /// What is connected to.
    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Opens a session.
    ///
    /// # Errors
    ///
    /// The machine is not reached any more.
    pub(super) async fn session(&self) -> Result<Session, ConnectFault> {
        let (channel, connection) = self.channel().await?;
        Ok(Session::new(channel, connection, self.host.clone()))
    }

    /// Opens the channel of a session, over a new connection when the old ones are lost or full. The connection is to be
    /// kept as long as the channel is used.
    ///
    /// # Errors
    ///
    /// The machine is not reached any more.
    pub(super) async fn channel(&self) -> Result<(Channel<Msg>, Arc<Connection>), ConnectFault> {
        loop {
            let freed = self.host.freed.notified();
            let mut connections = self.connections.lock().await;
            connections.retain(|connection| !connection.is_closed());
            for connection in connections.iter() {
                match connection.session().await {
                    Ok(channel) => return Ok((channel, connection.clone())),
                    Err(error) => tracing::debug!(%error, "a connection takes no session"),
                }
            }
            connections.retain(|connection| !connection.is_closed());
            if connections.len() >= MAX_CONNECTIONS {
                drop(connections);
                freed.await;
                continue;
            }
            let connection = Arc::new(self.connect(connections.is_empty()).await?);
            let opened = connection.session().await;
            let channel =
                opened.map_err(|error| ConnectFault::new(format!("the server opens no session: {}", words(&error))))?;
            connections.push(connection.clone());
            return Ok((channel, connection));
        }
    }

    /// Opens a way from the machine to `host`.
    ///
    /// # Errors
    ///
    /// There is none.
    pub(super) async fn forward(&self, host: &str, port: u16) -> Result<Channel<Msg>, ConnectFault> {
        let first = self.connections.lock().await.iter().find(|connection| !connection.is_closed()).cloned();
        let Some(connection) = first else { return Err(ConnectFault::new("the connection was lost")) };
        connection.forward(host, port).await.map_err(|error| ConnectFault::new(words(&error)))
    }

    /// Hangs up, once sessions have ended that are about to.
    pub(super) async fn close(&self) {
        self.host.farewells.close();
        let _ = tokio::time::timeout(FAREWELL, self.host.farewells.wait()).await;
        self.host.farewells.reopen();
        for connection in self.connections.lock().await.drain(..) {
            connection.close().await;
        }
    }

    /// The first connection carries the machine's ports as well.
    async fn connect(&self, first: bool) -> Result<Connection, ConnectFault> {
        let client = Client {
            agent: self.settings.forwarded_agent.as_deref().map(Arc::from),
            tunnels: self.settings.remote_tunnels.clone().into(),
            server: Arc::default(),
        };
        let connection = Connection::open(&self.settings, client, &self.ui).await?;
        if first {
            for tunnel in &self.settings.remote_tunnels {
                listen(&connection, tunnel.listen).await?;
            }
        }
        Ok(connection)
    }
}

/// Has the machine listen. Where a connection was lost, its server may not have noticed yet, and hold the port.
async fn listen(connection: &Connection, port: u16) -> Result<(), ConnectFault> {
    let until = Instant::now() + PORT_PATIENCE;
    loop {
        let Err(error) = connection.listen(port).await else { return Ok(()) };
        if connection.is_closed() || Instant::now() >= until {
            return Err(ConnectFault::Hopeless(format!(
                "ssh_remote_tunnels: the machine does not listen on localhost:{port}: {}",
                words(&error)
            )));
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
}
