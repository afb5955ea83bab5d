//! Templates that ask for more than any machine has, in a few words: a clear error with its place, in bounded time.

use std::fmt::Write;

use crate::sandbox::Sandbox;

const BUILD: &str = "source \"null\" \"x\" {\n  communicator = \"none\"\n}\nbuild {\n  sources = [\"null.x\"]\n}\n";

/// What `validate` says about a file called `name`.
#[track_caller]
fn refused(name: &str, text: &str) -> String {
    let sandbox = Sandbox::new();
    sandbox.write(name, text);
    sandbox.write("t.tpl", "${templatefile(\"t.tpl\", {})}");
    let output = sandbox.run(&["validate", name]);
    assert_eq!(output.code, 1, "{}{}", output.stdout, output.stderr);
    output.stdout + &output.stderr
}

#[track_caller]
fn assert_says(output: &str, wanted: &[&str]) {
    // Details are wrapped between words.
    let unwrapped = output.replace('\n', " ");
    for words in wanted {
        let found = output.contains(words) || unwrapped.contains(words);
        assert!(found, "{words}: {}", &output[..output.floor_char_boundary(2_000)]);
    }
}

/// `first`, and 60 locals after it that are `next`, in which `@` stands for the one before.
fn chain(first: &str, next: &str) -> String {
    let mut text = format!("locals {{\n  a0 = {first}\n");
    for at in 1..=60 {
        writeln!(text, "  a{at} = {}", next.replace('@', &format!("local.a{}", at - 1))).unwrap();
    }
    text + "}\n" + BUILD
}

#[test]
fn values_that_grow_from_local_to_local_end() {
    let elements = "This value has more than 4194304 elements.";
    let long = "the result would be longer than 64 MiB";
    for (first, next, line, why) in [
        ("[\"x\"]", "[@, @]", 23, elements),
        ("{ a = 1 }", "{ a = @, b = @ }", 23, elements),
        ("[1]", "[for a in [@] : [a, a]]", 23, elements),
        ("[1]", "[for a in [[@, @]] : [for b in [[a, a]] : [for c in [[b, b]] : [c, c]]]]", 8, elements),
        ("[\"x\"]", "concat(@, @, @, @, @, @, @, @)", 10, elements),
        (
            "[\"x\"]",
            "flatten([for a in @ : [a, a, a, a, a, a, a, a]])",
            10,
            "The loops of this expression run more than",
        ),
        ("\"x\"", "\"${@}${@}${@}${@}${@}${@}${@}${@}\"", 11, "This expression makes more than 64 MiB of text."),
        ("\"x\"", "join(\"\", [@, @, @, @, @, @, @, @])", 11, long),
        ("\"x\"", "replace(@, \"x\", \"xxxxxxxx\")", 11, long),
        ("\"x\"", "regex_replace(@, \"x\", \"xxxxxxxx\")", 11, long),
        ("\"x\"", "format(\"%s%s%s%s%s%s%s%s\", @, @, @, @, @, @, @, @)", 11, long),
        ("1", "[@]", 1_002, "This value is nested more than 1000 levels deep."),
    ] {
        let text = if line > 60 { deep() } else { chain(first, next) };
        assert_says(&refused("t.pkr.hcl", &text), &[&format!("  on t.pkr.hcl line {line}, in locals:\n"), why]);
    }
}

/// Each local holds the one before.
fn deep() -> String {
    let locals: String = (1..50_000).map(|at| format!("  a{at} = [local.a{}]\n", at - 1)).collect();
    format!("locals {{\n  a0 = []\n{locals}}}\n{BUILD}")
}

#[test]
fn expressions_that_ask_for_too_much_end() {
    for (expression, why) in [
        ("[for a in range(1024) : [for b in range(1024) : [for c in range(1024) : c]]]", "run more than 1048576 times"),
        (
            "\"%{ for a in range(1024) }%{ for b in range(1024) }${a}${b}, %{ endfor }%{ endfor }x${[for a in [1] : a][0]}\"",
            "run more than",
        ),
        ("format(\"%1000000000d\", 1)", "number 1000000000 in format string is too"),
        ("formatlist(\"%1000000d\", range(1000))", "longer than 64 MiB"),
        ("join(\"\", [for a in range(1000) : format(\"%1000000d\", a)])", "makes more than 64 MiB of text"),
        ("indent(65536, join(\"\\n\", range(1024), range(9)))", "longer than 64 MiB"),
        ("range(1e9)", "more than 1024 values were generated"),
        ("setproduct(range(1000), range(1000), range(1000))", "more than 1048576 combinations"),
        ("templatefile(\"t.tpl\", {})", "cannot recursively call templatefile"),
        (
            "yamldecode(\"a: &a [x, x, x, x, x, x, x, x, x, x]\\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]\\n\")",
            "aliases stand for more than",
        ),
        ("regex(\"((a{1,100}){1,100}){1,100}\", \"a\")", "invalid repeat"),
    ] {
        let text = format!("locals {{\n  a = {expression}\n}}\n{BUILD}");
        assert_says(&refused("t.pkr.hcl", &text), &["  on t.pkr.hcl line 2, in locals:\n", why]);
    }
}

