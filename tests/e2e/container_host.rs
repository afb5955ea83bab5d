//! A Docker daemon, the published plugin for it, and a sandbox whose containers and images go with it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::go_build::{self, Sdk};
use crate::sandbox::{Output, Sandbox, skipped};
use crate::tester::put;

const SOURCE: &str = "github.com/hashicorp/docker";
const BUSYBOX: &str = "/bin/busybox";

/// A sandbox with the plugin in it. What its builds make from the base image carries a label, by which it is found.
pub(crate) struct ContainerHost {
    pub(crate) sandbox: Sandbox,
    /// The base image; templates have it as variable `image`.
    pub(crate) image: String,
    /// The label, `KEY=VALUE`; templates have it as variable `label`.
    pub(crate) label: String,
}

impl ContainerHost {
    /// With the plugin on this SDK; none, with a printed reason, where there is no Docker or no Go.
    pub(crate) fn new(sdk: Sdk) -> Option<Self> {
        static USABLE: OnceLock<Result<(), String>> = OnceLock::new();
        if let Err(reason) = USABLE.get_or_init(usable) {
            skipped(reason);
            return None;
        }
        let (built, version) = plugin(sdk)?;
        let mut sandbox = Sandbox::new();
        put(&sandbox, built, SOURCE, version);
        sandbox.write("tmp/.keep", "");
        let temporary = sandbox.path("tmp").to_str().unwrap().to_owned();
        sandbox.set("TMPDIR", &temporary);
        #[expect(clippy::disallowed_methods, reason = "the daemon is that of who runs the tests")]
        if let Ok(host) = std::env::var("DOCKER_HOST") {
            sandbox.set("DOCKER_HOST", &host);
        }
        let own = sandbox.path("").file_name().unwrap().to_str().unwrap().to_lowercase().replace('.', "");
        let host = Self { sandbox, image: format!("packer-test/{own}:base"), label: format!("packer.test={own}") };
        import(&host.image, &host.label, &[]).unwrap();
        Some(host)
    }

    /// The arguments that name the image and the label.
    pub(crate) fn variables(&self) -> [String; 2] {
        [format!("-var=image={}", self.image), format!("-var=label={}", self.label)]
    }

    /// Builds a template of the sandbox.
    pub(crate) fn build(&self, args: &[&str], template: &str) -> Output {
        let variables = self.variables();
        let mut all = vec!["build", "-color=false"];
        all.extend(variables.iter().map(String::as_str));
        all.extend(args);
        all.push(template);
        self.sandbox.run(&all)
    }

    /// The ids of the containers that this sandbox has started and that are still there.
    pub(crate) fn containers(&self) -> Vec<String> {
        lines(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &format!("label={}", self.label)])
    }

    /// What a command in a new container of an image prints.
    pub(crate) fn inside(&self, image: &str, command: &str) -> String {
        docker(&["run", "--rm", "--network=none", "--entrypoint=/bin/sh", image, "-c", command]).unwrap()
    }

    /// Fails the test if a container or a temporary file is left.
    #[track_caller]
    pub(crate) fn expect_nothing_left(&self) {
        assert_eq!(self.containers(), [""; 0]);
        let names = |folder: &str| -> Vec<String> {
            let entries = std::fs::read_dir(self.sandbox.path(folder)).unwrap();
            let mut names: Vec<String> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        assert_eq!(names("tmp"), [".keep"]);
        assert_eq!(names(".config/packer"), ["plugins"]);
    }
}

impl Drop for ContainerHost {
    fn drop(&mut self) {
        let filter = format!("label={}", self.label);
        remove(&["rm", "--force", "--volumes"], self.containers());
        remove(&["rmi", "--force"], lines(&["images", "--quiet", "--filter", &filter]));
    }
}

