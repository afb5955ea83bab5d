//! Templates and variable files in JSON syntax: the same as in native syntax, alone and beside it.

use serde_json::Value;

use crate::sandbox::Sandbox;

const NATIVE: &str = r#"
packer {
  required_version = ">= 1.7.0"
}
variable "name" {
  type      = string
  default   = "world"
  sensitive = false
  validation {
    condition     = length(var.name) > 2
    error_message = "Too short."
  }
}
variable "hosts" {
  type    = list(object({ id = string, port = optional(number, 22) }))
  default = [{ id = "a" }, { id = "b", port = 2222 }]
}
variables {
  free = { k = [1, "two", true, null] }
}
locals {
  greeting = "hello ${var.name}"
  ports    = [for host in var.hosts : host.port]
  keyed    = { "k-${var.name}" = local.ports }
}
local "loud" {
  expression = upper(local.greeting)
  sensitive  = true
}
data "null" "d" {
  input = "${local.greeting}!"
}
source "null" "one" {
  communicator = "none"
}
source "file" "two" {
  target = "out/two.txt"
}
build {
  name    = "first"
  sources = ["source.null.one", "file.two"]
  source "file.two" {
    name    = "renamed"
    content = jsonencode([data.null.d.output, local.keyed, var.free, source.name])
  }
  provisioner "shell-local" {
    only   = ["null.one"]
    inline = ["echo ${data.null.d.output}"]
  }
  provisioner "shell-local" {
    inline   = ["echo plain"]
    override = { renamed = { inline = ["echo overridden"] } }
  }
  error-cleanup-provisioner "shell-local" {
    inline = ["echo never"]
  }
  post-processor "checksum" {
    except         = ["null.one"]
    checksum_types = ["md5"]
    output         = "out/{{.BuildName}}.md5"
  }
  post-processors {
    post-processor "manifest" {
      output = "manifest.json"
    }
    post-processor "compress" {
      except              = ["null.one"]
      keep_input_artifact = true
      output              = "out/{{.BuildName}}.tar"
    }
  }
}
build {
  sources = ["null.one"]
  dynamic "provisioner" {
    for_each = var.hosts
    iterator = host
    labels   = ["shell-local"]
    content {
      inline = ["echo ${host.value.id}:${host.value.port} ${host.key}"]
    }
  }
}
"#;

const JSON: &str = r#"
[
  { "//": ["${not even a template"], "packer": { "required_version": ">= 1.7.0" } },
  {
    "variable": {
      "name": {
        "type": "string",
        "default": "world",
        "sensitive": false,
        "validation": [{ "condition": "${length(var.name) > 2}", "error_message": "Too short." }]
      },
      "hosts": {
        "type": "list(object({ id = string, port = optional(number, 22) }))",
        "default": [{ "id": "a" }, { "id": "b", "port": 2222 }]
      }
    },
    "variables": { "free": { "k": [1, "two", true, null] } },
    "locals": [
      { "greeting": "hello ${var.name}", "ports": "${[for host in var.hosts : host.port]}" },
      { "keyed": { "k-${var.name}": "${local.ports}" } }
    ],
    "local": { "loud": { "expression": "${upper(local.greeting)}", "sensitive": true } },
    "data": { "null": { "d": { "input": "${local.greeting}!", "//": "a comment" } } },
    "source": [{ "null": { "one": { "communicator": "none" } } }, { "file": [{ "two": [{ "target": "out/two.txt" }] }] }],
    "hcp_packer_registry": null,
    "build": [
      {
        "name": "first",
        "sources": ["source.null.one", "file.two"],
        "source": {
          "file.two": {
            "name": "renamed",
            "content": "${jsonencode([data.null.d.output, local.keyed, var.free, source.name])}"
          }
        },
        "provisioner": [
          { "shell-local": { "only": ["null.one"], "inline": ["echo ${data.null.d.output}"] } },
          {
            "shell-local": {
              "inline": ["echo plain"],
              "override": { "renamed": { "inline": ["echo overridden"] } }
            }
          }
        ],
        "error-cleanup-provisioner": { "shell-local": { "inline": ["echo never"] } },
        "post-processor": {
          "checksum": { "except": ["null.one"], "checksum_types": ["md5"], "output": "out/{{.BuildName}}.md5" }
        },
        "post-processors": {
          "post-processor": {
            "manifest": { "output": "manifest.json" },
            "compress": { "except": ["null.one"], "keep_input_artifact": true, "output": "out/{{.BuildName}}.tar" }
          }
        }
      },
      {
        "sources": ["null.one"],
        "dynamic": {
          "provisioner": {
            "for_each": "${var.hosts}",
            "iterator": "host",
            "labels": ["shell-local"],
            "content": { "inline": ["echo ${host.value.id}:${host.value.port} ${host.key}"] }
          }
        }
      }
    ]
  }
]
"#;

