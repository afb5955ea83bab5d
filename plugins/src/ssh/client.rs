//! What we answer to servers: any host key will do, and channels that they open lead to where they were ordered to.

use std::sync::{Arc, OnceLock};

use russh::client::{ChannelOpenHandle, Handler, Msg, Session};
use russh::keys::PublicKeyOrCertificate;
use russh::{Channel, ChannelOpenFailure, Names};
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::TcpStream;

use super::agent;
use super::settings::Tunnel;

/// Our side of one connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Client {
    /// The agent's socket, when the machine may use it.
    pub(super) agent: Option<Arc<str>>,
    /// Where the machine's ports lead.
    pub(super) tunnels: Arc<[Tunnel]>,
    /// What the server calls itself, once it has.
    pub(super) server: Arc<OnceLock<String>>,
}

impl Handler for Client {
    type Error = russh::Error;

    /// Machines are new, so that nobody can know their keys.
    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        Ok(true)
    }

    async fn kex_done(&mut self, _: Option<&[u8]>, _: &Names, session: &mut Session) -> Result<(), Self::Error> {
        self.server.get_or_init(|| String::from_utf8_lossy(session.remote_sshid()).into_owned());
        Ok(())
    }

    async fn auth_banner(&mut self, banner: &str, _: &mut Session) -> Result<(), Self::Error> {
        tracing::debug!(banner, "the server greets");
        Ok(())
    }

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        channel: Channel<Msg>,
        _: &str,
        port: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        let Some(tunnel) = self.tunnels.iter().find(|tunnel| u32::from(tunnel.listen) == port).cloned() else {
            reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
            return Ok(());
        };
        // Connecting takes a while, and nothing else moves on the connection until this returns.
        tokio::spawn(async move {
            match TcpStream::connect((tunnel.host.as_str(), tunnel.port)).await {
                Ok(stream) => {
                    reply.accept().await;
                    bridge(channel, stream).await;
                }
                Err(error) => {
                    tracing::warn!(%error, host = tunnel.host, port = tunnel.port, "a tunnel's end is not reachable");
                    reply.reject(ChannelOpenFailure::ConnectFailed).await;
                }
            }
        });
        Ok(())
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        let Some(path) = self.agent.clone() else {
            reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
            return Ok(());
        };
        tokio::spawn(async move {
            match agent::connect(&path).await {
                Ok(socket) => {
                    reply.accept().await;
                    bridge(channel, socket).await;
                }
                Err(error) => {
                    tracing::warn!(%error, %path, "the agent is not reachable");
                    reply.reject(ChannelOpenFailure::ConnectFailed).await;
                }
            }
        });
        Ok(())
    }
}

/// Carries bytes both ways until both sides have ended.
async fn bridge(channel: Channel<Msg>, mut other: impl AsyncRead + AsyncWrite + Unpin) {
    if let Err(error) = copy_bidirectional(&mut channel.into_stream(), &mut other).await {
        tracing::debug!(%error, "a forwarded connection ended early");
    }
}
