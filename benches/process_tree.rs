//! A process and all that descends from it, and what memory each holds. Shared by the benches that watch programs.

use std::collections::HashMap;

/// The ids of `root` and everything below it now. Children run in groups of their own, so the tree is walked by parents.
pub(crate) fn below(root: u32) -> Vec<u32> {
    let mut parents = HashMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)?.parse::<u32>().ok());
        parents.insert(pid, parent.unwrap_or(0));
    }
    let is_below = |mut pid: u32| {
        while pid != 0 && pid != root {
            pid = parents.get(&pid).copied().unwrap_or(0);
        }
        pid == root
    };
    parents.keys().copied().filter(|pid| is_below(*pid)).collect()
}

/// The proportional set size of a process in KiB; none when it has ended.
pub(crate) fn proportional_kib(pid: u32) -> Option<u64> {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    rollup.lines().find_map(|line| line.strip_prefix("Pss:")?.split_whitespace().next()?.parse().ok())
}

/// The program that a process runs.
pub(crate) fn program(pid: u32) -> Option<std::path::PathBuf> {
    std::fs::read_link(format!("/proc/{pid}/exe")).ok()
}
