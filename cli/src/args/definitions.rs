//! The commands and their flags. clap's definitions are the single source: the flag syntax, the checks of single values
//! and the help texts are all taken from here. Doc comments are what users read in the help.

use std::time::Duration;

use clap::{ArgAction, Args, Parser};
use plugins::component::OnError;

use super::values::{self, ConfigType, PlanFormat};

/// A command that can be named on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandName {
    /// Runs the graph.
    Build,
    /// Removes what runs left behind.
    Cleanup,
    /// Tries expressions.
    Console,
    /// Lays out files.
    Fmt,
    /// Fetches the plugins that a template needs.
    Init,
    /// Shows what a template holds.
    Inspect,
    /// Shows the graph.
    Plan,
    /// Has the commands for plugins.
    Plugins,
    /// Installs a plugin.
    PluginsInstall,
    /// Lists the plugins that are there.
    PluginsInstalled,
    /// Removes plugins.
    PluginsRemove,
    /// Lists the plugins that a template needs.
    PluginsRequired,
    /// Schedules a recorded run again.
    Replay,
    /// Checks a template.
    Validate,
    /// Names the version.
    Version,
}

impl CommandName {
    /// Those of one word, sorted by name.
    pub const ALL: [CommandName; 11] = [
        Self::Build,
        Self::Cleanup,
        Self::Console,
        Self::Fmt,
        Self::Init,
        Self::Inspect,
        Self::Plan,
        Self::Plugins,
        Self::Replay,
        Self::Validate,
        Self::Version,
    ];

    /// Those whose second word chooses what to do with plugins, sorted by name.
    pub const OF_PLUGINS: [CommandName; 4] =
        [Self::PluginsInstall, Self::PluginsInstalled, Self::PluginsRemove, Self::PluginsRequired];

    /// The words on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Cleanup => "cleanup",
            Self::Console => "console",
            Self::Fmt => "fmt",
            Self::Init => "init",
            Self::Inspect => "inspect",
            Self::Plan => "plan",
            Self::Plugins => "plugins",
            Self::PluginsInstall => "plugins install",
            Self::PluginsInstalled => "plugins installed",
            Self::PluginsRemove => "plugins remove",
            Self::PluginsRequired => "plugins required",
            Self::Replay => "replay",
            Self::Validate => "validate",
            Self::Version => "version",
        }
    }

    /// Its line in the root help.
    pub fn synopsis(self) -> &'static str {
        match self {
            Self::Build => "build image(s) from template",
            Self::Cleanup => "remove what runs left behind",
            Self::Console => "creates a console for testing variable interpolation",
            Self::Fmt => "Rewrites HCL2 config files to canonical format",
            Self::Init => "Install missing plugins or upgrade plugins",
            Self::Inspect => "see components of a template",
            Self::Plan => "show the graph that build would run",
            Self::Plugins => "Interact with Packer plugins and catalog",
            Self::PluginsInstall => "Install latest Packer plugin [matching version constraint]",
            Self::PluginsInstalled => "List all installed Packer plugin binaries",
            Self::PluginsRemove => "Remove Packer plugins [matching a version]",
            Self::PluginsRequired => "List plugins required by a config",
            Self::Replay => "schedule a recorded run again, under other limits",
            Self::Validate => "check that a template is valid",
            Self::Version => "Prints the Packer version",
        }
    }

    /// The command called `name`.
    pub fn find(name: &str) -> Option<Self> {
        let name = if name == "plugin" { "plugins" } else { name };
        Self::ALL.into_iter().find(|command| command.name() == name)
    }

    /// Those that this one is only the first word of.
    pub fn subcommands(self) -> &'static [CommandName] {
        if self == Self::Plugins { &Self::OF_PLUGINS } else { &[] }
    }

    /// The last word of its name.
    pub fn last_word(self) -> &'static str {
        self.name().rsplit(' ').next().unwrap_or_default()
    }
}

/// Flags of every command that reads a template.
#[derive(Args, Clone, Debug)]
pub struct TemplateArgs {
    /// Run only the builds with these names; globs such as *.null.a are allowed. May be repeated
    #[arg(long, value_name = "foo,bar,baz")]
    pub only: Vec<String>,

    /// Leave out the builds and post-processors with these names; globs are allowed. May be repeated
    #[arg(long, value_name = "foo,bar,baz")]
    pub except: Vec<String>,