#[test]
fn definitions_that_go_in_circles_are_told() {
    let circle: String = (0..20_000).map(|at| format!("  a{at} = local.a{}\n", (at + 1) % 20_000)).collect();
    for (text, why) in [
        (
            format!("locals {{\n{circle}}}\n{BUILD}"),
            "Cycle: local.a0 (t.pkr.hcl:2) -> local.a1 (t.pkr.hcl:3) -> local.a2",
        ),
        (format!("locals {{\n  a = \"${{local.a}}\"\n}}\n{BUILD}"), "Self reference: local.a refers to itself."),
        (
            format!("locals {{\n  a = data.null.b.output\n}}\ndata \"null\" \"b\" {{\n  input = local.a\n}}\n{BUILD}"),
            "Cycle: local.a (t.pkr.hcl:2) -> data.null.b (t.pkr.hcl:4) -> local.a (t.pkr.hcl:2)",
        ),
        (format!("variable \"a\" {{\n  default = var.a\n}}\n{BUILD}"), "Variables may not be used here."),
    ] {
        assert_says(&refused("t.pkr.hcl", &text), &[why]);
    }
}

/// There are as many faults as there is text, and each is shown with its line.
#[test]
fn very_many_faults_are_told_in_time() {
    let n = 10_000;
    let undefined: String = (0..n).map(|at| format!("  a{at} = local.z{at}z\n")).collect();
    let one_line: Vec<String> = (0..n).map(|at| format!("z{at}.q")).collect();
    let text = format!("locals {{\n{undefined}}}\n{BUILD}");
    assert_eq!(refused("t.pkr.hcl", &text).matches("could not get dependency").count(), n);
    let text = format!("locals {{\n  a = [{}]\n}}\n{BUILD}", one_line.join(", "));
    let output = refused("t.pkr.hcl", &text);
    assert_eq!(output.matches("There is no variable named").count(), n);
    assert!(output.len() < 1_000 * n, "{}", output.len());
}

#[test]
fn blocks_and_legacy_variables_that_multiply_end() {
    let product = "setproduct(range(1000), range(1000))";
    let dynamic = format!(
        "dynamic \"provisioner\" {{\n    for_each = {product}\n    labels   = [\"sleep\"]\n    content {{}}\n  }}"
    );
    let text = format!("build {{\n  sources = []\n  {dynamic}\n}}\n{BUILD}");
    assert_says(
        &refused("t.pkr.hcl", &text),
        &["Error: Too many dynamic blocks", "  on t.pkr.hcl line 3, in build:\n"],
    );
    let variable = |at| format!("\"v{at}\": \"{}\"", format!("{{{{user `v{}`}}}}", at + 1).repeat(8));
    let variables: Vec<String> = (0..20).map(variable).collect();
    let text = format!(
        "{{\"variables\": {{{}, \"v20\": \"x\"}}, \"builders\": [{{\"type\": \"null\", \"communicator\": \"none\"}}]}}",
        variables.join(", ")
    );
    assert_says(&refused("t.json", &text), &["more than 67108864 bytes of text"]);
}

/// 20,000 of whatever a template can have many of.
#[test]
fn very_many_of_each_kind_are_valid() {
    let many = |line: &str| (0..20_000).map(|at| line.replace('#', &at.to_string())).collect::<String>();
    let sources = many("source \"null\" \"s#\" {\n  communicator = \"none\"\n}\n");
    for (template, values) in [
        (many("locals {\n  a# = #\n}\n"), String::new()),
        (format!("locals {{\n  a0 = 0\n{}}}\n", many("  b# = local.a0\n")), String::new()),
        (format!("locals {{\n  a = {{\n{}  }}\n  b = local.a.k7\n}}\n", many("    k# = \"v#\"\n")), String::new()),
        (many("variable \"v#\" {\n  type = string\n}\n"), many("v# = \"x\"\n")),
        (many("data \"null\" \"d#\" {\n  input = \"x\"\n}\n"), String::new()),
        (format!("{sources}build {{\n  sources = [{}]\n}}\n", many("\"null.s#\", ")), String::new()),
        (
            format!(
                "build {{\n  sources = [\"null.x\"]\n{}}}\n",
                many("  provisioner \"sleep\" {\n    name = \"p#\"\n  }\n")
            ),
            String::new(),
        ),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("t.pkr.hcl", format!("{template}{BUILD}"));
        sandbox.write("t.auto.pkrvars.hcl", values);
        sandbox.run(&["validate", "."]).expect(0);
    }
}
