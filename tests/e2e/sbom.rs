//! Where images come from and what is in them: `provenance` and `hcp-sbom`.

use std::io::{Cursor, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::go_build::Sdk;
use crate::sandbox::Sandbox;
use crate::tester;
use crate::web_server::{Reply, Server};

const KEY: &str = include_str!("../../plugins/src/signing/testdata/rsa-pkcs8.pem");
const SCANNER: &str = "#!/bin/sh\nprintf '{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",\"components\":[{\"type\":\"file\",\"name\":\"%s\"}]}' \"$*\"\n";

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The statement in an envelope.
fn statement(sandbox: &Sandbox, name: &str) -> Value {
    let envelope: Value = serde_json::from_str(&sandbox.read(name)).unwrap();
    assert_eq!(envelope["payloadType"], "application/vnd.in-toto+json");
    serde_json::from_slice(&STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap()).unwrap()
}

#[test]
fn an_image_is_attested_and_signed() {
    let mut sandbox = Sandbox::with_template(
        r#"
variable "password" {
  type      = string
  sensitive = true
}
variable "region" {
  type = string
}
source "file" "image" {
  content = "the image"
  target  = "out/image.raw"
}
build {
  sources = ["file.image"]
  post-processor "provenance" {
    signing_mode   = "key"
    key            = "key.pem"
    sbom           = true
    sbom_format    = "spdx"
    user_variables = { region = var.region, leak = "is ${var.password}" }
    source_uri     = "git+https://example.com/r.git"
  }
}
"#,
    );
    sandbox.write("key.pem", KEY);
    sandbox.set("PKR_VAR_password", "hunter2-horse").set("PKR_VAR_region", "eu-1").set("PKR_VAR_other", "told");
    sandbox.set("GITHUB_RUN_ID", "7").set("GITHUB_WORKFLOW_REF", "a/b/.github/workflows/c.yml@refs/heads/d");
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(0);
    for line in [
        "==> file.image (provenance): Wrote SBOM to out/image.image.raw.sbom.spdx.json\n",
        "==> file.image (provenance): Wrote attestation to out/image.image.raw.sbom.att.json\n",
        "==> file.image (provenance): Wrote attestation to out/image.image.raw.provenance.json\n",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    assert_eq!(sandbox.read("out/image.raw"), "the image");
    let found = statement(&sandbox, "out/image.image.raw.provenance.json");
    assert_eq!(found["subject"], json!([{ "name": "image.raw", "digest": { "sha256": sha256(b"the image") } }]));
    let definition = &found["predicate"]["buildDefinition"];
    let variables = json!({
        "leak": "[sensitive value redacted]",
        "other": { "digest": { "sha256": sha256(b"told") } },
        "password": "[sensitive value redacted]",
        "region": "eu-1",
    });
    assert_eq!(definition["externalParameters"], json!({ "userVariables": variables }));
    let internal = json!({ "packerVersion": "1.16.0", "packerBuildName": "image", "packerBuilderType": "file" });
    assert_eq!(definition["internalParameters"], internal);
    assert_eq!(definition["resolvedDependencies"][0]["uri"], "git+https://example.com/r.git");
    let details = &found["predicate"]["runDetails"];
    assert_eq!(details["builder"]["id"], "a/b/.github/workflows/c.yml@refs/heads/d");
    assert_eq!(details["metadata"]["invocationId"], "7");
    let document = sandbox.read("out/image.image.raw.sbom.spdx.json");
    assert_eq!(details["byproducts"][0]["digest"]["sha256"], sha256(document.as_bytes()));
    let found = statement(&sandbox, "out/image.image.raw.sbom.att.json");
    assert_eq!(found["predicate"], serde_json::from_str::<Value>(&document).unwrap());
}

#[test]
fn legacy_templates_attest_as_well() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "t.json",
        r#"{
  "variables": {"where": "att"},
  "builders": [{"type": "file", "content": "x", "target": "image.raw"}],
  "post-processors": [[{"type": "provenance", "output_dir": "{{user `where`}}/{{build_type}}", "sbom": "true",
                        "sbom_exclude": "*.log", "user_variables": {"a": "{{user `where`}}"}, "provenance": "true"}]]
}"#,
    );
    sandbox.run(&["build", "-color=false", "t.json"]).expect(0);
    let found: Value = serde_json::from_str(&sandbox.read("att/file/file.image.raw.provenance.json")).unwrap();
    assert_eq!(found["predicate"]["buildDefinition"]["externalParameters"]["userVariables"], json!({ "a": "att" }));
    assert!(sandbox.read("att/file/file.image.raw.sbom.cdx.json").contains("\"image.raw\""));
    sandbox.write(
        "wrong.json",
        r#"{"builders": [{"type": "file", "content": "x", "target": "t"}],
            "post-processors": [{"type": "provenance", "signing_mode": "pgp"}]}"#,
    );
    let text = sandbox.run(&["validate", "wrong.json"]).expect(1);
    assert!(text.contains("signing_mode \"pgp\" is not implemented"), "{text}");
}

