//! Data source `http`: what a web server answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::value::{ObjectType, Type, Value};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, ClientBuilder, Method, Response, Url};

use crate::component::{ComponentContext, ComponentError, Datasource};
use crate::config::{Field, FieldType, Fields, is_placeholder};
use crate::download::web::shown;
use crate::io_fault::web_words;
use crate::proxy;

/// The fields of the data source.
pub const FIELDS: &[Field] = &[
    ("method", FieldType::Text),
    ("request_body", FieldType::Text),
    ("request_headers", FieldType::TextMap),
    ("url", FieldType::Text),
];

const METHODS: [&str; 7] = ["HEAD", "GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];
/// No value of a template needs to be larger.
const MAX_BODY: usize = 64 << 20;

/// The type of what it yields.
pub fn output_type() -> Type {
    let attributes = [
        (Arc::from("body"), Type::String),
        (Arc::from("request_headers"), Type::Map(Arc::new(Type::String))),
        (Arc::from("url"), Type::String),
    ];
    Type::Object(Arc::new(ObjectType { attributes: attributes.into(), ..ObjectType::default() }))
}

/// The data source.
#[derive(Debug, Default)]
pub struct HttpDatasource {
    url: String,
    method: Method,
    headers: HeaderMap,
    body: String,
    environment: Arc<BTreeMap<String, String>>,
}

#[async_trait]
impl Datasource for HttpDatasource {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        let mut fields = Fields::new(config, context);
        self.url = fields.text("url");
        self.body = fields.text("request_body");
        self.headers = headers(&mut fields);
        let method = fields.text("method");
        if self.url.is_empty() && !fields.has_faults() {
            fields.fault("the `url` must be specified");
        }
        if METHODS.contains(&&*method) {
            self.method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        } else if !method.is_empty() && !is_placeholder(&method) {
            fields.fault(format!("the `method` must be one of [{}]", METHODS.join(" ")));
        }
        self.environment = context.environment.clone();
        fields.finish().map(|()| Vec::new())
    }

    async fn execute(&self, cancel: &Cancel) -> Result<Value, ComponentError> {
        tokio::select! {
            biased;
            () = cancel.stopping() => Err(ComponentError::Cancelled),
            fetched = self.fetch() => fetched,
        }
    }
}

impl HttpDatasource {
    async fn fetch(&self) -> Result<Value, ComponentError> {
        let url = Url::parse(&self.url).map_err(|error| {
            ComponentError::new(format!("{:?} is not the address of a web page: {error}", self.url))
        })?;
        let failed = |error: &reqwest::Error| self.failed(&web_words(error));
        let client = self.client().map_err(|error| failed(&error))?;
        let mut request = client.request(self.method.clone(), url).headers(self.headers.clone());
        if !self.body.is_empty() {
            request = request.body(self.body.clone());
        }
        let mut response = request.send().await.map_err(|error| failed(&error))?;
        let status = response.status();
        if !status.is_success() {
            let code = status.as_u16();
            return Err(ComponentError::new(format!("HTTP request error. Response code: {code}")));
        }
        let headers = canonical(response.headers());
        let body = self.read(&mut response).await?;
        Ok(Value::object([
            ("body", Value::string(body)),
            ("request_headers", Value::map(headers, Type::String)),
            ("url", Value::string(self.url.as_str())),
        ]))
    }

    fn client(&self) -> reqwest::Result<Client> {
        let proxies = proxy::from_environment(&self.environment)?;
        let builder = || {
            let plain = Client::builder().no_proxy().user_agent("packer");
            proxies.iter().cloned().fold(plain, ClientBuilder::proxy)
        };
        // A system without certificates is good enough for servers that have none.
        builder().build().or_else(|_| builder().tls_certs_only([]).build())
    }

