//! Which command of a provider's own tool removes what. One row for each kind of resource of each provider.

use std::collections::BTreeMap;

use crate::cleanup::method::Step;
use crate::journal::{Resource, ResourceKind};

use ResourceKind::{
    Artifact, Container, Image, KeyPair, Machine, ResourceGroup, SecurityGroup, Snapshot, TemporaryKey, Volume,
};

/// How a provider's artifacts are named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ids {
    /// One id.
    One,
    /// `REGION:ID`, several with commas between.
    ByRegion,
    /// `PLACES:ID`, of which only the id counts.
    AfterColon,
}

/// What removes resources of some kinds. In words of commands `{id}` and the keys of places are filled in; words with a
/// key that is not known are left out.
struct Row {
    provider: &'static str,
    kinds: &'static [ResourceKind],
    ids: Ids,
    commands: &'static [&'static [&'static str]],
}

/// The rows of one provider.
macro_rules! rows {
    ($($provider:literal { $([$($kind:ident),+] $ids:ident $([$($word:literal)+])+;)+ })+) => {
        &[$($(Row {
            provider: $provider, kinds: &[$($kind),+], ids: Ids::$ids, commands: &[$(&[$($word),+]),+],
        }),+),+]
    };
}

const ROWS: &[Row] = rows! {
    "amazon" {
        [Machine] One
            ["aws" "ec2" "terminate-instances" "--instance-ids={id}" "--region={region}" "--profile={profile}"]
            ["aws" "ec2" "wait" "instance-terminated" "--instance-ids={id}" "--region={region}" "--profile={profile}"];
        [Image, Artifact] ByRegion
            ["aws" "ec2" "deregister-image" "--image-id={id}" "--delete-associated-snapshots" "--region={region}"
             "--profile={profile}"];
        [Snapshot] One ["aws" "ec2" "delete-snapshot" "--snapshot-id={id}" "--region={region}" "--profile={profile}"];
        [Volume] One ["aws" "ec2" "delete-volume" "--volume-id={id}" "--region={region}" "--profile={profile}"];
        [KeyPair, TemporaryKey] One
            ["aws" "ec2" "delete-key-pair" "--key-name={id}" "--region={region}" "--profile={profile}"];
        [SecurityGroup] One
            ["aws" "ec2" "delete-security-group" "--group-id={id}" "--region={region}" "--profile={profile}"];
    }
    "googlecompute" {
        [Machine] One
            ["gcloud" "compute" "instances" "delete" "{id}" "--quiet" "--zone={zone}" "--project={project_id}"];
        [Image, Artifact] One ["gcloud" "compute" "images" "delete" "{id}" "--quiet" "--project={project_id}"];
        [Snapshot] One ["gcloud" "compute" "snapshots" "delete" "{id}" "--quiet" "--project={project_id}"];
        [Volume] One ["gcloud" "compute" "disks" "delete" "{id}" "--quiet" "--zone={zone}" "--project={project_id}"];
        [SecurityGroup] One
            ["gcloud" "compute" "firewall-rules" "delete" "{id}" "--quiet" "--project={project_id}"];
    }
    "azure" {
        [Machine] One
            ["az" "vm" "delete" "--name={id}" "--resource-group={resource_group_name}" "--subscription={subscription_id}" "--yes"];
        [ResourceGroup] One ["az" "group" "delete" "--name={id}" "--subscription={subscription_id}" "--yes"];
        [Image, Artifact, Snapshot, Volume] One
            ["az" "resource" "delete" "--ids={id}" "--subscription={subscription_id}"];
    }
    "docker" {
        [Container, Machine] One ["docker" "rm" "--force" "--volumes" "{id}"];
        [Image, Artifact] One ["docker" "image" "rm" "--force" "{id}"];
        [Volume] One ["docker" "volume" "rm" "--force" "{id}"];
    }
    "podman" {
        [Container, Machine] One ["podman" "rm" "--force" "--volumes" "{id}"];
        [Image, Artifact] One ["podman" "image" "rm" "--force" "{id}"];
        [Volume] One ["podman" "volume" "rm" "--force" "{id}"];
    }
    "digitalocean" {
        [Machine] One ["doctl" "compute" "droplet" "delete" "{id}" "--force"];
        [Image, Artifact, Snapshot] AfterColon ["doctl" "compute" "snapshot" "delete" "{id}" "--force"];
        [Volume] One ["doctl" "compute" "volume" "delete" "{id}" "--force"];
        [KeyPair, TemporaryKey] One ["doctl" "compute" "ssh-key" "delete" "{id}" "--force"];
    }
    "hcloud" {
        [Machine] One ["hcloud" "server" "delete" "{id}"];
        [Image, Artifact, Snapshot] One ["hcloud" "image" "delete" "{id}"];
        [Volume] One ["hcloud" "volume" "delete" "{id}"];
        [KeyPair, TemporaryKey] One ["hcloud" "ssh-key" "delete" "{id}"];
    }
    "linode" {
        [Machine] One ["linode-cli" "linodes" "delete" "{id}"];
        [Image, Artifact] One ["linode-cli" "images" "delete" "{id}"];
        [KeyPair, TemporaryKey] One ["linode-cli" "sshkeys" "delete" "{id}"];
    }
    "vultr" {
        [Machine] One ["vultr-cli" "instance" "delete" "{id}"];
        [Image, Artifact, Snapshot] One ["vultr-cli" "snapshot" "delete" "{id}"];
        [KeyPair, TemporaryKey] One ["vultr-cli" "ssh-key" "delete" "{id}"];
    }
    "oracle" {
        [Machine] One
            ["oci" "compute" "instance" "terminate" "--instance-id={id}" "--region={region}" "--force"];
        [Image, Artifact] One ["oci" "compute" "image" "delete" "--image-id={id}" "--region={region}" "--force"];
    }
    "openstack" {
        [Machine] One ["openstack" "server" "delete" "--wait" "{id}"];
        [Image, Artifact] One ["openstack" "image" "delete" "{id}"];
        [Volume] One ["openstack" "volume" "delete" "{id}"];
        [KeyPair, TemporaryKey] One ["openstack" "keypair" "delete" "{id}"];
        [SecurityGroup] One ["openstack" "security" "group" "delete" "{id}"];
    }
    "yandex" {
        [Machine] One ["yc" "compute" "instance" "delete" "--id={id}" "--folder-id={folder_id}"];
        [Image, Artifact] One ["yc" "compute" "image" "delete" "--id={id}" "--folder-id={folder_id}"];
        [Volume] One ["yc" "compute" "disk" "delete" "--id={id}" "--folder-id={folder_id}"];
    }
    "vsphere" {
        [Machine, Artifact] One ["govc" "vm.destroy" "{id}"];
    }
    "virtualbox" {
        [Machine] One ["VBoxManage" "controlvm" "{id}" "poweroff"] ["VBoxManage" "unregistervm" "{id}" "--delete"];
    }
    "vmware" {
        [Machine] One ["vmrun" "stop" "{id}" "hard"] ["vmrun" "deleteVM" "{id}"];
    }
    "parallels" {
        [Machine] One ["prlctl" "stop" "{id}" "--kill"] ["prlctl" "delete" "{id}"];
    }
    "lxd" {
        [Container, Machine] One ["lxc" "delete" "--force" "{id}"];
        [Image, Artifact] One ["lxc" "image" "delete" "{id}"];
    }
    "incus" {
        [Container, Machine] One ["incus" "delete" "--force" "{id}"];
        [Image, Artifact] One ["incus" "image" "delete" "{id}"];
    }
};

/// By provider, what its tool says when there is nothing to remove, or nothing left to stop before.
const ABSENT: &[(&str, &[&str])] = &[
    ("amazon", &[".NotFound", "InvalidAMIID.Unavailable"]),
    ("googlecompute", &["was not found"]),
    ("azure", &["ResourceNotFound", "ResourceGroupNotFound", "could not be found"]),
    ("docker", &["No such container", "No such image", "no such volume"]),
    ("podman", &["no container with", "image not known", "no volume with"]),
    ("digitalocean", &["404", "not found"]),
    ("hcloud", &["not found"]),
    ("linode", &["404", "Not found"]),
    ("vultr", &["404", "not found"]),
    ("oracle", &["NotAuthorizedOrNotFound", "is in TERMINATED state"]),
    ("openstack", &["No server with", "No Image found", "No volume with", "No keypair with", "No SecurityGroup found"]),
    ("yandex", &["NotFound", "not found"]),
    ("vsphere", &["not found"]),
    ("virtualbox", &["Could not find a registered machine", "is not currently running"]),
    ("vmware", &["The virtual machine is not powered on", "The virtual machine cannot be found", "cannot be found"]),
    ("parallels", &["could not be found", "is not running", "already stopped"]),
    ("lxd", &["not found"]),
    ("incus", &["not found"]),
];

/// The provider's own name: plugins are called by their source, `github.com/hashicorp/amazon`.
pub(super) fn short(provider: &str) -> &str {
    provider.rsplit('/').next().unwrap_or(provider)
}

/// What the provider's tool says when there is nothing to remove.
pub(super) fn absence_words(provider: &str) -> &'static [&'static str] {
    ABSENT.iter().find(|(name, _)| *name == short(provider)).map_or(&[], |(_, words)| words)
}

