//! `fileset`: the files that match a pattern.

use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes};
use crate::eval::functions::glob::{BadPattern, match_part, split_alternatives};
use crate::eval::functions::path::{clean, from_base};
use crate::os_words::os_words;
use crate::value::{Type, Value};

const PARAMS: &[Param] = &[Param::new("path", Takes::String), Param::new("pattern", Takes::String)];

pub(super) const FUNCTIONS: &[Function] =
    &[Function::new("fileset", PARAMS, |_| Ok(Type::set(Type::String)), file_set)];

/// Folder and pattern are one path that is tidied first, so a folder's name is part of the pattern, too.
fn file_set(call: &Call<'_>) -> Result<Value, CallError> {
    let folder = from_base(call.text(0), call.host);
    let pattern = clean(&format!("{folder}/{}", call.text(1)));
    let mut walk = Walk { working_dir: &call.host.working_dir, matches: Vec::new(), followed: Vec::new() };
    walk.glob(&pattern).map_err(|error| format!("failed to glob pattern ({pattern}): {error}"))?;
    let mut names = Vec::new();
    for found in &walk.matches {
        let shown = found.to_string_lossy();
        let meta = fs::metadata(walk.working_dir.join(found))
            .map_err(|error| format!("failed to stat ({shown}): stat {shown}: {}", os_words(&error)))?;
        if meta.is_file() {
            let name = relative(&folder, &shown)
                .ok_or_else(|| format!("failed to trim path of match ({shown}): it cannot be reached from {folder}"))?;
            names.push(Value::string(name));
        }
    }
    Ok(Value::set(names, Type::String))
}

/// The way from one clean path to another, by their text alone. None between an absolute and a relative one.
fn relative(from: &str, to: &str) -> Option<String> {
    if from.starts_with('/') != to.starts_with('/') {
        return None;
    }
    let parts = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect()
    };
    let (from, to) = (parts(from), parts(to));
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    if from[same..].iter().any(|part| part == "..") {
        return None;
    }
    let way = from[same..].iter().map(|_| "..").chain(to[same..].iter().map(String::as_str));
    let way = way.collect::<Vec<_>>().join("/");
    Some(if way.is_empty() { ".".to_owned() } else { way })
}

/// A search under way.
struct Walk<'a> {
    /// Where relative paths start.
    working_dir: &'a Path,
    matches: Vec<PathBuf>,
    /// The folders behind the links that `**` went through to get where it is. None is entered twice, so that links in
    /// a circle have an end.
    followed: Vec<PathBuf>,
}

