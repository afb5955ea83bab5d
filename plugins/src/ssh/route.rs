//! The way to a server: straight, through a proxy, or through another server.

use std::future::poll_fn;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tokio_socks::tcp::Socks5Stream;

use super::fault::ConnectFault;
use super::settings::{Proxy, ProxyKind};
use crate::io_fault::os_words;

/// How long reaching a server may take (`sdk: communicator/step_connect_ssh.go`).
const DIAL_TIMEOUT: Duration = Duration::from_secs(15);

/// A way for bytes.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Wire for S {}

/// Connects to `host`, through the proxy if there is one.
///
/// # Errors
///
/// One of them is not reached in time, or refuses.
pub(super) async fn dial(
    host: &str,
    port: u16,
    proxy: Option<&Proxy>,
    patience: Option<Duration>,
) -> Result<Box<dyn Wire>, ConnectFault> {
    let Some(proxy) = proxy else {
        let stream = reach(host, port).await?;
        return Ok(watched(stream, patience));
    };
    let what = format!(
        "{} proxy {}",
        if proxy.kind == ProxyKind::Socks { "SOCKS" } else { "HTTP" },
        address(&proxy.host, proxy.port)
    );
    let stream = reach(&proxy.host, proxy.port).await.map_err(|fault| ConnectFault::new(format!("{what}: {fault}")))?;
    let asked = async {
        match proxy.kind {
            ProxyKind::Socks => through_socks(stream, host, port, proxy).await.map(|stream| watched(stream, patience)),
            ProxyKind::Http => through_http(stream, host, port, proxy).await.map(|stream| watched(stream, patience)),
        }
    };
    match timeout(DIAL_TIMEOUT, asked).await {
        Ok(Ok(wire)) => Ok(wire),
        Ok(Err(words)) => Err(ConnectFault::new(format!("{what}: cannot connect to {}: {words}", address(host, port)))),
        Err(_) => Err(ConnectFault::new(format!("{what}: no answer within {DIAL_TIMEOUT:?}"))),
    }
}

/// `host:port`, an IPv6 address in brackets.
pub(super) fn address(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

async fn reach(host: &str, port: u16) -> Result<TcpStream, ConnectFault> {
    let failed = |words: &str| ConnectFault::new(format!("dial tcp {}: {words}", address(host, port)));
    // An address may stand in the brackets that it has in URLs.
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match timeout(DIAL_TIMEOUT, TcpStream::connect((bare, port))).await {
        Ok(Ok(stream)) => {
            // Small packets go at once: they are what somebody waits for.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "the connection collects small packets");
            }
            Ok(stream)
        }
        Ok(Err(error)) => Err(failed(&os_words(&error))),
        Err(_) => Err(failed("i/o timeout")),
    }
}

/// Ends reads and writes that take longer than `patience`.
fn watched(stream: impl Wire + 'static, patience: Option<Duration>) -> Box<dyn Wire> {
    let Some(patience) = patience else { return Box::new(stream) };
    let mut stream = TimeoutStream::new(stream);
    stream.set_read_timeout(Some(patience));
    stream.set_write_timeout(Some(patience));
    Box::new(Box::pin(stream))
}

async fn through_socks(
    stream: TcpStream,
    host: &str,
    port: u16,
    proxy: &Proxy,
) -> Result<Socks5Stream<TcpStream>, String> {
    let connected = match &proxy.login {
        Some((name, password)) => {
            Socks5Stream::connect_with_password_and_socket(stream, (host, port), name, password).await
        }
        None => Socks5Stream::connect_with_socket(stream, (host, port)).await,
    };
    connected.map_err(|error| error.to_string())
}

async fn through_http(
    stream: TcpStream,
    host: &str,
    port: u16,
    proxy: &Proxy,
) -> Result<TokioIo<hyper::upgrade::Upgraded>, String> {
    let words = |error: hyper::Error| error.to_string();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(words)?;
    // Ends with the connection that it serves.
    tokio::spawn(connection.with_upgrades());
    poll_fn(|context| sender.poll_ready(context)).await.map_err(words)?;
    let target = address(host, port);
    let mut request = hyper::Request::connect(&target).header("Host", &target);
    if let Some((name, password)) = &proxy.login {
        request =
            request.header("Proxy-Authorization", format!("Basic {}", STANDARD.encode(format!("{name}:{password}"))));
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(words)?;
    if !response.status().is_success() {
        return Err(format!("the proxy answers {}", response.status()));
    }
    hyper::upgrade::on(response).await.map(TokioIo::new).map_err(words)
}
