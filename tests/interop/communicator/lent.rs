//! A machine of a plugin's builder, used by us: directly, and handed on once more, which must make no difference.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use engine::{Cancel, CancelPhase};
use plugins::component::{Communicator, ComponentError, FileInfo, RemoteCommand};
use tokio::io::{AsyncReadExt, AsyncWrite};

use super::host::{Machine, handed_on};
use crate::tester::Sdk;

/// Machines of builders on both SDKs, each of them also handed on; with them, the communicators to try.
async fn machines() -> Vec<(Machine, [Arc<dyn Communicator>; 2])> {
    let mut machines = Vec::new();
    for sdk in [Sdk::New, Sdk::Old] {
        if let Some(machine) = Machine::boot(sdk, &[]).await {
            let communicators = [machine.communicator.clone(), handed_on(machine.communicator.clone()).await];
            machines.push((machine, communicators));
        }
    }
    machines
}

/// Keeps what is written to it.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<(Vec<u8>, bool)>>);

impl AsyncWrite for Kept {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut kept = self.0.lock().unwrap();
        assert!(!kept.1, "written to after the end");
        kept.0.extend(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.lock().unwrap().1 = true;
        Poll::Ready(Ok(()))
    }
}

impl Kept {
    /// All of it, once it has ended.
    fn all(&self) -> Vec<u8> {
        let kept = self.0.lock().unwrap();
        assert!(kept.1, "no end");
        kept.0.clone()
    }
}

/// Status, output and errors of a command.
async fn run(communicator: &dyn Communicator, line: &str, stdin: Option<Vec<u8>>) -> (i64, Vec<u8>, Vec<u8>) {
    let (stdout, stderr) = (Kept::default(), Kept::default());
    let mut command = RemoteCommand {
        line: line.to_owned(),
        stdout: Some(Box::new(stdout.clone())),
        stderr: Some(Box::new(stderr.clone())),
        ..RemoteCommand::default()
    };
    if let Some(stdin) = stdin {
        command.stdin = Some(Box::new(io::Cursor::new(stdin)));
    }
    let status = communicator.start(command, &Cancel::new()).await.unwrap().await.unwrap();
    (status, stdout.all(), stderr.all())
}

/// Bytes without a pattern.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..len).map(|_| next()).collect()
}

#[tokio::test]
async fn commands_run_with_whatever_streams_are_given() {
    for (machine, communicators) in machines().await {
        for communicator in communicators {
            let input = noise(3 << 20);
            let (status, stdout, stderr) =
                run(&*communicator, "cat; echo fertig ü >&2; exit 3", Some(input.clone())).await;
            assert_eq!((status, stderr.as_slice()), (3, "fertig ü\n".as_bytes()));
            assert!(stdout == input);
            // It does not read what it is given.
            assert_eq!(run(&*communicator, "exit 255", Some(input)).await, (255, Vec::new(), Vec::new()));
            assert_eq!(run(&*communicator, "cat", None).await, (0, Vec::new(), Vec::new()));
            assert_eq!(run(&*communicator, "kill -9 $$", None).await.0, -1);
            let deaf = RemoteCommand { line: "echo unheard; exit 9".to_owned(), ..RemoteCommand::default() };
            assert_eq!(communicator.start(deaf, &Cancel::new()).await.unwrap().await, Ok(9));
        }
        machine.finish().await.unwrap();
    }
}

#[tokio::test]
async fn many_commands_run_at_once() {
    for (machine, communicators) in machines().await {
        for communicator in communicators {
            let running: Vec<_> = (0..40)
                .map(|nth| {
                    let communicator = communicator.clone();
                    tokio::spawn(async move {
                        let input = noise(10_000 * nth);
                        let done = run(&*communicator, &format!("cat; exit {nth}"), Some(input.clone())).await;
                        assert!(done == (nth as i64, input, Vec::new()), "{nth}");
                    })
                })
                .collect();
            for running in running {
                running.await.unwrap();
            }
        }
        machine.finish().await.unwrap();
    }
}

#[tokio::test]
async fn commands_talk_while_they_run() {
    for (machine, communicators) in machines().await {
        for communicator in communicators {
            let (mut ask, stdin) = tokio::io::duplex(1 << 10);
            let (mut answer, stdout) = tokio::io::duplex(1 << 10);
            let line = "while read line; do echo $line $line; done; exit 4".to_owned();
            let command =
                RemoteCommand { line, stdin: Some(Box::new(stdin)), stdout: Some(Box::new(stdout)), stderr: None };
            let running = tokio::spawn(communicator.start(command, &Cancel::new()).await.unwrap());
            for _ in 0..3 {
                tokio::io::AsyncWriteExt::write_all(&mut ask, b"echo\n").await.unwrap();
                let mut said = [0; 10];
                answer.read_exact(&mut said).await.unwrap();
                assert_eq!(&said, b"echo echo\n");
            }
            // Only now does it end.
            drop(ask);
            assert_eq!(running.await.unwrap(), Ok(4));
        }
        machine.finish().await.unwrap();
    }
}

