//! Builds on a Windows machine over WinRM: what provisioners do there, and each option in a build that comes out differently
//! without it.

use rustix::process::{Pid, Signal, kill_process};

use crate::sandbox::Sandbox;
use crate::winrm_machine::{Machine, Setup, Trouble};

/// A build of the machine with the right user and password, more options, and steps.
fn template(machine: &Machine, options: &str, steps: &str) -> String {
    let port = machine.port;
    format!(
        "source \"null\" \"m\" {{\n  communicator = \"winrm\"\n  winrm_host = \"127.0.0.1\"\n  winrm_port = {port}\n  \
         winrm_username = \"Administrator\"\n  winrm_password = \"correct horse\"\n  {options}\n}}\nbuild {{\n  \
         sources = [\"null.m\"]\n{steps}}}\n"
    )
}

fn build(sandbox: &Sandbox, text: &str, code: i32) -> String {
    sandbox.write("t.pkr.hcl", text);
    sandbox.run(&["build", "-color=false", "t.pkr.hcl"]).expect(code)
}

/// The template with an option in place of the one it has.
fn instead(machine: &Machine, option: &str, more: &str) -> String {
    let (name, _) = option.split_once(" = ").unwrap();
    let text = template(machine, more, ECHO);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().starts_with(name)).collect();
    lines.join("\n").replacen("{\n", &format!("{{\n  {option}\n"), 1)
}

const ECHO: &str = "  provisioner \"windows-shell\" { inline = [\"echo hello\"] }\n";

#[test]
fn provisioners_run_scripts_and_move_files() {
    let machine = Machine::start(Setup::default());
    let sandbox = Sandbox::new();
    sandbox.write("conf/a.txt", "a");
    sandbox.write("conf/sub/b.txt", "b");
    sandbox.write("run.ps1", "Write-Host from a file $env:GREETING\nexit 3\n");
    let steps = r#"
  provisioner "file" {
    source = "conf"
    destination = "C:/app"
  }
  provisioner "windows-shell" {
    environment_vars = ["NAME=world"]
    inline = ["echo hello %NAME% of %PACKER_BUILD_NAME%", "complain loudly"]
  }
  provisioner "powershell" {
    inline = ["Write-Host inline"]
  }
  provisioner "powershell" {
    script = "run.ps1"
    execute_command = "powershell -file {{.Path}}"
    valid_exit_codes = [3]
  }
  provisioner "file" {
    direction = "download"
    source = "C:/app/conf/sub/b.txt"
    destination = "back/b.txt"
  }
"#;
    let output = build(&sandbox, &template(&machine, "", steps), 0);
    for line in [
        "==> null.m: Using WinRM communicator to connect: 127.0.0.1",
        "==> null.m: Waiting for WinRM to become available...",
        "null.m: WinRM connected.",
        "==> null.m: Connected to WinRM!",
        "null.m: hello world of m",
        "null.m: loudly",
        "null.m: inline",
        "null.m: from a file",
    ] {
        assert!(output.contains(line), "{line}: {output}");
    }
    assert_eq!(machine.disk().read("c:\\app\\conf\\a.txt").as_deref(), Some(&b"a"[..]));
    assert_eq!(sandbox.read("back/b.txt"), "b");
    assert_eq!(machine.n_shells(), 0);
    let failing = "  provisioner \"windows-shell\" { inline = [\"exit 5\"] }\n";
    let output = build(&sandbox, &template(&machine, "", failing), 1);
    assert!(output.contains("Script exited with non-zero exit status: 5"), "{output}");
}

#[test]
fn a_machine_is_restarted_and_waited_for() {
    let mut n_lost = 0;
    // The connection breaks when the machine is asked whether it restarts.
    let machine = Machine::with_trouble(Setup::default(), move |seen| {
        n_lost += usize::from(seen.line.contains("restart test") || n_lost > 0);
        if n_lost == 2 { Trouble::HangUp } else { Trouble::None }
    });
    let steps = format!("  provisioner \"windows-restart\" {{}}\n{ECHO}");
    let output = build(&Sandbox::new(), &template(&machine, "winrm_use_ntlm = true", &steps), 0);
    for line in ["null.m: Restarting Machine", "Machine successfully restarted, moving on", "null.m: hello"] {
        assert!(output.contains(line), "{line}: {output}");
    }
}

#[test]
fn who_logs_in_and_how() {
    let machine = Machine::start(Setup::default());
    build(&Sandbox::new(), &template(&machine, "", ECHO), 0);
    assert!(machine.seen().iter().all(|seen| !seen.is_sealed));
    let short = "winrm_timeout = \"300ms\"";
    for option in ["winrm_username = \"nobody\"", "winrm_password = \"wrong horse\""] {
        let output = build(&Sandbox::new(), &instead(&machine, option, short), 1);
        assert!(output.contains("in with this password. Check winrm_username and winrm_password"), "{output}");
        assert!(output.contains("Timeout waiting for WinRM.") && !output.contains("horse"), "{output}");
    }
    let machine = Machine::start(Setup { basic: false, ..Setup::default() });
    let output = build(&Sandbox::new(), &template(&machine, "winrm_use_ntlm = true", ECHO), 0);
    assert!(output.contains("null.m: hello"), "{output}");
    assert!(machine.seen().iter().all(|seen| seen.is_sealed));
    build(&Sandbox::new(), &template(&machine, short, ECHO), 1);
}

