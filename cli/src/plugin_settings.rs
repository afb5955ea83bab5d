//! How plugins are run, as the environment says.

use std::time::Duration;

use planner::diagnostic::Diagnostic;
use planner::duration::GoDuration;
use plugins::memory::MemorySize;

use crate::environment::Environment;

/// How plugins are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PluginSettings {
    /// `PACKER_PLUGIN_START_TIMEOUT`: how long one may take to say where it can be reached.
    pub patience: Duration,
    /// `PACKER_PLUGIN_MEMORY_LIMIT`: how much memory one may hold.
    pub memory_limit: Option<MemorySize>,
    /// `PACKER_PLUGIN_MIN_PORT`, `PACKER_PLUGIN_MAX_PORT`: the ports that they may choose from where they cannot use sockets
    /// of the file system.
    pub ports: (u16, u16),
    /// `PACKER_FORCE_GOB`: all are spoken to as old ones.
    pub force_gob: bool,
}

impl PluginSettings {
    /// What the environment says.
    ///
    /// # Errors
    ///
    /// A value that cannot be used.
    pub fn read(environment: &Environment) -> Result<Self, Diagnostic> {
        let invalid = |name: &str, reason: String| Diagnostic::error(format!("Invalid {name}"), reason, None);
        let patience = match environment.get("PACKER_PLUGIN_START_TIMEOUT") {
            None => Duration::from_secs(60),
            Some(text) => match text.parse::<GoDuration>() {
                Ok(duration) if duration > GoDuration::default() => duration.to_std(),
                Ok(_) => {
                    let reason = format!("{text} is no time to wait: it must be longer than nothing.");
                    return Err(invalid("PACKER_PLUGIN_START_TIMEOUT", reason));
                }
                Err(error) => return Err(invalid("PACKER_PLUGIN_START_TIMEOUT", error.to_string())),
            },
        };
        let memory_limit = environment.get("PACKER_PLUGIN_MEMORY_LIMIT").map(str::parse::<MemorySize>).transpose();
        let memory_limit = memory_limit.map_err(|error| invalid("PACKER_PLUGIN_MEMORY_LIMIT", error.to_string()))?;
        if memory_limit.is_some() && !cfg!(target_os = "linux") {
            let reason = "How much memory a plugin holds is only known on Linux: unset the variable.".to_owned();
            return Err(invalid("PACKER_PLUGIN_MEMORY_LIMIT", reason));
        }
        let port = |name: &str, default: u16| match environment.get(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| invalid(name, format!("{text:?} is no port."))),
        };
        let ports = (port("PACKER_PLUGIN_MIN_PORT", 10_000)?, port("PACKER_PLUGIN_MAX_PORT", 25_000)?);
        Ok(Self {
            patience,
            memory_limit,
            ports,
            force_gob: environment.get("PACKER_FORCE_GOB").is_some_and(|value| value != "0"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<PluginSettings, String> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        PluginSettings::read(&Environment::new(variables, "/".into())).map_err(|error| error.summary)
    }

    #[test]
    fn the_environment_says_how_plugins_run() {
        let defaults = PluginSettings {
            patience: Duration::from_secs(60),
            memory_limit: None,
            ports: (10_000, 25_000),
            force_gob: false,
        };
        assert_eq!(read(&[]), Ok(defaults));
        assert_eq!(
            read(&[
                ("PACKER_PLUGIN_START_TIMEOUT", "1m30s"),
                ("PACKER_PLUGIN_MIN_PORT", "1"),
                ("PACKER_PLUGIN_MAX_PORT", "2"),
                ("PACKER_FORCE_GOB", "1"),
            ]),
            Ok(PluginSettings {
                patience: Duration::from_secs(90),
                memory_limit: None,
                ports: (1, 2),
                force_gob: true
            })
        );
        for (name, value) in [
            ("PACKER_PLUGIN_START_TIMEOUT", "soon"),
            ("PACKER_PLUGIN_START_TIMEOUT", "0s"),
            ("PACKER_PLUGIN_START_TIMEOUT", "-1s"),
            ("PACKER_PLUGIN_MEMORY_LIMIT", "much"),
            ("PACKER_PLUGIN_MIN_PORT", "70000"),
        ] {
            assert_eq!(read(&[(name, value)]), Err(format!("Invalid {name}")), "{value}");
        }
    }
}