    /// The body as text. A template has nothing but text: what is none becomes U+FFFD, and the log says so.
    async fn read(&self, response: &mut Response) -> Result<String, ComponentError> {
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| self.failed(&web_words(&error)))? {
            body.extend_from_slice(&part);
            if body.len() > MAX_BODY {
                return Err(self.failed(&format!("the answer is larger than {} MiB", MAX_BODY >> 20)));
            }
        }
        Ok(String::from_utf8(body).unwrap_or_else(|error| {
            tracing::warn!(
                "what {} {} answers is not UTF-8; the bytes that are not are lost",
                self.method,
                self.shown()
            );
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        }))
    }

    fn failed(&self, why: &str) -> ComponentError {
        ComponentError::new(format!("HTTP request error. {} {}: {why}", self.method, self.shown()))
    }

    /// The address without who asks.
    fn shown(&self) -> String {
        Url::parse(&self.url).map_or_else(|_| self.url.clone(), |url| shown(&url))
    }
}

fn headers(fields: &mut Fields<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields.text_map("request_headers") {
        if is_placeholder(&name) || is_placeholder(&value) {
            continue;
        }
        let header = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(&value).ok());
        match header {
            Some((name, value)) => drop(headers.insert(name, value)),
            None => fields.fault(format!("the header {name:?} in `request_headers` cannot be sent")),
        }
    }
    headers
}

