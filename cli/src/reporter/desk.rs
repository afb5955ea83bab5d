//! The reporter thread: takes reports in order, writes in batches, draws the live status, asks questions. When output
//! can no longer be written it stops the run; it never fails a sender.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use engine::{Cancel, CancelPhase};

use super::ask::Tty;
use super::live::Live;
use super::printer::Printer;
use super::report::{AskError, Report, Target};
use super::sink::OutputEnd;

/// Reports that may wait to be written. A full queue holds senders back: output is never piled up in memory.
const QUEUE: usize = 1024;
/// Reports written with one system call at most.
const BATCH: usize = 256;
/// How often the live status moves when nothing else happens.
const TICK: Duration = Duration::from_millis(100);

/// Where reports are sent. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reports {
    sender: Sender<Report>,
    ended: Receiver<Infallible>,
}

impl Reports {
    /// Sends a report. Waits while the queue is full; does nothing once the reporter has ended.
    pub fn send(&self, report: Report) {
        // The receiver is gone only after the end of the run.
        let _ = self.sender.send(report);
    }

    /// Sends a report unless the queue stays full for that long.
    pub fn send_within(&self, patience: Duration, report: Report) {
        let _ = self.sender.send_timeout(report, patience);
    }

    /// Waits until everything sent before is written.
    pub fn flush(&self) {
        let (done, wait) = crossbeam_channel::bounded(1);
        self.send(Report::Flush(done));
        let _ = wait.recv();
    }

    /// Ends the reporter from the outside: the terminal is left in order if that is possible within `patience`.
    pub fn close_within(&self, patience: Duration) {
        self.send_within(patience, Report::Done);
        let _ = self.ended.recv_timeout(patience);
    }
}

/// The running reporter thread. Ends with [`Reporter::finish`], or when dropped.
pub struct Reporter {
    reports: Reports,
    thread: Option<JoinHandle<OutputEnd>>,
}

impl Reporter {
    /// Starts the thread. When output fails, it raises `cancel` to [`CancelPhase::Stopping`].
    ///
    /// Fails if the system has no thread to give.
    pub fn start(printer: Printer, cancel: Cancel) -> std::io::Result<Self> {
        let (sender, receiver) = crossbeam_channel::bounded(QUEUE);
        let (alive, ended) = crossbeam_channel::bounded(0);
        let thread = std::thread::Builder::new().name("reporter".to_owned()).spawn(move || {
            let _alive: Sender<Infallible> = alive;
            let live = printer.settings().live.then(Live::on_stdout);
            Desk { printer, live, cancel, receiver, waiting: VecDeque::new() }.run()
        })?;
        Ok(Self { reports: Reports { sender, ended }, thread: Some(thread) })
    }

    /// Where to send reports.
    pub fn reports(&self) -> &Reports {
        &self.reports
    }

    /// Writes what is left and ends the thread. Returns what became of the output.
    pub fn finish(mut self) -> OutputEnd {
        self.end()
    }

    fn end(&mut self) -> OutputEnd {
        let Some(thread) = self.thread.take() else { return OutputEnd::Written };
        self.reports.send(Report::Done);
        match thread.join() {
            Ok(end) => end,
            Err(panic) if !std::thread::panicking() => std::panic::resume_unwind(panic),
            Err(_) => OutputEnd::Failed("the reporter panicked".to_owned()),
        }
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.end();
    }
}

/// Whether there is more to come.
#[derive(PartialEq, Eq)]
enum Next {
    More,
    End,
}

struct Desk {
    printer: Printer,
    live: Option<Live>,
    cancel: Cancel,
    receiver: Receiver<Report>,
    /// Came while a question was open.
    waiting: VecDeque<Report>,
}

impl Desk {
    fn run(mut self) -> OutputEnd {
        while self.batch() == Next::More {
            self.write();
            if let Some(live) = self.live.as_ref().filter(|_| !self.printer.end().is_broken()) {
                live.draw();
            }
        }
        if let Some(live) = &self.live {
            live.finish();
        }
        self.write();
        self.printer.end().clone()
    }

    /// Waits for a report, then takes what else is there.
    fn batch(&mut self) -> Next {
        let mut report = match self.wait() {
            None => return Next::End,
            Some(Err(Tick)) => return Next::More,
            Some(Ok(report)) => report,
        };
        for _ in 1..BATCH {
            if self.take(report) == Next::End {
                return Next::End;
            }
            match self.waiting.pop_front().or_else(|| self.receiver.try_recv().ok()) {
                Some(next) => report = next,
                None => return Next::More,
            }
        }
        self.take(report)
    }

    /// The next report, a tick of the live status, or none when all senders are gone.
    fn wait(&mut self) -> Option<Result<Report, Tick>> {
        if let Some(report) = self.waiting.pop_front() {
            return Some(Ok(report));
        }
        if self.live.as_ref().is_none_or(|live| !live.is_showing()) {
            return self.receiver.recv().ok().map(Ok);
        }
        match self.receiver.recv_timeout(TICK) {
            Ok(report) => Some(Ok(report)),
            Err(RecvTimeoutError::Timeout) => Some(Err(Tick)),
            Err(RecvTimeoutError::Disconnected) => None,
        }
    }

