//! The agent that holds keys for us: reaching its socket.

use tokio::io::{AsyncRead, AsyncWrite};

/// A connection to an agent.
pub(super) trait AgentSocket: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> AgentSocket for S {}

/// Connects to the agent at `path`, as `SSH_AUTH_SOCK` names it.
///
/// # Errors
///
/// Nobody listens there.
#[cfg(unix)]
pub(super) async fn connect(path: &str) -> std::io::Result<Box<dyn AgentSocket>> {
    Ok(Box::new(tokio::net::UnixStream::connect(path).await?))
}

/// Connects to the agent at `path`, a named pipe.
///
/// # Errors
///
/// Nobody listens there.
#[cfg(windows)]
pub(super) async fn connect(path: &str) -> std::io::Result<Box<dyn AgentSocket>> {
    Ok(Box::new(tokio::net::windows::named_pipe::ClientOptions::new().open(path)?))
}
