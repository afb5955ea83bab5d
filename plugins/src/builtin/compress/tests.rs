//! Each format, read back by an independent decoder.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::{Cancel, CancelPhase};
use planner::value::Value;

use super::Compress;
use crate::builtin::fixtures::{FixedArtifact, RecordingUi, context, context_in};
use crate::component::{ComponentError, PostProcessed, PostProcessor};
use crate::offload::Workbench;

type Config<'a> = &'a [(&'static str, Value)];

async fn compress(
    folder: &Path,
    config: Config<'_>,
    files: &[&str],
    cancel: &Cancel,
) -> (Result<PostProcessed, ComponentError>, Vec<String>) {
    let ui = Arc::new(RecordingUi::default());
    let mut compress = Compress::new(Workbench::default());
    if let Err(error) = compress.prepare(&Value::object(config.iter().cloned()), &context_in(folder)).await {
        return (Err(error), Vec::new());
    }
    let files = files.iter().map(PathBuf::from).collect();
    let input = Arc::new(FixedArtifact { files, ..FixedArtifact::default() });
    let result = compress.post_process(ui.clone(), input, cancel).await;
    (result, ui.said())
}

fn output(name: &str) -> (&'static str, Value) {
    ("output", Value::string(name))
}

/// Text that compresses, noise that does not, sizes around the block sizes.
fn contents() -> Vec<Vec<u8>> {
    let text = "the same line again\n".repeat(120_000).into_bytes();
    let mut state = 1_u32;
    let noise: Vec<u8> = (0..4_300_000)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[1]
        })
        .collect();
    let sizes = [0, 1, 0xff00, 0xff01, 1 << 20, 4 << 20, noise.len()];
    sizes.iter().map(|size| noise[..*size].to_vec()).chain([text]).collect()
}

fn decode(algorithm: &str, bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let n = match algorithm {
        "gz" | "bgzf" => flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut decoded),
        "lz4" => lz4_flex::frame::FrameDecoder::new(bytes).read_to_end(&mut decoded),
        "xz" => lzma_rust2::XzReader::new(bytes, false).read_to_end(&mut decoded),
        "bzip2" => bzip2::read::BzDecoder::new(bytes).read_to_end(&mut decoded),
        _ => std::io::copy(&mut &bytes[..], &mut decoded).map(|n| usize::try_from(n).unwrap()),
    };
    n.unwrap();
    decoded
}

#[tokio::test]
async fn single_files_read_back() {
    let folder = tempfile::tempdir().unwrap();
    for content in contents() {
        std::fs::write(folder.path().join("in"), &content).unwrap();
        // The slow ones have no blocks of ours.
        let n_algorithms = if content.len() > 1 << 20 { 3 } else { 5 };
        for algorithm in &["gz", "bgzf", "lz4", "xz", "bzip2"][..n_algorithms] {
            let name = format!("out/{algorithm}.{algorithm}");
            let (done, said) = compress(folder.path(), &[output(&name)], &["in"], &Cancel::new()).await;
            let bytes = std::fs::read(folder.path().join(&name)).unwrap();
            assert!(decode(algorithm, &bytes) == content, "{algorithm}, {} bytes", content.len());
            assert!(bytes.len() < content.len() + content.len() / 100 + 200, "{algorithm}: {}", bytes.len());
            assert_eq!(said.last().unwrap(), &format!("say: Archive {name} completed"));
            done.unwrap();
        }
    }
}

#[tokio::test]
async fn bgzf_blocks_tell_their_size() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in"), &contents()[6]).unwrap();
    compress(folder.path(), &[output("a.bgzf")], &["in"], &Cancel::new()).await.0.unwrap();
    let bytes = std::fs::read(folder.path().join("a.bgzf")).unwrap();
    let (mut at, mut n_blocks) = (0, 0);
    while at < bytes.len() {
        assert_eq!(bytes[at..at + 4], [0x1f, 0x8b, 8, 4]);
        at += usize::from(u16::from_le_bytes([bytes[at + 16], bytes[at + 17]])) + 1;
        n_blocks += 1;
    }
    assert_eq!((at, n_blocks), (bytes.len(), 4_300_000_usize.div_ceil(0xff00) + 1));
    let end_of_file =
        [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 6, 0, b'B', b'C', 2, 0, 27, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(bytes[bytes.len() - 28..], end_of_file);
}

