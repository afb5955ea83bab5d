//! `packer validate`: what is accepted, and how what is not is told.

use crate::sandbox::Sandbox;

const REST: &str = "source \"null\" \"a\" { communicator = \"none\" }\nbuild { sources = [\"null.a\"] }\n";

#[test]
fn a_good_template_is_valid() {
    let sandbox = Sandbox::with_template(REST);
    assert_eq!(sandbox.run(&["validate", "t.pkr.hcl"]).expect(0), "The configuration is valid.\n");
    assert_eq!(
        sandbox.run(&["validate", "-syntax-only", "."]).expect(0),
        "Syntax-only check passed. Everything looks okay.\n"
    );
}

#[test]
fn findings_have_hashicorps_layout() {
    let rows: [(&str, &str); 9] = [
        (
            "bild {}\n",
            "Error: Unsupported block type\n\n  on t.pkr.hcl line 1, in bild:\n   1: bild {}\n\nBlocks of type \"bild\" \
             are not expected here. Did you mean \"build\"?\n\n",
        ),
        (
            "foo = 1\n",
            "Error: Unsupported argument\n\n  on t.pkr.hcl line 1:\n   1: foo = 1\n\nAn argument named \"foo\" is not \
             expected here.\n\n",
        ),
        (
            "source \"nul\" \"a\" {}\nbuild { sources = [\"nul.a\"] }\n",
            "Error: Unknown source type nul\n\n  on t.pkr.hcl line 2, in build:\n   2: build { sources = [\"nul.a\"] \
             }\n\nDid you mean to use \"null\"?\n\n",
        ),
        (
            "source \"null\" \"abc\" {}\nbuild { sources = [\"null.abd\"] }\n",
            "Error: Unknown source null.abd\n\n  on t.pkr.hcl line 2, in build:\n   2: build { sources = \
             [\"null.abd\"] }\n\nDid you mean to use \"null.abc\"?\n\n",
        ),
        (
            "source \"file\" \"a\" {\n  contents = \"x\"\n}\nbuild { sources = [\"file.a\"] }\n",
            "Error: Unsupported argument\n\n  on t.pkr.hcl line 2, in source \"file\" \"a\":\n   2:   contents = \
             \"x\"\n\nAn argument named \"contents\" is not expected here. Did you mean \"content\"?\n\n",
        ),
        (
            "source \"file\" \"a\" {\n  target = [1]\n}\nbuild { sources = [\"file.a\"] }\n",
            "Error: Incorrect attribute value type\n\n  on t.pkr.hcl line 2, in source \"file\" \"a\":\n   2:   target \
             = [1]\n\nInappropriate value for attribute \"target\": string required.\n\n",
        ),
        (
            "locals {\n  a = upperr(\"x\")\n}\n",
            "Error: Call to unknown function\n\n  on t.pkr.hcl line 2, in locals:\n   2:   a = upperr(\"x\")\n\nThere \
             is no function named \"upperr\". Did you mean \"upper\"?\n\n",
        ),
        (
            "variable \"a\" {}\nvariable \"a\" { default = 1 }\n",
            "Error: Duplicate variable\n\n  on t.pkr.hcl line 2, in variable \"a\":\n   2: variable \"a\" { default = 1 \
             }\n\nDuplicate a variable definition found.\n\n",
        ),
        ("source \"null\" \"x\" {\n", "Error: Unclosed configuration block\n\n  on t.pkr.hcl line 1"),
    ];
    for (text, expected) in rows {
        let template = if text.contains("build {") { text.to_owned() } else { format!("{text}{REST}") };
        let found = Sandbox::with_template(&template).run(&["validate", "t.pkr.hcl"]).expect(1);
        assert!(found.contains(expected), "expected\n{expected}\nin\n{found}");
    }
}

#[test]
fn several_findings_come_at_once_and_in_order() {
    let sandbox = Sandbox::with_template(
        "variable \"a\" {\n  typo = 1\n}\nlocals {\n  b = nope()\n}\nsource \"null\" \"a\" {\n  communicator = \
         \"none\"\n  wrong = 1\n}\nbuild {\n  sources = [\"null.a\", \"null.c\"]\n}\n",
    );
    let text = sandbox.run(&["validate", "t.pkr.hcl"]).expect(1);
    assert_eq!(text.matches("Error: ").count(), 1, "what is no template is not evaluated:\n{text}");
    let fixed = sandbox.read("t.pkr.hcl").replace("  typo = 1\n", "");
    sandbox.write("t.pkr.hcl", fixed);
    let text = sandbox.run(&["validate", "t.pkr.hcl"]).expect(1);
    let summaries: Vec<&str> = text.lines().filter(|line| line.starts_with("Error: ")).collect();
    assert_eq!(
        summaries,
        ["Error: Unset variable \"a\"", "Error: Call to unknown function", "Error: Unknown source null.c"]
    );
}

