//! How a resource is removed: decided from what was recorded of it and which tools there are, without touching anything.

use crate::cleanup::providers::{absence_words, commands, short};
use crate::journal::{Destroy, FileMark, Resource, ResourceKind};

/// How a resource is removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// These local files and folders go, as far as they are still what they were.
    Files(Vec<FileMark>),
    /// These local files and folders go, as far as nobody has written to them since: another run may have made its own
    /// artifact in their place.
    Artifact(Vec<FileMark>),
    /// The process group ends, if its leader still is who it was.
    Process {
        /// The number of the leader.
        pid: i32,
        /// When it started.
        started: u64,
    },
    /// These commands are run, one after the other.
    Commands(Vec<Step>),
    /// Somebody has to do it.
    ByHand {
        /// Why.
        reason: String,
        /// The commands that would, if any are known.
        steps: Vec<Step>,
    },
    /// It went with the run's processes.
    Nothing,
}

/// A command that removes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The program and its arguments. No shell reads them.
    pub argv: Vec<String>,
    /// Words in its output which mean that there is nothing to remove.
    pub absent: &'static [&'static str],
}

impl Method {
    /// How `resource` is removed where `is_installed` tells which programs there are.
    pub fn of(resource: &Resource, is_installed: impl Fn(&str) -> bool) -> Self {
        let steps = match &resource.destroy {
            Destroy::Files { files } if resource.kind == ResourceKind::Artifact => {
                return Self::Artifact(files.clone());
            }
            Destroy::Files { files } => return Self::Files(files.clone()),
            Destroy::Process { pid, started: Some(started) } => return Self::Process { pid: *pid, started: *started },
            Destroy::Process { pid, started: None } => {
                let reason = "it is not known when the process started, and another may have its number".to_owned();
                return Self::ByHand { reason, steps: vec![Step::of(["kill", "--", &format!("-{pid}")])] };
            }
            Destroy::Command { argv } => {
                vec![Step { argv: argv.clone(), absent: absence_words(&resource.provider) }]
            }
            // The program that runs the machine is a child of the plugin, and ended with it.
            Destroy::Provider if short(&resource.provider) == "qemu" && resource.kind == ResourceKind::Machine => {
                return Self::Nothing;
            }
            Destroy::Provider => commands(resource),
            Destroy::Unknown => Vec::new(),
        };
        Self::of_steps(resource, steps, is_installed)
    }

    fn of_steps(resource: &Resource, steps: Vec<Step>, is_installed: impl Fn(&str) -> bool) -> Self {
        let Some(tool) = steps.first().and_then(|step| step.argv.first()).cloned() else {
            let place: Vec<String> = resource.place.iter().map(|(key, value)| format!("{key} {value}")).collect();
            let place = if place.is_empty() { String::new() } else { format!(" ({})", place.join(", ")) };
            let Resource { kind, id, provider, .. } = resource;
            let reason = format!("no command is known that removes {} {id} of {provider}{place}", kind.name());
            return Self::ByHand { reason, steps };
        };
        // An id like this would be read as a flag.
        let is_flag = |value: &String| value.starts_with('-');
        if resource.destroy == Destroy::Provider && (is_flag(&resource.id) || resource.place.values().any(is_flag)) {
            return Self::ByHand { reason: format!("the id {} begins like a flag", resource.id), steps };
        }
        match is_installed(&tool) {
            true => Self::Commands(steps),
            false => Self::ByHand { reason: format!("{tool} is not installed here"), steps },
        }
    }

    /// What a person would type to do the same.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Files(files) | Self::Artifact(files) => {
                let line = |file: &FileMark| format!("rm -r -- {}", quoted(&file.path.to_string_lossy()));
                files.iter().map(line).collect()
            }
            Self::Process { pid, .. } => vec![format!("kill -- -{pid}")],
            Self::Commands(steps) | Self::ByHand { steps, .. } => steps.iter().map(Step::line).collect(),
            Self::Nothing => Vec::new(),
        }
    }
}

impl Step {
    fn of<const N: usize>(argv: [&str; N]) -> Self {
        Self { argv: argv.map(str::to_owned).to_vec(), absent: &[] }
    }

