//! Data sources: when they run, who sees their values, and what becomes of those who need one that fails.

use crate::sandbox::Sandbox;
use crate::web_server::{Reply, Server};

/// Data to local to data to local, then the rest of a template with one build.
const CHAIN: &str = r#"
data "null" "a" { input = "one" }
locals { b = upper(data.null.a.output) }
data "null" "c" { input = "${local.b}-two" }
locals { d = data.null.c.output }
source "null" "x" { communicator = "none" }
build {
  sources = ["null.x"]
  provisioner "shell-local" { inline = ["echo d=${local.d}. of ${length(data.null)}"] }
}
"#;

#[test]
fn values_flow_through_data_and_locals() {
    for flags in [&[][..], &["-use-sequential-evaluation"], &["-parallel-builds=1"]] {
        let sandbox = Sandbox::with_template(CHAIN);
        let args: Vec<&str> = ["build", "-color=false"].iter().chain(flags).chain(&["t.pkr.hcl"]).copied().collect();
        let text = sandbox.run(&args).expect(0);
        assert!(text.contains("==> null.x: d=ONE-two. of 2\n"), "{text}");
    }
    for flag in ["-use-sequential-evaluation", "-evaluate-datasources"] {
        Sandbox::with_template(CHAIN).run(&["validate", flag, "t.pkr.hcl"]).expect(0);
    }
}

#[test]
fn a_check_looks_at_the_configuration_and_runs_nothing() {
    let rest = "source \"null\" \"x\" { communicator = \"none\" }\nbuild { sources = [\"null.x\"] }\n";
    for (data, plain, evaluated) in [
        ("data \"null\" \"d\" { input = \"\" }", Some("The `input` must be specified"), Some("The `input` must be")),
        ("data \"null\" \"d\" { inptu = \"x\" }", Some("Unsupported argument"), Some("Unsupported argument")),
        ("data \"nul\" \"d\" {}", Some("Unknown data type nul"), Some("Unknown data type nul")),
        ("data \"null\" \"d\" { input = \"x\" }\nlocals { n = data.null.d.output + 1 }", None, None),
        (
            "data \"null\" \"d\" { input = \"x\" }\nlocals { n = data.null.d.output + 1 }\ndata \"null\" \"e\" { input = \
             local.n }",
            None,
            Some("Invalid operand"),
        ),
    ] {
        let sandbox = Sandbox::with_template(&format!("{data}\n{rest}"));
        for (args, expected) in
            [(&["validate", "t.pkr.hcl"][..], plain), (&["validate", "-evaluate-datasources", "t.pkr.hcl"], evaluated)]
        {
            let text = sandbox.run(args).expect(i32::from(expected.is_some()));
            let part = expected.unwrap_or("The configuration is valid.");
            assert!(text.contains(part), "{args:?} {data}\n{text}");
        }
    }
}

#[test]
fn a_check_can_look_at_builds_that_depend_on_data() {
    let template = |input: &str| {
        format!(
            "data \"null\" \"names\" {{ input = \"{input}\" }}\nlocals {{ names = split(\",\", \
             data.null.names.output) }}\nsource \"null\" \"a\" {{ communicator = \"none\" }}\nsource \"null\" \"b\" {{ \
             communicator = \"none\" }}\nbuild {{\n  name = data.null.names.output\n  sources = [for name in local.names : \
             \"null.${{name}}\"]\n  provisioner \"sleep\" {{\n    only = [\"null.${{local.names[0]}}\"]\n    duration = \
             \"zzz\"\n  }}\n}}\n"
        )
    };
    for (input, flags, part) in [
        ("a,b", &["-evaluate-datasources"][..], "Failed preparing provisioner-block \"sleep\""),
        ("a,c", &["-evaluate-datasources"], "Unknown source null.c"),
        ("", &["-evaluate-datasources"], "The `input` must be specified"),
        ("a,b", &[], "Unsuitable value: value must be known."),
    ] {
        let sandbox = Sandbox::with_template(&template(input));
        let args: Vec<&str> = ["validate"].iter().chain(flags).chain(&["t.pkr.hcl"]).copied().collect();
        let text = sandbox.run(&args).expect(1);
        assert!(text.contains(part), "{input} {flags:?}\n{text}");
    }
    let text = Sandbox::with_template(&template("")).run(&["build", "t.pkr.hcl"]).expect(1);
    assert!(text.contains("The `input` must be specified") && !text.contains("must be known"), "{text}");
}