#[tokio::test]
async fn files_go_in_and_come_out() {
    for (machine, communicators) in machines().await {
        for communicator in communicators {
            let cancel = Cancel::new();
            let info = FileInfo { name: "x".to_owned(), size: 0, mode: 0o640, modified: None };
            for (name, content, info) in [
                ("empty", Vec::new(), None),
                ("größe \u{1f600} .txt", b"\0\xff".to_vec(), Some(&info)),
                ("large", noise((5 << 20) + 1), None),
            ] {
                let disk_file = machine.disk.join(name);
                let _ = std::fs::remove_file(&disk_file);
                communicator.upload(name, &mut &content[..], info, &cancel).await.unwrap();
                assert!(std::fs::read(&disk_file).unwrap() == content, "{name}");
                let mode = std::fs::metadata(&disk_file).unwrap().permissions().mode() & 0o777;
                assert_eq!(mode, info.map_or(0o644, |info| info.mode));
                let mut back = Vec::new();
                communicator.download(name, &mut back, &cancel).await.unwrap();
                assert!(back == content, "{name}");
            }
            let missing = machine.disk.join("missing/file");
            let said = |what: &str| Err(ComponentError::new(format!("open {}: {what}", missing.display())));
            let uploaded = communicator.upload("missing/file", &mut &noise(1 << 20)[..], None, &cancel).await;
            assert_eq!(uploaded, said("no such file or directory"));
            let downloaded = communicator.download("missing/file", &mut Vec::new(), &cancel).await;
            assert_eq!(downloaded, said("no such file or directory"));
        }
        machine.finish().await.unwrap();
    }
}

fn names_below(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(next) = left.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => left.push(path),
                false => names.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned()),
            }
        }
    }
    names.sort();
    names
}

#[tokio::test]
async fn folders_go_in_and_come_out() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("quelle ü");
    std::fs::create_dir_all(source.join("sub")).unwrap();
    for name in ["a", "sub/b ü", "left out"] {
        std::fs::write(source.join(name), name).unwrap();
    }
    std::fs::set_permissions(source.join("a"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let source = source.to_str().unwrap();
    for (machine, communicators) in machines().await {
        for (nth, communicator) in communicators.into_iter().enumerate() {
            let (cancel, exclude) = (Cancel::new(), ["left out".to_owned()]);
            let (whole, inner) = (format!("whole{nth}"), format!("inner{nth}"));
            communicator.upload_dir(&whole, source, &exclude, &cancel).await.unwrap();
            communicator.upload_dir(&inner, &format!("{source}/"), &[], &cancel).await.unwrap();
            assert_eq!(names_below(&machine.disk.join(&whole)), ["quelle ü/a", "quelle ü/sub/b ü"]);
            assert_eq!(names_below(&machine.disk.join(&inner)), ["a", "left out", "sub/b ü"]);
            let back = folder.path().join(format!("back{nth}"));
            communicator.download_dir(&format!("{inner}/"), back.to_str().unwrap(), &exclude, &cancel).await.unwrap();
            assert_eq!(names_below(&back), ["a", "sub/b ü"]);
            assert_eq!(std::fs::metadata(back.join("a")).unwrap().permissions().mode() & 0o777, 0o755);
        }
        std::fs::remove_dir_all(folder.path().join("back0")).unwrap();
        std::fs::remove_dir_all(folder.path().join("back1")).unwrap();
        machine.finish().await.unwrap();
    }
}

#[tokio::test]
async fn what_is_told_to_stop_stops() {
    for (machine, communicators) in machines().await {
        for communicator in communicators {
            let cancel = Cancel::new();
            let command = RemoteCommand { line: "sleep 600".to_owned(), ..RemoteCommand::default() };
            let running = communicator.start(command, &cancel).await.unwrap();
            let (mut endless, source) = tokio::io::duplex(16);
            tokio::io::AsyncWriteExt::write_all(&mut endless, b"some").await.unwrap();
            let (running_cancel, upload_cancel) = (cancel.clone(), cancel.clone());
            let uploading = tokio::spawn(async move {
                let mut source = source;
                communicator.upload("never ends", &mut source, None, &upload_cancel).await
            });
            running_cancel.raise(CancelPhase::Stopping);
            assert_eq!(running.await, Err(ComponentError::Cancelled));
            assert_eq!(uploading.await.unwrap(), Err(ComponentError::Cancelled));
        }
        // The machine itself has no part in that.
        machine.finish().await.unwrap();
    }
}
