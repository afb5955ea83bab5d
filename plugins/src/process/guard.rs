//! The guard's own life: it listens until the process that it guards says goodbye, or is gone without. See
//! [`fence`](super::fence).

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::time::SystemTime;

use crate::process::sockets::sweep;

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

/// Stands guard until `line` ends; then ends the children of who was at the other end of it, and what these started.
///
/// When there was a goodbye, only children that still run end. What they left behind was meant to stay.
pub fn stand(line: impl Read) {
    let began = SystemTime::now();
    let duty = listen(line, started_at);
    match duty.goodbye {
        true => end_groups(&duty.wards),
        false => {
            end_all(&duty);
            duty.temporary_dir.iter().for_each(|folder| sweep(folder, began));
        }
    }
}

/// Takes in all there is to hear; `started_at` tells when a process started.
fn listen(line: impl Read, started_at: impl Fn(i32) -> Option<u64>) -> Duty {
    let mut duty = Duty::default();
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
            (Some(b'='), _) => duty.goodbye = true,
            _ => {}
        }
    }
    duty
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
fn end_all(duty: &Duty) {
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
        let heard = |text: &str| listen(text.as_bytes(), |child| Some(child as u64 * 10));
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
