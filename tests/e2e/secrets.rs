//! Functions that ask services for secrets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crate::sandbox::Sandbox;

/// Vault, Consul and AWS in one.
struct Service {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Service {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ended = Arc::new(AtomicBool::new(false));
        let stop = ended.clone();
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                serve(&stream.unwrap());
            }
        });
        Self { address, ended, thread: Some(thread) }
    }

    /// A folder with a template, and the services in its environment.
    fn sandbox(&self, template: &str) -> Sandbox {
        let mut sandbox = Sandbox::with_template(template);
        let url = format!("http://{}", self.address);
        sandbox.set("VAULT_ADDR", &url).set("VAULT_TOKEN", "the-token").set("VAULT_MAX_RETRIES", "0");
        sandbox.set("CONSUL_HTTP_ADDR", &self.address.to_string());
        sandbox.set("AWS_ENDPOINT_URL", &url).set("AWS_REGION", "eu-west-1").set("AWS_MAX_ATTEMPTS", "1");
        sandbox.set("AWS_ACCESS_KEY_ID", "id").set("AWS_SECRET_ACCESS_KEY", "the-key");
        sandbox
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(mut stream: &TcpStream) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let (status, body) = match line.trim_end().trim_end_matches(" HTTP/1.1") {
        "GET /v1/secret/data/app" => (200, r#"{"data":{"data":{"password":"from-vault"},"metadata":{}}}"#),
        "GET /v1/secret/data/closed" => (403, r#"{"errors":["permission denied"]}"#),
        "GET /v1/secret/data/broken" => (500, r#"{"errors":["internal error"]}"#),
        "GET /v1/secret/data/odd" => (200, "<html>"),
        "GET /v1/kv/app/name" => (200, r#"[{"Key":"app/name","Value":"ZnJvbS1jb25zdWw="}]"#),
        "POST / HTTP/1.1" | "POST /" => (200, r#"{"SecretString":"{\"user\":\"from-aws\",\"port\":5432}"}"#),
        _ => (404, ""),
    };
    let length = body.len();
    write!(stream, "HTTP/1.1 {status} S\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
}

const TEMPLATE: &str = r#"
locals {
  vault  = vault("secret/data/app", "password")
  consul = consul_key("app/name")
  user   = aws_secretsmanager("db", "user")
  port   = aws_secretsmanager("db", "port")
  raw    = aws_secretsmanager_raw("db")
}
source "null" "n" {
  communicator = "none"
}
build {
  sources = ["null.n"]
  provisioner "shell-local" {
    inline = ["test ${local.vault} = from-vault"]
  }
}
"#;

#[test]
fn every_command_that_evaluates_asks_the_services() {
    let service = Service::start();
    let sandbox = service.sandbox(TEMPLATE);
    let inspected = sandbox.run(&["inspect", "."]).expect(0);
    for line in [
        r#"local.consul: "from-consul""#,
        r#"local.port: "5432""#,
        r#"local.raw: "{\"user\":\"from-aws\",\"port\":5432}""#,
        r#"local.user: "from-aws""#,
        r#"local.vault: "from-vault""#,
    ] {
        assert!(inspected.contains(line), "{line} in\n{inspected}");
    }
    assert_eq!(sandbox.run(&["validate", "."]).expect(0), "The configuration is valid.\n");
    sandbox.run(&["build", "."]).expect(0);
    // Who only looks at the syntax asks nobody.
    drop(service);
    sandbox.run(&["validate", "-syntax-only", "."]).expect(0);
}

#[test]
fn what_services_refuse_is_said_with_its_place() {
    let service = Service::start();
    for (call, expected) in [
        (
            r#"vault("secret/data/none", "k")"#,
            "Call to function \"vault\" failed: Vault Secret does not exist at the given path.",
        ),
        (r#"vault("secret/data/app", "k")"#, "Vault path does not contain the requested key."),
        (r#"vault("secret/data/closed", "k")"#, "* permission denied."),
        (r#"vault("secret/data/broken", "k")"#, "* internal error."),
        (r#"vault("secret/data/odd", "k")"#, "it is not valid JSON (line 1, column 1)."),
        (r#"consul_key("none")"#, "key does not exist at the given path: none."),
        (r#"aws_secretsmanager("db", null)"#, "Secret has multiple values and no key was"),
        (r#"aws_secretsmanager("db", "x")"#, "No secret found for key \"x\"."),
        (r#"aws_secretsmanager_raw("")"#, "At least one secret name must be provided."),
    ] {
        let sandbox = service.sandbox(&format!("local \"x\" {{\n  expression = {call}\n}}\n{}", null_build()));
        // Long lines are folded.
        let said = sandbox.run(&["validate", "."]).expect(1).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("Error in function call"), "{call}:\n{said}");
        assert!(said.contains("on t.pkr.hcl line 2, in") && said.contains(expected), "{call}:\n{said}");
    }
    let mut sandbox = service.sandbox(TEMPLATE);
    sandbox.set("VAULT_TOKEN", "");
    let said = sandbox.run(&["validate", "."]).expect(1);
    assert!(said.contains("Must set VAULT_TOKEN env var in order to use\nvault template function."), "{said}");
}

fn null_build() -> &'static str {
    "source \"null\" \"n\" {\n  communicator = \"none\"\n}\nbuild {\n  sources = [\"null.n\"]\n}\n"
}

#[test]
fn secrets_are_in_no_log() {
    let service = Service::start();
    let mut sandbox = service.sandbox(TEMPLATE);
    sandbox.set("PACKER_LOG", "1");
    let output = sandbox.run(&["validate", "."]);
    let everything = format!("{}{}", output.stdout, output.stderr);
    for secret in ["from-vault", "from-consul", "from-aws", "ZnJvbS1jb25zdWw", "the-token", "the-key", "AWS4-HMAC"] {
        assert!(!everything.contains(secret), "{secret} in\n{everything}");
    }
    assert_eq!(output.code, 0);
}
