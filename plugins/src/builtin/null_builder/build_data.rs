//! What provisioners learn about the machine: `build.*`.

use planner::value::Value;

use super::options::Link;
use crate::component::BuildData;
use crate::ssh::KeyPair;

/// What a file server is not known to be, where there is none.
const NO_SERVER: [(&str, &str); 3] = [
    ("PackerHTTPAddr", "ERR_HTTP_ADDR_NOT_IMPLEMENTED_BY_BUILDER"),
    ("PackerHTTPIP", "ERR_HTTP_IP_NOT_IMPLEMENTED_BY_BUILDER"),
    ("PackerHTTPPort", "ERR_HTTP_PORT_NOT_IMPLEMENTED_BY_BUILDER"),
];

/// What is known before the machine is reached.
pub(super) fn initial(link: &Link, run_uuid: &str) -> BuildData {
    let mut data = BuildData::new();
    let mut set = |name: &str, value: Value| data.insert(name.to_owned(), value);
    set("ID", Value::string("Null"));
    set("PackerRunUUID", Value::string(run_uuid));
    for (name, text) in NO_SERVER {
        set(name, Value::string(text));
    }
    let (ty, host, port, user, password) = match link {
        Link::None | Link::Foreign(_) => return data,
        Link::Ssh(ssh) => {
            set("SSHPrivateKeyFile", Value::string(ssh.key_file.as_str()));
            set("SSHAgentAuth", Value::Bool(ssh.agent_auth));
            set("SSHPublicKey", Value::string(ssh.public_key.as_str()));
            set("SSHPrivateKey", Value::string(ssh.private_key.as_str()));
            set("WinRMPassword", Value::string(""));
            let target = &ssh.settings.target;
            let password = target.credentials.password.clone().unwrap_or_default();
            ("ssh", &target.host, target.port, &target.username, password)
        }
        Link::WinRm(winrm) => {
            for name in ["SSHPrivateKeyFile", "SSHPublicKey", "SSHPrivateKey"] {
                set(name, Value::string(""));
            }
            set("SSHAgentAuth", Value::Bool(false));
            set("WinRMPassword", Value::string(winrm.password.as_str()));
            ("winrm", &winrm.host, winrm.port, &winrm.username, winrm.password.clone())
        }
    };
    set("ConnType", Value::string(ty));
    set("Host", Value::string(host.as_str()));
    set("Port", Value::int(i64::from(port)));
    set("User", Value::string(user.as_str()));
    set("Password", Value::string(password));
    data
}

/// The key pair that was made.
pub(super) fn with_keys(data: &mut BuildData, pair: &KeyPair) {
    data.insert("SSHPublicKey".to_owned(), Value::string(pair.authorized_key.as_str()));
    data.insert("SSHPrivateKey".to_owned(), Value::string(pair.private_pem.as_str()));
}

/// The server that was started.
pub(super) fn with_server(data: &mut BuildData, ip: &str, port: u16) {
    let address = if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") };
    data.insert("PackerHTTPAddr".to_owned(), Value::string(address));
    data.insert("PackerHTTPIP".to_owned(), Value::string(ip));
    data.insert("PackerHTTPPort".to_owned(), Value::string(port.to_string()));
}
