//! The options of SSH.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use russh::keys::decode_secret_key;

use crate::component::ComponentContext;
use crate::config::{Fields, is_placeholder};
use crate::ssh::wait::Patience;
use crate::ssh::{
    Algorithms, Credentials, Detour, Hop, Identity, KeyPair, KeyType, Proxy, ProxyKind, Settings, Transfer, Tunnel,
    load_certificate, load_key,
};

/// How often a silent machine is asked whether it is there (`sdk: communicator/config.go`).
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// The port of SOCKS proxies.
const PROXY_PORT: u16 = 1080;

/// A key pair to make for the build.
#[derive(Clone, Debug)]
pub(super) struct Temporary {
    pub(super) name: String,
    pub(super) ty: KeyType,
    pub(super) bits: Option<u32>,
}

/// What is known about the machine.
#[derive(Debug)]
pub(super) struct SshOptions {
    /// Everything but a key that is yet to be made.
    pub(super) settings: Settings,
    pub(super) patience: Patience,
    /// Whether an agent is to be used, which is there or not when the machine is reached.
    pub(super) agent_auth: bool,
    pub(super) bastion_agent_auth: bool,
    /// The agent's socket.
    pub(super) agent: Option<String>,
    pub(super) key_file: String,
    pub(super) public_key: String,
    pub(super) private_key: String,
    pub(super) temporary: Option<Temporary>,
    pub(super) clear_authorized_keys: bool,
}

/// Takes and checks the options.
pub(super) fn read_ssh(fields: &mut Fields<'_>) -> SshOptions {
    let agent = fields.context().environment.get("SSH_AUTH_SOCK").filter(|path| !path.is_empty()).cloned();
    let username = fields.text("ssh_username");
    if username.is_empty() {
        fields.fault(
            "An ssh_username must be specified\n  Note: some builders used to default ssh_username to \"root\".",
        );
    }
    let file = fields.text("ssh_private_key_file");
    let identity = read_identity(fields, "ssh_private_key_file", "ssh_certificate_file");
    let private_key = bytes(fields, "ssh_private_key");
    let identities = identity.iter().cloned().chain(given_key(fields, &private_key)).collect();
    let credentials =
        Credentials { agent: None, identities, password: password(fields, "ssh_password"), interactive: false };
    let target = Hop { host: fields.text("ssh_host"), port: port(fields, "ssh_port", 22), username, credentials };
    let algorithms = Algorithms::named(&fields.texts("ssh_key_exchange_algorithms"), &fields.texts("ssh_ciphers"));
    let settings = Settings {
        target,
        detour: read_detour(fields, identity),
        algorithms: algorithms.unwrap_or_else(|fault| {
            fields.fault(fault);
            Algorithms::default()
        }),
        forwarded_agent: agent.clone().filter(|_| !fields.flag("ssh_disable_agent_forwarding")),
        pty: fields.flag("ssh_pty"),
        keep_alive: keep_alive(fields),
        read_write_timeout: positive(fields, "ssh_read_write_timeout"),
        transfer: read_transfer(fields),
        local_tunnels: read_tunnels(fields, "ssh_local_tunnels"),
        remote_tunnels: read_tunnels(fields, "ssh_remote_tunnels"),
        temporary_dir: fields.context().temporary_dir(),
    };
    SshOptions {
        settings,
        patience: read_patience(fields),
        agent_auth: fields.flag("ssh_agent_auth"),
        bastion_agent_auth: fields.flag("ssh_bastion_agent_auth"),
        agent,
        key_file: file,
        public_key: bytes(fields, "ssh_public_key"),
        private_key,
        temporary: read_temporary(fields),
        clear_authorized_keys: fields.flag("ssh_clear_authorized_keys"),
    }
}

fn password(fields: &mut Fields<'_>, name: &str) -> Option<String> {
    Some(fields.text(name)).filter(|password| !password.is_empty())
}

/// A port, or `default` when there is none.
pub(super) fn port(fields: &mut Fields<'_>, name: &str, default: u16) -> u16 {
    let number = fields.whole(name);
    match u16::try_from(number) {
        Ok(0) => default,
        Ok(port) => port,
        Err(_) => {
            fields.fault(format!("{name} must be a port number, 1 to 65535; it is {number}"));
            default
        }
    }
}

