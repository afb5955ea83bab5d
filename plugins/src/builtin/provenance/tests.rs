//! Every field, and what is left behind.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::Cancel;
use planner::value::{Type, Value};
use serde_json::json;

use super::Provenance;
use crate::builtin::fixtures::{FixedArtifact, RecordingUi, context_in};
use crate::component::{Artifact, ComponentContext, ComponentError, PostProcessor};
use crate::offload::Workbench;
use crate::sbom::{SbomFormat, check};
use crate::signing::keyless::fake::{FakeSigstore, Wrong, token};
use crate::signing::{Envelope, PrivateKey, PublicKey};

const RSA: &str = include_str!("../../signing/testdata/rsa-pkcs8.pem");
const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/// A folder with an artifact in it, outside of any repository.
struct Place {
    folder: tempfile::TempDir,
    context: ComponentContext,
}

impl Place {
    fn new(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("out")).unwrap();
        std::fs::write(folder.path().join("out/image.raw"), "hello").unwrap();
        std::fs::write(folder.path().join("key.pem"), RSA).unwrap();
        let mut context = context_in(folder.path());
        let mut environment = context.environment.as_ref().clone();
        environment.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        environment.insert("GIT_CEILING_DIRECTORIES".to_owned(), "/".to_owned());
        environment.insert("GIT_DIR".to_owned(), "/nonexistent".to_owned());
        context.environment = Arc::new(environment);
        Self { folder, context }
    }

    async fn run(&self, fields: &[(&str, Value)], files: &[&str]) -> Result<Vec<String>, ComponentError> {
        let mut provenance = Provenance::new(Workbench::default());
        let config = Value::object(fields.iter().map(|(name, value)| (*name, value.clone())));
        provenance.prepare(&config, &self.context).await?;
        let files = files.iter().map(PathBuf::from).collect();
        let data = [("ID".to_owned(), Value::string("i-1"))].into();
        let input: Arc<dyn Artifact> = Arc::new(FixedArtifact { files, data });
        let ui = Arc::new(RecordingUi::default());
        let done = provenance.post_process(ui.clone(), input.clone(), &Cancel::new()).await?;
        assert!(done.keep && done.force && Arc::ptr_eq(&done.artifact.unwrap(), &input));
        Ok(ui.said())
    }

    fn read(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path().join(folder)).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn text(text: &str) -> Value {
    Value::string(text)
}

fn texts(texts: &[&str]) -> Value {
    Value::strings(texts.iter().copied())
}

fn map(entries: &[(&str, &str)]) -> Value {
    let entries = entries.iter().map(|(name, value)| (Arc::from(*name), Value::string(*value)));
    Value::Map(Type::String, Arc::new(entries.collect()))
}

#[tokio::test]
async fn says_how_an_artifact_came_about() {
    let place = Place::new(&[("BUILD_URL", "https://ci.example/7"), ("BUILD_ID", "7"), ("PKR_VAR_region", "eu")]);
    let said = place.run(&[], &["out/image.raw"]).await.unwrap();
    assert_eq!(said, ["say: Wrote attestation to out/web.image.raw.provenance.json"]);
    let expected = format!(
        r#"{{
  "_type": "https://in-toto.io/Statement/v1",
  "subject": [
    {{
      "name": "image.raw",
      "digest": {{
        "sha256": "{HELLO}"
      }}
    }}
  ],
  "predicateType": "https://slsa.dev/provenance/v1",
  "predicate": {{
    "buildDefinition": {{
      "buildType": "https://packer.io/buildtypes/hcl2/v1",
      "externalParameters": {{
        "userVariables": {{
          "region": {{
            "digest": {{
              "sha256": "feaf2f1f56f8dd4b7aeee41e6c5fb3e1eb8c5cc2fe5a5a2a8e6e5bd9a6b2c2a4"
            }}
          }}
        }}
      }},
      "internalParameters": {{
        "packerVersion": "1.16.0",
        "packerBuildName": "web",
        "packerBuilderType": "null"
      }}
    }},
    "runDetails": {{
      "builder": {{
        "id": "https://ci.example/7",
        "version": {{
          "packer": "1.16.0"
        }}
      }},
      "metadata": {{
        "invocationId": "7"
      }}
    }}
  }}
}}
"#
    );
    let digest = super::subject::sha256(b"eu")["sha256"].clone();
    let expected = expected.replace("feaf2f1f56f8dd4b7aeee41e6c5fb3e1eb8c5cc2fe5a5a2a8e6e5bd9a6b2c2a4", &digest);
    assert_eq!(place.read("out/web.image.raw.provenance.json"), expected);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let path = place.folder.path().join("out/web.image.raw.provenance.json");
        let mode = std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode & 0o600, mode & !0o664), (0o600, 0));
    }
    assert_eq!(place.names("out"), ["image.raw", "web.image.raw.provenance.json"]);
}

