//! `bcrypt` and `rsadecrypt`.

use std::convert::Infallible;

use rsa::hazmat::rsa_decrypt_and_check;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::rand_core::TryCryptoRng;
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, RsaPrivateKey};

use crate::eval::base64_text;
use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes, returns};
use crate::eval::functions::pem::{Block, find};
use crate::value::{Value, quote};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("bcrypt", &[Param::new("str", Takes::String)], returns::string, hash)
        .with_variadic(Param::new("cost", Takes::Number)),
    Function::new(
        "rsadecrypt",
        &[Param::new("ciphertext", Takes::String), Param::new("privatekey", Takes::String)],
        returns::string,
        decrypt,
    ),
];

const DEFAULT_COST: u32 = 10;
const MAX_COST: u32 = 31;
const MIN_COST: u32 = 4;
/// Each step doubles the time: this one takes a minute or so, the highest takes days.
const HIGHEST_BEARABLE_COST: u32 = 20;

/// More than this does not enter into the hash.
const MAX_PASSWORD: usize = 72;

fn hash(call: &Call<'_>) -> Result<Value, CallError> {
    let cost = if call.args.len() > 1 { call.int64(1)? } else { DEFAULT_COST.into() };
    if call.args.len() > 2 {
        return Err("bcrypt() takes no more than two arguments".into());
    }
    let failed = |why: String| CallError::Failed(format!("error occured generating password {why}"));
    let password = call.text(0);
    if password.len() > MAX_PASSWORD {
        return Err(failed(format!("bcrypt: password length exceeds {MAX_PASSWORD} bytes")));
    }
    if cost > MAX_COST.into() {
        let range = format!("{MIN_COST}..{MAX_COST}");
        return Err(failed(format!("crypto/bcrypt: cost {cost} is outside allowed inclusive range {range}")));
    }
    if cost > HIGHEST_BEARABLE_COST.into() {
        return Err(failed(format!(
            "cost {cost} would take hours or days; at most {HIGHEST_BEARABLE_COST} is supported"
        )));
    }
    // Too low a cost is no error: it is as if none had been given.
    let cost = u32::try_from(cost).ok().filter(|cost| *cost >= MIN_COST).unwrap_or(DEFAULT_COST);
    let hashed = bcrypt::hash_with_result(password, cost).map_err(|error| failed(error.to_string()))?;
    Ok(Value::string(hashed.format_for_version(bcrypt::Version::TwoA)))
}

fn decrypt(call: &Call<'_>) -> Result<Value, CallError> {
    let (text, key) = (call.text(0), call.text(1));
    let secret = base64_text::decode(text)
        .map_err(|_| format!("failed to decode input {}: cipher text must be base64-encoded", quote(text)))?;
    let block = find(key).ok_or("failed to parse key: no key found")?;
    let key = private_key(&block)?;
    let plain = open(&key, &secret).ok_or("crypto/rsa: decryption error")?;
    let plain = String::from_utf8(plain).map_err(|_| "the decrypted text is not valid UTF-8")?;
    Ok(Value::string(plain))
}

/// Decrypts what has the padding of PKCS#1 v1.5.
///
/// The library's own way turns bad padding into noise, which is right for servers that must not tell; here it would end
/// up in somebody's template.
fn open(key: &RsaPrivateKey, secret: &[u8]) -> Option<Vec<u8>> {
    const LEAST_FILLING: usize = 8;
    let size = key.size();
    if secret.len() != size {
        return None;
    }
    let number = BoxedUint::from_be_slice(secret, key.n_bits_precision()).ok()?;
    // Blinding hides how long this takes, which nobody is there to measure.
    let no_blinding = None::<&mut dyn TryCryptoRng<Error = Infallible>>;
    let padded = rsa_decrypt_and_check(key, no_blinding, &number).ok()?.to_be_bytes();
    let padded = padded.get(padded.len().checked_sub(size)?..)?;
    let filled = padded.strip_prefix(&[0, 2])?;
    let end = filled.iter().position(|byte| *byte == 0).filter(|end| *end >= LEAST_FILLING)?;
    Some(filled[end + 1..].to_owned())
}