#[test]
fn both_syntaxes_make_the_same_plan() {
    let plan = |name: &str, text: &str| {
        let sandbox = Sandbox::new();
        sandbox.write(name, text);
        sandbox.run(&["validate", name]).expect(0);
        let text = sandbox.run(&["plan", "-format=json", "-detail", name]).expect(0);
        let mut plan: Value = serde_json::from_str(&text).unwrap();
        for node in plan["nodes"].as_array_mut().unwrap() {
            node.as_object_mut().unwrap().remove("place");
        }
        let inspected = sandbox.run(&["inspect", name]).expect(0);
        (plan, inspected)
    };
    assert_eq!(plan("t.pkr.json", JSON), plan("t.pkr.hcl", NATIVE));
}

#[test]
fn both_syntaxes_build_the_same() {
    let built = |name: &str, text: &str| {
        let sandbox = Sandbox::new();
        sandbox.write(name, text);
        let text = sandbox.run(&["build", "-color=false", "-parallel-builds=1", name]).expect(0);
        // The warning in front shows the source, and scripts have random names.
        let lines = text.lines().skip_while(|line| !line.starts_with("==>"));
        let mut said: Vec<String> = lines.filter(|line| !line.contains("shell script: ")).map(str::to_owned).collect();
        // Which build goes first is up to whose preparation ends first; within a build the order is fixed.
        let build =
            |line: &String| line.split([' ', '\'', ':']).find(|word| word.starts_with("first.")).map(str::to_owned);
        said.sort_by_key(build);
        (said, sandbox.read("out/two.txt"), sandbox.read("out/two.md5"))
    };
    let json = built("t.pkr.json", JSON);
    assert_eq!(json, built("t.pkr.hcl", NATIVE));
    let lines = json.0.join("\n");
    assert!(lines.contains("first.null.one: hello world!") && lines.contains("null.one: b:2222 1"), "{lines}");
    assert!(lines.contains("overridden") && !lines.contains("never"), "{lines}");
    assert_eq!(json.1, r#"["hello world!",{"k-world":[22,2222]},{"k":[1,"two",true,null]},"renamed"]"#);
}

#[test]
fn files_of_both_syntaxes_are_one_template() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "d/a.pkr.json",
        r#"{"locals": {"x": "${var.v} in JSON"}, "build": {"name": "json", "sources": ["file.n"]}}"#,
    );
    sandbox.write("d/z.pkr.hcl", "variable \"v\" {}\nvariable \"w\" {}\nbuild {\n  name = \"native\"\n  sources = [\"file.j\"]\n}\nsource \"file\" \"n\" {\n  content = local.x\n  target  = \"n.txt\"\n}\n");
    sandbox.write(
        "d/m.pkr.json",
        r#"{"source": {"file": {"j": {"content": "${local.x} and ${var.w}", "target": "j.txt"}}}}"#,
    );
    sandbox.write("d/b.auto.pkrvars.hcl", "v = \"native\"\nw = \"w\"\n");
    sandbox.write("d/a.auto.pkrvars.json", r#"{"v": "text ${not.a.reference}"}"#);
    let text = sandbox.run(&["plan", "-format=json", "d"]).expect(0);
    let plan: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(plan["builds"], serde_json::json!(["native.file.j", "json.file.n"]));
    sandbox.run(&["build", "d"]).expect(0);
    assert_eq!(sandbox.read("n.txt"), "text ${not.a.reference} in JSON");
    assert_eq!(sandbox.read("j.txt"), "text ${not.a.reference} in JSON and w");
}

