//! Functions that read files.

use std::fs::{self, Metadata};
use std::io::ErrorKind;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes, returns};
use crate::eval::functions::path::{expand, from_base};
use crate::os_words::os_words;
use crate::value::{Value, quote};

const PATH: &[Param] = &[Param::new("path", Takes::String)];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("file", PATH, returns::string, |call| Ok(Value::string(read(call, 0)?))),
    Function::new("filebase64", PATH, returns::string, base64),
    Function::new("fileexists", PATH, returns::bool, exists),
];

/// The text of the file that an argument names.
pub(super) fn read(call: &Call<'_>, at: usize) -> Result<String, CallError> {
    let path = resolve(call, at)?;
    let bytes = fs::read(call.host.working_dir.join(&path)).map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("no file exists at {path}"),
        _ => format!("failed to read {path}"),
    })?;
    String::from_utf8(bytes).map_err(|_| {
        let given = call.text(at);
        format!("contents of {given} are not valid UTF-8; use the filebase64 function for files that are not text")
            .into()
    })
}

/// `~` expanded, relative to the template's folder.
fn resolve(call: &Call<'_>, at: usize) -> Result<String, CallError> {
    let expanded = expand(call.text(at), call.host).map_err(|why| format!("failed to expand ~: {why}"))?;
    Ok(from_base(&expanded, call.host))
}

/// Unlike the others it starts at the working directory, and `~` is a name like any other.
fn base64(call: &Call<'_>) -> Result<Value, CallError> {
    let path = call.text(0);
    let bytes = fs::read(call.host.working_dir.join(path))
        .map_err(|error| format!("failed to read file {}: open {path}: {}", quote(path), os_words(&error)))?;
    Ok(Value::string(BASE64_STANDARD.encode(bytes)))
}

fn exists(call: &Call<'_>) -> Result<Value, CallError> {
    let path = resolve(call, 0)?;
    match fs::metadata(call.host.working_dir.join(&path)) {
        Ok(found) if found.is_file() => Ok(Value::Bool(true)),
        Ok(found) => Err(format!("{path} is not a regular file, but {}", quote(&mode(&found))).into()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Value::Bool(false)),
        Err(_) => Err(format!("failed to stat {path}").into()),
    }
}

/// Kind and permissions in letters: `drwxr-xr-x`.
#[cfg(unix)]
fn mode(found: &Metadata) -> String {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    let (kind, bits) = (found.file_type(), found.mode());
    let kinds = [
        ('d', kind.is_dir()),
        ('D', kind.is_block_device() || kind.is_char_device()),
        ('p', kind.is_fifo()),
        ('S', kind.is_socket()),
        ('u', bits & 0o4000 != 0),
        ('g', bits & 0o2000 != 0),
        ('c', kind.is_char_device()),
        ('t', bits & 0o1000 != 0),
    ];
    permissions(kinds.into_iter().filter(|(_, is)| *is).map(|(letter, _)| letter).collect(), bits)
}

#[cfg(not(unix))]
fn mode(found: &Metadata) -> String {
    let bits = if found.permissions().readonly() { 0o555 } else { 0o777 };
    permissions(if found.is_dir() { "d".to_owned() } else { String::new() }, bits)
}

