//! Digests and random names.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use uuid::Uuid;

use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes, returns};
use crate::value::{Value, quote};

const TEXT: &[Param] = &[Param::new("str", Takes::String)];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("md5", TEXT, returns::string, digest::<Md5>),
    Function::new("sha1", TEXT, returns::string, digest::<Sha1>),
    Function::new("sha256", TEXT, returns::string, digest::<Sha256>),
    Function::new("sha512", TEXT, returns::string, digest::<Sha512>),
    Function::new("uuidv4", &[], returns::string, |_| Ok(Value::string(Uuid::new_v4().to_string()))),
    Function::new(
        "uuidv5",
        &[Param::new("namespace", Takes::String), Param::new("name", Takes::String)],
        returns::string,
        uuid_v5,
    ),
];

fn digest<D: Digest>(call: &Call<'_>) -> Result<Value, CallError> {
    let hex: String = D::digest(call.text(0)).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Value::string(hex))
}

fn uuid_v5(call: &Call<'_>) -> Result<Value, CallError> {
    let given = call.text(0);
    let namespace = match given {
        "dns" => Uuid::NAMESPACE_DNS,
        "url" => Uuid::NAMESPACE_URL,
        "oid" => Uuid::NAMESPACE_OID,
        "x500" => Uuid::NAMESPACE_X500,
        other => parse_uuid(other).map_err(|why| format!("uuidv5() doesn't support namespace {other} ({why})"))?,
    };
    Ok(Value::string(Uuid::new_v5(&namespace, call.text(1).as_bytes()).to_string()))
}

/// With hyphens, perhaps as a URN or in braces (or anything in place of them), or 32 digits in a row.
fn parse_uuid(text: &str) -> Result<Uuid, String> {
    let bytes = text.as_bytes();
    let digits = match bytes.len() {
        32 | 36 => bytes,
        38 => &bytes[1..37],
        45 if bytes[..9].eq_ignore_ascii_case(b"urn:uuid:") => &bytes[9..],
        45 => return Err(format!("invalid urn prefix: {}", quote(&String::from_utf8_lossy(&bytes[..9])))),
        length => return Err(format!("invalid UUID length: {length}")),
    };
    Uuid::try_parse_ascii(digits).map_err(|_| "invalid UUID format".to_owned())
}

#[cfg(test)]
mod tests {
    use crate::eval::functions::tests::{check, check_error};

    #[test]
    fn digests() {
        for (call, expected) in [
            (r#"md5("")"#, "d41d8cd98f00b204e9800998ecf8427e"),
            (r#"md5("é")"#, "66ddcd97cfdeabb2f6fb8a999b4bc76f"),
            (r#"sha1("")"#, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            (r#"sha1(15)"#, "f1abd670358e036c31296e66b3b66c382ac00812"),
            (r#"sha256("")"#, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (
                r#"sha512("")"#,
                "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
            ),
        ] {
            check(call, &format!("\"{expected}\" string"));
        }
        // Text is brought to normal form C before anything reads it.
        check(r#"sha1("e\u0301") == sha1("é")"#, "true bool");
        check_error("md5(null)", "argument must not be null");
        check_error("sha512([])", r#"Invalid value for "str" parameter: string required"#);
        check("sha256(unk)", "unknown string");
    }

    #[test]
    fn names_from_names() {
        let ns = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
        for (namespace, expected) in [
            ("dns", "faa898db-9b9d-5b75-86a9-149e7bb8e3b8"),
            ("url", "2c1ff6b4-211f-577e-94de-d978b0caa16e"),
            ("oid", "61eeea26-5176-5288-87fc-232d6ed30d2f"),
            ("x500", "7e12415e-f7c9-57c3-9e43-52dc9950d264"),
            (ns, "faa898db-9b9d-5b75-86a9-149e7bb8e3b8"),
            (&ns.to_uppercase(), "faa898db-9b9d-5b75-86a9-149e7bb8e3b8"),
            (&ns.replace('-', ""), "faa898db-9b9d-5b75-86a9-149e7bb8e3b8"),
            (&format!("URN:uuid:{ns}"), "faa898db-9b9d-5b75-86a9-149e7bb8e3b8"),
            (&format!("{{{ns}}}"), "faa898db-9b9d-5b75-86a9-149e7bb8e3b8"),
            (&format!("x{ns}y"), "faa898db-9b9d-5b75-86a9-149e7bb8e3b8"),
        ] {
            check(&format!("uuidv5(\"{namespace}\", \"tada\")"), &format!("\"{expected}\" string"));
        }
        for (namespace, why) in [
            ("", "invalid UUID length: 0"),
            ("DNS", "invalid UUID length: 3"),
            ("ééééééééééééééééé", "invalid UUID length: 34"),
            ("éééééééééééééééééé", "invalid UUID format"),
            (&ns.replace('-', "+"), "invalid UUID format"),
            (&ns.replace('8', "z"), "invalid UUID format"),
            (&format!("urn-uuid:{ns}"), r#"invalid urn prefix: "urn-uuid:""#),
        ] {
            let said = format!("uuidv5() doesn't support namespace {namespace} ({why}).");
            check_error(&format!("uuidv5(\"{namespace}\", \"\")"), &said);
        }
        check("length(uuidv5(\"dns\", \"\"))", "36 number");
        check("uuidv5(\"dns\", unk)", "unknown string");
        check_error("uuidv5(null, \"a\")", r#"Invalid value for "namespace" parameter: argument must not be null"#);
    }
}
