//! Who asks AWS, and where: environment, shared files, roles, containers, machines.

use std::fs;
use std::path::Path;

use planner::eval::SecretStore;

use crate::secrets::tests::server::{Reply, Request, Server, said, services_in};

const STS: &str = "<R><AssumeRoleResult><Credentials><AccessKeyId>ROLE567890123456</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
                   <SessionToken>t</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>\
                   </AssumeRoleResult></R>";

/// Plays every service at once.
fn play(request: &Request) -> Reply {
    let keys = |id: &str| {
        format!(
            r#"{{"Code":"Success","AccessKeyId":"{id}","SecretAccessKey":"s","Token":"t","Expiration":"2999-01-01T00:00:00Z"}}"#
        )
    };
    match request.line.as_str() {
        "PUT /latest/api/token" => Reply::new(200, "imds-token"),
        "GET /latest/meta-data/iam/security-credentials/" => Reply::new(200, "node"),
        "GET /latest/meta-data/iam/security-credentials/node" => Reply::new(200, &keys("MACHINE")),
        "GET /task" => Reply::new(200, &keys("TASK")),
        "POST /" if request.body.contains("Action=AssumeRoleWithWebIdentity") => Reply::new(
            200,
            &STS.replace("AssumeRoleResult", "AssumeRoleWithWebIdentityResult").replace("ROLE567890123456", "WEB"),
        ),
        _ if request.line.contains("Action=AssumeRole") || request.body.contains("Action=AssumeRole") => {
            Reply::new(200, STS)
        }
        _ => Reply::new(200, r#"{"SecretString":"s"}"#),
    }
}

/// Whose signature the question for a secret had, with the region; or the error.
fn asker(folder: &Path, variables: &[(&str, &str)]) -> String {
    let server = Server::start(play);
    let url = server.url();
    let task = format!("{url}/task");
    let mut all = vec![("AWS_ENDPOINT_URL", url.as_str()), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &url)];
    all.extend(variables.iter().map(|(name, value)| (*name, if *value == "TASK" { task.as_str() } else { value })));
    let said = said(services_in(folder, &all).aws("n", None));
    if said != "s" {
        return said.replace(&*folder.to_string_lossy(), "DIR").replace(&url, "URL");
    }
    let requests = server.requests();
    let last = &requests.last().unwrap().headers["authorization"];
    let scope: Vec<&str> = last.split("Credential=").nth(1).unwrap().split('/').collect();
    format!("{} {}", scope[0], scope[2])
}

