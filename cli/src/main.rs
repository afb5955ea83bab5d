//! The `packer` binary: arguments in, exit code out.

/// Runs the command named on the command line.
fn main() -> std::process::ExitCode {
    cli::run(std::env::args_os().skip(1)).into()
}
