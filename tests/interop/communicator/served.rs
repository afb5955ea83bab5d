//! A machine of ours, used by a plugin's provisioner.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use plugins::component::FileInfo;
use serde_json::json;

use super::host::provision;
use super::memory_machine::{FolderCopy, MemoryMachine};
use crate::tester::Sdk;

/// What the provisioner `tool` does to a machine, on whichever SDK it stands.
async fn tool(
    config: serde_json::Value,
    machine: &Arc<MemoryMachine>,
) -> Option<Vec<(Result<(), String>, Vec<String>)>> {
    let mut outcomes = Vec::new();
    for sdk in [Sdk::New, Sdk::Old] {
        outcomes.push(provision(sdk, config.clone(), machine.clone()).await?);
    }
    Some(outcomes)
}

#[tokio::test]
async fn commands_get_their_input_and_give_their_output_and_status() {
    let machine = Arc::new(MemoryMachine::default());
    let config = json!({
        "run": ["upper", "exit 0", "exit 77", "exit -1", "exit 3221225477"],
        "stdin": "one\nüber\n",
        "valid_exit_codes": [77, -1, 3221225477_i64],
    });
    let Some(outcomes) = tool(config, &machine).await else { return };
    for (result, mut said) in outcomes {
        assert_eq!(result, Ok(()));
        // Standard output and error come in no order.
        said.sort();
        let per_command = ["upper", "exit 0", "exit 77", "exit -1", "exit 3221225477"];
        let mut expected: Vec<String> = per_command.map(|line| format!("Error {line} is done")).to_vec();
        expected.extend(["Say ONE", "Say ÜBER"].repeat(5).into_iter().map(str::to_owned));
        expected.sort();
        assert_eq!(said, expected);
    }
}

#[tokio::test]
async fn commands_that_do_not_start_or_do_not_end_say_so() {
    let machine = Arc::new(MemoryMachine::default());
    for (command, expected) in [
        ("nothing", "sh: nothing: not found \u{1f600}"),
        ("exit 5", "\"exit 5\" ended with status 5"),
        ("fail", "\"fail\" ended with status 123"),
    ] {
        let Some(outcomes) = tool(json!({ "run": [command] }), &machine).await else { return };
        for (result, _) in outcomes {
            assert_eq!(result, Err(expected.to_owned()));
        }
    }
}

#[tokio::test]
async fn files_come_with_what_is_known_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("straße.sh");
    std::fs::write(&source, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(&source, std::fs::Permissions::from_mode(0o750)).unwrap();
    let modified = SystemTime::UNIX_EPOCH + Duration::from_nanos(1_700_000_000_123_456_789);
    std::fs::File::options().write(true).open(&source).unwrap().set_modified(modified).unwrap();
    let config = json!({
        "upload": [
            { "source": source, "destination": "/with info" },
            { "content": "without", "destination": "/without" },
            { "content": "", "destination": "/empty" },
            { "size": "3MiB", "destination": "/zeros" },
        ],
        "download": [
            { "source": "/with info", "destination": folder.path().join("back") },
            { "source": "/zeros" },
            { "source": "/empty" },
        ],
    });
    let machine = Arc::new(MemoryMachine::default());
    let Some(outcomes) = tool(config, &machine).await else { return };
    for (result, said) in outcomes {
        assert_eq!(result, Ok(()));
        assert_eq!(said, ["Say /zeros has 3145728 bytes", "Say /empty has 0 bytes"]);
    }
    assert_eq!(std::fs::read(folder.path().join("back")).unwrap(), b"#!/bin/sh\n");
    let files = machine.files.lock().unwrap();
    let info = FileInfo {
        name: "straße.sh".to_owned(),
        size: 10,
        mode: 0o750,
        modified: Some(jiff::Timestamp::from_nanosecond(1_700_000_000_123_456_789).unwrap()),
    };
    assert_eq!(files["/with info"], (b"#!/bin/sh\n".to_vec(), Some(info)));
    assert_eq!(files["/without"], (b"without".to_vec(), None));
    assert_eq!(files["/empty"], (Vec::new(), None));
    assert_eq!(files["/zeros"], (vec![0; 3 << 20], None));
}

#[tokio::test]
async fn folders_are_copied_by_the_names_that_were_given() {
    let machine = Arc::new(MemoryMachine::default());
    let config = json!({
        "upload_dir": [
            { "source": "from/", "destination": "/to", "exclude": ["a b", "ü/x"] },
            { "source": "from", "destination": "C:\\to" },
        ],
        "download_dir": [{ "source": "/there/", "destination": "here", "exclude": ["x"] }],
    });
    let Some(outcomes) = tool(config, &machine).await else { return };
    for (result, _) in outcomes {
        assert_eq!(result, Ok(()));
    }
    let copy = |is_upload, from: &str, to: &str, exclude: &[&str]| FolderCopy {
        is_upload,
        from: from.to_owned(),
        to: to.to_owned(),
        exclude: exclude.iter().map(|&name| name.to_owned()).collect(),
    };
    let once = [
        copy(true, "from/", "/to", &["a b", "ü/x"]),
        copy(true, "from", "C:\\to", &[]),
        copy(false, "/there/", "here", &["x"]),
    ];
    assert_eq!(*machine.folders.lock().unwrap(), [once.clone(), once].concat());
}

#[tokio::test]
async fn errors_arrive_in_the_words_of_the_machine() {
    let machine = Arc::new(MemoryMachine::default());
    for (config, expected) in [
        // More than anyone takes unread: the sender must not wait for that.
        (json!({ "upload": [{ "size": "64MiB", "destination": "/full/x" }] }), "no space left"),
        (json!({ "download": [{ "source": "/none" }] }), "/none: no such file"),
        (json!({ "upload_dir": [{ "source": "missing", "destination": "x" }] }), "missing: no such folder"),
        (json!({ "download_dir": [{ "source": "missing", "destination": "x" }] }), "missing: no such folder"),
    ] {
        let Some(outcomes) = tool(config, &machine).await else { return };
        for (result, _) in outcomes {
            assert_eq!(result, Err(expected.to_owned()));
        }
    }
}
