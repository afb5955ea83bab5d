//! Processes that say they are plugins and are not: whatever they do with their sockets, nobody waits for them.

use std::path::Path;
use std::time::Duration;

use engine::Cancel;
use plugins::external::fault::PluginFault;
use plugins::external::process::{Launch, Plugin};
use plugins::wire::mux::Mux;
use serde::de::IgnoredAny;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use crate::tester::launch;

/// Far more than anything takes here.
const PATIENCE: Duration = Duration::from_secs(30);

/// A process that greets with the socket at `path`, and goes on running.
fn impostor(path: &Path) -> Launch {
    let script = format!("echo hello >&2; echo '5|0|unix|{}'; exec sleep 600", path.display());
    Launch { args: vec!["-c".to_owned(), script], ..launch("/bin/sh".as_ref(), "", "", "") }
}

/// What comes of a call to a process at whose socket `answer` is done with who connects.
async fn check<F: Future<Output = ()>>(answer: impl FnOnce(UnixStream) -> F, patience: Duration) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let launch = Launch { patience, ..impostor(&path) };
    let call = async {
        let plugin = Plugin::start(&launch, &Cancel::new()).await?;
        plugin.call::<String>("Builder.Method", &()).await
    };
    let call = tokio::time::timeout(PATIENCE, call);
    let answer = async {
        answer(listener.accept().await.unwrap().0).await;
    };
    let (result, ()) = tokio::join!(call, answer);
    let fault: PluginFault = result.expect("it hangs").unwrap_err();
    let text = fault.to_string();
    assert!(text.contains("(github.com/acme/tester v1.2.3, "), "{text}");
    assert!(text.ends_with("\nThe last lines of its standard error:\n    hello"), "{text}");
    text
}

/// Takes the component's stream as a plugin does, and answers the first call with these bytes.
async fn answer_with(connection: UnixStream, answer: &[u8]) {
    let mux = Mux::server(connection);
    let mut stream = mux.listen(0).accept().await.unwrap();
    // Whatever it is, it is a call.
    let _ = stream.read(&mut [0; 64]).await.unwrap();
    stream.write_all(answer).await.unwrap();
    stream.flush().await.unwrap();
    // Until it is ended.
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

/// `{ServiceMethod: "", Seq: 1, Error: ""}`
const HEAD: &[u8] = b"\x83\xadServiceMethod\xa0\xa3Seq\x01\xa5Error\xa0";

#[tokio::test]
async fn a_socket_that_is_not_there_is_told() {
    let launch = impostor("/no/such/socket".as_ref());
    let text = Plugin::start(&launch, &Cancel::new()).await.map(|_| ()).unwrap_err().to_string();
    assert!(text.starts_with("cannot connect to the plugin: No such file or directory"), "{text}");
}

#[tokio::test]
async fn a_connection_without_an_answer_is_given_up() {
    let silent = |connection: UnixStream| async move {
        let (mut reader, _writer) = connection.into_split();
        let _ = reader.read_to_end(&mut Vec::new()).await;
    };
    let text = check(silent, Duration::from_millis(500)).await;
    assert!(text.starts_with("timeout while waiting for plugin to start ("), "{text}");
    let text = check(|connection| async { drop(connection) }, PATIENCE).await;
    assert!(text.starts_with("cannot connect to the plugin: "), "{text}");
}

#[tokio::test]
async fn a_connection_that_ends_is_not_waited_for() {
    let taken = |connection| async {
        let mux = Mux::server(connection);
        let mut stream = mux.listen(0).accept().await.unwrap();
        let _ = stream.read(&mut [0; 64]).await.unwrap();
    };
    let text = check(taken, PATIENCE).await;
    assert!(text.starts_with("plugin hung up in Builder.Method ("), "{text}");
    assert!(text.contains("\nIt closed the connection but went on running, and was ended.\n"), "{text}");
}

#[tokio::test]
async fn nonsense_is_told_from_answers_of_another_kind() {
    let number = [HEAD, &[7]].concat();
    let rows: [(&[u8], &str); 5] = [
        // A byte that stands for nothing.
        (b"\xc1", "plugin broke the protocol in Builder.Method ("),
        (b"hello, world", "plugin broke the protocol in Builder.Method ("),
        // Four gigabytes, it says.
        (b"\xc6\xff\xff\xff\xff", "plugin broke the protocol in Builder.Method ("),
        (&[HEAD, b"\xc1"].concat(), "plugin gave an unreadable answer in Builder.Method ("),
        (&number, "plugin gave an unreadable answer in Builder.Method ("),
    ];
    for (bytes, expected) in rows {
        let text = check(|connection| answer_with(connection, bytes), PATIENCE).await;
        assert!(text.starts_with(expected), "{bytes:?}: {text}");
    }
}

#[tokio::test]
async fn a_process_that_greets_and_ends_is_told_by_its_end() {
    let script = "echo hello >&2; echo '5|0|unix|/no/such/socket'; exit 4".to_owned();
    let launch = Launch { args: vec!["-c".to_owned(), script], ..launch("/bin/sh".as_ref(), "", "", "") };
    let plugin = Plugin::start(&launch, &Cancel::new()).await;
    let fault = match plugin {
        Ok(plugin) => plugin.call::<IgnoredAny>("Builder.Method", &()).await.map(|_| ()).unwrap_err(),
        Err(fault) => fault,
    };
    let text = fault.to_string();
    assert!(text.starts_with("plugin exited before we could connect ("), "{text}");
    assert!(text.contains("\nIt ended with exit status 4.\n"), "{text}");
}
