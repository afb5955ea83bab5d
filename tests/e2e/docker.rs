//! Real containers: the published plugin for Docker, unmodified, with the provisioners and post-processors that are
//! built in here.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::container_host::{ContainerHost, command, docker, import, libraries};
use crate::go_build::Sdk;
use crate::sandbox::skipped;

const VARIABLES: &str = "variable \"image\" {}\nvariable \"label\" {}\n";

const SITE: &str = r#"
packer {
  required_plugins {
    docker = {
      source  = "github.com/hashicorp/docker"
      version = ">= 1.0.8"
    }
  }
}
source "docker" "web" {
  image   = var.image
  pull    = false
  commit  = true
  changes = ["ENV MODE=test"]
}
build {
  sources = ["source.docker.web"]
  provisioner "file" {
    sources     = ["tool", "big"]
    destination = "/bin/"
  }
  provisioner "file" {
    source      = "site"
    destination = "/srv"
  }
  provisioner "file" {
    source      = "site/"
    destination = "/www"
  }
  provisioner "file" {
    content     = "built in ${build.ID}\n"
    destination = "/etc/motd"
  }
  provisioner "shell" {
    env    = { WHO = "it's ${build.Host}" }
    inline = ["tool \"$WHO\" $PACKER_BUILD_NAME $PACKER_BUILDER_TYPE", "echo wrong >&2", "printf 'no end'"]
  }
  provisioner "shell" {
    script           = "dos.sh"
    valid_exit_codes = [0, 7]
    execute_command  = "chmod +x {{.Path}}; {{.Vars}} {{.Path}} first"
  }
  provisioner "shell-local" {
    inline = ["printf %s ${build.ID} > id"]
  }
  provisioner "file" {
    direction   = "download"
    sources     = ["/etc/motd", "/bin/big"]
    destination = "back/"
  }
  post-processors {
    post-processor "docker-tag" {
      repository = split(":", var.image)[0]
      tags       = ["web", "latest"]
    }
    post-processor "manifest" { output = "manifest.json" }
  }
}
"#;

/// 20 MiB in which no part repeats.
fn big() -> Vec<u8> {
    (0..5_u32 << 20).flat_map(|at| at.wrapping_mul(0x9e37_79b9).to_le_bytes()).collect()
}

fn fill(host: &ContainerHost) {
    let sandbox = &host.sandbox;
    sandbox.write("tool", "#!/bin/sh\necho tool: \"$@\"\n");
    std::fs::set_permissions(sandbox.path("tool"), std::fs::Permissions::from_mode(0o755)).unwrap();
    sandbox.write("big", big());
    sandbox.write("site/index.html", "<h1>here</h1>\n");
    sandbox.write("site/deep/er/page", "page\n");
    sandbox.write("dos.sh", "#!/bin/sh\r\necho \"arguments: $*\"\r\nexit 7\r\n");
}

#[test]
fn scripts_and_files_become_an_image() {
    for sdk in [Sdk::New, Sdk::Old] {
        let Some(host) = ContainerHost::new(sdk) else { return };
        fill(&host);
        host.sandbox.write("t.pkr.hcl", format!("{VARIABLES}{SITE}"));
        let text = host.build(&[], "t.pkr.hcl").expect(0);
        let id = host.sandbox.read("id");
        for line in [
            "Uploading tool => /bin/",
            "Uploading big => /bin/",
            "Uploading site => /srv",
            "Uploading site/ => /www",
            "Uploading content => /etc/motd",
            "Provisioning with shell script: inline script",
            "wrong",
            "no end",
            "Provisioning with shell script: dos.sh",
            "arguments: first",
            "Downloading /etc/motd => back/motd",
            "Downloading /bin/big => back/big",
            &format!("Killing the container: {id}"),
        ] {
            let line = format!("==> docker.web: {line}\n");
            assert!(text.contains(&line), "{sdk:?}: {line:?} is missing in:\n{text}");
        }
        let said = text.lines().find(|line| line.contains("tool: it's ")).unwrap();
        assert!(said.ends_with(" web docker"), "{said}");
        assert_eq!(host.sandbox.read("back/motd"), format!("built in {id}\n"));
        assert!(
            std::fs::read(host.sandbox.path("back/big")).unwrap() == big(),
            "what came back is not what went there"
        );
        check_image(&host, &id, &text);
        host.expect_nothing_left();
    }
}

