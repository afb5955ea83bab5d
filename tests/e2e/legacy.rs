//! Legacy JSON templates, under every command that takes them.

use crate::sandbox::Sandbox;

/// Two builds of three can be made.
const TEMPLATE: &str = r#"{
  "_comment": "x",
  "description": "What it is for.",
  "variables": {"name": "web", "greeting": "hi {{user `name`}}", "token": "hunter2-longer", "region": null},
  "sensitive-variables": ["token"],
  "builders": [
    {"type": "file", "name": "{{user `name`}}-img", "target": "out/{{build_name}}.txt", "content": "{{user `greeting`}}"},
    {"type": "null", "communicator": "none"},
    {"type": "amazon-ebs", "region": "{{user `region`}}"}
  ],
  "provisioners": [
    {"type": "shell-local", "inline": ["echo $PACKER_BUILD_NAME {{user `token`}} {{user `nope`}}"],
     "override": {"null": {"inline": "echo {{build `ID`}},echo {{user `greeting` | upper}}"}}}
  ],
  "post-processors": [
    "manifest",
    [{"type": "checksum", "checksum_types": "md5", "output": "out/{{.BuildName}}.md5", "except": ["null", "amazon-ebs"]},
     {"type": "compress", "name": "zip", "output": "out/{{.BuildName}}.tar.gz", "except": ["null", "amazon-ebs"],
      "keep_input_artifact": true}]
  ]
}"#;

const UNKNOWN: &str = "Error: Failed to initialize build \"amazon-ebs\"\n\n\
    The builder amazon-ebs is unknown by Packer, and is likely part of a plugin that\nis not installed.\n";

fn sandbox(text: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("t.json", text);
    sandbox
}

