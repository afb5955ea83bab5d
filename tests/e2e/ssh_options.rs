//! Each option of builder `null` over SSH, in a build that comes out differently without it.

use crate::agent::Agent;
use crate::proxies::{http, socks};
use crate::relay::Relay;
use crate::sandbox::Sandbox;
use crate::ssh::{shell, template};
use crate::sshd::{PASSWORD, Sshd, USER, command, keygen, sshd};

/// What a build of this machine with these options and steps prints, which must end well or not.
fn build(sandbox: &Sandbox, machine: &Sshd, options: &str, steps: &str, code: i32) -> String {
    sandbox.write("t.pkr.hcl", template(machine, options, steps));
    sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(code)
}

fn check(machine: &Sshd, options: &str, steps: &str, code: i32, expected: &str) {
    let output = build(&Sandbox::new(), machine, options, steps, code);
    assert!(output.contains(expected), "{options}: {expected}: {output}");
}

/// Runs where whoever looks from outside can talk to a port: prints the greeting that it gives.
fn greeting_at(port: u16) -> String {
    format!("bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}; head -c 4 <&3; echo'")
}

fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

#[test]
fn how_the_machine_is_talked_to() {
    let Some(machine) = sshd("") else { return };
    let terminal = shell(&["test -t 1 && echo a terminal || echo none"]);
    check(&machine, "ssh_pty = true", &terminal, 0, "null.m: a terminal");
    check(&machine, "communicator = \"ssh\"", &terminal, 0, "null.m: none");
    let upload = "  provisioner \"file\" {\n    content = \"x\"\n    destination = \"/no/where\"\n  }\n";
    check(&machine, "ssh_file_transfer_method = \"sftp\"", upload, 1, "sftp: cannot create /no/where");
    check(&machine, "ssh_file_transfer_method = \"scp\"", upload, 1, "scp: /no: ");
    let named = format!("(provisioner \"file\", null.m/provision[0], machine 127.0.0.1:{})", machine.port);
    check(&machine, "", upload, 1, &named);
    let warning = "ssh_keypair_name names a key pair that a cloud keeps";
    check(&machine, "ssh_keypair_name = \"aws\"", &terminal, 0, warning);
}

#[test]
fn algorithms_and_attempts() {
    let lines = "Ciphers aes256-ctr\nKexAlgorithms curve25519-sha256\nPasswordAuthentication yes\nKbdInteractiveAuthentication no";
    let Some(machine) = sshd(lines) else { return };
    let rows = [
        ("ssh_ciphers = [\"aes128-ctr\"]", "no common algorithm for cipher: offered aes128-ctr,"),
        (
            "ssh_key_exchange_algorithms = [\"ecdh-sha2-nistp256\"]",
            "no common algorithm for kex: offered ecdh-sha2-nistp256,",
        ),
        (
            "ssh_password = \"wrong\"\n  ssh_handshake_attempts = 1",
            "attempted methods [none password], no supported methods remain",
        ),
        ("ssh_username = \"nobody-here\"\n  ssh_handshake_attempts = 1", "ssh: unable to authenticate, "),
    ];
    for (options, expected) in rows {
        check(&machine, options, "", 1, expected);
    }
}

#[test]
fn timeouts_and_pauses() {
    let Some(machine) = sshd("") else { return };
    let nobody = free_port();
    let refused = format!("The last try ended with: dial tcp 127.0.0.1:{nobody}: connection refused");
    for timeout in ["ssh_timeout = \"300ms\"", "ssh_timeout = \"10m\"\n  ssh_wait_timeout = \"300ms\""] {
        check(&machine, &format!("ssh_port = {nobody}\n  {timeout}"), "", 1, &refused);
    }
    let output = build(&Sandbox::new(), &machine, "pause_before_connecting = \"10ms\"", "", 0);
    assert!(output.contains("Pausing 10ms before connecting..."), "{output}");
    assert_eq!(output.matches("Connected to SSH!").count(), 2);
}

