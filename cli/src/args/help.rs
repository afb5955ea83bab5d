//! Help texts, rendered from the definitions. The first line of each is fixed by what scripts expect.

use clap::{Args, Command, CommandFactory};

use super::definitions::{
    BuildArgs, CleanupArgs, CommandName, ConsoleArgs, FmtArgs, InitArgs, InspectArgs, PlanArgs, PluginsArgs,
    PluginsInstallArgs, PluginsInstalledArgs, PluginsRemoveArgs, PluginsRequiredArgs, ReplayArgs, TemplateArgs,
    ValidateArgs, VersionArgs,
};
use super::go_flags::is_boolean;

const WIDTH: usize = 79;
/// The flag for the language of a template.
const LANGUAGE: &str = "config-type";

/// What `packer` without a command prints. Ends with an empty line.
pub fn root_help() -> String {
    let commands = list(&CommandName::ALL, CommandName::name);
    format!("Usage: packer [--version] [--help] <command> [<args>]\n\nAvailable commands are:\n{commands}\n")
}

/// What `packer COMMAND -help` prints, without a line end behind it.
pub fn command_help(command: CommandName) -> String {
    let (definition, positional) = match command {
        CommandName::Build => (BuildArgs::command(), " [options] TEMPLATE"),
        CommandName::Cleanup => (CleanupArgs::command(), " [options] [RUN...]"),
        CommandName::Console => (ConsoleArgs::command(), " [options] [TEMPLATE]"),
        CommandName::Fmt => (without_template_flags(FmtArgs::command(), &[]), " [options] TEMPLATE..."),
        CommandName::Init => (without_template_flags(InitArgs::command(), &[LANGUAGE]), " [options] TEMPLATE"),
        CommandName::Inspect => (InspectArgs::command(), " [options] TEMPLATE"),
        CommandName::Plan => (PlanArgs::command(), " [options] TEMPLATE"),
        CommandName::Plugins => (PluginsArgs::command(), " <subcommand> [options] [args]"),
        CommandName::PluginsInstall => {
            (without_template_flags(PluginsInstallArgs::command(), &[]), " [options] SOURCE [VERSION]")
        }
        CommandName::PluginsInstalled => (PluginsInstalledArgs::command(), ""),
        CommandName::PluginsRemove => (PluginsRemoveArgs::command(), " SOURCE [VERSION]"),
        CommandName::PluginsRequired => {
            (without_template_flags(PluginsRequiredArgs::command(), &[LANGUAGE]), " [options] PATH")
        }
        CommandName::Replay => (ReplayArgs::command(), " [options] [RUN]"),
        CommandName::Validate => (ValidateArgs::command(), " [options] TEMPLATE"),
        CommandName::Version => (VersionArgs::command(), ""),
    };
    let mut text = render(command.name(), positional, &definition);
    if !command.subcommands().is_empty() {
        text.push_str("\n\nSubcommands:\n");
        text.push_str(&list(command.subcommands(), CommandName::last_word));
    }
    text
}

/// Commands with what they do, in two columns.
fn list(commands: &[CommandName], name: fn(CommandName) -> &'static str) -> String {
    let longest = commands.iter().map(|command| name(*command).len()).max().unwrap_or(0);
    commands.iter().map(|command| format!("    {:longest$}    {}\n", name(*command), command.synopsis())).collect()
}

/// For a command that accepts the flags of those that read a template and has no use for any but some of them.
fn without_template_flags(definition: Command, used: &[&str]) -> Command {
    let all = TemplateArgs::augment_args(Command::default());
    definition.mut_args(|arg| {
        let is_known = all.get_arguments().any(|other| other.get_id() == arg.get_id());
        let is_unused = is_known && !arg.get_long().is_some_and(|name| used.contains(&name));
        if is_unused { arg.hide(true) } else { arg }
    })
}

