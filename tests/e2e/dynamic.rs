//! `dynamic` blocks: what they become, where they may stand, and when what they need is known.

use crate::sandbox::Sandbox;

const SOURCES: &str =
    "source \"null\" \"a\" { communicator = \"none\" }\nsource \"null\" \"b\" { communicator = \"none\" }\n";

#[test]
fn every_part_of_a_build_can_be_generated() {
    let sandbox = Sandbox::with_template(
        &format!(
            r#"
variable "steps" {{ default = {{ one = "1", two = "2" }} }}
locals {{ names = ["x", "y"] }}
{SOURCES}
build {{
  dynamic "source" {{
    for_each = ["null.a", "null.b"]
    labels   = [source.value]
    content {{
      name = "s${{source.key}}"
    }}
  }}
  provisioner "shell-local" {{ inline = ["echo first"] }}
  dynamic "provisioner" {{
    for_each = var.steps
    iterator = step
    labels   = ["shell-local"]
    content {{
      name   = step.key
      only   = step.key == "two" ? ["null.s1"] : ["null.s0", "null.s1"]
      inline = ["echo ${{step.key}}=${{step.value}} on ${{source.name}} of ${{build.name}}."]
    }}
  }}
  provisioner "sleep" {{ duration = "0s" }}
  dynamic "error-cleanup-provisioner" {{
    for_each = [1]
    labels   = ["shell-local"]
    content {{
      inline = ["true"]
    }}
  }}
  dynamic "post-processors" {{
    for_each = local.names
    content {{
      dynamic "post-processor" {{
        for_each = [post-processors.value, "z"]
        labels   = ["shell-local"]
        content {{
          name   = "${{post-processors.value}}${{post-processor.key}}"
          inline = ["echo ${{post-processors.value}}-${{post-processor.value}}"]
        }}
      }}
    }}
  }}
  dynamic "post-processor" {{
    for_each = toset_of_one
    labels   = ["manifest"]
    content {{}}
  }}
}}
"#
        )
        .replace("toset_of_one", "setunion([\"m\"])"),
    );
    let text = sandbox.run(&["plan", "t.pkr.hcl"]).expect(0);
    for expected in [
        "  ├─ provision     shell-local\n  ├─ provision     shell-local \"one\"\n  ├─ provision     sleep\n  ├─ on failure    \
         shell-local\n  ├─ post-process  shell-local \"x0\" → shell-local \"x1\"\n  ├─ post-process  shell-local \"y0\" → \
         shell-local \"y1\"\n  └─ post-process  manifest\n    null.s0\n",
        "  ├─ provision     shell-local \"two\"\n",
    ] {
        assert!(text.contains(expected), "{expected}\nis missing in\n{text}");
    }
    let text = sandbox.run(&["inspect", "t.pkr.hcl"]).expect(0);
    let expected = "    sources:\n\n      null.s0\n      null.s1\n\n    provisioners:\n\n      shell-local\n      \
                    shell-local.one\n      shell-local.two\n      sleep\n\n    post-processors:\n\n      0:\n        \
                    shell-local.x0\n        shell-local.x1\n      1:\n        shell-local.y0\n        shell-local.y1\n      \
                    2:\n        manifest\n";
    assert!(text.contains(expected), "{text}");
    sandbox.run(&["validate", "t.pkr.hcl"]).expect(0);
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(0);
    for line in [
        "null.s0: one=1 on s0 of .",
        "null.s1: two=2 on s1 of .",
        "null.s0 (shell-local): x-x",
        "null.s1 (shell-local): y-z",
    ] {
        assert!(text.contains(&format!("==> {line}\n")), "{line} is missing in\n{text}");
    }
    assert!(!text.contains("null.s0: two=2"), "{text}");
}

#[test]
fn a_collection_from_a_data_source_is_fetched_before_the_builds_are_listed() {
    let sandbox = Sandbox::with_template(&format!(
        r#"
data "null" "list" {{ input = "x,y" }}
locals {{ list = split(",", data.null.list.output) }}
{SOURCES}
build {{
  sources = ["null.a"]
  dynamic "provisioner" {{
    for_each = local.list
    labels   = ["shell-local"]
    content {{
      command = "echo got ${{provisioner.value}}"
    }}
  }}
}}
"#
    ));
    for command in ["validate", "plan"] {
        sandbox.run(&[command, "t.pkr.hcl"]).expect(0);
    }
    let text = sandbox.run(&["plan", "t.pkr.hcl"]).expect(0);
    assert_eq!(text.matches("provision     shell-local").count(), 1, "one block stands for any number:\n{text}");
    let text = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(0);
    assert!(text.contains("null.a: got x\n") && text.contains("null.a: got y\n"), "{text}");
    sandbox.write("t.pkr.hcl", sandbox.read("t.pkr.hcl").replace("[\"shell-local\"]", "[local.list[0]]"));
    let text = sandbox.run(&["validate", "t.pkr.hcl"]).expect(1);
    assert!(text.contains("Error: Invalid dynamic block label\n\n  on t.pkr.hcl line 11"), "{text}");
    assert!(text.contains("This value is not yet known."), "{text}");
}

