//! What is served.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use tower_http::services::ServeDir;

/// What is served.
#[derive(Clone, Debug)]
pub enum Content {
    /// The files of a folder.
    Folder(PathBuf),
    /// Texts by their paths, which begin with a slash.
    Texts(Arc<BTreeMap<String, String>>),
}

/// The body of an answer.
pub(super) type Body = UnsyncBoxBody<Bytes, std::io::Error>;

impl Content {
    /// Answers one request.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        tracing::info!(method = %request.method(), path = request.uri().path(), "a machine asks for a file");
        Ok(match self {
            Self::Folder(path) => match ServeDir::new(path).try_call(request).await {
                Ok(response) => response.map(|body| body.map_err(std::io::Error::other).boxed_unsync()),
                Err(error) => said(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
            },
            Self::Texts(texts) => {
                let path = clean(request.uri().path());
                match texts.get(&path) {
                    Some(text) => said(StatusCode::OK, text.clone()),
                    None => said(StatusCode::NOT_FOUND, format!("{path} not found.\n")),
                }
            }
        })
    }
}

fn said(status: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(Full::from(text).map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    let plain = http::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(http::header::CONTENT_TYPE, plain);
    response
}

/// The shortest path that means the same.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shortened() {
        for (path, expected) in [("/a/b", "/a/b"), ("//a/./b/../c/", "/a/c"), ("/../x", "/x"), ("", "/")] {
            assert_eq!(clean(path), expected, "{path}");
        }
    }
}
