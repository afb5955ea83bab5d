//! The lines of the protocol, and the command that starts it.

/// What a machine announces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A file follows.
    File {
        /// The permissions.
        mode: u32,
        /// Its bytes.
        size: u64,
        /// Its name.
        name: String,
    },
    /// What follows is in this folder.
    Enter {
        /// The permissions.
        mode: u32,
        /// Its name.
        name: String,
    },
    /// The folder is complete.
    Leave,
    /// Times of what follows, which are not asked for.
    Times,
}

impl Line {
    /// Reads a line without its end.
    ///
    /// # Errors
    ///
    /// It is none of the protocol, or its name leads elsewhere.
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        let odd = || format!("unexpected answer of scp: {line:?}");
        let Some((kind, rest)) = line.split_at_checked(1) else { return Err(odd()) };
        match kind {
            "E" => return Ok(Self::Leave),
            "T" => return Ok(Self::Times),
            "C" | "D" => {}
            _ => return Err(odd()),
        }
        let mut parts = rest.splitn(3, ' ');
        let (Some(mode), Some(size), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(odd());
        };
        let mode = u32::from_str_radix(mode, 8).map_err(|_| odd())? & 0o7777;
        let size = size.parse().map_err(|_| odd())?;
        // A name that leads out of the folder would let the machine write anywhere.
        if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
            return Err(format!("scp on the machine sends a file of the forbidden name {name:?}"));
        }
        let name = name.to_owned();
        Ok(if kind == "C" { Self::File { mode, size, name } } else { Self::Enter { mode, name } })
    }
}

/// The line that announces a file to the machine.
pub(super) fn file(mode: u32, size: u64, name: &str) -> String {
    format!("C{:04o} {size} {}\n", mode & 0o777, single(name))
}

/// The line that announces a folder to the machine.
pub(super) fn enter(mode: u32, name: &str) -> String {
    format!("D{:04o} 0 {}\n", mode & 0o777, single(name))
}

/// A line end would end the announcement.
fn single(name: &str) -> String {
    name.replace('\n', "\\^J")
}

/// A path as one word of the machine's shell, which still expands `~`, variables and patterns in it, as authors rely on.
pub(super) fn word(path: &str) -> String {
    let mut word = String::with_capacity(path.len());
    for character in path.chars() {
        if " \t'\"();&|<>`".contains(character) {
            word.push('\\');
        }
        word.push(character);
    }
    word
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_read() {
        let name = || "a b".to_owned();
        let rows = [
            ("C0644 12 a b", Ok(Line::File { mode: 0o644, size: 12, name: name() })),
            ("D0755 0 a b", Ok(Line::Enter { mode: 0o755, name: name() })),
            ("E", Ok(Line::Leave)),
            ("T1 0 2 0", Ok(Line::Times)),
        ];
        for (line, expected) in rows {
            assert_eq!(Line::parse(line), expected, "{line}");
        }
        for line in ["", "X", "C0644 12", "C0644 -1 a", "C9 1 a", "C0644 1 ../a", "D0755 0 ..", "é"] {
            assert!(Line::parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn words_stay_words() {
        assert_eq!(word("/tmp/a b/$HOME/*"), "/tmp/a\\ b/$HOME/*");
        assert_eq!(word("it's;(x)"), "it\\'s\\;\\(x\\)");
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_refused(line in ".*") {
            let _ = Line::parse(&line);
        }
    }
}
