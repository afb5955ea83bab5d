//! `packer plan`: the graph as text, JSON, DOT and Mermaid.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::sandbox::{Sandbox, skipped};

const TEMPLATE: &str = r#"
data "null" "v" { input = "1" }
locals { v = data.null.v.output }
source "null" "a" { communicator = "none" }
source "null" "b" { communicator = "none" }
build {
  name    = "web"
  sources = ["null.a", "null.b"]
  provisioner "shell-local" {
    name   = "first"
    inline = ["echo ${local.v}"]
  }
  provisioner "sleep" { duration = "1s" }
  error-cleanup-provisioner "shell-local" { inline = ["true"] }
  post-processors {
    post-processor "artifice" { files = ["x"] }
    post-processor "compress" {}
  }
  post-processor "manifest" {}
}
"#;

#[test]
fn text_shows_what_looks_alike_once() {
    let text = Sandbox::with_template(TEMPLATE).run(&["plan", "t.pkr.hcl"]).expect(0);
    let expected = "\
Plan for t.pkr.hcl

data.null.v  (t.pkr.hcl:2) → 2 builds

build \"web\"  (t.pkr.hcl:6)  2 builds
  after data.null.v
  null builder
  ├─ provision     shell-local \"first\"
  ├─ provision     sleep
  ├─ on failure    shell-local
  ├─ post-process  artifice → compress
  └─ post-process  manifest
    web.null.a  web.null.b

";
    assert!(text.starts_with(expected), "{text}");
    assert!(
        text.contains(
            "2 builds, 35 nodes (1 datasource, 14 prepare, 2 open, 6 provision, 2 close, 6 post-process, 4 destroy)"
        ),
        "{text}"
    );
    assert!(text.contains("critical path, about "), "{text}");
}

#[test]
fn detail_names_every_node_and_hook() {
    let text = Sandbox::with_template(TEMPLATE).run(&["plan", "-detail", "t.pkr.hcl"]).expect(0);
    for line in [
        "      open  after prepare [packer_pre_build], provision[0]/prepare,",
        "      provision[0]  after open [packer_provision]\n",
        "      provision[1]  after provision[0]\n",
        "provision[0] if it fails [packer_cleanup_provision], provision[1] if it fails [packer_cleanup_provision]",
        "      post-process[1][0]  after close [packer_post_build]\n",
        "      destroy  after close, post-process[0][1] in any case, post-process[1][0] in any case\n",
    ] {
        assert!(text.contains(line), "{line:?} is missing in:\n{text}");
    }
}

