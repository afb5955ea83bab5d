//! How memory grows with the length of valid texts, whatever is needed for any text aside.

use planner::files::Files;
use planner::format::format as format_text;
use planner::render::{RenderOptions, render};
use planner::syntax::{parse_body, parse_json_body};

use crate::memory::PER_BYTE;
use crate::validation::Validator;
use crate::{CORPUS, Kind};

/// A text that repeats a part, in which `#` stands for the number of the repetition.
struct Shape {
    name: &'static str,
    file: &'static str,
    head: &'static str,
    part: &'static str,
    tail: &'static str,
}

impl Shape {
    fn text(&self, n: usize) -> String {
        let between = if self.file.ends_with("json") { "," } else { "" };
        let parts: Vec<String> = (0..n).map(|at| self.part.replace('#', &at.to_string())).collect();
        format!("{}{}{}", self.head, parts.join(between), self.tail)
    }
}

/// What is done with a text.
type Stage<'s> = (&'static str, &'s dyn Fn(&str));

#[test]
#[expect(clippy::print_stdout, reason = "shown when the test fails, or is asked to show it")]
fn memory_grows_with_the_text() {
    let folder = tempfile::tempdir().unwrap();
    let validator = Validator::new(folder.path());
    let mut worst: f64 = 0.0;
    for shape in SHAPES {
        let (small, large) = (shape.text(100), shape.text(400));
        let native = |text: &str| {
            let mut files = Files::new();
            let file = files.add("t", text);
            assert!(parse_body(&mut files, file).0.is_some(), "{text}");
        };
        let json = |text: &str| {
            let mut files = Files::new();
            let file = files.add("t", text);
            assert!(parse_json_body(&mut files, file).0.is_some(), "{text}");
        };
        let layout = |text: &str| drop(format_text(text));
        let validate = |text: &str| {
            let (found, files) = match shape.file {
                "legacy.json" => validator.validate_legacy(text.as_bytes()),
                file => {
                    std::fs::write(folder.path().join(file), text).unwrap();
                    validator.validate(file, Vec::new())
                }
            };
            assert!(found.is_empty(), "{}", render(&found, &files, RenderOptions::default()));
        };
        let stages: &[Stage<'_>] = match shape.file {
            "legacy.json" => &[("validate", &validate)],
            "t.pkr.json" => &[("parse", &json), ("validate", &validate)],
            _ => &[("parse", &native), ("format", &layout), ("validate", &validate)],
        };
        for (stage, work) in stages {
            let peak = |text: &str| allocation_counter::measure(|| work(text)).bytes_max as f64;
            let slope = (peak(&large) - peak(&small)) / (large.len() - small.len()) as f64;
            println!("{:16} {stage:8} {slope:5.1} bytes for each byte of text", shape.name);
            worst = worst.max(slope);
        }
    }
    assert!(worst <= PER_BYTE, "{worst:.1} bytes for each byte of text");
}

