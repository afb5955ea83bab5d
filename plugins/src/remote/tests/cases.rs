//! Commands, transfers and waiting, on machines that work and machines that do not.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use engine::{Cancel, CancelPhase};
use planner::duration::GoDuration;
use tokio::io::{AsyncRead, AsyncWriteExt as _, ReadBuf};
use tokio::time::Instant;

use super::local_machine::LocalMachine;
use super::scripted_machine::{Answer, ScriptedMachine};
use crate::builtin::fixtures::RecordingUi;
use crate::component::{Communicator, ComponentError, DISCONNECTED, Progress, Ui};
use crate::journal::Recorder;
use crate::remote::command::{Captured, capture, run, start};
use crate::remote::lines::{Audience, LineSink, Shown};
use crate::remote::patience::{Patience, pause, tidy};
use crate::remote::transfer::{base_name, download_file, upload_bytes, upload_file};
use crate::scrubber::Scrubber;

fn audience(ui: Arc<dyn Ui>) -> Audience {
    Audience { ui, secrets: Scrubber::new() }
}

async fn ran(line: &str) -> (Result<i64, ComponentError>, Vec<String>) {
    let (machine, recording) = (LocalMachine::new(true), Arc::new(RecordingUi::default()));
    let status = run(&machine, line, &audience(recording.clone()), &Cancel::new()).await;
    (status, recording.said())
}

#[tokio::test]
async fn commands_give_lines_and_a_status() {
    let rows: [(&str, i64, &[&str]); 6] = [
        ("true", 0, &[]),
        ("echo out; exit 7", 7, &["say: out"]),
        ("echo err >&2; exit 1", 1, &["error: err"]),
        ("printf 'one\\n\\nno end'", 0, &["say: one", "say: ", "say: no end"]),
        ("printf '10%%\\r99%%\\r\\n'", 0, &["say: 99%"]),
        ("printf '\\377\\0\\n'", 0, &["say: \u{fffd}\0"]),
    ];
    for (line, status, said) in rows {
        assert_eq!(ran(line).await, (Ok(status), said.iter().map(|line| (*line).to_owned()).collect()), "{line}");
    }
}

/// Counts what it is told and keeps nothing.
#[derive(Default)]
struct Counting(Mutex<(usize, usize)>);

#[async_trait::async_trait]
impl Ui for Counting {
    fn say(&self, text: &str) {
        let mut counted = self.0.lock().unwrap();
        *counted = (counted.0 + text.len(), counted.1.max(text.len()));
    }

    fn message(&self, _: &str) {}

    fn error(&self, _: &str) {}

    fn machine(&self, _: &str, _: &[String]) {}

    async fn ask(&self, _: &str) -> Result<String, ComponentError> {
        Err(ComponentError::new("no available tty"))
    }
}

#[tokio::test]
async fn output_of_any_length_is_held_a_line_at_a_time() {
    let counting = Arc::new(Counting::default());
    let line = "head -c 20000000 /dev/zero | tr '\\0' x; echo; yes | head -c 2000000";
    assert_eq!(run(&LocalMachine::new(true), line, &audience(counting.clone()), &Cancel::new()).await, Ok(0));
    let (total, longest) = *counting.0.lock().unwrap();
    assert_eq!(total, 21_000_000);
    assert!(longest <= 64 * 1024, "{longest}");
}

#[tokio::test]
async fn the_last_line_is_shown_even_if_the_stream_is_just_dropped() {
    let recording = Arc::new(RecordingUi::default());
    let mut sink = LineSink::new(&audience(recording.clone()), Shown::Error);
    sink.write_all(b"a\nb").await.unwrap();
    drop(sink);
    assert_eq!(recording.said(), ["error: a", "error: b"]);
}

#[tokio::test]
async fn captured_output_is_bounded() {
    let machine = LocalMachine::new(true);
    let captured = capture(&machine, "printf 12345678; printf abc >&2; exit 3", 5, &Cancel::new()).await;
    assert_eq!(captured, Ok(Captured { status: 3, stdout: b"12345".to_vec(), stderr: b"abc".to_vec() }));
}

#[tokio::test]
async fn what_does_not_start_is_an_error_and_a_lost_connection_a_status() {
    let answers = [Answer::Refuses("no route"), Answer::Breaks("nobody knows"), Answer::Ends(DISCONNECTED, "", "")];
    let machine = ScriptedMachine::answering(&answers, &[]);
    let (ui, cancel) = (audience(Arc::new(RecordingUi::default())), Cancel::new());
    assert_eq!(run(&machine, "a", &ui, &cancel).await, Err(ComponentError::new("no route")));
    let running = start(&machine, "b", &ui, &cancel).await.unwrap();
    assert_eq!(running.await, Err(ComponentError::new("nobody knows")));
    assert_eq!(run(&machine, "c", &ui, &cancel).await, Ok(DISCONNECTED));
}

