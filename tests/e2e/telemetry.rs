//! What `build` writes about a run for other programs: `--events`, `--trace`, `--otlp`.

use std::collections::{BTreeMap, HashSet};
use std::io::{BufRead, BufReader};
use std::process::Command;

use serde_json::Value;

use crate::sandbox::Sandbox;
use crate::web_server::{Reply, Server};

/// One build that succeeds, one that fails and one that is never started; a data source decides what they are called.
const TEMPLATE: &str = r#"
variable "token" {
  default   = "hunter2"
  sensitive = true
}
data "null" "name" { input = "web" }
data "http" "gone" { url = "http://127.0.0.1:1/" }
source "null" "good" { communicator = "none" }
source "null" "bad" { communicator = "none" }
source "file" "never" {
  content = data.http.gone.body
  target  = "never.txt"
}
build {
  name    = data.null.name.output
  sources = ["null.good", "null.bad", "file.never"]
  provisioner "shell-local" {
    inline           = ["test $PACKER_BUILD_NAME != bad"]
    valid_exit_codes = [0]
  }
  post-processor "manifest" {
    only   = ["null.good"]
    output = "${var.token}/manifest.json"
  }
}
"#;

/// The lines of a file of events.
fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn of_type<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["type"] == name).collect()
}

/// The one event of this type and node.
#[track_caller]
fn of_node<'a>(events: &'a [Value], name: &str, node: &str) -> &'a Value {
    let found: Vec<&Value> = of_type(events, name).into_iter().filter(|event| event["node"] == node).collect();
    let [event] = found[..] else { panic!("{name} of {node}: {found:?} in {events:#?}") };
    event
}

#[test]
fn events_are_numbered_lines_from_the_first_stage_to_the_last_node() {
    let sandbox = Sandbox::with_template(TEMPLATE);
    sandbox.run(&["build", "--events", "out.jsonl", "t.pkr.hcl"]).expect(1);
    let text = sandbox.read("out.jsonl");
    assert!(!text.contains("hunter2") && text.contains("<sensitive>"), "{text}");
    let events = lines(&text);
    let numbers: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..events.len() as u64).collect::<Vec<_>>());
    let times: Vec<f64> = events.iter().map(|event| event["at"].as_f64().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
    let stages = of_type(&events, "run-started");
    assert_eq!(stages.iter().map(|stage| &stage["stage"]).collect::<Vec<_>>(), ["data", "build"]);
    for (nth, stage) in stages.iter().enumerate() {
        assert_eq!(stage["schema"], "1.0");
        assert_eq!((&stage["packer"], &stage["template"]), (&"1.16.0".into(), &"t.pkr.hcl".into()));
        assert_eq!(stage["run"].as_str().unwrap().len(), 36, "{stage}");
        assert!(stage["started"].as_str().unwrap().ends_with('Z'), "{stage}");
        let counts = of_type(&events, "run-ended")[nth];
        let names = ["succeeded", "failed", "skipped", "cancelled", "timed_out", "bugs"];
        let ended: u64 = names.iter().map(|name| counts[name].as_u64().unwrap()).sum();
        assert_eq!(stage["nodes"], ended, "{counts}");
    }
}

#[test]
fn every_node_is_told_with_how_it_ended() {
    let sandbox = Sandbox::with_template(TEMPLATE);
    sandbox.run(&["build", "--events=out.jsonl", "t.pkr.hcl"]).expect(1);
    let events = lines(&sandbox.read("out.jsonl"));
    let data = of_node(&events, "node-ended", "data.null.name");
    assert_eq!(
        (&data["outcome"], &data["kind"], &data["component"]),
        (&"succeeded".into(), &"datasource".into(), &"null".into())
    );
    let started = of_node(&events, "node-started", "web.null.bad/provision[0]");
    assert_eq!((&started["build"], &started["component"]), (&"web.null.bad".into(), &"shell-local".into()));
    let failed = of_node(&events, "node-ended", "web.null.bad/provision[0]");
    assert_eq!(failed["outcome"], "failed");
    assert!(failed["error"].as_str().unwrap().contains("non-zero exit status: 1"), "{failed}");
    assert!(failed["seconds"].as_f64().unwrap() > 0.0, "{failed}");
    let skipped = of_node(&events, "node-skipped", "web.file.never/open");
    assert_eq!((&skipped["outcome"], &skipped["because"]), (&"skipped".into(), &"data.http.gone".into()));
    let masked = of_node(&events, "node-ended", "web.null.good/post-process[0][0]");
    assert!(masked["error"].as_str().unwrap().contains("<sensitive>"), "{masked}");
    // Each starts before it ends, or is skipped and does neither.
    let named = |name: &str| of_type(&events, name).iter().map(|event| event["node"].clone()).collect::<Vec<_>>();
    let (started, ended, skipped) = (named("node-started"), named("node-ended"), named("node-skipped"));
    assert!(ended.iter().all(|node| started.contains(node) && !skipped.contains(node)));
    assert_eq!(started.len(), ended.len());
}