#[test]
fn what_fails_takes_only_its_readers_along() {
    let sandbox = Sandbox::with_template(
        r#"
data "null" "good" { input = "ten" }
locals {
  good = upper(data.null.good.output)
  bad  = data.null.good.output + 1
  next = local.bad + 1
}
source "null" "x" { communicator = "none" }
source "null" "y" { communicator = "none" }
build {
  name    = "works"
  sources = ["null.x", "null.y"]
  provisioner "shell-local" { inline = ["echo ${local.good} >> works"] }
}
build {
  name    = "fails"
  sources = ["null.x", "null.y"]
  provisioner "shell-local" { inline = ["echo ${local.next} > fails"] }
}
"#,
    );
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(1);
    assert_eq!(sandbox.read("works"), "TEN\nTEN\n");
    assert!(!sandbox.path("fails").exists());
    assert_eq!(text.matches("Error: Invalid operand").count(), 1, "{text}");
    assert!(text.contains("on t.pkr.hcl line 5"), "{text}");
}

#[test]
fn secrets_made_of_data_are_masked() {
    let sandbox = Sandbox::with_template(
        r#"
data "null" "d" { input = "hunter2-from-data" }
local "secret" {
  sensitive  = true
  expression = { password = "${data.null.d.output}-more" }
}
source "null" "x" { communicator = "none" }
build {
  sources = ["null.x"]
  provisioner "shell-local" { inline = ["echo it is ${local.secret.password}"] }
}
"#,
    );
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(0);
    assert!(text.contains("==> null.x: it is <sensitive>\n") && !text.contains("hunter2"), "{text}");
    let text = sandbox.run(&["inspect", "t.pkr.hcl"]).expect(0);
    assert!(text.contains("local.secret: \"{\\n  \\\"password\\\" = \\\"<sensitive>\\\"\\n}\""), "{text}");
}

#[test]
fn inspect_runs_what_is_built_in() {
    let sandbox = Sandbox::with_template(&format!("{CHAIN}locals {{ all = data.null }}\n"));
    for flags in [&[][..], &["-use-sequential-evaluation"]] {
        let args: Vec<&str> = ["inspect"].iter().chain(flags).chain(&["t.pkr.hcl"]).copied().collect();
        let text = sandbox.run(&args).expect(0);
        for part in
            ["local.b: \"ONE\"\n", "local.d: \"ONE-two\"\n", "local.all: \"{\\n  \\\"a\\\" = {\\n    \\\"output\\\""]
        {
            assert!(text.contains(part), "{part:?} is missing in\n{text}");
        }
    }
}

#[test]
fn inspect_says_nothing_about_what_fails() {
    for (template, shown) in [
        ("data \"null\" \"d\" { input = \"\" }\nlocals { x = data.null.d.output }", "local.x: \"<unknown>\"\n\n"),
        ("locals {\n a = 1\n b = upper([])\n c = 2\n}", "local.a: \"1\"\n\n"),
        (
            "data \"null\" \"d\" { input = \"x\" }\nlocals {\n a = data.null.d.output + 1\n c = 2\n}",
            "local.c: \"2\"\n\n",
        ),
        ("locals {\n a = 1\n b = local.c\n}", "\n"),
        ("variable \"v\" {}\nlocals { a = var.v }", "local.a: \"<unknown>\"\n\n"),
    ] {
        let text = Sandbox::with_template(template).run(&["inspect", "t.pkr.hcl"]).expect(0);
        let expected = format!("> local-variables:\n\n{shown}> builds:\n");
        assert!(text.contains(&expected) && !text.contains("Error"), "{template}\n{text}");
    }
}

