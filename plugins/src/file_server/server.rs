//! The server, from its start to its end.

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;

use super::content::Content;
use super::listen::Listening;

/// A server that runs. Dropped, it ends, with whatever it was sending.
#[derive(Debug)]
pub struct FileServer {
    _running: JoinSet<()>,
}

impl FileServer {
    /// Serves `content`.
    pub fn start(listening: Listening, content: Content) -> Self {
        let mut running = JoinSet::new();
        running.spawn(serve(listening, content));
        Self { _running: running }
    }
}

async fn serve(listening: Listening, content: Content) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listening.listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let content = content.clone();
                    connections.spawn(async move {
                        let service = service_fn(|request| content.answer(request));
                        if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
                            tracing::debug!(%error, "a machine hung up while it was served");
                        }
                    });
                }
                Err(error) => tracing::warn!(%error, "a machine's connection is not accepted"),
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::file_server::{Family, listen};

    async fn get(content: Content, path: &str) -> (u16, String) {
        let listening = listen("127.0.0.1", Family::Any, 20_000..=60_000, u64::from(std::process::id())).unwrap();
        let url = format!("http://127.0.0.1:{}{path}", listening.port);
        let _server = FileServer::start(listening, content);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let response = client.get(url).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    #[tokio::test]
    async fn a_folder_and_texts_are_served() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        std::fs::write(folder.path().join("sub/é.cfg"), "inst").unwrap();
        let served = Content::Folder(folder.path().to_owned());
        assert_eq!(get(served.clone(), "/sub/%C3%A9.cfg").await, (200, "inst".to_owned()));
        assert_eq!(get(served.clone(), "/gone").await.0, 404);
        assert_eq!(get(served, "/../../etc/passwd").await.0, 404);
        let texts = Content::Texts(Arc::new(BTreeMap::from([("/a".to_owned(), "text".to_owned())])));
        assert_eq!(get(texts.clone(), "/a").await, (200, "text".to_owned()));
        assert_eq!(get(texts, "/b").await, (404, "/b not found.\n".to_owned()));
    }
}