    /// Set a variable. May be repeated; the last value of a variable wins
    #[arg(long = "var", value_name = "key=value", value_parser = values::assignment)]
    pub vars: Vec<(String, String)>,

    /// Read variables from an HCL2 or JSON file. May be repeated; later files win
    #[arg(long = "var-file", value_name = "path")]
    pub var_files: Vec<String>,

    /// Language of a template whose path does not tell: json or hcl2
    #[arg(long, value_name = "json", value_parser = values::config_type, default_value = "json")]
    pub config_type: ConfigType,
}

/// Will run every build of a template as one graph: what does not depend on each other runs at the same time. The
/// artifacts that builders and post-processors leave are listed at the end.
#[derive(Parser, Clone, Debug)]
#[command(no_binary_name = true, args_override_self = true, disable_help_flag = true)]
pub struct BuildArgs {
    /// How long a build may take, from its start to its last post-processor, such as 90m. What takes longer is asked to
    /// end and cleans up. A data source on its own counts as a build
    #[arg(long, value_name = "90m", value_parser = values::limit)]
    pub build_timeout: Option<Duration>,

    /// Colour the output, one colour per build. PACKER_NO_COLOR keeps the escape sequences out
    #[arg(long, action = ArgAction::Set, default_value = "true")]
    pub color: bool,

    /// Go step by step: builds run one after another and pause between steps
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub debug: bool,

    /// Write the run's events to this file as they happen, one JSON object in a line, for other programs. A pipe will do,
    /// such as /dev/fd/3. What becomes of the file does not change what becomes of the builds
    #[arg(long, value_name = "file")]
    pub events: Option<String>,

    /// Stop at the first failure: nothing new starts, what runs is asked to end, cleanup still runs
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub fail_fast: bool,

    /// Let builders overwrite what an earlier run left behind
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub force: bool,

    /// How long nothing may be heard of a build that is at work, such as 10m. One that is silent for longer is asked to end
    /// and cleans up
    #[arg(long, value_name = "10m", value_parser = values::limit)]
    pub idle_timeout: Option<Duration>,

    /// Leave out plugins in versions that are not released
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub ignore_prerelease_plugins: bool,

    /// Let builds that do not need what failed go on. It is what happens anyway; saying so keeps --fail-fast out
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub keep_going: bool,

    /// Written exactly like this, anywhere on the line, it switches the whole program to machine-readable output.
    /// With two dashes or a value it is accepted without effect
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub machine_readable: bool,

    /// Run at most this many builds and lone nodes at the same time. Below 1: no limit
    #[arg(long, value_name = "0", value_parser = values::integer, default_value = "0", allow_hyphen_values = true)]
    pub max_parallel: i64,

    /// How long a single step may take, such as 30m: to start a machine, one provisioner, one post-processor. What takes
    /// longer is asked to end and fails
    #[arg(long, value_name = "30m", value_parser = values::limit)]
    pub node_timeout: Option<Duration>,

    /// What to do when a build fails: cleanup, abort, ask or run-cleanup-provisioner
    #[arg(long, value_name = "cleanup", value_parser = values::on_error)]
    pub on_error: Option<OnError>,

    /// Send the run as spans to the OpenTelemetry collector at this address, which takes OTLP over HTTP, such as
    /// http://localhost:4318. OTEL_EXPORTER_OTLP_HEADERS (name=value,...) has headers for it
    #[arg(long, value_name = "url")]
    pub otlp: Option<String>,

    /// Run at most this many builds at the same time. Below 1: no limit. 1: one after another
    #[arg(long, value_name = "0", value_parser = values::integer, default_value = "0", allow_hyphen_values = true)]
    pub parallel_builds: i64,

    /// How much there is of a pool that sources of the template claim from, instead of what the template says. May be
    /// repeated
    #[arg(long = "pool", value_name = "name=10", value_parser = values::capacity)]
    pub pools: Vec<(String, u32)>,

    /// Take up a run that was killed or failed: what it finished, and would be made in the same way again, is not made
    /// again. Without a value the last run of this template; `-resume=RUN` that one
    #[arg(long, value_name = "run", num_args = 0..=1, default_missing_value = "last")]
    pub resume: Option<String>,