#[test]
fn silence_is_noticed_when_it_is_listened_for() {
    let Some(machine) = sshd("") else { return };
    for option in ["ssh_keep_alive_interval = \"50ms\"", "ssh_read_write_timeout = \"500ms\""] {
        let relay = Relay::to(machine.port);
        let sandbox = Sandbox::new();
        let options = format!("ssh_port = {}\n  {option}", relay.port);
        sandbox.write("t.pkr.hcl", template(&machine, &options, &shell(&["touch begun", "sleep 600"])));
        let child = sandbox.command(&["build", "-color=false", "t.pkr.hcl"]).spawn().unwrap();
        let marker = machine.home().join("begun");
        while !marker.exists() {
            std::thread::yield_now();
        }
        relay.fall_silent();
        let output = sandbox.finish(child).expect(1);
        assert!(output.contains("Script disconnected unexpectedly."), "{option}: {output}");
        std::fs::remove_file(marker).unwrap();
    }
}

#[test]
fn agents_sign_and_are_forwarded() {
    let Some(machine) = sshd("") else { return };
    let agent = Agent::start(machine.folder(), &[&machine.key()]);
    let mut sandbox = Sandbox::new();
    let without = build(&sandbox, &machine, "ssh_agent_auth = true", "", 1);
    assert!(without.contains("SSH_AUTH_SOCK is not set"), "{without}");
    sandbox.set("SSH_AUTH_SOCK", &agent.socket);
    let steps =
        shell(&["ssh-add -l >/dev/null && echo with an agent || echo without", "echo auth ${build.SSHAgentAuth}"]);
    let rows = [("", "null.m: with an agent"), ("ssh_disable_agent_forwarding = true\n  ", "null.m: without")];
    for (option, expected) in rows {
        let output = build(&sandbox, &machine, &format!("{option}ssh_agent_auth = true"), &steps, 0);
        assert!(output.contains(expected) && output.contains("null.m: auth true"), "{option}: {output}");
    }
}

#[test]
fn bastions() {
    let (Some(machine), Some(bastion)) =
        (sshd(""), sshd("PasswordAuthentication yes\nKbdInteractiveAuthentication no"))
    else {
        return;
    };
    let base = format!(
        "ssh_bastion_host = \"127.0.0.1\"\n  ssh_bastion_port = {}\n  ssh_bastion_username = \"{USER}\"\n  ",
        bastion.port
    );
    let hello = shell(&["echo hello"]);
    let password = format!("{base}ssh_bastion_password = \"{PASSWORD}\"");
    check(&machine, &password, &hello, 0, "null.m: hello");
    let key = format!("{base}ssh_bastion_private_key_file = \"{}\"", bastion.key().display());
    // The option's name begins like that of the machine's own key.
    let own = format!("ssh_private_key_file = \"{}\"\n  ", machine.key().display());
    check(&machine, &format!("{own}{key}"), &hello, 0, "null.m: hello");
    bastion.authorize(&machine.key());
    check(&machine, &format!("{own}{base}"), &hello, 0, "null.m: hello");
    let agent = Agent::start(bastion.folder(), &[&bastion.key()]);
    let mut sandbox = Sandbox::new();
    sandbox.set("SSH_AUTH_SOCK", &agent.socket);
    let output = build(&sandbox, &machine, &format!("{own}{base}ssh_bastion_agent_auth = true"), &hello, 0);
    assert!(output.contains("null.m: hello"), "{output}");
    let gone =
        format!("{own}{base}ssh_timeout = \"300ms\"").replace(&bastion.port.to_string(), &free_port().to_string());
    check(&machine, &gone, &hello, 1, "The last try ended with: bastion 127.0.0.1:");
}

