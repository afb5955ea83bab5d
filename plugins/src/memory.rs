//! Amounts of memory, as people write them and as processes hold them.

use std::fmt;
use std::future::pending;
use std::str::FromStr;
use std::time::Duration;

/// How often to look how much a process holds.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Units with their size in bits to shift, largest first. The system counts memory in these only.
const UNITS: [(&str, u32); 4] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemorySize(pub u64);

/// A text that is no amount of memory.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no amount of memory: write a whole number and a unit, such as 512MiB or 2GiB")]
pub struct MemorySizeError(String);

impl FromStr for MemorySize {
    type Err = MemorySizeError;

    fn from_str(text: &str) -> Result<Self, MemorySizeError> {
        let unit = UNITS.iter().find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift)));
        let (number, shift) = unit.ok_or_else(|| MemorySizeError(text.to_owned()))?;
        let bytes = number.trim_end().parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift));
        bytes.filter(|bytes| *bytes > 0).map(Self).ok_or_else(|| MemorySizeError(text.to_owned()))
    }
}

impl fmt::Display for MemorySize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(_, shift)| self.0 >> shift >= 10 || self.0.is_multiple_of(1 << shift)) {
            Some((unit, shift)) => write!(f, "{} {unit}", self.0 >> shift),
            None => write!(f, "{} bytes", self.0),
        }
    }
}

/// Completes when the process holds more than `limit`, with how much that is.
///
/// What counts is what is in memory (`RSS` in `ps`), of this process alone: Go reserves addresses for far more than it
/// uses, and machines that a plugin runs on this host have sizes of their own.
pub(crate) async fn outgrown(process: Option<u32>, limit: Option<MemorySize>) -> MemorySize {
    let (Some(process), Some(limit)) = (process, limit) else { return pending().await };
    loop {
        if let Some(held) = held(process).filter(|held| *held > limit) {
            return held;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// What a process holds; none when it is gone.
#[cfg(target_os = "linux")]
fn held(process: u32) -> Option<MemorySize> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(MemorySize(kibibytes << 10))
}

/// Other systems do not tell by a file; the limit is refused there before anything starts.
#[cfg(not(target_os = "linux"))]
fn held(_: u32) -> Option<MemorySize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written() {
        for (text, expected) in [
            ("2GiB", Some((2 << 30, "2 GiB"))),
            ("64 MiB", Some((64 << 20, "64 MiB"))),
            ("1536MiB", Some((1536 << 20, "1536 MiB"))),
            ("1KiB", Some((1 << 10, "1 KiB"))),
            ("0GiB", None),
            ("2", None),
            ("2GB", None),
            ("-1GiB", None),
            ("GiB", None),
            ("99999999999TiB", None),
        ] {
            let size = text.parse::<MemorySize>().ok();
            assert_eq!(size.map(|size| (size.0, size.to_string())), expected.map(|(n, text)| (n, text.to_owned())));
        }
        assert_eq!(MemorySize((12 << 30) + 5).to_string(), "12 GiB");
        assert_eq!(MemorySize(5).to_string(), "5 bytes");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_process_that_holds_too_much_is_noticed() {
        let me = Some(std::process::id());
        assert!(outgrown(me, Some(MemorySize(1 << 10))).await > MemorySize(1 << 10));
        let plenty = outgrown(me, Some(MemorySize(1 << 50)));
        assert!(tokio::time::timeout(LOOK_AGAIN * 2, plenty).await.is_err());
    }
}
