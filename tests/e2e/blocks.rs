//! Every rule for the core's own blocks: what is refused, under which summary, at which line.

use crate::sandbox::Sandbox;

const REST: &str = "source \"null\" \"a\" {\n  communicator = \"none\"\n}\nbuild {\n  sources = [\"null.a\"]\n}\n";

/// Runs `validate` and gives each finding as `summary @line`; a valid template gives none.
fn findings(template: &str, args: &[&str]) -> Vec<String> {
    let sandbox = Sandbox::with_template(template);
    let args: Vec<&str> = ["validate"].iter().chain(args).chain(&["t.pkr.hcl"]).copied().collect();
    let output = sandbox.run(&args);
    let mut found: Vec<String> = Vec::new();
    for line in output.stdout.lines() {
        if let Some(summary) = line.strip_prefix("Error: ") {
            found.push(summary.to_owned());
        } else if let Some(summary) = line.strip_prefix("Warning: ") {
            found.push(format!("Warning: {summary}"));
        } else if let (Some(place), Some(last)) = (line.strip_prefix("  on t.pkr.hcl line "), found.last_mut()) {
            last.push_str(&format!(" @{}", place.split([':', ',']).next().unwrap_or_default()));
        }
    }
    let has_errors = found.iter().any(|finding| !finding.starts_with("Warning: "));
    assert_eq!(output.code, i32::from(has_errors), "{template}\n{}", output.stdout);
    found
}

/// Each row is a part of a template and what is found in it; `wrap` makes a whole of it.
fn check(rows: &[(&str, &[&str])], wrap: impl Fn(&str) -> String) {
    for (text, expected) in rows {
        let found = findings(&wrap(text), &[]);
        assert_eq!(found, *expected, "{text}");
    }
}

#[test]
fn the_root_of_a_template() {
    check(
        &[
            ("foo = 1\nbar {}\n", &["Unsupported argument @1", "Unsupported block type @2"]),
            ("packer = 1\n", &["Unsupported argument @1"]),
            ("variable {}\nlocal {}\n", &["Missing name for variable @1", "Missing name for local @2"]),
            ("source \"a\" {}\ndata \"x\" {}\n", &["Missing name for source @1", "Missing name for data @2"]),
            ("variable \"a\" \"b\" {}\n", &["Extraneous label for variable @1"]),
            (
                "variables \"x\" {}\nlocals \"x\" {}\n",
                &["Extraneous label for variables @1", "Extraneous label for locals @2"],
            ),
            ("build \"x\" {}\npacker \"x\" {}\n", &["Extraneous label for build @1", "Extraneous label for packer @2"]),
            ("communicator \"ssh\" \"x\" {\n  anything = nothing.at.all\n  goes {}\n}\n", &[]),
            ("communicator \"ssh\" {}\n", &["Missing name for communicator @1"]),
            (
                "variable \"1a\" {}\nvariable \"a.b\" {}\ndata \"1x\" \"y\" {}\ndata \"null\" \"1y\" {}\nlocal \"-a\" \
                 {\n  expression = 1\n}\n",
                &[
                    "Invalid variable name @1",
                    "Invalid variable name @2",
                    "Invalid data source name @3",
                    "Invalid data resource name @4",
                    "Invalid local name @5",
                ],
            ),
            ("source \"null\" \"1 2\" {}\nvariable \"é-1\" {\n  default = 1\n}\n", &[]),
            ("variables {\n  a = 1\n}\nvariable \"a\" {}\n", &["Duplicate variable @4"]),
            ("locals {\n  a = 1\n}\nlocal \"a\" {\n  expression = 2\n}\n", &["Duplicate local definition @4"]),
            (
                "data \"null\" \"x\" {\n  input = \"a\"\n}\ndata \"null\" \"x\" {\n  input = \"b\"\n}\n",
                &["Duplicate data block @4"],
            ),
            ("source \"null\" \"x\" {}\nsource \"null\" \"x\" {}\n", &["Duplicate source block @2"]),
            ("source \"nothing\" \"unused\" {\n  goes = unchecked\n}\n", &[]),
            (
                "locals {\n  a {}\n}\nvariables {\n  b {}\n}\n",
                &["Unexpected \"b\" block @5", "Unexpected \"a\" block @2"],
            ),
        ],
        |text| format!("{text}{REST}"),
    );
}

