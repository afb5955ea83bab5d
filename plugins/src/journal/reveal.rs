//! What builders reveal of the things they make, in what they say and in their configuration. Plugins have no other way
//! to tell, short of the machine-readable line that is ours: `packer-resource,KIND,ID[,PROVIDER[,ARGUMENT…]]`, where the
//! arguments are the command that removes it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use planner::value::Value;
use regex::Regex;

use crate::journal::resource::{Destroy, ResourceKind};

/// The machine-readable line by which a plugin says what it makes.
pub const RESOURCE_LINE: &str = "packer-resource";

/// How builders name what they make, each with one group that is the id. The words are those of the plugins for the
/// large clouds, and what their imitators write.
const SAYINGS: &[(ResourceKind, &str)] = &[
    (ResourceKind::Container, r"(?i)\bcontainer id:\s*([0-9a-f]{12,64})\b"),
    (ResourceKind::Machine, r"(?i)\b(?:instance|server|droplet|machine|vm) id:\s*'?([\w./:-]+)"),
    (ResourceKind::Machine, r"(?i)\bcreated instance:?\s*\(?([\w./:-]+-[\w./:-]+|ocid1\.[\w.]+)"),
    (ResourceKind::Machine, r"(?i)\binstance created \((ins-\w+)\)"),
    (ResourceKind::KeyPair, r"(?i)\b(?:temporary )?key ?pair:\s*'?(packer[\w-]+)"),
    (ResourceKind::SecurityGroup, r"(?i)\bsecurity group[^:]*:\s*'?(sg-[0-9a-f]+|packer[\w-]+)"),
    (ResourceKind::ResourceGroup, r"\bResourceGroupName\s*:\s*'([\w.()-]+)'"),
    (ResourceKind::Volume, r"(?i)\bvolume id:\s*'?([\w./:-]+)"),
    (ResourceKind::Snapshot, r"(?i)\bsnapshot id:\s*'?([\w./:-]+)"),
    (ResourceKind::Image, r"\bAMI:\s*(ami-[0-9a-f]+)\b"),
];

/// How builders say that they could not undo what they did.
const REGRETS: &str = r"(?i)\b(may|might) still\b|\bstill (be )?(around|running|exists?)\b|\bmanually\b|\b(error|failed|unable|could ?n.t|cannot|could not)( \w+)?( to)? (delet|destroy|terminat|clean|remov)\w*";

/// Attributes that say where a builder makes things, and as whom.
const PLACES: [&str; 13] = [
    "region",
    "profile",
    "project_id",
    "zone",
    "location",
    "subscription_id",
    "resource_group_name",
    "managed_image_resource_group_name",
    "endpoint",
    "vcenter_server",
    "datacenter",
    "proxmox_url",
    "node",
];

/// Knows what sayings mean.
#[derive(Debug, Default)]
pub struct Reveal {
    /// Made when the first builder says something that is not one of ours.
    sayings: OnceLock<Sayings>,
}

#[derive(Debug)]
struct Sayings {
    names: Vec<(ResourceKind, Regex)>,
    regret: Option<Regex>,
}

impl Reveal {
    /// What a text names.
    pub fn named(&self, text: &str) -> Vec<(ResourceKind, String)> {
        let mut found: Vec<(ResourceKind, String)> = Vec::new();
        for (kind, saying) in &self.sayings().names {
            for id in saying.captures_iter(text).filter_map(|captures| captures.get(1)) {
                let id = id.as_str().trim_end_matches(['.', ',', ':', ';']);
                if !id.is_empty() && !found.iter().any(|(_, known)| known == id) {
                    found.push((*kind, id.to_owned()));
                }
            }
        }
        found
    }

    /// Whether a text says that something could not be removed.
    pub fn is_regret(&self, text: &str) -> bool {
        self.sayings().regret.as_ref().is_some_and(|regret| regret.is_match(text))
    }

    fn sayings(&self) -> &Sayings {
        self.sayings.get_or_init(|| Sayings {
            // A pattern that is none would be found by the tests.
            names: SAYINGS.iter().filter_map(|(kind, saying)| Some((*kind, Regex::new(saying).ok()?))).collect(),
            regret: Regex::new(REGRETS).ok(),
        })
    }
}

