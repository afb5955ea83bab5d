//! A long file from a server, as often broken off as need be: each attempt asks for what is missing only.

use reqwest::header::{CONTENT_RANGE, ETAG, HeaderMap, HeaderValue, IF_RANGE, LAST_MODIFIED, RANGE};
use reqwest::{Response, StatusCode, Url};

use crate::download::fault::{FetchError, words};
use crate::download::partial::Partial;
use crate::download::step::{Step, Watch};
use crate::download::web::{Web, accepted, shown, unreadable};

impl Web {
    /// Completes `partial`, the beginning of the file at `url`. An attempt that gets further than those before it does not
    /// count as failed.
    ///
    /// # Errors
    ///
    /// It is not there, or cannot be read or kept to its end. What has arrived stays in `partial`.
    pub async fn transfer(
        &self,
        url: &Url,
        headers: &HeaderMap,
        partial: &mut Partial,
        watch: &Watch,
    ) -> Result<(), FetchError> {
        let (mut failed, mut furthest) = (0, partial.len());
        let ended = loop {
            match self.attempt(url, headers, partial, watch).await {
                Err(error) if error.is_passing() => {
                    failed = if partial.len() > furthest { 1 } else { failed + 1 };
                    furthest = furthest.max(partial.len());
                    if failed >= self.patience.attempts {
                        break Err(error);
                    }
                    tracing::warn!("{error}; trying again from byte {}", partial.len());
                    self.patience.wait(failed).await;
                }
                ended => break ended,
            }
        };
        watch(Step::Ended);
        ended
    }

    async fn attempt(
        &self,
        url: &Url,
        headers: &HeaderMap,
        partial: &mut Partial,
        watch: &Watch,
    ) -> Result<(), FetchError> {
        let mut answer = self.get(url, &with_range(headers, partial)).await?;
        if answer.status() == StatusCode::RANGE_NOT_SATISFIABLE && !partial.is_empty() {
            if size(&answer) == Some(partial.len()) {
                return Ok(());
            }
            answer = self.get(url, headers).await?;
        }
        let mut answer = accepted(answer, url)?;
        let goes_on = answer.status() == StatusCode::PARTIAL_CONTENT && first(&answer) == Some(partial.len());
        if answer.status() == StatusCode::PARTIAL_CONTENT && !goes_on {
            restart(url, partial, None)?;
            return Err(unreadable(url, "the server sends another part than the one asked for".to_owned()));
        }
        if !goes_on {
            restart(url, partial, validator(&answer))?;
        }
        let name = url.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default().to_owned();
        let total = answer.content_length().map(|rest| partial.len() + rest);
        watch(Step::Begun { name, done: partial.len(), total });
        while let Some(part) = answer.chunk().await.map_err(|error| unreadable(url, words(&error)))? {
            partial.append(&part).map_err(|source| room(url, partial, source))?;
            watch(Step::Arrived(part.len() as u64));
        }
        Ok(())
    }
}

fn restart(url: &Url, partial: &mut Partial, validator: Option<&str>) -> Result<(), FetchError> {
    partial.restart(validator).map_err(|source| room(url, partial, source))
}

fn room(url: &Url, partial: &Partial, source: std::io::Error) -> FetchError {
    FetchError::Room { place: shown(url), path: partial.path().map(ToOwned::to_owned), source }
}

/// Asks for what is missing, provided that the file is still the same.
fn with_range(headers: &HeaderMap, partial: &Partial) -> HeaderMap {
    let mut headers = headers.clone();
    if !partial.is_empty() {
        let validator = partial.validator().and_then(|validator| HeaderValue::try_from(validator).ok());
        // Two digits and a dash are always a header.
        if let Ok(range) = HeaderValue::try_from(format!("bytes={}-", partial.len())) {
            headers.insert(RANGE, range);
            validator.map(|validator| headers.insert(IF_RANGE, validator));
        }
    }
    headers
}

/// What the server calls this version of the file. A weak tag is none: bytes may differ under it.
fn validator(answer: &Response) -> Option<&str> {
    let get = |name| answer.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    get(ETAG).filter(|tag| !tag.starts_with("W/")).or_else(|| get(LAST_MODIFIED))
}

/// The first byte in an answer that is a part: `bytes 5-9/10`.
fn first(answer: &Response) -> Option<u64> {
    content_range(answer)?.split_once('-')?.0.parse().ok()
}

/// The size of the whole file: `bytes */10`.
fn size(answer: &Response) -> Option<u64> {
    content_range(answer)?.split_once('/')?.1.parse().ok()
}

fn content_range(answer: &Response) -> Option<&str> {
    answer.headers().get(CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")
}
