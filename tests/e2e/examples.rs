//! The templates in `examples/` do what README says.

use std::path::Path;

use crate::container_host::ContainerHost;
use crate::go_build::Sdk;
use crate::sandbox::Sandbox;
use crate::sshd::{USER, sshd};

fn example(name: &str) -> String {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").canonicalize().unwrap();
    examples.join(name).to_str().unwrap().to_owned()
}

#[test]
fn hello_builds() {
    let sandbox = Sandbox::new();
    let text = sandbox.run(&["build", "-color=false", "-var", "greeting=Salut", &example("hello")]).expect(0);
    assert!(text.contains("==> file.hello: provisioning hello"), "{text}");
    assert_eq!(sandbox.read("out/hello/hello.txt"), "Salut, world!\n");
    assert!(sandbox.read("out/hello/hello.sha256").ends_with("\thello.txt\n"));
}

#[test]
fn a_template_in_json_syntax_builds() {
    let sandbox = Sandbox::new();
    let text = sandbox.run(&["build", "-color=false", &example("json")]).expect(0);
    assert!(text.contains("==> file.report: reporting on 2 hosts"), "{text}");
    let report = "Hosts\n\ndb: database on port 2222\nweb: frontend on port 22\n";
    assert_eq!(sandbox.read("out/json/report.txt"), report);
}

#[test]
fn builds_share_pools() {
    let sandbox = Sandbox::new();
    let text = sandbox.run(&["plan", &example("pools")]).expect(0);
    assert!(text.contains("  claims 1 of account, 12 of memory-gb\n"), "{text}");
    assert!(text.contains("\npool memory-gb: 16, of which 4 builds claim 18 in all\n"), "{text}");
    sandbox.run(&["build", "-color=false", "--pool", "account=2", &example("pools")]).expect(0);
    for name in ["db", "queue", "search", "web"] {
        assert_eq!(sandbox.read(&format!("out/pools/{name}.txt")), "server\n");
    }
}

#[test]
fn the_estate_builds_its_whole_matrix() {
    let sandbox = Sandbox::new();
    let regions = example("estate/regions-eu.pkrvars.hcl");
    let var_file = format!("-var-file={regions}");
    let text = sandbox.run(&["build", "-color=false", &var_file, &example("estate")]).expect(0);
    assert_eq!(
        text.lines().filter(|line| line.starts_with("Build '") && line.contains("' finished after ")).count(),
        41
    );
    assert!(!text.contains("not-a-real-key"), "the key is masked");
    let manifest: serde_json::Value = serde_json::from_str(&sandbox.read("out/estate/manifest.json")).unwrap();
    assert_eq!(manifest["builds"].as_array().unwrap().len(), 41);
    for flavour in ["minimal", "full"] {
        for image in ["alma-aws", "debian-gcp", "ubuntu-vsphere"] {
            for suffix in ["img", "sha256", "tar.gz"] {
                let path = format!("out/estate/{flavour}/{image}.{suffix}");
                assert!(sandbox.path(&path).exists(), "{path}");
            }
        }
    }
    let hardened = sandbox.read("out/estate/full/debian-gcp.img");
    assert!(hardened.contains("region: europe-west3") && hardened.ends_with("hardened: yes\n"), "{hardened}");
    assert!(!sandbox.read("out/estate/full/ubuntu-gcp.img").contains("hardened"));
}

#[test]
fn the_legacy_template_builds() {
    let sandbox = Sandbox::new();
    let text = sandbox.run(&["build", "-color=false", "-var", "greeting=Salut", &example("legacy/web.json")]).expect(0);
    for line in
        ["==> file.page: provisioning page of type file", "==> null: the token is <sensitive>", "==> null: test Null"]
    {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert_eq!(sandbox.read("out/legacy/page.html"), "<h1>Salut, world!</h1>\n");
    assert!(sandbox.read("out/legacy/page.sha256").ends_with("\tpage.html\n"));
    assert!(sandbox.path("out/legacy/page.tar.gz").exists());
    assert!(text.contains("Build 'file.salut-note' finished"), "{text}");
}

#[test]
fn the_server_is_set_up() {
    let Some(machine) = sshd("") else { return };
    let sandbox = Sandbox::new();
    let port = format!("port={}", machine.port);
    let key = format!("key_file={}", machine.key().display());
    let user = format!("user={USER}");
    let args = ["-color=false", "-var", "host=127.0.0.1", "-var", &port, "-var", &user, "-var", &key];
    let text = sandbox.run(&[&["build"], &args[..], &[&example("server")]].concat()).expect(0);
    assert!(text.contains(&format!("==> null.server: setting up {USER}@127.0.0.1\n")), "{text}");
    assert!(sandbox.read("out/server/127.0.0.1.facts").ends_with("Set up by packer.\n"));
    // With an agent and no key, the template is right as well.
    let args = ["validate", "-var", "host=h", "-var", &user];
    sandbox.run(&[&args[..], &[&example("server")]].concat()).expect(0);
}

#[test]
fn the_container_is_built_and_answers() {
    let Some(host) = ContainerHost::new(Sdk::New) else { return };
    let (repository, _) = host.image.split_once(':').unwrap();
    let [base, repository] = [format!("-var=base={}", host.image), format!("-var=repository={repository}/site")];
    let template = example("container");
    let args = ["-var=pull=false", "-var=title=Hier", &base, &repository, &template];
    for command in ["validate", "plan"] {
        host.sandbox.run(&[&[command], &args[..]].concat()).expect(0);
    }
    let text = host.sandbox.run(&[&["build", "-color=false"], &args[..]].concat()).expect(0);
    assert!(text.contains("==> docker.site: <h1>Hier</h1>\n"), "{text}");
    let image = repository.strip_prefix("-var=repository=").unwrap();
    assert!(text.contains(&format!("with tags {image}:latest\n")), "{text}");
    assert!(host.sandbox.read("out/container/answer.html").contains("Built in container "));
    assert!(host.sandbox.read("out/container/manifest.json").contains(&format!("\"{image}:latest\"")));
    assert_eq!(host.inside(image, "ls /site"), "about.html\nindex.html");
    host.expect_nothing_left();
}

#[test]
fn every_example_is_valid_and_can_be_planned() {
    let sandbox = Sandbox::new();
    for name in ["hello", "estate", "json", "legacy/web.json"] {
        sandbox.run(&["validate", &example(name)]).expect(0);
        let text = sandbox.run(&["plan", &example(name)]).expect(0);
        assert!(text.contains("critical path, about "), "{text}");
    }
}
