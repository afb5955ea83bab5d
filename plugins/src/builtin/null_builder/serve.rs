//! The step that serves files to the machine.

use std::net::UdpSocket;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::build_data::with_server;
use super::options::{Link, Options};
use crate::builtin::steps::{Step, StepState};
use crate::component::ComponentError;
use crate::file_server::{Content, FileServer, listen};
use crate::io_fault::os_words;

/// Serves files until the build is over.
pub(super) struct StepHttpServer<'b> {
    options: &'b Options,
    server: Mutex<Option<FileServer>>,
}

impl<'b> StepHttpServer<'b> {
    pub(super) fn new(options: &'b Options) -> Self {
        Self { options, server: Mutex::default() }
    }
}

#[async_trait]
impl Step for StepHttpServer<'_> {
    fn name(&self) -> &'static str {
        "StepHTTPServer"
    }

    async fn run(&self, state: &mut StepState) -> Result<(), ComponentError> {
        let Some(served) = &self.options.served else { return Ok(()) };
        let failed = |text: String| {
            state.ui.error(&text);
            Err(ComponentError::new(text))
        };
        if let Content::Folder(path) = &served.content
            && let Err(error) = std::fs::metadata(path)
        {
            return failed(format!("Error finding \"{}\": {}", path.display(), os_words(&error)));
        }
        // Different for each build, so that builds do not try the same ports at once.
        let seed = u64::from(uuid::Uuid::new_v4().as_fields().0);
        let listening = match listen(&served.address, served.family, served.ports.clone(), seed) {
            Ok(listening) => listening,
            Err(words) => return failed(format!("Error finding port: {words}")),
        };
        let port = listening.port;
        state.ui.say(&format!("Starting HTTP server on port {port}"));
        let server = FileServer::start(listening, served.content.clone());
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = Some(server);
        with_server(&mut state.data, &own_address(&self.options.link), port);
        Ok(())
    }

    async fn cleanup(&self, _: &mut StepState) {
        self.server.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Our address on the way to the machine. Nothing is sent: the system says which way it would take.
fn own_address(link: &Link) -> String {
    let (host, port) = match link {
        Link::Ssh(ssh) => (&ssh.settings.target.host, ssh.settings.target.port),
        Link::WinRm(winrm) => (&winrm.host, winrm.port),
        Link::None | Link::Foreign(_) => return "127.0.0.1".to_owned(),
    };
    let asked = ["0.0.0.0:0", "[::]:0"].into_iter().find_map(|any| {
        let socket = UdpSocket::bind(any).ok()?;
        socket.connect((host.as_str(), port)).ok()?;
        socket.local_addr().ok()
    });
    asked.map_or_else(|| "127.0.0.1".to_owned(), |address| address.ip().to_string())
}