#[test]
fn what_the_program_must_be() {
    check(
        &[
            ("packer {\n  required_version = \">= 1.7.0, < 2\"\n}\n", &[]),
            ("packer {\n  required_version = \"~> 1.16.0-beta\"\n}\n", &["Unsupported Packer Core version @2"]),
            ("packer {\n  required_version = null\n}\n", &[]),
            (
                "packer {\n  required_version = \"${\">= 99\"}\"\n  new = \"\"\n}\nnew {}\nvariable \"1\" {}\n",
                &["Unsupported Packer Core version @2"],
            ),
            (
                "packer {\n  required_version = \">= 1\"\n}\npacker {\n  required_version = \"< 1\"\n}\n",
                &["Unsupported Packer Core version @5"],
            ),
            ("packer {\n  required_version = \"x\"\n}\n", &["Invalid version constraint @2"]),
            ("packer {\n  required_version = [1]\n}\n", &["Invalid version constraint @2"]),
            ("packer {\n  required_version = var.x\n}\n", &["Variables not allowed @2"]),
            ("packer {\n  foo = 1\n  bar {}\n}\n", &["Unsupported argument @2", "Unsupported block type @3"]),
            ("packer {\n  required_plugins {}\n  required_plugins {}\n}\npacker {}\n", &[]),
        ],
        |text| format!("{text}{REST}"),
    );
}

#[test]
fn required_plugins() {
    let amazon = "source = \"github.com/hashicorp/amazon\"";
    check(
        &[
            ("a = \"1.0\"", &["Invalid plugin requirement @3"]),
            ("a = [1]", &["Invalid required_plugins syntax @3"]),
            ("a = null", &["Invalid required_plugins syntax @3"]),
            ("a = {}", &["No version constraint was set @3", "No source was set @3"]),
            ("a = { AMAZON }", &["No version constraint was set @3"]),
            ("a = { version = \"1\" }", &["No source was set @3"]),
            ("a = { version = 5, AMAZON }", &["Invalid version constraint @3"]),
            ("a = { version = \"x\", AMAZON }", &["Invalid version constraint @3"]),
            ("a = { version = \">= 1.0.0-beta\", AMAZON }", &["Invalid version constraint @3"]),
            ("a = { version = \"1\", source = 5 }", &["Invalid source @3"]),
            ("a = { version = \"1\", source = \"amazon\" }", &["Failed to parse source @3"]),
            ("a = { version = \"1\", AMAZON, more = 1 }", &["Invalid required_plugins object @3"]),
            ("a_b = { version = \"1\", AMAZON }", &["Invalid plugin local name @3"]),
            ("A = { version = \"1\", AMAZON }", &["Invalid plugin local name @3"]),
            ("a = { version = var.x, AMAZON }", &["Variables not allowed @3"]),
            ("a {}", &["Unexpected \"a\" block @3"]),
            (
                "a = { version = \"1\", AMAZON }\n  }\n  required_plugins {\n    a = { version = \"1\", AMAZON }",
                &["Duplicate required_plugin.\"a\" block @6"],
            ),
            ("a = { version = \"1\", AMAZON }", &["Missing plugins"]),
        ],
        |text| format!("packer {{\n  required_plugins {{\n    {}\n  }}\n}}\n{REST}", text.replace("AMAZON", amazon)),
    );
    let two = "packer {\n  required_plugins {\n    b = {\n      version = \" >=  1.2 , < 2 \"\n      source  = \
               \"example.com/x/b\"\n    }\n    a = {\n      version = \"~> 1\"\n      source  = \"example.com/x/a\"\n    \
               }\n  }\n}\nvariable \"unset\" {}\nlocals {\n  broken = nope()\n}\n";
    let sandbox = Sandbox::with_template(&format!("{two}{REST}"));
    let expected = "Error: Missing plugins\n\nThe following plugins are required, but not installed:\n\n* example.com/x/b \
                    >=  1.2,< 2\n* example.com/x/a ~> 1\n\nDid you run packer init for this project ?\n\n\n";
    for command in ["validate", "plan", "build"] {
        assert_eq!(sandbox.run(&[command, "t.pkr.hcl"]).expect(1), expected, "nothing else is looked at");
    }
    sandbox.run(&["inspect", "t.pkr.hcl"]).expect(0);
}

