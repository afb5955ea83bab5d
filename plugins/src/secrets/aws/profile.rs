//! The shared files of AWS, `config` and `credentials`, and the profiles in them.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use planner::os_words::os_words;

use crate::secrets::aws::fault::AwsError;
use crate::secrets::settings::SecretSettings;

/// Settings by name, lower case. One inside of another is called `outer.inner`.
type Section = BTreeMap<String, String>;

/// All profiles.
#[derive(Clone, Debug, Default)]
pub(super) struct Profiles {
    /// From `credentials`.
    keys: BTreeMap<String, Section>,
    /// From `config`, under the whole text between the brackets.
    config: BTreeMap<String, Section>,
}

/// One profile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Profile<'a> {
    keys: Option<&'a Section>,
    config: Option<&'a Section>,
}

impl Profiles {
    /// Reads both files. A file that is not there is empty.
    pub(super) fn read(settings: &SecretSettings) -> Result<Self, AwsError> {
        let file = |variable, default| {
            let path = settings.path(settings.get(variable).unwrap_or(default));
            read(&path).map(|text| sections(&text))
        };
        Ok(Self {
            keys: file("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")?,
            config: file("AWS_CONFIG_FILE", "~/.aws/config")?,
        })
    }

    /// The profile called `name`, if either file has it.
    pub(super) fn get(&self, name: &str) -> Option<Profile<'_>> {
        let in_config = self.config.get(&format!("profile {name}"));
        let in_config = in_config.or_else(|| self.config.get("default").filter(|_| name == "default"));
        let profile = Profile { keys: self.keys.get(name), config: in_config };
        (profile.keys.is_some() || profile.config.is_some()).then_some(profile)
    }

    /// A setting of one service in the `services` section that a profile names.
    pub(super) fn of_service(&self, profile: Profile<'_>, setting: &str) -> Option<&str> {
        let services = profile.get("services")?;
        self.config.get(&format!("services {services}"))?.get(setting).map(String::as_str)
    }
}

impl<'a> Profile<'a> {
    /// A setting that is not empty; `credentials` comes first.
    pub(super) fn get(self, name: &str) -> Option<&'a str> {
        let sections = [self.keys, self.config].into_iter().flatten();
        sections.filter_map(|section| section.get(name)).map(String::as_str).find(|value| !value.is_empty())
    }
}

fn read(path: &Path) -> Result<String, AwsError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(String::new()),
        Err(error) => {
            Err(AwsError::Setup(format!("the shared file {} cannot be read: {}", path.display(), os_words(&error))))
        }
    }
}

fn sections(text: &str) -> BTreeMap<String, Section> {
    let mut found: BTreeMap<String, Section> = BTreeMap::new();
    let mut section = None;
    let mut outer = String::new();
    for line in text.lines() {
        let is_inner = line.starts_with([' ', '\t']);
        let line = uncommented(line).trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
            section = Some(found.entry(name).or_default());
            outer.clear();
            continue;
        }
        let (Some(section), Some((name, value))) = (section.as_mut(), line.split_once('=')) else { continue };
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        if is_inner && !outer.is_empty() {
            section.insert(format!("{outer}.{name}"), value.to_owned());
        } else {
            section.insert(name.clone(), value.to_owned());
            outer = if value.is_empty() { name } else { String::new() };
        }
    }
    found
}

/// A line without the comment that fills it, or follows it after a blank.
fn uncommented(line: &str) -> &str {
    if line.trim_start().starts_with(['#', ';']) {
        return "";
    }
    let comments = [" #", " ;", "\t#", "\t;"];
    let end = comments.iter().filter_map(|comment| line.find(comment)).min();
    &line[..end.unwrap_or(line.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_profiles() {
        let profiles = Profiles {
            keys: sections("[default]\naws_access_key_id = A\nregion=from-keys\n[p]\r\naws_access_key_id=B\r\n"),
            config: sections(
                "; comment\nlost = 1\n[default]\nregion = eu-west-1 # here\nempty =\n[profile  p]\nREGION=us-east-1\n\
                 services = s\ns3 =\n  region = inner\n# more\n[services s]\nsecrets_manager =\n  endpoint_url = http://h:1\n\
                 [q]\nregion=no\n",
            ),
        };
        for (profile, setting, expected) in [
            ("default", "aws_access_key_id", Some("A")),
            ("default", "region", Some("from-keys")),
            ("default", "empty", None),
            ("default", "lost", None),
            ("p", "aws_access_key_id", Some("B")),
            ("p", "region", Some("us-east-1")),
            ("p", "s3.region", Some("inner")),
        ] {
            assert_eq!(profiles.get(profile).unwrap().get(setting), expected, "{profile} {setting}");
        }
        let endpoint = profiles.of_service(profiles.get("p").unwrap(), "secrets_manager.endpoint_url");
        assert_eq!(endpoint, Some("http://h:1"));
        // In `config` a profile says that it is one.
        assert!(profiles.get("q").is_none());
        assert!(profiles.get("none").is_none());
    }
}
