//! Files and folders to and from the machine.

use engine::{Cancel, CancelPhase};

use super::fixtures::{reached, settings};
use super::winrm_machine::{Machine, Setup, Trouble};
use crate::component::{Communicator as _, ComponentError, FileInfo, Source};
use crate::winrm::{Settings, WinRm};

fn info(name: &str) -> FileInfo {
    FileInfo { name: name.to_owned(), size: 1, mode: 0o644, modified: None }
}

async fn upload(winrm: &WinRm, path: &str, content: &[u8], info: Option<&FileInfo>) -> Result<(), ComponentError> {
    let mut content = content;
    winrm.upload(path, &mut content, info, &Cancel::new()).await
}

async fn download(winrm: &WinRm, path: &str) -> Result<Vec<u8>, ComponentError> {
    let mut content = std::io::Cursor::new(Vec::new());
    winrm.download(path, &mut content, &Cancel::new()).await?;
    Ok(content.into_inner())
}

#[tokio::test]
async fn any_content_there_and_back() {
    let (machine, winrm) = reached();
    let large: Vec<u8> = (0..400_000_u32).map(|at| (at * 7 % 251) as u8).collect();
    for content in [&b""[..], b"x", &[0, 255, 13, 10], &large] {
        upload(&winrm, "c:/Users/ä 'x'/a.bin", content, None).await.unwrap();
        assert_eq!(machine.disk().read("c:\\users\\ä 'x'\\a.bin").as_deref(), Some(content));
        assert_eq!(download(&winrm, "c:/Users/ä 'x'/a.bin").await.unwrap(), content);
    }
    // One shell and one command, however large the file is.
    let creates = machine.actions().iter().filter(|action| *action == "Create").count();
    assert_eq!((creates, machine.n_shells()), (8, 0));
    upload(&winrm, "$env:TEMP/b", b"v", None).await.unwrap();
    assert_eq!(machine.disk().read("c:\\temp\\b").as_deref(), Some(&b"v"[..]));
}

#[tokio::test]
async fn a_folder_as_destination_needs_a_name() {
    let (machine, winrm) = reached();
    upload(&winrm, "C:\\in\\", b"x", Some(&info("n.txt"))).await.unwrap();
    assert!(machine.disk().read("c:\\in\\n.txt").is_some());
    let error = upload(&winrm, "C:\\in\\", b"x", None).await.unwrap_err();
    assert_eq!(error.to_string(), "Was unable to infer file basename for upload.");
}

#[tokio::test]
async fn what_the_machine_complains_about_is_said() {
    let (machine, winrm) = reached();
    let error = upload(&winrm, "c:/locked.txt", &[1; 500_000], None).await.unwrap_err().to_string();
    let end = "Error restoring file from C:\\Temp\\packer-1.tmp to c:\\locked.txt: it is in use.";
    assert_eq!(error, format!("Error uploading file to c:\\locked.txt: {end}"));
    let error = download(&winrm, "c:/no.txt").await.unwrap_err().to_string();
    assert_eq!(error, "Error downloading file c:/no.txt: Could not find file 'c:\\no.txt'.");
    assert_eq!(machine.n_shells(), 0);
    let error = winrm.download_dir("c:/x", "/tmp", &[], &Cancel::new()).await.unwrap_err();
    assert_eq!(error.to_string(), "WinRM doesn't support download dir.");
    let error = download(&winrm, &"x".repeat(3000)).await.unwrap_err().to_string();
    assert!(error.ends_with(": the path is too long for a command"), "{error}");
}

