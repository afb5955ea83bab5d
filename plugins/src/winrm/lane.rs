//! One way to the machine's service: an HTTP connection that is logged in, for one request at a time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper_util::client::legacy::connect::HttpInfo;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use reqwest::tls::TlsInfo;
use reqwest::{Client, Response, StatusCode, Url};
use tokio::time::{Instant, sleep_until};

use crate::component::ComponentError;
use crate::io_fault::web_words;
use crate::winrm::fault::Fault;
use crate::winrm::ntlm::{Identity, Login, NEGOTIATE, Nonces, Session, channel_binding};
use crate::winrm::sealed;
use crate::winrm::settings::Settings;

const SOAP: &str = "application/soap+xml;charset=UTF-8";
/// No answer is larger: the service was told a smaller limit.
const MAX_ANSWER: usize = 8 << 20;
/// How often a login is tried on a connection that is replaced in the middle of it.
const LOGINS: usize = 5;
/// The library gives a connection back a moment after the answer was read, by a task of its own. Whoever asks sooner gets
/// another connection, which nobody is logged in on.
const SETTLING: Duration = Duration::from_millis(2);

/// One way to the service.
pub(super) struct Lane {
    settings: Arc<Settings>,
    client: Client,
    endpoint: Url,
    login: Option<LoggedIn>,
    /// When the last answer was read.
    answered: Option<Instant>,
}

/// A login by NTLM. It holds for the connection it was made on and no other.
struct LoggedIn {
    /// What requests are encrypted with; not over TLS.
    session: Option<Session>,
}

impl Lane {
    pub(super) fn new(settings: &Arc<Settings>) -> Result<Self, ComponentError> {
        let endpoint = settings.endpoint()?;
        Ok(Self { settings: settings.clone(), client: settings.client(1)?, endpoint, login: None, answered: None })
    }

    /// Sends one request and gives the text of the answer, which may be that of a fault.
    ///
    /// A lane whose request was not waited for, or failed, is of no use any more.
    pub(super) async fn post(&mut self, text: &str) -> Result<String, Fault> {
        if !self.settings.use_ntlm {
            let request = self.client.post(self.endpoint.clone()).header(CONTENT_TYPE, SOAP);
            let request = request.basic_auth(&self.settings.username, Some(&self.settings.password));
            let response = request.body(text.to_owned()).send().await.map_err(|error| lost(&error))?;
            return self.answer(response).await;
        }
        for _ in 0..LOGINS {
            if self.login.is_none() {
                self.login = Some(self.log_in().await?);
            }
            let response = self.post_logged_in(text).await?;
            if response.status() != StatusCode::UNAUTHORIZED {
                return self.answer(response).await;
            }
            // The connection was replaced by one that nobody is logged in on.
            self.drain(response).await?;
            self.login = None;
        }
        Err(self.unauthorized(""))
    }

    async fn post_logged_in(&mut self, text: &str) -> Result<Response, Fault> {
        self.settle().await;
        let session = self.login.as_mut().and_then(|login| login.session.as_mut());
        let (kind, body) = match session {
            Some(session) => (sealed::CONTENT_TYPE, sealed::seal(session, text)),
            None => (SOAP, text.as_bytes().to_vec()),
        };
        let request = self.client.post(self.endpoint.clone()).header(CONTENT_TYPE, kind).body(body);
        request.send().await.map_err(|error| lost(&error))
    }

    /// The three messages of a login, over one connection.
    async fn log_in(&mut self) -> Result<LoggedIn, Fault> {
        for _ in 0..LOGINS {
            let offered = self.negotiate(&NEGOTIATE).await?;
            let (connection, binding) = (connection(&offered), certificate_binding(&offered));
            let challenge = challenge(&offered);
            self.drain(offered).await?;
            let challenge = challenge.ok_or_else(|| self.unauthorized(" does not offer NTLM"))?;
            let (proof, session) = self.login(binding)?.answer(&challenge)?;
            let accepted = self.negotiate(&proof).await?;
            if connection_changed(connection, &accepted) {
                self.drain(accepted).await?;
                continue;
            }
            if accepted.status() == StatusCode::UNAUTHORIZED {
                return Err(self.unauthorized(""));
            }
            self.drain(accepted).await?;
            let session = (!self.settings.use_ssl).then_some(session);
            return Ok(LoggedIn { session });
        }
        Err(Fault::Lost("the connection does not last for a login".to_owned()))
    }