#[tokio::test]
async fn records_what_it_is_given() {
    let place = Place::new(&[("GITHUB_REPOSITORY", "a/b"), ("GITHUB_SHA", "c0ffee")]);
    let fields = [
        ("build_type", text("https://example.com/type")),
        ("output_dir", text("att/{{build_name}}")),
        ("template", text("t.pkr.hcl?{{build `ID`}}")),
        ("only_builds", texts(&["null.web"])),
        ("user_variables", map(&[("size", "9")])),
        ("source_uri", text("git+https://example.com/mirror")),
    ];
    place.run(&fields, &["out/image.raw"]).await.unwrap();
    let definition = &place.json("att/web/web.image.raw.provenance.json")["predicate"]["buildDefinition"];
    assert_eq!(definition["buildType"], "https://example.com/type");
    let parameters =
        json!({ "template": "t.pkr.hcl?i-1", "onlyBuilds": ["null.web"], "userVariables": { "size": "9" } });
    assert_eq!(definition["externalParameters"], parameters);
    let source = json!([{ "uri": "git+https://example.com/mirror", "digest": { "gitCommit": "c0ffee" } }]);
    assert_eq!(definition["resolvedDependencies"], source);
}

#[tokio::test]
async fn can_be_switched_off() {
    let place = Place::new(&[]);
    let off = [("provenance", Value::Bool(false)), ("sbom", Value::Bool(true))];
    assert!(place.run(&off, &["out/image.raw"]).await.unwrap().is_empty());
    assert_eq!(place.names("out"), ["image.raw"]);
    let on = [("provenance", Value::Bool(true))];
    assert_eq!(place.run(&on, &["out/image.raw"]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_artifact_without_files_goes_by_its_name() {
    let place = Place::new(&[]);
    let said = place.run(&[], &[]).await.unwrap();
    assert_eq!(said, ["say: Wrote attestation to web.test.fixed-fixed-id.provenance.json"]);
    let statement = place.json("web.test.fixed-fixed-id.provenance.json");
    let subject = &statement["subject"][0];
    assert_eq!(subject["name"], "test.fixed:fixed-id");
    let identity = &statement["predicate"]["runDetails"]["byproducts"][0];
    assert_eq!((&identity["name"], &identity["digest"]), (&json!("cloud-artifact-identity"), &subject["digest"]));
    let content = STANDARD.decode(identity["content"].as_str().unwrap()).unwrap();
    assert_eq!(content, br#"{"builderId":"test.fixed","id":"fixed-id"}"#);
    let error = place.run(&[("sbom", Value::Bool(true))], &[]).await.unwrap_err().to_string();
    assert!(error.contains("set sbom_scan_path"), "{error}");
    let error = place.run(&[], &["out/gone"]).await.unwrap_err().to_string();
    assert!(error.starts_with("cannot scan ") && error.ends_with("out/gone: no such file or directory"), "{error}");
}

#[tokio::test]
async fn says_what_is_in_it() {
    let place = Place::new(&[]);
    let said = place.run(&[("sbom", Value::Bool(true))], &["out/image.raw"]).await.unwrap();
    let expected = [
        "say: Wrote SBOM to out/web.image.raw.sbom.cdx.json",
        "say: Wrote attestation to out/web.image.raw.sbom.att.json",
        "say: Wrote attestation to out/web.image.raw.provenance.json",
    ];
    assert_eq!(said, expected);
    let document = place.read("out/web.image.raw.sbom.cdx.json");
    assert_eq!(check(document.as_bytes()), Ok(SbomFormat::CycloneDx));
    assert!(document.contains(HELLO) && document.contains("\"image.raw\""), "{document}");
    let attestation = place.json("out/web.image.raw.sbom.att.json");
    assert_eq!(attestation["predicateType"], "https://cyclonedx.org/bom");
    assert_eq!(attestation["predicate"], place.json("out/web.image.raw.sbom.cdx.json"));
    assert_eq!(attestation["subject"][0]["digest"]["sha256"], HELLO);
    let byproduct = &place.json("out/web.image.raw.provenance.json")["predicate"]["runDetails"]["byproducts"][0];
    let digest = super::subject::sha256(document.as_bytes())["sha256"].clone();
    assert_eq!(
        (&byproduct["name"], &byproduct["digest"]["sha256"]),
        (&json!("web.image.raw.sbom.cdx.json"), &json!(digest))
    );
}

#[tokio::test]
async fn looks_where_it_is_told_to() {
    let place = Place::new(&[]);
    let root = place.folder.path().join("root");
    for (name, content) in [
        ("var/lib/dpkg/status", "Package: bash\nStatus: install ok installed\nVersion: 5\n"),
        ("etc/x.conf", "x"),
        ("tmp/junk.log", "y"),
    ] {
        std::fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
        std::fs::write(root.join(name), content).unwrap();
    }
    let fields = [
        ("sbom", Value::Bool(true)),
        ("sbom_format", text("spdx")),
        ("sbom_scan_path", text("root")),
        ("sbom_scope", text("squashed")),
        ("sbom_exclude", texts(&["./tmp"])),
    ];
    let said = place.run(&fields, &["out/image.raw"]).await.unwrap();
    assert_eq!(said[0], "say: Wrote SBOM to out/web.image.raw.sbom.spdx.json");
    let document = place.read("out/web.image.raw.sbom.spdx.json");
    assert_eq!(check(document.as_bytes()), Ok(SbomFormat::Spdx));
    assert!(document.contains("pkg:deb/bash@5") && document.contains("./etc/x.conf"), "{document}");
    assert!(!document.contains("junk") && !document.contains("./image.raw"), "{document}");
    assert_eq!(place.json("out/web.image.raw.sbom.att.json")["predicateType"], "https://spdx.dev/Document");
}

/// The statement in an envelope that this key signed.
fn opened(envelope: &str, key: &PublicKey) -> serde_json::Value {
    let envelope: Envelope = serde_json::from_str(envelope).unwrap();
    let payload = STANDARD.decode(&envelope.payload).unwrap();
    let signature = STANDARD.decode(&envelope.signatures[0].sig).unwrap();
    assert!(key.verifies(&Envelope::signed_bytes("application/vnd.in-toto+json", &payload), &signature));
    assert_eq!(envelope.signatures[0].keyid, key.id());
    serde_json::from_slice(&payload).unwrap()
}

#[tokio::test]
async fn signs_with_a_key() {
    let place = Place::new(&[]);
    let key = PrivateKey::from_pem(RSA.as_bytes(), "key.pem").unwrap();
    std::fs::write(place.folder.path().join("key.pub"), key.public().to_pem()).unwrap();
    for name in ["signer", "key"] {
        let fields = [
            ("signing_mode", text("key")),
            (name, text("key.pem")),
            ("verifier", text("key.pub")),
            ("sbom", Value::Bool(true)),
        ];
        place.run(&fields, &["out/image.raw"]).await.unwrap();
        let statement = opened(&place.read("out/web.image.raw.provenance.json"), key.public());
        assert_eq!(statement["subject"][0]["digest"]["sha256"], HELLO);
        let statement = opened(&place.read("out/web.image.raw.sbom.att.json"), key.public());
        assert_eq!(statement["predicateType"], "https://cyclonedx.org/bom");
        std::fs::remove_file(place.folder.path().join("out/web.image.raw.provenance.json")).unwrap();
    }
    let other = PrivateKey::generate().unwrap();
    std::fs::write(place.folder.path().join("key.pub"), other.public().to_pem()).unwrap();
    let fields = [("signing_mode", text("key")), ("key", text("key.pem")), ("verifier", text("key.pub"))];
    let error = place.run(&fields, &["out/image.raw"]).await.unwrap_err().to_string();
    let expected = "unable to sign the attestation: the signature is not one of key.pub: it was made with another key";
    assert_eq!(error, expected);
    assert!(!place.folder.path().join("out/web.image.raw.provenance.json").exists());
    let fields = [("signing_mode", text("key")), ("key", text("none.pem"))];
    let error = place.run(&fields, &["out/image.raw"]).await.unwrap_err().to_string();
    assert_eq!(error, "unable to read none.pem: no such file or directory");
}

#[tokio::test]
async fn signs_without_a_key() {
    let sigstore = FakeSigstore::start("https://issuer.example", Wrong::Nothing);
    let identity_token = token("me");
    let place = Place::new(&[("SIGSTORE_ID_TOKEN", &identity_token)]);
    std::fs::write(place.folder.path().join("root.json"), &sigstore.trusted_root).unwrap();
    let fields = [
        ("signing_mode", text("keyless")),
        ("fulcio_url", text(&sigstore.server.url())),
        ("rekor_url", text(&sigstore.server.url())),
        ("upload_tlog", Value::Bool(true)),
        ("trusted_root_path", text("root.json")),
        ("keyless_identity", text("https://id.example/me")),
        ("keyless_oidc_issuer", text("https://issuer.example")),
    ];
    let said = place.run(&fields, &["out/image.raw"]).await.unwrap();
    let expected = [
        "say: Wrote attestation to out/web.image.raw.provenance.json",
        "say: Wrote Sigstore bundle to out/web.image.raw.provenance.sigstore.json",
    ];
    assert_eq!(said, expected);
    let bundle = place.json("out/web.image.raw.provenance.sigstore.json");
    assert_eq!(bundle["verificationMaterial"]["tlogEntries"][0]["logIndex"], "42");
    assert_eq!(bundle["dsseEnvelope"]["payload"], place.json("out/web.image.raw.provenance.json")["payload"]);
    assert_eq!(place.context.secrets.scrub(&identity_token), "<sensitive>");
    let unlogged: Vec<_> = fields.iter().filter(|(name, _)| *name != "upload_tlog").cloned().collect();
    place.run(&unlogged, &["out/image.raw"]).await.unwrap();
    let bundle = place.json("out/web.image.raw.provenance.sigstore.json");
    assert!(bundle["verificationMaterial"].get("tlogEntries").is_none());
    let nobody = Place::new(&[]);
    let error = nobody.run(&unlogged[..1], &[]).await.unwrap_err().to_string();
    assert!(error.contains("requires keyless_identity and keyless_oidc_issuer"), "{error}");
    let bare: Vec<_> = unlogged.iter().filter(|(name, _)| *name != "trusted_root_path").cloned().collect();
    let error = nobody.run(&bare, &["out/image.raw"]).await.unwrap_err().to_string();
    assert!(error.contains("keyless signing needs an identity token"), "{error}");
}

async fn prepared(place: &Place, fields: &[(&str, Value)]) -> Result<Vec<String>, String> {
    let mut provenance = Provenance::new(Workbench::default());
    let config = Value::object(fields.iter().map(|(name, value)| (*name, value.clone())));
    provenance.prepare(&config, &place.context).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn what_is_wrong_is_said_before_anything_runs() {
    let place = Place::new(&[]);
    std::fs::write(place.folder.path().join("junk"), "junk").unwrap();
    let rows: &[(&[(&str, Value)], &str)] = &[
        (&[("signing_mode", text("pgp"))], "signing_mode \"pgp\" is not implemented"),
        (&[("signing_mode", text("key"))], "signing_mode \"key\" requires signer or key"),
        (&[("signing_mode", text("kms"))], "signing_mode \"kms\" requires signer or key"),
        (
            &[("signing_mode", text("key")), ("signer", text("a")), ("key", text("b"))],
            "signer and key must match when both are set",
        ),
        (&[("signing_mode", text("key")), ("key", text("junk"))], "junk holds no private key that can be used"),
        (
            &[("signing_mode", text("key")), ("key", text("key.pem")), ("verifier", text("junk"))],
            "junk holds no public key that can be used",
        ),
        (&[("signing_mode", text("key")), ("key", text("awskms:///k"))], "set signing_mode to \"kms\""),
        (&[("signing_mode", text("kms")), ("key", text("key.pem"))], "must begin with awskms://"),
        (&[("signing_mode", text("kms")), ("key", text("gcpkms://p"))], "must be gcpkms://projects/P/locations/L"),
        (&[("signing_mode", text("kms")), ("key", text("azurekms://p"))], "must be azurekms://VAULT/KEY"),
        (&[("signing_mode", text("keyless")), ("verifier", text("v"))], "takes no verifier"),
        (&[("signing_mode", text("keyless")), ("fulcio_url", text("nowhere"))], "fulcio_url must be an address"),
        (&[("signing_mode", text("keyless")), ("rekor_url", text("nowhere"))], "rekor_url must be an address"),
        (
            &[
                ("signing_mode", text("keyless")),
                ("keyless_identity", text("i")),
                ("keyless_oidc_issuer", text("o")),
                ("trusted_root_path", text("junk")),
            ],
            "junk is no trusted root",
        ),
        (&[("sbom", Value::Bool(true)), ("sbom_format", text("swid"))], "sbom_format must be cyclonedx or spdx"),
        (
            &[("sbom", Value::Bool(true)), ("sbom_scope", text("all-layers"))],
            "sbom_scope \"all-layers\" is not supported",
        ),
        (&[("sbom", Value::Bool(true)), ("sbom_scope", text("some"))], "sbom_scope must be squashed"),
        (&[("sbom", Value::Bool(true)), ("sbom_exclude", texts(&["a["]))], "sbom_exclude: \"a[\" is no pattern"),
    ];
    for (fields, expected) in rows {
        let error = prepared(&place, fields).await.unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    assert!(Path::new(place.folder.path()).join("out").exists());
}

/// Fields, and the warnings that they give.
type Row<'a> = (&'a [(&'a str, Value)], &'a [&'a str]);

#[tokio::test]
async fn what_has_no_effect_is_said() {
    let place = Place::new(&[]);
    let rows: &[Row<'_>] = &[
        (&[], &[]),
        (
            &[("sbom_format", text("spdx")), ("sbom_exclude", texts(&["x"]))],
            &["sbom_format has no effect without sbom = true", "sbom_exclude has no effect without sbom = true"],
        ),
        (&[("key", text("k"))], &["signer has no effect without signing_mode = \"key\" or \"kms\""]),
        (
            &[("upload_tlog", Value::Bool(true)), ("fulcio_url", text("u"))],
            &[
                "fulcio_url has no effect without signing_mode = \"keyless\"",
                "upload_tlog has no effect without signing_mode = \"keyless\"",
            ],
        ),
        (
            &[("signing_mode", text("key")), ("key", text("later.pem"))],
            &["later.pem cannot be read yet; it must be there when the build is done"],
        ),
        (&[("provenance", Value::Bool(false)), ("key", text("k"))], &[]),
    ];
    for (fields, expected) in rows {
        assert_eq!(prepared(&place, fields).await.unwrap(), *expected);
    }
}

#[tokio::test]
async fn a_key_service_signs() {
    let place = Place::new(&[]);
    let fields = [("signing_mode", text("kms")), ("signer", text("hashivault://image"))];
    let error = place.run(&fields, &["out/image.raw"]).await.unwrap_err().to_string();
    assert!(error.contains("hashivault://image: Must set VAULT_TOKEN"), "{error}");
}

#[tokio::test]
async fn a_repository_is_the_source_unless_somebody_says_otherwise() {
    let mut place = Place::new(&[]);
    let mut environment = place.context.environment.as_ref().clone();
    environment.remove("GIT_DIR");
    for name in ["AUTHOR", "COMMITTER"] {
        environment.insert(format!("GIT_{name}_NAME"), "me".to_owned());
        environment.insert(format!("GIT_{name}_EMAIL"), "me@example.com".to_owned());
    }
    place.context.environment = Arc::new(environment);
    place.context.template_dir = Some(place.folder.path().to_string_lossy().into());
    let script = "git init -q -b trunk . && git remote add origin https://me:pw@example.com/r.git && \
                  git commit -q --allow-empty -m x && git rev-parse HEAD";
    let invocation = crate::process::Invocation {
        program: "sh".to_owned(),
        args: vec!["-c".to_owned(), script.to_owned()],
        working_dir: place.context.working_dir.clone(),
        environment: place.context.environment.clone(),
        fence: place.context.fence.clone(),
        secrets: place.context.secrets.clone(),
    };
    let mut lines = Vec::new();
    let status = crate::process::run(&invocation, &mut |_, line| lines.push(line.to_owned()), &Cancel::new()).await;
    assert_eq!(status.unwrap(), 0, "{lines:?}");
    place.run(&[], &["out/image.raw"]).await.unwrap();
    let statement = place.json("out/web.image.raw.provenance.json");
    let expected = json!([{
        "uri": "git+https://example.com/r.git@refs/heads/trunk",
        "digest": { "gitCommit": lines.last().unwrap() },
    }]);
    assert_eq!(statement["predicate"]["buildDefinition"]["resolvedDependencies"], expected);
}