#[test]
fn variables() {
    let rule = |condition: &str, message: &str| {
        format!("default = 1\n  validation {{\n    condition     = {condition}\n    error_message = {message}\n  }}")
    };
    let rows: &[(String, &[&str])] = &[
        ("default = env(\"X\")".into(), &[]),
        ("default = upper(\"x\")".into(), &["Call to unknown function @2"]),
        ("default = var.b".into(), &["Variables not allowed @2"]),
        ("default = null".into(), &[]),
        ("type = number\n  default = null".into(), &[]),
        ("type = number".into(), &["Unset variable \"v\" @1"]),
        ("type = number\n  default = \"x\"".into(), &["Invalid default value for variable @3"]),
        ("type = strin\n  default = 1".into(), &["Invalid type specification @2"]),
        ("type = \"string\"\n  default = 1".into(), &["Invalid type specification @2"]),
        ("default = 1\n  description = upper(\"x\")".into(), &["Function calls not allowed @3"]),
        ("default = 1\n  description = env(\"X\")".into(), &["Function calls not allowed @3"]),
        ("default = 1\n  description = null".into(), &["Unsuitable value type @3"]),
        ("default = 1\n  sensitive = \"yes\"".into(), &["Unsuitable value type @3"]),
        ("default = 1\n  sensitive = \"true\"".into(), &[]),
        ("default = 1\n  nullable = true\n  more {}".into(), &["Unsupported argument @3", "Unsupported block type @4"]),
        (rule("var.v > 0", "\"Must be positive.\""), &[]),
        (rule("var.v > 1", "\"Must be more.\""), &["Invalid value for default variable @2"]),
        (rule("var.v > var.w", "\"Must be more.\""), &["Invalid reference in variable validation @4"]),
        (
            rule("local.x", "\"Must be more.\""),
            &["Invalid reference in variable validation @4", "Invalid variable validation condition @4"],
        ),
        (rule("true", "\"Must be.\""), &["Invalid variable validation condition @4"]),
        (rule("var.v", "\"Must be.\""), &["Invalid variable validation result @4"]),
        (rule("var.v > 1 ? true : null", "\"Must be.\""), &["Invalid variable validation result @4"]),
        (rule("var.v + \"x\"", "\"Must be.\""), &["Invalid operand @4"]),
        (rule("var.v > 0", "\"\""), &["Invalid validation error message @5"]),
        (rule("var.v > 0", "\"must be.\""), &["Invalid validation error message @5"]),
        (rule("var.v > 0", "\"Must be\""), &["Invalid validation error message @5"]),
        (rule("var.v > 0", "\"Must be ${var.v}.\""), &["Variables not allowed @5"]),
        (rule("var.v > 0", "null"), &["Unsuitable value type @5"]),
        ("default = 1\n  validation {\n  }".into(), &["Missing required argument @3", "Missing required argument @3"]),
        ("default = 1\n  validation \"x\" {}".into(), &["Extraneous label for validation @3"]),
    ];
    for (text, expected) in rows {
        let found = findings(&format!("variable \"v\" {{\n  {text}\n}}\n{REST}"), &[]);
        assert_eq!(found, *expected, "{text}");
    }
    check(&[("type = string", &["Variables not allowed @2"]), ("a = env(\"X\")", &[])], |text| {
        format!("variables {{\n  {text}\n}}\n{REST}")
    });
}