/// What the image holds, what the manifest says of it, and what the run says at its end.
fn check_image(host: &ContainerHost, id: &str, text: &str) {
    let tag = host.image.replace(":base", ":web");
    let digest: String = Sha256::digest(big()).iter().map(|byte| format!("{byte:02x}")).collect();
    let seen = host
        .inside(&tag, "echo $MODE; tool a; cat /etc/motd; find /srv /www -type f | sort; ls /tmp; sha256sum /bin/big");
    assert_eq!(
        seen,
        format!(
            "test\ntool: a\nbuilt in {id}\n/srv/site/deep/er/page\n/srv/site/index.html\n/www/deep/er/page\n\
             /www/index.html\n{digest}  /bin/big"
        )
    );
    let both = format!("with tags {tag} {}", host.image.replace(":base", ":latest"));
    assert!(text.contains(&both), "{both} is missing in:\n{text}");
    let manifest: serde_json::Value = serde_json::from_str(&host.sandbox.read("manifest.json")).unwrap();
    let build = &manifest["builds"][0];
    assert_eq!((&build["name"], &build["builder_type"]), (&"web".into(), &"docker".into()), "{manifest}");
    assert_eq!(build["artifact_id"], host.image.replace(":base", ":latest"), "{manifest}");
}

const LEGACY: &str = r#"{
  "variables": {"image": "", "label": "", "who": "somebody"},
  "builders": [
    {"type": "docker", "name": "box", "image": "{{user `image`}}", "pull": false, "export_path": "out/{{build_name}}.tar"}
  ],
  "provisioners": [
    {"type": "file", "source": "tool", "destination": "/bin/tool"},
    {"type": "shell", "inline": ["tool $WHO $PACKER_BUILDER_TYPE > /etc/motd"], "environment_vars": ["WHO={{user `who`}}"],
     "override": {"box": {"remote_path": "/run.sh", "skip_clean": true}}}
  ],
  "post-processors": [
    {"type": "checksum", "checksum_types": ["sha256"], "output": "out/{{.BuildName}}.{{.ChecksumType}}"},
    [
      {"type": "docker-import", "repository": "{{user `image`}}-again", "changes": ["LABEL {{user `label`}}", "ENV PATH=/bin"],
       "keep_input_artifact": true},
      {"type": "manifest", "output": "manifest.json"}
    ]
  ]
}"#;

#[test]
fn a_legacy_template_exports_a_container() {
    for sdk in [Sdk::New, Sdk::Old] {
        let Some(host) = ContainerHost::new(sdk) else { return };
        fill(&host);
        host.sandbox.write("t.json", LEGACY);
        let text = host.build(&[], "t.json").expect(0);
        let exported = std::fs::read(host.sandbox.path("out/box.tar")).unwrap();
        let digest: String = Sha256::digest(&exported).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(host.sandbox.read("out/box.sha256"), format!("{digest}\tbox.tar\n"), "{text}");
        let seen = host.inside(&format!("{}-again", host.image), "cat /etc/motd; tail -n 1 /run.sh");
        assert_eq!(seen, "tool: somebody docker\ntool $WHO $PACKER_BUILDER_TYPE > /etc/motd");
        let manifest: serde_json::Value = serde_json::from_str(&host.sandbox.read("manifest.json")).unwrap();
        assert_eq!(manifest["builds"][0]["artifact_id"], format!("{}-again", host.image), "{manifest}");
        host.expect_nothing_left();
    }
}

