//! A builder in the middle of its run, and a run of a provisioner.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use engine::Cancel;
use plugins::component::Communicator;
use plugins::external::communicator::lent::LentCommunicator;
use plugins::external::communicator::service::CommunicatorService;
use plugins::external::process::Plugin;
use plugins::wire::client::Client;
use plugins::wire::mux::Mux;
use plugins::wire::server::{Arguments, Reply, Service, serve};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::tester::{Sdk, binary, launch};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Configs {
    configs: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HookRun {
    name: String,
    stream_id: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Provision {
    generated_data: std::collections::BTreeMap<String, String>,
    #[serde(rename = "StreamID")]
    stream_id: u32,
}

/// A running component of the plugin, told its configuration.
async fn prepared(sdk: Sdk, kind: &str, name: &str, config: Value) -> Option<Plugin> {
    let mut launch = launch(binary(sdk)?, kind, name, "");
    if sdk == Sdk::Old {
        launch.args.retain(|argument| argument != "--protobuf");
    }
    let plugin = Plugin::start(&launch, &Cancel::new()).await.unwrap();
    let method = if kind == "builder" { "Builder.Prepare" } else { "Provisioner.Prepare" };
    let _: IgnoredAny = plugin.call(method, &Configs { configs: vec![config] }).await.unwrap();
    Some(plugin)
}

/// A machine of a plugin's builder, between its start and its end.
pub(crate) struct Machine {
    pub(crate) communicator: Arc<dyn Communicator>,
    /// The folder that is its disk.
    pub(crate) disk: PathBuf,
    release: oneshot::Sender<()>,
    run: JoinHandle<Result<(), String>>,
    _folder: TempDir,
}

impl Machine {
    /// None where there is no Go.
    pub(crate) async fn boot(sdk: Sdk, faults: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let disk = folder.path().join("disk");
        let plugin = prepared(sdk, "builder", "machine", json!({ "disk": disk, "faults": faults })).await?;
        let (lend, mut lent) = mpsc::channel(1);
        let (release, released) = oneshot::channel();
        let released = Mutex::new(Some(released));
        let callbacks = Callbacks { mux: Arc::clone(&plugin.mux), lend, released };
        let run = tokio::spawn(async move {
            let id = plugin.mux.next_id();
            let door = plugin.mux.listen(id);
            let called_back = async { serve(door.accept().await.unwrap(), Arc::new(callbacks)).await };
            let run = async { plugin.call::<IgnoredAny>("Builder.Run", &id).await };
            let (run, ()) = tokio::join!(run, called_back);
            run.map(drop).map_err(|fault| fault.to_string())
        });
        let communicator = lent.recv().await.unwrap();
        Some(Self { communicator: Arc::new(communicator), disk, release, run, _folder: folder })
    }

    /// Lets the builder finish; what it says to that.
    pub(crate) async fn finish(self) -> Result<(), String> {
        // It may be dead.
        let _ = self.release.send(());
        self.run.await.unwrap()
    }
}

/// What a builder calls.
struct Callbacks {
    mux: Arc<Mux>,
    lend: mpsc::Sender<LentCommunicator>,
    released: Mutex<Option<oneshot::Receiver<()>>>,
}

#[async_trait]
impl Service for Callbacks {
    async fn call(&self, method: &str, arguments: Arguments) -> Result<Reply, String> {
        if method == "Hook.Run" {
            let run: HookRun = arguments.read()?;
            let released = self.released.lock().unwrap().take();
            if let Some(released) = released {
                assert_eq!(run.name, "packer_provision");
                let stream = self.mux.dial(run.stream_id).await.map_err(|error| error.to_string())?;
                self.lend.send(LentCommunicator::new(Client::start(stream), Arc::clone(&self.mux))).await.unwrap();
                released.await.map_err(|_| "nobody wants the machine".to_owned())?;
            }
        }
        Reply::new(&())
    }
}

/// Runs the provisioner `tool` on a machine; its error and what it said. None where there is no Go.
pub(crate) async fn provision(
    sdk: Sdk,
    config: Value,
    communicator: Arc<dyn Communicator>,
) -> Option<(Result<(), String>, Vec<String>)> {
    let plugin = prepared(sdk, "provisioner", "tool", config).await?;
    let services = Arc::new(Services {
        communicator: CommunicatorService::new(communicator, Arc::clone(&plugin.mux)),
        said: Mutex::default(),
    });
    let stream_id = plugin.mux.next_id();
    let door = plugin.mux.listen(stream_id);
    let served = {
        let services = Arc::clone(&services);
        async move { serve(door.accept().await.unwrap(), services).await }
    };
    let arguments = Provision { generated_data: Default::default(), stream_id };
    let provisioned = plugin.client.call::<IgnoredAny>("Provisioner.Provision", &arguments);
    let (provisioned, ()) = tokio::join!(provisioned, served);
    let said = services.said.lock().unwrap().clone();
    Some((provisioned.map(drop).map_err(|fault| fault.to_string()), said))
}

/// What a provisioner calls.
struct Services {
    communicator: CommunicatorService,
    said: Mutex<Vec<String>>,
}

#[async_trait]
impl Service for Services {
    async fn call(&self, method: &str, arguments: Arguments) -> Result<Reply, String> {
        match method {
            "Ui.Say" | "Ui.Message" | "Ui.Error" => {
                let text: String = arguments.read()?;
                // The output of commands is a message for old SDKs.
                let kind = if method == "Ui.Error" { "Error" } else { "Say" };
                self.said.lock().unwrap().push(format!("{kind} {text}"));
                Reply::new(&())
            }
            "Ui.NewTrackProgress" => Reply::new(&"progress"),
            _ if method.starts_with("Ui") => Reply::new(&()),
            _ => self.communicator.call(method, arguments).await,
        }
    }
}

/// The communicator behind a service of ours, reached as one that is lent: handed on, without a plugin.
pub(crate) async fn handed_on(communicator: Arc<dyn Communicator>) -> Arc<dyn Communicator> {
    let (near, far) = tokio::io::duplex(1 << 16);
    let (near, far) = (Mux::client(near), Arc::new(Mux::server(far)));
    let door = far.listen(1);
    tokio::spawn(async move {
        let stream = door.accept().await.unwrap();
        serve(stream, Arc::new(CommunicatorService::new(communicator, far))).await;
    });
    let client = Client::start(near.dial(1).await.unwrap());
    Arc::new(LentCommunicator::new(client, Arc::new(near)))
}
