//! The words before and around the command: which command, which help, whether output is machine-readable.

use crate::exit::Exit;

use super::definitions::CommandName;

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// `-machine-readable` stood somewhere.
    pub machine_readable: bool,
    /// What to do.
    pub invocation: Invocation,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invocation {
    /// Print the root help and end with this code.
    RootHelp(Exit),
    /// Print a command's help; it was asked for.
    CommandHelp(CommandName),
    /// Complain about flags in front of the command, then its help.
    MisplacedFlags(CommandName),
    /// Run a command with these words.
    Run(CommandName, Vec<String>),
}

/// Finds the command in the words after the program's name.
pub fn read(mut words: Vec<String>) -> CommandLine {
    // Taken out wherever it stands, even as another flag's value: that is how scripts find it today.
    let flag = words.iter().position(|word| word == "-machine-readable");
    if let Some(at) = flag {
        words.remove(at);
    }
    CommandLine { machine_readable: flag.is_some(), invocation: find_command(words) }
}

fn find_command(words: Vec<String>) -> Invocation {
    let at = words.iter().position(|word| word == "--" || (!word.is_empty() && !word.starts_with('-')));
    let at = at.filter(|at| words[*at] != "--");
    let before = &words[..at.unwrap_or(words.len())];
    let wants_help = words.iter().take_while(|word| *word != "--").any(|word| is_help(word));
    if before.iter().take_while(|word| *word != "--").any(|word| is_version(word)) {
        return if wants_help {
            Invocation::CommandHelp(CommandName::Version)
        } else {
            Invocation::Run(CommandName::Version, Vec::new())
        };
    }
    let Some(at) = at else {
        return Invocation::RootHelp(if wants_help { Exit::Success } else { Exit::UnknownCommand });
    };
    let Some(first) = CommandName::find(&words[at]) else {
        return Invocation::RootHelp(Exit::UnknownCommand);
    };
    let second = words.get(at + 1);
    let narrower = first.subcommands().iter().find(|command| second.is_some_and(|word| word == command.last_word()));
    let (command, at) = narrower.map_or((first, at), |command| (*command, at + 1));
    if wants_help {
        Invocation::CommandHelp(command)
    } else if before.iter().any(|word| word.starts_with('-')) {
        Invocation::MisplacedFlags(command)
    } else {
        Invocation::Run(command, words[at + 1..].to_vec())
    }
}

fn is_help(word: &str) -> bool {
    matches!(word, "-h" | "-help" | "--help")
}

fn is_version(word: &str) -> bool {
    matches!(word, "-v" | "-version" | "--version")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Invocation) {
        let words = line.split_whitespace().map(str::to_owned).collect();
        assert_eq!(read(words).invocation, expected, "{line:?}");
    }

    fn run(command: CommandName, words: &[&str]) -> Invocation {
        Invocation::Run(command, words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn the_command_is_the_first_word_that_is_no_flag() {
        check("", Invocation::RootHelp(Exit::UnknownCommand));
        check("bake .", Invocation::RootHelp(Exit::UnknownCommand));
        check("bake -h", Invocation::RootHelp(Exit::UnknownCommand));
        check("-x", Invocation::RootHelp(Exit::UnknownCommand));
        check("--", Invocation::RootHelp(Exit::UnknownCommand));
        check("-h", Invocation::RootHelp(Exit::Success));
        check("--help", Invocation::RootHelp(Exit::Success));
        check("build .", run(CommandName::Build, &["."]));
        check("build -var x=1 .", run(CommandName::Build, &["-var", "x=1", "."]));
        check("-debug build .", Invocation::MisplacedFlags(CommandName::Build));
        check("build . -help", Invocation::CommandHelp(CommandName::Build));
        check("-help build", Invocation::CommandHelp(CommandName::Build));
        check("build -- -help", run(CommandName::Build, &["--", "-help"]));
        check("plugins", run(CommandName::Plugins, &[]));
        check("plugins bake", run(CommandName::Plugins, &["bake"]));
        check("plugins -x installed", run(CommandName::Plugins, &["-x", "installed"]));
        check("plugin installed all", run(CommandName::PluginsInstalled, &["all"]));
        check("plugins remove a b", run(CommandName::PluginsRemove, &["a", "b"]));
        check("plugins required -h", Invocation::CommandHelp(CommandName::PluginsRequired));
        check("-x plugins install a", Invocation::MisplacedFlags(CommandName::PluginsInstall));
        check("installed", Invocation::RootHelp(Exit::UnknownCommand));
    }

    #[test]
    fn version_flags_count_only_before_the_command() {
        for line in ["-v", "-version", "--version", "--version build .", "-x --version"] {
            check(line, run(CommandName::Version, &[]));
        }
        check("--version --help", Invocation::CommandHelp(CommandName::Version));
        check("build -v", run(CommandName::Build, &["-v"]));
        check("-- -v", Invocation::RootHelp(Exit::UnknownCommand));
    }

    #[test]
    fn machine_readable_is_taken_out_once_wherever_it_stands() {
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
        let line = read(words("build -var -machine-readable . -machine-readable"));
        assert!(line.machine_readable);
        assert_eq!(line.invocation, run(CommandName::Build, &["-var", ".", "-machine-readable"]));
        assert!(!read(words("build --machine-readable .")).machine_readable);
        assert!(!read(words("build -machine-readable=true .")).machine_readable);
    }
}
