//! Consul.

use planner::eval::SecretStore;

use crate::secrets::tests::server::{Reply, Server, nobody, said, services, services_in};

fn entry(value: &str) -> String {
    format!(r#"[{{"Key":"k","Flags":0,"Value":{value},"ModifyIndex":1}}]"#)
}

#[test]
fn answers() {
    for (status, body, expected) in [
        (200, entry("\"dsO8\""), "vü"),
        (200, entry("\"\""), "error: value is empty at path a/b"),
        (200, entry("null"), "error: value is empty at path a/b"),
        (200, entry("\"/w==\""), "error: value is not valid UTF-8 at path a/b"),
        (200, entry("\"!\""), "error: error reading consul key: the answer cannot be read: the value is not base64"),
        (200, "[]".to_owned(), "error: key does not exist at the given path: a/b"),
        (200, "null".to_owned(), "error: key does not exist at the given path: a/b"),
        (404, String::new(), "error: key does not exist at the given path: a/b"),
        (
            403,
            "rpc error: Permission denied\n".to_owned(),
            "error: error reading consul key: Unexpected response code: 403 (rpc error: Permission denied)",
        ),
        (500, String::new(), "error: error reading consul key: Unexpected response code: 500 ()"),
        (
            200,
            r#"{"secret":"hunter2"}"#.to_owned(),
            "error: error reading consul key: the answer cannot be read: it has an unexpected form (line 1, column 0)",
        ),
        (
            200,
            "[".to_owned(),
            "error: error reading consul key: the answer cannot be read: it ends too early (line 1, column 1)",
        ),
    ] {
        let server = Server::replying(&[Reply::new(status, &body)]);
        let services = services(&[("CONSUL_HTTP_ADDR", &server.url())]);
        assert_eq!(said(services.consul("a/b")), expected, "{status} {body}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn requests() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), " from-file\n").unwrap();
    std::fs::write(folder.path().join("blank"), "\n").unwrap();
    for (key, address, variables, line, headers) in [
        ("a/b", "HOST", vec![], "GET /v1/kv/a/b", vec![("x-consul-token", None), ("authorization", None)]),
        ("/a", "http://HOST", vec![], "GET /v1/kv/a", vec![]),
        ("//a//b/", "http://HOST/pre", vec![], "GET /pre/v1/kv//a//b/", vec![]),
        ("é ?", "HOST", vec![], "GET /v1/kv/%C3%A9%20%3F", vec![]),
        (
            "a",
            "HOST",
            vec![("CONSUL_NAMESPACE", "team a"), ("CONSUL_PARTITION", "p")],
            "GET /v1/kv/a?ns=team+a&partition=p",
            vec![],
        ),
        ("a", "HOST", vec![("CONSUL_HTTP_TOKEN", "t")], "GET /v1/kv/a", vec![("x-consul-token", Some("t"))]),
        (
            "a",
            "HOST",
            vec![("CONSUL_HTTP_TOKEN", "t"), ("CONSUL_HTTP_TOKEN_FILE", "token")],
            "GET /v1/kv/a",
            vec![("x-consul-token", Some("from-file"))],
        ),
        (
            "a",
            "HOST",
            vec![("CONSUL_HTTP_TOKEN", "t"), ("CONSUL_HTTP_TOKEN_FILE", "blank")],
            "GET /v1/kv/a",
            vec![("x-consul-token", Some("t"))],
        ),
        (
            "a",
            "HOST",
            vec![("CONSUL_HTTP_AUTH", "user:pass:word")],
            "GET /v1/kv/a",
            vec![("authorization", Some("Basic dXNlcjpwYXNzOndvcmQ="))],
        ),
        (
            "a",
            "HOST",
            vec![("CONSUL_HTTP_AUTH", "user")],
            "GET /v1/kv/a",
            vec![("authorization", Some("Basic dXNlcjo="))],
        ),
    ] {
        let server = Server::replying(&[Reply::new(200, &entry("\"dg==\""))]);
        let address = address.replace("HOST", &server.address.to_string());
        let mut variables = variables;
        variables.push(("CONSUL_HTTP_ADDR", &address));
        assert_eq!(said(services_in(folder.path(), &variables).consul(key)), "v", "{variables:?}");
        let request = server.request();
        assert_eq!(request.line, line);
        for (name, value) in headers {
            assert_eq!(request.headers.get(name).map(String::as_str), value, "{variables:?}: {name}");
        }
    }
}

#[test]
fn parts_that_an_address_would_lose_are_refused() {
    for key in ["..", "a/../b", "./a"] {
        let expected = format!("error: error reading consul key: the parts . and .. cannot be asked for: {key}");
        assert_eq!(said(services(&[]).consul(key)), expected);
    }
}

#[test]
fn redirects_are_followed() {
    let server = Server::start(|request| match request.line.as_str() {
        "GET /v1/kv/a" => Reply::Answer(301, "Location: /v1/kv/b\r\n".to_owned(), String::new()),
        _ => Reply::new(200, &entry("\"dg==\"")),
    });
    assert_eq!(said(services(&[("CONSUL_HTTP_ADDR", &server.url())]).consul("a")), "v");
}

#[cfg(unix)]
#[test]
fn a_socket_file() {
    use std::os::unix::net::UnixListener;

    use crate::secrets::tests::server::serve;

    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("consul.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let thread = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        serve(
            stream,
            &mut |request| Reply::new(200, &entry("\"dg==\"").replace("\"k\"", &format!("{:?}", request.line))),
            &std::sync::Arc::default(),
        );
    });
    let services = services(&[("CONSUL_HTTP_ADDR", &format!("unix://{}", socket.display()))]);
    assert_eq!(said(services.consul("a")), "v");
    thread.join().unwrap();
}

#[test]
fn environments_that_describe_no_client() {
    let folder = tempfile::tempdir().unwrap();
    let address = nobody();
    for (variables, expected) in [
        (vec![("CONSUL_HTTP_ADDR", "tcp://h")], "error getting consul client: Unknown protocol scheme: tcp".to_owned()),
        (
            vec![("CONSUL_HTTP_SSL_VERIFY", "no")],
            "error getting consul client: could not parse CONSUL_HTTP_SSL_VERIFY".to_owned(),
        ),
        (vec![("CONSUL_HTTP_SSL", "yes")], "error getting consul client: could not parse CONSUL_HTTP_SSL".to_owned()),
        (
            vec![("CONSUL_HTTP_TOKEN_FILE", "none")],
            "error getting consul client: Error loading token file none : no such file or directory".to_owned(),
        ),
        (
            vec![("CONSUL_CACERT", "none")],
            "error getting consul client: Error loading CA File DIR/none: no such file or directory".to_owned(),
        ),
        (
            vec![("CONSUL_HTTP_ADDR", &address.to_string())],
            format!("error reading consul key: Get \"http://{address}/v1/kv/a\": connection refused"),
        ),
        (
            vec![("CONSUL_HTTP_ADDR", &address.to_string()), ("CONSUL_HTTP_SSL", "true")],
            format!("error reading consul key: Get \"https://{address}/v1/kv/a\": connection refused"),
        ),
    ] {
        let said = said(services_in(folder.path(), &variables).consul("a"));
        let said = said.replace(&*folder.path().to_string_lossy(), "DIR");
        assert_eq!(said, format!("error: {expected}"), "{variables:?}");
    }
}