fn render(name: &str, positional: &str, definition: &Command) -> String {
    let mut text = format!("Usage: packer {name}{positional}\n");
    let about = definition.get_about().map(ToString::to_string).unwrap_or_default();
    text.push_str(&format!("\n{}", wrap(&sentence(&about), 2)));
    let mut flags: Vec<(String, String)> = definition.get_arguments().filter_map(flag_row).collect();
    flags.sort();
    if !flags.is_empty() {
        text.push_str("\nOptions:\n");
    }
    for (flag, help) in flags {
        text.push_str(&format!("\n  {flag}\n{}", wrap(&help, 6)));
    }
    text.truncate(text.trim_end().len());
    text
}

/// A flag with its value's form, and its help.
fn flag_row(arg: &clap::Arg) -> Option<(String, String)> {
    let name = arg.get_long().filter(|_| !arg.is_hide_set())?;
    let value = arg.get_value_names().and_then(|names| names.first());
    let default = arg.get_default_values().first().and_then(|value| value.to_str());
    let shown = match (is_boolean(arg), default, value) {
        // A boolean that is on can only be switched off, and only with `=`.
        (true, Some("true"), _) => format!("-{name}=false"),
        (true, _, _) => format!("-{name}"),
        (false, _, Some(value)) => format!("-{name}={value}"),
        (false, _, None) => format!("-{name}=value"),
    };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    Some((shown, sentence(&help)))
}

/// clap drops the last period of a doc comment.
fn sentence(text: &str) -> String {
    if text.is_empty() || text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}

/// Breaks at spaces; every line indented and ended.
fn wrap(text: &str, indent: usize) -> String {
    let mut lines = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && indent + line.len() + 1 + word.len() > WIDTH {
            lines.push_str(&format!("{:indent$}{line}\n", ""));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push_str(&format!("{:indent$}{line}\n", ""));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_is_listed_with_a_sentence() {
        for (command, flags) in [
            (CommandName::Build, vec!["-color=false", "-on-error=cleanup", "-var=key=value", "-max-parallel=0"]),
            (CommandName::Plan, vec!["-format=text", "-detail", "-var-file=path"]),
            (CommandName::Validate, vec!["-syntax-only", "-evaluate-datasources", "-config-type=json"]),
            (CommandName::Inspect, vec!["-only=foo,bar,baz", "-except=foo,bar,baz"]),
        ] {
            let help = command_help(command);
            assert!(help.starts_with(&format!("Usage: packer {} [options] TEMPLATE\n", command.name())), "{help}");
            for flag in flags {
                assert!(help.contains(&format!("\n  {flag}\n      ")), "{flag} in {help}");
            }
            assert!(!help.contains("positional"), "{help}");
            assert!(help.lines().all(|line| line.len() <= WIDTH), "{help}");
        }
    }

    #[test]
    fn flags_that_change_nothing_are_not_listed() {
        for (command, first, expected) in [
            (CommandName::Fmt, "fmt [options] TEMPLATE...", vec!["check", "diff", "recursive", "write=false"]),
            (CommandName::Init, "init [options] TEMPLATE", vec!["config-type=json", "force", "upgrade"]),
            (CommandName::PluginsInstall, "plugins install [options] SOURCE [VERSION]", vec!["force", "path=path"]),
            (CommandName::PluginsRequired, "plugins required [options] PATH", vec!["config-type=json"]),
        ] {
            let help = command_help(command);
            assert!(help.starts_with(&format!("Usage: packer {first}\n")), "{help}");
            let flags: Vec<&str> = help.lines().filter_map(|line| line.strip_prefix("  -")).collect();
            assert_eq!(flags, expected);
        }
    }

    #[test]
    fn root_help_lists_commands_in_one_column() {
        let help = root_help();
        assert!(help.starts_with("Usage: packer [--version] [--help] <command> [<args>]\n\nAvailable commands are:\n"));
        assert!(help.contains("\n    build       build image(s) from template\n"), "{help}");
        assert!(help.contains("\n    validate    check that a template is valid\n"), "{help}");
    }
}
