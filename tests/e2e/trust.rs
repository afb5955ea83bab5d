//! Signatures: which plugins may be installed and used.

use std::fs;
use std::io::Cursor;

use minisign::KeyPair;

use crate::fake_plugin::{PLUGINS, installed_path, suffix, write_plugin};
use crate::release::Release;
use crate::sandbox::Sandbox;

const A: &str = "github.com/hashicorp/a";
const SHARED: &str = "mirror/packer-plugin-a";

fn sign(key: &KeyPair, content: &[u8]) -> String {
    minisign::sign(None, &key.sk, Cursor::new(content), None, None).unwrap().into_string()
}

/// A sandbox that trusts one key, and the key.
fn trusting() -> (Sandbox, KeyPair) {
    let (sandbox, key) = (Sandbox::new(), KeyPair::generate_unencrypted_keypair().unwrap());
    sandbox.write(".config/packer/trust/maker.pub", key.pk.to_box().unwrap().to_string());
    (sandbox, key)
}

fn unfolded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn unsigned_plugins_are_not_used_where_signatures_are_required() {
    let (mut sandbox, key) = trusting();
    write_plugin(&sandbox, "new", "1.0.0");
    let words = ["plugins", "install", "-path=new", A];
    let installed = format!("{}\n", installed_path(A, "1.0.0"));
    let listed = |sandbox: &Sandbox| sandbox.run(&["plugins", "installed"]).expect(0);
    sandbox.run(&words).expect(0);
    assert_eq!(listed(&sandbox), installed);
    sandbox.set("PACKER_PLUGIN_REQUIRE_SIGNED", "1").set("PACKER_LOG", "1");
    let output = sandbox.run(&["plugins", "installed"]);
    assert!(output.stderr.contains("ErrUnsignedPlugin: "), "{}", output.stderr);
    assert_eq!(output.expect(0), "");
    let stdout = sandbox.run(&words).expect(1);
    assert!(stdout.starts_with("Error: Plugin is not trusted\n"), "{stdout}");
    assert!(unfolded(&stdout).contains("ErrUnsignedPlugin: [SANDBOX]/new has no signature"), "{stdout}");
    sandbox.write("new.minisig", sign(&key, b"another"));
    assert!(
        unfolded(&sandbox.run(&words).expect(1)).contains("ErrInvalidPlugin: [SANDBOX]/new is not what was signed")
    );
    sandbox.write("new.minisig", sign(&key, &fs::read(sandbox.path("new")).unwrap()));
    sandbox.run(&words).expect(0);
    assert_eq!(listed(&sandbox), installed);
    // Somebody changes binary and checksum together.
    let path = format!("{PLUGINS}/{A}/packer-plugin-a_v1.0.0_x5.0_{}", suffix());
    let signature = sandbox.read(&format!("{path}.minisig"));
    sandbox.set("PACKER_PLUGIN_REQUIRE_SIGNED", "0");
    write_plugin(&sandbox, "other", "1.0.0");
    let other = format!("{}# other\n", sandbox.read("other"));
    fs::write(sandbox.path("other"), other).unwrap();
    sandbox.run(&["plugins", "install", "-path=other", A]).expect(0);
    assert!(!sandbox.path(format!("{path}.minisig")).exists(), "the signature was that of another binary");
    sandbox.write(&format!("{path}.minisig"), signature);
    sandbox.set("PACKER_PLUGIN_REQUIRE_SIGNED", "yes");
    let output = sandbox.run(&["plugins", "installed"]);
    assert!(output.stderr.contains("ErrInvalidPlugin: "), "{}", output.stderr);
    assert_eq!(output.expect(0), "");
}

#[test]
fn signatures_come_with_releases() {
    let (mut sandbox, key) = trusting();
    sandbox.set("PACKER_PLUGIN_MIRROR", "mirror").set("PACKER_PLUGIN_REQUIRE_SIGNED", "1");
    Release::new("1.0.0").publish(&sandbox, SHARED);
    let install = |code| sandbox.run(&["plugins", "install", A]).expect(code);
    assert!(install(1).starts_with("ErrUnsignedPlugin: "));
    // Beside the archive.
    let (member, binary) = (Release::new("1.0.0").member, Release::new("1.0.0").binary());
    let beside = format!("{SHARED}/1.0.0/{member}.minisig");
    sandbox.write(&beside, sign(&key, b"another"));
    assert!(install(1).starts_with("ErrInvalidPlugin: "));
    sandbox.write(&beside, sign(&key, binary.as_bytes()));
    assert!(install(0).contains("Installed plugin"));
    let signature = format!("{PLUGINS}/{A}/{member}.minisig");
    assert_eq!(sandbox.read(&signature), sandbox.read(&beside));
    // In it.
    let signed = sign(&key, binary.as_bytes());
    Release { extra: Some((format!("{member}.minisig"), signed.clone())), ..Release::new("1.0.0") }
        .publish(&sandbox, SHARED);
    fs::remove_file(sandbox.path(beside)).unwrap();
    assert!(sandbox.run(&["plugins", "install", "-force", A]).expect(0).contains("Installed plugin"));
    assert_eq!(sandbox.read(&signature), signed);
    // Nothing stays when it goes.
    sandbox.run(&["plugins", "remove", A]).expect(0);
    assert_eq!(fs::read_dir(sandbox.path(format!("{PLUGINS}/{A}"))).unwrap().count(), 0);
}

#[test]
fn the_configuration_file_may_require_signatures() {
    let (mut sandbox, _) = trusting();
    write_plugin(&sandbox, "new", "1.0.0");
    let words = ["plugins", "install", "-path=new", A];
    sandbox.write(".packerconfig", "{\"require_signed_plugins\": true, \"disable_checkpoint\": true}");
    sandbox.run(&words).expect(1);
    sandbox.set("PACKER_PLUGIN_REQUIRE_SIGNED", "0");
    sandbox.run(&words).expect(0);
    for (text, expected) in [
        ("", ": EOF\n"),
        ("{\"plugin_paths\": {\"a\": \"b/c\"}}", ".packerconfig: plugin_paths: a: b/c is no absolute path\n"),
        ("{", ".packerconfig: EOF while parsing an object"),
        ("{\"require_signed_plugins\": \"x\"}", ".packerconfig: invalid type: string \"x\", expected a boolean"),
        (
            "{\"builders\": {\"x\": \"/bin/packer-builder-x\"}, \"post-processors\": {\"y\": \"y\"}}",
            ".packerconfig: Your configuration file describes some legacy components: \n- /bin/packer-builder-x\n- \
             y\nPacker does not support these mono-component plugins anymore.\n",
        ),
    ] {
        sandbox.write("dir/.packerconfig", text);
        sandbox.set("PACKER_CONFIG_DIR", "dir");
        let output = sandbox.run(&["version"]);
        assert!(output.stderr.starts_with(" Error loading configuration: \n\n[SANDBOX]/dir/"), "{}", output.stderr);
        assert!(output.stderr.contains(expected), "{}", output.stderr);
        assert_eq!(output.expect(1), "");
    }
    sandbox.set("PACKER_CONFIG", "gone");
    sandbox.run(&["version"]).expect(0);
    sandbox.set("PACKER_PLUGIN_PATH", "a:b");
    assert!(
        sandbox.run(&["version"]).stderr.contains("Multiple paths are no longer supported for PACKER_PLUGIN_PATH.")
    );
}