#[test]
fn components_are_checked_without_running_anything() {
    let rows = [
        ("provisioner \"shell-local\" {}", "cannot all be empty."),
        ("provisioner \"sleep\" {\n    duration = \"soon\"\n  }", "duration"),
        ("provisioner \"nothing\" {}", "Error: Unknown provisioner type \"nothing\""),
        ("provisioner \"shell\" {}", "* Either a script file or inline script must be specified."),
        ("post-processor \"checksum\" { checksum_types = [\"crc\"] }", "Unrecognized checksum type: crc"),
        ("post-processor \"compres\" {}", "Did you mean to use \"compress\"?"),
        ("provisioner \"shell-local\" {\n    inline = [build.nope]\n  }", "Error: Unsupported attribute"),
        (
            "provisioner \"shell-local\" {\n    inline = [\"x\"]\n    pause_before = \"x\"\n  }",
            "Failed to parse pause_before duration",
        ),
        (
            "provisioner \"shell-local\" {\n    inline = [\"x\"]\n    only = [\"null.a\"]\n    except = [\"null.b\"]\n  }",
            "only one of 'only' or 'except' may be specified",
        ),
        (
            "provisioner \"shell-local\" {\n    inline = [\"x\"]\n    override = 1\n  }",
            "provisioner's override block must be an HCL object",
        ),
        (
            "error-cleanup-provisioner \"sleep\" {}\n  error-cleanup-provisioner \"sleep\" {}",
            "Only one error-cleanup-provisioner is allowed",
        ),
    ];
    for (block, expected) in rows {
        let template = format!(
            "source \"null\" \"a\" {{ communicator = \"none\" }}\nbuild {{\n  sources = [\"null.a\"]\n  {block}\n}}\n"
        );
        let text = Sandbox::with_template(&template).run(&["validate", "t.pkr.hcl"]).expect(1);
        assert!(text.contains(expected), "{expected:?} is missing for {block}:\n{text}");
        assert!(text.contains("on t.pkr.hcl line "), "{text}");
    }
}

#[test]
fn the_null_builder_asks_for_a_way_in() {
    let text = Sandbox::with_template("source \"null\" \"a\" {}\nbuild { sources = [\"null.a\"] }\n")
        .run(&["validate", "t.pkr.hcl"])
        .expect(1);
    assert!(text.contains("a Host must be specified") && text.contains("a Username must be specified"), "{text}");
}

#[test]
fn data_is_unknown_unless_asked_for() {
    let template = r#"
data "null" "d" { input = "x" }
source "null" "a" { communicator = "none" }
build {
  sources = ["null.a"]
  provisioner "sleep" { duration = data.null.d.output }
}
"#;
    let sandbox = Sandbox::with_template(template);
    let text = sandbox.run(&["validate", "-evaluate-datasources", "t.pkr.hcl"]).expect(1);
    assert!(text.contains("Failed preparing provisioner-block \"sleep\" \"\""), "{text}");
}

#[test]
fn files_that_are_no_template() {
    let rows: [(&str, &[u8], &str); 5] = [
        ("t.json", b"[]", "Failed to parse file as legacy JSON template: if you are using an HCL template"),
        ("t.hcl", b"", "Failed to parse file as legacy JSON template"),
        ("t.pkr.json", b"[1", "Error: Unclosed object\n\n  on t.pkr.json line 1:\n   1: [1\n"),
        ("t.pkr.hcl", b"a = \xff\n", "Error: Invalid character encoding\n\n  on t.pkr.hcl line 1"),
        ("d/x.txt", b"", "Error: Could not find any config file in d"),
    ];
    for (name, bytes, expected) in rows {
        let sandbox = Sandbox::new();
        sandbox.write(name, bytes);
        let argument = name.split('/').next().unwrap();
        for command in ["validate", "build", "plan", "inspect"] {
            let text = sandbox.run(&[command, argument]).expect(1);
            assert!(text.contains(expected), "{command} {name}: {expected:?} is missing in:\n{text}");
        }
    }
    let text = Sandbox::new().run_with_input(&["validate", "-"], "{}").expect(1);
    assert!(text.contains("at least one builder must be defined"), "{text}");
    let text = Sandbox::new().run(&["validate", "missing"]).expect(1);
    assert_eq!(text, "\"missing\": stat missing: no such file or directory\n");
}

