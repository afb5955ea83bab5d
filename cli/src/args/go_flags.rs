//! Go's `flag` syntax in front of clap: `-x v`, `-x=v`, `--x v`, `--x=v`, booleans without a value of their own, the end
//! at the first word that is no flag. Flags are looked up in clap's definition and handed to clap in its own form, so
//! that clap still checks the values; errors keep Go's wording and are reported in the order of the command line.

use std::any::TypeId;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command, Parser};

use super::values::boolean;

/// A flag that cannot be understood, in the wording of Go's `flag` package.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum FlagError {
    /// No such flag.
    #[error("flag provided but not defined: -{0}")]
    Unknown(String),
    /// The line ended where its value should be.
    #[error("flag needs an argument: -{0}")]
    MissingValue(String),
    /// `-=x`, `---x`.
    #[error("bad flag syntax: {0}")]
    Syntax(String),
    /// A boolean that is none.
    #[error("invalid boolean value {value:?} for -{name}: parse error")]
    Boolean {
        /// The flag.
        name: String,
        /// What was given.
        value: String,
    },
    /// Any other value that cannot be used.
    #[error("invalid value {value:?} for flag -{name}: {reason}")]
    Value {
        /// The flag.
        name: String,
        /// What was given.
        value: String,
        /// Why not.
        reason: String,
    },
    /// Whatever else clap objects to.
    #[error("{0}")]
    Other(String),
}

/// Reads the flags of one command.
pub fn parse<P: Parser>(args: &[String]) -> Result<P, FlagError> {
    let scanned = scan(&P::command(), args);
    // Values before the fault are checked first: the leftmost error is the one to report.
    let parsed = P::try_parse_from(&scanned.argv).map_err(|error| from_clap(&error));
    match (parsed, scanned.fault) {
        (Err(error), _) | (Ok(_), Some(error)) => Err(error),
        (Ok(parsed), None) => Ok(parsed),
    }
}

/// The words of a command that has no model in Packer, where flags may stand behind other words, with the flags first. What
/// follows `--` is no flag.
pub fn flags_first<P: Parser>(args: &[String]) -> Vec<String> {
    let (command, mut flags, mut words) = (P::command(), Vec::new(), Vec::new());
    let mut rest = args.iter();
    while let Some(word) = rest.next() {
        match flag_body(word) {
            None => words.push(word.clone()),
            Some("") => words.extend(rest.by_ref().cloned()),
            // What is wrong with a flag is said when it is read.
            Some(body) => flags.push(scan_flag(&command, word, body, &mut rest).unwrap_or_else(|_| word.clone())),
        }
    }
    flags.push("--".to_owned());
    [flags, words].concat()
}

/// What the scanner made of a command line: `--name=value …` `--` `word …`, up to the first fault.
struct Scanned {
    argv: Vec<String>,
    fault: Option<FlagError>,
}

fn scan(command: &Command, args: &[String]) -> Scanned {
    let mut argv = Vec::with_capacity(args.len() + 1);
    let mut rest = args.iter();
    let fault = loop {
        let Some(word) = rest.as_slice().first() else { break None };
        let Some(body) = flag_body(word) else { break None };
        rest.next();
        if body.is_empty() {
            // `--` ends the flags and is not itself a word.
            break None;
        }
        match scan_flag(command, word, body, &mut rest) {
            Ok(flag) => argv.push(flag),
            Err(error) => break Some(error),
        }
    };
    if fault.is_none() {
        argv.push("--".to_owned());
        argv.extend(rest.cloned());
    }
    Scanned { argv, fault }
}

/// The text behind the dashes; none when the word is no flag.
fn flag_body(word: &str) -> Option<&str> {
    let body = word.strip_prefix('-')?;
    if body.is_empty() { None } else { Some(body.strip_prefix('-').unwrap_or(body)) }
}

/// One flag in clap's form. Takes its value from `rest` if it has none of its own.
fn scan_flag(
    command: &Command,
    word: &str,
    body: &str,
    rest: &mut std::slice::Iter<'_, String>,
) -> Result<String, FlagError> {
    let (name, value) = body.split_once('=').map_or((body, None), |(name, value)| (name, Some(value)));
    if name.is_empty() || name.starts_with('-') {
        return Err(FlagError::Syntax(word.to_owned()));
    }
    let Some(arg) = command.get_arguments().find(|arg| arg.get_long() == Some(name)) else {
        return Err(FlagError::Unknown(name.to_owned()));
    };
    if is_boolean(arg) {
        let text = value.unwrap_or("true");
        let Some(value) = boolean(text) else {
            return Err(FlagError::Boolean { name: name.to_owned(), value: text.to_owned() });
        };
        return Ok(format!("--{name}={value}"));
    }
    let value = match value {
        Some(value) => value,
        // The next word is not its value.
        None if arg.get_num_args().is_some_and(|n| n.min_values() == 0) => return Ok(format!("--{name}")),
        None => rest.next().ok_or_else(|| FlagError::MissingValue(name.to_owned()))?,
    };
    Ok(format!("--{name}={value}"))
}