#[test]
fn a_file_that_cannot_be_written_is_an_error_before_anything_runs() {
    let template =
        "source \"file\" \"a\" {\n  content = \"x\"\n  target  = \"a.txt\"\n}\nbuild {\n  sources = [\"file.a\"]\n}\n";
    for (flag, why) in [
        ("--events=gone/out.jsonl", "Error: --events gone/out.jsonl: cannot be written: No such file or directory"),
        ("--events=.", "Error: --events .: cannot be written: Is a directory"),
        ("--events=-", "invalid value \"-\" for flag -events: standard output is taken; name a file"),
        ("--trace=gone/t.json", "Error: --trace gone/t.json: cannot be written: No such file or directory"),
        ("--trace=/dev/full", "Error: --trace /dev/full: cannot be written: No space left on device"),
        (
            "--otlp=localhost:4318",
            "Error: --otlp: localhost is neither http nor https; give the address of a collector",
        ),
        ("--events=", "invalid value \"\" for flag -events: name a file"),
    ] {
        let sandbox = Sandbox::with_template(template);
        let text = sandbox.run(&["build", flag, "t.pkr.hcl"]).expect(1);
        assert!(text.contains(why), "{why:?} is missing in:\n{text}");
        assert!(!sandbox.path("a.txt").exists(), "{flag}");
    }
}

#[test]
fn a_template_that_is_refused_costs_no_file_of_an_earlier_run() {
    let sandbox = Sandbox::with_template("source \"null\" \"a\" {}\nbuild {\n  sources = [\"null.b\"]\n}\n");
    sandbox.write("e.jsonl", "earlier");
    sandbox.run(&["build", "--events=e.jsonl", "--trace=t.json", "t.pkr.hcl"]).expect(1);
    assert_eq!(sandbox.read("e.jsonl"), "earlier");
    assert!(!sandbox.path("t.json").exists());
}

#[test]
fn what_becomes_of_the_file_does_not_change_the_builds() {
    let sandbox = Sandbox::with_template(
        "source \"null\" \"a\" {\n  communicator = \"none\"\n}\nbuild {\n  sources = [\"null.a\"]\n}\n",
    );
    let text = sandbox.run(&["build", "--events=/dev/full", "t.pkr.hcl"]).expect(0);
    let warning =
        "Warning: --events /dev/full: No space left on device (os error 28); the events from here on are lost\n";
    assert_eq!(text.matches(warning).count(), 1, "{text}");
    assert!(text.ends_with("--> null.a: Did not export anything. This is the null builder\n"), "{text}");
}

#[test]
fn a_reader_that_goes_away_is_told_once() {
    let sandbox = Sandbox::with_template(
        r#"
source "null" "a" { communicator = "none" }
build {
  sources = ["null.a"]
  provisioner "shell-local" { inline = ["until test -e go; do sleep 0.01; done"] }
}
"#,
    );
    let pipe = sandbox.path("pipe");
    #[expect(clippy::disallowed_methods, reason = "the test is the shell here")]
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let packer = sandbox.command(&["build", "--events=pipe", "t.pkr.hcl"]).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(std::fs::File::open(&pipe).unwrap()).read_line(&mut first).unwrap();
    assert_eq!(lines(&first)[0]["type"], "run-started");
    sandbox.write("go", "");
    let text = sandbox.finish(packer).expect(0);
    let warning = "Warning: --events pipe: Broken pipe (os error 32); the events from here on are lost\n";
    assert_eq!(text.matches(warning).count(), 1, "{text}");
}

/// Two builds side by side, with chains that overlap.
const SIDE_BY_SIDE: &str = r#"
source "null" "a" { communicator = "none" }
source "null" "b" { communicator = "none" }
build {
  sources = ["null.a", "null.b"]
  provisioner "shell-local" { inline = ["true"] }
  post-processor "shell-local" { inline = ["sleep 0.1"] }
  post-processor "shell-local" { inline = ["sleep 0.1"] }
}
"#;

