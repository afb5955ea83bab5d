//! Where a plugin waits that nobody has come to yet, so that nothing is left of it if it ends before.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::external::greeting::{Address, Greeting};
use crate::process::{self, Invocation};

/// What is known of a plugin's socket in the file system. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Sockets(Arc<Mutex<State>>);

#[derive(Debug)]
enum State {
    /// It has not told where it waits; this is when it was about to start.
    Started(SystemTime),
    /// It waits there.
    Greeted(PathBuf),
    /// Somebody came, who sees to the socket; or there is none.
    Done,
}

impl Sockets {
    /// Of a plugin that is about to start.
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State::Started(SystemTime::now()))))
    }

    /// Takes in what the plugin said first. What is no greeting of ours does not mean that it waits nowhere.
    pub(super) fn note_greeting(&self, line: &str) {
        match Greeting::parse(line) {
            Ok(Greeting { address: Address::Unix(path) }) => drop(self.set(State::Greeted(path))),
            Ok(Greeting { address: Address::Tcp(_) }) => self.forget(),
            Err(_) => {}
        }
    }

    /// Somebody came.
    pub(super) fn forget(&self) {
        self.set(State::Done);
    }

    /// Removes what is left: the process has ended.
    pub(super) fn remove(&self, invocation: &Invocation) {
        match self.set(State::Done) {
            State::Started(since) => {
                let folder = invocation.environment.get("TMPDIR").filter(|folder| !folder.is_empty());
                process::sweep_sockets(folder.map_or(Path::new("/tmp"), Path::new), since);
            }
            State::Greeted(path) => process::remove_socket(&path),
            State::Done => {}
        }
    }

    fn set(&self, state: State) -> State {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), state)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::builtin::fixtures::context;
    use crate::process::Fence;
    use crate::scrubber::Scrubber;

    #[test]
    fn what_was_greeted_from_is_removed_unless_somebody_came() {
        let folder = tempfile::tempdir().unwrap();
        let invocation = Invocation {
            program: String::new(),
            args: Vec::new(),
            working_dir: context().working_dir,
            environment: context().environment,
            fence: Fence::default(),
            secrets: Scrubber::new(),
        };
        for (came, stays) in [(false, false), (true, true)] {
            let path = folder.path().join(format!("packer-plugin-{came}"));
            let _waits = UnixListener::bind(&path).unwrap();
            let sockets = Sockets::new();
            sockets.note_greeting(&format!("5|0|unix|{}", path.display()));
            if came {
                sockets.forget();
            }
            sockets.remove(&invocation);
            assert_eq!(path.exists(), stays, "{came}");
        }
    }
}
