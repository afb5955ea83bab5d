//! The options, and the rules between them.

use std::time::Duration;

use super::serve_options::{Served, read_served};
use super::ssh_options::{SshOptions, read_ssh};
use super::winrm_options::read_winrm;
use crate::config::{Fields, is_placeholder};
use crate::winrm;

/// How the machine is reached.
#[derive(Debug, Default)]
pub(super) enum Link {
    /// There is none.
    #[default]
    None,
    /// Over SSH.
    Ssh(Box<SshOptions>),
    /// Over WinRM.
    WinRm(Box<winrm::Settings>),
    /// In a way that plugins bring along for their own machines.
    Foreign(String),
}

/// The checked options.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// How the machine is reached.
    pub(super) link: Link,
    /// How long to wait once it was reached, before it is reached again.
    pub(super) pause_before_connecting: Option<Duration>,
    /// What is served to it.
    pub(super) served: Option<Served>,
    /// What was set without need.
    pub(super) warnings: Vec<String>,
}

impl Options {
    /// Takes and checks the configuration.
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        let kind = match fields.text("communicator") {
            kind if kind.is_empty() => "ssh".to_owned(),
            kind => kind,
        };
        let pause_before_connecting = fields.duration("pause_before_connecting").map(|pause| pause.to_std());
        let link = match kind.as_str() {
            "none" => Link::None,
            later if is_placeholder(later) => Link::None,
            "ssh" => Link::Ssh(Box::new(read_ssh(fields))),
            "winrm" => Link::WinRm(Box::new(read_winrm(fields))),
            // Plugins bring these.
            "docker" | "dockerWindowsContainer" => Link::Foreign(kind.clone()),
            other => {
                fields.fault(format!("Communicator type {other} is invalid"));
                Link::Foreign(kind.clone())
            }
        };
        if !matches!(link, Link::None) {
            check_reachable(fields, &kind);
        }
        let mut warnings = Vec::new();
        if !fields.text("ssh_keypair_name").is_empty() {
            warnings.push(
                "ssh_keypair_name names a key pair that a cloud keeps, and has no effect here; name the key's file with \
                 ssh_private_key_file"
                    .to_owned(),
            );
        }
        Self { link, pause_before_connecting, served: read_served(fields), warnings }
    }
}

/// What the builder itself asks for, whatever the communicator.
fn check_reachable(fields: &mut Fields<'_>, kind: &str) {
    const SEE: &str = "please reference your communicator documentation";
    let prefix = if kind == "winrm" { "winrm" } else { "ssh" };
    if fields.text(&format!("{prefix}_host")).is_empty() {
        fields.fault(format!("a Host must be specified, {SEE}"));
    }
    if fields.text(&format!("{prefix}_username")).is_empty() {
        fields.fault(format!("a Username must be specified, {SEE}"));
    }
    let agent = fields.flag("ssh_agent_auth");
    let key = !fields.text("ssh_private_key_file").is_empty();
    let password = !fields.text("ssh_password").is_empty();
    if !agent && !key && fields.text(&format!("{prefix}_password")).is_empty() {
        fields.fault(format!("one authentication method must be specified, {SEE}"));
    }
    if usize::from(agent) + usize::from(key) + usize::from(password) > 1 {
        fields.fault("only one of ssh_agent_auth, ssh_password, and ssh_private_key_file must be specified.");
    }
}

#[cfg(test)]
mod tests {
    use planner::value::Value;

    use super::*;
    use crate::builtin::fixtures::context;
    use crate::component::ComponentError;