#[tokio::test(start_paused = true)]
async fn everything_ends_when_told_to() {
    let rows = [(Answer::Hangs, CancelPhase::Stopping), (Answer::Ignores, CancelPhase::Killing)];
    for (answer, phase) in rows {
        for transfer in [false, true] {
            let answers = std::slice::from_ref(&answer);
            let machine = ScriptedMachine::answering(answers, answers);
            let (ui, cancel) = (audience(Arc::new(RecordingUi::default())), Cancel::new());
            let work = async {
                match transfer {
                    true => upload_bytes(&machine, "f", b"x", None, &cancel).await,
                    false => run(&machine, "a", &ui, &cancel).await.map(drop),
                }
            };
            let (done, ()) = tokio::join!(work, async { cancel.raise(phase) });
            assert_eq!(done, Err(ComponentError::Cancelled));
            let calls = machine.commands().len();
            assert_eq!(run(&machine, "a", &ui, &cancel).await, Err(ComponentError::Cancelled));
            assert_eq!(machine.commands().len(), calls, "nothing starts any more");
        }
    }
}

/// Shows transfers by what they add up to.
#[derive(Default)]
struct Watching(Arc<Mutex<Vec<String>>>);

struct Sum(Arc<Mutex<Vec<String>>>, String, u64);

impl Progress for Sum {
    fn add(&mut self, n_bytes: u64) {
        self.2 += n_bytes;
    }
}

impl Drop for Sum {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(format!("{}: {}", self.1, self.2));
    }
}

#[async_trait::async_trait]
impl Ui for Watching {
    fn say(&self, _: &str) {}

    fn message(&self, _: &str) {}

    fn error(&self, _: &str) {}

    fn machine(&self, _: &str, _: &[String]) {}

    fn track(&self, what: &str, done: u64, total: u64) -> Box<dyn Progress> {
        Box::new(Sum(self.0.clone(), format!("{what} of {total}"), done))
    }

    async fn ask(&self, _: &str) -> Result<String, ComponentError> {
        Err(ComponentError::new("no available tty"))
    }
}

