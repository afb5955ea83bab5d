//! Pools: capacities in the template and on the command line, claims in sources, and builds that wait for them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::sandbox::Sandbox;

const TEMPLATE: &str = r#"
packer {
  pool "cloud" { capacity = 3 }
}
source "null" "small" {
  communicator = "none"
  claims       = { cloud = 1 }
}
source "null" "large" {
  communicator = "none"
  claims       = { cloud = 3 }
}
build {
  sources = ["null.small", "null.large"]
  dynamic "source" {
    for_each = ["b", "c", "d"]
    labels   = ["null.small"]
    content {
      name   = source.value
      claims = { cloud = 2 }
    }
  }
  provisioner "shell-local" { inline = ["true"] }
  post-processor "manifest" { output = "${source.name}.json" }
}
"#;

/// The most that was held at once by builds that claim so much, from the first node of each to its last.
fn most_held(events: &str, claims: &[(&str, u64)]) -> u64 {
    let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let in_build = |event: &&Value| event["kind"] != "prepare" && event["build"].is_string();
    let mut spans: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (at, event) in events.iter().enumerate().filter(|(_, event)| in_build(event)) {
        let span = spans.entry(event["build"].as_str().unwrap()).or_insert((at, at));
        span.1 = at;
    }
    assert_eq!(spans.len(), claims.len(), "{spans:?}");
    let held = |at: usize| {
        let holders = claims.iter().filter(|(build, _)| (spans[build].0..=spans[build].1).contains(&at));
        holders.map(|(_, claim)| claim).sum()
    };
    (0..events.len()).map(held).max().unwrap()
}

#[test]
fn builds_wait_until_what_they_claim_is_there() {
    let claims = [("null.small", 1), ("null.large", 3), ("null.b", 2), ("null.c", 2), ("null.d", 2)];
    let sandbox = Sandbox::with_template(TEMPLATE);
    sandbox.run(&["build", "--events", "events", "t.pkr.hcl"]).expect(0);
    let held = most_held(&sandbox.read("events"), &claims);
    assert!(held <= 3, "{held}");
    sandbox.run(&["build", "--pool", "cloud=10", "--events", "events", "t.pkr.hcl"]).expect(0);
    let more = most_held(&sandbox.read("events"), &claims);
    assert!(more > 3 && more <= 10, "{more}");
}

#[test]
fn the_plan_shows_pools_and_claims() {
    let sandbox = Sandbox::with_template(TEMPLATE);
    let text = sandbox.run(&["plan", "t.pkr.hcl"]).expect(0);
    assert!(text.contains("  null builder\n  claims 2 of cloud\n"), "{text}");
    assert!(text.contains("\npool cloud: 3, of which 5 builds claim 10 in all\n"), "{text}");
    let json = sandbox.run(&["plan", "-format=json", "-only=*.large", "--pool=cloud=7", "t.pkr.hcl"]).expect(0);
    let plan: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(plan["pools"], serde_json::json!([{"name": "cloud", "capacity": 7, "builds": 1, "claimed": 3}]));
}

#[test]
fn a_plain_template_has_no_pools() {
    let sandbox = Sandbox::with_template(
        "source \"null\" \"x\" {\n  communicator = \"none\"\n}\nbuild {\n  sources = [\"null.x\"]\n}\n",
    );
    assert!(!sandbox.run(&["plan", "t.pkr.hcl"]).expect(0).contains("pool"));
    assert!(!sandbox.run(&["plan", "-format=json", "t.pkr.hcl"]).expect(0).contains("pool"));
    let output = sandbox.run(&["build", "--pool", "cloud=1", "t.pkr.hcl"]);
    let text = output.expect(1);
    assert!(text.contains("Error: No such pool"), "{text}");
}

#[test]
fn json_syntax_has_pools_too() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "t.pkr.json",
        r#"{
  "packer": {"pool": {"cloud": {"capacity": "${2 * 2}"}}},
  "source": {"null": {"x": {"communicator": "none", "claims": {"cloud": 3}}}},
  "build": {"sources": ["null.x"]}
}"#,
    );
    let text = sandbox.run(&["plan", "t.pkr.json"]).expect(0);
    assert!(text.contains("\npool cloud: 4, of which 1 build claim 3 in all\n"), "{text}");
    sandbox.run(&["build", "t.pkr.json"]).expect(0);
}

