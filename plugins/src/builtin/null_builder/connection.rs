//! The communicator options, and the rules between them.

use std::path::Path;

use crate::config::{Field, FieldType, Fields, is_placeholder};
use crate::io_fault::os_words;

use FieldType::{Duration, Flag, Number, Numbers, Text, Texts, Trilean};

/// All communicator options. The builder has no others.
pub const FIELDS: &[Field] = &[
    ("communicator", Text),
    ("pause_before_connecting", Duration),
    ("ssh_agent_auth", Flag),
    ("ssh_bastion_agent_auth", Flag),
    ("ssh_bastion_certificate_file", Text),
    ("ssh_bastion_host", Text),
    ("ssh_bastion_interactive", Flag),
    ("ssh_bastion_password", Text),
    ("ssh_bastion_port", Number),
    ("ssh_bastion_private_key_file", Text),
    ("ssh_bastion_username", Text),
    ("ssh_certificate_file", Text),
    ("ssh_ciphers", Texts),
    ("ssh_clear_authorized_keys", Flag),
    ("ssh_disable_agent_forwarding", Flag),
    ("ssh_file_transfer_method", Text),
    ("ssh_handshake_attempts", Number),
    ("ssh_host", Text),
    ("ssh_keep_alive_interval", Duration),
    ("ssh_key_exchange_algorithms", Texts),
    ("ssh_keypair_name", Text),
    ("ssh_local_tunnels", Texts),
    ("ssh_password", Text),
    ("ssh_port", Number),
    ("ssh_private_key", Numbers),
    ("ssh_private_key_file", Text),
    ("ssh_proxy_host", Text),
    ("ssh_proxy_password", Text),
    ("ssh_proxy_port", Number),
    ("ssh_proxy_username", Text),
    ("ssh_pty", Flag),
    ("ssh_public_key", Numbers),
    ("ssh_read_write_timeout", Duration),
    ("ssh_remote_tunnels", Texts),
    ("ssh_timeout", Duration),
    ("ssh_username", Text),
    ("ssh_wait_timeout", Duration),
    ("temporary_key_pair_bits", Number),
    ("temporary_key_pair_name", Text),
    ("temporary_key_pair_type", Text),
    ("winrm_host", Text),
    ("winrm_insecure", Flag),
    ("winrm_no_proxy", Flag),
    ("winrm_password", Text),
    ("winrm_port", Number),
    ("winrm_timeout", Duration),
    ("winrm_use_ntlm", Trilean),
    ("winrm_use_ssl", Flag),
    ("winrm_username", Text),
];

/// Checks the options. `none` is the only communicator there is yet, so everything else ends in a fault.
pub(super) fn check(fields: &mut Fields<'_>) {
    let kind = match fields.text("communicator") {
        kind if kind.is_empty() => "ssh".to_owned(),
        kind => kind,
    };
    for (name, _) in FIELDS.iter().filter(|(_, ty)| *ty == Duration) {
        fields.duration(name);
    }
    match kind.as_str() {
        "none" => return,
        later if is_placeholder(later) => return,
        "ssh" => check_ssh(fields),
        "winrm" => {
            if fields.text("winrm_username").is_empty() {
                fields.fault("winrm_username must be specified.");
            }
        }
        // Plugins bring these.
        "docker" | "dockerWindowsContainer" => {}
        other => fields.fault(format!("Communicator type {other} is invalid")),
    }
    check_reachable(fields, &kind);
    if !fields.has_faults() {
        fields.fault(format!(
            "communicator \"{kind}\" is not available: this version can only build with communicator = \"none\""
        ));
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

fn check_ssh(fields: &mut Fields<'_>) {
    if fields.text("ssh_username").is_empty() {
        fields.fault(
            "An ssh_username must be specified\n  Note: some builders used to default ssh_username to \"root\".",
        );
    }
    let key_file = fields.text("ssh_private_key_file");
    check_file(fields, "ssh_private_key_file", &key_file);
    let certificate = fields.text("ssh_certificate_file");
    if !certificate.is_empty() && key_file.is_empty() {
        fields.fault("ssh_private_key_file must be specified if ssh_certificate_file is specified");
    }
    check_key_type(fields);
    let method = fields.text("ssh_file_transfer_method");
    if !matches!(method.as_str(), "" | "scp" | "sftp") {
        fields.fault(format!("ssh_file_transfer_method ('{method}') is invalid, valid methods: sftp, scp"));
    }
    check_detours(fields);
    for name in ["ssh_local_tunnels", "ssh_remote_tunnels"] {
        for tunnel in fields.texts(name) {
            if let Err(reason) = check_tunnel(&tunnel) {
                fields.fault(format!("{name} ('{tunnel}') is invalid: {reason}"));
            }
        }
    }
}

fn check_key_type(fields: &mut Fields<'_>) {
    let ty = fields.text("temporary_key_pair_type");
    if !matches!(ty.as_str(), "" | "dsa" | "ecdsa" | "ed25519" | "rsa") {
        fields.fault(format!(
            "{ty} is not a valid temporary_key_pair_type: possible algorithm types are `dsa` | `ecdsa` | `ed25519` | `rsa`"
        ));
    }
}

/// Bastions and proxies.
fn check_detours(fields: &mut Fields<'_>) {
    let bastion = !fields.text("ssh_bastion_host").is_empty();
    if bastion {
        let key_file = fields.text("ssh_bastion_private_key_file");
        check_file(fields, "ssh_bastion_private_key_file", &key_file);
        // The bastion takes over the machine's own key when it has none.
        let any = fields.flag("ssh_bastion_agent_auth")
            || !key_file.is_empty()
            || !fields.text("ssh_bastion_password").is_empty()
            || !fields.text("ssh_private_key_file").is_empty();
        if !any {
            fields.fault(
                "ssh_bastion_password, ssh_bastion_private_key_file or ssh_bastion_agent_auth must be specified",
            );
        }
    }
    if bastion && !fields.text("ssh_proxy_host").is_empty() {
        fields.fault("please specify either ssh_bastion_host or ssh_proxy_host, not both");
    }
}

fn check_file(fields: &mut Fields<'_>, name: &str, path: &str) {
    if path.is_empty() {
        return;
    }
    let context = fields.context();
    let path = match path.strip_prefix("~/").zip(context.environment.get("HOME")) {
        Some((rest, home)) => Path::new(home).join(rest),
        None => context.working_dir.join(path),
    };
    if let Err(error) = std::fs::File::open(&path) {
        fields.fault(format!("{name} is invalid: open {}: {}", path.display(), os_words(&error)));
    }
}

/// `PORT:HOST:PORT`.
fn check_tunnel(tunnel: &str) -> Result<(), String> {
    let parts: Vec<&str> = tunnel.split(':').collect();
    let [listen, host, port] = parts[..] else {
        return Err("it must look like PORT:HOST:PORT".to_owned());
    };
    for text in [listen, port] {
        if text.parse::<u16>().is_err() {
            return Err(format!("{text:?} is not a port number"));
        }
    }
    if host.is_empty() { Err("the host is missing".to_owned()) } else { Ok(()) }
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
            (*name, if name.ends_with("tunnels") { Value::strings([*text]) } else { value })
        }));
        let mut fields = Fields::new(&config, &context());
        check(&mut fields);
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
            (&[], "communicator \"ssh\" is not available: this version can only build with communicator = \"none\""),
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