#[test]
fn locals_and_data() {
    check(
        &[
            ("local \"a\" {\n}\n", &["Missing required argument @1"]),
            ("local \"a\" {\n  expression = 1\n  more = 2\n}\n", &["Unsupported argument @3"]),
            ("local \"a\" {\n  expression = 1\n  sensitive = var.x\n}\n", &["Variables not allowed @3"]),
            ("local \"a\" {\n  expression = 1\n  sensitive = \"x\"\n}\n", &["Unsuitable value type @3"]),
            ("locals {\n  a = local.b\n}\n", &["failed to prepare execution graph @2"]),
            (
                "locals {\n  a = try(local.x, 1)\n  b = [local.x, local.y]\n}\n",
                &[
                    "failed to prepare execution graph @2",
                    "failed to prepare execution graph @3",
                    "failed to prepare execution graph @3",
                ],
            ),
            ("locals {\n  a = local.b\n  b = local.a\n}\n", &["failed to prepare execution graph @2"]),
            ("locals {\n  a = upper(1, 2)\n  b = nope()\n}\n", &["Too many function arguments @2"]),
            ("locals {\n  a = env(\"X\")\n}\n", &["Call to unknown function @2"]),
            ("locals {\n  a = nope.x\n}\n", &["Unknown variable @2"]),
            ("locals {\n  a = var.nope\n}\n", &["Unsupported attribute @2"]),
            ("locals {\n  a = [source.name, packer.version, path.root, path.cwd, packer.iterationID]\n}\n", &[]),
            ("locals {\n  a = source.nope\n}\n", &["Unsupported attribute @2"]),
            ("locals {\n  a = build.name\n}\n", &["Unsupported attribute @2"]),
            ("data \"nope\" \"x\" {}\n", &["Unknown data type nope @1"]),
            ("data \"null\" \"x\" {\n  nope = 1\n}\n", &["Unsupported argument @2"]),
            ("data \"null\" \"x\" {\n  input = var.nope\n}\n", &["Unsupported attribute @2"]),
            ("data \"null\" \"x\" {\n  dynamic \"y\" {\n  }\n}\n", &["Unsupported block type @2"]),
            (
                "variable \"u\" {}\nlocals {\n  a = nope()\n}\nbuild {\n  sources = [\"foo.b\"]\n  provisioner \"bar\" {}\n}\n",
                &[
                    "Unset variable \"u\" @1",
                    "Call to unknown function @3",
                    "Unknown source type foo @5",
                    "Unknown provisioner type \"bar\" @7",
                ],
            ),
        ],
        |text| format!("{text}{REST}"),
    );
}