fn permissions(kinds: String, bits: u32) -> String {
    let kinds = if kinds.is_empty() { "-".to_owned() } else { kinds };
    let letter = |(at, letter)| if bits >> (8 - at) & 1 == 1 { letter } else { '-' };
    kinds.chars().chain("rwxrwxrwx".chars().enumerate().map(letter)).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use crate::eval::functions::tests::run_with;
    use crate::eval::{Functions, Host};

    const FILE: &str = "Error in function call: Call to function \"file\" failed: ";
    const BASE64: &str = "Error in function call: Call to function \"filebase64\" failed: ";
    const EXISTS: &str = "Error in function call: Call to function \"fileexists\" failed: ";

    /// What a call gives in a working directory that has `d`, the folder of the template.
    fn run(folder: &Path, call: &str) -> String {
        let host = Host {
            base_dir: "d".into(),
            working_dir: folder.to_owned(),
            home: Some(folder.join("home")),
            ..Host::empty()
        };
        run_with(call, &Functions::standard(), &host).replace(&*folder.to_string_lossy(), "DIR")
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in ["d/sub", "home", "ü"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        let files: [(&str, &[u8]); 7] = [
            ("d/a.txt", "he\u{301}\n".as_bytes()),
            ("d/bad", b"\xff\x00"),
            ("d/empty", b""),
            ("home/h", b"home"),
            ("top", b"\xff\x00top"),
            ("ü/é", "€".as_bytes()),
            ("~", b"tilde"),
        ];
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        folder
    }

    #[test]
    fn text_of_files() {
        let folder = folder();
        let whole = format!("file(\"{}/d/a.txt\")", folder.path().display());
        for (call, expected) in [
            (r#"file("a.txt")"#, r#""hé\n" string"#.to_owned()),
            (r#"file("./sub/../a.txt")"#, r#""hé\n" string"#.to_owned()),
            (&whole, r#""hé\n" string"#.to_owned()),
            (r#"file("../ü/é")"#, r#""€" string"#.to_owned()),
            (r#"file("empty")"#, r#""" string"#.to_owned()),
            (r#"file("~/h")"#, r#""home" string"#.to_owned()),
            (r#"file("none")"#, format!("{FILE}no file exists at d/none.")),
            (r#"file("../none")"#, format!("{FILE}no file exists at none.")),
            (r#"file("~/none")"#, format!("{FILE}no file exists at DIR/home/none.")),
            (r#"file("a.txt/x")"#, format!("{FILE}failed to read d/a.txt/x.")),
            (r#"file("")"#, format!("{FILE}failed to read d.")),
            (r#"file("sub/")"#, format!("{FILE}failed to read d/sub.")),
            (r#"file("a\u0000b")"#, format!("{FILE}failed to read d/a\0b.")),
            (r#"file("~else/x")"#, format!("{FILE}failed to expand ~: cannot expand user-specific home dir.")),
            (
                r#"file("./bad")"#,
                format!(
                    "{FILE}contents of ./bad are not valid UTF-8; use the filebase64 function for files that are not text."
                ),
            ),
            ("file(unk)", "unknown string".to_owned()),
        ] {
            assert_eq!(run(folder.path(), call), expected, "{call}");
        }
    }

    #[test]
    fn any_bytes_from_the_working_directory() {
        let folder = folder();
        for (call, expected) in [
            (r#"filebase64("top")"#, r#""/wB0b3A=" string"#.to_owned()),
            (r#"filebase64("d/empty")"#, r#""" string"#.to_owned()),
            (r#"filebase64("~")"#, r#""dGlsZGU=" string"#.to_owned()),
            (
                r#"filebase64("a.txt")"#,
                format!(r#"{BASE64}failed to read file "a.txt": open a.txt: no such file or directory."#),
            ),
            (r#"filebase64("~/h")"#, format!(r#"{BASE64}failed to read file "~/h": open ~/h: not a directory."#)),
            (r#"filebase64("d")"#, format!(r#"{BASE64}failed to read file "d": open d: is a directory."#)),
            ("filebase64(unk)", "unknown string".to_owned()),
        ] {
            assert_eq!(run(folder.path(), call), expected, "{call}");
        }
    }

    #[test]
    fn what_exists() {
        let folder = folder();
        for (call, expected) in [
            (r#"fileexists("a.txt")"#, "true bool".to_owned()),
            (r#"fileexists("~/h")"#, "true bool".to_owned()),
            (r#"fileexists("none")"#, "false bool".to_owned()),
            (r#"fileexists("none/none")"#, "false bool".to_owned()),
            (r#"fileexists("a.txt/x")"#, format!("{EXISTS}failed to stat d/a.txt/x.")),
            ("fileexists(unk)", "unknown bool".to_owned()),
        ] {
            assert_eq!(run(folder.path(), call), expected, "{call}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_there_but_no_file() {
        use std::os::unix::fs::PermissionsExt;

        let folder = folder();
        let sub = folder.path().join("d/sub");
        for (mode, expected) in [(0o755, "drwxr-xr-x"), (0o1777, "dtrwxrwxrwx"), (0o6700, "dugrwx------")] {
            fs::set_permissions(&sub, fs::Permissions::from_mode(mode)).unwrap();
            let said = format!("{EXISTS}d/sub is not a regular file, but \"{expected}\".");
            assert_eq!(run(folder.path(), r#"fileexists("sub")"#), said);
        }
        let said = format!("{EXISTS}/dev/null is not a regular file, but \"Dcrw-rw-rw-\".");
        assert_eq!(run(folder.path(), r#"fileexists("/dev/null")"#), said);
    }
}
