//! Where variables get their values from, and in which order.

use crate::sandbox::Sandbox;

const TEMPLATE: &str = r#"
variable "v" {
  type    = string
  default = "default"
}
source "null" "a" { communicator = "none" }
build {
  sources = ["null.a"]
  provisioner "shell-local" { inline = ["echo v=${var.v}."] }
}
"#;

#[test]
fn precedence() {
    type Row = (bool, bool, bool, bool, bool, &'static str);
    // auto file, environment, var-file, argument, the reference's order, winner
    let rows: [Row; 8] = [
        (false, false, false, false, false, "default"),
        (true, false, false, false, false, "auto"),
        (false, true, false, false, false, "env"),
        (true, true, false, false, false, "env"),
        (true, true, false, false, true, "auto"),
        (true, true, true, false, false, "file"),
        (true, true, true, true, false, "arg"),
        (true, true, true, false, true, "file"),
    ];
    for (auto, env, file, arg, reference, winner) in rows {
        let mut sandbox = Sandbox::with_template(TEMPLATE);
        if auto {
            sandbox.write("x.auto.pkrvars.hcl", "v = \"auto\"\n");
        }
        if env {
            sandbox.set("PKR_VAR_v", "env");
        }
        if reference {
            sandbox.set("PACKER_VAR_PRECEDENCE", "hashicorp");
        }
        sandbox.write("f.pkrvars.hcl", "v = \"file\"\n");
        let mut args = vec!["build", "-color=false"];
        if file {
            args.push("-var-file=f.pkrvars.hcl");
        }
        if arg {
            args.extend(["-var", "v=arg"]);
        }
        args.push(".");
        let text = sandbox.run(&args).expect(0);
        let row = (auto, env, file, arg, reference);
        assert!(text.contains(&format!("==> null.a: v={winner}.")), "{row:?}\n{text}");
        let warned = text.contains("Warning: Variable \"v\" is set twice");
        assert_eq!(warned, auto && env && !file && !arg && !reference, "{row:?}\n{text}");
    }
}

#[test]
fn a_precedence_that_there_is_not_is_refused() {
    for (wanted, code) in [("", 0), ("hashicorp", 0), ("HashiCorp", 0), ("hashicrop", 1)] {
        let mut sandbox = Sandbox::with_template(TEMPLATE);
        sandbox.set("PACKER_VAR_PRECEDENCE", wanted);
        let text = sandbox.run(&["validate", "."]).expect(code);
        assert_eq!(text.contains("Error: Invalid PACKER_VAR_PRECEDENCE"), code == 1, "{wanted:?}\n{text}");
    }
}

#[test]
fn values_are_converted_and_refused_with_the_reason() {
    let template = "variable \"v\" {\n  type = TYPE\n}\nsource \"null\" \"a\" { communicator = \"none\" }\nbuild {\n  \
                    sources = [\"null.a\"]\n  provisioner \"shell-local\" {\n    inline = [\"echo \
                    ${jsonencode(var.v)}\"]\n  }\n}\n";
    let rows = [
        ("string", "007", Ok("007")),
        ("number", "007", Ok("7")),
        ("bool", "true", Ok("true")),
        ("list(number)", "[1, \"2\"]", Ok("[1,2]")),
        ("map(string)", "{ a = 1 }", Ok("a:1")),
        ("object({ a = number, b = optional(string, \"x\") })", "{ a = 1 }", Ok("a:1,b:x")),
        ("number", "seven", Err("Invalid argument value for -var variable")),
        ("bool", "yes", Err("Variables not allowed")),
        ("list(string)", "[", Err("Error: ")),
    ];
    for (ty, value, expected) in rows {
        let sandbox = Sandbox::with_template(&template.replace("TYPE", ty));
        let output = sandbox.run(&["build", "-color=false", "-var", &format!("v={value}"), "t.pkr.hcl"]);
        match expected {
            Ok(shown) => {
                let text = output.expect(0).replace(['"', '{', '}'], "");
                assert!(text.contains(&format!("==> null.a: {shown}")), "{ty} {value}\n{text}");
            }
            Err(part) => assert!(output.expect(1).contains(part), "{ty} {value}"),
        }
    }
}

#[test]
fn json_files_are_taken_literally() {
    let sandbox = Sandbox::with_template(TEMPLATE);
    sandbox.write("f.json", r#"{ "v": "a ${b}" }"#);
    let text = sandbox.run(&["build", "-color=false", "-var-file=f.json", "t.pkr.hcl"]);
    let text = text.expect(0);
    assert!(text.contains("==> null.a: v=a ."), "the shell expands what reaches it unchanged:\n{text}");
}

#[test]
fn problems_name_what_and_where() {
    let rows: [(&str, &[&str], &[&str]); 9] = [
        ("variable \"x\" {}\n", &[], &["Error: Unset variable \"x\"", "on t.pkr.hcl line 1, in variable \"x\":"]),
        ("", &["-var", "nope=1"], &["Error: Undefined -var variable"]),
        ("", &["-var-file=missing.hcl"], &["Error: Failed to read file", "\"missing.hcl\"", ": no such file or"]),
        ("", &["-var-file=missing.json"], &["Error: Failed to open file", "\"missing.json\""]),
        ("", &["-var-file=t.txt"], &["Error: Could not guess format of t.txt"]),
        ("", &["-var-file=folder.hcl"], &["Error: Failed to read file", "\"folder.hcl\"", ": is a directory."]),
        ("", &["-var-file=decl.hcl"], &["Error: Variable declaration in a .pkrvar file", "on decl.hcl line 1"]),
        (
            "variable \"n\" {\n  default = 1\n  validation {\n    condition     = var.n > 1\n    error_message = \"Too \
             small.\"\n  }\n}\n",
            &[],
            &[
                "Error: Invalid value for default variable",
                "on t.pkr.hcl line 2, in variable \"n\":",
                "Too small.\n\nThis was checked by the validation rule at t.pkr.hcl:3,3-13.",
            ],
        ),
        (
            "variable \"n\" {\n  type    = number\n  default = \"x\"\n}\n",
            &[],
            &[
                "Error: Invalid default value for variable",
                "on t.pkr.hcl line 3, in variable \"n\":",
                "   3:   default = \"x\"",
            ],
        ),
    ];
    let rest = "source \"null\" \"a\" { communicator = \"none\" }\nbuild { sources = [\"null.a\"] }\n";
    for (head, flags, parts) in rows {
        let sandbox = Sandbox::with_template(&format!("{head}{rest}"));
        sandbox.write("decl.hcl", "variable \"a\" {}\n");
        sandbox.write("folder.hcl/x", "");
        let args: Vec<&str> = ["validate"].iter().chain(flags).chain(&["t.pkr.hcl"]).copied().collect();
        let text = sandbox.run(&args).expect(1);
        for part in parts {
            assert!(text.contains(part), "{part:?} is missing for {head}{flags:?}:\n{text}");
        }
    }
}

#[test]
fn undeclared_names_in_files_warn_in_validate_only() {
    let sandbox = Sandbox::with_template(TEMPLATE);
    sandbox.write("f.pkrvars.hcl", "other = 1\n");
    for (args, warns) in [
        (&["validate", "-var-file=f.pkrvars.hcl", "t.pkr.hcl"][..], true),
        (&["validate", "-no-warn-undeclared-var", "-var-file=f.pkrvars.hcl", "t.pkr.hcl"], false),
        (&["build", "-var-file=f.pkrvars.hcl", "t.pkr.hcl"], false),
        (&["build", "-warn-on-undeclared-var", "-var-file=f.pkrvars.hcl", "t.pkr.hcl"], true),
    ] {
        let text = sandbox.run(args).expect(0);
        assert_eq!(text.contains("Warning: Undefined variable"), warns, "{args:?}\n{text}");
    }
}

#[test]
fn a_secret_that_cannot_be_read_is_masked_all_the_same() {
    let sandbox = Sandbox::with_template(
        "variable \"keys\" {\n  type      = list(string)\n  sensitive = true\n}\nsource \"null\" \"a\" { communicator = \
         \"none\" }\nbuild { sources = [\"null.a\"] }\n",
    );
    sandbox.write("f.hcl", "keys = { a = \"hunter2-longer\" }\n");
    let text = sandbox.run(&["validate", "-var-file=f.hcl", "t.pkr.hcl"]).expect(1);
    assert!(text.contains("Error: Invalid value for variable") && !text.contains("hunter2"), "{text}");
    for args in [
        &["validate", "-var", "keys=hunter2-longer", "t.pkr.hcl"][..],
        &["validate", "-var=keys=[hunter2-longer", "t.pkr.hcl"],
    ] {
        let text = sandbox.run(args).expect(1);
        assert!(text.contains("<sensitive>") && !text.contains("hunter2"), "{args:?}\n{text}");
    }
}

#[test]
fn secrets_are_masked_in_quotes_and_where_text_is_folded() {
    let sandbox = Sandbox::with_template(
        "variable \"key\" {\n  sensitive = true\n}\nvariable \"keys\" {\n  sensitive = true\n  default = { a = \
         \"hun\\\"ter\\\\2\" }\n}\nlocals { number = parseint(var.key, 10) }\nsource \"null\" \"a\" { communicator = \"none\" \
         }\nbuild { sources = [\"null.a\"] }\n",
    );
    for key in
        ["hun\"ter\\2", "hunter and so many other words that a message with all of them takes two lines, hunter2"]
    {
        let given = format!("-var=key={key}");
        for command in ["inspect", "validate", "build"] {
            let output = sandbox.run(&[command, &given, "t.pkr.hcl"]);
            let text = output.stdout;
            assert!(text.contains("<sensitive>") && !text.contains("hun"), "{key} {command}\n{text}");
        }
    }
}
