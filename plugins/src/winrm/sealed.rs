//! Encrypted bodies of requests and answers (MS-WSMV 2.2.9.1).

use crate::winrm::fault::Fault;
use crate::winrm::ntlm::Session;

/// The content type of encrypted bodies.
pub(super) const CONTENT_TYPE: &str = "multipart/encrypted;\
    protocol=\"application/HTTP-SPNEGO-session-encrypted\";boundary=\"Encrypted Boundary\"";

const BOUNDARY: &[u8] = b"--Encrypted Boundary";
const DATA: &[u8] = b"Content-Type: application/octet-stream\r\n";

/// The body that carries `text`.
pub(super) fn seal(session: &mut Session, text: &str) -> Vec<u8> {
    let mut data = text.as_bytes().to_vec();
    let signature = session.seal(&mut data);
    let mut body = format!(
        "--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n\
         \tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={}\r\n--Encrypted Boundary\r\n\
         \tContent-Type: application/octet-stream\r\n",
        text.len()
    )
    .into_bytes();
    body.extend((signature.len() as u32).to_le_bytes());
    body.extend(signature);
    body.extend(data);
    body.extend(b"--Encrypted Boundary--\r\n");
    body
}

/// The text that a body carries.
pub(super) fn unseal(session: &mut Session, body: &[u8]) -> Result<String, Fault> {
    const BROKEN: Fault = Fault::Ntlm("an encrypted answer is cut off");
    let start = find(body, DATA).ok_or(BROKEN)? + DATA.len();
    let (length, rest) = body[start..].split_first_chunk::<4>().ok_or(BROKEN)?;
    let (signature, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or(BROKEN)?;
    let end = rest.windows(BOUNDARY.len()).rposition(|window| window == BOUNDARY).ok_or(BROKEN)?;
    let mut data = rest[..end].to_vec();
    session.unseal(signature, &mut data)?;
    String::from_utf8(data).map_err(|_| Fault::Nonsense("it is not UTF-8".to_owned()))
}

fn find(body: &[u8], what: &[u8]) -> Option<usize> {
    body.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_carries_any_text() {
        let (mut client, mut server) = (Session::of_client(&[1; 16]), Session::of_server(&[1; 16]));
        for text in ["", "<a>ä --Encrypted Boundary\r\n</a>"] {
            let body = seal(&mut client, text);
            assert_eq!(unseal(&mut server, &body).unwrap(), text);
        }
        let body = seal(&mut client, "x");
        let cut = unseal(&mut server, &body[..body.len() - 24]).unwrap_err();
        assert_eq!(cut.to_string(), "NTLM: an encrypted answer is cut off");
        assert!(unseal(&mut server, b"plain").is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_body_is_a_reason_to_panic(tail in proptest::collection::vec(proptest::num::u8::ANY, 0..60)) {
            let mut session = Session::of_client(&[1; 16]);
            let _ = unseal(&mut session, &tail);
            let _ = unseal(&mut session, &[DATA, &tail, BOUNDARY].concat());
        }
    }
}
