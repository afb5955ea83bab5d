//! Real scripts: what they print, how they end, what they leave behind.

use std::path::Path;
use std::sync::Arc;

use engine::{Cancel, CancelPhase};
use planner::value::{Type, Value};

use super::ShellLocalProvisioner;
use crate::builtin::fixtures::{RecordingUi, context_in};
use crate::builtin::none_communicator::NoneCommunicator;
use crate::component::{BuildData, ComponentError, Provisioner, Ui};

type Config<'a> = &'a [(&'static str, Value)];

async fn provision(
    directory: &Path,
    config: Config<'_>,
    ui: Arc<dyn Ui>,
    data: &BuildData,
    cancel: &Cancel,
) -> Result<(), ComponentError> {
    let mut provisioner = ShellLocalProvisioner::default();
    provisioner.prepare(&Value::object(config.iter().cloned()), &context_in(directory)).await?;
    provisioner.provision(ui, Arc::new(NoneCommunicator), data, cancel).await
}

/// Runs in a fresh directory; gives the result and what was said but for the first line, which names the script.
async fn outcome(config: Config<'_>) -> (Result<(), String>, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let ui = Arc::new(RecordingUi::default());
    let result = provision(directory.path(), config, ui.clone(), &BuildData::new(), &Cancel::new()).await;
    let left: Vec<_> = std::fs::read_dir(directory.path()).unwrap().collect();
    assert!(left.is_empty(), "left behind: {left:?}");
    let said = ui.said();
    assert!(said[0].starts_with("say: Running local shell script: /"), "{said:?}");
    (result.map_err(|error| error.to_string()), said[1..].to_vec())
}

fn inline(lines: &[&str]) -> (&'static str, Value) {
    ("inline", Value::strings(lines.iter().copied()))
}

#[tokio::test]
async fn output_and_exit_codes() {
    let codes = ("valid_exit_codes", Value::List(Type::Number, [Value::int(0), Value::int(3)].into()));
    let text = |status: i32, allowed: &str| {
        Err(format!("Script exited with non-zero exit status: {status}. Allowed exit codes are: [{allowed}]"))
    };
    type Row<'a> = (Vec<(&'static str, Value)>, Result<(), String>, &'a [&'a str]);
    let rows: Vec<Row<'_>> = vec![
        (vec![inline(&["echo out", "echo err >&2"])], Ok(()), &["error: err", "say: out"]),
        (vec![inline(&["printf 'a\\n\\nb'"])], Ok(()), &["say: a", "say: ", "say: b"]),
        (vec![inline(&["false", "echo not reached"])], text(1, "0"), &[]),
        (vec![inline(&["exit 3"]), codes.clone()], Ok(()), &[]),
        (vec![inline(&["exit 4"]), codes], text(4, "0 3"), &[]),
        (
            vec![inline(&["kill -9 $$"]), ("execute_command", Value::strings(["{{.Script}}", "direct"]))],
            text(137, "0"),
            &[],
        ),
        (vec![inline(&["echo {{build_name}} {{`{{build_type}}`}}"])], Ok(()), &["say: web null"]),
        (vec![inline(&["read line || echo no input"])], Ok(()), &["say: no input"]),
        (vec![inline(&["a"]), ("inline_shebang", Value::string("/bin/cat"))], Ok(()), &["say: #!/bin/cat", "say: a"]),
        (
            vec![
                ("command", Value::string("echo $0 | sed 's,.*[.],,'")),
                ("tempfile_extension", Value::string(".txt")),
            ],
            Ok(()),
            &["say: txt"],
        ),
        (
            vec![inline(&["echo skipped"]), ("only_on", Value::strings(["windows", go_system()]))],
            Ok(()),
            &["say: skipped"],
        ),
    ];
    for (config, expected, expected_said) in rows {
        let (result, mut said) = outcome(&config).await;
        // The two pipes are not ordered between each other.
        if said.iter().any(|line| line.starts_with("error")) {
            said.sort();
        }
        assert_eq!(
            (result, said),
            (expected, expected_said.iter().map(|line| (*line).to_owned()).collect()),
            "{config:?}"
        );
    }
}

fn go_system() -> &'static str {
    if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS }
}

