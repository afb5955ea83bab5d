//! A registry on this machine: the services that log in, know places and know what was built.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::builtin::fixtures::context_in;
use crate::component::ComponentContext;
use crate::hcp::{Client, HcpError};
use crate::scrubber::Scrubber;
use crate::secrets::tests::server::{Reply, Request, Server, nobody};

const PLACE: &str = "organizations/org-1/projects/proj-1";

/// A server that answers `answers` by path below our place in the registry, and everything that leads there.
pub(crate) fn registry(answers: &[(&str, &str)]) -> Server {
    let answers: BTreeMap<String, String> =
        answers.iter().map(|(path, body)| ((*path).to_owned(), (*body).to_owned())).collect();
    Server::start(move |request| answer(request, &answers))
}

fn answer(request: &Request, answers: &BTreeMap<String, String>) -> Reply {
    let path = request.line.trim_start_matches("GET ");
    if request.line == "POST /oauth2/token" {
        // `id:s%2Bcret+x`, coded as a form, then in base64.
        let is_known = request.headers["authorization"] == "Basic aWQ6cyUyQmNyZXQreA==";
        let is_asked = request.body == "audience=https%3A%2F%2Fapi.hashicorp.cloud&grant_type=client_credentials";
        return match is_known && is_asked {
            true => Reply::new(200, r#"{"access_token": "the-token", "expires_in": 3600}"#),
            false => Reply::new(401, r#"{"error": "invalid_client", "error_description": "who is wrong-secret?"}"#),
        };
    }
    if request.headers.get("authorization").map(String::as_str) != Some("Bearer the-token") {
        return Reply::new(401, r#"{"code": 16, "message": "no token"}"#);
    }
    let place = path
        .split_once(&format!("/{PLACE}/"))
        .map(|(api, rest)| format!("{}:{rest}", api.trim_start_matches("/packer/")));
    let known = match path {
        "/resource-manager/2019-12-10/organizations" => Some(r#"{"organizations": [{"id": "org-1"}]}"#.to_owned()),
        "/resource-manager/2019-12-10/projects?scope.id=org-1&scope.type=ORGANIZATION" => Some(
            r#"{"projects": [{"id": "newer", "created_at": "2024-01-01T00:00:00Z"},
                {"id": "proj-1", "created_at": "2023-01-01T00:00:00Z"}]}"#
                .to_owned(),
        ),
        _ => place.and_then(|place| answers.get(&place).cloned()),
    };
    known.map_or_else(|| Reply::new(404, r#"{"code": 5, "message": "nothing there"}"#), |body| Reply::new(200, &body))
}

/// A context whose environment leads to `server`, with more variables.
pub(crate) fn context_of(server: &Server, variables: &[(&str, &str)]) -> ComponentContext {
    let address = server.address.to_string();
    let auth = server.url();
    let mut all = vec![
        ("HCP_CLIENT_ID", "id"),
        ("HCP_CLIENT_SECRET", "s+cret x"),
        ("HCP_API_ADDRESS", address.as_str()),
        ("HCP_API_TLS", "disabled"),
        ("HCP_AUTH_URL", auth.as_str()),
        ("HCP_AUTH_TLS", "disabled"),
    ];
    all.extend(variables);
    let environment = all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let secrets = Scrubber::new();
    ComponentContext { environment: Arc::new(environment), secrets, ..context_in(Path::new("/nonexistent")) }
}

async fn failure(context: &ComponentContext) -> String {
    Client::connect(context).await.err().map_or_else(|| "connected".to_owned(), |error: HcpError| error.to_string())
}

fn paths(server: &Server) -> Vec<String> {
    server.requests().into_iter().map(|request| request.line).collect()
}

#[tokio::test]
async fn places_are_found_or_given() {
    let server = registry(&[("2023-01-01:registry", "{}")]);
    let organizations = "GET /resource-manager/2019-12-10/organizations".to_owned();
    let projects = "GET /resource-manager/2019-12-10/projects?scope.id=org-1&scope.type=ORGANIZATION".to_owned();
    let registry = format!("GET /packer/2023-01-01/{PLACE}/registry");
    let token = "POST /oauth2/token".to_owned();
    let rows = [
        (vec![], vec![token.clone(), organizations.clone(), projects.clone()]),
        (vec![("HCP_ORGANIZATION_ID", "org-1")], vec![token.clone(), projects]),
        (vec![("HCP_PROJECT_ID", "proj-1")], vec![token.clone(), organizations, registry]),
        (vec![("HCP_ORGANIZATION_ID", "org-1"), ("HCP_PROJECT_ID", "proj-1")], vec![token]),
    ];
    let mut n_before = 0;
    for (variables, expected) in rows {
        let client = Client::connect(&context_of(&server, &variables)).await;
        assert!(client.is_ok());
        assert_eq!(paths(&server)[n_before..], expected);
        n_before += expected.len();
    }
    let other = failure(&context_of(&server, &[("HCP_PROJECT_ID", "other")])).await;
    assert_eq!(other, "reading the HCP Packer registry of project \"other\": HTTP 404, Code:5: nothing there");
}

#[tokio::test]
async fn more_than_one_organization_is_one_too_many() {
    for (list, n) in [("[]", 0), (r#"[{"id": "a"}, {"id": "b"}]"#, 2)] {
        let body = format!(r#"{{"organizations": {list}, "access_token": "t"}}"#);
        let server = Server::replying(&[Reply::new(200, &body)]);
        let why = failure(&context_of(&server, &[])).await;
        let expected = format!("unexpected number of organizations: expected 1, actual: {n}. Set HCP_ORGANIZATION_ID");
        assert_eq!(why, expected);
    }
}

#[tokio::test]
async fn wrong_credentials_are_said_without_them() {
    let server = registry(&[]);
    let context = context_of(&server, &[("HCP_CLIENT_SECRET", "wrong-secret")]);
    let why = failure(&context).await;
    assert_eq!(why, "HCP does not accept the client id and secret: who is <sensitive>?");
    assert_eq!(context.secrets.scrub("a wrong-secret"), "a <sensitive>");
    let none = failure(&context_of(&server, &[("HCP_CLIENT_ID", "")])).await;
    assert!(none.starts_with("HCP authentication information required: set HCP_CLIENT_ID"), "{none}");
}

#[tokio::test]
async fn the_token_is_hidden() {
    let server = registry(&[]);
    let context = context_of(&server, &[]);
    Client::connect(&context).await.ok().unwrap();
    assert_eq!(context.secrets.scrub("a the-token, s+cret x"), "a <sensitive>, <sensitive>");
}

#[tokio::test]
async fn services_that_are_not_there_or_speak_nonsense() {
    let gone = nobody().to_string();
    let server = registry(&[]);
    let why = failure(&context_of(&server, &[("HCP_AUTH_URL", &format!("http://{gone}"))])).await;
    assert_eq!(why, "logging in to HCP: connection refused");
    let why = failure(&context_of(&server, &[("HCP_API_ADDRESS", &gone)])).await;
    assert_eq!(why, "listing the HCP organizations: connection refused");
    for (reply, expected) in [
        (Reply::new(200, "<html>"), "logging in to HCP: the answer has no token"),
        (Reply::new(503, "sorry"), "logging in to HCP: HTTP 503 Service Unavailable"),
        (
            Reply::new(200, r#"{"access_token": "t", "organizations": 7}"#),
            "listing the HCP organizations: the answer is not what it should be",
        ),
    ] {
        let server = Server::replying(&[reply]);
        assert_eq!(failure(&context_of(&server, &[])).await, expected);
    }
}

#[tokio::test]
async fn builds_come_by_the_page() {
    let of = |id: &str, next: &str| {
        format!(r#"{{"builds": [{{"id": "{id}"}}], "pagination": {{"next_page_token": "{next}"}}}}"#)
    };
    let path = "2023-01-01:buckets/b/versions/f/builds";
    let server = registry(&[(path, &of("1", "n")), (&format!("{path}?pagination.next_page_token=n"), &of("2", ""))]);
    let client = Client::connect(&context_of(&server, &[])).await.ok().unwrap();
    let builds = client.builds("b", "f").await.unwrap();
    assert_eq!(builds.iter().map(|build| build.id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
}