#[tokio::test]
async fn folders_by_their_name_or_what_is_in_them() {
    let (machine, winrm) = reached();
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("data");
    std::fs::create_dir_all(from.join("sub/empty")).unwrap();
    for name in ["a.txt", "sub/b.txt", "sub/no.log"] {
        std::fs::write(from.join(name), name).unwrap();
    }
    let (from, exclude) = (from.to_str().unwrap(), ["sub/no.log".to_owned()]);
    winrm.upload_dir("C:\\to", from, &exclude, &Cancel::new()).await.unwrap();
    let all = [
        "c:\\to\\data\\",
        "c:\\to\\data\\a.txt",
        "c:\\to\\data\\sub\\",
        "c:\\to\\data\\sub\\b.txt",
        "c:\\to\\data\\sub\\empty\\",
    ];
    assert_eq!(machine.disk().paths(), all);
    assert_eq!(machine.disk().read("c:\\to\\data\\sub\\b.txt").as_deref(), Some(&b"sub/b.txt"[..]));
    assert_eq!(machine.actions().iter().filter(|action| *action == "Command").count(), 1);
    winrm.upload_dir("D:/in/", &format!("{from}/"), &[], &Cancel::new()).await.unwrap();
    assert!(machine.disk().read("d:\\in\\sub\\no.log").is_some());
    let error = winrm.upload_dir("C:\\to", "/no/folder", &[], &Cancel::new()).await.unwrap_err().to_string();
    let why = "cannot read /no/folder: no such file or directory";
    assert_eq!(error, format!("Error uploading folder /no/folder to C:\\to\\folder: {why}"));
}

#[tokio::test]
async fn a_connection_cut_in_the_middle_is_an_error() {
    let mut n_sent = 0;
    let machine = Machine::with_trouble(Setup::default(), move |seen| {
        n_sent += usize::from(seen.action == "Send");
        if n_sent == 2 { Trouble::HangUp } else { Trouble::None }
    });
    let winrm = WinRm::new(settings(&machine)).unwrap();
    let error = upload(&winrm, "c:/a", &[1; 500_000], None).await.unwrap_err().to_string();
    assert_eq!(error, "Error uploading file to c:\\a: the connection to the machine was lost");
    assert_eq!(machine.disk().read("c:\\a"), None);
}

/// Content that fails, or never comes.
struct Broken(bool);

impl tokio::io::AsyncRead for Broken {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        _: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        if self.0 {
            std::task::Poll::Ready(Err(std::io::Error::from_raw_os_error(5)))
        } else {
            std::task::Poll::Pending
        }
    }
}

#[tokio::test]
async fn content_that_cannot_be_read_is_not_put_into_place() {
    let (machine, winrm) = reached();
    let content: &mut Source<'_> = &mut Broken(true);
    let error = winrm.upload("c:/a", content, None, &Cancel::new()).await.unwrap_err().to_string();
    assert_eq!(error, "Error uploading file to c:\\a: reading what to upload: input/output error");
    assert_eq!((machine.disk().read("c:\\a"), machine.n_shells()), (None, 0));
}

#[tokio::test]
async fn a_transfer_that_stands_still_is_given_up() {
    let machine = Machine::start(Setup::default());
    let timeout = std::time::Duration::from_millis(300);
    let winrm = WinRm::new(Settings { timeout, ..settings(&machine) }).unwrap();
    let error = winrm.upload("c:/a", &mut Broken(false), None, &Cancel::new()).await.unwrap_err().to_string();
    assert_eq!(error, "Error uploading file to c:\\a: no answer within 300ms");
    assert_eq!((machine.n_terminated(), machine.n_shells()), (1, 0));
}

#[tokio::test]
async fn a_cancelled_transfer_leaves_no_shell() {
    let (machine, winrm) = reached();
    let cancel = Cancel::new();
    let stopping = async {
        let machine = tokio::task::spawn_blocking(move || {
            machine.wait_until("it is fed", |machine| machine.actions().iter().any(|action| action == "Send"));
            machine
        });
        let machine = machine.await.unwrap();
        cancel.raise(CancelPhase::Stopping);
        machine
    };
    let (mut content, endless) = (tokio::io::repeat(1), ());
    let ((), (uploaded, machine)) =
        (endless, tokio::join!(winrm.upload("c:/a", &mut content, None, &cancel), stopping));
    assert_eq!(uploaded.unwrap_err(), ComponentError::Cancelled);
    assert_eq!((machine.n_terminated(), machine.n_shells()), (1, 0));
}
