//! The options of WinRM.

use std::time::Duration;

use super::ssh_options::{port, positive};
use crate::config::Fields;
use crate::winrm::{Proxy, Settings};

/// How long a machine may take to become available (`sdk: communicator/config.go`): Windows installs itself for long.
const TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// Takes and checks the options.
pub(super) fn read_winrm(fields: &mut Fields<'_>) -> Settings {
    let username = fields.text("winrm_username");
    if username.is_empty() {
        fields.fault("winrm_username must be specified.");
    }
    let use_ssl = fields.flag("winrm_use_ssl");
    let proxy = match fields.flag("winrm_no_proxy") {
        true => Proxy::Direct,
        false => Proxy::Environment(fields.context().environment.clone()),
    };
    Settings {
        host: fields.text("winrm_host"),
        port: port(fields, "winrm_port", if use_ssl { 5986 } else { 5985 }),
        username,
        password: fields.text("winrm_password"),
        use_ssl,
        insecure: fields.flag("winrm_insecure"),
        use_ntlm: fields.flag("winrm_use_ntlm"),
        proxy,
        timeout: positive(fields, "winrm_timeout").unwrap_or(TIMEOUT),
    }
}
