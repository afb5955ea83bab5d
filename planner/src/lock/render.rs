//! The text of a lock file: the same for the same content, and in canonical layout.

use std::fmt::Write as _;

use crate::format::format;
use crate::lock::plugin_lock::PluginLock;
use crate::value::quote;

const HEADER: &str = "\
# \"packer init\" wrote this file, and writes it again; other changes may get lost. It says which versions of plugins the
# template was prepared with and what their files must be, so that others get the same: keep it with the template.
# \"packer init -upgrade\" renews it.
";

impl PluginLock {
    /// The text of the file.
    pub fn render(&self) -> String {
        let mut text = HEADER.to_owned();
        for plugin in self.plugins() {
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "\nplugin {} {{\n  version = {}\n",
                quoted(&plugin.source),
                quoted(&plugin.version.to_string())
            );
            if !plugin.constraints.is_empty() {
                let _ = writeln!(text, "  constraints = {}", quoted(&plugin.constraints));
            }
            text.push_str("  hashes = {\n");
            for (platform, hashes) in &plugin.hashes {
                let _ = writeln!(text, "    {} = [", quoted(platform));
                for hash in hashes {
                    let _ = writeln!(text, "      {},", quoted(hash));
                }
                text.push_str("    ]\n");
            }
            text.push_str("  }\n}\n");
        }
        format(&text)
    }
}

/// A string of HCL.
fn quoted(text: &str) -> String {
    quote(text).replace("${", "$${").replace("%{", "%%{")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Files;
    use crate::lock::decode::decode;
    use crate::lock::plugin_lock::tests::locked;

    #[test]
    fn what_is_written_is_read_back() {
        let mut lock = PluginLock::new("lock");
        assert_eq!(lock.render(), HEADER);
        lock.add(locked(
            "github.com/x/b",
            "1.2.3",
            &[("plan9_mips", "new:?"), ("linux_amd64", "zip:2"), ("linux_amd64", "bin:1")],
        ));
        lock.add(locked("example.com/größe/größe", "1.0.0-dev", &[]));
        lock.add(locked("h/${n}/a", "1.0.0", &[("\"%{", "\\")]));
        let text = lock.render();
        let expected = "plugin \"github.com/x/b\" {\n  version     = \"1.2.3\"\n  constraints = \"~> 1.0\"\n  hashes = {\n    \
                        \"linux_amd64\" = [\n      \"bin:1\",\n      \"zip:2\",\n    ]\n    \"plan9_mips\" = [\n      \
                        \"new:?\",\n    ]\n  }\n}\n";
        assert!(text.contains(expected), "{text}");
        let mut files = Files::new();
        let file = files.add("lock", text.as_str());
        assert_eq!(decode("lock", file, &mut files).unwrap(), lock, "{text}");
        assert_eq!(format(&text), text);
    }
}