#[test]
fn sources_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".aws")).unwrap();
    fs::write(
        folder.path().join(".aws/credentials"),
        "[default]\naws_access_key_id = DEFAULT\naws_secret_access_key = s\n\
         [keys]\naws_access_key_id = KEYS\naws_secret_access_key = s\n",
    )
    .unwrap();
    fs::write(
        folder.path().join(".aws/config"),
        "[default]\nregion = eu-central-1\n\
         [profile bare]\nregion = eu-north-1\n\
         [profile role]\nregion = eu-west-3\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = keys\n\
         [profile twice]\nregion = eu-west-3\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = role\n\
         [profile self]\nregion = eu-west-3\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = self\n\
         aws_access_key_id = SELF\naws_secret_access_key = s\n\
         [profile round]\nregion = r\nrole_arn = a\nsource_profile = trip\n\
         [profile trip]\nrole_arn = a\nsource_profile = round\n\
         [profile odd]\nregion = r\nrole_arn = a\ncredential_source = Nothing\n\
         [profile alone]\nregion = r\nrole_arn = a\n\
         [profile mfa]\nregion = r\nrole_arn = a\nmfa_serial = m\nsource_profile = keys\n\
         [profile sso]\nregion = r\nsso_session = s\n\
         [profile web]\nregion = eu-west-3\nrole_arn = arn:aws:iam::123456789012:role/r\nweb_identity_token_file = token\n\
         [profile command]\nregion = eu-west-3\n\
         credential_process = printf '{\"Version\":1,\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"s\"}' COMMAND$PKR_VAR_x\n\
         [profile failing]\nregion = eu-west-3\ncredential_process = exit 3\n",
    )
    .unwrap();
    fs::write(folder.path().join("token"), "web-token\n").unwrap();
    let keys = [("AWS_ACCESS_KEY_ID", "ENV"), ("AWS_SECRET_ACCESS_KEY", "s")];
    let token = folder.path().join("token");
    let web = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()),
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r"),
    ];
    for (variables, expected) in [
        (keys.to_vec(), "ENV eu-central-1"),
        ([&keys[..], &[("AWS_REGION", "a-1"), ("AWS_DEFAULT_REGION", "b-1")]].concat(), "ENV a-1"),
        ([&keys[..], &[("AWS_DEFAULT_REGION", "b-1"), ("AWS_PROFILE", "bare")]].concat(), "ENV b-1"),
        ([&keys[..], &web].concat(), "ENV eu-central-1"),
        (vec![("AWS_ACCESS_KEY", "OLD"), ("AWS_SECRET_KEY", "s")], "OLD eu-central-1"),
        (vec![], "DEFAULT eu-central-1"),
        (web.to_vec(), "WEB eu-central-1"),
        (vec![("AWS_PROFILE", "keys"), ("AWS_REGION", "c-1")], "KEYS c-1"),
        (vec![("AWS_DEFAULT_PROFILE", "keys"), ("AWS_REGION", "c-1")], "KEYS c-1"),
        (vec![("AWS_PROFILE", "role")], "ROLE567890123456 eu-west-3"),
        (vec![("AWS_PROFILE", "twice")], "ROLE567890123456 eu-west-3"),
        (vec![("AWS_PROFILE", "self")], "ROLE567890123456 eu-west-3"),
        (vec![("AWS_PROFILE", "web")], "WEB eu-west-3"),
        // Values of variables are none of its business.
        (vec![("AWS_PROFILE", "command"), ("PATH", "/usr/bin:/bin"), ("PKR_VAR_x", "TOLD")], "COMMAND eu-west-3"),
        (vec![("AWS_PROFILE", "bare"), ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "TASK")], "TASK eu-north-1"),
        (vec![("AWS_PROFILE", "bare")], "MACHINE eu-north-1"),
        (
            vec![("AWS_PROFILE", "keys"), ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")],
            "error: operation error Secrets Manager: GetSecretValue, Missing Region: set AWS_REGION, or region in the profile of the shared configuration file",
        ),
        (vec![("AWS_PROFILE", "none")], "error: failed to load AWS config: failed to get shared config profile, none"),
        (
            vec![("AWS_PROFILE", "bare"), ("AWS_EC2_METADATA_DISABLED", "true")],
            "error: operation error Secrets Manager: GetSecretValue, no credentials: there are no keys in the environment and in the profile, and the instance metadata service has none",
        ),
        (
            vec![("AWS_PROFILE", "failing"), ("AWS_EC2_METADATA_DISABLED", "true"), ("PATH", "/usr/bin:/bin")],
            "error: operation error Secrets Manager: GetSecretValue, no credentials: the profile: credential_process ended with exit code 3",
        ),
        (
            vec![("AWS_PROFILE", "round")],
            "error: failed to load AWS config: profile trip: source_profile goes round in circles: round -> trip -> round",
        ),
        (
            vec![("AWS_PROFILE", "odd")],
            "error: failed to load AWS config: profile odd: credential_source Nothing is not known",
        ),
        (
            vec![("AWS_PROFILE", "alone")],
            "error: failed to load AWS config: profile alone: role_arn needs source_profile, credential_source or web_identity_token_file",
        ),
        (
            vec![("AWS_PROFILE", "mfa")],
            "error: failed to load AWS config: profile mfa takes on a role with a second factor, and nobody can be asked for it here",
        ),
        (
            vec![("AWS_PROFILE", "sso")],
            "error: failed to load AWS config: profile sso signs on with sso_session, which is not supported",
        ),
    ] {
        assert_eq!(asker(folder.path(), &variables), expected, "{variables:?}");
    }
}

#[test]
fn credentials_are_asked_for_once() {
    let server = Server::start(play);
    let folder = tempfile::tempdir().unwrap();
    let url = server.url();
    let services = services_in(
        folder.path(),
        &[
            ("AWS_ENDPOINT_URL", url.as_str()),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &format!("{url}/task")),
        ],
    );
    for _ in 0..3 {
        assert_eq!(said(services.aws("n", None)), "s");
    }
    let lines: Vec<String> = server.requests().into_iter().map(|request| request.line).collect();
    assert_eq!(lines, ["GET /task", "POST /", "POST /", "POST /"]);
}
