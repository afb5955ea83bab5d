//! Identity tokens: where they come from, and what they say.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use serde::Deserialize;

use crate::signing::fault::SigningError;
use crate::signing::service::JsonService;

/// For whom the token is meant.
const AUDIENCE: &str = "sigstore";

/// Where a token comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// It is there.
    Given(String),
    /// GitHub Actions makes one.
    Actions {
        /// Where.
        url: String,
        /// For whom.
        token: String,
    },
}

impl TokenSource {
    /// The first that the environment has.
    ///
    /// # Errors
    ///
    /// It has none.
    pub fn of(environment: &BTreeMap<String, String>) -> Result<Self, SigningError> {
        let get = |name: &str| environment.get(name).filter(|value| !value.is_empty()).cloned();
        if let Some(token) = ["SIGSTORE_ID_TOKEN", "CI_JOB_JWT_V2", "CI_JOB_JWT"].into_iter().find_map(get) {
            return Ok(Self::Given(token));
        }
        match (get("ACTIONS_ID_TOKEN_REQUEST_URL"), get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")) {
            (Some(url), Some(token)) => Ok(Self::Actions { url, token }),
            _ => Err(SigningError::NoToken),
        }
    }

    /// The token.
    ///
    /// # Errors
    ///
    /// Nobody gives it, or it says nothing.
    pub async fn token(&self, service: &JsonService) -> Result<IdentityToken, SigningError> {
        match self {
            Self::Given(token) => IdentityToken::parse(token),
            Self::Actions { url, token } => {
                let what = "the identity provider of GitHub Actions";
                let unusable = |reason: String| SigningError::Service { service: what.to_owned(), reason };
                let mut url = Url::parse(url)
                    .map_err(|error| unusable(format!("ACTIONS_ID_TOKEN_REQUEST_URL is no address: {error}")))?;
                url.query_pairs_mut().append_pair("audience", AUDIENCE);
                let answer = service.get(what, &url, token).await?;
                let token = answer.get("value").and_then(|value| value.as_str());
                IdentityToken::parse(token.ok_or_else(|| unusable("its answer has no token".to_owned()))?)
            }
        }
    }
}

/// A token.
#[derive(Clone)]
pub struct IdentityToken {
    /// As it is sent.
    pub text: String,
    /// Whom it is about, as Fulcio wants it to be signed.
    pub subject: String,
}

impl IdentityToken {
    /// Reads what a token says; whether that is true is for Fulcio to find out.
    ///
    /// # Errors
    ///
    /// It is no token, or about nobody.
    pub fn parse(text: &str) -> Result<Self, SigningError> {
        #[derive(Deserialize)]
        struct Claims {
            sub: Option<String>,
            email: Option<String>,
        }
        let unusable = |reason: &str| SigningError::Token(reason.to_owned());
        let text = text.trim();
        let parts: Vec<&str> = text.split('.').collect();
        let [_, claims, _] = parts.as_slice() else {
            return Err(unusable("it is not a JSON web token"));
        };
        let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).map_err(|_| unusable("it is damaged"))?;
        let claims: Claims = serde_json::from_slice(&claims).map_err(|_| unusable("what it claims cannot be read"))?;
        let subject = claims.email.filter(|email| !email.is_empty()).or(claims.sub);
        let subject =
            subject.filter(|subject| !subject.is_empty()).ok_or_else(|| unusable("it says not whom it is about"))?;
        Ok(Self { text: text.to_owned(), subject })
    }
}

/// Without the token, which is as good as a password.
impl std::fmt::Debug for IdentityToken {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("IdentityToken").field("subject", &self.subject).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The environment, and the source that it gives.
    type Row = (&'static [(&'static str, &'static str)], Result<TokenSource, ()>);

    #[test]
    fn the_first_source_that_is_set_counts() {
        let given = |text: &str| Ok(TokenSource::Given(text.to_owned()));
        let rows: [Row; 6] = [
            (&[], Err(())),
            (&[("SIGSTORE_ID_TOKEN", "a"), ("CI_JOB_JWT_V2", "b"), ("CI_JOB_JWT", "c")], given("a")),
            (&[("SIGSTORE_ID_TOKEN", ""), ("CI_JOB_JWT_V2", "b"), ("CI_JOB_JWT", "c")], given("b")),
            (&[("CI_JOB_JWT", "c"), ("ACTIONS_ID_TOKEN_REQUEST_URL", "u")], given("c")),
            (&[("ACTIONS_ID_TOKEN_REQUEST_URL", "u")], Err(())),
            (
                &[("ACTIONS_ID_TOKEN_REQUEST_URL", "u"), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t")],
                Ok(TokenSource::Actions { url: "u".to_owned(), token: "t".to_owned() }),
            ),
        ];
        for (variables, expected) in rows {
            let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            assert_eq!(TokenSource::of(&environment).map_err(|_| ()), expected, "{variables:?}");
        }
        let error = TokenSource::of(&BTreeMap::new()).unwrap_err().to_string();
        assert!(error.contains("set SIGSTORE_ID_TOKEN"), "{error}");
    }

    #[test]
    fn what_tokens_say() {
        let token = |claims: &str| format!("h.{}.s\n", URL_SAFE_NO_PAD.encode(claims));
        for (text, expected) in [
            (token(r#"{"sub":"repo:a/b","email":""}"#), Ok("repo:a/b")),
            (token(r#"{"sub":"1","email":"me@example.com"}"#), Ok("me@example.com")),
            (token("{}"), Err("it says not whom it is about")),
            (token("no"), Err("what it claims cannot be read")),
            ("h.!.s".to_owned(), Err("it is damaged")),
            ("opaque".to_owned(), Err("it is not a JSON web token")),
        ] {
            match (IdentityToken::parse(&text), expected) {
                (Ok(token), Ok(expected)) => {
                    assert_eq!(token.subject, expected);
                    assert!(!format!("{token:?}").contains(&token.text));
                }
                (Err(error), Err(expected)) => assert!(error.to_string().ends_with(expected), "{error}"),
                (result, _) => panic!("{text}: {result:?}"),
            }
        }
    }
}