#[test]
fn builds() {
    check(
        &[
            ("", &["missing source reference @4"]),
            ("sources = []", &["missing source reference @4"]),
            ("sources = null", &["missing source reference @4"]),
            ("sources = \"null.a\"", &["Unsuitable value type @5"]),
            ("sources = [\"null.a\", null]", &["Unsuitable value type @5"]),
            ("sources = [source.null.a]", &["Unsupported attribute @5"]),
            ("sources = [\"null\", \"null.1a\"]", &["Invalid source reference @4", "Invalid source reference @4"]),
            ("sources = [\"source.null.a\", \"x.null.a.b.c\"]", &[]),
            ("sources = [\"null.b\", \"nul.b\"]", &["Unknown source null.b @4", "Unknown source type nul @4"]),
            ("source \"null\" {}", &["Invalid source reference @4"]),
            ("source \"null.a\" {\n    name = var.x\n  }", &["Variables not allowed @6"]),
            ("source \"null.a\" {\n    name = \"${\"b\"}c\"\n  }", &[]),
            ("source \"null.a\" {\n    name = null\n  }", &["Unsuitable value type @6"]),
            ("source \"null.a\" {\n    communicator = \"ssh\"\n  }", &["Duplicate argument @6"]),
            ("source \"null.a\" {\n    nope = 1\n  }", &["Unsupported argument @6"]),
            ("source \"null\" \"a\" {}", &["Extraneous label for source @5"]),
            ("SOURCES\n  name = 5\n  description = true", &[]),
            ("SOURCES\n  name = null", &["Unsuitable value type @6"]),
            ("SOURCES\n  name = source.name", &["Unsuitable value type @6"]),
            ("SOURCES\n  name = build.name", &["Unsupported attribute @6"]),
            ("SOURCES\n  nam = 1\n  provisioner \"nope\" {}", &["Unsupported argument @6"]),
            ("SOURCES\n  provsioner \"x\" {}", &["Unsupported block type @6"]),
            ("SOURCES\n  provisioner {}", &["Missing type for provisioner @6"]),
            ("SOURCES\n  from \"x\" {\n    anything = nothing.at.all\n  }", &[]),
            ("SOURCES\n  post-processors {\n  }", &[]),
            (
                "SOURCES\n  post-processors {\n    x = 1\n    provisioner \"x\" {}\n  }",
                &["Unsupported argument @7", "Unsupported block type @8"],
            ),
            (
                "SOURCES\n  error-cleanup-provisioner \"sleep\" {}\n  error-cleanup-provisioner \"sleep\" {}",
                &["Only one error-cleanup-provisioner is allowed @7"],
            ),
            (
                "SOURCES\n  provisioner \"ansible\" {}\n  error-cleanup-provisioner \"chef\" {}\n  post-processor \"docker\" \
                 {}\n  post-processors {\n    post-processor \"vagrant\" {}\n  }",
                &[
                    "Unknown provisioner type \"ansible\" @6",
                    "Unknown error-cleanup-provisioner type \"chef\" @7",
                    "Unknown post-processor type \"docker\" @8",
                    "Unknown post-processor type \"vagrant\" @10",
                ],
            ),
        ],
        |text| {
            let text = text.replace("SOURCES", "sources = [\"null.a\"]");
            format!("source \"null\" \"a\" {{\n  communicator = \"none\"\n}}\nbuild {{\n  {text}\n}}\n")
        },
    );
}

#[test]
fn meta_arguments() {
    let both = "only one of 'only' or 'except' may be specified @6";
    let rows: &[(&str, &[&str])] = &[
        ("name = build.name", &[]),
        ("name = null", &["Unsuitable value type @7"]),
        ("name = build.ID", &["Unsupported attribute @7"]),
        ("only = [\"null.x\"]\n    except = []", &[]),
        ("only = [\"null.x\"]\n    except = [\"null.a\"]", &[both]),
        ("only = \"null.a\"", &["Unsuitable value type @7"]),
        ("only = [source.name]", &["Unsuitable value type @7"]),
    ];
    check(rows, |text| in_build(&format!("provisioner \"sleep\" {{\n    {text}\n  }}")));
    check(rows, |text| in_build(&format!("post-processor \"manifest\" {{\n    {text}\n  }}")));
    check(
        &[
            ("pause_before = \"1h2m\"\n    timeout = \"\"", &[]),
            ("pause_before = \"x\"", &["Failed to parse pause_before duration @6"]),
            ("timeout = 10", &["Failed to parse timeout duration @6"]),
            ("timeout = null", &["Unsuitable value type @7"]),
            ("max_retries = \"3\"", &[]),
            ("max_retries = 1.5", &["Unsuitable value type @7"]),
            ("continue_on_error = \"yes\"", &["Unsuitable value type @7"]),
            ("override = {}", &[]),
            ("override = null", &[]),
            ("override = 5", &["provisioner's override block must be an HCL object @6"]),
            ("override = { a = 5 }", &["provisioner's override.'a' block must be an HCL object @6"]),
            ("override = { unused = { nope = 1 } }", &[]),
            ("override = { a = { nope = 1 } }", &["Unsupported argument @7"]),
            ("keep_input_artifact = true", &["Unsupported argument @7"]),
        ],
        |text| in_build(&format!("provisioner \"sleep\" {{\n    {text}\n  }}")),
    );
    check(
        &[
            ("keep_input_artifact = null", &[]),
            ("keep_input_artifact = \"true\"", &[]),
            ("keep_input_artifact = \"yes\"", &["Unsuitable value type @7"]),
            ("pause_before = \"5s\"", &["Unsupported argument @7"]),
            ("output = \"${build.ID}-${source.name}-${source.type}-${packer.versionFingerprint}\"", &[]),
            ("output = source.nope", &["Unsupported attribute @7"]),
        ],
        |text| in_build(&format!("post-processor \"manifest\" {{\n    {text}\n  }}")),
    );
    check(
        &[("file = build.ID", &["Unsupported attribute @2"]), ("file = source.nope", &["Unsupported attribute @2"])],
        |text| {
            format!(
                "source \"file\" \"a\" {{\n  {}\n}}\nbuild {{\n  sources = [\"file.a\"]\n}}\n",
                text.replace("file =", "target =")
            )
        },
    );
}