#[tokio::test]
async fn files_go_and_come_with_their_progress() {
    use std::os::unix::fs::PermissionsExt as _;
    let (machine, ui, cancel) = (LocalMachine::new(true), Watching::default(), Cancel::new());
    let here = tempfile::tempdir().unwrap();
    let local = here.path().join("tool");
    let content = vec![7; 300_000];
    std::fs::write(&local, &content).unwrap();
    std::fs::set_permissions(&local, std::fs::Permissions::from_mode(0o751)).unwrap();
    upload_file(&machine, "there", &local, &ui, &cancel).await.unwrap();
    let meta = std::fs::metadata(machine.home().join("there")).unwrap();
    assert_eq!((meta.len(), meta.permissions().mode() & 0o7777), (300_000, 0o751));
    let back = here.path().join("back");
    download_file(&machine, "there", &back, &Recorder::default(), &ui, &cancel).await.unwrap();
    assert_eq!(std::fs::read(&back).unwrap(), content);
    assert_eq!(std::fs::metadata(&back).unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!(*ui.0.lock().unwrap(), ["tool of 300000: 300000", "there of 0: 300000"]);
    assert_eq!(machine.calls(), ["upload there 0751", "download there"]);
}

#[tokio::test]
async fn faults_of_files_are_named() {
    let (machine, ui, cancel) = (LocalMachine::new(true), RecordingUi::default(), Cancel::new());
    let here = tempfile::tempdir().unwrap();
    let gone = here.path().join("gone");
    let error = upload_file(&machine, "f", &gone, &ui, &cancel).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot read {}: no such file or directory", gone.display()));
    let error = upload_file(&machine, "f", here.path(), &ui, &cancel).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot read {}: is a directory", here.path().display()));
    let deep = gone.join("deep");
    let error = download_file(&machine, "f", &deep, &Recorder::default(), &ui, &cancel).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot write {}: no such file or directory", deep.display()));
}

#[tokio::test]
async fn a_failed_download_leaves_what_was_there() {
    let machine = ScriptedMachine::answering(&[], &[Answer::Refuses("cut"), Answer::Refuses("cut")]);
    let here = tempfile::tempdir().unwrap();
    std::fs::write(here.path().join("old"), "old").unwrap();
    for name in ["old", "new"] {
        let local = here.path().join(name);
        let (nobody, ui) = (Recorder::default(), RecordingUi::default());
        let done = download_file(&machine, "f", &local, &nobody, &ui, &Cancel::new()).await;
        assert_eq!(done, Err(ComponentError::new("cut")));
    }
    assert_eq!(std::fs::read_to_string(here.path().join("old")).unwrap(), "old");
    assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn permissions_are_told_only_if_there_are_any() {
    let (machine, cancel) = (ScriptedMachine::default(), Cancel::new());
    upload_bytes(&machine, "/a/b", b"x", Some(0o600), &cancel).await.unwrap();
    upload_bytes(&machine, "/a/c", b"yy", None, &cancel).await.unwrap();
    let expected = [("/a/b".to_owned(), b"x".to_vec(), Some(0o600)), ("/a/c".to_owned(), b"yy".to_vec(), None)];
    assert_eq!(*machine.uploads.lock().unwrap(), expected);
    assert_eq!(machine.content("/a/c"), "yy");
}

/// A source that fails in the middle.
struct Broken(bool);

impl AsyncRead for Broken {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(Err(std::io::Error::other("no more")));
        }
        buffer.put_slice(b"some");
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_source_that_breaks_fails_the_upload() {
    let machine = LocalMachine::new(true);
    let error = machine.upload("f", &mut Broken(false), None, &Cancel::new()).await.unwrap_err();
    assert_eq!((error, machine.files().len()), (ComponentError::new("no more"), 0));
}

#[test]
fn base_names() {
    let rows = [
        ("/a/b.txt", "b.txt"),
        ("b.txt", "b.txt"),
        ("C:\\a\\b.txt", "b.txt"),
        ("C:/a\\b.txt", "b.txt"),
        ("a\\b", "b"),
        ("/a/b\\c", "b\\c"),
        ("/a/", ""),
    ];
    for (path, name) in rows {
        assert_eq!(base_name(path), name, "{path}");
    }
}

fn seconds(seconds: u64) -> GoDuration {
    Duration::from_secs(seconds).into()
}

#[tokio::test(start_paused = true)]
async fn tries_come_two_seconds_apart_until_the_time_is_up() {
    let (begun, mut patience, cancel, mut n_tries) = (Instant::now(), Patience::new(seconds(7)), Cancel::new(), 0);
    let ui = RecordingUi::default();
    let error = loop {
        n_tries += 1;
        if let Err(error) = patience.after(ComponentError::new(format!("try {n_tries}")), &ui, &cancel).await {
            break error;
        }
    };
    assert_eq!(ui.said(), ["say: Trying again for up to 7s, as this did not work: try 1"]);
    assert_eq!((error, begun.elapsed()), (ComponentError::new("try 4"), Duration::from_secs(6)));
    assert!(!patience.is_over());
}

#[tokio::test(start_paused = true)]
async fn slow_work_is_stopped_in_the_end() {
    let machine = ScriptedMachine::answering(&[], &[Answer::Hangs, Answer::Ignores]);
    for overtime in [0, 5] {
        let (begun, patience, cancel) = (Instant::now(), Patience::new(seconds(7)), Cancel::new());
        let machine = &machine;
        let work = |cancel: Cancel| async move { upload_bytes(machine, "f", b"x", None, &cancel).await };
        let error = patience.limit("the upload", &cancel, work).await.unwrap_err();
        assert_eq!(error.to_string(), "the upload did not end within 7s");
        assert_eq!(begun.elapsed(), Duration::from_secs(7 + overtime));
        assert!(patience.is_over() && !cancel.is_stopping());
    }
    let done = Patience::new(seconds(7)).limit("it", &Cancel::new(), |_| std::future::ready(Ok(5))).await;
    assert_eq!(done, Ok(5));
    // Longer than any clock.
    Patience::new(GoDuration::from_nanos(i64::MAX));
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_when_the_run_does() {
    let (cancel, patience, ui) = (Cancel::new(), Patience::new(seconds(600)), RecordingUi::default());
    let mut other = patience;
    let waits = async {
        let between = other.after(ComponentError::new("no"), &ui, &cancel);
        let limited = patience.limit("it", &cancel, |cancel| async move {
            cancel.stopping().await;
            Err::<(), _>(ComponentError::Cancelled)
        });
        tokio::join!(between, limited, pause(Duration::from_secs(600), &cancel))
    };
    let (done, ()) = tokio::join!(waits, async { cancel.raise(CancelPhase::Stopping) });
    let cancelled = || Err(ComponentError::Cancelled);
    assert_eq!(done, (cancelled(), cancelled(), cancelled()));
    assert_eq!(other.after(ComponentError::new("no"), &ui, &cancel).await, cancelled());
}

#[tokio::test(start_paused = true)]
async fn tidying_goes_on_while_the_run_stops_but_not_for_ever() {
    let cancel = Cancel::new();
    cancel.raise(CancelPhase::Stopping);
    let (machine, begun) =
        (ScriptedMachine::answering(&[], &[Answer::Ends(0, "", ""), Answer::Ignores]), Instant::now());
    let machine = &machine;
    let work = |cancel: Cancel| async move { upload_bytes(machine, "f", b"x", None, &cancel).await };
    assert_eq!(tidy(&cancel, work).await, Some(()));
    assert_eq!((tidy(&cancel, work).await, begun.elapsed()), (None, Duration::from_secs(5)));
    cancel.raise(CancelPhase::Killing);
    assert_eq!(tidy(&cancel, work).await, None);
    assert_eq!(machine.paths().len(), 1);
}
