//! Who runs on this machine, by `/proc`, and whose they are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};

use crate::process::guard::{Duty, Wards};

/// After which time what cannot be ended is left: it waits for a device or a network file system.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long those who were killed may take to be gone before they are looked for again.
const DEATH: Duration = Duration::from_millis(5);
/// How long after nobody was found to look once more: who is started while we look may be passed over.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What there is to know of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Status {
    group: i32,
    /// In ticks since the machine started. No two processes that ever had the same number have the same.
    started: u64,
    /// Nothing of it is left but its number, not even an open file: a process whose first thread has ended looks dead, too,
    /// while others are about to.
    dead: bool,
}

type Census = BTreeMap<i32, Status>;

/// When a process started, in clock ticks since the system did; none when there is none.
pub fn started_at(process: i32) -> Option<u64> {
    status(process).map(|status| status.started)
}

/// Whether nothing of a group is alive whose leader started then: also when nobody has looked at the dead leader yet, as
/// some containers leave it for ever.
pub fn is_extinct(leader: i32, started: u64) -> bool {
    match status(leader).filter(|found| found.started == started) {
        None => true,
        Some(found) => found.dead && !take_census().values().any(|other| other.group == leader && !other.dead),
    }
}

/// Ends the groups of `wards`.
pub(super) fn end_groups(wards: &Wards) {
    if !wards.is_empty() {
        end(|census, process| is_in_groups(census, wards, process));
    }
}

/// Ends the groups of the wards, and whoever has the tag; but nobody in the groups `spared`.
pub(super) fn end_all(duty: &Duty, spared: &BTreeSet<i32>) {
    let mine = [std::process::id().cast_signed(), duty.guarded];
    end(|census, process| {
        let tagged = || duty.tag.as_deref().is_some_and(|tag| has_tag(&limits(process), tag));
        let is_spared = census.get(&process).is_some_and(|status| spared.contains(&status.group));
        !mine.contains(&process) && !is_spared && (is_in_groups(census, &duty.wards, process) || tagged())
    });
}

/// Kills everybody who is ours, until nobody is left.
fn end(is_ours: impl Fn(&Census, i32) -> bool) {
    let began = Instant::now();
    let (mut n_clean, mut out_of_reach) = (0, Vec::new());
    while n_clean < 2 && began.elapsed() < PATIENCE {
        let census = take_census();
        let living = census.iter().filter(|(_, status)| !status.dead).map(|(process, _)| *process);
        let found: Vec<i32> = living.filter(|process| !out_of_reach.contains(process)).collect();
        let found: Vec<i32> = found.into_iter().filter(|process| is_ours(&census, *process)).collect();
        for process in &found {
            if kill(*process, census[process].started) == Err(Errno::PERM) {
                out_of_reach.push(*process);
            }
        }
        n_clean = if found.is_empty() { n_clean + 1 } else { 0 };
        std::thread::sleep(match n_clean {
            0 => DEATH,
            1 => LOOK_AGAIN,
            _ => Duration::ZERO,
        });
    }
}

/// Kills a process, unless another has got its number since.
fn kill(process: i32, started: u64) -> rustix::io::Result<()> {
    let Some(pid) = Pid::from_raw(process) else { return Err(Errno::SRCH) };
    // Once it is held by descriptor, the number is that of the process until we have looked.
    let held = pidfd_open(pid, PidfdFlags::empty());
    if started_at(process) != Some(started) {
        return Err(Errno::SRCH);
    }
    match held {
        Ok(held) => pidfd_send_signal(held, Signal::KILL),
        // Kernels before 5.3.
        Err(Errno::NOSYS) => kill_process(pid, Signal::KILL),
        Err(error) => Err(error),
    }
}

fn take_census() -> Census {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Census::new() };
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers.filter_map(|process| Some((process, status(process)?))).collect()
}

fn status(process: i32) -> Option<Status> {
    // Longer than any, so that one read is enough: these files seem to be empty to who asks for their size.
    let mut stat = Vec::with_capacity(1024);
    File::open(format!("/proc/{process}/stat")).ok()?.read_to_end(&mut stat).ok()?;
    parse(&stat)
}

