//! Raw arguments to checked options: counts of words, lists split at commas, limits that mean "none".

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use engine::{Retry, Rules, TimeLimits};
use plugins::component::OnError;

use crate::args::{
    BuildArgs, CleanupArgs, ConfigType, ConsoleArgs, FlagError, FmtArgs, InitArgs, InspectArgs, PlanArgs, PlanFormat,
    PluginsInstallArgs, PluginsRequiredArgs, ReplayArgs, TemplateArgs, ValidateArgs,
};

/// A command line that its command cannot use. The command's help follows it.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum UsageError {
    /// A flag.
    #[error(transparent)]
    Flag(#[from] FlagError),
    /// Too few or too many words; the help alone says it.
    #[error("wrong number of templates")]
    WrongCount,
    /// Something else, in words of its own.
    #[error("{0}")]
    Words(String),
    /// A flag, for a command that says so in a line of its own and gives no help.
    #[error("{0}\nFailed to parse options: {0}")]
    Options(FlagError),
}

/// Which template, with which variables, and which of its builds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateOptions {
    /// A file, a folder, or `-` for standard input. Empty when none was given, which only `console` and
    /// `inspect` allow.
    pub path: String,
    /// `-only`, in order; may hold empty patterns, which match nothing.
    pub only: Vec<String>,
    /// `-except`, in order.
    pub except: Vec<String>,
    /// `-var`, in order; later ones win.
    pub vars: Vec<(String, String)>,
    /// `-var-file`, in order; later ones win.
    pub var_files: Vec<String>,
    /// `-config-type`.
    pub config_type: ConfigType,
}

/// How much may run at the same time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Builds in flight; `None` is no limit.
    pub parallel_builds: Option<NonZeroUsize>,
    /// Slots of all kinds; `None` is no limit.
    pub max_parallel: Option<NonZeroUsize>,
    /// Capacities of named pools, in order; the last one of a pool counts.
    pub pools: Vec<(String, u32)>,
}

/// What is written about a run beside its output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TelemetryOptions {
    /// `--events`: a file for events as lines of JSON.
    pub events: Option<String>,
    /// `--trace`: a file for a trace in Chrome's format.
    pub trace: Option<String>,
    /// `--otlp`: the address of an OpenTelemetry collector.
    pub otlp: Option<String>,
}

/// How a run takes failures and the passing of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patience {
    /// Whether the first failure stops it.
    pub fail_fast: bool,
    /// How often a step is tried again that failed for a reason that may pass.
    pub retries: u32,
    /// How long a step may take.
    pub node: Option<Duration>,
    /// How long nothing may be heard of a build.
    pub idle: Option<Duration>,
    /// How long a build may take.
    pub build: Option<Duration>,
    /// How long all of it may take.
    pub run: Option<Duration>,
}

impl Patience {
    /// The same for the engine.
    pub fn rules(&self) -> Rules {
        let Self { fail_fast, retries, node, idle, build, run } = *self;
        let limits = TimeLimits { node, idle, lease: build, run, ..TimeLimits::NONE };
        let retry = if retries == 0 { Retry::NEVER } else { Retry::up_to(retries.saturating_add(1)) };
        Rules { fail_fast, retry, limits, ..Rules::default() }
    }
}

/// Options of `build`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildOptions {
    /// What to build.
    pub template: TemplateOptions,
    /// `-color`: builds have colours and a legend. Escapes still depend on `PACKER_NO_COLOR`.
    pub colour: bool,
    /// `-debug`. Already limits builds to one at a time.
    pub debug: bool,
    /// `--fail-fast`, and what takes long or may pass.
    pub patience: Patience,
    /// `-force`.
    pub force: bool,
    /// `-ignore-prerelease-plugins`.
    pub ignore_prerelease_plugins: bool,
    /// `-parallel-builds`, `--max-parallel`.
    pub limits: Limits,
    /// `-on-error`.
    pub on_error: OnError,
    /// `-resume`: the run to take up, `last` for the last of the template.
    pub resume: Option<String>,
    /// `-skip-enforcement`: to be announced.
    pub skip_enforcement: bool,
    /// `--events`, `--trace`, `--otlp`.
    pub telemetry: TelemetryOptions,
    /// `-timestamp-ui`.
    pub timestamps: bool,
    /// Warn about undeclared names in variable files.
    pub warn_on_undeclared_var: bool,
}

