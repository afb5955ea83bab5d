//! Machines that are reached through others: bastions and proxies.

use std::sync::Arc;

use crate::agent::Agent;
use crate::proxies::{http, socks};
use crate::sshd::{PASSWORD, Sshd, sshd};
use crate::visitor::{AT_ONCE, Ears, connect, hop, output, settings, try_connect, with_password};
use engine::Cancel;
use plugins::component::Ui;
use plugins::ssh::wait::wait_for_ssh;
use plugins::ssh::{Credentials, Detour, Proxy, ProxyKind, Settings};

/// The machine, behind another one.
fn behind(machine: &Sshd, bastion: &Sshd, credentials: Credentials) -> Settings {
    let mut hop = hop(bastion);
    hop.credentials = credentials;
    Settings { detour: Detour::Bastion(hop), ..settings(machine) }
}

#[tokio::test]
async fn a_bastion_with_each_proof() {
    let (Some(machine), Some(bastion)) = (sshd(""), sshd("")) else { return };
    let own = hop(&bastion).credentials;
    let agent = Agent::start(bastion.folder(), &[&bastion.key()]);
    let by_agent = Credentials { agent: Some(agent.socket.clone()), ..Credentials::default() };
    for credentials in [own, with_password(), by_agent] {
        let communicator = connect(&behind(&machine, &bastion, credentials)).await;
        let peer = output(&communicator, "echo $SSH_CONNECTION").await;
        assert!(peer.contains(&machine.port.to_string()), "{peer}");
        assert_eq!(output(&communicator, "pwd").await, format!("{}\n", machine.home().display()));
    }
}

#[tokio::test]
async fn a_bastion_that_asks_a_person() {
    let (Some(machine), Some(bastion)) =
        (sshd(""), sshd("PasswordAuthentication no\nKbdInteractiveAuthentication yes\nPubkeyAuthentication no"))
    else {
        return;
    };
    let ears = Ears::answering(&[PASSWORD]);
    let ui: Arc<dyn Ui> = ears.clone();
    let interactive = Credentials { interactive: true, ..Credentials::default() };
    let settings = behind(&machine, &bastion, interactive);
    let communicator = wait_for_ssh(&settings, AT_ONCE, &ui, &Cancel::new()).await.unwrap();
    assert_eq!(output(&communicator, "whoami").await, "machine\n");
    assert!(ears.said().contains(&"ask in secret: machine@127.0.0.1: Password:".to_owned()), "{:?}", ears.said());
    let nobody: Arc<dyn Ui> = Ears::answering(&[]);
    let error = wait_for_ssh(&settings, AT_ONCE, &nobody, &Cancel::new()).await.err().unwrap();
    assert_eq!(
        error.to_string(),
        format!("Error waiting for SSH: bastion 127.0.0.1:{}: ssh_bastion_interactive: no available tty", bastion.port)
    );
}

#[tokio::test]
async fn a_bastion_that_refuses_is_named() {
    let (Some(machine), Some(bastion)) = (sshd(""), sshd("")) else { return };
    let wrong = Credentials { password: Some("wrong".to_owned()), ..Credentials::default() };
    let error = try_connect(&behind(&machine, &bastion, wrong)).await.unwrap_err();
    assert!(error.ends_with(&format!("(bastion 127.0.0.1:{})", bastion.port)), "{error}");
}

fn by_proxy(machine: &Sshd, kind: ProxyKind, port: u16, login: Option<(&str, &str)>) -> Settings {
    let login = login.map(|(name, password)| (name.to_owned(), password.to_owned()));
    let proxy = Proxy { kind, host: "127.0.0.1".to_owned(), port, login };
    Settings { detour: Detour::Proxy(proxy), ..settings(machine) }
}

#[tokio::test]
async fn proxies_of_both_kinds_with_and_without_a_login() {
    let Some(machine) = sshd("") else { return };
    let rows = [
        (ProxyKind::Socks, socks(None), None),
        (ProxyKind::Socks, socks(Some(("me", "secret"))), Some(("me", "secret"))),
        (ProxyKind::Http, http(None), None),
        (ProxyKind::Http, http(Some("proxy-authorization: Basic bWU6c2VjcmV0")), Some(("me", "secret"))),
    ];
    for (kind, port, login) in rows {
        let communicator = connect(&by_proxy(&machine, kind, port, login)).await;
        assert_eq!(output(&communicator, "whoami").await, "machine\n", "{kind:?} {login:?}");
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_is_waited_for_no_longer_than_set() {
    let Some(machine) = sshd("") else { return };
    let port = http(Some("proxy-authorization: Basic bWU6c2VjcmV0"));
    let settings = by_proxy(&machine, ProxyKind::Http, port, Some(("me", "wrong")));
    let mut patience = AT_ONCE;
    patience.timeout = Some(std::time::Duration::from_millis(300));
    let ui: Arc<dyn Ui> = Ears::answering(&[]);
    let error = wait_for_ssh(&settings, patience, &ui, &Cancel::new()).await.err().unwrap();
    let expected = format!(
        "Timeout waiting for SSH.\nThe last try ended with: HTTP proxy 127.0.0.1:{port}: cannot connect to \
         127.0.0.1:{}: the proxy answers 407 Proxy Authentication Required",
        machine.port
    );
    assert_eq!(error.to_string(), expected);
}