/// The slices of a trace, each named `process/name`; fails unless every track holds one at a time.
fn slices(trace: &Value) -> Vec<String> {
    let rows = trace["traceEvents"].as_array().unwrap();
    let mut processes = BTreeMap::new();
    for row in rows.iter().filter(|row| row["ph"] == "M" && row["name"] == "process_name") {
        processes.insert(row["pid"].as_u64().unwrap(), row["args"]["name"].as_str().unwrap());
    }
    let (mut open, mut last, mut found) = (BTreeMap::new(), 0.0, Vec::new());
    for row in rows.iter().filter(|row| row["ph"] != "M") {
        let at = row["ts"].as_f64().unwrap();
        assert!(at >= last, "{row} is out of order");
        last = at;
        let track = (row["pid"].as_u64().unwrap(), row["tid"].as_u64().unwrap());
        match row["ph"].as_str().unwrap() {
            "B" => {
                assert!(open.insert(track, row["name"].clone()).is_none(), "{row} overlaps");
                found.push(format!("{}/{}", processes[&track.0], row["name"].as_str().unwrap()));
            }
            "E" => assert_eq!(open.remove(&track).as_ref(), Some(&row["name"]), "{row}"),
            _ => {}
        }
    }
    assert!(open.is_empty(), "{open:?} has no end");
    found
}

#[test]
fn a_trace_has_a_lane_for_each_build_and_a_slice_for_each_node() {
    let sandbox = Sandbox::with_template(SIDE_BY_SIDE);
    sandbox.run(&["build", "--trace=t.json", "-parallel-builds=1", "t.pkr.hcl"]).expect(0);
    let trace: Value = serde_json::from_str(&sandbox.read("t.json")).unwrap();
    let found = slices(&trace);
    for name in ["null.a/open", "null.a/provision[0]", "null.b/close", "null.b/post-process[1][0]"] {
        assert!(found.iter().any(|slice| slice == name), "{name} is missing in {found:?}");
    }
    let rows = trace["traceEvents"].as_array().unwrap();
    let counts = |name: &str, key: &str| -> Vec<u64> {
        let rows = rows.iter().filter(|row| row["ph"] == "C" && row["name"] == name);
        rows.map(|row| row["args"][key].as_u64().unwrap()).collect()
    };
    assert_eq!(counts("pool builds", "held"), [0, 1, 0, 1, 0]);
    let in_flight = counts("nodes in flight", "nodes");
    assert_eq!(in_flight.last(), Some(&0));
    // Both chains of a build run at the same time, on tracks of their own.
    assert!(in_flight.iter().max() >= Some(&2), "{in_flight:?}");
    assert_eq!(trace["otherData"]["template"], "t.pkr.hcl");
}

#[test]
fn a_trace_of_a_run_that_is_killed_is_whole() {
    let sandbox = Sandbox::with_template(
        "source \"null\" \"a\" {\n  communicator = \"none\"\n}\nbuild {\n  sources = [\"null.a\"]\n  provisioner \
         \"shell-local\" {\n    inline = [\"sleep 600\"]\n  }\n}\n",
    );
    let mut packer = sandbox.command(&["build", "--trace=t.json", "t.pkr.hcl"]).spawn().unwrap();
    sandbox.wait_for(&["t.json"]);
    while !sandbox.read("t.json").contains("\"provision[0]\"") {
        std::thread::yield_now();
        assert!(packer.try_wait().unwrap().is_none(), "packer ended");
    }
    packer.kill().unwrap();
    sandbox.finish(packer).expect(137);
    let trace: Value = serde_json::from_str(&sandbox.read("t.json")).unwrap();
    let rows = trace["traceEvents"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["ph"] == "B" && row["name"] == "provision[0]"), "{trace}");
}

#[test]
fn a_trace_into_a_pipe_ends_as_a_whole() {
    let sandbox = Sandbox::with_template(SIDE_BY_SIDE);
    let pipe = sandbox.path("pipe");
    #[expect(clippy::disallowed_methods, reason = "the test is the shell here")]
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let packer = sandbox.command(&["build", "--trace=pipe", "t.pkr.hcl"]).spawn().unwrap();
    let text = std::fs::read_to_string(&pipe).unwrap();
    sandbox.finish(packer).expect(0);
    assert!(slices(&serde_json::from_str(&text).unwrap()).len() > 10);
}

/// The spans that a server was sent.
fn spans(server: &Server) -> (Vec<Value>, Value) {
    let (mut spans, mut resource) = (Vec::new(), Value::Null);
    for asked in server.asked() {
        assert_eq!((&*asked.path, asked.header("content-type")), ("v1/traces", "application/json"));
        let request: Value = serde_json::from_slice(&asked.body).unwrap();
        let [of_resource] = &request["resourceSpans"].as_array().unwrap()[..] else { panic!("{request}") };
        resource = of_resource["resource"]["attributes"].clone();
        spans.extend(of_resource["scopeSpans"][0]["spans"].as_array().unwrap().clone());
    }
    (spans, resource)
}

fn attribute<'a>(span: &'a Value, key: &str) -> &'a str {
    let found = span["attributes"].as_array().unwrap().iter().find(|attribute| attribute["key"] == key);
    found.map_or("", |attribute| attribute["value"]["stringValue"].as_str().unwrap())
}

