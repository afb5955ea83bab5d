//! The live status as text: what runs now, how much is done, how long it took. Pure; drawing is `live`'s.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use indicatif::BinaryBytes;

use super::report::Progress;

/// What runs now and what has ended.
pub(super) struct Status {
    began: Instant,
    total: usize,
    done: usize,
    failed: usize,
    /// By key and in order of starting: keys are handed out in template order.
    running: BTreeMap<u32, Running>,
    transfers: BTreeMap<u64, Transfer>,
}

struct Transfer {
    label: String,
    since: Instant,
    done: u64,
    total: u64,
}

struct Running {
    label: String,
    since: Instant,
}

impl Status {
    pub(super) fn new(now: Instant) -> Self {
        Self { began: now, total: 0, done: 0, failed: 0, running: BTreeMap::new(), transfers: BTreeMap::new() }
    }

    pub(super) fn apply(&mut self, progress: Progress, now: Instant) {
        match progress {
            Progress::Total { nodes } => self.total = nodes,
            Progress::Started { key, label } => {
                self.running.insert(key, Running { label, since: now });
            }
            Progress::Transferred { key, label, done, total } => {
                let transfer = self.transfers.entry(key).or_insert_with(|| Transfer { label, since: now, done, total });
                (transfer.done, transfer.total) = (done, total);
            }
            Progress::TransferEnded { key } => {
                self.transfers.remove(&key);
            }
            Progress::Ended { key, ok } => {
                self.running.remove(&key);
                self.done += 1;
                self.failed += usize::from(!ok);
            }
        }
    }

    /// Whether there is anything worth drawing.
    pub(super) fn is_empty(&self) -> bool {
        self.total == 0 && self.running.is_empty() && self.transfers.is_empty()
    }

    /// The lines to draw on a terminal of this size, longest running first; at most half the height.
    pub(super) fn lines(&self, now: Instant, width: usize, height: usize) -> Vec<String> {
        let room = (height / 2).saturating_sub(1).max(1);
        let nodes = self.running.values().map(|node| (node.since, node.label.clone()));
        let transfers = self.transfers.values().map(|transfer| (transfer.since, transfer.text()));
        let mut running: Vec<(Instant, String)> = nodes.chain(transfers).collect();
        running.sort_by_key(|(since, _)| *since);
        // The line that counts the rest takes a place as well.
        let n_shown = if running.len() > room { room - 1 } else { running.len() };
        let line = |(since, label): &(Instant, String)| {
            format!("{:>7}  {label}", clock(now.saturating_duration_since(*since)))
        };
        let mut lines: Vec<String> = running.iter().take(n_shown).map(line).collect();
        if n_shown < running.len() {
            lines.push(format!("{:>7}  and {} more", "", running.len() - n_shown));
        }
        lines.push(self.summary(now));
        lines.into_iter().map(|line| shortened(&line, width.saturating_sub(1))).collect()
    }

    fn summary(&self, now: Instant) -> String {
        let failed = if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        let elapsed = clock(now.saturating_duration_since(self.began));
        format!("{elapsed:>7}  {}/{} done, {} running{failed}", self.done, self.total, self.running.len())
    }
}

impl Transfer {
    fn text(&self) -> String {
        let Self { label, done, total, .. } = self;
        match total {
            0 => format!("{label}  {}", BinaryBytes(*done)),
            _ => format!("{label}  {} of {} ({} %)", BinaryBytes(*done), BinaryBytes(*total), done * 100 / total),
        }
    }
}

/// `1:02`, `3:04:05`.
fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// One line of at most `width` characters; control characters would move the cursor.
fn shortened(line: &str, width: usize) -> String {
    let clean: Vec<char> = line.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    if clean.len() <= width {
        return clean.into_iter().collect();
    }
    clean.into_iter().take(width.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(key: u32, label: &str) -> Progress {
        Progress::Started { key, label: label.to_owned() }
    }

    #[test]
    fn running_nodes_are_listed_longest_first_above_the_count() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut status = Status::new(start);
        assert!(status.is_empty());
        status.apply(Progress::Total { nodes: 9 }, start);
        status.apply(started(7, "null.b/open"), after(1));
        status.apply(started(2, "null.a/provision[0]"), after(5));
        status.apply(started(3, "null.c/open"), after(6));
        status.apply(Progress::Ended { key: 3, ok: false }, after(8));
        status.apply(Progress::Ended { key: 99, ok: true }, after(8));
        let expected =
            ["   1:04  null.b/open", "   1:00  null.a/provision[0]", "   1:05  2/9 done, 2 running, 1 failed"];
        assert_eq!(status.lines(after(65), 80, 24), expected);
    }

    #[test]
    fn transfers_are_listed_until_they_end() {
        let start = Instant::now();
        let mut status = Status::new(start);
        let transferred = |done, total| Progress::Transferred { key: 3, label: "null.a: disk.iso".into(), done, total };
        for (progress, expected) in [
            (transferred(0, 0), vec!["   0:00  null.a: disk.iso  0 B", "   0:00  0/0 done, 0 running"]),
            (
                transferred(3 << 20, 4 << 20),
                vec!["   0:00  null.a: disk.iso  3.00 MiB of 4.00 MiB (75 %)", "   0:00  0/0 done, 0 running"],
            ),
            (Progress::TransferEnded { key: 3 }, vec!["   0:00  0/0 done, 0 running"]),
        ] {
            status.apply(progress, start);
            assert_eq!(status.lines(start, 80, 24), expected);
        }
        assert!(status.is_empty());
    }

    #[test]
    fn lines_fit_the_terminal() {
        let start = Instant::now();
        let mut status = Status::new(start);
        for key in 0..40 {
            status.apply(started(key, "a\nvery long label with a tab\t and more"), start);
        }
        let lines = status.lines(start + Duration::from_secs(3661), 20, 8);
        let expected = ["1:01:01  a very lo…", "1:01:01  a very lo…", "         and 38 mo…", "1:01:01  0/0 done,…"];
        assert_eq!(lines, expected);
        assert_eq!(status.lines(start, 20, 0).len(), 2);
    }
}
