//! This program as the guard of another run of it, and what it takes to be guarded so.

use std::ffi::OsString;
use std::path::PathBuf;

use plugins::process::Fence;
use plugins::process::fence::GUARD_NAME;

use crate::descriptors::close_inherited;
use crate::environment::Environment;
use crate::exit::Exit;

/// The first word of a guard's command line, which goes on with the number of who is guarded. It is no command: it is
/// there for who reads a list of processes.
const WORD: &str = "ends-what-was-started-by";

/// A fence whose guard is this program, around children that keep temporary files where the environment says.
pub fn fence(environment: &Environment) -> Fence {
    let temporary_dir = environment.get("TMPDIR").unwrap_or("/tmp").into();
    let args = vec![WORD.to_owned(), std::process::id().to_string()];
    match program() {
        Some(program) => Fence::guarded(program, args, temporary_dir),
        None => Fence::default(),
    }
}

/// This program's file.
fn program() -> Option<PathBuf> {
    // Also when it was replaced or removed since.
    #[cfg(target_os = "linux")]
    let program = Some("/proc/self/exe".into());
    #[cfg(not(target_os = "linux"))]
    let program = std::env::current_exe().ok();
    program
}

/// Whether the command line is that of a guard.
pub fn is_meant(words: &[OsString]) -> bool {
    matches!(words, [word, _] if word == WORD)
}

/// Stands guard. Orders come on standard input.
pub fn stand() -> Exit {
    close_inherited();
    // Without it the name would be that of the link by which we were started.
    #[cfg(target_os = "linux")]
    let _ = std::fs::write("/proc/self/comm", GUARD_NAME);
    plugins::process::guard::stand(std::io::stdin());
    Exit::Success
}