    /// How often a step is tried again that failed for a reason that may pass: a lost connection, a provider that is busy
    /// or says that it is too much at once. The pause before is 1s, then 2s, 4s and so on up to 1m
    #[arg(long, value_name = "0", value_parser = values::integer, default_value = "0", allow_hyphen_values = true)]
    pub retries: i64,

    /// Do not fetch provisioners that an HCP registry enforces. None are fetched by this version; the flag is announced
    /// in the output
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub skip_enforcement: bool,

    /// How long the whole run may take, such as 4h. After that nothing new starts; what runs is asked to end and cleans up
    #[arg(long, value_name = "4h", value_parser = values::limit)]
    pub timeout: Option<Duration>,

    /// Put the time in front of each message, RFC 3339, local time
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub timestamp_ui: bool,

    /// Write a trace of the run to this file, to be looked at in Perfetto (https://ui.perfetto.dev) or chrome://tracing:
    /// a lane for each build, a slice for each node, counters of what is in flight and held of pools
    #[arg(long, value_name = "file")]
    pub trace: Option<String>,

    /// Evaluate data sources and locals one after another. The graph gives the same values in either way, so this
    /// changes nothing
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub use_sequential_evaluation: bool,

    /// Warn about names in variable files that the template does not declare
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub warn_on_undeclared_var: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would take the text for the command's help")]
    pub template: TemplateArgs,

    #[arg(hide = true)]
    #[expect(missing_docs, reason = "positional, not part of the help")]
    pub positional: Vec<String>,
}

/// Will list what runs left behind that were killed, failed or were stopped: machines, images, keys, files; with the
/// command that removes each. Then it asks, and removes it: files by itself, all else with the provider's own
/// command-line tool, newest first. What it has no tool for is for you to remove. RUN is the id of a run, or its
/// beginning; without one all runs are looked at. A run that is alive is left alone, whatever else is going on. When it
/// is interrupted or something fails, another cleanup goes on with the rest; it exits with 1 then.
#[derive(Parser, Clone, Debug)]
#[command(no_binary_name = true, args_override_self = true, disable_help_flag = true)]
pub struct CleanupArgs {
    /// Do not ask. Needed where there is no terminal to ask on
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub auto_approve: bool,

    /// Only list what is left, and the commands that would remove it
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub dry_run: bool,

    /// Remove nothing, but strike what is listed off the record: you have removed it yourself
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub forget: bool,

    /// Print one JSON document. Without -auto-approve it only lists
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub json: bool,

    /// Only runs that started longer ago than this, such as 24h or 90m
    #[arg(long, value_name = "24h", value_parser = values::age)]
    pub older_than: Option<Duration>,

    #[arg(hide = true)]
    #[expect(missing_docs, reason = "positional, not part of the help")]
    pub positional: Vec<String>,
}

/// Will answer expressions with their values, over the variables and locals of a template: those that are typed, or the
/// lines of a pipe or file. Of a pipe's results only the last one is shown. Without a template there are the functions
/// alone.
#[derive(Parser, Clone, Debug)]
#[command(no_binary_name = true, args_override_self = true, disable_help_flag = true)]
pub struct ConsoleArgs {
    /// Evaluate data sources and locals one after another. The graph gives the same values in either way, so this
    /// changes nothing
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub use_sequential_evaluation: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would take the text for the command's help")]
    pub template: TemplateArgs,

    #[arg(hide = true)]
    #[expect(missing_docs, reason = "positional, not part of the help")]
    pub positional: Vec<String>,
}

/// Will show the graph that build would run for a template: nodes, what each waits for, how much can run at the same
/// time. Starts no component.
#[derive(Parser, Clone, Debug)]
#[command(no_binary_name = true, args_override_self = true, disable_help_flag = true)]
pub struct PlanArgs {
    /// Show every node: prepare, open and close of each builder, destruction of artifacts
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub detail: bool,

    /// Form of the output: text, json, dot or mermaid
    #[arg(long, value_name = "text", value_parser = values::plan_format, default_value = "text")]
    pub format: PlanFormat,

    /// Print one JSON document: the findings in the shape of terraform validate -json and, if none is an error, the
    /// plan as with -format=json under "plan"
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub json: bool,

    /// Forecast with at most this many builds and lone nodes at the same time. Below 1: no limit
    #[arg(long, value_name = "0", value_parser = values::integer, default_value = "0", allow_hyphen_values = true)]
    pub max_parallel: i64,