#[test]
fn what_a_web_server_answers_is_a_value() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "there" => Reply { headers: vec![("X-Kind", "k".to_owned())], ..Reply::with("{\"version\": 7}") },
        _ => Reply::status(410),
    });
    let template = |path: &str| {
        format!(
            "data \"http\" \"d\" {{\n  url = \"{}\"\n  request_headers = {{ Accept = \"a/b\" }}\n}}\n\
             locals {{ v = jsondecode(data.http.d.body).version }}\n\
             source \"null\" \"x\" {{ communicator = \"none\" }}\nbuild {{\n  sources = [\"null.x\"]\n  \
             provisioner \"shell-local\" {{ inline = [\"echo ${{local.v}} \
             ${{data.http.d.request_headers[\"X-Kind\"]}}\"] }}\n}}\n",
            server.at(path)
        )
    };
    let text = Sandbox::with_template(&template("there")).run(&["build", "-color=false", "t.pkr.hcl"]).expect(0);
    assert!(text.contains("    null.x: 7 k\n") || text.contains("==> null.x: 7 k\n"), "{text}");
    assert_eq!(server.asked()[0].header("accept"), "a/b");
    let text = Sandbox::with_template(&template("gone")).run(&["build", "-color=false", "t.pkr.hcl"]).expect(1);
    assert!(text.contains("HTTP request error. Response code: 410"), "{text}");
}

#[test]
fn what_was_built_before_is_found_in_the_registry() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "oauth2/token" => Reply::with("{\"access_token\": \"token-of-hcp\"}"),
        "packer/2023-01-01/organizations/o/projects/p/buckets/base/channels/prod"
            if asked.header("authorization") == "Bearer token-of-hcp" =>
        {
            Reply::with(
                "{\"channel\": {\"version\": {\"name\": \"v7\", \"builds\": [{\"platform\": \"aws\", \"artifacts\": \
                 [{\"region\": \"eu\", \"external_identifier\": \"ami-1\"}]}]}}}",
            )
        }
        _ => Reply::status(404),
    });
    let mut sandbox = Sandbox::with_template(
        "data \"hcp-packer-version\" \"v\" {\n  bucket_name = \"base\"\n  channel_name = \"prod\"\n}\n\
         data \"hcp-packer-artifact\" \"a\" {\n  bucket_name = \"base\"\n  channel_name = \"prod\"\n  platform = \"aws\"\n  \
         region = \"eu\"\n}\nsource \"null\" \"x\" { communicator = \"none\" }\nbuild {\n  sources = [\"null.x\"]\n  \
         provisioner \"shell-local\" { inline = [\"echo ${data.hcp-packer-version.v.name} is \
         ${data.hcp-packer-artifact.a.external_identifier}\"] }\n}\n",
    );
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(1);
    assert!(text.contains("HCP authentication information required: set HCP_CLIENT_ID"), "{text}");
    let address = server.at("");
    let host = address.trim_start_matches("http://").trim_end_matches('/').to_owned();
    for (name, value) in [
        ("HCP_CLIENT_ID", "client"),
        ("HCP_CLIENT_SECRET", "secret-of-hcp"),
        ("HCP_ORGANIZATION_ID", "o"),
        ("HCP_PROJECT_ID", "p"),
        ("HCP_API_ADDRESS", &host),
        ("HCP_API_TLS", "disabled"),
        ("HCP_AUTH_URL", &address),
        ("HCP_AUTH_TLS", "disabled"),
        ("PACKER_LOG", "1"),
    ] {
        sandbox.set(name, value);
    }
    let output = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]);
    assert!(output.stdout.contains("null.x: v7 is ami-1\n"), "{output:?}");
    assert!(!output.stderr.contains("secret-of-hcp") && !output.stderr.contains("token-of-hcp"), "{output:?}");
}
