//! Who we are to HCP: a service principal, named by the environment or by a file.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::fault::HcpError;
use crate::io_fault::os_words;

/// A service principal.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) id: String,
    pub(super) secret: String,
    /// The project that a file says it is for.
    pub(super) project: Option<String>,
}

#[derive(Deserialize)]
struct CredentialFile {
    #[serde(default)]
    project_id: String,
    #[serde(default)]
    scheme: String,
    oauth: Option<Principal>,
}

#[derive(Deserialize)]
struct Principal {
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    client_secret: String,
}

impl Credentials {
    /// Those of the environment; files are looked for from `working_dir` on.
    pub(super) fn find(environment: &BTreeMap<String, String>, working_dir: &Path) -> Result<Self, HcpError> {
        let get = |name: &str| environment.get(name).filter(|value| !value.is_empty());
        if let Some((id, secret)) = get("HCP_CLIENT_ID").zip(get("HCP_CLIENT_SECRET")) {
            return Ok(Self { id: id.clone(), secret: secret.clone(), project: None });
        }
        if let Some(file) = get("HCP_CRED_FILE") {
            return Self::of_file(&working_dir.join(file)).and_then(|found| found.ok_or(HcpError::NoCredentials));
        }
        let default = get("HOME").map(|home| PathBuf::from(home).join(".config/hcp/cred_file.json"));
        match default.map(|path| Self::of_file(&path)) {
            Some(found) => found?.ok_or(HcpError::NoCredentials),
            None => Err(HcpError::NoCredentials),
        }
    }

    /// None when there is no such file.
    fn of_file(path: &Path) -> Result<Option<Self>, HcpError> {
        let wrong = |why: &str| HcpError::Setting(format!("the HCP credential file {}: {why}", path.display()));
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(&os_words(&error))),
        };
        // What it says is not quoted.
        let file: CredentialFile = serde_json::from_slice(&text).map_err(|_| wrong("it is not valid"))?;
        if file.scheme == "workload" {
            return Err(wrong("workload identities are not supported; use a service principal"));
        }
        let principal = file.oauth.filter(|principal| {
            file.scheme == "service_principal_creds"
                && !principal.client_id.is_empty()
                && !principal.client_secret.is_empty()
        });
        let principal =
            principal.ok_or_else(|| wrong("it has no client_id and client_secret of a service principal"))?;
        let project = Some(file.project_id).filter(|project| !project.is_empty());
        Ok(Some(Self { id: principal.client_id, secret: principal.client_secret, project }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(folder: &Path, variables: &[(&str, &str)]) -> Result<(String, String, Option<String>), String> {
        let mut environment: BTreeMap<String, String> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        environment.insert("HOME".to_owned(), folder.display().to_string());
        let found = Credentials::find(&environment, folder).map_err(|error| error.to_string())?;
        Ok((found.id, found.secret, found.project))
    }

    #[test]
    fn the_environment_then_files() {
        let folder = tempfile::tempdir().unwrap();
        let none = found(folder.path(), &[("HCP_CLIENT_ID", "i"), ("HCP_CLIENT_SECRET", "")]).unwrap_err();
        assert!(none.starts_with("HCP authentication information required"), "{none}");
        let file = |id: &str| {
            format!(
                "{{\"scheme\": \"service_principal_creds\", \"project_id\": \"p\", \
                 \"oauth\": {{\"client_id\": \"{id}\", \"client_secret\": \"s\"}}}}"
            )
        };
        std::fs::create_dir_all(folder.path().join(".config/hcp")).unwrap();
        std::fs::write(folder.path().join(".config/hcp/cred_file.json"), file("default")).unwrap();
        std::fs::write(folder.path().join("own.json"), file("own")).unwrap();
        let of_file = |id: &str| Ok((id.to_owned(), "s".to_owned(), Some("p".to_owned())));
        assert_eq!(found(folder.path(), &[]), of_file("default"));
        assert_eq!(found(folder.path(), &[("HCP_CRED_FILE", "own.json")]), of_file("own"));
        let both = [("HCP_CLIENT_ID", "i"), ("HCP_CLIENT_SECRET", "t"), ("HCP_CRED_FILE", "own.json")];
        assert_eq!(found(folder.path(), &both), Ok(("i".to_owned(), "t".to_owned(), None)));
        let gone = found(folder.path(), &[("HCP_CRED_FILE", "no.json")]).unwrap_err();
        assert!(gone.starts_with("HCP authentication information required"), "{gone}");
    }

    #[test]
    fn files_that_are_no_use() {
        let folder = tempfile::tempdir().unwrap();
        for (text, why) in [
            ("{\"oauth\": \"hidden", "it is not valid"),
            ("{\"scheme\": \"workload\"}", "workload identities are not supported; use a service principal"),
            ("{}", "it has no client_id and client_secret of a service principal"),
        ] {
            let path = folder.path().join("f.json");
            std::fs::write(&path, text).unwrap();
            let error = found(folder.path(), &[("HCP_CRED_FILE", "f.json")]).unwrap_err();
            assert_eq!(error, format!("the HCP credential file {}: {why}", path.display()));
        }
    }
}