/// What templates are made of, all of it together: the shapes above are extremes.
#[test]
#[expect(clippy::print_stdout, reason = "shown when the test fails, or is asked to show it")]
fn own_templates_take_ten_times_their_length() {
    let parse = |text: &str| {
        let mut files = Files::new();
        let file = files.add("t", text);
        // Repeated, some of them hold the same definition twice, which is found when all of it has been read.
        drop(parse_body(&mut files, file));
    };
    let layout = |text: &str| drop(format_text(text));
    let stages: [Stage<'_>; 2] = [("parse", &parse), ("format", &layout)];
    for (stage, work) in stages {
        let peak = |text: &str| allocation_counter::measure(|| work(text)).bytes_max as f64;
        let (mut grown, mut len) = (0.0, 0);
        for (_, text) in CORPUS.iter().filter(|(kind, _)| *kind == Kind::Native) {
            let text = format!("{text}\n");
            let (small, large) = (text.repeat(4), text.repeat(16));
            grown += peak(&large) - peak(&small);
            len += large.len() - small.len();
        }
        let slope = grown / len as f64;
        println!("{stage:8} {slope:5.1} bytes for each byte of text");
        assert!(slope <= 10.0, "{stage}: {slope:.1} bytes for each byte of text");
    }
}

const NONE: &str =
    "source \"null\" \"last\" {\n  communicator = \"none\"\n}\nbuild {\n  sources = [\"null.last\"]\n}\n";

const SHAPES: [Shape; 9] = [
    Shape {
        name: "variables",
        file: "t.pkr.hcl",
        head: "",
        part: "variable \"zone#\" {
  type    = list(object({ name = string, size = optional(number, 3) }))
  default = [{ name = \"a\", size = 1.5e3 }]
  validation {
    condition     = length(var.zone#) > 0
    error_message = \"The zone must be named.\"
  }
}
",
        tail: NONE,
    },
    Shape {
        name: "locals",
        file: "t.pkr.hcl",
        head: "",
        part: "locals {
  name#  = \"some text with ${upper(\"interpolation\")} in it\"
  list#  = [for s in [\"a\", \"b\"] : \"${s}-#\"]
  other# = local.name# == \"\" ? null : { key = local.name#, value = [1, 2, 3] }
}
",
        tail: NONE,
    },
    Shape {
        name: "heredocs",
        file: "t.pkr.hcl",
        head: "",
        part: "locals {
  text# = <<-EOT
    A script of several lines,
    all of which are text
    that nobody looks at.
  EOT
}
",
        tail: NONE,
    },
    Shape {
        name: "sources",
        file: "t.pkr.hcl",
        head: "",
        part: "// Writes a file.
source \"file\" \"n#\" {
  target  = \"out/file-#.txt\"
  content = \"The text of file number no. # for ${source.name}\"
}
",
        tail: NONE,
    },
    Shape {
        name: "builds",
        file: "t.pkr.hcl",
        head: "",
        part: "source \"null\" \"n#\" {
  communicator = \"none\"
}
build {
  name    = \"build-#\"
  sources = [\"null.n#\"]
  provisioner \"shell-local\" {
    inline = [\"echo one\", \"echo two ${source.name}\"]
  }
  post-processor \"manifest\" {
    output = \"manifest-#.json\"
  }
}
",
        tail: "",
    },
    Shape {
        name: "short attributes",
        file: "t.pkr.hcl",
        head: "locals {\n",
        part: "a# = 1\n",
        tail: "}\nsource \"null\" \"last\" {\n  communicator = \"none\"\n}\nbuild {\n  sources = [\"null.last\"]\n}\n",
    },
    Shape {
        name: "one object",
        file: "t.pkr.hcl",
        head: "locals {\n  a = {\n",
        part: "    key# = \"value\"\n",
        tail: "  }\n}\nsource \"null\" \"last\" {\n  communicator = \"none\"\n}\nbuild {\n  sources = [\"null.last\"]\n}\n",
    },
    Shape {
        name: "JSON",
        file: "t.pkr.json",
        head: "[",
        part: "{ \"source\": { \"null\": { \"n#\": { \"communicator\": \"none\" } } },
  \"locals\": { \"a#\": \"some ${upper(\\\"text\\\")}\", \"b#\": [1, true, null] },
  \"build\": { \"sources\": [\"null.n#\"], \"provisioner\": { \"shell-local\": { \"inline\": [\"echo one\"] } } } }
",
        tail: "]",
    },
    Shape {
        name: "legacy",
        file: "legacy.json",
        head: "{ \"builders\": [",
        part: "{ \"type\": \"file\", \"name\": \"n#\", \"target\": \"out/{{build_name}}.txt\", \"content\": \"For {{user `h`}}\" }",
        tail: "], \"variables\": { \"h\": \"host\" }, \"provisioners\": [{ \"type\": \"shell-local\", \"inline\": [\"echo {{.Vars}}\"] }] }",
    },
];