/// A duration above zero; the library of durations has no others but zero and below, which mean "none".
pub(super) fn positive(fields: &mut Fields<'_>, name: &str) -> Option<Duration> {
    fields.duration(name).map(|duration| duration.to_std()).filter(|duration| !duration.is_zero())
}

/// Unset and zero are the default; below zero turns it off.
fn keep_alive(fields: &mut Fields<'_>) -> Option<Duration> {
    let off = fields.text("ssh_keep_alive_interval").trim_start().starts_with('-');
    let interval = positive(fields, "ssh_keep_alive_interval");
    if off { None } else { Some(interval.unwrap_or(KEEP_ALIVE)) }
}

fn read_patience(fields: &mut Fields<'_>) -> Patience {
    let old = positive(fields, "ssh_wait_timeout");
    let timeout = positive(fields, "ssh_timeout");
    let attempts = u32::try_from(fields.whole("ssh_handshake_attempts")).ok().filter(|attempts| *attempts > 0);
    let patience = Patience::of(timeout, attempts);
    // The old name wins, after the defaults.
    Patience { timeout: old.or(patience.timeout), ..patience }
}

fn read_transfer(fields: &mut Fields<'_>) -> Transfer {
    let method = fields.text("ssh_file_transfer_method");
    match method.as_str() {
        "" | "scp" => Transfer::Scp,
        "sftp" => Transfer::Sftp,
        later if is_placeholder(later) => Transfer::Scp,
        _ => {
            fields.fault(format!("ssh_file_transfer_method ('{method}') is invalid, valid methods: sftp, scp"));
            Transfer::Scp
        }
    }
}

fn read_tunnels(fields: &mut Fields<'_>, name: &str) -> Vec<Tunnel> {
    let texts = fields.texts(name);
    let mut tunnels = Vec::with_capacity(texts.len());
    for text in texts.iter().filter(|text| !is_placeholder(text)) {
        match Tunnel::parse(text) {
            Ok(tunnel) => tunnels.push(tunnel),
            Err(reason) => fields.fault(format!("{name} ('{text}') is invalid: {reason}")),
        }
    }
    tunnels
}

/// The key pair to make, if one of its options is set and there is no other key.
fn read_temporary(fields: &mut Fields<'_>) -> Option<Temporary> {
    let (name, ty) = (fields.text("temporary_key_pair_name"), fields.text("temporary_key_pair_type"));
    let bits = fields.whole("temporary_key_pair_bits");
    let named = KeyType::named(&ty);
    if named.is_none() && !is_placeholder(&ty) {
        fields.fault(format!(
            "{ty} is not a valid temporary_key_pair_type: possible algorithm types are `dsa` | `ecdsa` | `ed25519` | `rsa`"
        ));
    }
    let wanted = !(name.is_empty() && ty.is_empty() && bits == 0);
    let ty = named.unwrap_or_default();
    let bits = u32::try_from(bits).ok().filter(|bits| *bits > 0);
    if let Some(Err(fault)) = bits.map(|bits| KeyPair::check_bits(ty, bits)) {
        fields.fault(format!("temporary_key_pair_bits: {fault}"));
    }
    let name = if name.is_empty() { format!("packer_{}", uuid::Uuid::new_v4()) } else { name };
    wanted.then_some(Temporary { name, ty, bits })
}

/// Bastions and proxies. `own` is the machine's key, which a bastion without one takes over.
fn read_detour(fields: &mut Fields<'_>, own: Option<Identity>) -> Detour {
    let (bastion, proxy) = (fields.text("ssh_bastion_host"), fields.text("ssh_proxy_host"));
    if fields.text("ssh_bastion_private_key_file").is_empty() && !fields.text("ssh_bastion_certificate_file").is_empty()
    {
        fields.fault("ssh_bastion_private_key_file must be specified if ssh_bastion_certificate_file is specified");
    }
    if !bastion.is_empty() && !proxy.is_empty() {
        fields.fault("please specify either ssh_bastion_host or ssh_proxy_host, not both");
    }
    if !bastion.is_empty() {
        return Detour::Bastion(read_bastion(fields, bastion, own));
    }
    if proxy.is_empty() { Detour::None } else { Detour::Proxy(read_proxy(fields, &proxy)) }
}