/// Options of `cleanup`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CleanupOptions {
    /// `-auto-approve`: nobody is asked.
    pub auto_approve: bool,
    /// `-dry-run`: nothing is removed.
    pub dry_run: bool,
    /// `-forget`: nothing is removed, but counts as gone.
    pub forget: bool,
    /// `-json`: one document.
    pub json: bool,
    /// `-older-than`.
    pub older_than: Option<Duration>,
    /// The runs; all if none is named.
    pub runs: Vec<String>,
}

/// Options of `plan`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanOptions {
    /// What to plan.
    pub template: TemplateOptions,
    /// `-detail`.
    pub detail: bool,
    /// `-format`.
    pub format: PlanFormat,
    /// `-json`: one document with the findings, and with the plan if there are no errors.
    pub json: bool,
    /// `-parallel-builds`, `--max-parallel`.
    pub limits: Limits,
}

/// Options of `replay`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayOptions {
    /// The run: an id, the beginning of one, or `last`. None lists all.
    pub run: Option<String>,
    /// `-json`.
    pub json: bool,
    /// Other capacities of pools: `--max-parallel`, `--parallel-builds`, `--pool`. None is no limit.
    pub capacities: BTreeMap<String, Option<u32>>,
}

/// Options of `validate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidateOptions {
    /// What to check.
    pub template: TemplateOptions,
    /// `-evaluate-datasources`.
    pub evaluate_datasources: bool,
    /// `-ignore-prerelease-plugins`.
    pub ignore_prerelease_plugins: bool,
    /// `-json`: one document with the findings.
    pub json: bool,
    /// `-syntax-only`.
    pub syntax_only: bool,
    /// Warn about undeclared names in variable files; on unless switched off.
    pub warn_on_undeclared_var: bool,
}

/// Options of `inspect`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InspectOptions {
    /// What to show. Its path may be empty.
    pub template: TemplateOptions,
}

/// Options of `console`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleOptions {
    /// What expressions can refer to. Its path may be empty.
    pub template: TemplateOptions,
}

/// Options of `fmt`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FmtOptions {
    /// Files, folders, and `-` for standard input; at least one.
    pub paths: Vec<String>,
    /// `-check`. Nothing is written then.
    pub check: bool,
    /// `-diff`.
    pub diff: bool,
    /// `-recursive`.
    pub recursive: bool,
    /// Write what changed; on unless switched off.
    pub write: bool,
}

/// Options of `init`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitOptions {
    /// What needs plugins.
    pub template: TemplateOptions,
    /// `-force`.
    pub force: bool,
    /// `-upgrade`.
    pub upgrade: bool,
}

/// Options of `plugins install`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginsInstallOptions {
    /// `-path`: the binary; a release when not given.
    pub binary: Option<String>,
    /// `-force`. A binary always replaces what is there.
    pub force: bool,
    /// Where the plugin comes from.
    pub source: String,
    /// What its version must be, if anything.
    pub constraint: Option<String>,
}

/// Options of `plugins remove`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginsRemoveOptions {
    /// Where the plugins come from, or the absolute path of a binary.
    pub plugin: String,
    /// Which versions of them; all when not given.
    pub constraint: Option<String>,
}

/// Options of `plugins required`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginsRequiredOptions {
    /// What needs plugins.
    pub template: TemplateOptions,
}

impl TryFrom<InitArgs> for InitOptions {
    type Error = UsageError;

    fn try_from(args: InitArgs) -> Result<Self, UsageError> {
        let InitArgs { force, upgrade, template: arguments, positional } = args;
        Ok(Self { template: template(arguments, only_word(positional)?), force, upgrade })
    }
}

impl TryFrom<PluginsInstallArgs> for PluginsInstallOptions {
    type Error = UsageError;

