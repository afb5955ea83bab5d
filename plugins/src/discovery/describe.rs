//! What a plugin says about itself: `BINARY describe` prints it as JSON.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use engine::{Cancel, CancelPhase};
use planner::catalog::ComponentKind;
use serde::{Deserialize, Deserializer, Serialize};
use tokio::time::timeout;

use crate::process::{Fence, Invocation, ProcessError, run};
use crate::pump::Stream;
use crate::scrubber::Scrubber;

/// What plugins call the component that goes by the plugin's own name.
pub const DEFAULT_NAME: &str = "-packer-default-plugin-name-";

/// How much a plugin may print. A description of a thousand components is a tenth of that.
const MAX_LEN: usize = 1 << 20;
/// How much of what a failing plugin says on standard error is repeated.
const MAX_COMPLAINT: usize = 1000;

/// What a plugin says about itself. Old ones leave parts out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Description {
    /// Its version, without a `v`.
    #[serde(deserialize_with = "or_default")]
    pub version: String,
    /// The version of the library it is made with.
    #[serde(deserialize_with = "or_default")]
    pub sdk_version: String,
    /// The interface it is made for, such as `x5.0`.
    #[serde(deserialize_with = "or_default")]
    pub api_version: String,
    /// The builders in it.
    #[serde(deserialize_with = "or_default")]
    pub builders: Vec<String>,
    /// The post-processors in it.
    #[serde(deserialize_with = "or_default")]
    pub post_processors: Vec<String>,
    /// The provisioners in it.
    #[serde(deserialize_with = "or_default")]
    pub provisioners: Vec<String>,
    /// The data sources in it.
    #[serde(deserialize_with = "or_default")]
    pub datasources: Vec<String>,
    /// `v2` when it can speak protobuf.
    pub protocol_version: Option<String>,
}

impl Description {
    /// What there is to say about a plugin that is one component of this kind.
    pub fn of_single(kind: ComponentKind) -> Self {
        let mut description = Self { api_version: "x5.0".to_owned(), ..Self::default() };
        let names = match kind {
            ComponentKind::Builder => &mut description.builders,
            ComponentKind::Provisioner => &mut description.provisioners,
            ComponentKind::PostProcessor => &mut description.post_processors,
            ComponentKind::Datasource => &mut description.datasources,
        };
        names.push(DEFAULT_NAME.to_owned());
        description
    }

    /// Reads what a plugin printed.
    ///
    /// # Errors
    ///
    /// It is no JSON object, or has something else where its texts and lists belong.
    pub fn parse(text: &[u8]) -> serde_json::Result<Self> {
        // A list of values in the right order would do as well otherwise.
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(text)?;
        serde_json::from_value(object.into())
    }
}

/// Go writes `null` for a list that nobody filled.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(value: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or_default())
}

/// Why a plugin gave no description.
#[derive(Debug, thiserror::Error)]
pub enum DescribeError {
    /// It did not run to its own end.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// It failed.
    #[error("exit status {status}{complaint}")]
    Failed {
        /// Its exit status.
        status: i32,
        /// What it said on standard error, behind a line end; empty when that was nothing.
        complaint: String,
    },
    /// It did not answer in time, and was ended.
    #[error("no answer within {0:?}")]
    Silent(Duration),
    /// It printed and printed, and was ended.
    #[error("it printed more than {MAX_LEN} bytes")]
    Flood,
    /// What it printed is no description.
    #[error("{0}")]
    Garbage(serde_json::Error),
}

/// Asks plugins what they are.
#[derive(Clone, Debug)]
pub struct Describer {
    /// Where they run.
    pub working_dir: Arc<PathBuf>,
    /// Their environment.
    pub environment: Arc<BTreeMap<String, String>>,
    /// How long one may take to answer.
    pub patience: Duration,
    /// What ends them should we not be able to.
    pub fence: Fence,
    /// Ends those that have not answered yet.
    pub cancel: Cancel,
}