#[tokio::test]
async fn variables_are_sorted_and_quoted() {
    let config = [
        inline(&["echo \"$A|$B|$C\"", "env | grep ^PACKER_ | sort"]),
        ("environment_vars", Value::strings(["B=it's", "A=first", "C=$(not run)"])),
        ("env", Value::Map(Type::String, Arc::new([(Arc::from("A"), Value::string("wins"))].into()))),
    ];
    let directory = tempfile::tempdir().unwrap();
    let ui = Arc::new(RecordingUi::default());
    let data = BuildData::from([
        ("PackerHTTPAddr".to_owned(), Value::string("10.0.0.1:8000")),
        ("PackerHTTPIP".to_owned(), Value::string("ERR_HTTP_IP_NOT_IMPLEMENTED_BY_BUILDER")),
        ("PackerHTTPPort".to_owned(), Value::int(8000)),
    ]);
    provision(directory.path(), &config, ui.clone(), &data, &Cancel::new()).await.unwrap();
    assert_eq!(
        ui.said()[1..],
        [
            "say: wins|it's|$(not run)",
            "say: PACKER_BUILDER_TYPE=null",
            "say: PACKER_BUILD_NAME=web",
            "say: PACKER_HTTP_ADDR=10.0.0.1:8000",
            "say: PACKER_HTTP_PORT=8000",
        ]
    );
}

#[tokio::test]
async fn the_command_line_can_be_anything() {
    let config = [
        inline(&["unused"]),
        ("execute_command", Value::strings(["sh", "-c", "echo '{{.Vars}}' $0", "{{.Command}}"])),
        ("env_var_format", Value::string("%[2]s=%[1]s;")),
    ];
    let (result, said) = outcome(&config).await;
    assert_eq!(result, Ok(()));
    assert!(said[0].starts_with("say: null=PACKER_BUILDER_TYPE;web=PACKER_BUILD_NAME; /"), "{said:?}");
    let missing = [inline(&["x"]), ("execute_command", Value::strings(["no-such-shell", "{{.Script}}"]))];
    let (result, said) = outcome(&missing).await;
    assert!(result.unwrap_err().starts_with("Error executing script: /"));
    assert_eq!(said, ["error: exec: \"no-such-shell\": executable file not found in $PATH"]);
}