#[test]
fn they_stand_in_sources_and_builds_only() {
    let generated = "dynamic \"x\" {\n  for_each = []\n  content {}\n}\n";
    for (text, expected) in [
        (generated.to_owned(), "on t.pkr.hcl line 1, in dynamic \"x\":"),
        (format!("variable \"v\" {{\n{generated}}}\n"), "on t.pkr.hcl line 2, in variable \"v\":"),
        (format!("packer {{\n{generated}}}\n"), "on t.pkr.hcl line 2, in packer:"),
    ] {
        let rest = format!("{SOURCES}build {{ sources = [\"null.a\"] }}\n");
        let found = Sandbox::with_template(&format!("{text}{rest}")).run(&["validate", "t.pkr.hcl"]).expect(1);
        assert!(found.contains(&format!("Error: Unsupported block type\n\n  {expected}")), "{found}");
        assert!(found.contains("Blocks of type \"dynamic\" are not expected here."), "{found}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (block, expected) in [
        (
            "dynamic \"provisioner\" {\n    for_each = 5\n    labels = [\"sleep\"]\n    content {}\n  }",
            "Error: Invalid dynamic for_each value\n\n  on t.pkr.hcl line 6, in build:",
        ),
        (
            "dynamic \"provisioner\" {\n    for_each = source.name\n    labels = [\"sleep\"]\n    content {}\n  }",
            "Cannot use a string value in for_each. An iterable collection is required.",
        ),
        (
            "dynamic \"provisioner\" {\n    for_each = [1]\n    labels = [\"nothing\"]\n    content {}\n  }",
            "Error: Unknown provisioner type \"nothing\"\n\n  on t.pkr.hcl line 5, in build:",
        ),
        (
            "dynamic \"post-processors\" {\n    for_each = [1]\n    labels = [\"x\"]\n    content {}\n  }",
            "Error: Unsupported argument\n\n  on t.pkr.hcl line 7, in build:",
        ),
        (
            "dynamic \"nothing\" {\n    for_each = [1]\n    content {}\n  }",
            "Error: Unsupported block type\n\n  on t.pkr.hcl line 5, in build:",
        ),
        (
            "dynamic \"provisioner\" {\n    for_each = [1]\n    labels = [\"shell-local\"]\n    content {\n      inlin = []\n    \
             }\n  }",
            "Error: Unsupported argument\n\n  on t.pkr.hcl line 9, in build:",
        ),
        (
            "provisioner \"shell-local\" {\n    inline = [\"x\"]\n    dynamic \"env\" {\n      for_each = {}\n      content \
             {}\n    }\n  }",
            "Error: Unsupported block type\n\n  on t.pkr.hcl line 7, in build:",
        ),
    ] {
        let template = format!("{SOURCES}build {{\n  sources = [\"null.a\"]\n  {block}\n}}\n");
        let found = Sandbox::with_template(&template).run(&["validate", "t.pkr.hcl"]);
        assert!(found.stdout.contains(expected), "{expected}\nis missing for\n{block}\n{}", found.stdout);
    }
}

#[test]
fn ten_thousand_elements_are_no_more_than_ten_thousand_blocks() {
    let items: Vec<String> = (0..10_000).map(|at| format!("\"{at}\"")).collect();
    let template = format!(
        "locals {{ items = [{}] }}\n{SOURCES}build {{\n  sources = [\"null.a\"]\n  dynamic \"provisioner\" {{\n    for_each = \
         local.items\n    labels   = [\"shell-local\"]\n    content {{\n      name   = provisioner.value\n      inline = \
         [\"echo ${{provisioner.value}}\"]\n    }}\n  }}\n}}\n",
        items.join(", ")
    );
    let text = Sandbox::with_template(&template).run(&["validate", "t.pkr.hcl"]).expect(0);
    assert_eq!(text, "The configuration is valid.\n");
}