impl Describer {
    /// Asks the plugin at `binary`.
    ///
    /// # Errors
    ///
    /// It gave no description. Nothing of it runs any more.
    pub async fn describe(&self, binary: &Path) -> Result<Description, DescribeError> {
        let invocation = Invocation {
            program: binary.to_string_lossy().into_owned(),
            args: vec!["describe".to_owned()],
            working_dir: self.working_dir.clone(),
            environment: self.environment.clone(),
            fence: self.fence.clone(),
            // It is told none.
            secrets: Scrubber::new(),
        };
        // Lines are put together again, as a long one is delivered in parts. JSON does not need their ends.
        let (mut answer, mut complaint) = (String::new(), String::new());
        let (enough, mut flooded) = (self.cancel.child(), false);
        let mut listen = |stream: Stream, line: &str| match stream {
            Stream::Out if answer.len() + line.len() > MAX_LEN => {
                flooded = true;
                enough.raise(CancelPhase::Killing);
            }
            Stream::Out => answer.push_str(line),
            Stream::Err if complaint.len() < MAX_COMPLAINT => {
                complaint.push('\n');
                complaint.extend(line.chars().take(MAX_COMPLAINT));
            }
            Stream::Err => {}
        };
        let ended = timeout(self.patience, run(&invocation, &mut listen, &enough)).await;
        if flooded {
            return Err(DescribeError::Flood);
        }
        match ended.map_err(|_| DescribeError::Silent(self.patience))?? {
            0 => Description::parse(answer.as_bytes()).map_err(DescribeError::Garbage),
            status => Err(DescribeError::Failed { status, complaint }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Recorder;
    use crate::process::write_script;

    async fn describe(script: &str, patience: Duration) -> Result<Description, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = write_script(
            folder.path(),
            ("plugin ", ""),
            format!("#!/bin/sh\n{script}").as_bytes(),
            &Recorder::default(),
        );
        let path = path.unwrap();
        let describer = Describer {
            working_dir: Arc::new(folder.path().to_owned()),
            environment: Arc::new(BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())])),
            patience,
            fence: Fence::default(),
            cancel: Cancel::new(),
        };
        describer.describe(path.path()).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn descriptions_are_read() {
        let long = "x".repeat(200_000);
        for (script, expected) in [
            (
                r#"echo '{"version":"1.2.3","api_version":"x5.0","builders":["a"],"datasources":null,"other":[1]}'"#,
                Description {
                    version: "1.2.3".into(),
                    api_version: "x5.0".into(),
                    builders: vec!["a".into()],
                    ..Description::default()
                },
            ),
            (
                "echo '{'; echo noise >&2; echo '\"protocol_version\": \"v2\"'; echo '}'; [ \"$*\" = describe ]",
                Description { protocol_version: Some("v2".into()), ..Description::default() },
            ),
            (
                &format!("echo '{{\"version\":\"{long}\"}}'"),
                Description { version: long.clone(), ..Description::default() },
            ),
        ] {
            assert_eq!(describe(script, Duration::from_secs(60)).await.as_ref(), Ok(&expected));
        }
    }

    #[tokio::test]
    async fn what_goes_wrong_is_said() {
        for (script, expected) in [
            ("echo hello", "expected value at line 1 column 1"),
            ("echo '[]'", "invalid type: sequence, expected a map"),
            ("", "EOF while parsing a value"),
            ("echo '{\"version\":1}'", "invalid type: integer `1`, expected a string"),
            ("echo boom >&2; exit 3", "exit status 3\nboom"),
            ("kill -SEGV $$", "exit status 139"),
            ("exec yes", "it printed more than 1048576 bytes"),
        ] {
            let error = describe(script, Duration::from_secs(60)).await.unwrap_err();
            assert!(error.starts_with(expected), "{script}: {error}");
        }
        let hang = describe("while :; do read x < /dev/zero; done", Duration::from_millis(50)).await;
        assert_eq!(hang, Err("no answer within 50ms".to_owned()));
    }
}