    /// As a shell would be given it.
    pub fn line(&self) -> String {
        self.argv.iter().map(|word| quoted(word)).collect::<Vec<String>>().join(" ")
    }
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=/.,:@%+".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(kind: ResourceKind, provider: &str, id: &str, place: &[(&str, &str)]) -> Resource {
        let place = place.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let (id, provider) = (id.to_owned(), provider.to_owned());
        Resource { number: 1, node: None, build: String::new(), kind, id, provider, place, destroy: Destroy::Provider }
    }

    fn lines(resource: &Resource) -> Vec<String> {
        match Method::of(resource, |_| true) {
            Method::Commands(steps) => steps.iter().map(Step::line).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_provider_has_its_commands() {
        use ResourceKind::{Artifact, Container, Image, KeyPair, Machine, ResourceGroup, SecurityGroup, Snapshot};
        let rows: [(Resource, &[&str]); 16] = [
            (
                resource(Machine, "amazon", "i-1", &[("region", "eu-west-1")]),
                &[
                    "aws ec2 terminate-instances --instance-ids=i-1 --region=eu-west-1",
                    "aws ec2 wait instance-terminated --instance-ids=i-1 --region=eu-west-1",
                ],
            ),
            (
                resource(Artifact, "amazon", "us-east-1:ami-1,eu-west-1:ami-2", &[]),
                &[
                    "aws ec2 deregister-image --image-id=ami-1 --delete-associated-snapshots --region=us-east-1",
                    "aws ec2 deregister-image --image-id=ami-2 --delete-associated-snapshots --region=eu-west-1",
                ],
            ),
            (resource(KeyPair, "amazon", "packer_1", &[]), &["aws ec2 delete-key-pair --key-name=packer_1"]),
            (resource(SecurityGroup, "amazon", "sg-1", &[]), &["aws ec2 delete-security-group --group-id=sg-1"]),
            (resource(Snapshot, "amazon", "snap-1", &[]), &["aws ec2 delete-snapshot --snapshot-id=snap-1"]),
            (
                resource(Machine, "googlecompute", "vm", &[("zone", "z"), ("project_id", "p q")]),
                &["gcloud compute instances delete vm --quiet --zone=z '--project=p q'"],
            ),
            (resource(Image, "googlecompute", "img", &[]), &["gcloud compute images delete img --quiet"]),
            (resource(ResourceGroup, "azure", "rg", &[]), &["az group delete --name=rg --yes"]),
            (resource(Container, "docker", "abc", &[]), &["docker rm --force --volumes abc"]),
            (resource(Artifact, "docker", "sha256:abc", &[]), &["docker image rm --force sha256:abc"]),
            (resource(Container, "podman", "abc", &[]), &["podman rm --force --volumes abc"]),
            (resource(Machine, "digitalocean", "7", &[]), &["doctl compute droplet delete 7 --force"]),
            (resource(Artifact, "digitalocean", "nyc1,nyc2:99", &[]), &["doctl compute snapshot delete 99 --force"]),
            (resource(Machine, "github.com/hetznercloud/hcloud", "7", &[]), &["hcloud server delete 7"]),
            (
                resource(Machine, "virtualbox", "a b", &[]),
                &["VBoxManage controlvm 'a b' poweroff", "VBoxManage unregistervm 'a b' --delete"],
            ),
            (resource(Machine, "vmware", "/a.vmx", &[]), &["vmrun stop /a.vmx hard", "vmrun deleteVM /a.vmx"]),
        ];
        for (resource, expected) in rows {
            assert_eq!(lines(&resource), expected, "{resource:?}");
        }
    }

    #[test]
    fn what_cannot_be_done_here_is_said_with_the_command() {
        let machine = resource(ResourceKind::Machine, "amazon", "i-1", &[]);
        let Method::ByHand { reason, steps } = Method::of(&machine, |_| false) else { panic!() };
        assert_eq!(reason, "aws is not installed here");
        assert_eq!(steps[0].line(), "aws ec2 terminate-instances --instance-ids=i-1");
        let unknown = resource(ResourceKind::Machine, "acme", "m-1", &[("region", "r")]);
        let Method::ByHand { reason, steps } = Method::of(&unknown, |_| true) else { panic!() };
        assert_eq!(reason, "no command is known that removes machine m-1 of acme (region r)");
        assert!(steps.is_empty());
        let flag = resource(ResourceKind::Container, "docker", "--all", &[]);
        assert!(matches!(Method::of(&flag, |_| true), Method::ByHand { .. }));
        let given = Destroy::Command { argv: ["acme", "rm", "m 1"].map(str::to_owned).to_vec() };
        let method = Method::of(&Resource { destroy: given, ..unknown }, |tool| tool == "acme");
        assert!(matches!(method, Method::Commands(_)));
        assert_eq!(method.lines(), ["acme rm 'm 1'"]);
    }
}
