//! Vault.

use planner::eval::SecretStore;

use crate::secrets::tests::server::{Reply, Server, nobody, said, services, services_in};

#[test]
fn answers() {
    let v2 = r#"{"request_id":"r","data":{"data":{"k":"v","é":"ü","n":5,"o":{}},"metadata":{}},"warnings":null}"#;
    for (status, body, key, expected) in [
        (200, v2, "k", "v"),
        (200, v2, "é", "ü"),
        (200, v2, "none", "error: Vault path does not contain the requested key"),
        (200, v2, "n", "error: the value under \"n\" in the Vault secret is not a string"),
        (200, v2, "o", "error: the value under \"o\" in the Vault secret is not a string"),
        (200, r#"{"data":{"k":"v1"},"lease_duration":2764800}"#, "k", "v1"),
        (200, r#"{"data":{"k":""}}"#, "k", ""),
        // A secret of the first version may have a key of this name.
        (200, r#"{"data":{"data":"text"}}"#, "data", "text"),
        // No envelope at all.
        (200, r#"{"k":"bare"}"#, "k", "bare"),
        (200, r#"{"data":{"k":"v"}} and more"#, "k", "v"),
        (200, r#"{"data":{"data":null,"metadata":{"deletion_time":"t"}}}"#, "k", MISSING),
        (404, r#"{"data":{"data":null,"metadata":{"deletion_time":"t"}}}"#, "k", MISSING),
        (404, r#"{"errors":[]}"#, "k", MISSING),
        (404, "", "k", MISSING),
        (404, r#"{"data":{"k":"found all the same"}}"#, "k", "found all the same"),
        (204, "", "k", MISSING),
        (200, "", "k", MISSING),
        (200, r#"{"errors":["one","two"],"more":1}"#, "k", "error: Error reading vault secret: one two"),
        (
            200,
            r#"{"data":{"other":"v"},"warnings":["first","second"]}"#,
            "k",
            "error: Vault data was empty at the given path. A secret of the second version of the key-value engine has \
             the word data in its path, as in secret/data/name. Original warnings from Vault call: first; second",
        ),
        (
            200,
            "{\"data\":\n  {broken: hunter2",
            "k",
            "error: Error reading vault secret: the answer cannot be read: it is not valid JSON (line 2, column 4)",
        ),
        (
            200,
            r#"{"data":{"#,
            "k",
            "error: Error reading vault secret: the answer cannot be read: it ends too early (line 1, column 9)",
        ),
        (
            200,
            r#""hunter2""#,
            "k",
            "error: Error reading vault secret: the answer cannot be read: it has an unexpected form (line 1, column 9)",
        ),
        (
            200,
            r#"{"data":"hunter2"}"#,
            "k",
            "error: Error reading vault secret: the answer cannot be read: its data is not an object",
        ),
    ] {
        let server = Server::replying(&[Reply::new(status, body)]);
        let services = services(&[("VAULT_TOKEN", "t"), ("VAULT_ADDR", &server.url())]);
        assert_eq!(said(services.vault("secret/data/a", key)), expected, "{status} {body}");
    }
}

const MISSING: &str = "error: Vault Secret does not exist at the given path";

#[test]
fn refusals() {
    for (status, body, expected) in [
        (403, r#"{"errors":["permission denied"]}"#, "Code: 403. Errors:\n\n* permission denied"),
        (400, r#"{"errors":["one","two"]}"#, "Code: 400. Errors:\n\n* one\n* two"),
        (501, r#"{"errors":[]}"#, "Code: 501. Errors:\n\n"),
        (403, "<html>no</html>", "Code: 403. Raw Message:\n\n<html>no</html>"),
    ] {
        let server = Server::replying(&[Reply::new(status, body)]);
        let services = services(&[("VAULT_TOKEN", "t"), ("VAULT_ADDR", &server.url())]);
        let url = format!("{}/v1/secret/a%20b", server.url());
        let whole =
            format!("error: Error reading vault secret: Error making API request.\n\nURL: GET {url}\n{expected}");
        assert_eq!(said(services.vault("secret/a b", "k")), whole);
        assert_eq!(server.requests().len(), 1, "{status} is final");
    }
    let headers = "X-Vault-Namespace: team/\r\n".to_owned();
    let server = Server::replying(&[Reply::Answer(403, headers, r#"{"errors":["no"]}"#.to_owned())]);
    let services = services(&[("VAULT_TOKEN", "t"), ("VAULT_ADDR", &server.url())]);
    let said = said(services.vault("a", "k"));
    assert!(said.contains("request.\n\nNamespace: team/\nURL: GET "), "{said}");
}

#[test]
fn requests() {
    let found = Reply::new(200, r#"{"data":{"k":"v"}}"#);
    for (path, line) in [
        ("secret/data/a", "GET /v1/secret/data/a"),
        ("/secret//a/", "GET /v1/secret/a"),
        ("a/../b/./c", "GET /v1/b/c"),
        ("é?x#y%20", "GET /v1/%C3%A9%3Fx%23y%2520"),
    ] {
        let server = Server::replying(std::slice::from_ref(&found));
        let services = services(&[("VAULT_TOKEN", "t"), ("VAULT_ADDR", &server.url())]);
        assert_eq!(said(services.vault(path, "k")), "v");
        assert_eq!(server.request().line, line);
    }
    let server = Server::replying(&[found]);
    let services = services(&[
        ("VAULT_TOKEN", "s.token"),
        ("VAULT_ADDR", "http://127.0.0.1:1"),
        ("VAULT_AGENT_ADDR", &format!("{}/pre/fix/", server.url())),
        ("VAULT_NAMESPACE", "team/a"),
        ("VAULT_WRAP_TTL", "5m"),
        // This machine is not reached through a proxy.
        ("http_proxy", "http://127.0.0.1:1"),
    ]);
    assert_eq!(said(services.vault("s", "k")), "v");
    let request = server.request();
    assert_eq!(request.line, "GET /pre/fix/v1/s");
    for (name, value) in [
        ("x-vault-token", "s.token"),
        ("x-vault-request", "true"),
        ("x-vault-namespace", "team/a"),
        ("x-vault-wrap-ttl", "5m"),
        ("host", &server.address.to_string()),
    ] {
        assert_eq!(request.headers.get(name).map(String::as_str), Some(value), "{name}");
    }
}

#[test]
fn a_service_that_is_not_ready_is_asked_again() {
    let found = Reply::new(200, r#"{"data":{"k":"v"}}"#);
    let broken = Reply::new(500, r#"{"errors":["internal error"]}"#);
    for (replies, retries, asked, expected) in [
        (vec![broken.clone(), found.clone()], "", 2, "v"),
        (vec![Reply::new(429, ""), Reply::new(412, ""), found.clone()], "", 3, "v"),
        (vec![Reply::HangUp, found.clone()], "", 2, "v"),
        (vec![broken.clone()], "", 3, "* internal error"),
        (vec![broken.clone()], "0", 1, "* internal error"),
        (vec![broken.clone(), broken.clone(), broken, found], "4", 4, "v"),
        (vec![Reply::new(503, "sealed")], "1", 2, "Code: 503. Raw Message:\n\nsealed"),
    ] {
        let server = Server::replying(&replies);
        let services = services(&[("VAULT_TOKEN", "t"), ("VAULT_ADDR", &server.url()), ("VAULT_MAX_RETRIES", retries)]);
        let said = said(services.vault("a", "k"));
        assert!(said.ends_with(expected), "{replies:?}: {said}");
        assert_eq!(server.requests().len(), asked, "{replies:?}");
    }
}

#[test]
fn one_redirect_is_followed() {
    let server = Server::start(|request| match request.line.as_str() {
        "GET /v1/a" => Reply::Answer(307, "Location: /v1/b\r\n".to_owned(), String::new()),
        "GET /v1/nowhere" => Reply::new(302, ""),
        _ => Reply::new(200, r#"{"data":{"k":"v"}}"#),
    });
    let variables = [("VAULT_TOKEN", "t"), ("VAULT_ADDR", &server.url())];
    assert_eq!(said(services(&variables).vault("a", "k")), "v");
    assert_eq!(server.requests()[1].headers["x-vault-token"], "t");
    let said_nowhere = said(services(&variables).vault("nowhere", "k"));
    assert!(said_nowhere.ends_with("/v1/nowhere does not say where to"), "{said_nowhere}");
    let stays = services(&[variables[0], variables[1], ("VAULT_DISABLE_REDIRECTS", "true")]);
    assert_eq!(said(stays.vault("a", "k")), MISSING);
}

#[test]
fn proxies_of_the_environment() {
    let found = Reply::new(200, r#"{"data":{"k":"v"}}"#);
    let elsewhere = ("VAULT_ADDR", "http://vault.invalid:8200");
    for name in ["HTTP_PROXY", "http_proxy", "VAULT_PROXY_ADDR", "VAULT_HTTP_PROXY"] {
        let proxy = Server::replying(std::slice::from_ref(&found));
        let services = services(&[("VAULT_TOKEN", "t"), elsewhere, (name, &proxy.url())]);
        assert_eq!(said(services.vault("a", "k")), "v", "{name}");
        assert_eq!(proxy.request().line, "GET http://vault.invalid:8200/v1/a");
    }
    // No proxy for this name, for addresses with TLS, and for programs that answer web requests.
    for other in [("NO_PROXY", "invalid"), ("VAULT_ADDR", "https://vault.invalid"), ("REQUEST_METHOD", "GET")] {
        let proxy = Server::replying(std::slice::from_ref(&found));
        let services = services(&[
            ("VAULT_TOKEN", "t"),
            ("VAULT_MAX_RETRIES", "0"),
            ("HTTP_PROXY", &proxy.url()),
            elsewhere,
            other,
        ]);
        assert!(said(services.vault("a", "k")).starts_with("error: "), "{other:?}");
        assert_eq!(proxy.requests().len(), 0, "{other:?}");
    }
}

#[test]
fn nobody_answers() {
    let address = nobody();
    let services = services(&[
        ("VAULT_TOKEN", "t"),
        ("VAULT_ADDR", &format!("http://user:hunter2@{address}")),
        ("VAULT_MAX_RETRIES", "0"),
    ]);
    let expected = format!("error: Error reading vault secret: Get \"http://{address}/v1/a\": connection refused");
    assert_eq!(said(services.vault("a", "k")), expected);
}

#[test]
fn a_slow_service_is_given_up() {
    let server = Server::replying(&[Reply::Silence]);
    for (timeout, shown) in [("50ms", "50ms"), ("0.05s", "50ms")] {
        let services =
            services(&[("VAULT_TOKEN", "t"), ("VAULT_ADDR", &server.url()), ("VAULT_CLIENT_TIMEOUT", timeout)]);
        let url = server.url();
        let expected = format!("error: Error reading vault secret: Get \"{url}/v1/a\": no answer within {shown}");
        assert_eq!(said(services.vault("a", "k")), expected);
    }
}

#[test]
fn environments_that_describe_no_client() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("text"), "no certificate").unwrap();
    let token = ("VAULT_TOKEN", "t");
    for (variables, expected) in [
        (vec![], "Must set VAULT_TOKEN env var in order to use vault template function"),
        (vec![("VAULT_TOKEN", "")], "Must set VAULT_TOKEN env var in order to use vault template function"),
        (
            vec![("VAULT_TOKEN", "a\tb")],
            "Error getting Vault client: configured Vault token contains non-printable characters and cannot be used",
        ),
        (vec![token, ("VAULT_SKIP_VERIFY", "maybe")], "Error getting Vault client: could not parse VAULT_SKIP_VERIFY"),
        (vec![token, ("VAULT_MAX_RETRIES", "-1")], "Error getting Vault client: could not parse VAULT_MAX_RETRIES"),
        (vec![token, ("VAULT_CLIENT_TIMEOUT", "1")], "connection refused"),
        (
            vec![token, ("VAULT_CLIENT_TIMEOUT", "x")],
            "Error getting Vault client: could not parse VAULT_CLIENT_TIMEOUT",
        ),
        (
            vec![token, ("VAULT_ADDR", "127.0.0.1:8200")],
            "Error getting Vault client: \"127.0.0.1:8200\" is not an address: relative URL without a base",
        ),
        (vec![token, ("VAULT_ADDR", "ftp://h")], "Error getting Vault client: Unknown protocol scheme: ftp"),
        (
            vec![token, ("VAULT_ADDR", "http://h"), ("VAULT_SRV_LOOKUP", "true")],
            "Error getting Vault client: VAULT_SRV_LOOKUP is not supported; name the port in the address",
        ),
        (
            vec![token, ("VAULT_CACERT", "none")],
            "Error getting Vault client: Error loading CA File DIR/none: no such file or directory",
        ),
        (vec![token, ("VAULT_CACERT", "text")], "Error getting Vault client: Couldn't parse PEM in: text"),
        (vec![token, ("VAULT_CAPATH", ".")], "Error getting Vault client: Couldn't parse PEM in: DIR/./text"),
        (
            vec![token, ("VAULT_CLIENT_CERT", "text")],
            "Error getting Vault client: both client cert and client key must be provided",
        ),
        (
            vec![token, ("VAULT_CLIENT_CERT", "text"), ("VAULT_CLIENT_KEY", "text")],
            "Error getting Vault client: Couldn't parse PEM in: text, text",
        ),
    ] {
        let mut variables = variables;
        if variables.iter().all(|(name, _)| *name != "VAULT_ADDR") {
            variables.push(("VAULT_ADDR", "http://127.0.0.1:1"));
            variables.push(("VAULT_MAX_RETRIES", "0"));
        }
        variables.dedup_by_key(|(name, _)| *name);
        let first: Vec<_> = variables.iter().rev().copied().collect();
        let services = services_in(folder.path(), &first);
        let said = said(services.vault("a", "k")).replace(&*folder.path().to_string_lossy(), "DIR");
        assert!(said.ends_with(expected), "{variables:?}: {said}");
    }
}

#[test]
fn a_caller_may_itself_run_on_a_runtime() {
    let server = Server::replying(&[Reply::new(200, r#"{"data":{"k":"v"}}"#)]);
    let services = services(&[("VAULT_TOKEN", "t"), ("VAULT_ADDR", &server.url())]);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let said = runtime.block_on(async move { tokio::spawn(async move { said(services.vault("a", "k")) }).await });
    assert_eq!(said.unwrap(), "v");
}
