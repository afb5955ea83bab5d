//! Each way to prove who we are, and what is said when none is enough.

use plugins::ssh::{Algorithms, Credentials, Identity, KeyPair, KeyType, load_certificate};

use crate::agent::Agent;
use crate::sshd::{command, keygen, sshd};
use crate::visitor::{connect, identity, output, settings, try_connect, with_password};

#[tokio::test]
async fn keys_of_each_kind_and_format() {
    let Some(sshd) = sshd("") else { return };
    let kinds: [(&str, &[&str]); 5] = [
        ("ed25519", &["-t", "ed25519"]),
        ("rsa", &["-t", "rsa", "-b", "2048"]),
        ("rsa-pkcs1", &["-t", "rsa", "-b", "2048", "-m", "PEM"]),
        ("rsa-pkcs8", &["-t", "rsa", "-b", "2048", "-m", "PKCS8"]),
        ("ecdsa-sec1", &["-t", "ecdsa", "-b", "384", "-m", "PEM"]),
    ];
    for (name, args) in kinds {
        let path = sshd.folder().join(name);
        keygen(&[args, &["-f"]].concat(), &path);
        sshd.authorize(&path);
        let mut settings = settings(&sshd);
        settings.target.credentials = Credentials { identities: vec![identity(&path)], ..Credentials::default() };
        let machine = connect(&settings).await;
        assert_eq!(output(&machine, "whoami").await, "machine\n", "{name}");
    }
}

#[tokio::test]
async fn key_pairs_of_our_own_are_let_in() {
    let Some(sshd) = sshd("") else { return };
    for (ty, bits) in [(KeyType::Rsa, Some(2048)), (KeyType::Ecdsa, None), (KeyType::Ed25519, None)] {
        let pair = KeyPair::generate(ty, bits, "packer_test").unwrap();
        sshd.authorize_line(&pair.authorized_key);
        let mut settings = settings(&sshd);
        settings.target.credentials.identities = vec![Identity { key: pair.key, certificate: None }];
        connect(&settings).await;
    }
}

#[tokio::test]
async fn a_password_plain_and_asked_for() {
    let ways = [
        "PasswordAuthentication yes\nKbdInteractiveAuthentication no",
        "PasswordAuthentication no\nKbdInteractiveAuthentication yes",
    ];
    for way in ways {
        let Some(sshd) = sshd(way) else { return };
        let mut settings = settings(&sshd);
        settings.target.credentials = with_password();
        assert_eq!(output(&connect(&settings).await, "whoami").await, "machine\n", "{way}");
    }
}

#[tokio::test]
async fn two_proofs_where_two_are_wanted() {
    let Some(sshd) = sshd("AuthenticationMethods publickey,password") else { return };
    let mut settings = settings(&sshd);
    let only_key = try_connect(&settings).await.unwrap_err();
    assert!(only_key.contains("attempted methods [none publickey], no supported methods remain"), "{only_key}");
    settings.target.credentials.password = with_password().password;
    connect(&settings).await;
}

#[tokio::test]
async fn an_agent_signs() {
    let Some(sshd) = sshd("") else { return };
    let (other, ours) = (sshd.folder().join("other"), sshd.folder().join("rsa"));
    keygen(&["-t", "ed25519", "-f"], &other);
    keygen(&["-t", "rsa", "-b", "2048", "-f"], &ours);
    sshd.authorize(&ours);
    let agent = Agent::start(sshd.folder(), &[&other, &ours]);
    let mut settings = settings(&sshd);
    settings.target.credentials = Credentials { agent: Some(agent.socket.clone()), ..Credentials::default() };
    connect(&settings).await;
    settings.target.credentials.agent = Some("/no/agent".to_owned());
    let error = try_connect(&settings).await.unwrap_err();
    assert_eq!(error, "Error waiting for SSH: Cannot connect to SSH Agent /no/agent: no such file or directory");
}

#[tokio::test]
async fn a_certificate_vouches_for_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, key) = (folder.path().join("authority"), folder.path().join("key"));
    let Some(sshd) = sshd(&format!("TrustedUserCAKeys {}.pub", authority.display())) else { return };
    keygen(&["-t", "ed25519", "-f"], &authority);
    keygen(&["-t", "ed25519", "-f"], &key);
    let mut sign = command("ssh-keygen");
    sign.args(["-q", "-I", "us", "-n", "machine", "-s"]).arg(&authority).arg(key.with_added_extension("pub"));
    assert!(sign.status().unwrap().success());
    let certificate = load_certificate(&folder.path().join("key-cert.pub")).unwrap();
    let mut settings = settings(&sshd);
    settings.target.credentials.identities = vec![identity(&key)];
    assert!(try_connect(&settings).await.unwrap_err().contains("unable to authenticate"));
    settings.target.credentials.identities = vec![Identity { certificate: Some(certificate), ..identity(&key) }];
    connect(&settings).await;
    let agent = Agent::start(folder.path(), &[&key]);
    settings.target.credentials = Credentials { agent: Some(agent.socket.clone()), ..Credentials::default() };
    connect(&settings).await;
}

#[tokio::test]
async fn a_refusal_says_what_was_tried() {
    let Some(sshd) = sshd("PasswordAuthentication yes\nKbdInteractiveAuthentication no") else { return };
    let stranger = sshd.folder().join("stranger");
    keygen(&["-t", "ed25519", "-f"], &stranger);
    let mut settings = settings(&sshd);
    settings.target.credentials = Credentials {
        identities: vec![identity(&stranger)],
        password: Some("wrong".to_owned()),
        ..Credentials::default()
    };
    let error = try_connect(&settings).await.unwrap_err();
    assert_eq!(
        error,
        "Error waiting for SSH: Packer experienced an authentication error when trying to connect via SSH. This can \
         happen if your username/password are wrong. You may want to double-check your credentials as part of your \
         debugging process. original error: ssh: handshake failed: ssh: unable to authenticate, attempted methods \
         [none publickey password], no supported methods remain"
    );
}

#[tokio::test]
async fn algorithms_have_to_meet() {
    let Some(sshd) = sshd(
        "Ciphers aes256-ctr\nKexAlgorithms diffie-hellman-group14-sha1,diffie-hellman-group16-sha512\nMACs hmac-sha1",
    ) else {
        return;
    };
    let mut settings = settings(&sshd);
    connect(&settings).await;
    settings.algorithms =
        Algorithms::named(&["diffie-hellman-group14-sha1".to_owned()], &["aes256-ctr".to_owned()]).unwrap();
    connect(&settings).await;
    settings.algorithms = Algorithms::named(&[], &["aes128-ctr".to_owned()]).unwrap();
    let error = try_connect(&settings).await.unwrap_err();
    assert_eq!(
        error,
        "Error waiting for SSH: ssh: handshake failed: no common algorithm for cipher: offered aes128-ctr, the server \
         knows aes256-ctr"
    );
}