#[test]
fn json_is_a_graph() {
    for (flags, n_nodes) in [(&[][..], 15), (&["-detail"], 35)] {
        let args: Vec<&str> = ["plan", "-format=json"].iter().chain(flags).chain(&["t.pkr.hcl"]).copied().collect();
        let text = Sandbox::with_template(TEMPLATE).run(&args).expect(0);
        let plan: serde_json::Value = serde_json::from_str(&text).unwrap();
        let nodes = plan["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), n_nodes, "{text}");
        for edge in plan["edges"].as_array().unwrap() {
            let (from, to) = (edge["from"].as_u64().unwrap(), edge["to"].as_u64().unwrap());
            assert!(from != to && (from.max(to) as usize) < nodes.len(), "{edge}");
        }
        let hooks: Vec<&str> =
            plan["edges"].as_array().unwrap().iter().filter_map(|edge| edge["hook"].as_str()).collect();
        assert!(hooks.contains(&"packer_provision") && hooks.contains(&"packer_post_build"), "{hooks:?}");
        assert_eq!(plan["builds"], serde_json::json!(["web.null.a", "web.null.b"]));
    }
}

#[test]
fn limits_change_the_forecast() {
    let forecast = |flags: &[&str]| {
        let args: Vec<&str> = ["plan", "-format=json"].iter().chain(flags).chain(&["t.pkr.hcl"]).copied().collect();
        let text = Sandbox::with_template(TEMPLATE).run(&args).expect(0);
        let plan: serde_json::Value = serde_json::from_str(&text).unwrap();
        plan["summary"]["forecast_seconds"].as_f64().unwrap()
    };
    let (free, serial) = (forecast(&[]), forecast(&["-parallel-builds=1"]));
    assert!(serial > 1.5 * free, "{serial} {free}");
    assert_eq!(serial, forecast(&["--max-parallel=1"]));
}

/// The summary of a plan as JSON.
fn summary(sandbox: &Sandbox, flags: &[&str]) -> serde_json::Value {
    let args: Vec<&str> = ["plan", "-format=json"].iter().chain(flags).chain(&["t.pkr.hcl"]).copied().collect();
    let plan: serde_json::Value = serde_json::from_str(&sandbox.run(&args).expect(0)).unwrap();
    plan["summary"].clone()
}

#[test]
fn estimates_come_from_earlier_runs() {
    let template = |provisioner: &str| {
        format!(
            "source \"null\" \"a\" {{ communicator = \"none\" }}\nsource \"null\" \"b\" {{ communicator = \"none\" }}\n\
             build {{\n  sources = [\"null.a\", \"null.b\"]\n{provisioner}  error-cleanup-provisioner \"shell-local\" {{\n    \
             inline = [\"true\"]\n  }}\n}}\n"
        )
    };
    let provisioner = "  provisioner \"shell-local\" {\n    inline = [\"true\"]\n  }\n";
    let sandbox = Sandbox::with_template(&template(provisioner));
    let text = sandbox.run(&["plan", "t.pkr.hcl"]).expect(0);
    assert!(text.ends_with("estimates: guesses by kind of node, as nothing was measured yet\n"), "{text}");
    let guessed = summary(&sandbox, &[]);
    assert_eq!((&guessed["nodes_measured"], &guessed["nodes_alike"]), (&0.into(), &0.into()));
    // Of two builds only one runs: the other is taken to be like it.
    sandbox.run(&["build", "-only=null.a", "t.pkr.hcl"]).expect(0);
    let of_one = summary(&sandbox, &[]);
    assert_eq!(
        (&of_one["nodes"], &of_one["nodes_measured"], &of_one["nodes_alike"]),
        (&14.into(), &6.into(), &6.into())
    );
    assert!(of_one["forecast_seconds"].as_f64() < Some(60.0), "{of_one}");
    sandbox.run(&["build", "t.pkr.hcl"]).expect(0);
    let measured = summary(&sandbox, &["-parallel-builds=1"]);
    assert_eq!((&measured["nodes_measured"], &measured["nodes_alike"]), (&12.into(), &0.into()));
    assert_eq!(measured["bottleneck"], "builds");
    assert!(measured["bottleneck_wait_seconds"].as_f64() > Some(0.0), "{measured}");
    assert!(measured["lower_bound_seconds"].as_f64() <= measured["forecast_seconds"].as_f64(), "{measured}");
    let text = sandbox.run(&["plan", "-parallel-builds=1", "t.pkr.hcl"]).expect(0);
    assert!(text.contains("; \"builds\" is the bottleneck, waited for about "), "{text}");
    let basis = "estimates: 12 of 14 nodes were measured in earlier runs, the others are guesses\n";
    assert!(text.ends_with(basis), "{text}");
    // What was measured belongs to the template, wherever it is named from, and to no other.
    let elsewhere = sandbox.run(&["plan", "-format=json", &sandbox.path("./t.pkr.hcl").to_string_lossy()]).expect(0);
    assert!(elsewhere.contains("\"nodes_measured\": 12"), "{elsewhere}");
    sandbox.write("other.pkr.hcl", template(provisioner));
    let other = sandbox.run(&["plan", "-format=json", "other.pkr.hcl"]).expect(0);
    assert!(other.contains("\"nodes_measured\": 0"), "{other}");
    // A failure says nothing about how long a success takes.
    sandbox.write("t.pkr.hcl", template(&provisioner.replace("true", "false")));
    sandbox.run(&["build", "t.pkr.hcl"]).expect(1);
    let after = summary(&sandbox, &["-parallel-builds=1"]);
    assert_eq!(after["nodes_measured"], measured["nodes_measured"]);
}

#[test]
fn the_same_files_give_the_same_plan() {
    let sandbox = Sandbox::with_template(TEMPLATE);
    for format in ["text", "json", "dot", "mermaid"] {
        let flag = format!("-format={format}");
        let first = sandbox.run(&["plan", "-detail", &flag, "t.pkr.hcl"]).expect(0);
        assert_eq!(first, sandbox.run(&["plan", "-detail", &flag, "t.pkr.hcl"]).expect(0));
    }
}

#[test]
fn dot_renders_with_graphviz() {
    let dot = Sandbox::with_template(TEMPLATE).run(&["plan", "-format=dot", "-detail", "t.pkr.hcl"]).expect(0);
    #[expect(clippy::disallowed_methods, reason = "the test is the shell here")]
    let graphviz = Command::new("dot").arg("-Tsvg").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut graphviz = match graphviz {
        Ok(graphviz) => graphviz,
        Err(error) => {
            skipped(&format!("graphviz is not installed ({error})"));
            return;
        }
    };
    graphviz.stdin.take().unwrap().write_all(dot.as_bytes()).unwrap();
    let output = graphviz.wait_with_output().unwrap();
    assert!(output.status.success());
    let svg = String::from_utf8(output.stdout).unwrap();
    assert!(svg.contains("packer_cleanup_provision") && svg.contains("web.null.a"), "{svg}");
}

#[test]
fn mermaid_is_a_flow_chart() {
    let chart = Sandbox::with_template(TEMPLATE).run(&["plan", "-format=mermaid", "t.pkr.hcl"]).expect(0);
    assert!(chart.starts_with("flowchart LR\n"), "{chart}");
    assert!(chart.contains("[(\"data.null.v\")]") && chart.contains("-->|packer_provision|"), "{chart}");
    assert_eq!(chart.matches("subgraph").count(), chart.matches("  end\n").count());
}

#[test]
fn cycles_are_told_as_a_path_with_lines() {
    let rows = [
        (
            "locals {\n  a = local.b\n  b = local.c\n  c = local.a\n}\n",
            "Cycle: local.a (t.pkr.hcl:2) -> local.b (t.pkr.hcl:3) -> local.c (t.pkr.hcl:4) -> local.a (t.pkr.hcl:2)",
        ),
        ("locals {\n  a = local.a\n}\n", "Self reference: local.a"),
        (
            "locals {\n  a = data.null.d.output\n}\ndata \"null\" \"d\" {\n  input = local.a\n}\n",
            "Cycle: local.a (t.pkr.hcl:2) -> data.null.d (t.pkr.hcl:4) -> local.a (t.pkr.hcl:2)",
        ),
        (
            "locals {\n  version = 1\n  tag = local.versoin\n}\n",
            "could not get dependency \"local.versoin\" for \"local.tag\", \"local.versoin\" missing in template. Did \
             you mean \"version\"?",
        ),
        (
            "locals {\n  version = local.versoin\n}\n",
            "could not get dependency \"local.versoin\" for \"local.version\", \"local.versoin\" missing in template.  ",
        ),
    ];
    for (head, expected) in rows {
        let sandbox = Sandbox::with_template(&format!(
            "{head}source \"null\" \"a\" {{ communicator = \"none\" }}\nbuild {{ sources = [\"null.a\"] }}\n"
        ));
        for command in ["plan", "validate", "build"] {
            let text = sandbox.run(&[command, "t.pkr.hcl"]).expect(1);
            let text = text.replace('\n', " ");
            assert!(text.contains("Error: failed to prepare execution graph"), "{text}");
            assert!(text.contains(expected), "{expected:?} is missing in:\n{text}");
        }
    }
}
