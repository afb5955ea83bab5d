//! HTTP clients as the environment wants them: certificates, keys, proxies, sockets.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use planner::os_words::os_words;
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Identity, Proxy, Url};

use crate::proxy;
use crate::secrets::answer::words;
use crate::secrets::settings::SecretSettings;

/// The environment does not describe a client.
#[derive(Debug, thiserror::Error)]
pub(super) enum SetupError {
    /// A variable that is neither yes nor no, or no number, or no duration.
    #[error("could not parse {name}")]
    Unreadable {
        /// Which variable.
        name: &'static str,
    },
    /// Not the address of a service.
    #[error("{address:?} is not an address: {reason}")]
    Address {
        /// What it is.
        address: String,
        /// Why not.
        reason: String,
    },
    /// A scheme that nobody speaks.
    #[error("Unknown protocol scheme: {0}")]
    Scheme(String),
    /// A file that cannot be read.
    #[error("Error loading {what} {}: {}", .path.display(), os_words(.source))]
    File {
        /// What should be in it.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Certificates or keys that are none.
    #[error("Couldn't parse PEM in: {0}")]
    Pem(String),
    /// One without the other.
    #[error("both client cert and client key must be provided")]
    HalfIdentity,
    /// Something that would be needed and is not there.
    #[error("{name} is not supported; name the port in the address")]
    Unsupported {
        /// Which variable.
        name: &'static str,
    },
    /// Characters that no header can have.
    #[error("{0} contains non-printable characters and cannot be used")]
    Unprintable(&'static str),
    /// Any other reason.
    #[error("{}", words(.0))]
    Client(#[source] reqwest::Error),
}

/// How a client proves who it is, and whom it believes.
#[derive(Clone, Debug, Default)]
pub(super) struct Tls {
    /// A file of certificates to believe, and nothing else.
    pub(super) ca_file: Option<String>,
    /// The same as text.
    pub(super) ca_text: Option<String>,
    /// The same as a folder of files.
    pub(super) ca_folder: Option<String>,
    /// A file with the client's certificate.
    pub(super) certificate: Option<String>,
    /// A file with its key.
    pub(super) key: Option<String>,
    /// The name that the server's certificate has, if it is not in the address.
    pub(super) server_name: Option<String>,
    /// Believe everybody.
    pub(super) trust_all: bool,
}

/// A client to be.
pub(super) struct Connection<'a> {
    pub(super) settings: &'a SecretSettings,
    pub(super) tls: Tls,
    /// The socket file to talk to, whatever the address.
    pub(super) socket: Option<PathBuf>,
    /// Instead of the proxy that the environment names.
    pub(super) proxy: Option<Proxy>,
    /// How many redirects are followed on its own.
    pub(super) redirects: usize,
    /// How long connecting may take.
    pub(super) connect_timeout: Duration,
}

/// Where requests go.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// The client to use.
    pub(super) client: Client,
    /// Scheme, host and port, and perhaps the start of paths.
    pub(super) base: Url,
    /// What to say in the `Host` header, if it is not the host of the address.
    pub(super) host: Option<String>,
}

impl<'a> Connection<'a> {
    pub(super) fn new(settings: &'a SecretSettings) -> Self {
        Self {
            settings,
            tls: Tls::default(),
            socket: None,
            proxy: None,
            redirects: 0,
            connect_timeout: Duration::from_secs(30),
        }
    }

