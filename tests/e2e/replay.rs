//! `packer replay`: a recorded run, scheduled again.

use serde_json::Value;

use crate::sandbox::Sandbox;

/// Four builds that each take a while.
const FOUR: &str = r#"
source "null" "n" { communicator = "none" }
build {
  name = "web"
  source "null.n" { name = "a" }
  source "null.n" { name = "b" }
  source "null.n" { name = "c" }
  source "null.n" { name = "d" }
  provisioner "shell-local" { inline = ["sleep 0.2", "test ! -e fail"] }
}
"#;

/// A folder in which the four were built one after the other.
fn recorded() -> Sandbox {
    let sandbox = Sandbox::with_template(FOUR);
    sandbox.run(&["build", "-parallel-builds=1", "t.pkr.hcl"]).expect(0);
    sandbox
}

fn replay(sandbox: &Sandbox, flags: &[&str]) -> Value {
    let args: Vec<&str> = ["replay", "-json"].iter().chain(flags).chain(&["last"]).copied().collect();
    serde_json::from_str(&sandbox.run(&args).expect(0)).unwrap()
}

#[test]
fn the_same_limits_come_near_and_others_change_it() {
    let sandbox = recorded();
    let same = replay(&sandbox, &[]);
    let seconds = |schedule: &Value| schedule["seconds"].as_f64().unwrap();
    assert!(seconds(&same["replayed"]) >= 0.8, "{same}");
    // Nothing is lost between nodes in virtual time.
    assert!(seconds(&same["replayed"]) <= seconds(&same["recorded"]) + 1e-6, "{same}");
    assert_eq!(same["replayed"]["limits"], serde_json::json!({ "builds": 1 }));
    assert_eq!(
        (&same["recorded"]["bottleneck"], &same["replayed"]["bottleneck"]),
        (&"builds".into(), &"builds".into())
    );
    assert!(same.get("changed").is_none() && same["ended"] == true && same["nodes"] == same["nodes_ended"], "{same}");
    assert_eq!(same, replay(&sandbox, &[]));
    for flags in [&["--parallel-builds=4"][..], &["--parallel-builds", "0"], &["--pool", "builds=4"]] {
        let wider = replay(&sandbox, flags);
        assert!(seconds(&wider["changed"]) < seconds(&wider["replayed"]) / 2.0, "{wider}");
        assert_eq!(wider["changed"]["bottleneck"], Value::Null, "{wider}");
    }
    let slots = replay(&sandbox, &["--max-parallel=2", "--parallel-builds=0"]);
    assert_eq!(slots["changed"]["limits"], serde_json::json!({ "slots": 2 }));
    assert_eq!(slots["changed"]["bottleneck"], "slots");
    assert!(seconds(&slots["changed"]) >= 0.4, "{slots}");
}

#[test]
fn people_read_it_too() {
    let sandbox = recorded();
    let listed = sandbox.run(&["replay"]).expect(0);
    assert_eq!(listed.lines().count(), 1, "{listed}");
    assert!(listed.contains("  succeeded  ") && listed.ends_with("[SANDBOX]/t.pkr.hcl\n"), "{listed}");
    let id = listed.split(' ').next().unwrap();
    let list: serde_json::Value = serde_json::from_str(&sandbox.run(&["replay", "-json"]).expect(0)).unwrap();
    assert_eq!(list["format_version"], "1.0");
    let run = &list["runs"][0];
    assert_eq!([&run["run"], &run["state"]], [&serde_json::json!(id), &serde_json::json!("succeeded")]);
    assert!(run["nodes"].as_u64() > Some(0) && run["seconds"].as_f64() > Some(0.0), "{run}");
    let text = sandbox.run(&["replay", "--parallel-builds=2", &id[..8]]).expect(0);
    assert_eq!(text, sandbox.run(&["replay", &id[..8], "--parallel-builds", "2"]).expect(0), "flags may come later");
    assert!(text.starts_with(&format!("Run {id} of [SANDBOX]/t.pkr.hcl, ")), "{text}");
    for part in [
        "\nrecorded: ",
        "\nreplayed: ",
        "\nwith other limits: ",
        " % less)\n  limits      builds = 2\n",
        "  bottleneck  pool \"builds\", waited for ",
        "  critical    web.null.",
    ] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
}

#[test]
fn what_cannot_be_replayed_is_said() {
    let text = Sandbox::new().run(&["replay"]).expect(0);
    assert_eq!(text, "No run is recorded in [SANDBOX]/.local/state/packer.\n");
    let sandbox = recorded();
    for (args, why) in [
        (&["replay", "nobody"][..], "Error: no run \"nobody\" is recorded in [SANDBOX]/.local/state/packer;"),
        (&["replay", "--pool=gpu=1", "last"], "Error: the run has no pool \"gpu\"; it has \"builds\", \"slots\""),
        (
            &["replay", "--pool=gpu=x", "last"],
            "invalid value \"gpu=x\" for flag -pool: the capacity is no whole number",
        ),
        (&["replay", "-max-parallel=2"], "name a run for these flags: an id, the beginning of one, or last"),
        (&["replay", "last", "last"], "Usage: packer replay [options] [RUN]"),
    ] {
        let text = sandbox.run(args).expect(1);
        assert!(text.contains(why), "{why:?} is missing in:\n{text}");
    }
    let runs = sandbox.path(".local/state/packer/runs");
    std::fs::write(runs.join("broken.journal"), "no journal at all, whatever it is called").unwrap();
    let text = sandbox.run(&["replay", "broken"]).expect(1);
    assert!(text.contains("Error: run broken cannot be replayed: "), "{text}");
    assert_eq!(sandbox.run(&["replay"]).expect(0).lines().count(), 2, "the other run is still listed");
}

#[test]
fn failures_fail_again_and_runs_that_were_killed_are_completed() {
    let sandbox = Sandbox::with_template(FOUR);
    sandbox.write("fail", "");
    sandbox.run(&["build", "-parallel-builds=1", "t.pkr.hcl"]).expect(1);
    assert!(sandbox.run(&["replay"]).expect(0).contains("  failed  "));
    let failed = replay(&sandbox, &[]);
    assert_eq!(failed["nodes"], failed["nodes_ended"]);
    assert!(failed["replayed"]["seconds"].as_f64() >= Some(0.8), "{failed}");
    assert!(failed["replayed"]["seconds"].as_f64() <= failed["recorded"]["seconds"].as_f64(), "{failed}");
    let sandbox = Sandbox::with_template(&FOUR.replace("sleep 0.2", "touch started; sleep 600"));
    let mut packer = sandbox.command(&["build", "t.pkr.hcl"]).spawn().unwrap();
    sandbox.wait_for(&["started"]);
    assert!(sandbox.run(&["replay"]).expect(0).contains("  running  "));
    packer.kill().unwrap();
    sandbox.finish(packer).expect(137);
    assert!(sandbox.run(&["replay"]).expect(0).contains("  killed  "));
    let text = sandbox.run(&["replay", "last"]).expect(0);
    let note = "It did not come to its end; what did not end in it takes as long as was expected.\n";
    assert!(text.contains(note) && text.contains("\nreplayed: 1 minute"), "{text}");
}