    fn take(&mut self, report: Report) -> Next {
        match report {
            Report::Ui { target, kind, text } => self.printer.ui(target.as_ref(), kind, &text),
            Report::Plain { target, kind, text } => self.printer.plain(target.as_ref(), kind, &text),
            Report::Legend(targets) => self.printer.legend(&targets),
            Report::Machine { target, kind, args } => self.printer.machine_line(target.as_deref(), &kind, &args),
            Report::Progress(progress) => {
                if let Some(live) = &mut self.live {
                    live.apply(progress);
                }
            }
            Report::Ask { target, query, hidden, reply } => {
                let answer = self.ask(target.as_ref(), &query, hidden);
                // Whoever asked may have been cancelled meanwhile.
                let _ = reply.send(answer);
            }
            Report::Flush(done) => {
                self.write();
                let _ = done.send(());
            }
            Report::Done => return Next::End,
        }
        Next::More
    }

    /// Writes what is pending, with the status out of the way. Lost output stops the run: nobody watches it any more.
    fn write(&mut self) {
        if !self.printer.has_pending() {
            return;
        }
        match &self.live {
            Some(live) => live.suspend(|| self.printer.flush()),
            None => self.printer.flush(),
        }
        if self.printer.end().is_broken() {
            self.cancel.raise(CancelPhase::Stopping);
        }
    }

    fn ask(&mut self, target: Option<&Target>, query: &str, hidden: bool) -> Result<String, AskError> {
        if self.printer.settings().machine_readable {
            return Err(AskError::MachineReadable);
        }
        if self.cancel.is_stopping() {
            return Err(AskError::Interrupted);
        }
        let mut tty = Tty::open()?;
        let blind = if hidden { Some(tty.hide()?) } else { None };
        self.write();
        let Self { printer, live, cancel, receiver, waiting } = self;
        let mut converse = || {
            printer.question(target, query);
            printer.flush();
            let answer = tty.read_line(|| {
                // Senders must not be held back by a question that is not theirs.
                waiting.extend(receiver.try_iter());
                cancel.is_stopping()
            });
            if answer.is_err() || blind.is_some() {
                // The cursor still stands behind the question.
                printer.say("");
            }
            answer
        };
        match live {
            Some(live) => live.suspend(converse),
            None => converse(),
        }
    }
}

