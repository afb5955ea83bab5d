//! The folder that plugins are installed in, and which of them it holds.

use std::io;
use std::path::{Path, PathBuf};

use engine::Cancel;
use futures_util::StreamExt as _;
use futures_util::stream;
use planner::version::{Constraint, Version};

use crate::discovery::candidates::find;
use crate::discovery::describe::Describer;
use crate::discovery::description_cache::DescriptionCache;
use crate::discovery::examine::examine;
use crate::discovery::file_name::FileName;
use crate::discovery::installation::Installation;
use crate::discovery::refusal::Refusal;
use crate::discovery::target::Target;
use crate::io_fault::words_and_advice;
use crate::trust::policy::Trust;

/// So many files are looked at at the same time: the first look at each reads all of it and starts it.
const ABREAST: usize = 8;

/// Where plugins are installed.
#[derive(Clone, Debug)]
pub struct Shelf {
    /// The folder.
    pub folder: PathBuf,
    /// What system they must be for.
    pub target: Target,
    /// Asks them what they are.
    pub describer: Describer,
    /// What they said before.
    pub cache: DescriptionCache,
    /// Which of them may be used.
    pub trust: Trust,
}

/// Which plugins are wanted.
#[derive(Clone, Debug)]
pub struct Query<'q> {
    /// Where they come from, such as `github.com/hashicorp/amazon`; from anywhere when not given.
    pub source: Option<&'q str>,
    /// Which versions.
    pub constraint: &'q Constraint,
    /// No pre-releases.
    pub releases_only: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Survey {
    /// What can be used, the one to use last among those of one name.
    pub installations: Vec<Installation>,
    /// What cannot, and why.
    pub refused: Vec<(PathBuf, Refusal)>,
}

/// The plugins are not known.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The folder cannot be read.
    #[error("reading the plugins in {}: {}", .folder.display(), words_and_advice(.source))]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It was ended because the program is to stop.
    #[error("context canceled")]
    Cancelled,
}

impl Shelf {
    /// The plugins that pass every check, the one to use last among those of one name. The log says why others do not.
    ///
    /// # Errors
    ///
    /// The folder is there and cannot be read, or the program is to stop.
    pub async fn list(&self, query: &Query<'_>) -> Result<Vec<Installation>, ListError> {
        self.survey(query).await.map(|survey| survey.installations)
    }

    /// The same, and those that do not pass although they are called as if they were wanted, which the log tells as well.
    ///
    /// # Errors
    ///
    /// The folder is there and cannot be read, or the program is to stop.
    pub async fn survey(&self, query: &Query<'_>) -> Result<Survey, ListError> {
        let root = query.source.and_then(|source| Path::new(source).parent());
        let root = root.map_or_else(|| self.folder.clone(), |parent| self.folder.join(parent));
        let plugin = query.source.map(|source| source.rsplit('/').next().unwrap_or(source));
        tracing::trace!("listing potential installations for {} in {}", plugin.unwrap_or("any plugin"), root.display());
        let candidates = find(&root, &self.folder, plugin, self.target);
        let candidates = candidates.map_err(|source| ListError::Folder { folder: root, source })?;
        let examined = candidates.iter().map(|candidate| examine(self, candidate, query));
        let examined: Vec<_> = stream::iter(examined).buffered(ABREAST).collect().await;
        if self.cancel().is_stopping() {
            return Err(ListError::Cancelled);
        }
        let mut survey = Survey::default();
        for (candidate, examined) in candidates.into_iter().zip(examined) {
            match examined {
                Ok(installation) => survey.installations.push(installation),
                Err(refusal) => {
                    refusal.log(&candidate.path);
                    if self.is_called_for(&candidate.path, query) {
                        survey.refused.push((candidate.path, refusal));
                    }
                }
            }
        }
        survey.installations.sort_by(|one, other| one.rank().cmp(&other.rank()));
        Ok(survey)
    }

    /// Whether the version in a name is one that is wanted.
    fn is_called_for(&self, path: &Path, query: &Query<'_>) -> bool {
        let text = path.file_name().unwrap_or_default().to_string_lossy();
        let version = FileName::parse(&text, self.target).and_then(|name| Version::parse(name.version));
        version.is_some_and(|version| {
            query.constraint.allows(&version.core()) && (!query.releases_only || version.prerelease().is_empty())
        })
    }

    fn cancel(&self) -> &Cancel {
        &self.describer.cancel
    }
}