impl Walk<'_> {
    fn glob(&mut self, pattern: &str) -> Result<(), BadPattern> {
        // The alternatives may be relative and absolute paths.
        if let Some(rest) = pattern.strip_prefix('{') {
            let (options, end) = split_alternatives(rest).ok_or(BadPattern)?;
            return options.into_iter().try_for_each(|option| self.glob(&format!("{option}{}", &rest[end..])));
        }
        match pattern.strip_prefix(['/', '\\']) {
            Some(rest) => self.walk(Path::new("/"), rest),
            None if pattern.is_empty() => Ok(()),
            None => self.walk(Path::new(""), pattern),
        }
    }

    /// Goes on below `folder`. Folders that cannot be read hold nothing; of several bad parts the last one counts.
    fn walk(&mut self, folder: &Path, pattern: &str) -> Result<(), BadPattern> {
        let (plain, mut pattern) = split_plain(pattern);
        let folder = join(folder, plain);
        let full = self.working_dir.join(&folder);
        if pattern.is_empty() {
            if fs::symlink_metadata(&full).is_ok() {
                self.matches.push(folder);
            }
            return Ok(());
        }
        let Ok(entries) = fs::read_dir(&full) else { return Ok(()) };
        let mut entries: Vec<DirEntry> = entries.filter_map(Result::ok).collect();
        entries.sort_by_key(DirEntry::file_name);
        let mut result = Ok(());
        if pattern == "**" {
            return self.all(&folder, &entries);
        }
        if let Some(rest) = pattern.strip_prefix("**/") {
            for entry in &entries {
                if self.is_folder(&full, entry) {
                    result = self.enter(&folder, entry, pattern);
                }
            }
            pattern = rest;
        }
        for entry in &entries {
            result = Ok(());
            let Some(left) = match_part(pattern, &entry.file_name().to_string_lossy())? else { continue };
            let path = folder.join(entry.file_name());
            if left.is_empty() {
                self.matches.push(path.clone());
            }
            for pattern in left {
                result = self.walk(&path, &pattern);
            }
        }
        result
    }

    /// `**` at the end: everything below.
    fn all(&mut self, folder: &Path, entries: &[DirEntry]) -> Result<(), BadPattern> {
        let full = self.working_dir.join(folder);
        for entry in entries {
            let path = folder.join(entry.file_name());
            if self.is_folder(&full, entry) {
                self.enter(folder, entry, "**")?;
            } else if self.working_dir.join(&path).exists() {
                self.matches.push(path);
            }
        }
        Ok(())
    }

    fn enter(&mut self, folder: &Path, entry: &DirEntry, pattern: &str) -> Result<(), BadPattern> {
        let path = folder.join(entry.file_name());
        if !entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
            return self.walk(&path, pattern);
        }
        let Ok(behind) = fs::canonicalize(self.working_dir.join(&path)) else { return Ok(()) };
        self.followed.push(behind);
        let result = self.walk(&path, pattern);
        self.followed.pop();
        result
    }

    /// Whether `**` goes into the entry of a folder.
    fn is_folder(&self, folder: &Path, entry: &DirEntry) -> bool {
        let Ok(kind) = entry.file_type() else { return false };
        if !kind.is_symlink() {
            return kind.is_dir();
        }
        let Ok(behind) = fs::canonicalize(folder.join(entry.file_name())) else { return false };
        let leads_back = fs::canonicalize(folder).is_ok_and(|folder| folder.starts_with(&behind));
        behind.is_dir() && !leads_back && !self.followed.contains(&behind)
    }
}

/// The parts at the start of a pattern that are plain names, and the rest. The last part is always left over.
fn split_plain(pattern: &str) -> (&str, &str) {
    let special = pattern.find(['*', '?', '[', '{', '\\']).unwrap_or(pattern.len());
    match pattern[..special].rfind('/') {
        Some(slash) => (&pattern[..slash], &pattern[slash + 1..]),
        None => ("", pattern),
    }
}

