//! Proving to a server who we are, with everything we have, in order.

use std::sync::Arc;

use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{HashAlg, PrivateKeyWithHashAlg};
use russh::{MethodKind, MethodSet};

use super::agent::{self, AgentSocket};
use super::client::Client;
use super::fault::ConnectFault;
use super::settings::{Credentials, Hop, Identity};
use crate::component::Ui;

/// One way to prove it.
#[derive(Clone)]
enum Proof {
    Agent(Arc<str>),
    Key(Box<Identity>),
    Password(String),
    /// A password for every question, or a person to answer them.
    Interactive(Option<String>),
}

impl Proof {
    fn method(&self) -> MethodKind {
        match self {
            Self::Agent(_) | Self::Key(_) => MethodKind::PublicKey,
            Self::Password(_) => MethodKind::Password,
            Self::Interactive(_) => MethodKind::KeyboardInteractive,
        }
    }
}

/// Everything we have, in the order in which it is tried.
fn proofs(credentials: &Credentials) -> Vec<Proof> {
    let agent = credentials.agent.iter().map(|path| Proof::Agent(Arc::from(path.as_str())));
    let keys = credentials.identities.iter().cloned().map(|identity| Proof::Key(Box::new(identity)));
    let password = credentials.password.iter().cloned();
    let passwords = password.flat_map(|text| [Proof::Password(text.clone()), Proof::Interactive(Some(text))]);
    let person = credentials.interactive.then_some(Proof::Interactive(None));
    agent.chain(keys).chain(passwords).chain(person).collect()
}

/// Logs in. A server may want more than one proof.
///
/// # Errors
///
/// It refused all of them, or an agent could not be asked.
pub(super) async fn authenticate(handle: &mut Handle<Client>, hop: &Hop, ui: &Arc<dyn Ui>) -> Result<(), ConnectFault> {
    let mut tried = vec!["none"];
    let mut allowed =
        match handle.authenticate_none(&hop.username).await.map_err(|error| ConnectFault::greeting(&error))? {
            AuthResult::Success => return Ok(()),
            AuthResult::Failure { remaining_methods, .. } => remaining_methods,
        };
    let mut left = proofs(&hop.credentials);
    loop {
        if handle.is_closed() {
            return Err(refused(&tried, "the server closed the connection"));
        }
        let Some(at) = left.iter().position(|proof| allowed.contains(&proof.method())) else {
            return Err(refused(&tried, "no supported methods remain"));
        };
        let proof = left.remove(at);
        let name: &'static str = (&proof.method()).into();
        if tried.last() != Some(&name) {
            tried.push(name);
        }
        match offer(handle, hop, proof, ui).await? {
            AuthResult::Success => return Ok(()),
            AuthResult::Failure { remaining_methods, .. } => allowed = remaining_methods,
        }
    }
}

fn refused(tried: &[&str], why: &str) -> ConnectFault {
    ConnectFault::Refused(format!("attempted methods [{}], {why}", tried.join(" ")))
}

async fn offer(
    handle: &mut Handle<Client>,
    hop: &Hop,
    proof: Proof,
    ui: &Arc<dyn Ui>,
) -> Result<AuthResult, ConnectFault> {
    let user = &hop.username;
    let answered = match proof {
        Proof::Agent(path) => return offer_agent(handle, user, &path).await,
        Proof::Key(identity) => offer_key(handle, user, *identity).await,
        Proof::Password(password) => handle.authenticate_password(user, password).await,
        Proof::Interactive(password) => return converse(handle, hop, password.as_deref(), ui).await,
    };
    answered.or_else(unproven)
}

/// A proof that cannot be made is as good as one that is refused: others may do. So is one that the server answers by
/// hanging up, which is seen next.
fn unproven(error: russh::Error) -> Result<AuthResult, ConnectFault> {
    tracing::debug!(%error, "a way to authenticate failed");
    Ok(AuthResult::Failure { remaining_methods: MethodSet::client_supported(), partial_success: false })
}