    /// Forecast with at most this many builds at the same time. Below 1: no limit
    #[arg(long, value_name = "0", value_parser = values::integer, default_value = "0", allow_hyphen_values = true)]
    pub parallel_builds: i64,

    /// How much there is of a pool that sources of the template claim from, instead of what the template says. May be
    /// repeated
    #[arg(long = "pool", value_name = "name=10", value_parser = values::capacity)]
    pub pools: Vec<(String, u32)>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would take the text for the command's help")]
    pub template: TemplateArgs,

    #[arg(hide = true)]
    #[expect(missing_docs, reason = "positional, not part of the help")]
    pub positional: Vec<String>,
}

/// Will check a template: its syntax, its variables, and the configuration of every component it uses. Exits with 0 if
/// it is valid; warnings do not count.
#[derive(Parser, Clone, Debug)]
#[command(no_binary_name = true, args_override_self = true, disable_help_flag = true)]
pub struct ValidateArgs {
    /// Run data sources to know their values. Without it their values count as unknown
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub evaluate_datasources: bool,

    /// Leave out plugins in versions that are not released
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub ignore_prerelease_plugins: bool,

    /// Print the findings as one JSON document, in the shape of terraform validate -json
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub json: bool,

    /// Do not warn about names in variable files that the template does not declare
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub no_warn_undeclared_var: bool,

    /// Stop after the syntax: neither variables nor components are looked at
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub syntax_only: bool,

    /// Evaluate data sources and locals one after another. The graph gives the same values in either way, so this
    /// changes nothing
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub use_sequential_evaluation: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would take the text for the command's help")]
    pub template: TemplateArgs,

    #[arg(hide = true)]
    #[expect(missing_docs, reason = "positional, not part of the help")]
    pub positional: Vec<String>,
}

/// Rewrites templates (*.pkr.hcl) and variable files (*.pkrvars.hcl) in canonical layout and prints the names of those
/// that changed. Only white space changes. TEMPLATE is a file, a folder, or - for standard input, whose new layout is
/// printed; there may be several. A file that is not valid is reported and left as it is. The flags that other commands
/// have for builds and variables are accepted and change nothing
#[derive(Parser, Clone, Debug)]
#[command(no_binary_name = true, args_override_self = true, disable_help_flag = true)]
pub struct FmtArgs {
    /// Write nothing, and exit with 3 if a file is not in canonical layout
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub check: bool,

    /// Show what changes in each file
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub diff: bool,

    /// Go into folders below as well
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub recursive: bool,

    /// Only print the names of the files that would change
    #[arg(long, action = ArgAction::Set, default_value = "true")]
    pub write: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would take the text for the command's help")]
    pub template: TemplateArgs,

    #[arg(hide = true)]
    #[expect(missing_docs, reason = "positional, not part of the help")]
    pub positional: Vec<String>,
}

/// Will install the plugins that a template requires and that are not installed yet, each the newest release that fits,
/// and write their versions and checksums to .packer.lock.hcl beside the template. Once that is there, the versions in it
/// are installed, and only files with these checksums; commit it with the template, and renew it with -upgrade.
/// Plugins of github.com/hashicorp come from releases.hashicorp.com, all others of github.com from their releases there.
/// PACKER_PLUGIN_MIRROR names a mirror to ask instead, which may have plugins of any source: a folder, or the address of a
/// server, with releases laid out as on the releases server of HashiCorp in a folder called like the source, or
/// packer-plugin-NAME. PACKER_GITHUB_API_TOKEN lets GitHub answer more questions. With PACKER_PLUGIN_REQUIRE_SIGNED=1
/// plugins must be signed with a key in trust/ of the configuration folder.
#[derive(Parser, Clone, Debug)]
#[command(no_binary_name = true, args_override_self = true, disable_help_flag = true)]
pub struct InitArgs {
    /// Install plugins that are there already once more: the release that would be used or, with -upgrade, the newest
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub force: bool,

    /// Look for newer releases of plugins that are installed or locked already
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub upgrade: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would take the text for the command's help")]
    pub template: TemplateArgs,

    #[arg(hide = true)]
    #[expect(missing_docs, reason = "positional, not part of the help")]
    pub positional: Vec<String>,
}