#[tokio::test]
async fn levels() {
    let folder = tempfile::tempdir().unwrap();
    let content: Vec<u8> = (0..60_000_u32).flat_map(|n| (n.wrapping_mul(n) % 997).to_string().into_bytes()).collect();
    std::fs::write(folder.path().join("in"), &content).unwrap();
    for algorithm in ["gz", "bgzf", "xz", "bzip2", "zip"] {
        let mut sizes = Vec::new();
        for level in [1, 9, 99, 0, -1] {
            let name = format!("out.{algorithm}");
            let config = [output(&name), ("compression_level", Value::int(level))];
            compress(folder.path(), &config, &["in"], &Cancel::new()).await.0.unwrap();
            sizes.push(std::fs::metadata(folder.path().join(name)).unwrap().len());
        }
        // Levels above 9 are 9; zero and minus one are the default.
        assert!(sizes[1] <= sizes[0] && sizes[1] == sizes[2] && sizes[3] == sizes[4], "{algorithm}: {sizes:?}");
    }
    let config = [output("a.gz"), ("compression_level", Value::int(-2))];
    let error = compress(folder.path(), &config, &["in"], &Cancel::new()).await.0.unwrap_err();
    let text = "Invalid compression level. Expected an integer from -1 to 9.";
    assert_eq!(error, ComponentError::Invalid(vec![text.to_owned()]));
    let mut lz4 = Compress::new(Workbench::default());
    let config = Value::object([output("a.lz4"), ("compression_level", Value::int(9))]);
    assert_eq!(lz4.prepare(&config, &context()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn tar_archives_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let long = format!("{}.txt", "long".repeat(40));
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    std::fs::write(folder.path().join("sub/a"), "first").unwrap();
    std::fs::write(folder.path().join(&long), vec![7_u8; 3_000_000]).unwrap();
    let rows = [
        ("t.tar", "", ""),
        ("t.tar.gz", "", "gz"),
        ("t.tar.bgzf", "", "bgzf"),
        ("t.tar.lz4", "", "lz4"),
        ("t.tar.xz", "", "xz"),
        ("t", "tar.bzip2", "bzip2"),
        ("t", "", "gz"),
    ];
    for (name, format, algorithm) in rows {
        let config = [output(name), ("format", Value::string(format))];
        let (done, _) = compress(folder.path(), &config, &["sub/a", &long], &Cancel::new()).await;
        let bytes = decode(algorithm, &std::fs::read(folder.path().join(name)).unwrap());
        let mut archive = tar::Archive::new(&bytes[..]);
        let entries: Vec<(String, u64)> = archive
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.path().unwrap().display().to_string(), entry.size()))
            .collect();
        assert_eq!(entries, [("a".to_owned(), 5), (long.clone(), 3_000_000)]);
        let artifact = done.unwrap().artifact.unwrap();
        assert_eq!(artifact.description(), format!("compressed artifacts in: {name}"));
    }
}

#[tokio::test]
async fn zip_archives_read_back() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    std::fs::write(folder.path().join("sub/a"), "first").unwrap();
    let absolute = folder.path().join("b");
    std::fs::write(&absolute, vec![7_u8; 3_000_000]).unwrap();
    let absolute = absolute.display().to_string();
    let (done, said) = compress(folder.path(), &[output("z.zip")], &["sub/a", &absolute], &Cancel::new()).await;
    assert_eq!(said, ["say: Zipping z.zip", "say: Archive z.zip completed"]);
    let file = std::fs::File::open(folder.path().join("z.zip")).unwrap();
    assert!(file.metadata().unwrap().len() < 20_000);
    let mut archive = zip::ZipArchive::new(file).unwrap();
    let mut text = String::new();
    archive.by_name("sub/a").unwrap().read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), archive.len()), ("first", 2));
    assert_eq!(archive.by_index(1).unwrap().name().unwrap(), absolute);
    let done = done.unwrap();
    assert!(!done.keep && !done.force);
    let artifact = done.artifact.unwrap();
    assert_eq!((artifact.builder_id(), artifact.id().as_str()), ("packer.post-processor.compress", ""));
    artifact.destroy().await.unwrap();
    assert!(!folder.path().join("z.zip").exists());
}

/// The programs that people will use to read what we write.
#[cfg(unix)]
#[tokio::test]
async fn system_tools_read_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in"), contents().last().unwrap()).unwrap();
    let tools = [
        ("gz", "gzip -t"),
        ("bgzf", "gzip -t -S .bgzf"),
        ("lz4", "lz4 -tq"),
        ("xz", "xz -t"),
        ("bzip2", "bzip2 -t"),
        ("zip", "unzip -tqq"),
        ("tar", "tar tf"),
    ];
    for (extension, tool) in tools {
        let name = format!("out.{extension}");
        compress(folder.path(), &[output(&name)], &["in"], &Cancel::new()).await.0.unwrap();
        let program = tool.split(' ').next().unwrap();
        let invocation = crate::process::Invocation {
            program: "sh".to_owned(),
            args: vec![
                "-c".to_owned(),
                format!("command -v {program} > /dev/null || {{ echo no {program}; exit 0; }}; {tool} {name}"),
            ],
            working_dir: Arc::new(folder.path().to_path_buf()),
            environment: context().environment,
            fence: context().fence,
            secrets: context().secrets,
        };
        let mut lines = Vec::new();
        let status = crate::process::run(&invocation, &mut |_, line| lines.push(line.to_owned()), &Cancel::new()).await;
        assert_eq!(status.unwrap(), 0, "{tool}: {lines:?}");
    }
}