#[test]
fn a_bastion_asks_the_person_at_the_terminal() {
    use expectrl::Expect;
    let lines = "PasswordAuthentication no\nKbdInteractiveAuthentication yes\nPubkeyAuthentication no";
    let (Some(machine), Some(bastion)) = (sshd(""), sshd(lines)) else { return };
    let sandbox = Sandbox::new();
    let options = format!(
        "ssh_bastion_host = \"127.0.0.1\"\n  ssh_bastion_port = {}\n  ssh_bastion_username = \"{USER}\"\n  \
         ssh_bastion_interactive = true",
        bastion.port
    );
    sandbox.write("t.pkr.hcl", template(&machine, &options, &shell(&["echo hello"])));
    let mut session = crate::terminal::on_terminal(&sandbox, &["build", "-color=false", "t.pkr.hcl"]);
    session.expect("machine@127.0.0.1: Password:").unwrap();
    session.send_line(PASSWORD).unwrap();
    let before = session.expect("null.m: hello").unwrap();
    let before = String::from_utf8_lossy(before.before()).into_owned();
    assert!(!before.contains(PASSWORD), "what is typed is not seen: {before:?}");
    session.expect(expectrl::Eof).unwrap();
}

#[test]
fn proxies_by_each_option() {
    let Some(machine) = sshd("") else { return };
    let hello = shell(&["echo hello"]);
    let login = "\n  ssh_proxy_username = \"me\"\n  ssh_proxy_password = \"secret\"";
    let rows = [
        format!("ssh_proxy_host = \"127.0.0.1\"\n  ssh_proxy_port = {}", socks(None)),
        format!("ssh_proxy_host = \"127.0.0.1\"\n  ssh_proxy_port = {}{login}", socks(Some(("me", "secret")))),
        format!(
            "ssh_proxy_host = \"http://127.0.0.1\"\n  ssh_proxy_port = {}{login}",
            http(Some("proxy-authorization: Basic bWU6c2VjcmV0"))
        ),
    ];
    for options in rows {
        check(&machine, &options, &hello, 0, "null.m: hello");
    }
    let nobody =
        format!("ssh_proxy_host = \"127.0.0.1\"\n  ssh_proxy_port = {}\n  ssh_timeout = \"300ms\"", free_port());
    check(&machine, &nobody, &hello, 1, "The last try ended with: SOCKS proxy 127.0.0.1:");
}

#[test]
fn tunnels_by_each_option() {
    let Some(machine) = sshd("") else { return };
    let listen = free_port();
    let tunnel = format!("[\"{listen}:127.0.0.1:{}\"]", machine.port);
    let here = format!("  provisioner \"shell-local\" {{ inline = [{:?}] }}\n", greeting_at(listen));
    check(&machine, &format!("ssh_local_tunnels = {tunnel}"), &here, 0, "null.m: SSH-");
    // Connecting twice takes the ports twice.
    check(
        &machine,
        &format!("pause_before_connecting = \"1ms\"\n  ssh_local_tunnels = {tunnel}"),
        &here,
        0,
        "null.m: SSH-",
    );
    let there = shell(&[&greeting_at(listen)]);
    check(&machine, &format!("ssh_remote_tunnels = {tunnel}"), &there, 0, "null.m: SSH-");
}

#[test]
fn certificates_vouch_for_keys() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, key) = (folder.path().join("authority"), folder.path().join("key"));
    let trusted = format!("TrustedUserCAKeys {}.pub", authority.display());
    let (Some(machine), Some(bastion)) = (sshd(&trusted), sshd(&trusted)) else { return };
    keygen(&["-t", "ed25519", "-f"], &authority);
    keygen(&["-t", "ed25519", "-f"], &key);
    let mut sign = command("ssh-keygen");
    sign.args(["-q", "-I", "us", "-n", USER, "-s"]).arg(&authority).arg(key.with_added_extension("pub"));
    assert!(sign.status().unwrap().success());
    let shown = key.display();
    let options = format!("ssh_private_key_file = \"{shown}\"\n  ssh_certificate_file = \"{shown}-cert.pub\"");
    check(&machine, &options, &shell(&["echo hello"]), 0, "null.m: hello");
    let through = format!(
        "{options}\n  ssh_bastion_host = \"127.0.0.1\"\n  ssh_bastion_port = {}\n  ssh_bastion_username = \"{USER}\"\n  \
         ssh_bastion_private_key_file = \"{shown}\"\n  ssh_bastion_certificate_file = \"{shown}-cert.pub\"",
        bastion.port
    );
    check(&machine, &through, &shell(&["echo hello"]), 0, "null.m: hello");
    check(
        &machine,
        &format!("ssh_private_key_file = \"{shown}\"\n  ssh_handshake_attempts = 1"),
        "",
        1,
        "unable to authenticate",
    );
}