/// Time passed, nothing else.
struct Tick;

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind, Write};
    use std::sync::{Arc, Mutex};

    use plugins::scrubber::Scrubber;

    use super::*;
    use crate::reporter::{Progress, Settings, UiKind};

    /// Keeps what is written, up to a limit, then fails.
    #[derive(Clone)]
    struct Paper {
        text: Arc<Mutex<Vec<u8>>>,
        room: usize,
        full: ErrorKind,
    }

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let mut text = self.text.lock().unwrap();
            if text.len() + bytes.len() > self.room {
                return Err(Error::from(self.full));
            }
            text.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn paper(room: usize, full: ErrorKind) -> Paper {
        Paper { text: Arc::default(), room, full }
    }

    fn ui(build: &str, colour_index: usize, kind: UiKind, text: &str) -> Report {
        Report::Ui { target: Some(target(build, colour_index)), kind, text: text.into() }
    }

    fn plain(target: Option<Target>, kind: UiKind, text: &str) -> Report {
        Report::Plain { target, kind, text: text.into() }
    }

    fn target(build: &str, colour_index: usize) -> Target {
        Target { build: build.into(), post_processor: None, colour_index }
    }

    fn machine(kind: &str, args: &[&str]) -> Report {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Report::Machine { target: Some("null.a".into()), kind: kind.into(), args }
    }

    /// What all kinds of reports look like under these settings, the time cut off machine-readable lines.
    fn transcript(settings: Settings) -> String {
        let paper = paper(usize::MAX, ErrorKind::Other);
        let scrubber = Scrubber::new();
        scrubber.hide("hunter2");
        let printer = Printer::new(settings, scrubber, Box::new(paper.clone()));
        let reporter = Reporter::start(printer, Cancel::new()).unwrap();
        let reports = reporter.reports().clone();
        reports.send(Report::Legend(vec![target("null.a", 0), target("null.b", 1)]));
        reports.send(ui("null.a", 0, UiKind::Say, "one\n  two\n"));
        reports.send(ui("null.b", 1, UiKind::Error, "password hunter2"));
        let post_processor = Target { post_processor: Some("manifest".into()), ..target("null.b", 1) };
        reports.send(Report::Ui { target: Some(post_processor), kind: UiKind::Message, text: "x, y".into() });
        reports.send(Report::Progress(Progress::Started { key: 0, label: "never drawn here".into() }));
        reports.send(machine("artifact", &["0", "id", "hunter2,\n"]));
        reports.send(plain(Some(target("null.a", 0)), UiKind::Say, "Build 'null.a' finished after 1 second."));
        reports.send(plain(None, UiKind::Error, "\n==> Some builds failed"));
        assert_eq!(reporter.finish(), OutputEnd::Written);
        reports.send(plain(None, UiKind::Say, "after the end"));
        let text = String::from_utf8(paper.text.lock().unwrap().clone()).unwrap();
        if settings.machine_readable { text.lines().map(without_time).collect() } else { text }
    }

    fn without_time(line: &str) -> String {
        let (time, rest) = line.split_once(',').unwrap();
        assert!(time.parse::<i64>().unwrap() > 1_700_000_000, "{line}");
        format!("{rest}\n")
    }

    #[test]
    fn people_get_prefixes() {
        let expected = "\
==> null.a: one
==> null.a:   two
==> null.a:
==> null.b: password <sensitive>
==> null.b (manifest): x, y
Build 'null.a' finished after 1 second.

==> Some builds failed
";
        assert_eq!(transcript(Settings::default()), expected);
        assert_eq!(transcript(Settings { escapes: true, ..Settings::default() }), expected);
    }

    #[test]
    fn people_get_colours_and_their_legend() {
        let escapes = "\
\x1b[1;32mnull.a: output will be in this color.\x1b[0m
\x1b[1;36mnull.b: output will be in this color.\x1b[0m

\x1b[1;32m==> null.a: one
==> null.a:   two
==> null.a:\x1b[0m
\x1b[1;31m==> null.b: password <sensitive>\x1b[0m
\x1b[1;36m==> null.b (manifest): x, y\x1b[0m
\x1b[1;32mBuild 'null.a' finished after 1 second.\x1b[0m

==> Some builds failed
";
        assert_eq!(transcript(Settings { colour: true, escapes: true, ..Settings::default() }), escapes);
        let without = transcript(Settings { colour: true, ..Settings::default() });
        assert!(without.starts_with("null.a: output will be in this color.\nnull.b: output"), "{without}");
        assert!(!without.contains('\x1b'), "{without}");
    }

    #[test]
    fn programs_get_fields() {
        let expected = r",ui,say,==> null.a: one\n==> null.a:   two\n==> null.a:
,ui,error,==> null.b: password <sensitive>
,ui,message,==> null.b (manifest): x%!(PACKER_COMMA) y
null.a,artifact,0,id,<sensitive>%!(PACKER_COMMA)\n
,ui,say,Build 'null.a' finished after 1 second.
,ui,error,\n==> Some builds failed
";
        let settings = Settings { colour: true, machine_readable: true, ..Settings::default() };
        assert_eq!(transcript(settings), expected);
    }

    #[test]
    fn stamps_stand_inside_the_colour_once_per_text() {
        let settings = Settings { colour: true, escapes: true, timestamps: true, ..Settings::default() };
        let text = transcript(settings);
        let line = text.lines().nth(3).unwrap();
        assert!(line.starts_with("\x1b[1;32m20") && line.ends_with(": ==> null.a: one"), "{line}");
        assert_eq!(text.lines().nth(4), Some("==> null.a:   two"));
        assert!(text.contains(": Build 'null.a' finished") && !text.contains(": \n==> Some"), "{text}");
    }

    #[test]
    fn lost_output_stops_the_run_and_never_the_senders() {
        let rows = [
            (ErrorKind::BrokenPipe, OutputEnd::Closed),
            (ErrorKind::StorageFull, OutputEnd::Failed("no storage space".into())),
        ];
        for (full, expected) in rows {
            let paper = paper(20, full);
            let printer = Printer::new(Settings::default(), Scrubber::new(), Box::new(paper.clone()));
            let cancel = Cancel::new();
            let reporter = Reporter::start(printer, cancel.clone()).unwrap();
            reporter.reports().send(plain(None, UiKind::Say, "fits"));
            reporter.reports().flush();
            assert!(!cancel.is_stopping());
            for _ in 0..5_000 {
                reporter.reports().send(plain(None, UiKind::Say, "far too long to fit on this paper"));
            }
            reporter.reports().flush();
            assert_eq!(cancel.phase(), CancelPhase::Stopping);
            assert_eq!(reporter.finish(), expected);
            assert_eq!(*paper.text.lock().unwrap(), b"fits\n");
        }
    }

    #[test]
    fn questions_are_refused_where_nobody_can_answer() {
        let ask = |settings: Settings, cancel: Cancel| {
            let printer = Printer::new(settings, Scrubber::new(), Box::new(std::io::sink()));
            let reporter = Reporter::start(printer, cancel).unwrap();
            let (reply, answer) = crossbeam_channel::bounded(1);
            reporter.reports().send(Report::Ask { target: None, query: "really?".into(), hidden: false, reply });
            answer.recv().unwrap()
        };
        let programs = Settings { machine_readable: true, ..Settings::default() };
        assert_eq!(ask(programs, Cancel::new()), Err(AskError::MachineReadable));
        let stopping = Cancel::new();
        stopping.raise(CancelPhase::Stopping);
        assert_eq!(ask(Settings::default(), stopping), Err(AskError::Interrupted));
    }
}