/// The commands that remove `resource`; none when no row is for it.
pub(super) fn commands(resource: &Resource) -> Vec<Step> {
    let is_for = |row: &&Row| row.provider == short(&resource.provider) && row.kinds.contains(&resource.kind);
    let Some(row) = ROWS.iter().find(is_for) else { return Vec::new() };
    let ids = split(row.ids, &resource.id);
    let absent = absence_words(&resource.provider);
    let steps = ids.iter().flat_map(|(id, region)| {
        let mut place = resource.place.clone();
        place.extend(region.map(|region| ("region".to_owned(), region.to_owned())));
        row.commands.iter().map(move |words| Step { argv: filled(words, id, &place), absent })
    });
    steps.collect()
}

/// The ids in an id, each with its region where that is in it.
fn split(form: Ids, id: &str) -> Vec<(&str, Option<&str>)> {
    match form {
        Ids::One => vec![(id, None)],
        Ids::AfterColon => vec![(id.rsplit(':').next().unwrap_or(id), None)],
        Ids::ByRegion => {
            let parts = id.split(',').filter(|part| !part.is_empty());
            parts.map(|part| part.split_once(':').map_or((part, None), |(region, id)| (id, Some(region)))).collect()
        }
    }
}

fn filled(words: &[&str], id: &str, place: &BTreeMap<String, String>) -> Vec<String> {
    words.iter().filter_map(|word| fill(word, id, place)).collect()
}

/// A word with the value of its key; none when that is not known.
fn fill(word: &str, id: &str, place: &BTreeMap<String, String>) -> Option<String> {
    let key = word.split_once('{').and_then(|(head, rest)| Some((head, rest.strip_suffix('}')?)));
    let Some((head, key)) = key else { return Some(word.to_owned()) };
    let value = if key == "id" { id } else { place.get(key)? };
    Some(format!("{head}{value}"))
}
