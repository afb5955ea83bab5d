//! An SSH agent that lives as long as a test.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::sshd::command;

/// An agent that lives as long as a test.
pub(crate) struct Agent {
    pub(crate) socket: String,
    child: Child,
}

impl Agent {
    pub(crate) fn start(folder: &std::path::Path, keys: &[&std::path::Path]) -> Self {
        let socket = folder.join("agent").display().to_string();
        let mut child = command("ssh-agent").args(["-D", "-a", &socket]).stdout(Stdio::piped()).spawn().unwrap();
        // It says where it listens once it does.
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert!(said.contains("SSH_AUTH_SOCK"), "{said}");
        for key in keys {
            let added = command("ssh-add").arg(key).env("SSH_AUTH_SOCK", &socket).output().unwrap();
            assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        }
        Self { socket, child }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
