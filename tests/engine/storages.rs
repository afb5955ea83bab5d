//! Storages for journals that can be looked into, fail when told to, or wait to be let go.

use std::io;
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::journal::{Record, Recording, Storage, read};

/// Where a storage fails, by the number of the call; the header takes the first write and the first sync.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// This write puts down only half of what it should.
    Write(usize),
    Sync(usize),
    Never,
}

#[derive(Debug, Default)]
struct Bytes {
    written: Vec<u8>,
    /// How many of them would survive.
    n_durable: usize,
}

/// What survives, seen from outside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Survivor(Arc<Mutex<Bytes>>);

impl Survivor {
    /// What is durable now.
    pub(crate) fn durable(&self) -> Recording {
        let bytes = self.0.lock().unwrap();
        read(&bytes.written[..bytes.n_durable]).unwrap()
    }

    pub(crate) fn records(&self) -> Vec<Record> {
        self.durable().records.into_iter().map(|(_, record)| record).collect()
    }

    /// All that was written, durable or not.
    pub(crate) fn written(&self) -> Recording {
        read(&*self.0.lock().unwrap().written).unwrap()
    }
}

/// Fails when told to.
pub(crate) struct Faulty {
    survivor: Survivor,
    fault: Fault,
    n_writes: usize,
    n_syncs: usize,
}

impl Faulty {
    pub(crate) fn new(fault: Fault) -> (Self, Survivor) {
        let survivor = Survivor::default();
        (Self { survivor: survivor.clone(), fault, n_writes: 0, n_syncs: 0 }, survivor)
    }
}

impl Storage for Faulty {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let fails = matches!(self.fault, Fault::Write(at) if at == self.n_writes);
        self.n_writes += 1;
        let n_written = if fails { bytes.len() / 2 } else { bytes.len() };
        self.survivor.0.lock().unwrap().written.extend_from_slice(&bytes[..n_written]);
        if fails { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        let fails = matches!(self.fault, Fault::Sync(at) if at == self.n_syncs);
        self.n_syncs += 1;
        if fails {
            return Err(io::Error::other("input/output error"));
        }
        let mut bytes = self.survivor.0.lock().unwrap();
        bytes.n_durable = bytes.written.len();
        Ok(())
    }
}

/// After the header, each sync says that it begins and waits to be let go.
pub(crate) struct Gated {
    inner: Faulty,
    began: Sender<()>,
    go: Receiver<()>,
}

impl Gated {
    pub(crate) fn new(began: Sender<()>, go: Receiver<()>) -> (Self, Survivor) {
        let (inner, survivor) = Faulty::new(Fault::Never);
        (Self { inner, began, go }, survivor)
    }
}

impl Storage for Gated {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.inner.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.inner.n_syncs > 0 {
            // Nobody listens any more when nobody cares.
            let _ = self.began.send(());
            self.go.recv_timeout(Duration::from_secs(30)).map_err(io::Error::other)?;
        }
        self.inner.sync()
    }
}
