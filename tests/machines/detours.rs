//! Machines that are reached through others: bastions and proxies.

use std::sync::Arc;

use engine::Cancel;
use plugins::component::Ui;
use plugins::ssh::wait::wait_for_ssh;
use plugins::ssh::{Credentials, Detour, Proxy, ProxyKind, Settings};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::login::Agent;
use crate::sshd::{PASSWORD, Sshd, sshd};
use crate::visitor::{AT_ONCE, Ears, connect, hop, output, settings, try_connect, with_password};

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

/// A SOCKS5 server (RFC 1928, 1929) that wants this name and password, if any.
async fn socks(login: Option<(&'static str, &'static str)>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = [0; 2];
                stream.read_exact(&mut head).await.unwrap();
                let mut methods = vec![0; head[1].into()];
                stream.read_exact(&mut methods).await.unwrap();
                stream.write_all(&[5, if login.is_some() { 2 } else { 0 }]).await.unwrap();
                if let Some((name, password)) = login {
                    let mut wanted = vec![1, name.len() as u8];
                    wanted.extend_from_slice(name.as_bytes());
                    wanted.push(password.len() as u8);
                    wanted.extend_from_slice(password.as_bytes());
                    let mut given = vec![0; wanted.len()];
                    stream.read_exact(&mut given).await.unwrap();
                    stream.write_all(&[1, u8::from(given != wanted)]).await.unwrap();
                }
                let mut request = [0; 4];
                stream.read_exact(&mut request).await.unwrap();
                assert_eq!(request[..2], [5, 1]);
                let host = match request[3] {
                    1 => {
                        let mut address = [0; 4];
                        stream.read_exact(&mut address).await.unwrap();
                        std::net::Ipv4Addr::from(address).to_string()
                    }
                    _ => {
                        let mut name = vec![0; stream.read_u8().await.unwrap().into()];
                        stream.read_exact(&mut name).await.unwrap();
                        String::from_utf8(name).unwrap()
                    }
                };
                let port = stream.read_u16().await.unwrap();
                let mut server = TcpStream::connect((host.as_str(), port)).await.unwrap();
                stream.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0]).await.unwrap();
                let _ = copy_bidirectional(&mut stream, &mut server).await;
            });
        }
    });
    port
}

/// An HTTP proxy that knows `CONNECT`, and wants this header, if any.
async fn http(wanted: Option<&'static str>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                let mut lines = Vec::new();
                loop {
                    let mut line = String::new();
                    stream.read_line(&mut line).await.unwrap();
                    if line.trim().is_empty() {
                        break;
                    }
                    lines.push(line.trim().to_owned());
                }
                let given = wanted.is_none_or(|wanted| lines.iter().any(|line| line.eq_ignore_ascii_case(wanted)));
                if !given {
                    let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
                    stream.write_all(refusal).await.unwrap();
                    return;
                }
                let target = lines[0].split(' ').nth(1).unwrap();
                let mut server = TcpStream::connect(target).await.unwrap();
                stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
                let _ = copy_bidirectional(&mut stream, &mut server).await;
            });
        }
    });
    port
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
        (ProxyKind::Socks, socks(None).await, None),
        (ProxyKind::Socks, socks(Some(("me", "secret"))).await, Some(("me", "secret"))),
        (ProxyKind::Http, http(None).await, None),
        (ProxyKind::Http, http(Some("proxy-authorization: Basic bWU6c2VjcmV0")).await, Some(("me", "secret"))),
    ];
    for (kind, port, login) in rows {
        let communicator = connect(&by_proxy(&machine, kind, port, login)).await;
        assert_eq!(output(&communicator, "whoami").await, "machine\n", "{kind:?} {login:?}");
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_is_waited_for_no_longer_than_set() {
    let Some(machine) = sshd("") else { return };
    let port = http(Some("proxy-authorization: Basic bWU6c2VjcmV0")).await;
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