#[test]
fn faults_are_shown_where_they_are() {
    for (text, expected) in [
        ("", "Error: Missing value\n\n  on t.pkr.json line 1:\n"),
        ("\u{feff}{}", "Error: Invalid start of value\n\n  on t.pkr.json line 1:\n"),
        ("{\"a\": [0, {\n\"b\": tru}]}", "Error: Invalid JSON keyword\n\n  on t.pkr.json line 2, in a[1]:\n"),
        ("\"text\"", "Error: Root value must be object\n\n  on t.pkr.json line 1:\n"),
        ("{\n\"a\": [}\n}", "Error: Missing JSON value\n\n  on t.pkr.json line 2:\n   2: \"a\": [}\n"),
        ("{\n\"sources\": {}}", "Error: Extraneous JSON object property\n\n  on t.pkr.json line 2:\n"),
        ("{\"sources\": {}}", "No argument or block type is named \"sources\". Did you mean \"source\"?"),
        ("[1]", "Error: Incorrect JSON value type\n\n  on t.pkr.json line 1:\n"),
        (
            "{\"source\": \"x\"}",
            "Either a JSON object or JSON array of objects is required here, to specify type\nlabels for this block.",
        ),
        ("{\"source\": {\n\"null\": {}}}", "Error: Missing block label\n\n  on t.pkr.json line 2, in source.null:\n"),
        (
            "{\"source\": {\"null\": {\n\"a\": 1}}}",
            "Error: Incorrect JSON value type\n\n  on t.pkr.json line 2, in source.null:\n",
        ),
        (
            "{\"variable\": {\"x\": {\n\"type\": \"strin\"}}}",
            "Error: Invalid type specification\n\n  on t.pkr.json line 2, in variable.x:\n",
        ),
        (
            "{\"variable\": {\"x\": {\n\"type\": \"list(strin)\"}}}",
            "The keyword \"strin\" is not a valid type specification.",
        ),
        (
            "{\"variable\": {\"x\": {\n\"default\": \"${var.y}\"}}}",
            "Error: Variables not allowed\n\n  on t.pkr.json line 2, in variable.x:\n",
        ),
        (
            "{\"variable\": {\"x\": {\n\"default\": \"a${\"}}}",
            "Error: Missing expression\n\n  on t.pkr.json line 2, in variable.x:\n",
        ),
        (
            "{\"variable\": {\"x\": {\"default\": 1,\n\"default\": 2}}}",
            "Error: Duplicate argument\n\n  on t.pkr.json line 2, in variable.x:\n",
        ),
        (
            "{\"variables\": {\"x\": 1,\n\"x\": 2}}",
            "Error: Duplicate attribute definition\n\n  on t.pkr.json line 2, in variables:\n",
        ),
        (
            "{\"locals\": {\"x\": 1},\n\"locals\": {\"x\": 2}}",
            "Error: Duplicate local definition\n\n  on t.pkr.json line 2, in locals:\n",
        ),
        ("{\"local\": {\"x\": {\n}}}", "Error: Missing required argument\n\n  on t.pkr.json line 2, in local.x:\n"),
        ("{\"locals\": [\n[]]}", "A JSON object is required here, setting the arguments for this block."),
        (
            "{\"packer\": {\"required_plugins\": {\n\"x\": []}}}",
            "Error: Invalid required_plugins syntax\n\n  on t.pkr.json line 2",
        ),
        (
            "{\"packer\": {\n\"required_version\": \">= 99\"}}",
            "Error: Unsupported Packer Core version\n\n  on t.pkr.json line 2, in packer:\n",
        ),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("t.pkr.json", text);
        let shown = sandbox.run(&["validate", "-syntax-only", "t.pkr.json"]).expect(1);
        assert!(shown.contains(expected), "{text}: {expected:?} is missing in:\n{shown}");
    }
}