#[test]
fn keys_as_bytes_and_keys_that_are_made() {
    let Some(machine) = sshd("PasswordAuthentication no\nKbdInteractiveAuthentication no") else { return };
    let pem = std::fs::read(machine.key()).unwrap();
    let given = format!("ssh_password = \"unused\"\n  ssh_private_key = {pem:?}\n  ssh_public_key = [112, 117, 98]");
    check(&machine, &given, &shell(&["echo public ${build.SSHPublicKey}"]), 0, "null.m: public pub");
    let Some(machine) = sshd("PasswordAuthentication yes") else { return };
    let made = format!(
        "ssh_password = \"{PASSWORD}\"\n  temporary_key_pair_type = \"ecdsa\"\n  temporary_key_pair_bits = 256\n  \
         temporary_key_pair_name = \"packer_own\"\n  ssh_clear_authorized_keys = true"
    );
    let steps = shell(&[
        "echo '${build.SSHPublicKey}' | tee -a ~/.ssh/authorized_keys",
        "echo other >> ~/.ssh/authorized_keys",
    ]);
    let output = build(&Sandbox::new(), &machine, &made, &steps, 0);
    assert!(output.contains("Creating temporary ECDSA SSH key for instance..."), "{output}");
    assert!(output.contains("null.m: ecdsa-sha2-nistp256 "), "{output}");
    let left = std::fs::read_to_string(machine.home().join(".ssh/authorized_keys")).unwrap();
    assert!(left.contains("other") && !left.contains("packer_own"), "{left}");
}

#[test]
fn files_are_served_to_the_machine() {
    let Some(machine) = sshd("") else { return };
    let sandbox = Sandbox::new();
    sandbox.write("www/f", "from a folder");
    let get = |path: &str| {
        shell(&[
            &format!(
                "bash -c 'exec 3<>/dev/tcp/$PACKER_HTTP_IP/$PACKER_HTTP_PORT; printf \"GET {path} HTTP/1.0\\\\r\\\\n\\\\r\\\\n\" >&3; cat <&3; echo'"
            ),
            "echo at $PACKER_HTTP_ADDR",
        ])
    };
    let port = free_port();
    let folder = format!("http_directory = \"www\"\n  http_port_min = {port}\n  http_port_max = {port}");
    let output = build(&sandbox, &machine, &folder, &get("/f"), 0);
    assert!(output.contains("from a folder") && output.contains(&format!("at 127.0.0.1:{port}")), "{output}");
    assert!(output.contains(&format!("Starting HTTP server on port {port}")), "{output}");
    let texts = "http_content = { \"/t\" = \"from a text\" }\n  http_bind_address = \"127.0.0.1\"\n  http_network_protocol = \"tcp4\"";
    let output = build(&sandbox, &machine, texts, &get("/t"), 0);
    assert!(output.contains("from a text"), "{output}");
    let wrong = build(
        &sandbox,
        &machine,
        "http_content = { \"/t\" = \"\" }\n  http_bind_address = \"::1\"\n  http_network_protocol = \"tcp4\"",
        "",
        1,
    );
    assert!(wrong.contains("Error finding port: http_bind_address: ::1 is not of protocol tcp4"), "{wrong}");
    let taken = std::net::TcpListener::bind(("0.0.0.0", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let full = format!("http_directory = \"www\"\n  http_port_min = {port}\n  http_port_max = {port}");
    let output = build(&sandbox, &machine, &full, "", 1);
    assert!(output.contains(&format!("Error finding port: no free ports found between {port} and {port}")), "{output}");
    let gone = build(&sandbox, &machine, "http_directory = \"gone\"", "", 1);
    assert!(gone.contains("Error finding \"[SANDBOX]/gone\": no such file or directory"), "{gone}");
}
