//! `packer inspect`.

use crate::sandbox::Sandbox;

#[test]
fn shows_what_is_in_a_template() {
    let sandbox = Sandbox::with_template(
        r#"
variable "plain" { default = "a \"b\"" }
variable "secret" {
  default   = "hunter2-longer"
  sensitive = true
}
variable "unset" { type = string }
variable "list" { default = ["x", 1] }
locals { up = upper(var.plain) }
source "null" "a" { communicator = "none" }
build {
  description = "What it is for."
  sources     = ["null.a"]
  provisioner "shell-local" {
    name   = "first"
    inline = ["true"]
  }
  provisioner "sleep" { duration = "1s" }
  post-processors {
    post-processor "checksum" {}
    post-processor "manifest" { name = "m" }
  }
}
build {
  name = "web"
  source "null.a" { name = "local" }
}
"#,
    );
    let text = sandbox.run(&["inspect", "t.pkr.hcl"]).expect(0);
    let expected = r#"Packer Inspect: HCL2 mode

> input-variables:

var.list: "[\n  \"x\",\n  \"1\",\n]"
var.plain: "a \"b\""
var.secret: "<sensitive>"
var.unset: "<unknown>"

> local-variables:

local.up: "A \"B\""

> builds:

  > <unnamed build 0>:

  > Description: What it is for.

    sources:

      null.a

    provisioners:

      shell-local.first
      sleep

    post-processors:

      0:
        checksum
        manifest.m

  > web:

    sources:

      null.local

    provisioners:

      <no provisioner>

    post-processors:

      <no post-processor>

"#;
    assert_eq!(text, expected.replace("[\\n  \\\"x\\\",\\n  \\\"1\\\",\\n]", "[\\n  \\\"x\\\",\\n  1,\\n]"));
}

#[test]
fn a_template_that_needs_plugins_can_be_looked_at() {
    let template = r#"
packer {
  required_plugins {
    amazon = {
      version = ">= 1.2.8"
      source  = "github.com/hashicorp/amazon"
    }
  }
}
data "amazon-ami" "base" { filters = { name = "x" } }
locals { id = data.amazon-ami.base.id }
source "amazon-ebs" "web" { ami_name = "web" }
build {
  sources = ["source.amazon-ebs.web"]
  provisioner "ansible" { playbook_file = "x" }
}
"#;
    let sandbox = Sandbox::with_template(template);
    let text = sandbox.run(&["inspect", "t.pkr.hcl"]).expect(0);
    for part in ["local.id: \"<unknown>\"", "      amazon-ebs.web\n", "      ansible\n"] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
    let text = sandbox.run(&["validate", "t.pkr.hcl"]).expect(1);
    let expected = "Error: Missing plugins\n\nThe following plugins are required, but not installed:\n\n* \
                    github.com/hashicorp/amazon >= 1.2.8\n\nDid you run packer init for this project ?\n\n\n";
    assert_eq!(text, expected, "nothing else is looked at");
    sandbox.run(&["validate", "-syntax-only", "t.pkr.hcl"]).expect(0);
    sandbox.write(
        "t.pkr.hcl",
        sandbox.read("t.pkr.hcl").replace("required_plugins {", "required_plugins {}\n}\nlocals {\n  x = {"),
    );
    let text = sandbox.run(&["validate", "t.pkr.hcl"]).expect(1);
    for part in ["Error: Unknown data type amazon-ami", "Error: Unknown source type amazon-ebs"] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
}

#[test]
fn values_that_cannot_be_given_are_refused() {
    let sandbox = Sandbox::with_template("variable \"n\" { type = number }\n");
    for (flag, part) in [("n=x", "Invalid argument value for -var variable"), ("m=1", "Undefined -var variable")] {
        for command in ["inspect", "console"] {
            let text = sandbox.run(&[command, "-var", flag, "t.pkr.hcl"]).expect(1);
            assert!(text.contains(part), "{command} {flag}\n{text}");
        }
    }
}

#[test]
fn builds_are_listed_as_they_are_written() {
    let whole = "build {\n  sources = [\"null.gone\", \"source.null.a\"]\n  source \"null.a\" { name = \"b\" }\n}\n";
    for (before, expected) in [
        ("", "  > <unnamed build 0>:\n\n    sources:\n\n      null.gone\n      null.a\n      null.b\n"),
        // What cannot be read is left out, and does not count.
        (
            "build { sources = [local.gone] }\n",
            "> builds:\n\n  > <unnamed build 0>:\n\n    sources:\n\n      null.gone\n",
        ),
        (
            "build { sources = [\"nonsense\"] }\n",
            "> builds:\n\n  > <unnamed build 0>:\n\n    sources:\n\n      null.gone\n",
        ),
        (
            "build {\n  sources = [\"null.a\"]\n  provisioner \"sleep\" { pause_before = local.gone }\n}\n",
            "> builds:\n\n  > <unnamed build 0>:\n\n    sources:\n\n      null.gone\n",
        ),
    ] {
        let text = Sandbox::with_template(&format!("{before}{whole}")).run(&["inspect", "t.pkr.hcl"]).expect(0);
        assert!(text.contains(expected), "{before}\n{text}");
    }
}