    fn try_from(args: PluginsInstallArgs) -> Result<Self, UsageError> {
        let PluginsInstallArgs { path, force, template: _, positional } = args;
        let n_words = positional.len();
        let wrong_count = || format!("Invalid arguments, expected either 1 or 2 positional arguments, got {n_words}");
        let words = first_and_second(positional).ok_or_else(|| UsageError::Words(wrong_count()));
        let (source, constraint) = words?;
        Ok(Self { binary: Some(path).filter(|path| !path.is_empty()), force, source, constraint })
    }
}

impl PluginsRemoveOptions {
    /// From the words of the command, which has no flags.
    ///
    /// # Errors
    ///
    /// There are too few or too many, or a version stands behind a path.
    pub fn new(words: &[String]) -> Result<Self, UsageError> {
        let (plugin, constraint) = first_and_second(words.to_vec()).ok_or(UsageError::WrongCount)?;
        if Path::new(&plugin).is_absolute() && constraint.is_some() {
            let text = "Unsupported: no version constraint may be specified with a local plugin path.\n";
            return Err(UsageError::Words(text.to_owned()));
        }
        Ok(Self { plugin, constraint })
    }
}

impl TryFrom<PluginsRequiredArgs> for PluginsRequiredOptions {
    type Error = UsageError;

    fn try_from(args: PluginsRequiredArgs) -> Result<Self, UsageError> {
        Ok(Self { template: template(args.template, only_word(args.positional)?) })
    }
}

/// A word, and perhaps another one.
fn first_and_second(words: Vec<String>) -> Option<(String, Option<String>)> {
    let mut words = words.into_iter();
    let found = (words.next()?, words.next());
    words.next().is_none().then_some(found)
}

impl TryFrom<BuildArgs> for BuildOptions {
    type Error = UsageError;

    fn try_from(args: BuildArgs) -> Result<Self, UsageError> {
        if args.fail_fast && args.keep_going {
            let reason = "it cannot be used together with --fail-fast".to_owned();
            return Err(FlagError::Value { name: "keep-going".to_owned(), value: "true".to_owned(), reason }.into());
        }
        let mut limits = limits(args.parallel_builds, args.max_parallel, args.pools);
        if args.debug {
            limits.parallel_builds = Some(NonZeroUsize::MIN);
        }
        Ok(Self {
            template: template(args.template, only_word(args.positional)?),
            colour: args.color,
            debug: args.debug,
            patience: Patience {
                fail_fast: args.fail_fast,
                retries: u32::try_from(args.retries.max(0)).unwrap_or(u32::MAX),
                node: args.node_timeout,
                idle: args.idle_timeout,
                build: args.build_timeout,
                run: args.timeout,
            },
            force: args.force,
            ignore_prerelease_plugins: args.ignore_prerelease_plugins,
            limits,
            on_error: args.on_error.unwrap_or_default(),
            resume: args.resume,
            skip_enforcement: args.skip_enforcement,
            telemetry: telemetry(args.events, args.trace, args.otlp)?,
            timestamps: args.timestamp_ui,
            warn_on_undeclared_var: args.warn_on_undeclared_var,
        })
    }
}

impl TryFrom<CleanupArgs> for CleanupOptions {
    type Error = UsageError;

    fn try_from(args: CleanupArgs) -> Result<Self, UsageError> {
        let CleanupArgs { auto_approve, dry_run, forget, json, older_than, positional: runs } = args;
        Ok(Self { auto_approve, dry_run, forget, json, older_than, runs })
    }
}

impl TryFrom<PlanArgs> for PlanOptions {
    type Error = UsageError;

    fn try_from(args: PlanArgs) -> Result<Self, UsageError> {
        if args.json && args.format != PlanFormat::Text {
            let reason = "it cannot be used together with -format".to_owned();
            return Err(FlagError::Value { name: "json".to_owned(), value: "true".to_owned(), reason }.into());
        }
        Ok(Self {
            template: template(args.template, only_word(args.positional)?),
            detail: args.detail,
            format: args.format,
            json: args.json,
            limits: limits(args.parallel_builds, args.max_parallel, args.pools),
        })
    }
}

impl TryFrom<ReplayArgs> for ReplayOptions {
    type Error = UsageError;