#[test]
fn spans_form_a_tree_and_say_how_things_ended() {
    let server = Server::start(|asked| {
        assert_eq!(asked.header("api-key"), "a b");
        Reply::with("{}")
    });
    let mut sandbox = Sandbox::with_template(TEMPLATE);
    sandbox.set("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b");
    let text = sandbox.run(&["build", "--otlp", &server.at(""), "t.pkr.hcl"]).expect(1);
    assert!(!text.contains("Warning: --otlp"), "{text}");
    let (spans, resource) = spans(&server);
    assert!(resource.to_string().contains(r#"{"key":"service.name","value":{"stringValue":"packer"}}"#), "{resource}");
    let all = serde_json::to_string(&spans).unwrap();
    assert!(!all.contains("hunter2") && all.contains("<sensitive>"), "{all}");
    let ids: HashSet<&str> = spans.iter().map(|span| span["spanId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), spans.len());
    let named = |name: &str| spans.iter().find(|span| span["name"] == name).unwrap_or_else(|| panic!("{name}: {all}"));
    let of_node = |key: &str| spans.iter().find(|span| attribute(span, "packer.node") == key).unwrap();
    let run = named("packer build t.pkr.hcl");
    assert!(run.get("parentSpanId").is_none() && run["status"]["code"] == 2, "{run}");
    let nanos = |span: &Value, key: &str| span[key].as_str().unwrap().parse::<u128>().unwrap();
    for span in &spans {
        assert_eq!(span["traceId"], run["traceId"]);
        assert_eq!(span["spanId"].as_str().unwrap().len(), 16);
        let (start, end) = (nanos(span, "startTimeUnixNano"), nanos(span, "endTimeUnixNano"));
        assert!(start <= end && nanos(run, "startTimeUnixNano") <= start && end <= nanos(run, "endTimeUnixNano"));
    }
    let (bad, failed) = (named("build web.null.bad"), of_node("web.null.bad/provision[0]"));
    assert_eq!((&bad["parentSpanId"], &failed["parentSpanId"]), (&run["spanId"], &bad["spanId"]));
    assert_eq!((&bad["status"]["code"], &failed["status"]["code"]), (&2.into(), &2.into()));
    assert!(failed["status"]["message"].as_str().unwrap().contains("exit status: 1"), "{failed}");
    assert_eq!(of_node("data.null.name")["parentSpanId"], run["spanId"]);
    assert_eq!(of_node("data.null.name")["status"]["code"], 1);
    assert!(!spans.iter().any(|span| attribute(span, "packer.node") == "web.file.never/open"), "it never ran");
}

#[test]
fn a_collector_that_is_busy_is_asked_again_and_one_that_refuses_is_told_once() {
    let template = "source \"null\" \"a\" {\n  communicator = \"none\"\n}\nbuild {\n  sources = [\"null.a\"]\n}\n";
    let busy = |after: &str| Reply { headers: vec![("Retry-After", after.to_owned())], ..Reply::status(503) };
    let refused = Reply { status: 400, ..Reply::with(r#"{"code":3,"message":"no such tenant"}"#) };
    let partial = Reply::with(r#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}"#);
    for (first, n_asked, warning) in [
        (Reply::with("{}"), 1, None),
        (busy("0"), 2, None),
        (Reply::status(429), 2, None),
        (busy("3600"), 1, Some("spans are lost: the collector answers 503 Service Unavailable\n")),
        (refused, 1, Some("spans are lost: the collector answers 400 Bad Request: no such tenant\n")),
        (Reply::status(500), 1, Some("spans are lost: the collector answers 500 Internal Server Error\n")),
        (partial, 1, Some("the collector rejected 2 spans: too old\n")),
    ] {
        let mut replies = vec![Reply::with("{}"), first];
        let server = Server::start(move |_| replies.pop().unwrap_or(Reply::status(404)));
        let sandbox = Sandbox::with_template(template);
        let text = sandbox.run(&["build", "--otlp", &server.at(""), "t.pkr.hcl"]).expect(0);
        let bodies: Vec<Vec<u8>> = server.asked().into_iter().map(|asked| asked.body).collect();
        assert_eq!(bodies.len(), n_asked, "{text}");
        assert!(bodies.iter().all(|body| *body == bodies[0]), "what is sent again is the same");
        let expected =
            warning.map(|warning| format!("Warning: --otlp {}: {warning}", server.at("").trim_end_matches('/')));
        assert_eq!(text.matches("Warning: --otlp").count(), usize::from(expected.is_some()), "{text}");
        assert!(expected.is_none_or(|expected| text.contains(&expected)), "{warning:?} is missing in:\n{text}");
    }
}
