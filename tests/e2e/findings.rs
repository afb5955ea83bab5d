//! `-json`: findings as one document for programs.

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

const GOOD: &str = "source \"null\" \"a\" { communicator = \"none\" }\nbuild { sources = [\"null.a\"] }\n";

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_valid_template_gives_a_document_without_findings() {
    let sandbox = Sandbox::with_template(GOOD);
    let empty = json!({
        "format_version": "1.0", "valid": true, "error_count": 0, "warning_count": 0, "diagnostics": [],
    });
    for args in [&["validate", "-json", "."][..], &["validate", "--json", "-syntax-only", "t.pkr.hcl"]] {
        assert_eq!(document(&sandbox.run(args).expect(0)), empty, "{args:?}");
    }
    let planned = document(&sandbox.run(&["plan", "-json", "."]).expect(0));
    assert_eq!((&planned["valid"], &planned["plan"]["builds"]), (&json!(true), &json!(["null.a"])));
    assert_eq!(planned["plan"], document(&sandbox.run(&["plan", "-format=json", "."]).expect(0)));
}

#[test]
fn every_finding_is_a_row_with_its_place() {
    let sandbox = Sandbox::with_template("variable \"a\" {\n  type = nummer\n}\nbild {\n}\n");
    for command in ["validate", "plan"] {
        let found = document(&sandbox.run(&[command, "-json", "t.pkr.hcl"]).expect(1));
        assert_eq!((&found["valid"], &found["error_count"]), (&json!(false), &json!(2)), "{command}");
        assert_eq!(found.get("plan"), None);
        let second = &found["diagnostics"][1];
        assert_eq!(second["range"]["start"], json!({ "line": 2, "column": 10, "byte": 24 }), "{found:#}");
        assert_eq!(second["snippet"]["code"], "  type = nummer");
        assert_eq!(second["snippet"]["context"], "variable \"a\"");
        let folder = document(&sandbox.run(&[command, "-json", "./"]).expect(1));
        assert_eq!(folder, found, "a file in the working directory is shown by its name");
    }
}

#[test]
fn what_has_no_place_is_a_row_too_and_secrets_stay_out() {
    let sandbox = Sandbox::with_template(&format!(
        "variable \"s\" {{\n  sensitive = true\n  default   = \"hunter2\"\n}}\nlocals {{\n  a = [][\"hunter2\"]\n}}\n{GOOD}"
    ));
    let gone = document(&sandbox.run(&["validate", "-json", "gone"]).expect(1));
    assert_eq!(gone["diagnostics"][0].get("range"), None);
    assert!(gone["diagnostics"][0]["summary"].as_str().unwrap().contains("no such file or directory"), "{gone:#}");
    let text = sandbox.run(&["validate", "-json", "."]).expect(1);
    assert!(text.contains("<sensitive>") && !text.contains("hunter2"), "{text}");
    let warned = document(&sandbox.run(&["plan", "-json", "-var-file=x.pkrvars.hcl", "."]).expect(1));
    assert_eq!(warned["valid"], false);
}

#[test]
fn a_plan_has_one_form_at_a_time() {
    let sandbox = Sandbox::with_template(GOOD);
    let text = sandbox.run(&["plan", "-json", "-format=dot", "."]).expect(1);
    assert!(
        text.starts_with("invalid value \"true\" for flag -json: it cannot be used together with -format\n"),
        "{text}"
    );
}