fn join(folder: &Path, plain: &str) -> PathBuf {
    if plain.is_empty() {
        return folder.to_owned();
    }
    let joined = folder.join(plain);
    joined.to_str().map_or(joined.clone(), |text| PathBuf::from(clean(text)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::eval::functions::tests::run_with;
    use crate::eval::{Functions, Host};

    /// The value of a call in a folder with these files.
    fn found(folder: &Path, call: &str) -> String {
        let host = Host { base_dir: ".".into(), working_dir: folder.to_owned(), ..Host::empty() };
        let said = run_with(call, &Functions::standard(), &host);
        let said = said.replace(&*folder.to_string_lossy(), "DIR");
        said.replace("Error in function call: Call to function \"fileset\" failed: ", "").replace(" set of string", "")
    }

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    #[test]
    fn patterns() {
        let folder = tree(&[
            "top.txt",
            ".hid",
            "a/1.txt",
            "a/2.md",
            "a/b/3.txt",
            "a/b/c/4.txt",
            "ü/é.txt",
            "w[x]/5.txt",
            "s t/6",
        ]);
        for (call, expected) in [
            (r#"fileset(".", "*")"#, r#"[".hid","top.txt"]"#),
            (r#"fileset("", "*.txt")"#, r#"["top.txt"]"#),
            (r#"fileset(".", "*/*")"#, r#"["a/1.txt","a/2.md","s t/6","w[x]/5.txt","ü/é.txt"]"#),
            (r#"fileset("a", "**")"#, r#"["1.txt","2.md","b/3.txt","b/c/4.txt"]"#),
            (r#"fileset("a/", "./**/*.txt")"#, r#"["1.txt","b/3.txt","b/c/4.txt"]"#),
            (r#"fileset(".", "a/**/[34].txt")"#, r#"["a/b/3.txt","a/b/c/4.txt"]"#),
            (r#"fileset(".", "a/{1,b/3}.txt")"#, r#"["a/1.txt","a/b/3.txt"]"#),
            (r#"fileset(".", "{top.txt,a/{1,2}.*}")"#, r#"["a/1.txt","a/2.md","top.txt"]"#),
            (r#"fileset(".", "?/?.txt")"#, r#"["a/1.txt","ü/é.txt"]"#),
            (r#"fileset("a", "../*.txt")"#, r#"["../top.txt"]"#),
            (r#"fileset("a/b/..", "[^1].*")"#, r#"["2.md"]"#),
            (r#"fileset(".", "top.txt")"#, r#"["top.txt"]"#),
            // A folder's name is part of the pattern.
            (r#"fileset("w[x]", "*")"#, "[]"),
            (r#"fileset("w\\[x\\]", "*")"#, r#"["../w[x]/5.txt"]"#),
            (r#"fileset("s t", "*")"#, r#"["6"]"#),
            // Nothing there is no error, and folders are no files.
            (r#"fileset("none", "*")"#, "[]"),
            (r#"fileset("top.txt", "*")"#, "[]"),
            (r#"fileset(".", "a")"#, "[]"),
            (r#"fileset(".", "")"#, "[]"),
            (r#"fileset("~", "*")"#, "[]"),
            (r#"fileset(".", "[")"#, "failed to glob pattern ([): syntax error in pattern."),
            (r#"fileset("a", "{1")"#, "failed to glob pattern (a/{1): syntax error in pattern."),
            (r#"fileset("none", "[")"#, "[]"),
            (r#"fileset(unk, "*")"#, "unknown"),
            (
                r#"fileset(null, "*")"#,
                r#"Invalid function argument: Invalid value for "path" parameter: argument must not be null."#,
            ),
        ] {
            assert_eq!(found(folder.path(), call), expected, "{call}");
        }
        let absolute = format!("fileset(\"{}/a\", \"*.md\")", folder.path().display());
        assert_eq!(found(Path::new("/"), &absolute), r#"["2.md"]"#);
    }

    #[cfg(unix)]
    #[test]
    fn links() {
        use std::os::unix::fs::symlink;

        let folder = tree(&["real/x.txt", "real/sub/y.txt"]);
        let at = |name: &str| folder.path().join(name);
        symlink("real", at("link")).unwrap();
        symlink("real/x.txt", at("file.txt")).unwrap();
        assert_eq!(found(folder.path(), r#"fileset("link", "*")"#), r#"["x.txt"]"#);
        assert_eq!(found(folder.path(), r#"fileset(".", "*.txt")"#), r#"["file.txt"]"#);
        let everything = r#"["file.txt","link/sub/y.txt","link/x.txt","real/sub/y.txt","real/x.txt"]"#;
        assert_eq!(found(folder.path(), r#"fileset(".", "**")"#), everything);
        // Links in circles, to a folder above and to each other, have an end.
        symlink("..", at("real/up")).unwrap();
        assert_eq!(found(folder.path(), r#"fileset("real", "**")"#), r#"["sub/y.txt","x.txt"]"#);
        let (one, two) = (at("one"), at("two"));
        fs::create_dir(&one).unwrap();
        fs::create_dir(&two).unwrap();
        symlink(&two, one.join("two")).unwrap();
        symlink(&one, two.join("one")).unwrap();
        fs::write(two.join("z"), "").unwrap();
        assert_eq!(found(folder.path(), r#"fileset("one", "**/z")"#), r#"["two/z"]"#);
        // A link to nowhere matches, but cannot be looked at.
        symlink("nowhere", at("dangling")).unwrap();
        let said = "failed to stat (dangling): stat dangling: no such file or directory.";
        assert_eq!(found(folder.path(), r#"fileset(".", "dang*")"#), said);
    }

    #[test]
    fn ways_between_paths() {
        for (from, to, way) in [
            ("a", "a/b", Some("b")),
            ("a/b", "a", Some("..")),
            ("a", "b", Some("../b")),
            (".", "b", Some("b")),
            ("/", "/b", Some("b")),
            ("/a/b", "/a/c/d", Some("../c/d")),
            ("a", "a", Some(".")),
            ("../x", "../y", Some("../y")),
            ("../x", "y", None),
            (".", "/y", None),
        ] {
            assert_eq!(relative(from, to).as_deref(), way, "{from} to {to}");
        }
    }
}
