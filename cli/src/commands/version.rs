//! `packer version`. Looks nothing up on the network: naming the version must work anywhere, at once.

use crate::exit::Exit;
use crate::session::Session;

/// Prints the version.
pub fn run(session: &mut Session) -> Exit {
    let version = session.version;
    session.machine(None, "version", &[version.number.to_owned()]);
    // Spelled as scripts know it.
    session.machine(None, "version-prelease", &[version.prerelease.to_owned()]);
    session.machine(None, "version-commit", &[version.commit.to_owned()]);
    session.say(&format!("Packer v{}", version.number));
    Exit::Success
}