#[test]
fn a_template_without_builds_is_an_error() {
    let text = Sandbox::with_template("").run(&["validate", "t.pkr.hcl"]).expect(1);
    assert!(text.contains("Error: Missing build block"), "{text}");
}

#[test]
fn windows_line_ends_byte_order_marks_and_unicode_are_fine() {
    let template = format!("\u{feff}locals {{ grüße = \"héé 漢字\" }}\n{REST}").replace('\n', "\r\n");
    Sandbox::with_template(&template).run(&["validate", "t.pkr.hcl"]).expect(0);
}

#[test]
fn large_templates_are_nothing_special() {
    let mut template = String::from(REST);
    for at in 0..2_000 {
        template += &format!("variable \"v{at}\" {{\n  type    = number\n  default = {at}\n}}\n");
    }
    template += "locals {\n  text = <<-EOT\n";
    for at in 0..10_000 {
        template += &format!("    line {at} ${{var.v{}}}\n", at % 2_000);
    }
    template += "  EOT\n}\n";
    Sandbox::with_template(&template).run(&["validate", "t.pkr.hcl"]).expect(0);
}

#[test]
fn a_syntax_check_looks_at_what_the_reference_looks_at() {
    let rows: [(&str, &[&str], bool); 15] = [
        ("variable \"unset\" {}\n", &[], true),
        ("locals { a = local.nothing }\n", &[], true),
        ("source \"nothing\" \"a\" {}\n", &[], true),
        (
            "source \"null\" \"a\" {}\nsource \"null\" \"a\" {}\nhcp_packer_registry {}\nhcp_packer_registry {}\n",
            &[],
            true,
        ),
        ("packer {\n  required_plugins {\n    a = { version = \"1\", source = \"a.b/c/d\" }\n  }\n}\n", &[], true),
        ("dynamic \"build\" {\n  for_each = []\n  content {}\n}\n", &[], false),
        ("build {\n  sources = [\"null.nothing\"]\n  provisioner \"nothing\" {}\n  nothing {}\n}\n", &[], true),
        ("build {\n  dynamic \"provisioner\" {\n    for_each = []\n    content {}\n  }\n}\n", &[], true),
        ("nothing {}\n", &[], false),
        ("variable \"a\" {\n  type    = number\n  default = \"x\"\n}\n", &[], false),
        ("locals { a = 1 }\nlocals { a = 2 }\n", &[], false),
        ("packer { required_version = \"> 9\" }\n", &[], false),
        (
            "variable \"a\" {\n  validation {\n    condition     = var.a == 1\n    error_message = \"no\"\n  }\n}\n",
            &[],
            false,
        ),
        ("", &["-var=nothing=1"], false),
        ("variable \"n\" { type = number }\n", &["-var=n=x"], false),
    ];
    for (text, flags, passes) in rows {
        let args: Vec<&str> = ["validate", "-syntax-only"].iter().chain(flags).chain(&["t.pkr.hcl"]).copied().collect();
        let output = Sandbox::with_template(text).run(&args);
        assert_eq!(output.code == 0, passes, "{text}{flags:?}\n{}", output.stdout);
    }
}

#[test]
fn each_expression_that_was_tried_is_told_with_its_place() {
    let sandbox = Sandbox::with_template("locals {\n  a = try(\n    nope.a,\n    try({\n    }.b)\n  )\n}\n");
    let text = sandbox.run(&["validate", "t.pkr.hcl"]).expect(1);
    let expected = "\
Call to function \"try\" failed: no expression succeeded:
- Unknown variable (at t.pkr.hcl:3,5-9)
  There is no variable named \"nope\".
- Error in function call (at t.pkr.hcl:4,5-9)
  Call to function \"try\" failed: no expression succeeded:
- Unsupported attribute (at t.pkr.hcl:5,6-8)
  This object does not have an attribute named \"b\".
";
    assert!(text.contains(expected), "{text}");
    let json = sandbox.run(&["validate", "-json", "t.pkr.hcl"]).expect(1);
    assert!(json.contains("Unknown variable (at t.pkr.hcl:3,5-9)"), "{json}");
}
