//! A machine that is this one: commands are run by `/bin/sh`, files are written where they are told to go.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;

use async_trait::async_trait;
use engine::Cancel;
use tokio::io::AsyncReadExt as _;

use crate::component::{Communicator, ComponentError, FileInfo, RemoteCommand, Running, Sink, Source};

/// The status by which a command says that the connection should be lost now.
pub(crate) const CUT: i64 = 99;

/// The machine. Its home is a folder that vanishes with it.
pub(crate) struct LocalMachine {
    home: tempfile::TempDir,
    calls: Mutex<Vec<String>>,
    keeps_modes: bool,
}

impl LocalMachine {
    /// One that gives files the permissions it is told, or one that does not care for them.
    pub(crate) fn new(keeps_modes: bool) -> Self {
        Self { home: tempfile::tempdir().unwrap(), calls: Mutex::default(), keeps_modes }
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// All calls so far, with `~` for the machine's home.
    pub(crate) fn calls(&self) -> Vec<String> {
        let home = self.home().display().to_string();
        self.calls.lock().unwrap().iter().map(|call| call.replace(&home, "~")).collect()
    }

    /// The names in its home, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.home()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn place(&self, path: &str) -> PathBuf {
        self.home().join(path)
    }

    fn note(&self, call: String) {
        self.calls.lock().unwrap().push(call);
    }
}

fn failed(error: std::io::Error) -> ComponentError {
    ComponentError::new(error.to_string())
}

#[async_trait]
impl Communicator for LocalMachine {
    fn keeps_modes(&self) -> bool {
        self.keeps_modes
    }

    async fn start(&self, command: RemoteCommand, cancel: &Cancel) -> Result<Running, ComponentError> {
        self.note(format!("run {}", command.line));
        let mut shell = {
            let _starting = crate::process::starting();
            #[allow(clippy::disallowed_methods)]
            let mut shell = tokio::process::Command::new("/bin/sh");
            shell.arg("-c").arg(&command.line).current_dir(self.home()).stdin(Stdio::null());
            shell.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
            shell.spawn().map_err(failed)?
        };
        let (cancel, mut out, mut err) = (cancel.clone(), shell.stdout.take().unwrap(), shell.stderr.take().unwrap());
        let (mut to_out, mut to_err) = (command.stdout.unwrap(), command.stderr.unwrap());
        Ok(Box::pin(async move {
            let copied =
                async { tokio::join!(tokio::io::copy(&mut out, &mut to_out), tokio::io::copy(&mut err, &mut to_err)) };
            tokio::select! {
                _ = copied => {}
                () = cancel.stopping() => return Err(ComponentError::Cancelled),
            }
            let status = i64::from(shell.wait().await.map_err(failed)?.code().unwrap_or(-1));
            Ok(if status == CUT { crate::component::DISCONNECTED } else { status })
        }))
    }

    async fn upload(
        &self,
        path: &str,
        content: &mut Source<'_>,
        info: Option<&FileInfo>,
        _: &Cancel,
    ) -> Result<(), ComponentError> {
        self.note(format!("upload {path} {}", info.map_or("-".to_owned(), |info| format!("{:04o}", info.mode))));
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).await.map_err(failed)?;
        assert!(info.is_none_or(|info| info.size == i64::try_from(bytes.len()).unwrap()), "the size was told before");
        let mode = info.filter(|_| self.keeps_modes).map_or(0o644, |info| info.mode);
        crate::process::while_nothing_starts(|| std::fs::write(self.place(path), bytes)).map_err(failed)?;
        std::fs::set_permissions(self.place(path), std::fs::Permissions::from_mode(mode)).map_err(failed)
    }

    async fn download(&self, path: &str, content: &mut Sink<'_>, _: &Cancel) -> Result<(), ComponentError> {
        self.note(format!("download {path}"));
        let mut file = tokio::fs::File::open(self.place(path)).await.map_err(failed)?;
        tokio::io::copy(&mut file, content).await.map(drop).map_err(failed)
    }

    async fn upload_dir(&self, to: &str, from: &str, _: &[String], _: &Cancel) -> Result<(), ComponentError> {
        self.note(format!("upload_dir {from} {to}"));
        Ok(())
    }

    async fn download_dir(&self, from: &str, to: &str, _: &[String], _: &Cancel) -> Result<(), ComponentError> {
        self.note(format!("download_dir {from} {to}"));
        Ok(())
    }
}