    fn login(&self, binding: Option<[u8; 16]>) -> Result<Login<'_>, Fault> {
        let mut nonces = Nonces { challenge: [0; 8], key: [0; 16] };
        let filled = getrandom::fill(&mut nonces.challenge).and_then(|()| getrandom::fill(&mut nonces.key));
        filled.map_err(|_| Fault::Ntlm("this system has no random numbers"))?;
        Ok(Login {
            identity: Identity::new(&self.settings.username, &self.settings.password),
            service: format!("HTTP/{}", self.settings.host),
            binding,
            nonces,
            now: jiff::Timestamp::now(),
        })
    }

    /// Waits until the connection can be used again.
    async fn settle(&self) {
        if let Some(answered) = self.answered {
            sleep_until(answered + SETTLING).await;
        }
    }

    async fn negotiate(&self, message: &[u8]) -> Result<Response, Fault> {
        self.settle().await;
        let mut header = HeaderValue::try_from(format!("Negotiate {}", STANDARD.encode(message)))
            .map_err(|_| Fault::Ntlm("the message is no header"))?;
        header.set_sensitive(true);
        let request = self.client.post(self.endpoint.clone()).header(CONTENT_TYPE, SOAP).header(AUTHORIZATION, header);
        request.body(Vec::new()).send().await.map_err(|error| lost(&error))
    }

    async fn answer(&mut self, mut response: Response) -> Result<String, Fault> {
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED {
            return Err(self.unauthorized(""));
        }
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let (is_sealed, is_soap) = (kind.starts_with("multipart/encrypted"), kind.contains("xml"));
        if !status.is_success() && !is_sealed && !is_soap {
            return Err(Fault::Nonsense(format!("HTTP {status}")));
        }
        let body = self.read(&mut response).await?;
        let text = match self.login.as_mut().and_then(|login| login.session.as_mut()) {
            Some(session) if is_sealed => sealed::unseal(session, &body)?,
            // Whoever can answer in clear can answer anything.
            Some(_) if status.is_success() => return Err(Fault::Ntlm("an answer is not encrypted")),
            _ => String::from_utf8(body).map_err(|_| Fault::Nonsense("it is not UTF-8".to_owned()))?,
        };
        // A service that refuses says why.
        if status.is_success() || text.contains("Fault") {
            return Ok(text);
        }
        Err(Fault::Nonsense(format!("HTTP {status}")))
    }

    async fn read(&mut self, response: &mut Response) -> Result<Vec<u8>, Fault> {
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| lost(&error))? {
            body.extend_from_slice(&part);
            if body.len() > MAX_ANSWER {
                return Err(Fault::Nonsense(format!("it is larger than {} MiB", MAX_ANSWER >> 20)));
            }
        }
        self.answered = Some(Instant::now());
        Ok(body)
    }

    /// Reads an answer to its end, so that the connection can be used again.
    async fn drain(&mut self, mut response: Response) -> Result<(), Fault> {
        self.read(&mut response).await.map(drop)
    }

    fn unauthorized(&self, why: &str) -> Fault {
        let Settings { host, port, username, use_ntlm, use_ssl, .. } = &*self.settings;
        if !why.is_empty() {
            return Fault::Unauthorized(format!("{host}:{port}{why}; set winrm_use_ntlm = false or turn it on there"));
        }
        let kind = match (use_ntlm, use_ssl) {
            (true, _) => "NTLM",
            (false, true) => "basic authentication (Auth/Basic)",
            (false, false) => "basic authentication over plain HTTP (Auth/Basic, AllowUnencrypted)",
        };
        Fault::Unauthorized(format!(
            "{host}:{port} does not let {username:?} in with this password. Check winrm_username and winrm_password, \
             and that the machine's WinRM service allows {kind}"
        ))
    }
}

/// Our end of the connection that an answer came over.
fn connection(response: &Response) -> Option<SocketAddr> {
    response.extensions().get::<HttpInfo>().map(HttpInfo::local_addr)
}

fn connection_changed(before: Option<SocketAddr>, response: &Response) -> bool {
    before.zip(connection(response)).is_some_and(|(before, after)| before != after)
}

fn certificate_binding(response: &Response) -> Option<[u8; 16]> {
    let certificate = response.extensions().get::<TlsInfo>()?.peer_certificate()?;
    Some(channel_binding(certificate))
}

/// The server's message in an answer.
fn challenge(response: &Response) -> Option<Vec<u8>> {
    let headers = response.headers().get_all(WWW_AUTHENTICATE).iter();
    let mut messages = headers.filter_map(|header| header.to_str().ok()?.strip_prefix("Negotiate "));
    STANDARD.decode(messages.next()?.trim()).ok()
}

fn lost(error: &reqwest::Error) -> Fault {
    let words = web_words(error);
    let hint = if words.contains("invalid peer certificate") {
        ". Set winrm_insecure = true to take any certificate"
    } else {
        ""
    };
    Fault::Lost(format!("{words}{hint}"))
}