fn read_bastion(fields: &mut Fields<'_>, host: String, own: Option<Identity>) -> Hop {
    let file = fields.text("ssh_bastion_private_key_file");
    let identity = if file.is_empty() {
        own
    } else {
        read_identity(fields, "ssh_bastion_private_key_file", "ssh_bastion_certificate_file")
    };
    let password = password(fields, "ssh_bastion_password");
    let interactive = fields.flag("ssh_bastion_interactive");
    let inherited = !fields.text("ssh_private_key_file").is_empty();
    if !fields.flag("ssh_bastion_agent_auth") && file.is_empty() && password.is_none() && !inherited && !interactive {
        fields.fault("ssh_bastion_password, ssh_bastion_private_key_file or ssh_bastion_agent_auth must be specified");
    }
    let credentials = Credentials { agent: None, identities: identity.into_iter().collect(), password, interactive };
    let username = fields.text("ssh_bastion_username");
    Hop { host, port: port(fields, "ssh_bastion_port", 22), username, credentials }
}

/// A proxy is one of SOCKS, unless it is named with `http://`.
fn read_proxy(fields: &mut Fields<'_>, named: &str) -> Proxy {
    let (kind, host) = match named.split_once("://") {
        None => (ProxyKind::Socks, named),
        Some(("socks5" | "socks5h", host)) => (ProxyKind::Socks, host),
        Some(("http", host)) => (ProxyKind::Http, host),
        Some((scheme, host)) => {
            fields.fault(format!(
                "ssh_proxy_host: proxies of kind {scheme} are not supported; name a SOCKS5 proxy, or an HTTP proxy with http://"
            ));
            (ProxyKind::Socks, host)
        }
    };
    let username = fields.text("ssh_proxy_username");
    let password = fields.text("ssh_proxy_password");
    Proxy {
        kind,
        host: host.trim_end_matches('/').to_owned(),
        port: port(fields, "ssh_proxy_port", PROXY_PORT),
        login: (!username.is_empty()).then_some((username, password)),
    }
}

/// The key and certificate of these two options.
fn read_identity(fields: &mut Fields<'_>, key: &str, certificate: &str) -> Option<Identity> {
    let (key_file, certificate_file) = (fields.text(key), fields.text(certificate));
    if key_file.is_empty() && !certificate_file.is_empty() {
        fields.fault(format!("{key} must be specified if {certificate} is specified"));
    }
    if key_file.is_empty() || is_placeholder(&key_file) || is_placeholder(&certificate_file) {
        return None;
    }
    let loaded = match load_key(&expand(fields.context(), &key_file)) {
        Ok(loaded) => loaded,
        Err(fault) => {
            fields.fault(format!("{key} is invalid: {fault}"));
            return None;
        }
    };
    if certificate_file.is_empty() {
        return Some(Identity { key: loaded, certificate: None });
    }
    match load_certificate(&expand(fields.context(), &certificate_file)) {
        Ok(certificate) => Some(Identity { key: loaded, certificate: Some(certificate) }),
        Err(fault) => {
            fields.fault(format!("invalid identity certificate: {fault}"));
            None
        }
    }
}

/// A path, in which `~` is the home directory.
fn expand(context: &ComponentContext, path: &str) -> PathBuf {
    match path.strip_prefix("~/").zip(context.environment.get("HOME")) {
        Some((rest, home)) => PathBuf::from(home).join(rest),
        None => context.working_dir.join(path),
    }
}

/// The text of a list of bytes.
fn bytes(fields: &mut Fields<'_>, name: &str) -> String {
    let bytes: Vec<u8> = fields.wholes(name).into_iter().filter_map(|byte| u8::try_from(byte).ok()).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The key that is given as bytes.
fn given_key(fields: &mut Fields<'_>, pem: &str) -> Option<Identity> {
    if pem.is_empty() {
        return None;
    }
    fields.context().secrets.hide(pem);
    match decode_secret_key(pem, None) {
        Ok(key) => Some(Identity { key: Arc::new(key), certificate: None }),
        Err(_) => {
            fields.fault("ssh_private_key is invalid: no key found");
            None
        }
    }
}
