//! The guard's own life: it listens until the process that it guards says goodbye, or is gone without. See
//! [`fence`](super::fence).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use crate::bequest::{Patience, cancel};
use crate::process::handover::{Received, Receiver};
use crate::process::sockets::{sweep, sweep_reserved};

/// The children that run: the number of each, which is that of its group as well, and when it started.
pub(super) type Wards = BTreeMap<i32, Option<u64>>;

/// What to do, once there is nothing to hear any more.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Duty {
    /// The process at the other end.
    pub(super) guarded: i32,
    /// What all its descendants have.
    pub(super) tag: Option<String>,
    /// Its children.
    pub(super) wards: Wards,
    /// Where they keep temporary files.
    temporary_dir: Option<PathBuf>,
    goodbye: bool,
}

/// Lines to plugins at work, by number, and what that work is.
type AtWork = BTreeMap<u64, Lines>;

/// A plugin at work.
#[derive(Debug)]
struct Lines {
    connection: OwnedFd,
    /// Our ends of its pipes. Without a reader it would die of its next word.
    pipes: Vec<OwnedFd>,
    work: String,
}

/// How long plugins may take to cancel: clouds are slow to remove a machine.
const PATIENCE: Patience = Patience { hearing: Duration::from_secs(5), ending: Duration::from_secs(300) };

/// Stands guard until `line` ends; then ends the children of who was at the other end of it, and what these started.
/// Plugins at work are asked to cancel before.
///
/// When there was a goodbye, only children that still run end. What they left behind was meant to stay.
pub fn stand(line: impl AsFd) {
    let began = SystemTime::now();
    let files = Received::default();
    let (duty, at_work) = listen(Receiver::new(line, files.clone()), &files, started_at);
    if duty.goodbye {
        drop(at_work);
        return end_groups(&duty.wards);
    }
    have_cancelled(&duty, at_work);
    end_all(&duty, &BTreeSet::new());
    if let Some(folder) = &duty.temporary_dir {
        sweep(folder, began);
        sweep_reserved(folder, began);
    }
}

/// Has plugins cancel what they are at, and ends all others meanwhile.
fn have_cancelled(duty: &Duty, at_work: AtWork) {
    let spared: BTreeSet<i32> = at_work.values().filter_map(|lines| peer(&lines.connection)).collect();
    let asking = at_work.into_values().map(|Lines { connection, pipes, work }| {
        pipes.into_iter().for_each(drain);
        // Without a thread it is not asked.
        let ask = move || cancel(UnixStream::from(connection), &work, PATIENCE);
        std::thread::Builder::new().spawn(ask).ok()
    });
    let asking: Vec<Option<JoinHandle<bool>>> = asking.collect();
    if !spared.is_empty() || asking.is_empty() {
        end_all(duty, &spared);
    }
    asking.into_iter().flatten().for_each(|ask| drop(ask.join()));
}

/// Reads a pipe to its end, and forgets what comes.
fn drain(pipe: OwnedFd) {
    let read = move || {
        // An event loop has made it one that does not wait.
        rustix::io::ioctl_fionbio(&pipe, false)?;
        std::io::copy(&mut File::from(pipe), &mut std::io::sink())
    };
    // What cannot be read is at least open.
    let _ = std::thread::Builder::new().spawn(read);
}

/// The process at the other end of a connection.
#[cfg(target_os = "linux")]
fn peer(line: &OwnedFd) -> Option<i32> {
    let peer = rustix::net::sockopt::socket_peercred(line).ok()?;
    Some(peer.pid.as_raw_nonzero().get())
}

/// Elsewhere that is not told in the same way.
#[cfg(not(target_os = "linux"))]
fn peer(_: &OwnedFd) -> Option<i32> {
    None
}