const FAILING: &str = r#"
source "docker" "m" {
  image  = var.image
  pull   = false
  commit = true
}
build {
  sources = ["docker.m"]
  provisioner "shell" { inline = ["echo going wrong", "exit 3"] }
  provisioner "shell" { inline = ["echo never"] }
  error-cleanup-provisioner "shell" { inline = ["echo cleaning up in $(hostname)"] }
  post-processor "shell-local" { inline = ["echo never"] }
}
"#;

#[test]
fn a_script_that_fails_takes_its_container_with_it() {
    for sdk in [Sdk::New, Sdk::Old] {
        let Some(host) = ContainerHost::new(sdk) else { return };
        host.sandbox.write("t.pkr.hcl", format!("{VARIABLES}{FAILING}"));
        let text = host.build(&[], "t.pkr.hcl").expect(1);
        let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part:?} is missing in:\n{text}"));
        let order = [
            at("==> docker.m: going wrong\n"),
            at("==> docker.m: Provisioning step had errors: Running the cleanup provisioner, if present...\n"),
            at("==> docker.m: cleaning up in "),
            at("==> docker.m: Killing the container: "),
            at("Build 'docker.m' errored after [DURATION]: Script exited with non-zero exit status: 3."),
        ];
        assert!(order.is_sorted(), "{order:?}: {text}");
        assert!(!text.contains("never"), "{text}");
        host.expect_nothing_left();
    }
}

#[test]
fn a_run_that_aborts_leaves_the_container_for_a_look() {
    let Some(host) = ContainerHost::new(Sdk::New) else { return };
    host.sandbox.write("t.pkr.hcl", format!("{VARIABLES}{FAILING}"));
    let text = host.build(&["-on-error=abort"], "t.pkr.hcl").expect(1);
    assert!(text.contains("going wrong") && !text.contains("cleaning up"), "{text}");
    let [container] = &host.containers()[..] else { panic!("{:?}: {text}", host.containers()) };
    assert!(text.contains(&format!("Container ID: {container}")), "{text}");
    let left = docker(&["exec", container, "/bin/sh", "-c", "tail -n 1 /tmp/script_*.sh"]).unwrap();
    assert_eq!(left, "exit 3", "the script that failed is there to be looked at");
}

const STUCK: &str = r#"
source "docker" "m" {
  image   = var.image
  pull    = false
  commit  = true
  volumes = { "${path.cwd}/shared" = "/shared" }
}
build {
  sources = ["docker.m"]
  provisioner "shell" {
    inline = ["touch /shared/started", "sleep 3600"]
  }
  post-processor "shell-local" { inline = ["echo never"] }
}
"#;

#[test]
fn a_run_that_is_interrupted_removes_its_container() {
    for sdk in [Sdk::New, Sdk::Old] {
        let Some(host) = ContainerHost::new(sdk) else { return };
        host.sandbox.write("t.pkr.hcl", format!("{VARIABLES}{STUCK}"));
        let [image, label] = host.variables();
        let child = host.sandbox.command(&["build", "-color=false", &image, &label, "t.pkr.hcl"]).spawn().unwrap();
        host.sandbox.wait_for(&["shared/started"]);
        rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT).unwrap();
        let text = host.sandbox.finish(child).expect(1);
        for part in [
            "Cancelling build after receiving interrupt\n",
            "==> docker.m: Killing the container: ",
            "Build 'docker.m' errored after [DURATION]: context canceled\n",
            "Cleanly cancelled builds after being interrupted.\n",
        ] {
            assert!(text.contains(part), "{sdk:?}: {part:?} is missing in:\n{text}");
        }
        assert!(!text.contains("never"), "{text}");
        host.expect_nothing_left();
    }
}