/// What `command` says about a template with this pool and these claims.
fn said(arguments: &[&str], packer: &str, claims: &str) -> (i32, String) {
    let sandbox = Sandbox::with_template(&format!(
        "packer {{\n  {packer}\n}}\nvariable \"none\" {{\n  default = null\n}}\nsource \"null\" \"x\" {{\n  communicator = \
         \"none\"\n  claims       = {claims}\n}}\nbuild {{\n  sources = [\"null.x\"]\n}}\n"
    ));
    let output = sandbox.run(&[arguments, &["t.pkr.hcl"]].concat());
    (output.code, (output.stdout + &output.stderr).replace('\n', " "))
}

#[test]
fn what_is_wrong_with_pools_is_said_with_its_place() {
    let cloud = "pool \"cloud\" { capacity = 3 }";
    for (packer, claims, line, words) in [
        (cloud, "{ clouds = 1 }", 9, &["Undeclared pool", "Did you mean \"cloud\"?", "--pool clouds=10"][..]),
        (cloud, "{ cloud = 4 }", 9, &["Claim above the capacity of a pool", "is 4, and its capacity is 3: "]),
        (cloud, "{ cloud = -1 }", 9, &["Invalid claim", "is -1. It must be 0 to"]),
        (cloud, "{ cloud = 1.5 }", 9, &["Unsuitable value type", "the value of \"cloud\" must be a whole number"]),
        (cloud, "{ cloud = var.none }", 9, &["Unsuitable value type", "the value of \"cloud\" must be a whole number"]),
        (cloud, "7", 9, &["Unsuitable value type"]),
        ("pool \"cloud\" { capacity = 0 }", "{}", 2, &["Invalid pool capacity", "is 0. It must be 1 to"]),
        ("pool \"cloud\" { capacity = \"x\" }", "{}", 2, &["Unsuitable value type"]),
        ("pool \"cloud\" {}", "{}", 2, &["Missing required argument"]),
        ("pool \"slots\" { capacity = 1 }", "{}", 2, &["Invalid pool name", "--max-parallel"]),
        ("pool \"a\" { capacity = 1 }\n  pool \"a\" { capacity = 1 }", "{}", 3, &["Duplicate pool", "t.pkr.hcl:2"]),
    ] {
        for command in ["plan", "build"] {
            let (code, text) = said(&[command], packer, claims);
            assert_eq!(code, 1, "{packer} {claims}: {text}");
            let place = format!("on t.pkr.hcl line {line}");
            for words in [words, &[&place]].concat() {
                assert!(text.contains(words), "{packer} {claims}: {words}: {text}");
            }
        }
    }
}

#[test]
fn the_command_line_may_name_known_pools_only() {
    let pool = "pool \"cloud\" { capacity = 3 }";
    for (flags, code, words) in [
        (&["plan", "--pool", "cloud=9"][..], 0, "pool cloud: 9,"),
        (&["plan", "--pool", "cloud=9", "--pool=cloud=5"], 0, "pool cloud: 5,"),
        (&["plan", "--pool", "clud=9"], 1, "Did you mean \"cloud\"?"),
        (&["plan", "--pool", "cloud=1"], 1, "is 2, and its capacity is 1 by --pool: "),
        (&["plan", "--pool", "cloud"], 1, "expected a name and a number from 1 to 4294967295, as in aws-eu=10"),
        (&["build", "--pool", "cloud=0"], 1, "expected a name and a number from 1 to 4294967295, as in aws-eu=10"),
    ] {
        let (found, text) = said(flags, pool, "{ cloud = 2 }");
        assert_eq!(found, code, "{flags:?}: {text}");
        assert!(text.contains(words), "{flags:?}: {text}");
    }
    let (code, text) = said(&["plan", "--pool", "cloud=9"], "", "{ cloud = 2 }");
    assert!(code == 0 && text.contains("pool cloud: 9,"), "the command line may declare: {text}");
    let (code, text) = said(&["validate"], "", "{ cloud = 2 }");
    assert!(code == 0 && text.contains("Warning: Undeclared pool"), "and that is only known then: {text}");
}

#[test]
fn legacy_templates_cannot_claim() {
    let sandbox = Sandbox::new();
    sandbox.write("t.json", r#"{"builders": [{"type": "null", "communicator": "none"}]}"#);
    let text = sandbox.run(&["build", "--pool", "cloud=1", "t.json"]).expect(1).replace('\n', " ");
    assert!(text.contains("builds of a template in legacy JSON cannot claim from pools"), "{text}");
}
