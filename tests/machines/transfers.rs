//! Files, both ways, both methods, and what the machine says against it.

use std::fs;
use std::io::Cursor;
use std::os::unix::fs::PermissionsExt;

use engine::{Cancel, CancelPhase};
use plugins::component::{Communicator, ComponentError, FileInfo};
use plugins::ssh::{Settings, SshCommunicator, Transfer};

use crate::sshd::{Sshd, sshd};
use crate::visitor::{Zeros, connect, settings};

const BOTH: [Transfer; 2] = [Transfer::Scp, Transfer::Sftp];

fn by(sshd: &Sshd, transfer: Transfer) -> Settings {
    Settings { transfer, ..settings(sshd) }
}

fn info(name: &str, size: usize, mode: u32) -> FileInfo {
    FileInfo { name: name.to_owned(), size: size as i64, mode, modified: None }
}

async fn upload(machine: &SshCommunicator, path: &str, content: &[u8], info: Option<&FileInfo>) -> Result<(), String> {
    let mut source = content;
    machine.upload(path, &mut source, info, &Cancel::new()).await.map_err(|error| error.to_string())
}

async fn download(machine: &SshCommunicator, path: &str) -> Result<Vec<u8>, String> {
    let mut back = Cursor::new(Vec::new());
    let done = machine.download(path, &mut back, &Cancel::new()).await;
    done.map(|()| back.into_inner()).map_err(|error| error.to_string())
}

#[tokio::test]
async fn content_goes_and_comes_back() {
    let Some(sshd) = sshd("") else { return };
    let noise: Vec<u8> = (0..5_000_000_u32).map(|nth| (nth.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for transfer in BOTH {
        let machine = connect(&by(&sshd, transfer)).await;
        for (name, content) in [("empty", &noise[..0]), ("a b 'é'", &noise[..10]), ("big", &noise)] {
            let path = sshd.home().join(name).display().to_string();
            upload(&machine, &path, content, None).await.unwrap();
            assert!(fs::read(&path).unwrap() == content, "{transfer:?} {name}");
            assert!(download(&machine, &path).await.unwrap() == content, "{transfer:?} {name}");
        }
        upload(&machine, "relative", b"r", Some(&info("x", 1, 0o751))).await.unwrap();
        let written = fs::metadata(sshd.home().join("relative")).unwrap();
        assert_eq!(written.permissions().mode() & 0o777, 0o751, "{transfer:?}");
        // Over a longer file, nothing of the old one stays.
        upload(&machine, "relative", b"", Some(&info("x", 0, 0o751))).await.unwrap();
        assert_eq!(fs::read(sshd.home().join("relative")).unwrap(), b"");
    }
}

#[tokio::test]
async fn what_does_not_work_is_said_in_the_machine_s_words() {
    let Some(sshd) = sshd("") else { return };
    fs::create_dir(sshd.home().join("folder")).unwrap();
    fs::write(sshd.home().join("secret"), "x").unwrap();
    fs::set_permissions(sshd.home().join("secret"), fs::Permissions::from_mode(0o600)).unwrap();
    let much = vec![1; 1024 * 1024];
    let full = sshd.full().join("f").display().to_string();
    for transfer in BOTH {
        let machine = connect(&by(&sshd, transfer)).await;
        let rows = [
            (
                upload(&machine, "/no/where/f", b"x", None).await,
                ["No such file or directory", "no such file or directory"],
            ),
            (upload(&machine, "/root/f", b"x", None).await, ["Permission denied", "permission denied"]),
            (upload(&machine, "folder", b"x", None).await, ["Is a directory", "sftp: cannot create folder: "]),
            (upload(&machine, &full, &much, None).await, ["No space left on device", "sftp: cannot write "]),
            (
                download(&machine, "gone").await.map(drop),
                ["gone: No such file or directory", "sftp: cannot read gone: no such file"],
            ),
            (download(&machine, "secret").await.map(drop), ["Permission denied", "permission denied"]),
        ];
        for (nth, (result, expected)) in rows.into_iter().enumerate() {
            let error = result.unwrap_err();
            assert!(error.contains(expected[usize::from(transfer == Transfer::Sftp)]), "{transfer:?} {nth}: {error}");
        }
        // The connection is as good as before.
        upload(&machine, "after", b"x", None).await.unwrap();
    }
}

/// As one that a group writes together: its permissions are its owner's business.
#[tokio::test]
async fn a_file_of_somebody_else_is_written_and_keeps_its_permissions() {
    let Some(sshd) = sshd("") else { return };
    let machine = connect(&by(&sshd, Transfer::Scp)).await;
    let path = sshd.home().join("others");
    fs::write(&path, "before").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    upload(&machine, "others", b"x", Some(&info("others", 1, 0o600))).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"x");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o666);
}

#[tokio::test]
async fn a_source_that_fails_or_is_shorter_than_announced_fails_the_upload() {
    let Some(sshd) = sshd("") else { return };
    let machine = connect(&by(&sshd, Transfer::Scp)).await;
    let error = upload(&machine, "short", b"abc", Some(&info("short", 5, 0o644))).await.unwrap_err();
    assert_eq!(error, "short has become shorter while it was uploaded");
    upload(&machine, "long", b"abcde", Some(&info("long", 3, 0o644))).await.unwrap();
    assert_eq!(fs::read(sshd.home().join("long")).unwrap(), b"abc");
}

#[tokio::test]
async fn a_stopped_run_ends_a_transfer() {
    let Some(sshd) = sshd("") else { return };
    for transfer in BOTH {
        let machine = connect(&by(&sshd, transfer)).await;
        let cancel = Cancel::new();
        let stop = cancel.clone();
        let mut endless = Zeros::until(8 << 20, move || stop.raise(CancelPhase::Stopping));
        let info = info("endless", usize::MAX >> 1, 0o644);
        let ended = machine.upload("endless", &mut endless, Some(&info), &cancel).await;
        assert_eq!(ended, Err(ComponentError::Cancelled), "{transfer:?}");
        // What was under way does not disturb what follows.
        upload(&machine, "after", b"x", None).await.unwrap();
    }
}

#[tokio::test]
async fn a_machine_without_scp_or_sftp_says_so() {
    let Some(sshd) = sshd("ForceCommand sh -c 'exit 127'") else { return };
    let machine = connect(&by(&sshd, Transfer::Scp)).await;
    let expected = "SCP failed to start. This usually means that SCP is not\nproperly installed on the remote system.";
    assert_eq!(upload(&machine, "f", b"x", None).await.unwrap_err(), expected);
    assert_eq!(download(&machine, "f").await.unwrap_err(), expected);
}