#[tokio::test]
async fn says_what_it_does() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in"), "text").unwrap();
    let n_cores = rayon::current_num_threads();
    let parallel =
        |name: &str, target: &str| format!("say: Using {name} compression with {n_cores} cores for {target}");
    let alone = |name: &str, target: &str| {
        format!("say: Using {name} compression with 1 core for {target} (library does not support MT)")
    };
    let rows = [
        (
            "",
            vec![parallel("pgzip", "packer_web_null"), "say: Tarring packer_web_null with pgzip".into()],
            "packer_web_null",
        ),
        ("o.gz", vec![parallel("pgzip", "o.gz"), "say: Archiving in with pgzip".into()], "o.gz"),
        ("o.tar.bgzf", vec![parallel("bgzf", "o.tar.bgzf"), "say: Tarring o.tar.bgzf with bgzf".into()], "o.tar.bgzf"),
        ("o.lz4", vec![parallel("lz4", "o.lz4"), "say: Archiving in with lz4".into()], "o.lz4"),
        ("o.xz", vec![alone("xz", "o.xz"), "say: Archiving in with xz".into()], "o.xz"),
        ("o.bzip2", vec![alone("bzip2", "o.bzip2"), "say: Archiving in with bzip2".into()], "o.bzip2"),
        ("o.tar", vec!["say: Tarring o.tar with no compression".into()], "o.tar"),
    ];
    for (name, mut expected, target) in rows {
        let (done, said) = compress(folder.path(), &[output(name)], &["in"], &Cancel::new()).await;
        expected.push(format!("say: Archive {target} completed"));
        assert_eq!(said, expected);
        assert_eq!(done.unwrap().artifact.unwrap().files(), [PathBuf::from(target)]);
    }
}

#[tokio::test]
async fn faults_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in.gz"), "text").unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    let rows: [(&str, &[&str], &str); 7] = [
        ("o.gz", &["in.gz", "b"], "Can only have 1 input file when not using tar/zip. Found 2 files: [in.gz b]"),
        ("o.gz", &[], "Can only have 1 input file when not using tar/zip. Found 0 files: []"),
        ("o.gz", &["gone"], "Unable to read file gone: no such file or directory"),
        ("o.tar", &["in.gz", "gone"], "Error creating tar: Unable to read file gone: no such file or directory"),
        ("o.zip", &["in.gz", "sub"], "Error creating zip: Unable to read file sub: it is not a file"),
        ("in.gz", &["in.gz"], "the output in.gz is one of the files to compress"),
        ("in.gz/o.gz", &["in.gz"], "Unable to create dir for archive in.gz/o.gz: file exists"),
    ];
    for (name, files, text) in rows {
        let (result, _) = compress(folder.path(), &[output(name)], files, &Cancel::new()).await;
        let error = result.unwrap_err().to_string();
        // Systems differ in how they name a file in the place of a folder.
        assert!(error == text || (name.contains('/') && error.starts_with("Unable to create dir")), "{error}");
    }
    let cancel = Cancel::new();
    cancel.raise(CancelPhase::Stopping);
    let (result, _) = compress(folder.path(), &[output("o.tar")], &["in.gz"], &cancel).await;
    assert_eq!(result.unwrap_err(), ComponentError::Cancelled);
    let mut left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["in.gz", "sub"]);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in"), &contents()[6]).unwrap();
    let links = ["gz", "bgzf", "lz4", "xz", "bzip2", "tar", "zip"];
    for extension in links {
        let name = format!("full.{extension}");
        std::os::unix::fs::symlink("/dev/full", folder.path().join(&name)).unwrap();
        let (result, _) = compress(folder.path(), &[output(&name)], &["in"], &Cancel::new()).await;
        let expected = format!(
            "Unable to write archive {name}: no space left on device\n\
             Free some space there, or choose an output on another disk."
        );
        assert_eq!(result.unwrap_err().to_string(), expected);
    }
}

/// Stops the run in the middle: at the first read of a file that never ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stops_between_chunks() {
    for name in ["o.tar", "o.zip", "o.gz", "o.xz"] {
        let folder = tempfile::tempdir().unwrap();
        // Large, but made of holes.
        std::fs::File::create(folder.path().join("in")).unwrap().set_len(1 << 40).unwrap();
        let cancel = Cancel::new();
        let stop = async {
            // The draft appears when the work has begun.
            while !std::fs::read_dir(folder.path()).unwrap().any(|entry| entry.unwrap().file_name() != "in") {
                tokio::task::yield_now().await;
            }
            cancel.raise(CancelPhase::Stopping);
        };
        let config = [output(name)];
        let ((result, said), ()) = tokio::join!(compress(folder.path(), &config, &["in"], &cancel), stop);
        assert_eq!(result.unwrap_err(), ComponentError::Cancelled);
        assert!(!said.iter().any(|line| line.contains("completed")));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
