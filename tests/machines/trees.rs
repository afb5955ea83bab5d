//! Folders, both ways.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use engine::Cancel;
use plugins::component::Communicator;
use plugins::ssh::{Settings, Transfer};

use crate::sshd::sshd;
use crate::visitor::{connect, settings};

/// Files of a folder by their paths, with permissions and content.
fn listed(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::metadata(&path).unwrap();
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            let mode = metadata.permissions().mode() & 0o777;
            if metadata.is_dir() {
                found.insert(format!("{name}/"), format!("{mode:o}"));
                open.push(path);
            } else {
                found.insert(name, format!("{mode:o} {}", fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

fn make(folder: &Path) {
    fs::create_dir_all(folder.join("sub/empty")).unwrap();
    for (name, mode, text) in [("a b", 0o604, "1"), ("sub/é", 0o755, ""), ("sub/long", 0o644, "long")] {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
    fs::set_permissions(folder.join("sub"), fs::Permissions::from_mode(0o705)).unwrap();
}

#[tokio::test]
async fn folders_go_by_name_or_by_what_is_in_them() {
    let Some(sshd) = sshd("") else { return };
    let local = tempfile::tempdir().unwrap();
    let tree = local.path().join("tree");
    make(&tree);
    let expected = listed(&tree);
    for transfer in [Transfer::Scp, Transfer::Sftp] {
        let machine = connect(&Settings { transfer, ..settings(&sshd) }).await;
        let to = sshd.home().join(format!("{transfer:?} to"));
        crate::visitor::output(&machine, &format!("mkdir '{}'", to.display())).await;
        let (to, from) = (to.display().to_string(), tree.display().to_string());
        machine.upload_dir(&to, &from, &[], &Cancel::new()).await.unwrap();
        assert_eq!(listed(&Path::new(&to).join("tree")), expected, "{transfer:?}");
        machine.upload_dir(&to, &format!("{from}/"), &["sub/long".to_owned()], &Cancel::new()).await.unwrap();
        let mut without = expected.clone();
        without.remove("sub/long");
        let mut found = listed(Path::new(&to));
        found.retain(|name, _| !name.starts_with("tree"));
        assert_eq!(found, without, "{transfer:?}");
        let gone = machine.upload_dir(&to, "/no/folder", &[], &Cancel::new()).await.unwrap_err();
        assert_eq!(gone.to_string(), "cannot read /no/folder: no such file or directory");
    }
}

#[tokio::test]
async fn folders_and_patterns_come_back() {
    let Some(sshd) = sshd("") else { return };
    let machine = connect(&settings(&sshd)).await;
    let remote = sshd.home().join("tree");
    make(&remote);
    let expected = listed(&remote);
    for from in ["tree", "tree/"] {
        let to = tempfile::tempdir().unwrap();
        let shown = to.path().join("new").display().to_string();
        machine.download_dir(from, &shown, &[], &Cancel::new()).await.unwrap();
        assert_eq!(listed(&to.path().join("new/tree")).keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        assert_eq!(fs::read_to_string(to.path().join("new/tree/sub/long")).unwrap(), "long");
        let mode = fs::metadata(to.path().join("new/tree/a b")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o604);
    }
    let to = tempfile::tempdir().unwrap();
    let shown = to.path().display().to_string();
    machine.download_dir("tree/sub/l*", &shown, &[], &Cancel::new()).await.unwrap();
    assert_eq!(listed(to.path()).keys().collect::<Vec<_>>(), ["long"]);
    machine.download_dir("tree", &shown, &["empty".to_owned(), "tree/a b".to_owned()], &Cancel::new()).await.unwrap();
    assert_eq!(listed(&to.path().join("tree")).keys().collect::<Vec<_>>(), ["sub/", "sub/long", "sub/é"]);
    let gone = machine.download_dir("gone", &shown, &[], &Cancel::new()).await.unwrap_err();
    assert!(gone.to_string().contains("gone: No such file or directory"), "{gone}");
}

#[tokio::test]
async fn many_small_files() {
    let Some(sshd) = sshd("") else { return };
    let local = tempfile::tempdir().unwrap();
    for nth in 0..2_000 {
        fs::write(local.path().join(format!("{nth:04}")), format!("{nth}")).unwrap();
    }
    for transfer in [Transfer::Scp, Transfer::Sftp] {
        let machine = connect(&Settings { transfer, ..settings(&sshd) }).await;
        let name = format!("{transfer:?}");
        crate::visitor::output(&machine, &format!("mkdir {name}")).await;
        let from = format!("{}/", local.path().display());
        machine.upload_dir(&name, &from, &[], &Cancel::new()).await.unwrap();
        let back = tempfile::tempdir().unwrap();
        machine.download_dir(&name, &back.path().display().to_string(), &[], &Cancel::new()).await.unwrap();
        assert_eq!(listed(&back.path().join(&name)), listed(local.path()), "{name}");
    }
}