    fn try_from(args: ReplayArgs) -> Result<Self, UsageError> {
        let ReplayArgs { json, max_parallel, parallel_builds, pools, positional } = args;
        let run = if positional.is_empty() { None } else { Some(only_word(positional)?) };
        let mut capacities = BTreeMap::new();
        for (name, number) in [("slots", max_parallel), ("builds", parallel_builds)] {
            // More than the engine can count is no limit.
            let capacity = |number| limit(number).and_then(|limit| u32::try_from(limit.get()).ok());
            capacities.extend(number.map(|number| (name.to_owned(), capacity(number))));
        }
        for (name, text) in pools {
            let wrong = |reason: &str| {
                let value = format!("{name}={text}");
                FlagError::Value { name: "pool".to_owned(), value, reason: reason.to_owned() }
            };
            let number: i64 = text.parse().map_err(|_| wrong("the capacity is no whole number"))?;
            capacities.insert(name.clone(), limit(number).and_then(|limit| u32::try_from(limit.get()).ok()));
        }
        if run.is_none() && !capacities.is_empty() {
            let words = "name a run for these flags: an id, the beginning of one, or last";
            return Err(UsageError::Words(words.to_owned()));
        }
        Ok(Self { run, json, capacities })
    }
}

impl TryFrom<ValidateArgs> for ValidateOptions {
    type Error = UsageError;

    fn try_from(args: ValidateArgs) -> Result<Self, UsageError> {
        Ok(Self {
            template: template(args.template, only_word(args.positional)?),
            evaluate_datasources: args.evaluate_datasources,
            ignore_prerelease_plugins: args.ignore_prerelease_plugins,
            json: args.json,
            syntax_only: args.syntax_only,
            warn_on_undeclared_var: !args.no_warn_undeclared_var,
        })
    }
}

impl TryFrom<ConsoleArgs> for ConsoleOptions {
    type Error = UsageError;

    fn try_from(args: ConsoleArgs) -> Result<Self, UsageError> {
        // As with `inspect`.
        Ok(Self { template: template(args.template, only_word(args.positional).unwrap_or_default()) })
    }
}

impl TryFrom<FmtArgs> for FmtOptions {
    type Error = UsageError;

    fn try_from(args: FmtArgs) -> Result<Self, UsageError> {
        let FmtArgs { check, diff, recursive, write, positional: paths, template: _ } = args;
        if paths.is_empty() {
            return Err(UsageError::WrongCount);
        }
        Ok(Self { paths, check, diff, recursive, write: write && !check })
    }
}

impl TryFrom<InspectArgs> for InspectOptions {
    type Error = UsageError;

    fn try_from(args: InspectArgs) -> Result<Self, UsageError> {
        // Any other count than one is taken as none: known behaviour, not an error.
        Ok(Self { template: template(args.template, only_word(args.positional).unwrap_or_default()) })
    }
}

/// The one word behind the flags.
fn only_word(words: Vec<String>) -> Result<String, UsageError> {
    let [word] = <[String; 1]>::try_from(words).map_err(|_| UsageError::WrongCount)?;
    Ok(word)
}

fn telemetry(
    events: Option<String>,
    trace: Option<String>,
    otlp: Option<String>,
) -> Result<TelemetryOptions, UsageError> {
    let (events, trace) = (file_flag("events", events)?, file_flag("trace", trace)?);
    if let (Some(value), true) = (&trace, trace == events) {
        let (name, value) = ("trace".to_owned(), value.clone());
        let reason = "it is the file of --events; name another one".to_owned();
        return Err(FlagError::Value { name, value, reason }.into());
    }
    Ok(TelemetryOptions { events, trace, otlp })
}

/// The value of a flag that names a file to write.
fn file_flag(name: &str, value: Option<String>) -> Result<Option<String>, UsageError> {
    let reason = match value.as_deref() {
        Some("-") => "standard output is taken; name a file, or a descriptor such as /dev/fd/3",
        Some("") => "name a file",
        _ => return Ok(value),
    };
    let value = value.unwrap_or_default();
    Err(FlagError::Value { name: name.to_owned(), value, reason: reason.to_owned() }.into())
}