/// Whether a flag takes no separate value.
pub(super) fn is_boolean(arg: &Arg) -> bool {
    arg.get_value_parser().type_id() == TypeId::of::<bool>()
}

/// clap's error in Go's words.
fn from_clap(error: &clap::Error) -> FlagError {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        _ => String::new(),
    };
    let shown = text(ContextKind::InvalidArg);
    let name = shown.trim_start_matches('-').split([' ', '=']).next().unwrap_or_default().to_owned();
    match std::error::Error::source(error) {
        Some(reason) if !name.is_empty() => {
            FlagError::Value { name, value: text(ContextKind::InvalidValue), reason: reason.to_string() }
        }
        _ => FlagError::Other(error.kind().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{BuildArgs, ValidateArgs};

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn flags_are_read_as_go_does() {
        let rows = [
            ("-color=false -debug x", false, true, vec!["x"]),
            ("--color=F --debug=T x -force", false, true, vec!["x", "-force"]),
            ("-debug -- -x", true, true, vec!["-x"]),
            ("-", true, false, vec!["-"]),
            ("-debug -debug=0", true, false, vec![]),
            ("x -- y", true, false, vec!["x", "--", "y"]),
        ];
        for (line, color, debug, positional) in rows {
            let args: BuildArgs = parse(&words(line)).unwrap();
            assert_eq!((args.color, args.debug), (color, debug), "{line}");
            assert_eq!(args.positional, positional, "{line}");
        }
    }

    #[test]
    fn values_repeat_and_the_last_single_one_wins() {
        let line =
            "-var a=1 --var=b==2 -only x,y -only=z -var-file f --var-file=g -parallel-builds=3 -parallel-builds -1 t";
        let args: BuildArgs = parse(&words(line)).unwrap();
        assert_eq!(args.template.vars, [("a".into(), "1".into()), ("b".into(), "=2".into())]);
        assert_eq!(args.template.only, ["x,y", "z"]);
        assert_eq!(args.template.var_files, ["f", "g"]);
        assert_eq!(args.parallel_builds, -1);
    }

    #[test]
    fn a_value_that_may_be_missing_is_never_the_next_word() {
        for (line, resume) in [("-resume t", "last"), ("--resume=7f t", "7f"), ("-resume= t", "")] {
            let args: BuildArgs = parse(&words(line)).unwrap();
            assert_eq!((args.resume.as_deref(), args.positional), (Some(resume), vec!["t".to_owned()]), "{line}");
        }
    }

    #[test]
    fn values_may_look_like_flags_or_be_empty() {
        let args: BuildArgs = parse(&["-var".into(), "--a=-b".into(), "-only=".into(), "t".into()]).unwrap();
        assert_eq!(args.template.vars, [("--a".into(), "-b".into())]);
        assert_eq!(args.template.only, [""]);
    }

    #[test]
    fn faults_are_worded_as_go_does_and_the_leftmost_is_reported() {
        let on_error = r#"expected one of ["cleanup" "abort" "ask" "run-cleanup-provisioner"]"#;
        let rows = [
            ("-foo", "flag provided but not defined: -foo".to_owned()),
            ("--foo=1", "flag provided but not defined: -foo".to_owned()),
            ("-debug=x", r#"invalid boolean value "x" for -debug: parse error"#.to_owned()),
            ("-debug=", r#"invalid boolean value "" for -debug: parse error"#.to_owned()),
            ("-var", "flag needs an argument: -var".to_owned()),
            ("-var a", r#"invalid value "a" for flag -var: No '=' value in arg: a"#.to_owned()),
            ("-on-error x", format!(r#"invalid value "x" for flag -on-error: {on_error}"#)),
            ("-on-error=x -foo", format!(r#"invalid value "x" for flag -on-error: {on_error}"#)),
            ("-foo -on-error=x", "flag provided but not defined: -foo".to_owned()),
            ("-parallel-builds=many", r#"invalid value "many" for flag -parallel-builds: parse error"#.to_owned()),
            (
                "-config-type yaml",
                r#"invalid value "yaml" for flag -config-type: yaml does not belong to configType values"#.to_owned(),
            ),
            ("---x", "bad flag syntax: ---x".to_owned()),
            ("-=x", "bad flag syntax: -=x".to_owned()),
            ("-positional=x", "flag provided but not defined: -positional".to_owned()),
        ];
        for (line, expected) in rows {
            let error = parse::<BuildArgs>(&words(line)).unwrap_err();
            assert_eq!(error.to_string(), expected, "{line}");
        }
    }

    #[test]
    fn each_command_has_its_own_flags() {
        assert!(parse::<ValidateArgs>(&words("-syntax-only -no-warn-undeclared-var -evaluate-datasources t")).is_ok());
        assert_eq!(parse::<ValidateArgs>(&words("-force t")).unwrap_err(), FlagError::Unknown("force".into()));
    }
}