/// Old servers know RSA signatures with SHA-1 only.
async fn rsa_hash(handle: &Handle<Client>) -> Option<HashAlg> {
    handle.best_supported_rsa_hash().await.ok().flatten().flatten()
}

async fn offer_key(handle: &mut Handle<Client>, user: &str, identity: Identity) -> Result<AuthResult, russh::Error> {
    if let Some(certificate) = identity.certificate {
        return handle.authenticate_openssh_cert(user, identity.key, certificate).await;
    }
    let hash = if identity.key.algorithm().is_rsa() { rsa_hash(handle).await } else { None };
    handle.authenticate_publickey(user, PrivateKeyWithHashAlg::new(identity.key, hash)).await
}

async fn offer_agent(handle: &mut Handle<Client>, user: &str, path: &str) -> Result<AuthResult, ConnectFault> {
    let failed =
        |error: &dyn std::fmt::Display| ConnectFault::Hopeless(format!("Cannot connect to SSH Agent {path}: {error}"));
    let socket = agent::connect(path).await.map_err(|error| failed(&crate::io_fault::os_words(&error)))?;
    let mut client: AgentClient<Box<dyn AgentSocket>> = AgentClient::connect(socket);
    let identities = client.request_identities().await.map_err(|error| failed(&error))?;
    let mut last = AuthResult::Failure { remaining_methods: MethodSet::client_supported(), partial_success: false };
    for identity in identities {
        let hash = if identity.public_key().algorithm().is_rsa() { rsa_hash(handle).await } else { None };
        let answered = match identity {
            AgentIdentity::PublicKey { key, .. } => {
                handle.authenticate_publickey_with(user, key, hash, &mut client).await
            }
            AgentIdentity::Certificate { certificate, .. } => {
                handle.authenticate_certificate_with(user, certificate, hash, &mut client).await
            }
        };
        match answered {
            Ok(AuthResult::Success) => return Ok(AuthResult::Success),
            Ok(failure) => last = failure,
            Err(error) => tracing::debug!(%error, "the agent does not sign with one of its keys"),
        }
        let AuthResult::Failure { remaining_methods, partial_success } = &last else { break };
        if handle.is_closed() || *partial_success || !remaining_methods.contains(&MethodKind::PublicKey) {
            break;
        }
    }
    Ok(last)
}

/// Answers what the server asks, with the password or by asking a person.
async fn converse(
    handle: &mut Handle<Client>,
    hop: &Hop,
    password: Option<&str>,
    ui: &Arc<dyn Ui>,
) -> Result<AuthResult, ConnectFault> {
    let mut response = handle.authenticate_keyboard_interactive_start(&hop.username, None).await;
    loop {
        let prompts = match response {
            Ok(KeyboardInteractiveAuthResponse::Success) => return Ok(AuthResult::Success),
            Ok(KeyboardInteractiveAuthResponse::Failure { remaining_methods, partial_success }) => {
                return Ok(AuthResult::Failure { remaining_methods, partial_success });
            }
            Ok(KeyboardInteractiveAuthResponse::InfoRequest { instructions, prompts, .. }) => {
                if password.is_none() && !instructions.trim().is_empty() {
                    ui.say(instructions.trim());
                }
                prompts
            }
            Err(error) => return unproven(error),
        };
        let mut answers = Vec::with_capacity(prompts.len());
        for prompt in prompts {
            answers.push(match password {
                Some(password) => password.to_owned(),
                None => ask(ui, hop, &prompt.prompt, prompt.echo).await?,
            });
        }
        response = handle.authenticate_keyboard_interactive_respond(answers).await;
    }
}

async fn ask(ui: &Arc<dyn Ui>, hop: &Hop, prompt: &str, echo: bool) -> Result<String, ConnectFault> {
    let query = format!("{}@{}: {}", hop.username, hop.host, prompt.trim());
    let answer = if echo { ui.ask(&query).await } else { ui.ask_secret(&query).await };
    answer.map_err(|error| ConnectFault::Hopeless(format!("ssh_bastion_interactive: {error}")))
}
