//! Locals and variables: what is evaluated, when, and how often.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::fixtures::{analysed, output, said};
use super::{DataSupply, Values};
use crate::diagnostic::Diagnostics;
use crate::eval::Host;
use crate::value::display;

/// All locals that have a value, as the console shows them, without blanks.
fn shown(values: &Values) -> String {
    let locals = values.locals();
    let shown: Vec<String> = locals
        .iter()
        .map(|(name, value)| format!("{name}={}", display::render(value).replace(['\n', ' '], "")))
        .collect();
    shown.join(" ")
}

/// A host whose clock counts how often it is asked.
fn counting() -> (Host, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let now = move || {
        counter.fetch_add(1, Ordering::Relaxed);
        jiff::Timestamp::UNIX_EPOCH
    };
    (Host { now: Arc::new(now), ..Host::empty() }, asked)
}

#[test]
fn whole_roots_hold_what_does_not_depend_on_who_looks() {
    for (template, expected) in [
        ("locals {\n keys = keys(local)\n a = 1\n b = local.a\n}", r#"a=1 b=1 keys=["a","b",]"#),
        (
            "variable \"w\" { default = \"m\" }\nlocals {\n pick = local[var.w].x\n m = { x = 1 }\n}",
            r#"m={"x"=1} pick=1"#,
        ),
        // What needs the one that looks is not seen by it.
        ("locals {\n n = length(local)\n a = 1\n above = local.n\n}", "a=1 above=1 n=1"),
        // Of two that look, the second sees the first.
        ("locals {\n one = keys(local)\n two = keys(local)\n}", r#"one=[] two=["one",]"#),
        ("data \"null\" \"d\" {}\nlocals {\n k = keys(data)\n n = keys(data.null)\n}", r#"k=["null",] n=["d",]"#),
    ] {
        let (analysis, diags) = analysed(template, &Host::empty(), DataSupply::Never);
        assert_eq!(said(&diags), [""; 0], "{template}");
        assert_eq!(shown(&analysis.values), expected, "{template}");
    }
}

#[test]
fn names_that_lead_nowhere_and_circles_are_reported() {
    let data = |input: &str| format!("data \"null\" \"d\" {{\n input = {input}\n}}\n");
    for (template, expected) in [
        ("locals { a = local.b }".to_owned(), "\"local.b\" for \"local.a\", \"local.b\" missing"),
        ("locals { a = try(local.b, 1) }".to_owned(), "\"local.b\" for \"local.a\", \"local.b\" missing"),
        ("locals { a = local.a }".to_owned(), "Self reference: local.a"),
        (data("data.null.x.output"), "\"data.null.x\" for \"data.null.d\""),
        (data("data.http.x.output"), "\"data.http.x\" for \"data.null.d\""),
        (data("data.http"), "\"data.http\" for \"data.null.d\""),
        (data("local.a") + "locals { a = data.null.d.output }", "Cycle: data.null.d (t.pkr.hcl:1) -> local.a"),
        ("locals {\n a = local.b\n b = local.c\n c = local.a\n}".to_owned(), "Cycle: local.a (t.pkr.hcl:2) -> local.b"),
    ] {
        let (analysis, diags) = analysed(&template, &Host::empty(), DataSupply::Never);
        let said = said(&diags);
        assert!(said.len() == 1 && said[0].starts_with("failed to prepare execution graph: "), "{template}: {said:?}");
        assert!(said[0].contains(expected), "{template}: {said:?}");
        assert!(analysis.values.locals().is_empty(), "{template}");
    }
}

#[test]
fn locals_stop_at_the_first_that_fails() {
    let template = "locals {\n a = 1\n b = upper([])\n c = 2\n d = local.b\n}";
    let (analysis, diags) = analysed(template, &Host::empty(), DataSupply::Never);
    assert_eq!(said(&diags).len(), 1);
    assert_eq!(shown(&analysis.values), "a=1");
}

#[test]
fn locals_that_need_data_are_evaluated_once_when_it_has_arrived() {
    let template = "data \"null\" \"d\" {}\nlocals {\n stamp = \"${timestamp()} ${data.null.d.output}\"\n again = \
                    \"${local.stamp}, ${local.stamp}\"\n}";
    let (host, asked) = counting();
    let (analysis, diags) = analysed(template, &host, DataSupply::Later);
    let values = &analysis.values;
    assert_eq!(said(&diags), [""; 0]);
    assert_eq!(shown(values), "again=<unknown> stamp=<unknown>");
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    values.set_data(0, output("x"));
    let expected = "1970-01-01T00:00:00Z x";
    assert_eq!(values.locals()["again"].as_str(), Some(&*format!("{expected}, {expected}")));
    for _ in 0..3 {
        let at = values.dependencies().local("stamp").unwrap();
        values.settle(values.dependencies().of_local(at), &mut Diagnostics::new());
        assert_eq!(values.local(at).as_str(), Some(expected));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[test]
fn without_data_to_come_what_is_known_is_evaluated() {
    let (host, asked) = counting();
    let template = "data \"null\" \"d\" {}\nlocals { o = { id = data.null.d, at = timestamp() }.at }";
    let (analysis, _) = analysed(template, &host, DataSupply::Never);
    assert_eq!(shown(&analysis.values), "o=1970-01-01T00:00:00Z");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[test]
fn what_fails_with_data_there_is_said_once_to_each_who_needs_it() {
    let template =
        "data \"null\" \"d\" {}\nlocals {\n n = parseint(data.null.d.output, 10)\n m = local.n + 1\n o = 1\n}";
    let (analysis, diags) = analysed(template, &Host::empty(), DataSupply::Later);
    let values = &analysis.values;
    assert_eq!(said(&diags), [""; 0]);
    values.set_data(0, output("x"));
    let mut found = Diagnostics::new();
    let index = values.dependencies();
    let mut needs = super::Dependencies::default();
    needs.locals.extend(index.local("m"));
    needs.data.insert(0);
    values.settle(&needs, &mut found);
    let said = said(&found);
    assert!(said.len() == 1 && said[0].contains("base 10"), "{said:?}");
    assert_eq!(shown(values), "o=1");
}

#[test]
fn all_data_of_a_type_is_one_map() {
    let template = "data \"null\" \"a\" {}\ndata \"null\" \"b\" {}\ndata \"other\" \"c\" {}\nlocals {\n all = \
                    join(\" \", [for name, d in data.null : \"${name}=${d.output}\"])\n type = lookup(data.null, \
                    \"zzz\", { output = \"none\" }).output\n values = values(data.null)[*].output\n}";
    let (analysis, diags) = analysed(template, &Host::empty(), DataSupply::Later);
    assert_eq!(said(&diags), [""; 0]);
    for (at, text) in ["1", "2", "3"].into_iter().enumerate() {
        analysis.values.set_data(at, output(text));
    }
    assert_eq!(shown(&analysis.values), r#"all=a=1b=2 type=none values=["1","2",]"#);
}

#[test]
fn sensitive_locals_give_their_texts_when_their_data_is_there() {
    let template = "data \"null\" \"a\" {}\ndata \"null\" \"b\" {}\nlocal \"s\" {\n sensitive = true\n expression = \
                    [data.null.a.output, data.null.b.output]\n}\nlocal \"t\" {\n sensitive = true\n expression = { x = \
                    \"plain\" }\n}\nlocals { u = data.null.a.output }";
    let (analysis, _) = analysed(template, &Host::empty(), DataSupply::Later);
    let values = &analysis.values;
    assert_eq!(values.secrets(), ["plain"]);
    values.set_data(0, output("one"));
    assert_eq!(values.secrets_of_data(0), [""; 0]);
    values.set_data(1, output("two"));
    assert_eq!(values.secrets_of_data(1), ["one", "two"]);
    assert_eq!(values.secrets(), ["one", "two", "plain"]);
}

#[test]
fn long_chains_of_locals_need_no_deep_stack() {
    let mut template = "data \"null\" \"d\" {}\nlocals {\n l0 = data.null.d.output\n".to_owned();
    for at in 1..=20_000 {
        template.push_str(&format!(" l{at} = local.l{}\n", at - 1));
    }
    template.push('}');
    let (analysis, _) = analysed(&template, &Host::empty(), DataSupply::Later);
    analysis.values.set_data(0, output("x"));
    assert_eq!(analysis.values.locals()["l20000"].as_str(), Some("x"));
}
