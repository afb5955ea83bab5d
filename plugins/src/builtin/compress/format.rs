//! What to make, guessed from the output's name.

/// A compression algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Pgzip,
    Bgzf,
    Lz4,
    Xz,
    Bzip2,
}

impl Algorithm {
    /// Its name in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pgzip => "pgzip",
            Self::Bgzf => "bgzf",
            Self::Lz4 => "lz4",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
        }
    }

    fn by_extension(extension: &str) -> Option<Self> {
        Some(match extension {
            "gz" => Self::Pgzip,
            "bgzf" => Self::Bgzf,
            "lz4" => Self::Lz4,
            "xz" => Self::Xz,
            "bzip2" => Self::Bzip2,
            _ => return None,
        })
    }
}

/// How several files become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Archive {
    Tar,
    Zip,
}

/// What to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    /// None: one file, compressed as it is.
    pub(super) archive: Option<Archive>,
    /// None: an archive as it is; zip compresses by itself.
    pub(super) algorithm: Option<Algorithm>,
}

/// Looks at the last two lower-case extensions of `output`, as the template writes it, and of `extra` behind them.
pub(super) fn detect(output: &str, extra: &str) -> Format {
    let name = if extra.is_empty() { output.to_owned() } else { format!("{output}.{extra}") };
    let extensions = extensions(&name);
    let last = extensions.last().map_or("", String::as_str);
    let next_to_last = extensions.len().checked_sub(2).map_or("", |index| extensions[index].as_str());
    if let "tar" | "zip" = last {
        let archive = if last == "tar" { Archive::Tar } else { Archive::Zip };
        return Format { archive: Some(archive), algorithm: None };
    }
    match Algorithm::by_extension(last) {
        Some(algorithm) => {
            Format { archive: (next_to_last == "tar").then_some(Archive::Tar), algorithm: Some(algorithm) }
        }
        None => Format { archive: Some(Archive::Tar), algorithm: Some(Algorithm::Pgzip) },
    }
}

/// Every run of lower-case letters and digits that follows a dot, wherever it stands.
fn extensions(name: &str) -> Vec<String> {
    let is_part = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let runs = name.split('.').skip(1).map(|after| after.chars().take_while(is_part).collect::<String>());
    runs.filter(|run| !run.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detects() {
        use Algorithm::{Bgzf, Bzip2, Lz4, Pgzip, Xz};
        use Archive::{Tar, Zip};
        let rows = [
            ("packer_{{.BuildName}}_{{.BuilderType}}", "", Some(Tar), Some(Pgzip)),
            ("packer_{{.BuildName}}_{{.BuilderType}}", "zip", Some(Zip), None),
            ("packer_{{.BuildName}}_{{.BuilderType}}", "tar.lz4", Some(Tar), Some(Lz4)),
            ("a.tar", "", Some(Tar), None),
            ("a.zip", "", Some(Zip), None),
            ("a.gz", "", None, Some(Pgzip)),
            ("a.tar.gz", "", Some(Tar), Some(Pgzip)),
            ("a.bgzf", "", None, Some(Bgzf)),
            ("a.tar.xz", "", Some(Tar), Some(Xz)),
            ("a.bzip2", "", None, Some(Bzip2)),
            ("a.bz2", "", Some(Tar), Some(Pgzip)),
            ("a.tgz", "", Some(Tar), Some(Pgzip)),
            ("a.zip.gz", "", None, Some(Pgzip)),
            ("a.gz.tar", "", Some(Tar), None),
            ("A.GZ", "", Some(Tar), Some(Pgzip)),
            ("v1.2/a.lz4", "", None, Some(Lz4)),
            ("./a", "", Some(Tar), Some(Pgzip)),
        ];
        for (output, extra, archive, algorithm) in rows {
            assert_eq!(detect(output, extra), Format { archive, algorithm }, "{output} {extra}");
        }
    }
}
