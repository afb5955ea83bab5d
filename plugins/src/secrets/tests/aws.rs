//! AWS Secrets Manager.

use planner::eval::SecretStore;

use crate::secrets::Services;
use crate::secrets::tests::server::{Reply, Server, nobody, said, services};

fn client(endpoint: &str) -> Services {
    services(&[
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ("AWS_SESSION_TOKEN", "session"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint),
    ])
}

#[test]
fn answers() {
    for (body, key, expected) in [
        (r#"{"Name":"n","SecretString":"plain"}"#, None, "plain"),
        (r#"{"SecretString":"{\"k\":\"v\"}"}"#, None, "v"),
        (r#"{"SecretString":"{\"k\":\"v\",\"p\":5432.0}"}"#, Some("p"), "5432"),
        (r#"{"SecretString":"{\"k\":\"v\",\"p\":1}"}"#, None, "error: Secret has multiple values and no key was set"),
        (r#"{"SecretString":"{\"k\":\"v\"}"}"#, Some("x\"y"), r#"error: No secret found for key "x\"y""#),
        (r#"{"SecretBinary":"AAEC"}"#, None, "error: Secret is not string"),
        (
            r#"{"SecretString":5}"#,
            None,
            "error: operation error Secrets Manager: GetSecretValue, the answer cannot be read: it has an unexpected form \
             (line 1, column 17)",
        ),
        (
            "",
            None,
            "error: operation error Secrets Manager: GetSecretValue, the answer cannot be read: it ends too early (line 1, \
             column 0)",
        ),
    ] {
        let server = Server::replying(&[Reply::new(200, body)]);
        assert_eq!(said(client(&server.url()).aws("n", key)), expected, "{body}");
    }
    let server = Server::replying(&[Reply::new(200, r#"{"SecretString":"{\"k\":\"v\",\"p\":1}"}"#)]);
    assert_eq!(said(client(&server.url()).aws_raw("n")), r#"{"k":"v","p":1}"#);
    // No service is needed to see that nothing is asked for.
    assert_eq!(said(services(&[]).aws("", None)), "error: At least one secret name must be provided");
}

#[test]
fn requests_are_signed() {
    let server = Server::replying(&[Reply::new(200, r#"{"SecretString":"s"}"#)]);
    assert_eq!(said(client(&server.url()).aws_raw("arn:aws:é/\"x")), "s");
    let request = server.request();
    assert_eq!(request.line, "POST /");
    assert_eq!(request.body, r#"{"SecretId":"arn:aws:é/\"x","VersionStage":"AWSCURRENT"}"#);
    for (name, value) in [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", "secretsmanager.GetSecretValue"),
        ("x-amz-security-token", "session"),
        ("host", &server.address.to_string()),
    ] {
        assert_eq!(request.headers.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert_eq!(request.headers["authorization"], signature(&request, "hunter2"));
}

/// The signature that belongs to a request, made again from what went over the wire.
fn signature(request: &crate::secrets::tests::server::Request, secret: &str) -> String {
    use reqsign_core::hash::{hex_hmac_sha256, hex_sha256, hmac_sha256};

    let time = &request.headers["x-amz-date"];
    let day = &time[..8];
    let given = &request.headers["authorization"];
    let signed = given.split("SignedHeaders=").nth(1).unwrap().split(',').next().unwrap();
    for name in ["content-type", "host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token", "x-amz-target"] {
        assert!(signed.split(';').any(|known| known == name), "{name} is signed");
    }
    let headers: String = signed.split(';').map(|name| format!("{name}:{}\n", request.headers[name])).collect();
    let body = hex_sha256(request.body.as_bytes());
    assert_eq!(request.headers["x-amz-content-sha256"], body);
    let canonical = format!("POST\n/\n\n{headers}\n{signed}\n{body}");
    let scope = format!("{day}/eu-west-1/secretsmanager/aws4_request");
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex_sha256(canonical.as_bytes()));
    let parts = [day, "eu-west-1", "secretsmanager", "aws4_request"];
    let start = format!("AWS4{secret}").into_bytes();
    let key = parts.iter().fold(start, |key, part| hmac_sha256(&key, part.as_bytes()));
    let signature = hex_hmac_sha256(&key, text.as_bytes());
    format!("AWS4-HMAC-SHA256 Credential=AKID/{scope}, SignedHeaders={signed}, Signature={signature}")
}

#[test]
fn refusals() {
    let id = "x-amzn-RequestId: id-1\r\n";
    for (status, headers, body, asked, expected) in [
        (
            400,
            id,
            r#"{"__type":"ResourceNotFoundException","Message":"Secrets Manager can't find the specified secret."}"#,
            1,
            "https response error StatusCode: 400, RequestID: id-1, ResourceNotFoundException: Secrets Manager can't find \
             the specified secret.",
        ),
        (
            400,
            id,
            r#"{"__type":"com.amazonaws.iam#AccessDeniedException:","message":"not authorized"}"#,
            1,
            "https response error StatusCode: 400, RequestID: id-1, api error AccessDeniedException: not authorized",
        ),
        (
            403,
            "X-Amzn-ErrorType: UnrecognizedClientException:http://internal/\r\n",
            r#"{"message":"The security token included in the request is invalid."}"#,
            1,
            "https response error StatusCode: 403, RequestID: , api error UnrecognizedClientException: The security token \
             included in the request is invalid.",
        ),
        (
            500,
            "",
            "oops",
            3,
            "exceeded maximum number of attempts, 3, https response error StatusCode: 500, RequestID: , api error \
             UnknownError: UnknownError",
        ),
        (
            400,
            "",
            r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#,
            3,
            "exceeded maximum number of attempts, 3, https response error StatusCode: 400, RequestID: , api error \
             ThrottlingException: Rate exceeded",
        ),
    ] {
        let server = Server::replying(&[Reply::Answer(status, headers.to_owned(), body.to_owned())]);
        let whole = format!("error: operation error Secrets Manager: GetSecretValue, {expected}");
        assert_eq!(said(client(&server.url()).aws("n", None)), whole);
        assert_eq!(server.requests().len(), asked, "{body}");
    }
    let found = Reply::new(200, r#"{"SecretString":"s"}"#);
    let server = Server::replying(&[Reply::new(503, ""), Reply::HangUp, found]);
    assert_eq!(said(client(&server.url()).aws("n", None)), "s");
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn nobody_answers() {
    let address = nobody();
    let said = said(client(&format!("http://{address}")).aws("n", None));
    let expected = format!(
        "error: operation error Secrets Manager: GetSecretValue, exceeded maximum number of attempts, 3, Post \
         \"http://{address}/\": connection refused"
    );
    assert_eq!(said, expected);
}
