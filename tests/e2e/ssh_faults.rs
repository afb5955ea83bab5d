//! Machines that fail, and runs that are stopped at each stage.

use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};

use crate::relay::Relay;
use crate::sandbox::Sandbox;
use crate::ssh::{shell, template};
use crate::sshd::{Sshd, sshd};

fn start(sandbox: &Sandbox, machine: &Sshd, options: &str, steps: &str) -> Child {
    sandbox.write("t.pkr.hcl", template(machine, options, steps));
    sandbox.command(&["build", "-color=false", "t.pkr.hcl"]).spawn().unwrap()
}

/// Waits for a file on the machine.
fn until(machine: &Sshd, name: &str) {
    let path = machine.home().join(name);
    let began = std::time::Instant::now();
    while !path.exists() {
        assert!(began.elapsed().as_secs() < 60, "{name} does not appear");
        std::thread::yield_now();
    }
}

#[test]
fn a_run_is_stopped_while_it_waits_for_the_machine() {
    let Some(machine) = sshd("") else { return };
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let sandbox = Sandbox::new();
    let port = format!("ssh_port = {}", silent.local_addr().unwrap().port());
    let child = start(&sandbox, &machine, &port, "");
    // It is being talked to.
    let _accepted = silent.accept().unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = sandbox.finish(child).expect(1);
    assert!(output.contains("Cleanly cancelled builds after being interrupted."), "{output}");
}

#[test]
fn a_run_is_stopped_in_a_script_which_ends_and_is_removed() {
    let Some(machine) = sshd("") else { return };
    let sandbox = Sandbox::new();
    // The signal hits what the shell runs as well, which must not end the script before the trap does.
    let steps = "  provisioner \"shell\" {\n    remote_folder = \".\"\n    inline = [\"trap 'touch ended; exit 1' TERM\", \
                 \"touch begun || true\", \"while :; do sleep 0.1 || true; done\"]\n  }\n  error-cleanup-provisioner \"shell\" { inline = \
                 [\"touch cleaned\"] }\n";
    let child = start(&sandbox, &machine, "", steps);
    until(&machine, "begun");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = sandbox.finish(child).expect(1);
    assert!(output.contains("Cleanly cancelled builds after being interrupted."), "{output}");
    until(&machine, "ended");
    let left = std::fs::read_dir(machine.home()).unwrap();
    let left: Vec<_> = left
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name.to_string_lossy().starts_with("script_"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_run_is_stopped_in_an_upload() {
    let Some(machine) = sshd("") else { return };
    let sandbox = Sandbox::new();
    // More than is sent in the time that it takes to stop, without a byte on any disk here.
    std::fs::File::create(sandbox.path("large")).unwrap().set_len(1 << 36).unwrap();
    let steps = "  provisioner \"file\" {\n    source = \"large\"\n    destination = \"/dev/null\"\n  }\n"
        .replace("/dev/null", "begun");
    for method in ["scp", "sftp"] {
        let _ = std::fs::remove_file(machine.home().join("begun"));
        let child = start(&sandbox, &machine, &format!("ssh_file_transfer_method = \"{method}\""), &steps);
        until(&machine, "begun");
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
        let output = sandbox.finish(child).expect(1);
        assert!(output.contains("Cleanly cancelled builds after being interrupted."), "{method}: {output}");
        std::fs::remove_file(machine.home().join("begun")).unwrap();
    }
}

#[test]
fn a_connection_cut_in_a_command_is_a_disconnect() {
    let Some(machine) = sshd("") else { return };
    for (expected, code) in [("expect_disconnect = true", 0), ("valid_exit_codes = [0, 2300218]", 0), ("", 1)] {
        let (sandbox, relay) = (Sandbox::new(), Relay::to(machine.port));
        let steps = format!(
            "  provisioner \"shell\" {{\n    {expected}\n    inline = [\"touch begun\", \"sleep 600\"]\n  }}\n"
        ) + &shell(&["echo after"]);
        let child = start(&sandbox, &machine, &format!("ssh_port = {}", relay.port), &steps);
        until(&machine, "begun");
        std::fs::remove_file(machine.home().join("begun")).unwrap();
        relay.cut();
        let output = sandbox.finish(child).expect(code);
        let said = if code == 0 { "null.m: after" } else { "Script disconnected unexpectedly." };
        assert!(output.contains(said), "{expected}: {output}");
    }
}

/// As when a machine restarts: the next script waits for it.
#[test]
fn a_machine_that_restarts_is_waited_for() {
    let Some(mut machine) = sshd("") else { return };
    let sandbox = Sandbox::new();
    let steps = "  provisioner \"shell\" {\n    expect_disconnect = true\n    inline = [\"touch begun\", \"sleep 600\"]\n  }\n  \
                 provisioner \"shell\" {\n    start_retry_timeout = \"1m\"\n    inline = [\"echo after\"]\n  }\n";
    let child = start(&sandbox, &machine, "", steps);
    until(&machine, "begun");
    machine.stop();
    machine.start();
    let output = sandbox.finish(child).expect(0);
    assert!(output.contains("null.m: after"), "{output}");
}

#[test]
fn a_machine_that_does_not_come_back_is_waited_for_no_longer_than_set() {
    let Some(mut machine) = sshd("") else { return };
    let sandbox = Sandbox::new();
    let steps = "  provisioner \"shell\" {\n    expect_disconnect = true\n    skip_clean = true\n    inline = [\"touch begun\", \"sleep 600\"]\n  }\n  \
                 provisioner \"shell\" {\n    start_retry_timeout = \"1s\"\n    inline = [\"echo after\"]\n  }\n";
    let child = start(&sandbox, &machine, "", steps);
    until(&machine, "begun");
    machine.stop();
    let output = sandbox.finish(child).expect(1);
    let named = format!(
        "dial tcp 127.0.0.1:{0}: connection refused (provisioner \"shell\", null.m/provision[1], machine 127.0.0.1:{0})",
        machine.port
    );
    assert!(output.contains(&named), "{output}");
}

#[test]
fn a_full_disk_on_the_machine_and_a_script_that_cannot_be_read() {
    let Some(machine) = sshd("") else { return };
    let sandbox = Sandbox::new();
    sandbox.write("large", vec![1; 1 << 20]);
    let steps = format!(
        "  provisioner \"file\" {{\n    source = \"large\"\n    destination = \"{}/f\"\n  }}\n",
        machine.full().display()
    );
    for (method, said) in [("scp", "No space left on device"), ("sftp", "sftp: cannot write ")] {
        let child = start(&sandbox, &machine, &format!("ssh_file_transfer_method = \"{method}\""), &steps);
        let output = sandbox.finish(child).expect(1);
        assert!(output.contains(said) && output.contains("machine 127.0.0.1:"), "{method}: {output}");
    }
}
