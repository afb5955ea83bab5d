//! What every component is told about the run it is part of.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use planner::interpolate::{Facts, Promised, UserVariables};
use planner::legacy::Texts;
use planner::value::Value;

use crate::journal::Recorder;
use crate::process::Fence;
use crate::scrubber::Scrubber;

/// What a builder learned about its machine: `build.ID`, `build.Host`, …
pub type BuildData = BTreeMap<String, Value>;

/// What to do when a step of a builder fails (`-on-error`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// Undo what was done, newest first.
    #[default]
    Cleanup,
    /// Leave everything as it is.
    Abort,
    /// Ask on the terminal; without one, clean up.
    Ask,
    /// Run the error-cleanup provisioner only, then leave everything.
    RunCleanupProvisioner,
}

/// The facts around one component use. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ComponentContext {
    /// The *source* name: `PACKER_BUILD_NAME`, `{{build_name}}`. Not the `build` block's name.
    pub build_name: Arc<str>,
    /// The builder's type: `PACKER_BUILDER_TYPE`, `{{build_type}}`.
    pub builder_type: Arc<str>,
    /// `-debug`.
    pub debug: bool,
    /// `-force`.
    pub force: bool,
    /// `-on-error`.
    pub on_error: OnError,
    /// Names one run: `PACKER_RUN_UUID`.
    pub run_uuid: Arc<str>,
    /// The runs that this one takes up, the last first.
    pub earlier_runs: Arc<[Arc<str>]>,
    /// `{{packer_version}}`.
    pub core_version: Arc<str>,
    /// `{{template_dir}}`; none when the template came from standard input.
    pub template_dir: Option<Arc<str>>,
    /// The directory that relative paths start from.
    pub working_dir: Arc<PathBuf>,
    /// The environment that child processes inherit, already without secrets.
    pub environment: Arc<BTreeMap<String, String>>,
    /// What ends child processes should we not be able to.
    pub fence: Fence,
    /// Where it is written down what is in the world because of this run.
    pub recorder: Recorder,
    /// When the run started, seconds since 1970: `{{timestamp}}`, `{{isotime}}`.
    pub started: jiff::Timestamp,
    /// The names of the variables whose values are secret.
    pub sensitive_variables: Arc<[Arc<str>]>,
    /// The file of a legacy template; none when it came from standard input, and for other templates.
    pub template_path: Option<Arc<str>>,
    /// Whether interactive questions can be asked.
    pub interactive: bool,
    /// What must not be shown, by anybody: a component that learns of a password says so here.
    pub secrets: Scrubber,
    /// The user variables of a legacy template, whose components get their configuration rendered. None in HCL.
    pub user_variables: Option<Arc<Texts>>,
}

impl ComponentContext {
    /// Where files are kept that live no longer than what needs them.
    pub fn temporary_dir(&self) -> PathBuf {
        let variable = if cfg!(windows) { "TEMP" } else { "TMPDIR" };
        let named = self.environment.get(variable).map(String::as_str).filter(|directory| !directory.is_empty());
        self.working_dir.join(named.unwrap_or(if cfg!(windows) { "C:\\Windows\\Temp" } else { "/tmp" }))
    }

    /// What templates in the component's strings answer from.
    pub fn facts(&self) -> Facts {
        Facts {
            build_name: self.build_name.clone(),
            build_type: self.builder_type.clone(),
            core_version: self.core_version.clone(),
            template_dir: self.template_dir.clone(),
            working_dir: self.working_dir.clone(),
            started: self.started,
            user: self.user_variables.clone().map_or(UserVariables::None, UserVariables::Known),
            promised: Promised::Anything,
        }
    }
}
