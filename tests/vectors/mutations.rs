//! Templates with pieces missing, doubled, swapped or replaced: the parser answers, and its answer can be shown.

use planner::files::Files;
use planner::render::{RenderOptions, render};
use planner::syntax::{parse_body, parse_expression, parse_template};
use proptest::prelude::*;

const TEMPLATES: [&str; 4] = [
    r#"packer {
  required_version = ">= 1.9" # comment
}
variable "zone" {
  type    = list(object({ name = string, size = optional(number, 3) }))
  default = [{ name = "a", size = 1.5e3 }, { "name" : "b" }]
  validation {
    condition     = length(var.zone) > 0 && !contains(var.zone[*].name, "")
    error_message = "The zone must be named."
  }
}
"#,
    r#"locals {
  text = <<-EOT
    first ${ var.a["k"].b.0 } $${literal}
      %{~ for k, v in var.map ~}
      ${k} = ${v != null ? v : "none"}
      %{~ endfor ~}
    %{ if var.x }yes%{ else }no%{ endif }
  EOT
  all   = { for k, v in local.m : upper(k) => v... if k != "x" }
  names = [for s in ["a", "b"] : "${s}-${-1 + 2 * (3 % 4)}"]
  same  = { a = 1, a = 2, (local.k) = 3, "q${1}" = 4 }
}
"#,
    "source \"null\" \"é\" {\r\n  communicator = \"none\" /* c\r\n */\r\n  b {\r\n    c = <<X\r\nline\r\n\
     X\r\n  }\r\n}\r\nbuild {\r\n  sources = [\"null.é\"]\r\n}\r\n",
    "plain ${a.*.b[0]} text %{ for x in ns::f(y, z...) }\n  ${~ x ~}\n%{ endfor }\n\"quotes\" \\n %%{ x $${\n",
];

const PIECES: [&str; 40] = [
    "\"",
    "${",
    "%{",
    "}",
    "{",
    "[",
    "]",
    "(",
    ")",
    "<<EOT\n",
    "<<-E",
    "EOT",
    "\n",
    "\r\n",
    "=",
    "==",
    "=>",
    ",",
    ".",
    "...",
    "*",
    "?",
    ":",
    "~}",
    "${~",
    "$${",
    "\\",
    "\\u12",
    "'",
    "#",
    "/*",
    "*/",
    "for ",
    " in ",
    " if ",
    "%{ endif }",
    "é",
    "\u{feff}",
    "1e999",
    "-\n",
];

/// What happens to a text at one place, as a share of its length.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
    Insert(f64, usize),
    Remove(f64, f64),
    Double(f64, f64),
}

pub(crate) fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (0.0..1.0, 0..PIECES.len()).prop_map(|(at, piece)| Edit::Insert(at, piece)),
        (0.0..1.0, 0.0..0.1).prop_map(|(at, len)| Edit::Remove(at, len)),
        (0.0..1.0, 0.0..0.1).prop_map(|(at, len)| Edit::Double(at, len)),
    ]
}

pub(crate) fn apply(text: &mut String, edit: &Edit) {
    let boundary = |share: f64| {
        let mut at = (text.len() as f64 * share) as usize;
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    match edit {
        Edit::Insert(at, piece) => text.insert_str(boundary(*at), PIECES[*piece]),
        Edit::Remove(at, len) => text.replace_range(boundary(*at)..boundary((at + len).min(1.0)), ""),
        Edit::Double(at, len) => {
            let (start, end) = (boundary(*at), boundary((at + len).min(1.0)));
            let copy = text[start..end].to_owned();
            text.insert_str(end, &copy);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gets_an_answer(which in 0..TEMPLATES.len(), edits in prop::collection::vec(edit(), 0..6)) {
        let mut text = TEMPLATES[which].to_owned();
        edits.iter().for_each(|edit| apply(&mut text, edit));
        let mut files = Files::new();
        let file = files.add("t", text.as_str());
        let (body, diagnostics) = parse_body(&mut files, file);
        prop_assert_eq!(body.is_none(), diagnostics.has_errors());
        let expression = parse_expression(&files, file).err();
        let template = parse_template(&files, file).err();
        for diagnostics in [Some(diagnostics), expression, template].into_iter().flatten() {
            for diagnostic in diagnostics.iter() {
                let subject = diagnostic.subject.unwrap();
                let context = diagnostic.context.unwrap_or(subject);
                for span in [subject, context] {
                    prop_assert!(span.start <= span.end && text.is_char_boundary(span.start as usize));
                    prop_assert!(text.is_char_boundary(span.end as usize), "{diagnostic:?}");
                }
            }
            for color in [false, true] {
                let shown = render(&diagnostics, &files, RenderOptions { color, ..RenderOptions::default() });
                prop_assert!(diagnostics.is_empty() || shown.contains("  on t line "), "{}", shown);
            }
        }
    }
}

#[test]
fn the_templates_themselves_are_valid() {
    for (at, text) in TEMPLATES.iter().enumerate() {
        let mut files = Files::new();
        let file = files.add("t", *text);
        let diagnostics =
            if at == 3 { parse_template(&files, file).err() } else { Some(parse_body(&mut files, file).1) };
        assert!(diagnostics.is_none_or(|diagnostics| diagnostics.is_empty()), "template {at}");
    }
}
