//! Lets a plugin speak to the user.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde::Deserialize;

use crate::component::{Progress, Ui};
use crate::wire::server::{Arguments, Reply, Service};
use crate::wire::text::{Text, Texts};

/// Answers `Ui.*`, and the progress bars that come of it: each is called by a name of its own.
pub struct UiService {
    ui: Arc<dyn Ui>,
    bars: Mutex<Bars>,
}

#[derive(Default)]
struct Bars {
    last: u64,
    shown: HashMap<String, Box<dyn Progress>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MachineLine {
    category: Text,
    args: Texts,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Track {
    src: Text,
    #[serde(default)]
    total_size: i64,
    #[serde(default)]
    current_size: i64,
}

impl UiService {
    /// Speaks through `ui`.
    pub fn new(ui: Arc<dyn Ui>) -> Self {
        Self { ui, bars: Mutex::default() }
    }

    fn bars(&self) -> std::sync::MutexGuard<'_, Bars> {
        // Nothing that could panic runs while it is held.
        self.bars.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new bar; the plugin calls it by the name that it gets.
    fn track(&self, track: Track) -> String {
        let size = |size: i64| u64::try_from(size).unwrap_or_default();
        let bar = self.ui.track(&track.src.0, size(track.current_size), size(track.total_size));
        let mut bars = self.bars();
        bars.last += 1;
        let name = format!("{}{}", track.src.0, bars.last);
        bars.shown.insert(name.clone(), bar);
        name
    }

    fn bar(&self, method: &str, arguments: &Arguments) -> Result<Reply, String> {
        let unknown = || format!("rpc: can't find method {method}");
        let (name, call) = method.strip_prefix("Ui").and_then(|rest| rest.rsplit_once('.')).ok_or_else(unknown)?;
        let mut bars = self.bars();
        match call {
            "Add" => {
                let bar = bars.shown.get_mut(name).ok_or_else(unknown)?;
                bar.add(u64::try_from(arguments.read::<i64>()?).unwrap_or_default());
            }
            "Close" => drop(bars.shown.remove(name).ok_or_else(unknown)?),
            _ => return Err(unknown()),
        }
        Reply::new(&())
    }
}

#[async_trait]
impl Service for UiService {
    async fn call(&self, method: &str, arguments: Arguments) -> Result<Reply, String> {
        let text = || arguments.read::<Text>().map(|text| text.0);
        match method {
            "Ui.Say" => self.ui.say(&text()?),
            "Ui.Message" => self.ui.message(&text()?),
            "Ui.Error" => self.ui.error(&text()?),
            "Ui.Machine" => {
                let line: MachineLine = arguments.read()?;
                self.ui.machine(&line.category.0, &line.args.0);
            }
            "Ui.Ask" => {
                let answer = self.ui.ask(&text()?).await.map_err(|error| error.to_string())?;
                return Reply::new(&answer);
            }
            "Ui.NewTrackProgress" => return Reply::new(&self.track(arguments.read()?)),
            _ => return self.bar(method, &arguments),
        }
        self.ui.heard().await;
        Reply::new(&())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::ComponentError;
    use crate::wire::client::Client;
    use crate::wire::server::serve;

    /// Notes what is transferred.
    #[derive(Clone, Default)]
    struct Noted(Arc<Mutex<Vec<String>>>);

    impl Noted {
        fn note(&self, text: String) {
            self.0.lock().unwrap().push(text);
        }
    }

    #[async_trait]
    impl Ui for Noted {
        fn say(&self, text: &str) {
            self.note(format!("say {text}"));
        }

        fn message(&self, _text: &str) {}

        fn error(&self, _text: &str) {}

        fn machine(&self, _kind: &str, _args: &[String]) {}

        fn track(&self, what: &str, done: u64, total: u64) -> Box<dyn Progress> {
            self.note(format!("{what}: {done} of {total}"));
            Box::new(Bar { noted: self.clone(), what: what.to_owned() })
        }

        async fn ask(&self, query: &str) -> Result<String, ComponentError> {
            Ok(format!("{query} yes"))
        }
    }

    struct Bar {
        noted: Noted,
        what: String,
    }

    impl Progress for Bar {
        fn add(&mut self, n_bytes: u64) {
            self.noted.note(format!("{}: {n_bytes} more", self.what));
        }
    }

    impl Drop for Bar {
        fn drop(&mut self) {
            self.noted.note(format!("{}: end", self.what));
        }
    }

    #[derive(serde::Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Tracked<'t> {
        src: &'t str,
        total_size: i64,
        current_size: i64,
    }

    #[tokio::test]
    async fn transfers_are_shown_from_their_begin_to_their_end() {
        let noted = Noted::default();
        let (near, far) = tokio::io::duplex(1024);
        tokio::spawn(serve(far, Arc::new(UiService::new(Arc::new(noted.clone())))));
        let client = Client::start(near);
        let mut names = Vec::new();
        for total_size in [9, -1] {
            let tracked = Tracked { src: "a.iso", total_size, current_size: 2 };
            names.push(client.call::<String>("Ui.NewTrackProgress", &tracked).await.unwrap());
        }
        assert_ne!(names[0], names[1], "each is called by a name of its own");
        for (call, bytes) in [("Add", 5), ("Add", -5), ("Close", 0)] {
            client.call::<()>(&format!("Ui{}.{call}", names[0]), &bytes).await.unwrap();
        }
        assert!(client.call::<()>(&format!("Ui{}.Add", names[0]), &1).await.is_err(), "it is gone");
        assert!(client.call::<()>("Ui.Nothing", &()).await.is_err());
        client.call::<()>("Ui.Say", &"x").await.unwrap();
        assert_eq!(client.call::<String>("Ui.Ask", &"sure?").await.unwrap(), "sure? yes");
        let expected = ["a.iso: 2 of 9", "a.iso: 2 of 0", "a.iso: 5 more", "a.iso: 0 more", "a.iso: end", "say x"];
        assert_eq!(*noted.0.lock().unwrap(), expected);
    }
}