#[test]
fn where_the_machine_is() {
    let machine = Machine::start(Setup::default());
    let short = "winrm_timeout = \"300ms\"";
    for option in ["winrm_port = 1", "winrm_host = \"127.0.0.2\""] {
        let output = build(&Sandbox::new(), &instead(&machine, option, short), 1);
        assert!(output.contains("The last try within 300ms failed: connection refused"), "{output}");
    }
    let safe = Machine::start(Setup { tls: true, ..Setup::default() });
    let any = "winrm_use_ssl = true\n  winrm_insecure = true";
    assert!(build(&Sandbox::new(), &template(&safe, any, ECHO), 0).contains("null.m: hello"));
    let trusting = format!("winrm_use_ssl = true\n  {short}");
    let output = build(&Sandbox::new(), &template(&safe, &trusting, ECHO), 1);
    assert!(output.contains("Set winrm_insecure = true to take any certificate"), "{output}");
    build(&Sandbox::new(), &template(&safe, &format!("winrm_insecure = true\n  {short}"), ECHO), 1);
}

#[test]
fn proxies_and_pauses() {
    let machine = Machine::start(Setup::default());
    let far = "winrm_host = \"machine.invalid\"";
    let mut sandbox = Sandbox::new();
    sandbox.set("HTTP_PROXY", &format!("http://127.0.0.1:{}", machine.port));
    assert!(build(&sandbox, &instead(&machine, far, ""), 0).contains("null.m: hello"));
    let direct = "winrm_no_proxy = true\n  winrm_timeout = \"300ms\"";
    assert!(build(&sandbox, &instead(&machine, far, direct), 1).contains("Timeout waiting for WinRM."));
    let output = build(&Sandbox::new(), &template(&machine, "pause_before_connecting = \"10ms\"", ECHO), 0);
    assert!(output.contains("Pausing 10ms before connecting..."), "{output}");
    assert_eq!(output.matches("Connected to WinRM!").count(), 2);
}

#[test]
fn an_interrupted_build_leaves_nothing_on_the_machine() {
    let machine = Machine::start(Setup::default());
    let steps = "  provisioner \"windows-shell\" { inline = [\"wait\"] }\n";
    let sandbox = Sandbox::with_template(&template(&machine, "", steps));
    let child = sandbox.command(&["build", "-color=false", "t.pkr.hcl"]).spawn().unwrap();
    machine.wait_until("the script runs", |machine| {
        let seen = machine.seen();
        let begun = seen.iter().position(|seen| seen.line.contains("script.bat"));
        begun.is_some_and(|begun| seen[begun..].iter().any(|seen| seen.action == "Receive"))
    });
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    sandbox.finish(child).expect(1);
    assert_eq!((machine.n_terminated(), machine.n_shells()), (1, 0));
}

#[test]
fn a_machine_that_is_lost_fails_the_build_and_says_so() {
    let mut is_running = false;
    let machine = Machine::with_trouble(Setup::default(), move |seen| {
        is_running |= seen.line.contains("script.bat");
        if is_running && seen.action == "Receive" { Trouble::HangUp } else { Trouble::None }
    });
    let output = build(&Sandbox::new(), &template(&machine, "", ECHO), 1);
    assert!(output.contains("Script exited with non-zero exit status: 2300218"), "{output}");
}

#[test]
fn legacy_templates_reach_machines_too() {
    let machine = Machine::start(Setup { basic: false, ..Setup::default() });
    let sandbox = Sandbox::new();
    let template = format!(
        r#"{{"builders": [{{"type": "null", "name": "m", "communicator": "winrm", "winrm_host": "127.0.0.1",
        "winrm_port": "{}", "winrm_username": "Administrator", "winrm_password": "{{{{user `password`}}}}",
        "winrm_use_ntlm": true, "winrm_timeout": "1m", "winrm_no_proxy": "true"}}],
        "variables": {{"password": "correct horse"}}, "sensitive-variables": ["password"],
        "provisioners": [{{"type": "windows-shell", "inline": ["echo correct horse battery"]}}]}}"#,
        machine.port
    );
    sandbox.write("t.json", template);
    let output = sandbox.run(&["build", "-color=false", "t.json"]).expect(0);
    assert!(output.contains("m: <sensitive> battery"), "{output}");
}

#[test]
fn neither_password_nor_login_is_logged() {
    let machine = Machine::start(Setup::default());
    for option in ["winrm_use_ntlm = true", "winrm_use_ntlm = false"] {
        let mut sandbox = Sandbox::new();
        sandbox.set("PACKER_LOG", "1");
        sandbox.write("t.pkr.hcl", template(&machine, option, ECHO));
        let output = sandbox.run(&["build", "-color=false", "t.pkr.hcl"]);
        assert!(output.stdout.contains("null.m: hello"), "{output:?}");
        for secret in ["correct horse", "QWRtaW5pc3RyYXRvcjpjb3JyZWN0", "TlRMTVNTUAAD"] {
            assert!(!output.stdout.contains(secret) && !output.stderr.contains(secret), "{secret}: {output:?}");
        }
    }
}
