//! What ends our children when we cannot any more: a guard, which is told of each of them and hears when we are gone.
//!
//! The system has less. A parent-death signal (`PR_SET_PDEATHSIG`) comes when the *thread* ends that started the child,
//! reaches the child but not what that started, and would have to be asked for between fork and exec, where `posix_spawn`
//! lets nobody in. Control groups are for those who may make them.
//!
//! So the program runs a second time, as [`guard`](super::guard), from the first child on. Between us and it there is a
//! socket, over which we say in the end that all is well. If the socket ends without that, we were killed, and the guard
//! ends what we leave behind: all that descend from us are known by their [`tag`](super::tag). None is missed because it
//! is only just being started: until a child executes its program it holds our end of the socket, so the guard does not
//! hear of our death before.
//!
//! Where there are no tags, on systems other than Linux, the guard is told of each child instead, and ends their groups.
//! There, what leaves its group survives a run that is killed, and so does a child of which there was no time to tell.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::journal::{GuardNote, Note, Recorder, Temporary};
use crate::process::handover::send;
use crate::process::script::starting;
#[cfg(target_os = "linux")]
use crate::process::tag::tag;

/// The guard's name in lists of processes. Whoever ends all that is called like us should not end it.
pub const GUARD_NAME: &str = "pkr-guard";
/// How long the guard may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// The fence around the children of this process; without a guard unless made with [`Fence::guarded`]. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Fence(Option<Arc<Post>>);

#[derive(Debug)]
struct Post {
    program: PathBuf,
    args: Vec<String>,
    temporary_dir: PathBuf,
    spoilt: AtomicBool,
    watch: Mutex<Watch>,
    record: Mutex<Record>,
}

/// Where it is written down which processes run.
#[derive(Debug, Default)]
struct Record {
    recorder: Recorder,
    running: BTreeMap<i32, Temporary>,
}

#[derive(Debug, Default)]
struct Watch {
    guard: Option<Guard>,
    /// What our descendants are known by, from the first guard on.
    tag: Option<String>,
    /// The children that run.
    wards: BTreeSet<i32>,
    /// Lines to plugins at work, by number, and what that work is.
    entrusted: BTreeMap<u64, (Arc<Vec<OwnedFd>>, String)>,
    n_entrusted: u64,
    /// No guard can be had.
    refused: bool,
}

#[derive(Debug)]
struct Guard {
    line: UnixStream,
    process: Child,
}

impl Fence {
    /// A fence with a guard: `program` with these arguments calls [`guard::stand`](super::guard::stand). It is started
    /// with the first child. Children keep temporary files in `temporary_dir`.
    pub fn guarded(program: PathBuf, args: Vec<String>, temporary_dir: PathBuf) -> Self {
        Self(Some(Arc::new(Post {
            program,
            args,
            temporary_dir,
            spoilt: AtomicBool::new(false),
            watch: Mutex::default(),
            record: Mutex::default(),
        })))
    }

    /// From here on children that start are written down by `recorder`.
    pub fn record(&self, recorder: Recorder) {
        if let Some(post) = &self.0 {
            *post.record() = Record { recorder, running: BTreeMap::new() };
            post.lock().write_down(post);
        }
    }

    /// From here on the end of the run is one after which nothing is left, even of what children left behind: somebody
    /// wants it to end.
    pub fn spoil(&self) {
        if let Some(post) = &self.0 {
            post.spoilt.store(true, Ordering::Relaxed);
        }
    }

    /// Starts the guard if it does not stand yet: a child is about to start.
    pub(super) fn stand_by(&self) {
        if let Some(post) = &self.0 {
            post.lock().stand_by(post);
        }
    }

    /// A child has started.
    pub(super) fn enter(&self, child: i32) {
        if let Some(post) = &self.0 {
            post.record().started(child);
            let mut watch = post.lock();
            watch.wards.insert(child);
            if watch.tag.is_none() {
                watch.tell(&format!("+{child}\n"));
                // If it was gone, another one is told now.
                watch.stand_by(post);
            }
        }
    }

    /// A child has ended, and been seen to.
    pub(super) fn leave(&self, child: i32) {
        if let Some(post) = &self.0 {
            drop(post.record().running.remove(&child));
            let mut watch = post.lock();
            if watch.wards.remove(&child) && watch.tag.is_none() {
                watch.tell(&format!("-{child}\n"));
            }
        }
    }

    /// A plugin is about to do `work`, such as `Builder.Run`, which it can be asked to cancel over the first of `lines`; the
    /// others are our ends of its pipes. Should we be killed meanwhile, the guard asks it to, and waits a while for its end
    /// before it ends what is left.
    pub fn entrust(&self, lines: Arc<Vec<OwnedFd>>, work: &str) -> Entrusted {
        let number = self.0.as_ref().map_or(0, |post| {
            let mut watch = post.lock();
            watch.n_entrusted += 1;
            let number = watch.n_entrusted;
            watch.hand_over(number, &lines, work);
            watch.entrusted.insert(number, (lines, work.to_owned()));
            number
        });
        Entrusted { fence: self.clone(), number }
    }

    /// Ends the guard, as no child will start any more, and waits for its end. Children that still run end as well.
    pub fn close(&self) {
        let Some(post) = &self.0 else { return };
        let mut watch = post.lock();
        watch.refused = true;
        if !post.spoilt.load(Ordering::Relaxed) {
            let lines = format!("{}=\n", watch.orders());
            watch.tell(&lines);
        }
        if let Some(guard) = watch.guard.take()
            && let Err(error) = guard.dismiss()
        {
            tracing::warn!("the guard of our processes does not end: {error}");
        }
    }
}