fn private_key(block: &Block) -> Result<RsaPrivateKey, CallError> {
    if block.header("Proc-Type") == Some("4,ENCRYPTED") {
        return Err("failed to parse key: password protected keys are not supported. Please decrypt the key prior to \
                    use"
        .into());
    }
    RsaPrivateKey::from_pkcs1_der(&block.content).map_err(|_| {
        match block.label.as_str() {
            "PRIVATE KEY" => {
                "failed to parse key: it is a PKCS#8 key; only PKCS#1 keys (BEGIN RSA PRIVATE KEY) can be read"
            }
            _ => "failed to parse key: it is not a PKCS#1 private key",
        }
        .into()
    })
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::tests::{check, check_error, run_with};
    use crate::eval::{Functions, Host};

    fn hashed(call: &str) -> String {
        run_with(call, &Functions::standard(), &Host::empty()).trim_matches(['"', ' ']).replace("\" string", "")
    }

    #[test]
    fn hashes() {
        let longest = "é".repeat(36);
        for (call, password, start) in [
            (r#"bcrypt("secret", 4)"#.to_owned(), "secret", "$2a$04$"),
            (r#"bcrypt("", "5")"#.to_owned(), "", "$2a$05$"),
            (r#"bcrypt("x", 3)"#.to_owned(), "x", "$2a$10$"),
            (r#"bcrypt("x", -1)"#.to_owned(), "x", "$2a$10$"),
            (format!("bcrypt(\"{longest}\", 4)"), &longest, "$2a$04$"),
        ] {
            let hash = hashed(&call);
            assert!(hash.starts_with(start) && hash.len() == 60, "{call}: {hash}");
            assert!(bcrypt::verify(password, &hash).unwrap(), "{call}: {hash}");
        }
        check(r#"bcrypt("x", 4) == bcrypt("x", 4)"#, "false bool");
        for (call, expected) in [
            (r#"bcrypt("x", 4, 5)"#, "bcrypt() takes no more than two arguments."),
            (
                r#"bcrypt("x", 32)"#,
                "error occured generating password crypto/bcrypt: cost 32 is outside allowed inclusive range 4..31.",
            ),
            (r#"bcrypt("x", 1.5)"#, "value must be a whole number"),
            (r#"bcrypt("x", "a")"#, r#"Invalid value for "cost" parameter: a number is required"#),
            (r#"bcrypt("x", null)"#, r#"Invalid value for "cost" parameter: argument must not be null"#),
            (r#"bcrypt(null)"#, r#"Invalid value for "str" parameter: argument must not be null"#),
        ] {
            check_error(call, expected);
        }
        let said = "error occured generating password bcrypt: password length exceeds 72 bytes.";
        check_error(&format!("bcrypt(\"{longest}a\")"), said);
        check("bcrypt(unk)", "unknown string");
        check("bcrypt(\"x\", dyn)", "unknown string");
    }

    /// Made for this test.
    const KEY: &str = "-----BEGIN RSA PRIVATE KEY-----
MIICXQIBAAKBgQC9nGUxogy1mQm0Tfcdo3JbrRplwJN4aTAsPgMxLUOVNgiovi+f
kKyxnCEEfIDD8IunI7Ow+Pqo2zmFCHHFkm9sKQQFYy9mp+HLf9b45lXB/NsudjP4
ByJlHnKTjfjaRCNU+2Myzy6DkMxXL7gUS5cRCXamQpPdT4npBRw8dFzRaQIDAQAB
AoGAJMi0cP6JDKnV0h7V8/ADfXmFh3vmoBN3/v1AzUeEtuu2nlXXE1OTzRkG5sHo
kRqXXSN19r02k4+EByTuPW/9IV7LrKNMQypAtOOIUv4lmvTVoOZUOGcSA07pg4S7
OBcNmO8wTni//U6Bu1AuVbbjGwPahiK3e6zmnoGjcws+EaECQQDuZk6Q6O8dvnCc
ky210dcTx0IXO1emFi5V0Tzal857ODUco8PjM+Zt9l1npWqdt98B0N0WZ5036AR8
kQ8jmgiNAkEAy5v+cXJaQKWbehgMnqSs9ykmuVDYNViE49YqPK/WyIWklgjQJ2i2
YC/xm7351VIMjxY4snFOdg+aBxMd4L77TQJBAJLN01Gu7xhs3mG8zCgruPsH9+3g
cB/phsz31TZyxwbf3Ozu98CghCRw0qHxng7TXHN8z7htQ8ZajPC8TwtIXj0CQByc
Qee9EtOMsck5QeS07R0Z6jgWFRuB4cKGII9AgiTRKqxudpljDGV9tyyUSFviWKNu
ku74HvdV/+XImOUw0O0CQQDsq1Ma0t9oGkL9uP2apwTvWnL8/Ur3FDBfQnGnojRn
dZTBi+qer0uw92k4QqY6K/rTIAN2M9eLa5Rai/0s83xB
-----END RSA PRIVATE KEY-----
";

    /// `héllo`, encrypted for [`KEY`].
    const SECRET: &str = "c+0UVUCrjMAyl+WDpXULStaav1hIBWl0q10b+JuTobuIVh4igsqPZelGbR87a0hrupMZSi9n9aUbHc98p1WHx13TU3Qlku/Uj5lhXeWcrMwBD+LziFK1eIjZyxdPciLGY4tbgsPM9Qtl2PVVerWb7+aVUDzoejafkHil9GEWYyA=";

    /// Nothing, two bytes that are no text, and something with another padding, encrypted for [`KEY`].
    const EMPTY: &str = "SqprI/dUugxWP2gn6dpH48DPoFkWeGlIjysxsvOn5qHr3lqT3hwUWc867S09T5W0bsVSOVLY8C8lZbRS9V+5T2E1t7ZuKHQl8PkzIq6ASNRPgvDVXpNajdpG9e4lihOPN6K37s9ecsdPuvjcG7KyFIYtGRJuI4/FcOi4wVj4w9w=";
    const NO_TEXT: &str = "J03kf5nv7JBePNHsXGqx5paYDA3hBumZwWRNx6T2jkoQaBVjxpGG4d3OlL4m5TFmIOylLwyKHSZne8ArnzY8gz2lUzsP8qnOaUvcrlm8RxUd7L6x6f4IsC/mJieCvDfW7Qc17aKviW9TQPf4bDug97qk7ImWkCkMmRm/LU3WPzc=";
    const OAEP: &str = "MdqILzAnyQXiQNQqp7mw1GMfzKtc6NRy/3YVzy4h4/v/TARfUkO2Wy2STAsqMq8j+BDuMj05EWBcoB53pJxClRivuG0uKWkr/EL+dc4UC73OEwufBZfn2KAidJ8pSGLykF1TphiMEvReN0tEmL9tlvpjELRO7hX2Or8oLltqDeI=";

    fn decrypted(secret: &str, key: &str) -> String {
        let literal = |text: &str| text.replace('\r', "\\r").replace('\n', "\\n");
        let call = format!("rsadecrypt(\"{}\", \"{}\")", literal(secret), literal(key));
        let said = run_with(&call, &Functions::standard(), &Host::empty());
        said.replace("Error in function call: Call to function \"rsadecrypt\" failed: ", "")
    }

    #[test]
    fn secrets() {
        let wrapped = format!("{}\n{}\r\n", &SECRET[..60], &SECRET[60..]);
        let other = "-----BEGIN PRIVATE KEY-----\nYQ==\n-----END PRIVATE KEY-----\n";
        let locked = KEY.replace("KEY-----\nMII", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMII");
        let damaged = KEY.replace("ogy1mQm0", "ogy1mQm1");
        for (secret, key, expected) in [
            (SECRET, KEY, "\"héllo\" string"),
            (&wrapped, KEY, "\"héllo\" string"),
            (SECRET, &KEY.replace('\n', "\r\n"), "\"héllo\" string"),
            (SECRET, &format!("text\n{KEY}text"), "\"héllo\" string"),
            (EMPTY, KEY, "\"\" string"),
            (NO_TEXT, KEY, "the decrypted text is not valid UTF-8."),
            (OAEP, KEY, "crypto/rsa: decryption error."),
            ("", KEY, "crypto/rsa: decryption error."),
            ("YWJj", KEY, "crypto/rsa: decryption error."),
            ("!", "", "failed to decode input \"!\": cipher text must be base64-encoded."),
            (SECRET, "", "failed to parse key: no key found."),
            (SECRET, "key", "failed to parse key: no key found."),
            (
                SECRET,
                &locked,
                "failed to parse key: password protected keys are not supported. Please decrypt the key prior to use.",
            ),
            (
                SECRET,
                other,
                "failed to parse key: it is a PKCS#8 key; only PKCS#1 keys (BEGIN RSA PRIVATE KEY) can be read.",
            ),
            (SECRET, &damaged, "failed to parse key: it is not a PKCS#1 private key."),
        ] {
            assert_eq!(decrypted(secret, key), expected, "{secret}\n{key}");
        }
        check("rsadecrypt(unk, \"\")", "unknown string");
        check_error("rsadecrypt(\"\", null)", r#"Invalid value for "privatekey" parameter: argument must not be null"#);
    }
}