#[test]
fn components_and_values_are_checked() {
    for (body, expected) in [
        (
            "\"comunicator\": \"none\"",
            "No argument or block type is named \"comunicator\". Did you mean \"communicator\"?",
        ),
        ("\"communicator\": [\"none\"]", "Error: Incorrect attribute value type\n\n  on t.pkr.json line 2"),
        ("\"communicator\": \"${nothing.here}\"", "Error: Unknown variable\n\n  on t.pkr.json line 2"),
        (
            "\"communicator\": \"${local.x\"",
            "Error: Unclosed template interpolation sequence\n\n  on t.pkr.json line 2",
        ),
        ("\"communicator\": {\"a\": 1, \"${\"a\"}\": 2}", "Error: Missing property value colon"),
        ("\"communicator\": {\"a\": 1, \"a\": 2}", "Error: Duplicate object attribute\n\n  on t.pkr.json line 2"),
        ("\"communicator\": {\"${null}\": 2}", "Error: Invalid object key expression\n\n  on t.pkr.json line 2"),
        (
            "\"communicator\": \"a\\\\\\n\\t${upper(1, 2)}\"",
            "Error: Too many function arguments\n\n  on t.pkr.json line 2",
        ),
    ] {
        let sandbox = Sandbox::new();
        let text =
            format!("{{\"source\": {{\"null\": {{\"a\": {{\n{body}}}}}}}, \"build\": {{\"sources\": [\"null.a\"]}}}}");
        sandbox.write("t.pkr.json", text);
        let shown = sandbox.run(&["validate", "t.pkr.json"]).expect(1);
        assert!(shown.contains(expected), "{body}: {expected:?} is missing in:\n{shown}");
    }
}

#[test]
fn variable_files_hold_plain_values() {
    let rows = [
        ("{\"v\": \"${1 + 1} %{ if\"}", Ok("${1 + 1} %{ if")),
        ("{\"v\": 12345678901234567890.5}", Ok("12345678901234567890.5")),
        ("{\"v\": \"a\\u00e9\\n\", \"//\": 1}", Ok("aé\n")),
        ("", Err("Error: Missing value\n\n  on v.json line 1:\n")),
        ("\u{feff}{}", Err("Error: Invalid start of value")),
        ("null", Err("Error: Root value must be object\n\n  on v.json line 1:\n")),
        ("[{\"v\": 1}]", Err("Error: Incorrect JSON value type\n\n  on v.json line 1:\n")),
        ("{\"v\": 1,\n\"v\": 2}", Err("Error: Duplicate attribute definition\n\n  on v.json line 2:\n")),
        ("{\"v\": {\"a\": 1,\n\"a\": 2}}", Err("Error: Duplicate object attribute\n\n  on v.json line 2, in v:\n")),
        (
            "{\n\"variable\": {\"v\": {\"default\": 1}}}",
            Err("Error: Variable declaration in a .pkrvar file\n\n  on v.json line 2:\n"),
        ),
        ("{\n\"v\": [1]}", Err("Error: Invalid value for variable\n\n  on v.json line 2, in v:\n")),
    ];
    for (text, expected) in rows {
        let sandbox = Sandbox::with_template(
            "variable \"v\" {\n  type = string\n}\nsource \"file\" \"a\" {\n  content = var.v\n  target = \"a\"\n}\n\
             build {\n  sources = [\"file.a\"]\n}\n",
        );
        sandbox.write("v.json", text);
        let run = sandbox.run(&["build", "-var-file=v.json", "t.pkr.hcl"]);
        match expected {
            Ok(value) => {
                run.expect(0);
                assert_eq!(sandbox.read("a"), value, "{text}");
            }
            Err(error) => {
                let shown = run.expect(1);
                assert!(shown.contains(error), "{text}: {error:?} is missing in:\n{shown}");
            }
        }
    }
}
