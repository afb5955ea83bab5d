//! Ports that lead through the connection, both ways, and the agent.

use plugins::ssh::{Settings, Tunnel};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::agent::Agent;
use crate::relay::Relay;
use crate::sshd::sshd;
use crate::visitor::{connect, output, settings, try_connect};

/// A server that says `hello` to everybody.
async fn greeter() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"hello").await;
        }
    });
    port
}

async fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap().port()
}

fn tunnel(listen: u16, port: u16) -> Vec<Tunnel> {
    vec![Tunnel { listen, host: "127.0.0.1".to_owned(), port }]
}

async fn heard(port: u16) -> String {
    let mut stream = TcpStream::connect(("localhost", port)).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn our_port_leads_to_what_the_machine_reaches_even_after_a_loss() {
    let Some(sshd) = sshd("") else { return };
    let (listen, relay) = (free_port().await, Relay::to(sshd.port));
    let mut settings = Settings { local_tunnels: tunnel(listen, greeter().await), ..settings(&sshd) };
    settings.target.port = relay.port;
    let machine = connect(&settings).await;
    assert_eq!(heard(listen).await, "hello");
    relay.cut();
    output(&machine, "true").await;
    assert_eq!(heard(listen).await, "hello");
    // Machines need the port as well; it is free again with the connection.
    drop(machine);
    let _again = connect(&settings).await;
    assert_eq!(heard(listen).await, "hello");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let Some(sshd) = sshd("") else { return };
    let taken = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let listen = taken.local_addr().unwrap().port();
    // The machine is content with one of its addresses.
    let _taken_as_well = TcpListener::bind(("::1", listen)).await;
    let local = Settings { local_tunnels: tunnel(listen, 1), ..settings(&sshd) };
    let remote = Settings { remote_tunnels: tunnel(listen, 1), ..settings(&sshd) };
    let rows = [
        (local, "ssh_local_tunnels: cannot listen on"),
        (remote, "ssh_remote_tunnels: the machine does not listen on"),
    ];
    for (settings, expected) in rows {
        let error = try_connect(&settings).await.unwrap_err();
        assert!(error.contains(&format!("{expected} localhost:{listen}: ")), "{error}");
    }
}

#[tokio::test]
async fn the_machine_s_port_leads_to_what_we_reach_even_after_a_loss() {
    let Some(sshd) = sshd("") else { return };
    let (listen, relay) = (free_port().await, Relay::to(sshd.port));
    let mut settings = Settings { remote_tunnels: tunnel(listen, greeter().await), ..settings(&sshd) };
    settings.target.port = relay.port;
    let machine = connect(&settings).await;
    assert_eq!(heard(listen).await, "hello");
    relay.cut();
    output(&machine, "true").await;
    assert_eq!(heard(listen).await, "hello");
}

#[tokio::test]
async fn the_machine_s_programs_may_use_the_agent() {
    let Some(sshd) = sshd("") else { return };
    let agent = Agent::start(sshd.folder(), &[&sshd.key()]);
    let mut settings = settings(&sshd);
    let list = "ssh-add -l 2>&1 | wc -l; echo ${SSH_AUTH_SOCK:+set}";
    assert_eq!(output(&connect(&settings).await, list).await, "1\n\n");
    settings.forwarded_agent = Some(agent.socket.clone());
    let machine = connect(&settings).await;
    assert_eq!(output(&machine, "ssh-add -l | cut -d' ' -f4; echo ${SSH_AUTH_SOCK:+set}").await, "(ED25519)\nset\n");
}
