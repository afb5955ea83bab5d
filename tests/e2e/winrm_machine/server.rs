//! The machine's HTTP service: connections, logins on them, encryption.

use std::convert::Infallible;
use std::future::pending;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

use super::login::{Handshake, Session, Step};
use super::machine::{Answer, State};

/// The machine's certificate, signed by itself.
pub(crate) const CERTIFICATE: &str = include_str!("certificate.pem");
const KEY: &str = include_str!("key.pem");

type Reply = Response<Full<Bytes>>;

/// One connection.
struct Connection {
    state: Arc<State>,
    certificate: Option<CertificateDer<'static>>,
    login: Mutex<Login>,
}

#[derive(Default)]
struct Login {
    handshake: Handshake,
    session: Option<Box<Session>>,
}

/// Serves until it is dropped.
pub(super) async fn serve(listener: TcpListener, state: Arc<State>) {
    let tls = state.setup.tls.then(acceptor);
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (state, tls) = (state.clone(), tls.clone());
        tokio::spawn(async move { accept(stream, state, tls).await });
    }
}

fn acceptor() -> (TlsAcceptor, CertificateDer<'static>) {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into());
    let config = config.with_protocol_versions(rustls::DEFAULT_VERSIONS).unwrap().with_no_client_auth();
    let config = config.with_single_cert(vec![certificate.clone()], key).unwrap();
    (TlsAcceptor::from(Arc::new(config)), certificate)
}

async fn accept(stream: TcpStream, state: Arc<State>, tls: Option<(TlsAcceptor, CertificateDer<'static>)>) {
    let Some((acceptor, certificate)) = tls else { return converse(stream, state, None).await };
    if let Ok(stream) = acceptor.accept(stream).await {
        converse(stream, state, Some(certificate)).await;
    }
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    state: Arc<State>,
    certificate: Option<CertificateDer<'static>>,
) {
    let connection = Arc::new(Connection { state, certificate, login: Mutex::default() });
    let service = service_fn(|request| {
        let connection = connection.clone();
        async move { connection.answer(request).await }
    });
    // A client that leaves is none of our business.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("hang up")]
struct HangUp;

impl From<Infallible> for HangUp {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl Connection {
    async fn answer(&self, request: Request<Incoming>) -> Result<Reply, HangUp> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| HangUp)?.to_bytes();
        let authorization = head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_sealed = head.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/"));
        if let Some(message) = authorization.strip_prefix("Negotiate ").filter(|_| self.state.setup.ntlm) {
            let message = STANDARD.decode(message).map_err(|_| HangUp)?;
            match self.login.lock().unwrap().take(&message, self) {
                Ok(()) if body.is_empty() => return Ok(Response::new(Full::default())),
                Ok(()) => {}
                Err(reply) => return Ok(*reply),
            }
        }
        let basic = self.state.setup.basic && self.state.account().is_basic(authorization);
        let text = self.login.lock().unwrap().open(&body, is_sealed);
        let is_in = basic || self.login.lock().unwrap().session.is_some();
        // Whoever logs in by NTLM has to encrypt, here as on Windows as it comes.
        let is_open = basic || is_sealed || self.certificate.is_some() || self.state.setup.unencrypted;
        let Some(text) = text.filter(|_| is_in && is_open) else { return Ok(self.state.refuse()) };
        let target = head.uri.to_string();
        match self.state.answer(&text, is_sealed, &target).await {
            Answer::HangUp => Err(HangUp),
            Answer::Silence => pending().await,
            Answer::Text(status, text) => {
                let mut login = self.login.lock().unwrap();
                let (kind, body) = match &mut login.session {
                    Some(session) if is_sealed => (SEALED, session.seal(&text)),
                    _ => ("application/soap+xml;charset=UTF-8", text.into_bytes()),
                };
                let reply = Response::builder().status(status).header(CONTENT_TYPE, kind);
                Ok(reply.body(Full::from(body)).unwrap())
            }
        }
    }
}

const SEALED: &str = "multipart/encrypted;protocol=\"application/HTTP-SPNEGO-session-encrypted\";\
                      boundary=\"Encrypted Boundary\"";

impl Login {
    /// Goes on with a login; the error is the answer to give.
    fn take(&mut self, message: &[u8], connection: &Connection) -> Result<(), Box<Reply>> {
        let certificate = connection.certificate.as_deref();
        match self.handshake.take(message, &connection.state.account(), certificate) {
            Step::In(session) => {
                self.session = Some(session);
                Ok(())
            }
            Step::Challenge(challenge) => {
                let header = format!("Negotiate {}", STANDARD.encode(challenge));
                let reply = Response::builder().status(StatusCode::UNAUTHORIZED).header(WWW_AUTHENTICATE, header);
                Err(Box::new(reply.body(Full::from("denied")).unwrap()))
            }
            Step::Refused(why) => {
                connection.state.refused(why);
                Err(Box::new(connection.state.refuse()))
            }
        }
    }

    fn open(&mut self, body: &[u8], is_sealed: bool) -> Option<String> {
        if is_sealed {
            return self.session.as_mut()?.unseal(body);
        }
        String::from_utf8(body.to_vec()).ok().filter(|text| !text.is_empty())
    }
}
