//! What goes where, and what happens when it does not get there.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use engine::{Cancel, CancelPhase};
use planner::value::{Type, Value};

use super::FileProvisioner;
use crate::builtin::fixtures::{RecordingUi, context_in};
use crate::component::{BuildData, Communicator, ComponentError, Provisioner};
use crate::remote::tests::local_machine::LocalMachine;
use crate::remote::tests::scripted_machine::{Answer, ScriptedMachine};

type Config<'a> = &'a [(&'static str, Value)];

async fn provision(
    folder: &Path,
    config: Config<'_>,
    machine: Arc<dyn Communicator>,
    ui: Arc<RecordingUi>,
    cancel: &Cancel,
) -> Result<(), ComponentError> {
    let mut file = FileProvisioner::default();
    file.prepare(&Value::object(config.iter().cloned()), &context_in(folder)).await?;
    let data = BuildData::from([("ID".to_owned(), Value::string("i-1"))]);
    file.provision(ui, machine, &data, cancel).await
}

fn text(name: &'static str, text: &str) -> (&'static str, Value) {
    (name, Value::string(text))
}

/// Runs with a scripted machine in a folder that holds `a`, `b` and the folder `d`.
async fn run(config: Config<'_>) -> (Result<(), String>, Arc<ScriptedMachine>, Vec<String>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), "text of a").unwrap();
    std::fs::write(folder.path().join("b"), "text of b").unwrap();
    std::fs::set_permissions(folder.path().join("b"), std::fs::Permissions::from_mode(0o750)).unwrap();
    std::fs::create_dir(folder.path().join("d")).unwrap();
    let (machine, ui) = (Arc::new(ScriptedMachine::default()), Arc::new(RecordingUi::default()));
    let result = provision(folder.path(), config, machine.clone(), ui.clone(), &Cancel::new()).await;
    (result.map_err(|error| error.to_string()), machine, ui.said(), folder)
}

#[tokio::test]
async fn files_go_up_with_their_permissions() {
    let both = ("sources", Value::strings(["a", "b"]));
    type Row<'a> = (Vec<(&'static str, Value)>, &'a [&'a str], &'a [&'a str]);
    let rows: [Row<'_>; 5] = [
        (vec![text("source", "b"), text("destination", "/x/y")], &["/x/y 750 text of b"], &["Uploading b => /x/y"]),
        (
            vec![text("source", "./b"), text("destination", "/x/"), text("direction", "upload")],
            &["/x/b 750 text of b"],
            &["Uploading ./b => /x/"],
        ),
        (
            vec![text("source", "b"), ("sources", Value::strings(["a"])), text("destination", "/x/")],
            &["/x/a 644 text of a", "/x/b 750 text of b"],
            &["Uploading a => /x/", "Uploading b => /x/"],
        ),
        (
            vec![both, text("destination", "/{{build `ID`}}/{{build_name}}/")],
            &["/i-1/web/a 644 text of a", "/i-1/web/b 750 text of b"],
            &["Uploading a => /i-1/web/", "Uploading b => /i-1/web/"],
        ),
        (vec![text("destination", "/x")], &[], &[]),
    ];
    for (config, uploads, said) in rows {
        let (result, machine, all_said, _folder) = run(&config).await;
        assert_eq!(result, Ok(()));
        let uploaded = machine.uploads.lock().unwrap();
        let seen = uploaded
            .iter()
            .map(|(path, bytes, mode)| format!("{path} {:o} {}", mode.unwrap(), String::from_utf8_lossy(bytes)));
        assert_eq!(seen.collect::<Vec<_>>(), uploads);
        assert_eq!(all_said, said.iter().map(|line| format!("say: {line}")).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn folders_go_up_whole_or_by_what_is_in_them() {
    for (source, slash) in [("d", ""), ("d/", "/"), ("./d/", "/")] {
        let (result, machine, _, folder) = run(&[text("source", source), text("destination", "/x")]).await;
        assert_eq!(result, Ok(()));
        assert_eq!(machine.commands(), [format!("upload_dir {}{slash} /x", folder.path().join("d").display())]);
    }
}

#[tokio::test]
async fn content_becomes_a_file_and_leaves_none_here() {
    for (destination, expected) in [("/x/y", "/x/y"), ("/x/", "/x/pkr-file-content")] {
        let config = [text("content", "of {{build_name}}\n"), text("destination", destination)];
        let (result, machine, said, folder) = run(&config).await;
        assert_eq!((result, said), (Ok(()), vec![format!("say: Uploading content => {destination}")]));
        let uploads = machine.uploads.lock().unwrap();
        let (path, bytes, mode) = &uploads[0];
        assert!(path.starts_with(expected) && (destination.ends_with('/') || path == expected), "{path}");
        assert_eq!((bytes.as_slice(), *mode), (&b"of web\n"[..], Some(0o600)));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}

#[tokio::test]
async fn files_come_down() {
    type Row<'a> = (&'a [&'a str], &'a str, &'a [(&'a str, &'a str)], &'a [&'a str]);
    let rows: [Row<'_>; 4] = [
        (&["/r/f"], "here", &[("here", "content of /r/f")], &["/r/f => here"]),
        (&["/r/f"], "new/deep/", &[("new/deep/f", "content of /r/f")], &["/r/f => new/deep/f"]),
        (
            &["/r/f", "C:\\r\\g"],
            "new/",
            &[("new/f", "content of /r/f"), ("new/g", "content of C:\\r\\g")],
            &["/r/f => new/f", "C:\\r\\g => new/g"],
        ),
        (&["/r/{{build `ID`}}"], "p/q", &[("p/q", "content of /r/i-1")], &["/r/i-1 => p/q"]),
    ];
    for (sources, destination, files, said) in rows {
        let config = [
            ("sources", Value::strings(sources.iter().copied())),
            text("destination", destination),
            text("direction", "download"),
        ];
        let (result, _, all_said, folder) = run(&config).await;
        assert_eq!(result, Ok(()));
        for (file, content) in files {
            assert_eq!(std::fs::read_to_string(folder.path().join(file)).unwrap(), *content);
        }
        assert_eq!(all_said, said.iter().map(|line| format!("say: Downloading {line}")).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn folders_come_down_and_what_is_named_after_them_as_well() {
    let config = [
        ("sources", Value::strings(["/r/", "/logs/*.log", "/r/f"])),
        text("destination", "new/"),
        text("direction", "download"),
    ];
    let (result, machine, _, folder) = run(&config).await;
    assert_eq!(result, Ok(()));
    let new = folder.path().join("new/");
    let new = new.display();
    assert_eq!(machine.commands(), [format!("download_dir /r/ {new}"), format!("download_dir /logs/*.log {new}")]);
    assert_eq!(std::fs::read_to_string(folder.path().join("new/f")).unwrap(), "content of /r/f");
}

#[tokio::test]
async fn there_and_back_on_a_machine_that_works() {
    let (machine, folder) = (Arc::new(LocalMachine::new(true)), tempfile::tempdir().unwrap());
    let content: Vec<u8> = (0..1_000_000_u32).map(|number| number.to_le_bytes()[1]).collect();
    std::fs::write(folder.path().join("big"), &content).unwrap();
    let there = machine.home().join("there").display().to_string();
    let up = [text("source", "big"), text("destination", &there)];
    let down = [text("source", &there), text("destination", "back"), text("direction", "download")];
    provision(folder.path(), &up, machine.clone(), Arc::default(), &Cancel::new()).await.unwrap();
    provision(folder.path(), &down, machine.clone(), Arc::default(), &Cancel::new()).await.unwrap();
    assert_eq!(std::fs::read(folder.path().join("back")).unwrap(), content);
}

#[tokio::test]
async fn rules() {
    let (source, destination) = (text("source", "a"), text("destination", "/x"));
    type Row<'a> = (Vec<(&'static str, Value)>, &'a [&'a str]);
    let rows: [Row<'_>; 7] = [
        (vec![source.clone()], &["Destination must be specified."]),
        (
            vec![source.clone(), destination.clone(), text("direction", "sideways")],
            &["Direction must be one of: download, upload."],
        ),
        (vec![source.clone(), destination.clone(), text("content", "c")], &["source(s) conflicts with content."]),
        (
            vec![("sources", Value::strings(["a"])), destination.clone(), text("content", "c")],
            &["source(s) conflicts with content."],
        ),
        (
            vec![text("content", "c"), destination.clone(), text("direction", "download")],
            &["content is for uploads: to download, name a source."],
        ),
        (
            vec![("sources", Value::strings(["a", "gone"])), text("source", "away"), destination.clone()],
            &[
                "Bad source 'gone': stat gone: no such file or directory",
                "Bad source 'away': stat away: no such file or directory",
            ],
        ),
        (vec![], &["Destination must be specified."]),
    ];
    for (config, expected) in rows {
        let bullets: Vec<String> = expected.iter().map(|fault| format!("* {fault}")).collect();
        let text = format!("{} error(s) occurred:\n\n{}", expected.len(), bullets.join("\n"));
        assert_eq!(run(&config).await.0, Err(text));
    }
    let unknown = [("source", Value::Unknown(Type::String)), destination.clone()];
    let mut file = FileProvisioner::default();
    assert!(file.prepare(&Value::object(unknown), &context_in(Path::new("/"))).await.is_ok());
}

#[tokio::test]
async fn what_is_made_later_is_looked_for_later() {
    let config = [text("source", "gone"), text("destination", "/x"), ("generated", Value::Bool(true))];
    let (result, machine, _, _folder) = run(&config).await;
    assert_eq!(result, Err("Bad source 'gone': stat gone: no such file or directory".to_owned()));
    assert!(machine.paths().is_empty());
    let (result, ..) = run(&[text("source", "{{build `ID`}}"), text("destination", "/x")]).await;
    assert_eq!(result, Err("Bad source 'i-1': stat i-1: no such file or directory".to_owned()));
}

#[tokio::test]
async fn failures_are_said() {
    let hint = "; this can occur when your file destination is a folder without a trailing slash.";
    let rows = [
        (text("source", "a"), "upload", "disk full", "Upload failed: disk full".to_owned()),
        (text("source", "d"), "upload", "disk full", "Upload failed: disk full".to_owned()),
        (text("content", "c"), "upload", "disk full", "Upload failed: disk full".to_owned()),
        (
            text("source", "a"),
            "upload",
            "Error restoring file x",
            format!("Upload failed: Error restoring file x{hint}"),
        ),
        (text("source", "a"), "download", "no such file", "Download failed: no such file".to_owned()),
        (text("source", "d/"), "download", "no such file", "Download failed: no such file".to_owned()),
    ];
    for (what, direction, failure, said) in rows {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), "a").unwrap();
        std::fs::create_dir(folder.path().join("d")).unwrap();
        let ui = Arc::new(RecordingUi::default());
        let machine = Arc::new(ScriptedMachine::answering(&[], &[Answer::Refuses(failure)]));
        let config = [what, text("destination", "x"), text("direction", direction)];
        let result = provision(folder.path(), &config, machine, ui.clone(), &Cancel::new()).await;
        assert_eq!(result, Err(ComponentError::new(failure)));
        assert_eq!(ui.said()[1], format!("error: {said}"));
        assert!(!folder.path().join("x").exists());
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let config = [text("source", "/r/f"), text("destination", "a/b/"), text("direction", "download")];
    let (result, _, _, folder) = run(&config).await;
    let place = folder.path().join("a/b");
    assert_eq!(result, Err(format!("cannot make the folder {}: not a directory", place.display())));
}

#[tokio::test(start_paused = true)]
async fn transfers_end_when_the_run_does() {
    for (what, direction) in [
        (text("source", "/etc/passwd"), "upload"),
        (text("content", "c"), "upload"),
        (text("source", "/r"), "download"),
    ] {
        let (folder, cancel) = (tempfile::tempdir().unwrap(), Cancel::new());
        let ui = Arc::new(RecordingUi::default());
        let machine = Arc::new(ScriptedMachine::answering(&[], &[Answer::Hangs]));
        let config = [what, text("destination", "x"), text("direction", direction)];
        let stop = async {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            cancel.raise(CancelPhase::Stopping);
        };
        let (result, ()) = tokio::join!(provision(folder.path(), &config, machine, ui.clone(), &cancel), stop);
        assert_eq!((result, ui.said().len()), (Err(ComponentError::Cancelled), 1));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