fn in_build(block: &str) -> String {
    format!(
        "source \"null\" \"a\" {{\n  communicator = \"none\"\n}}\nbuild {{\n  sources = [\"null.a\"]\n  {block}\n}}\n"
    )
}

#[test]
fn registries_are_checked_and_said_to_have_no_effect() {
    let nothing = "Warning: hcp_packer_registry has no effect";
    let name = "hcp_packer_registry.bucket_name can only contain between 3 and 36 ASCII letters, numbers and hyphens";
    let both = "hcp_packer_registry.labels and hcp_packer_registry.bucket_labels are mutually exclusive; please use the \
                recommended argument hcp_packer_registry.bucket_labels";
    for (text, expected) in [
        ("unknown = nothing.at.all", vec![format!("{nothing} @1")]),
        ("bucket_name = \"a-1\"\n  channels = [\"x\"]\n  build_labels = { a = 1 }", vec![format!("{nothing} @1")]),
        ("bucket_name = \"a\"", vec![format!("{name} @1"), format!("{nothing} @1")]),
        ("bucket_name = \"a_b_c\"", vec![format!("{name} @1"), format!("{nothing} @1")]),
        ("labels = {}\n  bucket_labels = {}", vec![format!("{both} @1"), format!("{nothing} @1")]),
        (
            "}\nhcp_packer_registry {",
            vec![format!("{nothing} @1"), "Only one hcp_packer_registry is allowed @3".to_owned()],
        ),
    ] {
        assert_eq!(findings(&format!("hcp_packer_registry {{\n  {text}\n}}\n{REST}"), &[]), expected, "{text}");
    }
    let twice = in_build("hcp_packer_registry {}\n  hcp_packer_registry {}");
    assert_eq!(
        findings(&twice, &[]),
        [format!("{nothing} @6"), "Only one hcp_packer_registry is allowed @7".to_owned()]
    );
}

#[test]
fn warnings_about_selections_change_nothing() {
    let only = "Warning: an 'only' option was passed, but not all matches were found for the given build.";
    let except = "Warning: an 'except' option was passed, but did not match any build.";
    let template = "source \"null\" \"a\" {\n  communicator = \"none\"\n}\nbuild {\n  name    = \"w\"\n  sources = \
                    [\"null.a\"]\n}\nbuild {\n  sources = [\"null.a\"]\n  post-processors {\n    post-processor \"manifest\" \
                    {\n      only = [\"null.b\"]\n    }\n    post-processor \"manifest\" {\n      name = \"m\"\n    }\n  \
                    }\n}\n";
    for (flags, expected) in [
        (&["-only=null.a"][..], None),
        (&["-only=*.a"], None),
        (&["-only=w.*,nope"], Some(only)),
        (&["-only=w.null.a", "-only=null.[a-b]"], None),
        (&["-only=nope"], Some(only)),
        (&["-except=w.*"], None),
        (&["-except=m"], None),
        (&["-except=manifest"], Some(except)),
        (&["-except=nope"], Some(except)),
        (&["-except=*", "-only=w.*"], None),
    ] {
        assert_eq!(findings(template, flags), expected.into_iter().collect::<Vec<_>>(), "{flags:?}");
    }
    let found = findings(template, &["-only=[a"]);
    assert!(matches!(found.as_slice(), [one] if one.starts_with("Invalid -only pattern [a: ")), "{found:?}");
}