fn template(args: TemplateArgs, path: String) -> TemplateOptions {
    TemplateOptions {
        path,
        only: split_at_commas(&args.only),
        except: split_at_commas(&args.except),
        vars: args.vars,
        var_files: args.var_files,
        config_type: args.config_type,
    }
}

fn split_at_commas(lists: &[String]) -> Vec<String> {
    lists.iter().flat_map(|list| list.split(',')).map(str::to_owned).collect()
}

fn limits(parallel_builds: i64, max_parallel: i64, pools: Vec<(String, u32)>) -> Limits {
    Limits { parallel_builds: limit(parallel_builds), max_parallel: limit(max_parallel), pools }
}

impl From<Limits> for planner::lower::Limits {
    /// More than the engine can count is no limit.
    fn from(limits: Limits) -> Self {
        let limit = |limit: Option<NonZeroUsize>| limit.and_then(|limit| u32::try_from(limit.get()).ok());
        let pools = limits.pools.into_iter().map(|(name, capacity)| (name.into(), capacity)).collect();
        Self { parallel_builds: limit(limits.parallel_builds), max_parallel: limit(limits.max_parallel), pools }
    }
}

/// Numbers below one mean no limit; so does one too big to count to.
fn limit(number: i64) -> Option<NonZeroUsize> {
    usize::try_from(number).ok().and_then(NonZeroUsize::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::parse;

    fn build(line: &str) -> Result<BuildOptions, UsageError> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        BuildOptions::try_from(parse::<BuildArgs>(&words)?)
    }

    #[test]
    fn defaults_are_packers() {
        let options = build("t.pkr.hcl").unwrap();
        assert_eq!(options.template, TemplateOptions { path: "t.pkr.hcl".into(), ..Default::default() });
        assert_eq!(options.limits, Limits::default());
        assert_eq!(options.on_error, OnError::Cleanup);
        assert!(
            options.colour
                && !options.debug
                && !options.force
                && !options.timestamps
                && options.patience == Patience::default()
        );
    }

    #[test]
    fn lists_and_limits_are_read() {
        let line = "-only=a,b -only c -except=,d -parallel-builds=2 --max-parallel -4 --pool a-b=3 -pool=c=1 -config-type HCL2 x";
        let options = build(line).unwrap();
        assert_eq!(options.template.only, ["a", "b", "c"]);
        assert_eq!(options.template.except, ["", "d"]);
        assert_eq!(options.template.config_type, ConfigType::Hcl2);
        let pools = vec![("a-b".to_owned(), 3), ("c".to_owned(), 1)];
        assert_eq!(options.limits, Limits { parallel_builds: NonZeroUsize::new(2), max_parallel: None, pools });
        let debug = build("-debug -parallel-builds=9 x").unwrap();
        assert_eq!(debug.limits.parallel_builds, NonZeroUsize::new(1));
    }

    #[test]
    fn one_word_is_needed() {
        for line in ["", "a b", "a -force", "-force"] {
            assert_eq!(build(line), Err(UsageError::WrongCount), "{line}");
        }
        let inspect = |words: &[String]| InspectOptions::try_from(parse::<InspectArgs>(words).unwrap()).unwrap();
        assert_eq!(inspect(&["a".into()]).template.path, "a");
        assert_eq!(inspect(&["a".into(), "b".into()]).template.path, "");
    }

    #[test]
    fn formatting_takes_many_words_and_checks_without_writing() {
        let fmt = |line: &str| {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            FmtOptions::try_from(parse::<FmtArgs>(&words).unwrap())
        };
        assert_eq!(fmt("-diff"), Err(UsageError::WrongCount));
        let paths = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
        for (line, expected, check, write) in [
            ("a b -", paths(&["a", "b", "-"]), false, true),
            ("--check a", paths(&["a"]), true, false),
            ("-check -write=true a -diff", paths(&["a", "-diff"]), true, false),
            ("-write=false -var x=1 -only b -config-type=hcl2 a", paths(&["a"]), false, false),
        ] {
            let options = fmt(line).unwrap();
            assert_eq!((options.paths, options.check, options.write), (expected, check, write), "{line}");
        }
    }
}