#[test]
fn a_script_whose_time_is_up_removes_its_container() {
    let Some(host) = ContainerHost::new(Sdk::New) else { return };
    let template = STUCK.replace("inline = [\"touch", "timeout = \"1s\"\n    inline = [\"touch");
    host.sandbox.write("t.pkr.hcl", format!("{VARIABLES}{template}"));
    let text = host.build(&[], "t.pkr.hcl").expect(1);
    assert!(text.contains("==> docker.m: Cancelling provisioner after a timeout...\n"), "{text}");
    assert!(text.contains("Build 'docker.m' errored after [DURATION]: context deadline exceeded\n"), "{text}");
    host.expect_nothing_left();
}

#[test]
fn what_docker_cannot_do_is_told_with_what_it_says() {
    let rows = [
        ("content = \"x\"\n    destination = \"/no/such/f\"", "Failed to upload to '/no/such/f' in container: "),
        (
            "direction = \"download\"\n    source = \"/no/such\"\n    destination = \"got\"",
            "Could not find the file /no/such in container ",
        ),
        (
            "direction = \"download\"\n    source = \"/bin/\"\n    destination = \"got/\"",
            "DownloadDir is not implemented for docker",
        ),
    ];
    for (body, expected) in rows {
        let Some(host) = ContainerHost::new(Sdk::New) else { return };
        let (head, _) = FAILING.split_once("  provisioner").unwrap();
        let template = format!("{VARIABLES}{head}  provisioner \"file\" {{\n    {body}\n  }}\n}}\n");
        host.sandbox.write("t.pkr.hcl", template);
        let text = host.build(&[], "t.pkr.hcl").expect(1);
        let error = text.lines().find(|line| line.starts_with("Build 'docker.m' errored after ")).unwrap();
        assert!(error.contains(expected), "{expected:?} is not in {error:?}");
        host.expect_nothing_left();
    }
}

#[test]
fn a_container_that_is_gone_is_told_of() {
    let Some(host) = ContainerHost::new(Sdk::New) else { return };
    let (head, _) = FAILING.split_once("  provisioner").unwrap();
    let template = format!(
        "{VARIABLES}{head}  provisioner \"shell-local\" {{ inline = [\"docker rm -f ${{build.ID}}\"] }}\n  provisioner \
         \"shell\" {{\n    start_retry_timeout = \"3s\"\n    inline = [\"true\"]\n  }}\n}}\n"
    );
    host.sandbox.write("t.pkr.hcl", template);
    let text = host.build(&[], "t.pkr.hcl").expect(1);
    for part in [
        "==> docker.m: Trying again for up to 3s, as this did not work: Error uploading script: Failed to upload to ",
        "Build 'docker.m' errored after [DURATION]: Error uploading script: Failed to upload to ",
        "(provisioner \"shell\", docker.m/provision[1], machine ",
    ] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
    assert_eq!(text.matches("Trying again").count(), 1, "{text}");
    host.expect_nothing_left();
}

#[test]
fn many_containers_at_a_time_keep_apart() {
    let Some(host) = ContainerHost::new(Sdk::New) else { return };
    let names = ["a", "b", "c", "d"];
    let sources: String = names
        .iter()
        .map(|name| {
            format!("source \"docker\" \"{name}\" {{\n  image = var.image\n  pull = false\n  discard = true\n}}\n")
        })
        .collect();
    let template = r#"
build {
  sources = ["docker.a", "docker.b", "docker.c", "docker.d"]
  provisioner "file" {
    content     = source.name
    destination = "/name"
  }
  provisioner "shell" { inline = ["for at in 1 2 3; do echo $(cat /name) $at; done > /all; cat /all"] }
  provisioner "file" {
    direction   = "download"
    source      = "/all"
    destination = "${source.name}.all"
  }
}
"#;
    host.sandbox.write("t.pkr.hcl", format!("{VARIABLES}{sources}{template}"));
    host.build(&[], "t.pkr.hcl").expect(0);
    for name in names {
        assert_eq!(host.sandbox.read(&format!("{name}.all")), format!("{name} 1\n{name} 2\n{name} 3\n"));
    }
    host.expect_nothing_left();
}

