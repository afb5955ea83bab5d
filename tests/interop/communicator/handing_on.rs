//! The machine of one plugin in the hands of another.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use engine::Cancel;
use plugins::component::ComponentError;
use serde_json::json;

use super::host::{Machine, handed_on, provision};
use super::memory_machine::MemoryMachine;
use crate::tester::Sdk;

const PAIRS: [(Sdk, Sdk); 3] = [(Sdk::New, Sdk::New), (Sdk::New, Sdk::Old), (Sdk::Old, Sdk::New)];

#[tokio::test]
async fn a_provisioner_does_all_it_can_to_the_machine_of_another_plugin() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(path("tree/sub")).unwrap();
    for (name, content) in [("skript ü.sh", "echo $0; exit 5"), ("tree/a", "a"), ("tree/sub/b", ""), ("tree/no", "no")]
    {
        std::fs::write(path(name), content).unwrap();
    }
    std::fs::set_permissions(path("skript ü.sh"), std::fs::Permissions::from_mode(0o700)).unwrap();
    for (builder, provisioner) in PAIRS {
        let Some(machine) = Machine::boot(builder, &[]).await else { return };
        let config = json!({
            "upload": [
                { "source": path("skript ü.sh"), "destination": "skript ü.sh" },
                { "content": "", "destination": "leer" },
                { "size": "20MiB", "destination": "zeros" },
            ],
            "upload_dir": [{ "source": path("tree"), "destination": ".", "exclude": ["no"] }],
            "stdin": "input ü\n",
            "run": ["cat", "sh 'skript ü.sh'", "cat tree/a; ls tree | wc -l >&2", "cat leer zeros | wc -c"],
            "valid_exit_codes": [5],
            "download": [{ "source": "zeros", "destination": path("zeros") }, { "source": "leer" }],
            "download_dir": [{ "source": "tree/", "destination": path("back"), "exclude": ["sub"] }],
        });
        let (result, mut said) = provision(provisioner, config, machine.communicator.clone()).await.unwrap();
        assert_eq!(result, Ok(()));
        said.sort();
        assert_eq!(
            said,
            ["Error 2", "Say 20971520", "Say a", "Say input ü", "Say leer has 0 bytes", "Say skript ü.sh"],
        );
        let mode = std::fs::metadata(machine.disk.join("skript ü.sh")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert!(std::fs::read(path("zeros")).unwrap() == vec![0; 20 << 20]);
        assert_eq!(std::fs::read_dir(path("back")).unwrap().count(), 1);
        assert_eq!(std::fs::metadata(machine.disk.join("tree/sub/b")).unwrap().len(), 0);
        machine.finish().await.unwrap();
    }
}

#[tokio::test]
async fn errors_pass_through_unchanged() {
    for (builder, provisioner) in PAIRS {
        for (fault, config) in [
            ("command", json!({ "run": ["true"] })),
            ("upload", json!({ "upload": [{ "size": "64MiB", "destination": "x" }] })),
            ("download", json!({ "download": [{ "source": "x" }] })),
            ("uploaddir", json!({ "upload_dir": [{ "source": "/x", "destination": "x" }] })),
            ("downloaddir", json!({ "download_dir": [{ "source": "x", "destination": "/x" }] })),
        ] {
            let words = format!("error:{fault}:geht nicht: \u{1f600}");
            let Some(machine) = Machine::boot(builder, &[&words]).await else { return };
            let (result, _) = provision(provisioner, config, machine.communicator.clone()).await.unwrap();
            assert_eq!(result, Err("geht nicht: \u{1f600}".to_owned()), "{fault}");
            machine.finish().await.unwrap();
        }
    }
}

#[tokio::test]
async fn ten_thousand_small_files_pass() {
    let folder = tempfile::tempdir().unwrap();
    for nth in 0..10_000 {
        std::fs::write(folder.path().join(format!("{nth}")), format!("{nth}")).unwrap();
    }
    let Some(machine) = Machine::boot(Sdk::New, &[]).await else { return };
    let source = format!("{}/", folder.path().display());
    let config = json!({
        "upload_dir": [{ "source": source, "destination": "files" }],
        "run": ["cat files/* | wc -c"],
    });
    let (result, said) = provision(Sdk::New, config, machine.communicator.clone()).await.unwrap();
    assert_eq!(result, Ok(()));
    assert_eq!(said, ["Say 38890"]);
    // One by one, each with a stream of its own.
    let relayed = handed_on(machine.communicator.clone()).await;
    let uploads: Vec<_> = (0..20_usize)
        .map(|lane| {
            let communicator = relayed.clone();
            tokio::spawn(async move {
                for nth in (0..10_000).skip(lane).step_by(20) {
                    let (name, content) = (format!("files/{nth}"), format!("again {nth}"));
                    communicator.upload(&name, &mut content.as_bytes(), None, &Cancel::new()).await.unwrap();
                }
            })
        })
        .collect();
    for upload in uploads {
        upload.await.unwrap();
    }
    for nth in 0..10_000 {
        let content = std::fs::read_to_string(machine.disk.join(format!("files/{nth}"))).unwrap();
        assert_eq!(content, format!("again {nth}"));
    }
    machine.finish().await.unwrap();
}

#[tokio::test]
async fn a_machine_of_ours_is_handed_on_as_often_as_one_likes() {
    let machine = Arc::new(MemoryMachine::default());
    let far = handed_on(handed_on(handed_on(machine.clone()).await).await).await;
    let (content, cancel) = (vec![7; 1 << 20], Cancel::new());
    far.upload("file", &mut &content[..], None, &cancel).await.unwrap();
    assert!(machine.files.lock().unwrap()["file"] == (content.clone(), None));
    let mut back = Vec::new();
    far.download("file", &mut back, &cancel).await.unwrap();
    assert!(back == content);
    let failure = far.download("none", &mut Vec::new(), &cancel).await;
    assert_eq!(failure, Err(ComponentError::new("none: no such file")));
}
