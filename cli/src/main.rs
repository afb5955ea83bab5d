//! The `packer` binary: arguments in, exit code out.

use mimalloc::MiMalloc;

/// Templates are read on all cores at once into very many small pieces of memory, for which the system's allocator makes
/// the threads wait for each other.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Runs the command named on the command line.
fn main() -> std::process::ExitCode {
    cli::run(std::env::args_os().skip(1)).into()
}
