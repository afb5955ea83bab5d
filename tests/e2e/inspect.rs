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
