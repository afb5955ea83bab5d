//! From the words on the command line to the command they name.

use std::ffi::OsString;

use clap::Parser;
use plugins::scrubber::Scrubber;

use crate::args::{
    self, BuildArgs, CleanupArgs, CommandName, ConsoleArgs, FmtArgs, InitArgs, InspectArgs, Invocation, PlanArgs,
    PluginsInstallArgs, PluginsRequiredArgs, ReplayArgs, ValidateArgs,
};
use crate::commands;
use crate::core_config;
use crate::crash;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::guard;
use crate::logging;
use crate::options::{
    BuildOptions, CleanupOptions, ConsoleOptions, FmtOptions, InitOptions, InspectOptions, PlanOptions,
    PluginsInstallOptions, PluginsRemoveOptions, PluginsRequiredOptions, ReplayOptions, UsageError, ValidateOptions,
};
use crate::session::{Session, complain};
use crate::signal::outlive_file_size_limit;

const MISPLACED_FLAGS: &str = "Invalid flags before the subcommand. If these flags are for
the subcommand, please put them after the subcommand.

";

/// Runs the program: `words` are those behind its name.
pub fn run(words: impl IntoIterator<Item = OsString>) -> Exit {
    let words: Vec<OsString> = words.into_iter().collect();
    if guard::is_meant(&words) {
        return guard::stand();
    }
    let environment = Environment::read();
    let scrubber = Scrubber::new();
    if let Err(error) = logging::start(&environment, scrubber.clone()) {
        complain(&error.to_string());
        return Exit::Failed;
    }
    crash::announce(scrubber.clone());
    outlive_file_size_limit();
    let words = match words.into_iter().map(OsString::into_string).collect::<Result<Vec<String>, OsString>>() {
        Ok(words) => words,
        Err(word) => {
            complain(&format!("Error: argument {word:?} is not valid UTF-8"));
            return Exit::Failed;
        }
    };
    let line = args::read(words);
    let fence = guard::fence(&environment);
    let mut session = Session::new(environment, line.machine_readable, scrubber, fence);
    tracing::info!(
        "Packer version: {} [rust {} {}]",
        session.version.number,
        std::env::consts::OS,
        std::env::consts::ARCH
    );
    if let Err(error) = core_config::check(&session.environment) {
        complain(&format!(" Error loading configuration: \n\n{error}"));
        return session.finish(Exit::Failed);
    }
    let exit = invoke(&mut session, line.invocation);
    session.finish(exit)
}

fn invoke(session: &mut Session, invocation: Invocation) -> Exit {
    match invocation {
        Invocation::RootHelp(exit) => {
            session.raw(&args::root_help());
            exit
        }
        Invocation::CommandHelp(command) => {
            session.raw(&args::command_help(command));
            Exit::Success
        }
        Invocation::MisplacedFlags(command) => {
            session.raw(&format!("{MISPLACED_FLAGS}{}", args::command_help(command)));
            Exit::Failed
        }
        Invocation::Run(command, words) => run_command(session, command, &words),
    }
}

fn run_command(session: &mut Session, command: CommandName, words: &[String]) -> Exit {
    let run = match command {
        CommandName::Build => {
            checked::<BuildArgs, BuildOptions>(words).map(|options| commands::build::run(session, &options))
        }
        CommandName::Cleanup => {
            let words = args::flags_first::<CleanupArgs>(words);
            checked::<CleanupArgs, CleanupOptions>(&words).map(|options| commands::cleanup::run(session, &options))
        }
        CommandName::Console => {
            checked::<ConsoleArgs, ConsoleOptions>(words).map(|options| commands::console::run(session, &options))
        }
        CommandName::Fmt => checked::<FmtArgs, FmtOptions>(words).map(|options| commands::fmt::run(session, &options)),
        CommandName::Init => {
            checked::<InitArgs, InitOptions>(words).map(|options| commands::init::run(session, &options))
        }
        CommandName::Inspect => {
            checked::<InspectArgs, InspectOptions>(words).map(|options| commands::inspect::run(session, &options))
        }
        CommandName::Plan => {
            checked::<PlanArgs, PlanOptions>(words).map(|options| commands::plan::run(session, &options))
        }
        CommandName::Plugins => Err(UsageError::WrongCount),
        CommandName::PluginsInstall => checked::<PluginsInstallArgs, PluginsInstallOptions>(words)
            .map_err(|error| if let UsageError::Flag(error) = error { UsageError::Options(error) } else { error })
            .map(|options| commands::plugins::install::run(session, &options)),
        // Its words are not looked at.
        CommandName::PluginsInstalled => Ok(commands::plugins::installed::run(session)),
        CommandName::PluginsRemove => {
            PluginsRemoveOptions::new(words).map(|options| commands::plugins::remove::run(session, &options))
        }
        CommandName::PluginsRequired => checked::<PluginsRequiredArgs, PluginsRequiredOptions>(words)
            .map(|options| commands::plugins::required::run(session, &options)),
        CommandName::Replay => {
            let words = args::flags_first::<ReplayArgs>(words);
            checked::<ReplayArgs, ReplayOptions>(&words).map(|options| commands::replay::run(session, &options))
        }
        CommandName::Validate => {
            checked::<ValidateArgs, ValidateOptions>(words).map(|options| commands::validate::run(session, &options))
        }
        // Its words are not looked at.
        CommandName::Version => Ok(commands::version::run(session)),
    };
    run.unwrap_or_else(|error| usage(session, command, &error))
}

/// The options of a command, if the words make any.
fn checked<A, O>(words: &[String]) -> Result<O, UsageError>
where
    A: Parser,
    O: TryFrom<A, Error = UsageError>,
{
    O::try_from(args::parse::<A>(words)?)
}

/// What is wrong with the words, then the command's help.
fn usage(session: &mut Session, command: CommandName, error: &UsageError) -> Exit {
    if *error != UsageError::WrongCount {
        session.error(&error.to_string());
    }
    if !matches!(error, UsageError::Options(_)) {
        session.say(&args::command_help(command));
    }
    Exit::Failed
}