    fn faults(config: &[(&'static str, &str)]) -> Vec<String> {
        let config = Value::object(config.iter().map(|(name, text)| {
            let value = if *text == "true" { Value::Bool(true) } else { Value::string(*text) };
            (*name, if name.ends_with("tunnels") || *name == "ssh_ciphers" { Value::strings([*text]) } else { value })
        }));
        let mut fields = Fields::new(&config, &context());
        Options::read(&mut fields);
        match fields.finish() {
            Err(ComponentError::Invalid(faults)) => faults,
            _ => Vec::new(),
        }
    }

    #[test]
    fn none_needs_nothing() {
        assert_eq!(faults(&[("communicator", "none")]), Vec::<String>::new());
        assert_eq!(faults(&[("communicator", "none"), ("ssh_timeout", "5m")]), Vec::<String>::new());
    }

    #[test]
    fn ssh_is_the_default_and_needs_much() {
        let see = "please reference your communicator documentation";
        assert_eq!(
            faults(&[]),
            [
                "An ssh_username must be specified\n  Note: some builders used to default ssh_username to \"root\"."
                    .to_owned(),
                format!("a Host must be specified, {see}"),
                format!("a Username must be specified, {see}"),
                format!("one authentication method must be specified, {see}"),
            ]
        );
    }

    #[test]
    fn faults_of_single_options() {
        let base = [("ssh_host", "h"), ("ssh_username", "u"), ("ssh_password", "p")];
        let rows: &[(&[(&'static str, &str)], &str)] = &[
            (&[("ssh_timeout", "x")], "ssh_timeout: time: invalid duration \"x\""),
            (
                &[("ssh_ciphers", "rot13")],
                "ssh_ciphers: \"rot13\" is not known; known are aes128-gcm@openssh.com, aes256-gcm@openssh.com, chacha20-poly1305@openssh.com, aes128-ctr, aes192-ctr, aes256-ctr, aes128-cbc, aes192-cbc, aes256-cbc",
            ),
            (
                &[("ssh_bastion_certificate_file", "c")],
                "ssh_bastion_private_key_file must be specified if ssh_bastion_certificate_file is specified",
            ),
            (
                &[("ssh_agent_auth", "true")],
                "only one of ssh_agent_auth, ssh_password, and ssh_private_key_file must be specified.",
            ),
            (&[("communicator", "telnet")], "Communicator type telnet is invalid"),
            (&[("ssh_timeout", "5")], "ssh_timeout: time: missing unit in duration \"5\""),
            (
                &[("ssh_certificate_file", "c")],
                "ssh_private_key_file must be specified if ssh_certificate_file is specified",
            ),
            (
                &[("temporary_key_pair_type", "x25519")],
                "x25519 is not a valid temporary_key_pair_type: possible algorithm types are `dsa` | `ecdsa` | `ed25519` | `rsa`",
            ),
            (
                &[("ssh_file_transfer_method", "ftp")],
                "ssh_file_transfer_method ('ftp') is invalid, valid methods: sftp, scp",
            ),
            (
                &[("ssh_bastion_host", "b")],
                "ssh_bastion_password, ssh_bastion_private_key_file or ssh_bastion_agent_auth must be specified",
            ),
            (
                &[("ssh_bastion_host", "b"), ("ssh_bastion_password", "p"), ("ssh_proxy_host", "q")],
                "please specify either ssh_bastion_host or ssh_proxy_host, not both",
            ),
            (
                &[("ssh_local_tunnels", "80:host")],
                "ssh_local_tunnels ('80:host') is invalid: it must look like PORT:HOST:PORT",
            ),
            (&[("ssh_remote_tunnels", "x:h:1")], "ssh_remote_tunnels ('x:h:1') is invalid: \"x\" is not a port number"),
        ];
        for (more, fault) in rows {
            let config: Vec<_> = base.iter().chain(*more).copied().collect();
            assert_eq!(faults(&config), [*fault]);
        }
        let key = faults(&[("ssh_host", "h"), ("ssh_username", "u"), ("ssh_private_key_file", "/no/key")]);
        assert_eq!(key, ["ssh_private_key_file is invalid: open /no/key: no such file or directory"]);
        let winrm = faults(&[("communicator", "winrm"), ("winrm_host", "h"), ("winrm_password", "p")]);
        assert_eq!(winrm[0], "winrm_username must be specified.");
    }
}
