//! Every field, on a machine that only remembers.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use engine::{Cancel, CancelPhase};
use planner::value::Value;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::HcpSbom;
use crate::builtin::fixtures::{RecordingUi, context_in};
use crate::component::{
    BuildData, Communicator, ComponentContext, ComponentError, FileInfo, Provisioner, RemoteCommand, Running, Sink,
    Source,
};
use crate::secrets::tests::server::{Reply, Server};

const CYCLONEDX: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[]}"#;
const SPDX: &str = r#"{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT"}"#;

type Files = BTreeMap<String, (Vec<u8>, Option<u32>)>;

/// A machine of files and answers.
struct Machine {
    /// What it says about itself.
    words: &'static str,
    /// How the scanner ends.
    status: i64,
    files: Mutex<Files>,
    /// Files that were there at some time.
    seen: Mutex<Files>,
    commands: Mutex<Vec<String>>,
    cancel: Option<Cancel>,
}

impl Machine {
    fn new(words: &'static str) -> Arc<Self> {
        Arc::new(Self {
            words,
            status: 0,
            files: Mutex::default(),
            seen: Mutex::default(),
            commands: Mutex::default(),
            cancel: None,
        })
    }

    fn with_file(path: &str, content: &str) -> Arc<Self> {
        let machine = Self::new("Linux x86_64");
        machine.files.lock().unwrap().insert(path.to_owned(), (content.as_bytes().to_vec(), None));
        machine
    }

    fn commands(&self) -> Vec<String> {
        self.commands.lock().unwrap().clone()
    }
}

#[async_trait]
impl Communicator for Machine {
    async fn start(&self, command: RemoteCommand, _: &Cancel) -> Result<Running, ComponentError> {
        let line = command.line.clone();
        self.commands.lock().unwrap().push(line.clone());
        let mut files = self.files.lock().unwrap();
        let (mut status, mut said) = (0, "");
        if line == "uname -s -m" || line == "echo %PROCESSOR_ARCHITECTURE%" {
            said = self.words;
        } else if line.contains("rm -f") || line.contains("Remove-Item") {
            files.retain(|path, _| !line.contains(path.as_str()));
        } else if line.contains("sbom-generate") || line.contains("-elevated-") {
            said = "scanning\n";
            status = self.status;
            let output = if self.words.starts_with("Linux") {
                "/tmp/packer-sbom.json"
            } else {
                r"C:\Windows\Temp\packer-sbom.json"
            };
            files.insert(output.to_owned(), (CYCLONEDX.as_bytes().to_vec(), None));
            if let Some(cancel) = &self.cancel {
                cancel.raise(CancelPhase::Stopping);
                return Ok(Box::pin(async { Err(ComponentError::Cancelled) }));
            }
        }
        Ok(Box::pin(async move {
            if let Some(mut out) = command.stdout {
                out.write_all(said.as_bytes()).await.unwrap();
                out.shutdown().await.unwrap();
            }
            Ok(status)
        }))
    }

    async fn upload(
        &self,
        path: &str,
        content: &mut Source<'_>,
        info: Option<&FileInfo>,
        _: &Cancel,
    ) -> Result<(), ComponentError> {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).await.unwrap();
        let file = (bytes, info.map(|info| info.mode));
        self.seen.lock().unwrap().insert(path.to_owned(), file.clone());
        self.files.lock().unwrap().insert(path.to_owned(), file);
        Ok(())
    }

    async fn download(&self, path: &str, content: &mut Sink<'_>, _: &Cancel) -> Result<(), ComponentError> {
        let found = self.files.lock().unwrap().get(path).cloned();
        let (bytes, _) = found.ok_or_else(|| ComponentError::new("no such file"))?;
        content.write_all(&bytes).await.map_err(|error| ComponentError::new(error.to_string()))
    }

    async fn upload_dir(&self, _: &str, _: &str, _: &[String], _: &Cancel) -> Result<(), ComponentError> {
        unreachable!("nothing uploads folders")
    }

    async fn download_dir(&self, _: &str, _: &str, _: &[String], _: &Cancel) -> Result<(), ComponentError> {
        unreachable!("nothing downloads folders")
    }
}

