//! Which failures may pass: the one place that reads it out of what components say. Texts are all there is, as plugins
//! send nothing else.

use engine::FailureClass;

use crate::component::ComponentError;

/// What providers say when it is too much at once.
const THROTTLED: [&str; 12] = [
    "requestlimitexceeded",
    "throttlingexception",
    "throttling:",
    "throttled",
    "rate exceeded",
    "ratelimitexceeded",
    "rate limit",
    "request limit exceeded",
    "toomanyrequests",
    "too many requests",
    "bandwidthlimitexceeded",
    "slowdown:",
];

/// What is said when something was in the way that may be gone a moment later.
const TRANSIENT: [&str; 27] = [
    "connection reset",
    "connection refused",
    "connection timed out",
    "connection closed",
    "connection lost",
    "connection aborted",
    "broken pipe",
    "unexpected eof",
    "i/o timeout",
    "tls handshake timeout",
    "handshake failed: eof",
    "no route to host",
    "network is unreachable",
    "host is unreachable",
    "temporary failure in name resolution",
    "temporarily unavailable",
    "try again later",
    "server misbehaving",
    "service unavailable",
    "serviceunavailable",
    "internal server error",
    "internalerror",
    "bad gateway",
    "gateway timeout",
    "insufficientinstancecapacity",
    "requesttimeout",
    "timeout awaiting response headers",
];

/// Words before the number that a web server answered with.
const CODE_COMES: [&str; 5] = ["status code", "statuscode", "response code", "http", "status"];

/// Whether one of `codes` follows `words`.
fn has_code(text: &str, words: &str, codes: &[&str]) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let rest = text[at + words.len()..].trim_start_matches([' ', ':', '=']);
        let code = rest.split(|character: char| !character.is_ascii_digit()).next();
        code.is_some_and(|code| codes.contains(&code))
    })
}

/// Whether it may help to try again what ended like this. What was cancelled, ran into its author's timeout or was refused
/// would come to the same; a plugin that died may have left anything behind.
pub fn class_of(error: &ComponentError) -> FailureClass {
    match error {
        ComponentError::Failed(text) => class_of_text(text),
        ComponentError::Invalid(_)
        | ComponentError::Broken(_)
        | ComponentError::Unsupported(_)
        | ComponentError::Cancelled
        | ComponentError::TimedOut => FailureClass::Permanent,
    }
}

/// Whether a text says that it was too much at once.
pub(crate) fn is_throttling(text: &str) -> bool {
    class_of_text(text) == FailureClass::Throttled
}

fn class_of_text(text: &str) -> FailureClass {
    let text = text.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|words| text.contains(words));
    let answers = |codes: &[&str]| CODE_COMES.iter().any(|words| has_code(&text, words, codes));
    if says(&THROTTLED) || answers(&["429"]) {
        FailureClass::Throttled
    } else if says(&TRANSIENT) || answers(&["500", "502", "503", "504"]) {
        FailureClass::Transient
    } else {
        FailureClass::Permanent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_will_not() {
        use FailureClass::{Permanent, Throttled, Transient};
        for (text, expected) in [
            ("Error launching source instance: RequestLimitExceeded: Request limit exceeded.", Throttled),
            ("ThrottlingException: Rate exceeded\n\tstatus code: 400, request id: 1", Throttled),
            ("googleapi: Error 403: Rate Limit Exceeded, rateLimitExceeded", Throttled),
            ("unexpected response: 429 Too Many Requests", Throttled),
            ("read tcp 10.0.0.1:5->10.0.0.2:22: read: connection reset by peer", Transient),
            ("dial tcp: lookup host: Temporary failure in name resolution", Transient),
            ("ServiceUnavailable: try another time\n\tstatus code: 503", Transient),
            ("Script exited with non-zero exit status: 1. Allowed exit codes are: [0]", Permanent),
            ("HTTP request error. Response code: 503", Transient),
            ("HTTP request error. Response code: 404", Permanent),
            ("POST: StatusCode=429 -- Original Error: autorest", Throttled),
            ("AMI ami-429 not found, status code: 4290", Permanent),
            ("InvalidParameterValue: no such type", Permanent),
        ] {
            assert_eq!(class_of(&ComponentError::new(text)), expected, "{text}");
        }
        let broken = ComponentError::Broken("plugin exited: connection reset".into());
        assert_eq!(class_of(&broken), Permanent);
    }
}