/// Takes in all there is to hear, and the files that come with it; `started_at` tells when a process started.
fn listen(line: impl Read, files: &Received, started_at: impl Fn(i32) -> Option<u64>) -> (Duty, AtWork) {
    let (mut duty, mut at_work) = (Duty::default(), AtWork::new());
    for order in BufReader::new(line).split(b'\n') {
        let Ok(order) = order.map(|order| String::from_utf8_lossy(&order).into_owned()) else { break };
        let rest = order.get(1..).unwrap_or_default();
        match (order.as_bytes().first(), rest.parse::<i32>()) {
            (Some(b'#'), _) => {
                let (guarded, tag) = rest.split_once(' ').unwrap_or_default();
                duty.guarded = guarded.parse().unwrap_or_default();
                duty.tag = Some(tag.to_owned()).filter(|tag| !tag.is_empty());
            }
            // Not 0, 1 or less: these mean more than one process.
            (Some(b'+'), Ok(child)) if child > 1 => drop(duty.wards.insert(child, started_at(child))),
            (Some(b'-'), Ok(child)) => drop(duty.wards.remove(&child)),
            (Some(b'~'), _) => duty.temporary_dir = Some(rest).filter(|rest| !rest.is_empty()).map(PathBuf::from),
            (Some(b'@'), _) => {
                at_work.extend(take_lines(rest, &mut files.borrow_mut()));
            }
            (Some(b'!'), _) => drop(rest.parse().ok().and_then(|number: u64| at_work.remove(&number))),
            (Some(b'='), _) => duty.goodbye = true,
            _ => {}
        }
    }
    (duty, at_work)
}

/// Reads `number of it, number of lines, work`, and takes that many of the files that came.
fn take_lines(order: &str, files: &mut VecDeque<OwnedFd>) -> Option<(u64, Lines)> {
    let mut words = order.splitn(3, ' ');
    let (number, n_lines) = (words.next()?.parse().ok()?, words.next()?.parse::<usize>().ok()?);
    let mut lines = files.drain(..n_lines.min(files.len()));
    let connection = lines.next()?;
    Some((number, Lines { connection, pipes: lines.collect(), work: words.next()?.to_owned() }))
}

#[cfg(target_os = "linux")]
pub(super) use crate::process::census::started_at;
#[cfg(target_os = "linux")]
use crate::process::census::{end_all, end_groups};

/// Elsewhere nobody tells when a process started.
#[cfg(not(target_os = "linux"))]
pub(super) fn started_at(_: i32) -> Option<u64> {
    None
}

/// Elsewhere there are no tags.
#[cfg(not(target_os = "linux"))]
fn end_all(duty: &Duty, _: &BTreeSet<i32>) {
    end_groups(&duty.wards);
}

#[cfg(not(target_os = "linux"))]
fn end_groups(wards: &Wards) {
    for ward in wards.keys().filter_map(|ward| rustix::process::Pid::from_raw(*ward)) {
        // It may be gone.
        let _ = rustix::process::kill_process_group(ward, rustix::process::Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_come_and_go() {
        let heard = |text: &str| listen(text.as_bytes(), &Received::default(), |child| Some(child as u64 * 10)).0;
        let duty = |guarded, tag: Option<&str>, wards: &[i32], goodbye| Duty {
            guarded,
            tag: tag.map(str::to_owned),
            wards: wards.iter().map(|ward| (*ward, Some(*ward as u64 * 10))).collect(),
            temporary_dir: None,
            goodbye,
        };
        assert_eq!(heard("~/a b\n~\n").temporary_dir, None);
        assert_eq!(heard("~/a b\n").temporary_dir, Some("/a b".into()));
        assert_eq!(heard(""), duty(0, None, &[], false));
        assert_eq!(heard("#5 a b 1\n+7\n+8\n-7\n"), duty(5, Some("a b 1"), &[8], false));
        assert_eq!(heard("#5 \n+7\n-7\n=\n"), duty(5, None, &[], true));
        // Told in part only, or nonsense.
        assert_eq!(heard("#\n+0\n+1\n+-5\n+x\n\n?\n+9"), duty(0, None, &[9], false));
    }
}
