//! A component's transfer on its way, as the reporter is told of it.

use std::time::{Duration, Instant};

use plugins::component;

use crate::reporter::{Progress, Report, Reports};

/// No eye follows more often.
const PAUSE: Duration = Duration::from_millis(100);

/// A transfer; it ends when this is dropped.
pub struct Transfer {
    reports: Reports,
    key: u64,
    label: String,
    done: u64,
    total: u64,
    told: Instant,
}

impl Transfer {
    /// One of which `done` bytes of `total` are there; nobody else uses its key.
    pub fn start(reports: Reports, key: u64, label: String, (done, total): (u64, u64)) -> Self {
        let transfer = Self { reports, key, label, done, total, told: Instant::now() };
        transfer.tell();
        transfer
    }

    fn tell(&self) {
        let Self { key, done, total, .. } = *self;
        let progress = Progress::Transferred { key, label: self.label.clone(), done, total };
        self.reports.send(Report::Progress(progress));
    }
}

impl component::Progress for Transfer {
    fn add(&mut self, n_bytes: u64) {
        self.done = self.done.saturating_add(n_bytes);
        if self.told.elapsed() >= PAUSE {
            self.told = Instant::now();
            self.tell();
        }
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        self.reports.send(Report::Progress(Progress::TransferEnded { key: self.key }));
    }
}