#[tokio::test]
async fn scripts_run_by_their_own_path() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    for (name, text, mode) in [
        ("good.sh", "#!/bin/sh\necho good in $(pwd)\n", 0o755),
        ("plain.sh", "#!/bin/sh\necho never\n", 0o644),
        ("badline.sh", "#!/no/such/interpreter\n", 0o755),
        ("windows.sh", "#!/bin/sh\r\nexit 0\r\n", 0o755),
    ] {
        crate::process::while_nothing_starts(|| std::fs::write(directory.path().join(name), text)).unwrap();
        std::fs::set_permissions(directory.path().join(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let rows = [("good.sh", None), ("plain.sh", Some("126")), ("badline.sh", Some("12")), ("windows.sh", Some("12"))];
    for (script, status) in rows {
        let ui = Arc::new(RecordingUi::default());
        let config = [("scripts", Value::strings([script]))];
        let result = provision(directory.path(), &config, ui.clone(), &BuildData::new(), &Cancel::new()).await;
        let said = ui.said();
        assert_eq!(said[0], format!("say: Running local shell script: {script}"));
        match status {
            None => {
                let place = directory.path().canonicalize().unwrap();
                assert_eq!((result, &said[1..]), (Ok(()), &[format!("say: good in {}", place.display())][..]));
            }
            Some(status) => {
                let error = result.unwrap_err().to_string();
                assert!(error.contains(&format!("exit status: {status}")), "{error}");
                assert!(said[1].starts_with("error: ") && said[1].contains(script), "{said:?}");
            }
        }
    }
}

#[tokio::test]
async fn other_systems_are_skipped() {
    let directory = tempfile::tempdir().unwrap();
    let ui = Arc::new(RecordingUi::default());
    let config = [inline(&["echo no"]), ("only_on", Value::strings(["windows"]))];
    provision(directory.path(), &config, ui.clone(), &BuildData::new(), &Cancel::new()).await.unwrap();
    assert_eq!(ui.said(), ["say: Skipping shell-local due to runtime OS"]);
}

#[tokio::test]
async fn a_missing_temporary_directory_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let gone = directory.path().join("gone");
    let config = [inline(&["true"])];
    let error = provision(&gone, &config, Arc::new(RecordingUi::default()), &BuildData::new(), &Cancel::new())
        .await
        .unwrap_err();
    let expected =
        format!("Error preparing shell script: cannot write to {}: no such file or directory", gone.display());
    assert_eq!(error.to_string(), expected);
}

/// Raises a signal as soon as a script says `ready`.
struct StopWhenReady(Cancel, CancelPhase);

#[async_trait::async_trait]
impl Ui for StopWhenReady {
    fn say(&self, text: &str) {
        if text == "ready" {
            self.0.raise(self.1);
        }
    }

    fn message(&self, _: &str) {}

    fn error(&self, _: &str) {}

    fn machine(&self, _: &str, _: &[String]) {}

    async fn ask(&self, _: &str) -> Result<String, ComponentError> {
        Err(ComponentError::new("no available tty"))
    }
}

#[tokio::test]
async fn cancelling_ends_the_whole_group_and_removes_the_script() {
    let rows = [
        // Ends on being asked to.
        (CancelPhase::Stopping, "sleep 1000 & echo $! > child; echo ready; sleep 1000"),
        // Only the script cleans up, not the shell that started it.
        (
            CancelPhase::Stopping,
            "trap 'touch cleaned; exit 1' TERM; sleep 1000 & echo $! > child; echo ready; while :; do sleep 0.05; done",
        ),
        // Does not, and is killed.
        (CancelPhase::Killing, "trap '' TERM; sleep 1000 & echo $! > child; echo ready; while :; do sleep 1000; done"),
    ];
    for (phase, script) in rows {
        let directory = tempfile::tempdir().unwrap();
        let cancel = Cancel::new();
        let ui = Arc::new(StopWhenReady(cancel.clone(), phase));
        let result = provision(directory.path(), &[inline(&[script])], ui, &BuildData::new(), &cancel).await;
        assert_eq!(result, Err(ComponentError::Cancelled));
        let names: Vec<_> =
            std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), if script.contains("cleaned") { 2 } else { 1 }, "{names:?}");
        let child: i32 = std::fs::read_to_string(directory.path().join("child")).unwrap().trim().parse().unwrap();
        crate::process::tests::assert_ends(child).await;
    }
}

#[tokio::test]
async fn a_stopped_run_starts_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let cancel = Cancel::new();
    cancel.raise(CancelPhase::Stopping);
    let config = [inline(&["touch ran"])];
    let result =
        provision(directory.path(), &config, Arc::new(RecordingUi::default()), &BuildData::new(), &cancel).await;
    assert_eq!(result, Err(ComponentError::Cancelled));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn what_a_script_leaves_running_is_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let ui = Arc::new(RecordingUi::default());
    let config = [inline(&["sleep 1000 & echo $! > child; echo started"])];
    provision(directory.path(), &config, ui.clone(), &BuildData::new(), &Cancel::new()).await.unwrap();
    assert_eq!(ui.said()[1..], ["say: started"]);
    let child: i32 = std::fs::read_to_string(directory.path().join("child")).unwrap().trim().parse().unwrap();
    let child = rustix::process::Pid::from_raw(child).unwrap();
    rustix::process::kill_process(child, rustix::process::Signal::KILL).unwrap();
}

/// Starting a process while another thread has a script open for writing used to make that script "busy".
#[tokio::test(flavor = "multi_thread", worker_threads = 16)]
async fn two_hundred_inline_scripts_at_once() {
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let runs = (0..200).map(|index| {
        let directory = directory.clone();
        tokio::spawn(async move {
            let ui = Arc::new(RecordingUi::default());
            let config = [inline(&["echo", &format!("echo {index}")])];
            let result = provision(directory.path(), &config, ui.clone(), &BuildData::new(), &Cancel::new()).await;
            (result, ui.said()[1..].to_vec(), index)
        })
    });
    for run in futures_util::future::join_all(runs).await {
        let (result, said, index) = run.unwrap();
        assert_eq!((result, said), (Ok(()), vec!["say: ".to_owned(), format!("say: {index}")]));
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}