/// Headers by their names as Go writes them, those of one name as one.
fn canonical(headers: &HeaderMap) -> BTreeMap<Arc<str>, Value> {
    let mut found: BTreeMap<Arc<str>, Value> = BTreeMap::new();
    for name in headers.keys() {
        let parts = name.as_str().split('-').map(|part| {
            let mut letters = part.chars();
            letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
        });
        let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let values = values.collect::<Vec<_>>().join(", ");
        found.insert(parts.collect::<Vec<_>>().join("-").into(), Value::string(values));
    }
    found
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use engine::CancelPhase;

    use super::*;
    use crate::builtin::fixtures::{context, context_in};
    use crate::secrets::tests::server::{Reply, Server, nobody};

    async fn prepared(fields: &[(&'static str, Value)]) -> Result<HttpDatasource, ComponentError> {
        let mut source = HttpDatasource::default();
        source.prepare(&Value::object(fields.iter().cloned()), &context()).await?;
        Ok(source)
    }

    async fn fetched(fields: &[(&'static str, Value)]) -> Result<Value, String> {
        let source = prepared(fields).await.map_err(|error| error.to_string())?;
        source.execute(&Cancel::new()).await.map_err(|error| error.to_string())
    }

    fn url(server: &Server, path: &str) -> (&'static str, Value) {
        ("url", Value::string(server.url() + path))
    }

    #[tokio::test]
    async fn what_is_asked_and_what_comes_back() {
        let headers = "content-TYPE: application/octet-stream\r\nx-a: 1\r\nX-A: 2\r\n".to_owned();
        let server = Server::replying(&[Reply::Answer(201, headers, "{\"a\": \"ä\"}".to_owned())]);
        let sent = [("X-Token", Value::string("t")), ("x-kind", Value::string("{{build_type}}"))];
        let sent = Value::map(sent.into_iter().map(|(name, value)| (name.into(), value)).collect(), Type::String);
        let fields = [
            url(&server, "/p?q=1"),
            ("method", Value::string("PUT")),
            ("request_headers", sent),
            ("request_body", Value::string("body")),
        ];
        let value = fetched(&fields).await.unwrap();
        let request = server.request();
        assert_eq!((request.line.as_str(), request.body.as_str()), ("PUT /p?q=1", "body"));
        assert_eq!((request.headers["x-token"].as_str(), request.headers["x-kind"].as_str()), ("t", "null"));
        assert_eq!(value.ty(), output_type());
        assert_eq!(value.get("body"), Some(&Value::string("{\"a\": \"ä\"}")));
        assert_eq!(value.get("url"), Some(&Value::string(server.url() + "/p?q=1")));
        let headers = value.get("request_headers").unwrap();
        for (name, text) in [("Content-Type", "application/octet-stream"), ("X-A", "1, 2")] {
            assert_eq!(headers.get(name), Some(&Value::string(text)));
        }
    }

    #[tokio::test]
    async fn every_method_and_no_other() {
        for method in METHODS {
            let server = Server::replying(&[Reply::new(204, "")]);
            fetched(&[url(&server, "/"), ("method", Value::string(method))]).await.unwrap();
            assert_eq!(server.request().line, format!("{method} /"));
        }
        let server = Server::replying(&[Reply::new(200, "")]);
        fetched(&[url(&server, "/")]).await.unwrap();
        assert_eq!(server.request().line, "GET /");
        let error = fetched(&[url(&server, "/"), ("method", Value::string("get"))]).await.unwrap_err();
        assert!(error.ends_with("* the `method` must be one of [HEAD GET POST PUT DELETE OPTIONS PATCH]"), "{error}");
    }

    #[tokio::test]
    async fn faults_of_the_configuration() {
        let error = fetched(&[]).await.unwrap_err();
        assert!(error.ends_with("* the `url` must be specified"), "{error}");
        let headers = Value::map([(Arc::from("a b"), Value::string("c"))].into(), Type::String);
        let error = fetched(&[("url", Value::string("http://h")), ("request_headers", headers)]).await.unwrap_err();
        assert!(error.ends_with("* the header \"a b\" in `request_headers` cannot be sent"), "{error}");
        let error = fetched(&[("url", Value::string("no address"))]).await.unwrap_err();
        assert_eq!(error, "\"no address\" is not the address of a web page: relative URL without a base");
    }

    #[tokio::test]
    async fn answers_that_are_failures() {
        for code in [304, 404, 500] {
            let server = Server::replying(&[Reply::new(code, &"x".repeat(100_000))]);
            let error = fetched(&[url(&server, "/")]).await.unwrap_err();
            assert_eq!(error, format!("HTTP request error. Response code: {code}"));
        }
        let there = format!("http://u:secret@{}/x", nobody());
        let error = fetched(&[("url", Value::string(there.as_str()))]).await.unwrap_err();
        let shown = there.replace("u:secret@", "");
        assert_eq!(error, format!("HTTP request error. GET {shown}: connection refused"));
        let server = Server::replying(&[Reply::HangUp]);
        assert!(fetched(&[url(&server, "/")]).await.unwrap_err().starts_with("HTTP request error. GET http://"));
    }

    #[tokio::test]
    async fn redirects_are_followed() {
        let server = Server::start(|request| match request.line.as_str() {
            "GET /a" => Reply::Answer(302, "Location: /b\r\n".to_owned(), String::new()),
            _ => Reply::new(200, "there"),
        });
        let value = fetched(&[url(&server, "/a")]).await.unwrap();
        assert_eq!(value.get("body"), Some(&Value::string("there")));
        assert_eq!(value.get("url"), Some(&Value::string(server.url() + "/a")));
    }

    #[tokio::test]
    async fn the_proxy_of_the_environment_is_asked() {
        let server = Server::replying(&[Reply::new(200, "by proxy")]);
        let mut context = context_in(Path::new("/"));
        Arc::make_mut(&mut context.environment).insert("HTTP_PROXY".to_owned(), server.url());
        let mut source = HttpDatasource::default();
        let config = Value::object([("url", Value::string("http://far.invalid/x"))]);
        source.prepare(&config, &context).await.unwrap();
        let value = source.execute(&Cancel::new()).await.unwrap();
        assert_eq!(value.get("body"), Some(&Value::string("by proxy")));
        assert_eq!(server.request().line, "GET http://far.invalid/x");
    }

    #[tokio::test]
    async fn a_server_that_never_answers_is_left_when_the_run_ends() {
        let server = Server::replying(&[Reply::Silence]);
        let source = prepared(&[url(&server, "/")]).await.unwrap();
        let cancel = Cancel::new();
        let stopping = async {
            while server.requests().is_empty() {
                tokio::task::yield_now().await;
            }
            cancel.raise(CancelPhase::Stopping);
        };
        let (fetched, ()) = tokio::join!(source.execute(&cancel), stopping);
        assert_eq!(fetched, Err(ComponentError::Cancelled));
    }
}