/// The plugin as it is published, and its version. The older one speaks gob.
fn plugin(sdk: Sdk) -> Option<(&'static Path, &'static str)> {
    static NEW: OnceLock<Option<PathBuf>> = OnceLock::new();
    static OLD: OnceLock<Option<PathBuf>> = OnceLock::new();
    const PACKAGE: &str = "github.com/hashicorp/packer-plugin-docker";
    // As releases of it are linked.
    const LINK: &str = "-s -w -X github.com/hashicorp/packer-plugin-docker/version.VersionPrerelease=";
    let (slot, version) = match sdk {
        Sdk::New => (&NEW, "1.1.2"),
        Sdk::Old => (&OLD, "1.0.8"),
    };
    let built = slot.get_or_init(|| go_build::build(sdk, "docker", PACKAGE, "packer-plugin-docker", LINK));
    built.as_deref().map(|built| (built, version))
}

/// Whether containers can be had here, else why not.
fn usable() -> Result<(), String> {
    docker(&["info", "--format", "{{.ServerVersion}}"])?;
    let image = format!("packer-test/probe:{}", std::process::id());
    import(&image, "packer.test=probe", &[])?;
    let ran = docker(&["run", "--rm", &image, "true"]);
    remove(&["rmi", "--force"], vec![image]);
    ran.map(drop).map_err(|error| {
        format!("no container runs in which {BUSYBOX} is all there is; Debian's busybox-static would do: {error}")
    })
}

/// The libraries that a program is loaded with.
pub(crate) fn libraries(program: &str) -> Vec<PathBuf> {
    let listed = output(command("ldd").arg(program)).unwrap();
    listed.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from).collect()
}

/// An image of busybox under all its names, and of further files: (path there, path here).
pub(crate) fn import(image: &str, label: &str, files: &[(PathBuf, PathBuf)]) -> Result<(), String> {
    let program = [BUSYBOX, "/usr/bin/busybox"].into_iter().find(|path| Path::new(path).exists());
    let program = program.ok_or(format!("{BUSYBOX} is not there (Debian: busybox-static)"))?;
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_path_with_name(program, "bin/busybox").unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_size(0);
    header.set_mode(0o777);
    header.set_entry_type(tar::EntryType::Symlink);
    for name in output(command(program).arg("--list"))?.lines().filter(|name| *name != "busybox") {
        archive.append_link(&mut header, format!("bin/{name}"), "busybox").unwrap();
    }
    header.set_entry_type(tar::EntryType::Directory);
    for folder in ["tmp/", "etc/", "srv/"] {
        archive.append_data(&mut header, folder, std::io::empty()).unwrap();
    }
    // The plugin names the owner of what it uploads.
    let passwd = b"root:x:0:0::/:/bin/sh\nsshd:x:100:100::/:/bin/false\n";
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(0o644);
    header.set_size(passwd.len() as u64);
    archive.append_data(&mut header, "etc/passwd", &passwd[..]).unwrap();
    for (there, here) in files {
        archive.append_path_with_name(here, there.strip_prefix("/").unwrap_or(there)).unwrap();
    }
    let archive = archive.into_inner().unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), archive).unwrap();
    let label = format!("LABEL {label}");
    docker(&["import", "--change", "ENV PATH=/bin", "--change", &label, file.path().to_str().unwrap(), image]).map(drop)
}

/// What a docker command prints, without the last line end; else what it complains of.
pub(crate) fn docker(args: &[&str]) -> Result<String, String> {
    output(command("docker").args(args)).map(|text| text.trim_end().to_owned())
}

fn lines(args: &[&str]) -> Vec<String> {
    docker(args).unwrap().lines().map(str::to_owned).collect()
}

/// Best effort: what is gone already need not go.
fn remove(command: &[&str], what: Vec<String>) {
    if !what.is_empty() {
        let what = what.iter().map(String::as_str);
        let _ = docker(&command.iter().copied().chain(what).collect::<Vec<_>>());
    }
}

/// A program of the machine that the tests run on.
#[expect(clippy::disallowed_methods, reason = "the test is the shell here")]
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    command
}

fn output(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name} cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim_end()))
}