/// A server with one release, and an older and a newer one that will not do.
fn releases(platform: &'static str, member: &'static str, is_changed: bool) -> Server {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(member, zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(b"the scanner").unwrap();
    let zip = zip.finish().unwrap().into_inner();
    let digest: String = Sha256::digest(&zip).iter().map(|byte| format!("{byte:02x}")).collect();
    let digest = if is_changed { "0".repeat(64) } else { digest };
    Server::start(move |request| match request.line.as_str() {
        "GET /packer/index.json" => {
            Reply::new(200, r#"{"versions":{"1.9.1":{},"1.15.0":{},"1.16.0-beta1":{},"junk":{}}}"#)
        }
        "GET /packer/1.15.0/packer_1.15.0_SHA256SUMS" => {
            Reply::new(200, &format!("{digest}  packer_1.15.0_{platform}.zip\nabc  other.zip\n"))
        }
        line if line == format!("GET /packer/1.15.0/packer_1.15.0_{platform}.zip") => Reply::File(zip.clone()),
        _ => Reply::new(404, ""),
    })
}

struct Place {
    folder: tempfile::TempDir,
    context: ComponentContext,
    server: Option<Server>,
}

impl Place {
    fn new(server: Option<Server>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut context = context_in(folder.path());
        if let Some(server) = &server {
            let mut environment = context.environment.as_ref().clone();
            environment.insert("PACKER_PLUGIN_RELEASES_URL".to_owned(), server.url());
            context.environment = Arc::new(environment);
        }
        Self { folder, context, server }
    }

    async fn run_on(
        &self,
        machine: &Arc<Machine>,
        fields: &[(&str, Value)],
        data: &BuildData,
    ) -> (Result<(), ComponentError>, Vec<String>) {
        let mut provisioner = HcpSbom::default();
        let config = Value::object(fields.iter().map(|(name, value)| (*name, value.clone())));
        provisioner.prepare(&config, &self.context).await.unwrap();
        let ui = Arc::new(RecordingUi::default());
        let cancel = machine.cancel.clone().unwrap_or_default();
        let done = provisioner.provision(ui.clone(), machine.clone(), data, &cancel).await;
        let url = self.server.as_ref().map(Server::url).unwrap_or_default();
        let said = ui.said().into_iter();
        (done, said.map(|line| if url.is_empty() { line } else { line.replace(&url, "URL") }).collect())
    }

    async fn run(&self, machine: &Arc<Machine>, fields: &[(&str, Value)]) -> Result<Vec<String>, String> {
        let (done, said) = self.run_on(machine, fields, &BuildData::new()).await;
        done.map(|()| said).map_err(|error| error.to_string())
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }
}

fn text(text: &str) -> Value {
    Value::string(text)
}

#[tokio::test]
async fn fetches_checks_and_keeps() {
    let place = Place::new(None);
    for (content, kind) in [(CYCLONEDX, "CycloneDX"), (SPDX, "SPDX")] {
        let machine = Machine::with_file("/root/sbom.json", content);
        let fields = [("source", text("/root/sbom.json")), ("destination", text("out/{{build_name}}.json"))];
        let said = place.run(&machine, &fields).await.unwrap();
        assert_eq!(said, [format!("say: SBOM is valid {kind}, and kept in out/web.json")]);
        assert_eq!(place.read("out/web.json"), content);
        assert!(machine.commands().is_empty());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(place.folder.path().join("out/web.json")).unwrap().permissions().mode();
        assert_eq!((mode & 0o600, mode & 0o777 & !0o644), (0o600, 0));
    }
    let machine = Machine::with_file("s", SPDX);
    for destination in ["out", "new/"] {
        let fields = [("source", text("s")), ("destination", text(destination)), ("sbom_name", text("web-1"))];
        let said = place.run(&machine, &fields).await.unwrap().remove(0);
        let path = said.strip_prefix("say: SBOM \"web-1\" is valid SPDX, and kept in ").unwrap();
        let name = Path::new(path).file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("packer-user-sbom-") && name.ends_with(".json"), "{path}");
        assert!(path.starts_with(destination.trim_end_matches('/')), "{path}");
        assert_eq!(place.read(path), SPDX);
    }
    let said = place.run(&machine, &[("source", text("s"))]).await.unwrap();
    assert_eq!(said, ["say: SBOM is valid SPDX, and not kept"]);
}

#[tokio::test]
async fn what_is_no_sbom_fails_and_is_not_kept() {
    let place = Place::new(None);
    let machine = Machine::with_file("s", "{}");
    let error = place.run(&machine, &[("source", text("s")), ("destination", text("kept"))]).await.unwrap_err();
    assert!(error.starts_with("error validating SBOM file: invalid SBOM format\n"), "{error}");
    assert!(!place.folder.path().join("kept").exists());
    let error = place.run(&machine, &[("source", text("none")), ("destination", text("kept"))]).await.unwrap_err();
    assert_eq!(error, "cannot download the SBOM none: no such file");
    let machine = Machine::with_file("s", SPDX);
    std::fs::write(place.folder.path().join("file"), "").unwrap();
    let error = place.run(&machine, &[("source", text("s")), ("destination", text("file/x"))]).await.unwrap_err();
    assert!(error.starts_with("Unable to write file/x: "), "{error}");
}

#[tokio::test]
async fn makes_one_on_a_machine_with_unix() {
    let place = Place::new(Some(releases("linux_arm64", "packer", false)));
    let machine = Machine::new("Linux aarch64\n");
    let fields = [("auto_generate", Value::Bool(true)), ("destination", text("sbom.json"))];
    let said = place.run(&machine, &fields).await.unwrap();
    let expected = [
        "say: Automatic SBOM generation enabled",
        "say: Detected: OS=linux, Arch=arm64",
        "say: Starting Automatic SBOM generation workflow...",
        "say: Downloading latest Packer release for linux/arm64 from URL...",
        "say: Running scanner on remote host (scanning /)...",
        "say: scanning",
        "say: Automatic SBOM generation completed successfully",
        "say: SBOM is valid CycloneDX, and kept in sbom.json",
    ];
    assert_eq!(said, expected);
    let expected = [
        "uname -s -m",
        "chmod +x /tmp/packer-sbom-runner && sudo /tmp/packer-sbom-runner sbom-generate -o cyclonedx-json / > \
         /tmp/packer-sbom.json",
        "rm -f /tmp/packer-sbom-runner /tmp/packer-sbom.json",
    ];
    assert_eq!(machine.commands(), expected);
    assert_eq!(place.read("sbom.json"), CYCLONEDX);
    let seen = machine.seen.lock().unwrap();
    assert_eq!(seen["/tmp/packer-sbom-runner"].0, b"the scanner");
    assert!(machine.files.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_command_is_what_is_configured() {
    let place = Place::new(Some(releases("linux_amd64", "packer", false)));
    let machine = Machine::new("Linux x86_64");
    let fields = [
        ("auto_generate", Value::Bool(true)),
        ("scanner_args", Value::strings(["-o", "spdx-json", "--exclude=./a b"])),
        ("scan_path", text("/srv/{{build_name}}")),
        ("execute_command", text("doas {{.Path}} {{.Args}} {{.ScanPath}} > {{.Output}} # {{build `ID`}}")),
    ];
    let data = BuildData::from([("ID".to_owned(), Value::string("i-1"))]);
    let (done, said) = place.run_on(&machine, &fields, &data).await;
    assert_eq!(done, Ok(()));
    assert!(said.contains(&"say: Running scanner on remote host (scanning /srv/web)...".to_owned()), "{said:?}");
    let expected = "doas /tmp/packer-sbom-runner sbom-generate -o spdx-json '--exclude=./a b' /srv/web > \
                    /tmp/packer-sbom.json # i-1";
    assert_eq!(machine.commands()[1], expected);
}

#[tokio::test]
async fn makes_one_on_a_machine_with_windows() {
    let place = Place::new(Some(releases("windows_amd64", "packer.exe", false)));
    let machine = Machine::new("AMD64\r\n");
    let data = BuildData::from([("ConnType".to_owned(), Value::string("winrm"))]);
    let fields = [("auto_generate", Value::Bool(true)), ("scan_path", text(r"C:\"))];
    assert_eq!(place.run_on(&machine, &fields, &data).await.0, Ok(()));
    let commands = machine.commands();
    assert_eq!(commands[0], "echo %PROCESSOR_ARCHITECTURE%");
    assert!(commands[1].contains("Expand-Archive"), "{}", commands[1]);
    let expected = r"C:\Windows\Temp\packer-sbom-runner\packer.exe sbom-generate -o cyclonedx-json C:\ > C:\Windows\Temp\packer-sbom.json";
    assert_eq!(commands[2], expected);
    assert!(commands[3].contains("Remove-Item") && commands.len() == 4, "{commands:?}");
    assert!(machine.files.lock().unwrap().is_empty());
}

#[tokio::test]
async fn another_user_makes_it_on_windows() {
    let place = Place::new(Some(releases("windows_amd64", "packer.exe", false)));
    let machine = Machine::new("AMD64");
    let data = BuildData::from([
        ("ConnType".to_owned(), Value::string("winrm")),
        ("Password".to_owned(), Value::string("hunter2")),
    ]);
    let fields = [
        ("auto_generate", Value::Bool(true)),
        ("elevated_user", text("Administrator")),
        ("elevated_password", text("{{build `Password`}}")),
    ];
    assert_eq!(place.run_on(&machine, &fields, &data).await.0, Ok(()));
    let seen = machine.seen.lock().unwrap().clone();
    let (path, (script, _)) = seen.iter().find(|(path, _)| path.contains("elevated")).unwrap();
    let script = String::from_utf8(script.clone()).unwrap();
    assert!(script.contains("'Administrator', 'hunter2', 1"), "{script}");
    assert!(script.contains("sbom-generate -o cyclonedx-json / &gt; C:\\Windows\\Temp\\packer-sbom.json"), "{script}");
    assert!(machine.commands().iter().any(|line| line.contains("Remove-Item") && line.contains(path)));
    assert_eq!(place.context.secrets.scrub("hunter2"), "<sensitive>");
    let unix = Machine::new("Linux x86_64");
    let error = place.run(&unix, &fields).await.unwrap_err();
    assert_eq!(error, "SBOM generation failed: elevated_user is for machines with Windows; use execute_command here");
}

#[tokio::test]
async fn failures_fail_the_build_and_leave_nothing() {
    let made = [("auto_generate", Value::Bool(true)), ("destination", text("kept"))];
    let failing = Machine { status: 3, ..Arc::into_inner(Machine::new("Linux x86_64")).unwrap() };
    let rows = [
        (releases("linux_amd64", "packer", false), Arc::new(failing), "the scanner ended with status 3"),
        (
            releases("linux_amd64", "packer", true),
            Machine::new("Linux x86_64"),
            "packer_1.15.0_linux_amd64.zip has the checksum ",
        ),
        (
            releases("linux_arm64", "packer", false),
            Machine::new("Linux x86_64"),
            "packer 1.15.0 is not released for linux_amd64",
        ),
        (releases("linux_amd64", "other", false), Machine::new("Linux x86_64"), "the archive of packer is damaged"),
        (Server::replying(&[Reply::new(404, "")]), Machine::new("Linux x86_64"), "cannot get packer: "),
        (
            releases("linux_amd64", "packer", false),
            Machine::new("Linux riscv64"),
            "cannot tell what machine it is: `uname -s -m` says \"Linux riscv64\"",
        ),
    ];
    for (server, machine, expected) in rows {
        let place = Place::new(Some(server));
        let error = place.run(&machine, &made).await.unwrap_err();
        assert!(error.starts_with("SBOM generation failed: ") && error.contains(expected), "{error}");
        assert!(machine.files.lock().unwrap().is_empty(), "{expected}");
        assert!(!place.folder.path().join("kept").exists());
    }
}

#[tokio::test]
async fn a_stopped_run_leaves_nothing() {
    let place = Place::new(Some(releases("linux_amd64", "packer", false)));
    let machine = Machine { cancel: Some(Cancel::new()), ..Arc::into_inner(Machine::new("Linux x86_64")).unwrap() };
    let machine = Arc::new(machine);
    let (done, _) = place.run_on(&machine, &[("auto_generate", Value::Bool(true))], &BuildData::new()).await;
    assert_eq!(done, Err(ComponentError::Cancelled));
    assert!(machine.files.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_wrong_or_without_effect_is_said_early() {
    let place = Place::new(None);
    let prepare = async |fields: &[(&str, Value)]| {
        let config = Value::object(fields.iter().map(|(name, value)| (*name, value.clone())));
        HcpSbom::default().prepare(&config, &place.context).await.map_err(|error| error.to_string())
    };
    let both = "source and auto_generate are mutually exclusive; use either source for pre-generated SBOMs or \
                auto_generate to create them";
    let source = ("source", text("s"));
    let rows: &[(&[(&str, Value)], &str)] = &[
        (&[], "source must be specified when auto_generate is not enabled"),
        (&[source.clone(), ("auto_generate", Value::Bool(true))], both),
        (&[source.clone(), ("sbom_name", text("ab"))], "sbom_name must have 3 to 36 characters"),
        (&[source.clone(), ("sbom_name", text("a_b_c"))], "sbom_name must have 3 to 36 characters"),
        (&[source.clone(), ("execute_command", text("{{"))], "error parsing execute_command: "),
        (&[source.clone(), ("elevated_password", text("p"))], "elevated_user must be specified"),
    ];
    for (fields, expected) in rows {
        let error = prepare(fields).await.unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let warnings = prepare(&[
        source,
        ("scanner_url", text("https://example.com")),
        ("scanner_checksum", text("abc")),
        ("scan_path", text("/")),
        ("elevated_user", text("u")),
    ])
    .await
    .unwrap();
    let expected = [
        "scanner_url is deprecated and has no effect: the newest release of packer is the scanner",
        "scanner_checksum is deprecated and has no effect: the newest release of packer is the scanner",
        "scan_path has no effect without auto_generate = true",
        "elevated_user has no effect without auto_generate = true",
        "without destination the SBOM is checked, and not kept",
    ];
    assert_eq!(warnings, expected);
}
