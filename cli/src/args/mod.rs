//! The command line as text: which command is meant, Go's flag syntax, the flags of each command, help texts.
//! Nothing here is checked beyond the form of single values; that is `options`.

mod command_line;
mod definitions;
mod go_flags;
mod help;
mod values;

pub use command_line::{CommandLine, Invocation, read};
pub use definitions::{
    BuildArgs, CleanupArgs, CommandName, ConsoleArgs, FmtArgs, InitArgs, InspectArgs, PlanArgs, PluginsArgs,
    PluginsInstallArgs, PluginsInstalledArgs, PluginsRemoveArgs, PluginsRequiredArgs, ReplayArgs, TemplateArgs,
    ValidateArgs, VersionArgs,
};
pub use go_flags::{FlagError, flags_first, parse};
pub use help::{command_help, root_help};
pub use values::{ConfigType, PlanFormat};