    /// The client for an address.
    pub(super) fn open(self, mut base: Url) -> Result<Site, SetupError> {
        let roots = self.roots()?;
        let identity = self.identity()?;
        let proxies = match &self.proxy {
            Some(proxy) => vec![proxy.clone()],
            None => proxy::from_environment(&self.settings.environment).map_err(SetupError::Client)?,
        };
        let mut host = None;
        let mut named = None;
        if let Some(name) = &self.tls.server_name {
            // The name is put into the address, and found where the address was.
            let address =
                |reason: io::Error| SetupError::Address { address: base.to_string(), reason: os_words(&reason) };
            named = Some((name.clone(), base.socket_addrs(|| None).map_err(address)?));
            host = base.host_str().map(|host| match base.port() {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            });
            let reason =
                |_| SetupError::Address { address: name.clone(), reason: "it is no name of a host".to_owned() };
            base.set_host(Some(name)).map_err(reason)?;
        }
        let builder = |roots: Option<&[Certificate]>| {
            let mut builder = self.builder(&proxies);
            if let Some(roots) = roots {
                builder = builder.tls_certs_only(roots.iter().cloned());
            }
            if let Some(identity) = &identity {
                builder = builder.identity(identity.clone());
            }
            if let Some((name, addresses)) = &named {
                builder = builder.resolve_to_addrs(name, addresses);
            }
            builder.build()
        };
        let client = match builder(roots.as_deref()) {
            // A system without certificates is good enough for services that have none.
            Err(_) if roots.is_none() && base.scheme() == "http" => builder(Some(&[])),
            built => built,
        };
        Ok(Site { client: client.map_err(SetupError::Client)?, base, host })
    }

    fn builder(&self, proxies: &[Proxy]) -> ClientBuilder {
        let redirects = if self.redirects == 0 { Policy::none() } else { Policy::limited(self.redirects) };
        let builder = Client::builder()
            .user_agent("packer")
            .redirect(redirects)
            .connect_timeout(self.connect_timeout)
            // Every call has a runtime of its own, and connections end with it.
            .pool_max_idle_per_host(0)
            .tls_danger_accept_invalid_certs(self.tls.trust_all)
            .no_proxy();
        let builder = proxies.iter().cloned().fold(builder, ClientBuilder::proxy);
        #[cfg(unix)]
        let builder = match &self.socket {
            Some(socket) => builder.unix_socket(socket.as_path()),
            None => builder,
        };
        builder
    }

    /// The certificates to believe. None for those of the system.
    fn roots(&self) -> Result<Option<Vec<Certificate>>, SetupError> {
        let Tls { ca_file, ca_text, ca_folder, .. } = &self.tls;
        if let Some(file) = ca_file {
            let path = self.settings.path(file);
            return certificates(&read("CA File", &path)?, file).map(Some);
        }
        if let Some(text) = ca_text {
            return certificates(text.as_bytes(), "the certificates given").map(Some);
        }
        let Some(folder) = ca_folder else { return Ok(None) };
        let mut found = Vec::new();
        let mut folders = vec![self.settings.path(folder)];
        while let Some(folder) = folders.pop() {
            let failed = |source| SetupError::File { what: "CA Path", path: folder.clone(), source };
            for entry in std::fs::read_dir(&folder).map_err(failed)? {
                let path = entry.map_err(failed)?.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.extend(certificates(&read("file from CAPath", &path)?, &path.to_string_lossy())?);
                }
            }
        }
        Ok(Some(found))
    }

    fn identity(&self) -> Result<Option<Identity>, SetupError> {
        match (&self.tls.certificate, &self.tls.key) {
            (Some(certificate), Some(key)) => {
                let mut pem = read("client key", &self.settings.path(key))?;
                pem.push(b'\n');
                pem.extend(read("client cert", &self.settings.path(certificate))?);
                Identity::from_pem(&pem).map(Some).map_err(|_| SetupError::Pem(format!("{certificate}, {key}")))
            }
            (None, None) => Ok(None),
            _ => Err(SetupError::HalfIdentity),
        }
    }
}

/// A header whose value is shown nowhere.
pub(super) fn secret_header(value: &str, what: &'static str) -> Result<HeaderValue, SetupError> {
    let printable = Some(value).filter(|value| !value.contains(char::is_control));
    let header = printable.and_then(|value| HeaderValue::try_from(value).ok());
    let mut header = header.ok_or(SetupError::Unprintable(what))?;
    header.set_sensitive(true);
    Ok(header)
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, SetupError> {
    std::fs::read(path).map_err(|source| SetupError::File { what, path: path.to_owned(), source })
}

fn certificates(pem: &[u8], name: &str) -> Result<Vec<Certificate>, SetupError> {
    let found = Certificate::from_pem_bundle(pem).unwrap_or_default();
    if found.is_empty() { Err(SetupError::Pem(name.to_owned())) } else { Ok(found) }
}
