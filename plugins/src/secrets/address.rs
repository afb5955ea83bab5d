//! Addresses of requests, put together and written as Go does it.

use reqwest::Url;

/// The text for the path of an address: everything that has a meaning there is escaped.
pub(super) fn escape_path(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => escaped.push(char::from(byte)),
            b'-' | b'_' | b'.' | b'~' | b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'@' => {
                escaped.push(char::from(byte));
            }
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}

/// `base` and `rest` as one path: no empty parts, no `.`, and `..` takes the part before it back.
pub(super) fn join_path(base: &str, rest: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(rest.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            other => parts.push(other),
        }
    }
    format!("/{}", parts.join("/"))
}

/// An address for messages: without the password that it may hold.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Fails only for addresses that cannot hold any.
    if url.password().is_some() {
        let _ = url.set_password(Some("xxxxx"));
    }
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (base, rest, joined) in [
            ("", "v1/secret/data/a", "/v1/secret/data/a"),
            ("/", "/v1//a/", "/v1/a"),
            ("/pre/fix/", "/v1/a", "/pre/fix/v1/a"),
            ("", "/v1/../../a/./b", "/a/b"),
        ] {
            assert_eq!(join_path(base, rest), joined, "{base} and {rest}");
        }
        for (path, escaped) in [
            ("/v1/a-b_c.d~e", "/v1/a-b_c.d~e"),
            ("/v1/a b?c#d%20", "/v1/a%20b%3Fc%23d%2520"),
            ("/v1/é\\", "/v1/%C3%A9%5C"),
            ("/v1/a:b@c=d", "/v1/a:b@c=d"),
        ] {
            assert_eq!(escape_path(path), escaped);
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        for (url, text) in [
            ("http://u:secret@h/p", "http://u:xxxxx@h/p"),
            ("http://u@h/p", "http://u@h/p"),
            ("http://h:1/p?q=1", "http://h:1/p?q=1"),
        ] {
            assert_eq!(shown(&Url::parse(url).unwrap()), text);
        }
    }
}
