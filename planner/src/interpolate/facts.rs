//! What template functions answer from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::eval::Host;

/// What template functions answer from. Fixed when a component is prepared.
#[derive(Clone, Debug)]
pub struct Facts {
    /// `build_name`; empty outside of builds.
    pub build_name: Arc<str>,
    /// `build_type`; empty outside of builds.
    pub build_type: Arc<str>,
    /// `packer_version`.
    pub core_version: Arc<str>,
    /// `template_dir`; none when there is no template file.
    pub template_dir: Option<Arc<str>>,
    /// `pwd`.
    pub working_dir: Arc<PathBuf>,
    /// `timestamp`, `isotime`, `strftime`: when the run started.
    pub started: jiff::Timestamp,
    /// `user`.
    pub user: UserVariables,
    /// `build`, while there is no data yet.
    pub promised: Promised,
}

/// What `user` reads, and whether the text is one of the `variables` section.
#[derive(Clone, Debug, Default)]
pub enum UserVariables {
    /// There are none: the template is HCL.
    #[default]
    None,
    /// Anywhere in a legacy template but its variables: an unknown name reads as nothing.
    Known(Arc<BTreeMap<String, String>>),
    /// In the variables themselves: an unknown name is an error, and `env` and the functions that ask for secrets work.
    Defining(Arc<BTreeMap<String, String>>, Host),
}

/// Which names `build` passes on before the machine is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Promised {
    /// All of them.
    #[default]
    Anything,
    /// Only these.
    Names(Arc<BTreeSet<Arc<str>>>),
    /// None: what is rendered will never see the machine.
    Nothing,
}