#[test]
fn a_syntax_check_looks_at_the_shape_only() {
    let sandbox = sandbox(TEMPLATE);
    let passed = "Syntax-only check passed. Everything looks okay.\n";
    assert_eq!(sandbox.run(&["validate", "-syntax-only", "t.json"]).expect(0), passed);
    assert_eq!(sandbox.run_with_input(&["validate", "-syntax-only", "-"], TEMPLATE).expect(0), passed);
    sandbox.write("vars.json", r#"{"region": 1}"#);
    let text = sandbox.run(&["validate", "-syntax-only", "-var-file=vars.json", "t.json"]).expect(1);
    let reason = "json: cannot unmarshal number into Go value of type string";
    assert_eq!(text, format!("Error reading variables in 'vars.json': {reason}\n"));
    let text = sandbox.run(&["validate", "-syntax-only", "-var-file=gone.json", "t.json"]).expect(1);
    assert_eq!(text, "open gone.json: no such file or directory\n");
}

#[test]
fn what_is_no_template_is_refused_with_its_place() {
    const HEAD: &str = "Failed to parse file as legacy JSON template: if you are using an HCL template, check your file \
                        extensions; they should be either *.pkr.hcl or *.pkr.json; see the docs for more details: \
                        https://www.packer.io/docs/templates/hcl_templates. \nOriginal error: ";
    let hcl = "Error parsing JSON: invalid character 's' looking for beginning of value\n\
               At line 1, column 1 (offset 1):\n    1: s\n      ^\n\n";
    for (name, text, expected) in [
        ("t.hcl", "source \"null\" \"a\" {}", hcl.to_owned()),
        (
            "t.json",
            r#"{"builders": [], "extra": 1}"#,
            "1 error occurred:\n\t* Unknown root level key in template: 'extra'\n\n\n".to_owned(),
        ),
        ("t.txt", r#"{"a": {"b": 1, "b": 2}}"#, "template has duplicate field: b\n".to_owned()),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write(name, text);
        for command in ["validate", "inspect", "build", "plan", "console"] {
            assert_eq!(sandbox.run(&[command, name]).expect(1), format!("{HEAD}{expected}"), "{command} {name}");
        }
    }
    let text = Sandbox::new().run(&["validate", "gone.json"]).expect(1);
    assert_eq!(text, "\"gone.json\": stat gone.json: no such file or directory\n");
}

#[test]
fn validate_tells_what_is_wrong_with_the_whole_or_with_each_build() {
    let sandbox = sandbox(TEMPLATE);
    let text = sandbox.run(&["validate", "t.json"]).expect(1);
    assert_eq!(text, "Error: \n\n1 error occurred:\n\t* required variable not set: region\n\n\n\n\n");
    let text = sandbox.run(&["validate", "-var", "region=x", "t.json"]).expect(1);
    assert!(text.starts_with(UNKNOWN) && !text.contains("Failed to prepare"), "{text}");
    let selected = ["validate", "-var", "region=x", "-except=amazon-ebs", "t.json"];
    assert_eq!(sandbox.run(&selected).expect(0), "The configuration is valid.\n");
    sandbox.write(
        "bad.json",
        r#"{
            "builders": [
                {"type": "file", "name": "c", "target": "t"},
                {"type": "file", "name": "b", "target": "t", "content": "x", "Contents": 1, "iso_md5": "x"},
                {"type": "nul"},
                {"type": "null", "name": "a", "ssh_port": "many"},
                {"type": "file", "name": "d", "target": "t", "content": "x"}
            ],
            "provisioners": [{"type": "sleep", "duration": "x", "only": ["d"]}, {"type": "shell-local", "only": ["d"]}]
        }"#,
    );
    let text = sandbox.run(&["validate", "bad.json"]).expect(1);
    let expected = "Error: Failed to prepare build: \"a\"

1 error(s) decoding:

* cannot parse 'ssh_port' as int: strconv.ParseInt: parsing \"many\": invalid
syntax

Error: Failed to prepare build: \"b\"

2 errors occurred:
	* unknown configuration key: '\"Contents\"'
	* Deprecated configuration key: 'iso_md5'. Please call `packer fix` against
your template to update your template to be compatible with the current version
of Packer. Visit https://www.packer.io/docs/commands/fix/ for more detail.



Warning: Warning when preparing build: \"c\"

Both source file and contents are blank; target will have no content

Error: Failed to prepare build: \"d\"

1 error(s) decoding:

* error decoding 'duration': time: invalid duration \"x\"

Error: Failed to initialize build \"nul\"

Did you mean to use \"null\"?


";
    assert_eq!(text, expected);
}

#[test]
fn inspect_shows_what_is_written() {
    let sandbox = sandbox(TEMPLATE);
    let text = sandbox.run(&["inspect", "t.json"]).expect(0);
    let expected = "Packer Inspect: JSON mode
Description:

What it is for.

Required variables:

  region

Optional variables and their defaults:

  greeting = hi {{user `name`}}
  name     = web
  token    = <sensitive>

Builders:

  amazon-ebs         
  null               
  {{user `name`}}-img (file)

Provisioners:

  shell-local

Note: If your build names contain user variables or template
functions such as 'timestamp', these are processed at build time,
and therefore only show in their raw form here.
";
    assert_eq!(text, expected);
    let text = sandbox.run(&["inspect", "-machine-readable", "t.json"]).expect(0);
    let lines: Vec<&str> = text.lines().filter_map(|line| line.split_once(",,")?.1.strip_prefix("template-")).collect();
    let expected = [
        "variable,region,,1",
        "variable,greeting,hi {{user `name`}},0",
        "variable,name,web,0",
        "variable,token,<sensitive>,0",
        "builder,amazon-ebs,amazon-ebs",
        "builder,null,null",
        "builder,{{user `name`}}-img,file",
        "provisioner,shell-local",
    ];
    assert_eq!(lines, expected);
    let text = Sandbox::new().run(&["inspect"]).expect(0);
    assert!(
        text.contains("Variables:\n\n  <No variables>\n\nBuilders:\n\n  null\n\nProvisioners:\n\n  <No "),
        "{text}"
    );
}

#[test]
fn console_renders_lines() {
    let sandbox = sandbox(TEMPLATE);
    sandbox.write("vars.json", r#"{"name": "from a file", "region": "eu"}"#);
    for (args, line, expected) in [
        // Nothing has a value where a required variable has none.
        (&["console", "t.json"][..], "{{user `greeting`}}", "\n"),
        (&["console", "-var", "region=", "t.json"], "{{user `greeting`}}", "hi web\n"),
        (&["console", "-var-file=vars.json", "t.json"], "{{user `greeting`}}/{{user `nope`}}", "hi from a file/\n"),
        (&["console", "-var-file=vars.json", "-var", "name=x", "t.json"], "{{user `name`}}", "x\n"),
        (&["console", "-var", "a=b"], "variables", "\na: b,\n\n"),
        (&["console", "-var", "region=eu", "t.json"], "{{user `token`}}", "<sensitive>\n"),
        (&["console"], "{{upper `a`}}\n{{lower `B`}}", "b\n"),
        (
            &["console"],
            "{{nosuch}}",
            "???????: Interpolation error\n\ntemplate: root:1: function \"nosuch\" not defined\n\n\n\n",
        ),
    ] {
        assert_eq!(sandbox.run_with_input(args, line).expect(0), expected, "{args:?} {line}");
    }
    let help = sandbox.run_with_input(&["console"], "help").expect(0);
    assert!(help.starts_with("Packer console JSON Mode.\n"), "{help}");
}

#[test]
fn build_runs_what_can_be_made() {
    let sandbox = sandbox(TEMPLATE);
    let text = sandbox.run(&["build", "-color=false", "-var", "region=x", "t.json"]).expect(1);
    assert!(text.starts_with(UNKNOWN), "{text}");
    for line in [
        "==> file.web-img: web-img <sensitive>",
        "==> null: Null",
        "==> null: HI WEB",
        "==> null: Running post-processor: manifest",
        "==> file.web-img: Running post-processor: zip (type compress)",
        "--> file.web-img: Stored file: out/web-img.txt",
        "--> file.web-img: compressed artifacts in: out/web-img.tar.gz",
        "--> null: Did not export anything. This is the null builder",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert_eq!(sandbox.read("out/web-img.txt"), "hi web");
    assert!(sandbox.read("out/web-img.md5").ends_with("\tweb-img.txt\n"));
    let manifest: serde_json::Value = serde_json::from_str(&sandbox.read("packer-manifest.json")).unwrap();
    let mut names: Vec<&str> =
        manifest["builds"].as_array().unwrap().iter().map(|build| build["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["null", "web-img"]);
}

#[test]
fn builds_are_selected_by_exact_names() {
    let sandbox = sandbox(TEMPLATE);
    let run = |args: &[&str]| {
        let mut words = vec!["build", "-color=false", "-var", "region=x"];
        words.extend(args);
        words.push("t.json");
        sandbox.run(&words)
    };
    let text = run(&["-only=web-img", "-except=zip"]).expect(0);
    assert!(text.contains("Build 'file.web-img' finished") && !text.contains("compress"), "{text}");
    for nothing in ["-only=file.web-img", "-only=web-*", "-only="] {
        let text = run(&[nothing]).expect(1);
        assert!(text.starts_with("Error: No builds to run\n"), "{text}");
    }
}

#[test]
fn builds_of_which_something_is_wrong_are_dropped() {
    let sandbox = sandbox(
        r#"{
            "builders": [
                {"type": "file", "name": "good", "target": "good"},
                {"type": "file", "name": "bad"}
            ]
        }"#,
    );
    let text = sandbox.run(&["build", "t.json"]).expect(1);
    assert_eq!(text.matches("Error: Failed to prepare build: \"bad\"").count(), 1, "{text}");
    assert_eq!(text.matches("Warning: Warning when preparing build: \"good\"").count(), 1, "{text}");
    assert!(text.contains("Build 'file.good' finished") && !text.contains("file.bad"), "{text}");
    let text = sandbox.run(&["build", "-only=bad", "t.json"]).expect(1);
    assert!(!text.contains("No builds to run") && !text.contains("Wait completed"), "{text}");
}

#[test]
fn plan_shows_builds_by_their_names() {
    let sandbox = sandbox(TEMPLATE);
    let text = sandbox.run(&["plan", "-var", "region=x", "-except=amazon-ebs", "t.json"]).expect(0);
    assert!(text.contains("file.web-img") && text.contains("manifest"), "{text}");
    let text = sandbox.run(&["plan", "-var", "region=x", "t.json"]).expect(1);
    assert!(text.starts_with(UNKNOWN), "{text}");
}

#[test]
fn an_error_is_cleaned_up_after() {
    let sandbox = sandbox(
        r#"{
            "builders": [{"type": "null", "communicator": "none"}],
            "provisioners": [{"type": "shell-local", "inline": "exit 3"}],
            "error-cleanup-provisioner": {"type": "shell-local", "inline": "echo cleaned > {{template_dir}}/cleaned"}
        }"#,
    );
    sandbox.run(&["build", "t.json"]).expect(1);
    assert_eq!(sandbox.read("cleaned"), "cleaned\n");
}

/// A template with one file of this content.
fn with_content(content: &str) -> Sandbox {
    let text = serde_json::json!({
        "variables": {"v": "1.2", "home": "{{env `PLACE`}}", "both": "{{user `home`}}-{{user `v`}}"},
        "builders": [{"type": "file", "name": "box-{{user `v`}}", "target": "out.txt", "content": content}],
    });
    let mut sandbox = sandbox(&text.to_string());
    sandbox.set("PLACE", "here");
    sandbox
}

#[test]
fn strings_are_rendered() {
    for (content, expected) in [
        ("{{user `both`}} {{user `nope`}}|", "here-1.2 |"),
        ("{{build_name}} {{build_type}} {{packer_version}}", "box-1.2 file 1.16.0"),
        ("{{timestamp | len}} {{isotime `2006-01-02` | len}} {{isotime | len}}", "10 10 20"),
        ("{{if eq build_type `file`}}f{{else}}x{{end}} {{printf `%05.1f` 2.25}}", "f 002.2"),
        ("{{`{{.Names}}`}} {{/* no one reads this */ -}} \n x", "{{.Names}} x"),
    ] {
        let sandbox = with_content(content);
        sandbox.run(&["build", "t.json"]).expect(0);
        assert_eq!(sandbox.read("out.txt"), expected, "{content}");
    }
}

#[test]
fn strings_that_cannot_be_rendered_are_refused_with_their_place() {
    for (content, expected) in [
        (
            "{{env `PLACE`}}",
            "render 'content': template: root:1:2: executing \"root\" at <env `PLACE`>: error calling env: env vars are \
             not allowed here in:",
        ),
        (
            "{{eq `1` 1}}",
            "render 'content': template: root:1:2: executing \"root\" at <eq `1` 1>: error calling eq: incompatible types \
             for comparison: string and int in:",
        ),
        ("\n{{ foo bar }}", "invalid 'content': template: root:2: function \"foo\" not defined in:"),
        ("{{user\u{a0}`v`}}", "invalid 'content': template: root:1: bad character U+00A0 in:"),
        ("{{if true}}x", "invalid 'content': template: root:1: unexpected EOF in:"),
    ] {
        let text = with_content(content).run(&["validate", "t.json"]).expect(1);
        // It is folded at the width of a terminal.
        assert!(text.replace('\n', " ").contains(expected), "{content}\n{text}");
    }
}