/// The server, and what the plugin has it start to download a folder.
const SSH_PROGRAMS: [&str; 2] = ["/usr/sbin/sshd", "/usr/bin/scp"];

/// Puts an SSH server into the base image, and the key that it lets in into the sandbox; `false` where there is none.
fn serve_ssh(host: &ContainerHost) -> bool {
    if let Some(program) = SSH_PROGRAMS.iter().find(|program| !Path::new(program).exists()) {
        skipped(&format!("{program} is not there (Debian: openssh-server, openssh-client)"));
        return false;
    }
    let sandbox = &host.sandbox;
    for name in ["host", "key"] {
        let mut keygen = command("ssh-keygen");
        let made = keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(sandbox.path(name)).status().unwrap();
        assert!(made.success());
    }
    sandbox.write(
        "config",
        "HostKey /etc/host\nAuthorizedKeysFile /etc/key.pub\nStrictModes no\nSubsystem sftp internal-sftp\n",
    );
    let programs = SSH_PROGRAMS.iter().map(PathBuf::from);
    let loaded = programs.chain(SSH_PROGRAMS.iter().flat_map(|program| libraries(program)));
    let loaded = loaded.collect::<BTreeSet<_>>();
    let mut files: Vec<(PathBuf, PathBuf)> = loaded.into_iter().map(|path| (path.clone(), path)).collect();
    files.push(("/run/sshd/.keep".into(), sandbox.path("tmp/.keep")));
    files.extend(["host", "key.pub", "config"].map(|name| (Path::new("/etc").join(name), sandbox.path(name))));
    import(&host.image, &host.label, &files).unwrap();
    true
}

const OVER_SSH: &str = r#"
source "docker" "m" {
  image                     = var.image
  pull                      = false
  discard                   = true
  run_command               = ["-d", "--entrypoint=/usr/sbin/sshd", "--", "{{.Image}}", "-D", "-e", "-f", "/etc/config"]
  communicator              = "ssh"
  ssh_username              = "root"
  ssh_private_key_file      = "key"
  ssh_clear_authorized_keys = true
  ssh_file_transfer_method  = "sftp"
}
build {
  sources = ["docker.m"]
  provisioner "file" {
    source      = "site"
    destination = "/srv"
  }
  provisioner "shell" {
    inline          = ["echo $PACKER_BUILDER_TYPE as $USER from $${SSH_CLIENT%% *} at ${build.User}@${build.Host}"]
    execute_command = "chmod +x {{.Path}}; {{.Vars}} {{.Path}}"
  }
  provisioner "file" {
    direction   = "download"
    source      = "/srv/site/"
    destination = "back"
  }
  provisioner "shell" {
    inline            = ["kill $(grep -l '^sshd.*: root' /proc/[0-9]*/cmdline | cut -d / -f 3)", "sleep 60"]
    expect_disconnect = true
  }
  provisioner "shell" { inline = ["echo here again"] }
}
"#;

#[test]
fn a_plugin_may_reach_its_container_over_ssh() {
    for sdk in [Sdk::New, Sdk::Old] {
        let Some(host) = ContainerHost::new(sdk) else { return };
        if !serve_ssh(&host) {
            return;
        }
        fill(&host);
        host.sandbox.write("t.pkr.hcl", format!("{VARIABLES}{OVER_SSH}"));
        let text = host.build(&[], "t.pkr.hcl").expect(0);
        let said = text.lines().find(|line| line.starts_with("==> docker.m: docker as root from ")).unwrap();
        assert!(said.contains(" at root@"), "{said}");
        assert!(text.contains("==> docker.m: here again\n"), "{text}");
        assert_eq!(host.sandbox.read("back/site/deep/er/page"), "page\n");
        host.expect_nothing_left();
    }
}