#[test]
fn the_bill_of_materials_of_a_machine_is_kept() {
    let template = r#"
source "tester-machine" "m" {
  disk       = "disk"
  machine_id = "m-1"
}
build {
  sources = ["tester-machine.m"]
  provisioner "file" {
    content     = "{\"spdxVersion\":\"SPDX-2.3\",\"SPDXID\":\"SPDXRef-DOCUMENT\"}"
    destination = "found.json"
  }
  provisioner "hcp-sbom" {
    source      = "found.json"
    destination = "kept/${build.ID}.spdx.json"
    sbom_name   = "found"
  }
  provisioner "hcp-sbom" {
    auto_generate   = true
    scan_path       = "/srv"
    execute_command = "chmod +x {{.Path}} && {{.Path}} {{.Args}} {{.ScanPath}} > {{.Output}}"
    destination     = "made.json"
  }
}
"#;
    let Some(mut sandbox) = tester::sandbox(template) else { return };
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("packer", SimpleFileOptions::default()).unwrap();
    archive.write_all(SCANNER.as_bytes()).unwrap();
    let archive = archive.finish().unwrap().into_inner();
    let arch = if std::env::consts::ARCH == "aarch64" { "arm64" } else { "amd64" };
    let os = if std::env::consts::OS == "macos" { "darwin" } else { std::env::consts::OS };
    let (name, digest) = (format!("packer_1.15.2_{os}_{arch}.zip"), sha256(&archive));
    let server = Server::start(move |asked| match asked.path.as_str() {
        "packer/index.json" => Reply::with(r#"{"versions":{"1.15.2":{},"1.9.0":{},"2.0.0-rc1":{}}}"#),
        "packer/1.15.2/packer_1.15.2_SHA256SUMS" => Reply::with(format!("{digest}  {name}\n")),
        path if path == format!("packer/1.15.2/{name}") => Reply::with(archive.clone()),
        _ => Reply::status(404),
    });
    sandbox.set("PACKER_PLUGIN_RELEASES_URL", server.at("").trim_end_matches('/'));
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(0);
    for line in [
        "==> tester-machine.m: SBOM \"found\" is valid SPDX, and kept in kept/m-1.spdx.json\n",
        &format!("==> tester-machine.m: Detected: OS={os}, Arch={arch}\n"),
        "==> tester-machine.m: Running scanner on remote host (scanning /srv)...\n",
        "==> tester-machine.m: SBOM is valid CycloneDX, and kept in made.json\n",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    assert!(sandbox.read("made.json").contains("\"sbom-generate -o cyclonedx-json /srv\""));
    assert!(!std::path::Path::new("/tmp/packer-sbom-runner").exists());
    assert!(sandbox.read("kept/m-1.spdx.json").contains("SPDX-2.3"));
}

#[test]
fn legacy_templates_keep_it_as_well() {
    let sandbox = Sandbox::new();
    if !tester::install(&sandbox, Sdk::New, tester::SOURCE) {
        return;
    }
    sandbox.write("bom.json", r#"{"bomFormat":"CycloneDX","specVersion":"1.6"}"#);
    sandbox.write(
        "t.json",
        r#"{
  "variables": {"where": "kept"},
  "builders": [{"type": "tester-machine", "disk": "disk", "machine_id": "m-1"}],
  "provisioners": [
    {"type": "file", "source": "bom.json", "destination": "bom.json"},
    {"type": "hcp-sbom", "source": "bom.json", "auto_generate": "false", "destination": "{{user `where`}}/{{build `ID`}}.json"}
  ]
}"#,
    );
    sandbox.run(&["build", "-color=false", "t.json"]).expect(0);
    assert!(sandbox.read("kept/m-1.json").contains("CycloneDX"));
}

#[test]
fn a_file_that_is_no_bill_of_materials_fails_the_build() {
    let template = r#"
source "tester-machine" "m" { disk = "disk" }
build {
  sources = ["tester-machine.m"]
  provisioner "file" {
    content     = "{}"
    destination = "found.json"
  }
  provisioner "hcp-sbom" {
    source      = "found.json"
    destination = "kept.json"
  }
}
"#;
    let Some(sandbox) = tester::sandbox(template) else { return };
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(1);
    assert!(text.contains("error validating SBOM file: invalid SBOM format"), "{text}");
    assert!(!sandbox.path("kept.json").exists());
}