/// Will list what a template declares: its variables and locals with their values, its builds with their sources,
/// provisioners and post-processors.
#[derive(Parser, Clone, Debug)]
#[command(no_binary_name = true, args_override_self = true, disable_help_flag = true)]
pub struct InspectArgs {
    /// Evaluate data sources and locals one after another. The graph gives the same values in either way, so this
    /// changes nothing
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub use_sequential_evaluation: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would take the text for the command's help")]
    pub template: TemplateArgs,

    #[arg(hide = true)]
    #[expect(missing_docs, reason = "positional, not part of the help")]
    pub positional: Vec<String>,
}

/// Has commands for the plugins that are installed: what there is, what a template needs, what comes and goes.
#[derive(Parser, Clone, Debug)]
#[command(no_binary_name = true, args_override_self = true, disable_help_flag = true)]
pub struct PluginsArgs {}

/// Will install the newest release of the plugin SOURCE, such as github.com/hashicorp/happycloud, from where packer init
/// would get it, or a binary that is on this machine. With VERSION, such as ">= 1.2, < 2", only one that fits. Prints
/// nothing if it is installed already.
#[derive(Parser, Clone, Debug)]
#[command(no_binary_name = true, args_override_self = true, disable_help_flag = true)]
pub struct PluginsInstallArgs {
    /// Install this binary. It is asked what it is, and replaces one of the same version
    #[arg(long, value_name = "path", default_value = "")]
    pub path: String,

    /// Install the release once more if it is there already
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub force: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would take the text for the command's help")]
    pub template: TemplateArgs,

    #[arg(hide = true)]
    #[expect(missing_docs, reason = "positional, not part of the help")]
    pub positional: Vec<String>,
}

/// Will list the binaries of all plugins that are installed for this system and pass every check: one path on each line,
/// the version to be used last among those of a plugin. The log (PACKER_LOG=1) says why others are left out.
#[derive(Parser, Clone, Debug)]
#[command(no_binary_name = true, args_override_self = true, disable_help_flag = true)]
pub struct PluginsInstalledArgs {}

/// Will remove the plugins of SOURCE that are installed, or only those whose version fits VERSION, such as "< 1.2", and
/// print the paths of their binaries. The path of one binary in the plugins' folder may be given instead.
#[derive(Parser, Clone, Debug)]
#[command(no_binary_name = true, args_override_self = true, disable_help_flag = true)]
pub struct PluginsRemoveArgs {}

/// Will list the plugins that a template requires: name, source and versions, then the binaries that would do. The last
/// of them is the one to be used.
#[derive(Parser, Clone, Debug)]
#[command(no_binary_name = true, args_override_self = true, disable_help_flag = true)]
pub struct PluginsRequiredArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would take the text for the command's help")]
    pub template: TemplateArgs,

    #[arg(hide = true)]
    #[expect(missing_docs, reason = "positional, not part of the help")]
    pub positional: Vec<String>,
}

/// Will schedule a recorded run again in virtual time: every node takes as long and ends as it did then. Says how long
/// that takes under the limits the run had, and under others if they are given, what no schedule could beat, and what
/// determined the end. RUN is the id of a run or the beginning of one, or last. Without it all runs are listed.
#[derive(Parser, Clone, Debug)]
#[command(no_binary_name = true, args_override_self = true, disable_help_flag = true)]
pub struct ReplayArgs {
    /// Print one JSON document
    #[arg(long, action = ArgAction::Set, default_value = "false")]
    pub json: bool,

    /// At most this many builds and lone nodes at the same time. Below 1: no limit
    #[arg(long, value_name = "n", value_parser = values::integer, allow_hyphen_values = true)]
    pub max_parallel: Option<i64>,

    /// At most this many builds at the same time. Below 1: no limit
    #[arg(long, value_name = "n", value_parser = values::integer, allow_hyphen_values = true)]
    pub parallel_builds: Option<i64>,

    /// Another capacity of a pool. Below 1: no limit. May be repeated
    #[arg(long = "pool", value_name = "name=n", value_parser = values::assignment)]
    pub pools: Vec<(String, String)>,

    #[arg(hide = true)]
    #[expect(missing_docs, reason = "positional, not part of the help")]
    pub positional: Vec<String>,
}

/// Prints the version of this program. Looks nothing up on the network.
#[derive(Parser, Clone, Debug)]
#[command(no_binary_name = true, args_override_self = true, disable_help_flag = true)]
pub struct VersionArgs {}