/// Reads `1 (a name) S 0 1 1 …`. The name may have anything in it, so what counts is its last parenthesis.
fn parse(stat: &[u8]) -> Option<Status> {
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let fields = std::str::from_utf8(stat.get(end + 2..)?).ok()?;
    let fields: Vec<&str> = fields.split(' ').collect();
    Some(Status {
        group: fields.get(2)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
        dead: matches!(*fields.first()?, "Z" | "X") && matches!(*fields.get(17)?, "0" | "1"),
    })
}

/// Whether a process is in the group of a ward. A group whose leader started at another time than the ward is somebody
/// else's; one whose leader is gone is still the ward's, as its number is not given away while it has members.
fn is_in_groups(census: &Census, wards: &Wards, process: i32) -> bool {
    let group = census.get(&process).map(|status| status.group);
    group
        .and_then(|group| Some((census.get(&group), wards.get(&group)?)))
        .is_some_and(|(leader, started)| leader.is_none_or(|leader| Some(leader.started) == *started))
}

fn limits(process: i32) -> String {
    std::fs::read_to_string(format!("/proc/{process}/limits")).unwrap_or_default()
}

/// Whether `limits`, a table of them, has the line that starts with `tag`.
fn has_tag(limits: &str, tag: &str) -> bool {
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<String>>();
    let tag = words(tag);
    limits.lines().any(|line| words(line).starts_with(&tag))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn names_of_processes_cannot_confuse() {
        let tail = "0 0 0 0 0 0 0 0 0 0 0 0 0 1 0 4711 0 0";
        for name in ["sh", ") Z 1 1 (", "a b\nc"] {
            let stat = format!("12 ({name}) S 3 4 5 {tail}\n");
            assert_eq!(parse(stat.as_bytes()), Some(Status { group: 4, started: 4711, dead: false }), "{name}");
        }
        let is_dead = |stat: String| parse(stat.as_bytes()).unwrap().dead;
        assert!(is_dead(format!("1 (x) Z 3 4 5 {tail}")));
        assert!(!is_dead(format!("1 (x) Z 3 4 5 {}", tail.replace(" 1 ", " 7 "))), "threads are left");
        assert_eq!(parse(b"1 (x) S 3"), None);
        assert_eq!(parse(b""), None);
    }

    #[test]
    fn a_group_is_known_by_when_its_leader_started() {
        let person = |group, started| Status { group, started, dead: false };
        let census = Census::from([
            (10, person(10, 5)),
            (11, person(10, 6)),
            // Another process has got this number.
            (20, person(20, 99)),
            (21, person(20, 100)),
            // The leader is gone.
            (31, person(30, 7)),
            (40, person(40, 8)),
        ]);
        let wards = Wards::from([(10, Some(5)), (20, Some(5)), (30, Some(5))]);
        let ours: Vec<i32> = census.keys().copied().filter(|process| is_in_groups(&census, &wards, *process)).collect();
        assert_eq!(ours, [10, 11, 31]);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "this room is where processes are started")]
    fn a_group_whose_leader_nobody_looked_at_is_extinct() {
        use std::os::unix::process::CommandExt as _;
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & read x"]).process_group(0);
        let mut leader = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
        let group = leader.id().cast_signed();
        let started = started_at(group).unwrap();
        let is_dead = || status(group).unwrap().dead;
        assert!(!is_extinct(group, started));
        assert!(is_extinct(group, started + 1), "another has its number");
        drop(leader.stdin.take());
        while !is_dead() {
            std::thread::yield_now();
        }
        assert!(!is_extinct(group, started), "its child is alive");
        end_groups(&Wards::from([(group, Some(started))]));
        assert!(is_extinct(group, started));
        leader.wait().unwrap();
    }

    #[test]
    fn a_tag_is_a_limit_with_an_odd_value() {
        let limits = "Limit          Soft Limit  Hard Limit  Units\n\
                      Max processes  96364       96364       processes\n\
                      Max file locks 12          unlimited   locks\n";
        for (tag, expected) in
            [("Max file locks 12", true), ("Max file locks 1", false), ("Max processes 12", false), ("12", false)]
        {
            assert_eq!(has_tag(limits, tag), expected, "{tag}");
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "this room is where processes are started")]
    fn a_process_is_not_killed_for_another_that_had_its_number() {
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        let process = child.id().cast_signed();
        let started = started_at(process).unwrap();
        assert_eq!(kill(process, started + 1), Err(Errno::SRCH));
        assert_eq!(child.try_wait().unwrap(), None);
        assert_eq!(kill(process, started), Ok(()));
        assert!(!child.wait().unwrap().success());
    }
}