/// What a plugin says by [`RESOURCE_LINE`]: kind, id, provider (empty when it is the plugin itself) and way to remove it.
pub fn declared(args: &[String]) -> Option<(ResourceKind, String, String, Destroy)> {
    let [kind, id, rest @ ..] = args else { return None };
    let (provider, argv) = rest.split_first().map_or((String::new(), &[][..]), |(first, argv)| (first.clone(), argv));
    let destroy = if argv.is_empty() { Destroy::Provider } else { Destroy::Command { argv: argv.to_vec() } };
    (!id.is_empty()).then(|| (ResourceKind::of_name(kind), id.clone(), provider, destroy))
}

/// Where a builder with this configuration makes things.
pub fn place(config: &Value) -> BTreeMap<String, String> {
    let (Value::Object(attributes) | Value::Map(_, attributes)) = config else { return BTreeMap::new() };
    let known = PLACES.iter().filter_map(|name| {
        let value = attributes.get(*name)?.as_str().filter(|value| !value.is_empty())?;
        Some(((*name).to_owned(), value.to_owned()))
    });
    known.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_builders_say_names_what_they_make() {
        use ResourceKind::{Container, Image, KeyPair, Machine, ResourceGroup, SecurityGroup, Snapshot, Volume};
        let reveal = Reveal::default();
        assert_eq!(reveal.sayings().names.len(), SAYINGS.len());
        for (text, expected) in [
            ("    Instance ID: i-0a1b2c3d4e5f", vec![(Machine, "i-0a1b2c3d4e5f")]),
            (
                "Server ID: 6f8a3c2e-1d9b-4e4e-9b7a-1a2b3c4d5e6f",
                vec![(Machine, "6f8a3c2e-1d9b-4e4e-9b7a-1a2b3c4d5e6f")],
            ),
            ("Created instance (ocid1.instance.oc1.iad.abc123).", vec![(Machine, "ocid1.instance.oc1.iad.abc123")]),
            ("Instance created (ins-9k2l)", vec![(Machine, "ins-9k2l")]),
            ("Container ID: 4a5b6c7d8e9f00112233", vec![(Container, "4a5b6c7d8e9f00112233")]),
            ("Creating temporary keypair: packer_5f0c-ab", vec![(KeyPair, "packer_5f0c-ab")]),
            ("Creating temporary security group for this instance: packer_5f0c", vec![(SecurityGroup, "packer_5f0c")]),
            (" -> ResourceGroupName : 'pkr-Resource-Group-x1'", vec![(ResourceGroup, "pkr-Resource-Group-x1")]),
            ("Snapshot ID: snap-01\nVolume ID: vol-02", vec![(Volume, "vol-02"), (Snapshot, "snap-01")]),
            ("AMI: ami-0123456789abcdef0", vec![(Image, "ami-0123456789abcdef0")]),
            ("Waiting for instance to become ready...", vec![]),
            ("the id: of nothing", vec![]),
            ("", vec![]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(kind, id)| (kind, id.to_owned())).collect();
            assert_eq!(reveal.named(text), expected, "{text}");
        }
    }

    #[test]
    fn regrets_are_told_from_other_errors() {
        let reveal = Reveal::default();
        for (text, expected) in [
            ("Error terminating instance, may still be around: i-1", true),
            ("Error cleaning up keypair. Please delete the key manually: packer_1", true),
            ("Failed to delete server 12", true),
            ("Error waiting for instance (i-1) to become ready: timeout", false),
            ("Script exited with non-zero exit status: 1", false),
        ] {
            assert_eq!(reveal.is_regret(text), expected, "{text}");
        }
    }

    #[test]
    fn plugins_can_say_it_outright() {
        let args = |args: &[&str]| declared(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>());
        assert_eq!(args(&["machine"]), None);
        assert_eq!(args(&["machine", ""]), None);
        let (id, none) = ("m 1".to_owned(), String::new());
        assert_eq!(args(&["machine", "m 1"]), Some((ResourceKind::Machine, id.clone(), none, Destroy::Provider)));
        let argv = vec!["fake".to_owned(), "rm".to_owned()];
        let command = Some((ResourceKind::Other, id, "fake".to_owned(), Destroy::Command { argv }));
        assert_eq!(args(&["tape", "m 1", "fake", "fake", "rm"]), command);
    }
}
