//! The options of WinRM.

use crate::config::Fields;

/// What is known about the machine.
#[derive(Debug)]
pub(super) struct WinRmOptions {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) username: String,
    pub(super) password: String,
}

/// Takes and checks the options.
pub(super) fn read_winrm(fields: &mut Fields<'_>) -> WinRmOptions {
    let username = fields.text("winrm_username");
    if username.is_empty() {
        fields.fault("winrm_username must be specified.");
    }
    fields.fault("communicator \"winrm\" is not available yet");
    WinRmOptions {
        host: fields.text("winrm_host"),
        port: super::ssh_options::port(fields, "winrm_port", if fields.flag("winrm_use_ssl") { 5986 } else { 5985 }),
        username,
        password: fields.text("winrm_password"),
    }
}