/// Elsewhere there are none.
#[cfg(not(target_os = "linux"))]
fn tag() -> Option<String> {
    None
}

impl Post {
    fn lock(&self) -> MutexGuard<'_, Watch> {
        // A panic leaves nothing half done that matters: at worst the guard is told too little.
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Record {
    fn started(&mut self, child: i32) {
        if self.recorder.is_active() {
            let since = super::guard::started_at(child);
            self.running.insert(child, self.recorder.process(child, since));
        }
    }
}

impl Watch {
    /// Sees to it that there is a guard, and that it knows all there is to know.
    fn stand_by(&mut self, post: &Post) {
        if self.guard.as_mut().is_some_and(Guard::is_gone) {
            self.replace();
        }
        if self.guard.is_some() || self.refused {
            return;
        }
        match Guard::start(post) {
            Ok(guard) => {
                self.guard = Some(guard);
                self.write_down(post);
            }
            Err(error) => {
                self.refused = true;
                tracing::warn!("processes will outlive us should we be killed, as nothing can guard them: {error}");
                return;
            }
        }
        // Not before: the guard is none of those to end.
        if self.tag.is_none() {
            self.tag = tag();
        }
        let (tag, wards) = match &self.tag {
            Some(tag) => (tag.as_str(), String::new()),
            None => ("", self.orders()),
        };
        let folder = post.temporary_dir.to_str().filter(|folder| !folder.contains('\n')).unwrap_or_default();
        self.tell(&format!("#{} {tag}\n~{folder}\n{wards}", std::process::id()));
        for (number, (lines, work)) in self.entrusted.clone() {
            self.hand_over(number, &lines, &work);
        }
    }

    /// Writes down who the guard is: until it has ended, a run that was killed is not over.
    fn write_down(&self, post: &Post) {
        let Some(guard) = &self.guard else { return };
        let pid = guard.process.id().cast_signed();
        post.record().recorder.note(&Note::Guard(GuardNote { pid, started: super::guard::started_at(pid) }));
    }

    /// Gives the guard copies of the lines to a plugin. If it does not take them, it does without.
    fn hand_over(&mut self, number: u64, lines: &[OwnedFd], work: &str) {
        let Some(guard) = &mut self.guard else { return };
        let order = format!("@{number} {} {work}\n", lines.len());
        let lines: Vec<BorrowedFd<'_>> = lines.iter().map(AsFd::as_fd).collect();
        match send(&guard.line, order.as_bytes(), &lines) {
            // What was sent in part must not be taken for the beginning of the next order.
            Ok(length) if length < order.len() => self.tell(&order[length..]),
            Ok(_) => {}
            Err(error) => tracing::debug!("a plugin cannot be asked to cancel should we be killed: {error}"),
        }
    }

    fn orders(&self) -> String {
        self.wards.iter().map(|ward| format!("+{ward}\n")).collect()
    }

    fn tell(&mut self, lines: &str) {
        let Some(guard) = &mut self.guard else { return };
        match guard.line.write_all(lines.as_bytes()) {
            Ok(()) => {}
            // It is stopped. To wait for it would stop us, too; and it finds most of what it was not told.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                tracing::debug!("the guard of our processes does not listen");
            }
            Err(_) => self.replace(),
        }
    }

    /// Makes place for another guard.
    fn replace(&mut self) {
        tracing::warn!("the guard of our processes was ended by somebody");
        // Nothing closes its end of the socket but its own end.
        self.guard.take().into_iter().for_each(|mut guard| drop(guard.process.wait()));
    }
}

/// Work of a plugin that is cancelled should we be killed, as long as this lives.
#[derive(Debug)]
#[must_use]
pub struct Entrusted {
    fence: Fence,
    number: u64,
}

impl Drop for Entrusted {
    fn drop(&mut self) {
        if let Some(post) = &self.fence.0 {
            let mut watch = post.lock();
            if watch.entrusted.remove(&self.number).is_some() {
                watch.tell(&format!("!{}\n", self.number));
            }
        }
    }
}

impl Guard {
    #[expect(clippy::disallowed_methods, reason = "this room is where processes are started")]
    fn start(post: &Post) -> io::Result<Self> {
        let (line, far) = UnixStream::pair()?;
        line.set_nonblocking(true)?;
        let mut command = Command::new(&post.program);
        // Nothing of the user's is kept open, no folder busy; and in a group of its own no terminal sends it a signal.
        command.args(&post.args).arg0(GUARD_NAME).env_clear().current_dir("/").process_group(0);
        command.stdin(OwnedFd::from(far)).stdout(Stdio::null()).stderr(Stdio::null());
        let _starting = starting();
        Ok(Self { line, process: command.spawn()? })
    }

    fn is_gone(&mut self) -> bool {
        // It never says anything.
        !matches!(self.line.read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Waits for its end.
    fn dismiss(mut self) -> io::Result<()> {
        self.line.shutdown(Shutdown::Write)?;
        self.line.set_nonblocking(false)?;
        self.line.set_read_timeout(Some(PATIENCE))?;
        // It says nothing: this is its end, or that of our patience.
        self.line.read_to_end(&mut Vec::new())?;
        self.process.wait().map(drop)
    }
}
