//! A plugin's binary and the components in it.

use std::path::PathBuf;
use std::sync::Arc;

use planner::catalog::ComponentKind;

use crate::discovery::describe::{DEFAULT_NAME, Description};
use crate::discovery::installation::Installation;

/// A plugin that components are started from.
#[derive(Clone, Debug)]
pub struct Binary {
    /// The file.
    pub path: PathBuf,
    /// The plugin's name: `amazon`.
    pub plugin: String,
    /// The plugin's version, without a `v`.
    pub version: String,
    /// The SHA-256 of the file, in hex. Whatever is remembered of the plugin is remembered by it.
    pub checksum: String,
    /// What it speaks.
    pub encoding: Encoding,
    /// It is one component, and starts without being told which.
    pub is_single: bool,
}

/// How a plugin writes the shapes of configurations and the values of data sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Go's own; all that old plugins know.
    Gob,
    /// Protobuf and MessagePack.
    Protobuf,
}

impl Binary {
    /// The binary of an installed plugin. With `force_gob` it is spoken to as an old one.
    pub fn of(installation: &Installation, force_gob: bool) -> Self {
        let is_single = installation.single.is_some();
        let speaks_protobuf = installation.description.protocol_version.as_deref() == Some("v2");
        Self {
            path: installation.path.clone(),
            plugin: installation.plugin.clone(),
            // One that does not describe itself has none that is known.
            version: if is_single { String::new() } else { installation.version.to_string() },
            checksum: installation.digest.clone(),
            is_single,
            encoding: if speaks_protobuf && !force_gob { Encoding::Protobuf } else { Encoding::Gob },
        }
    }
}

/// A component in a plugin.
#[derive(Clone, Debug)]
pub struct Component {
    /// What it is.
    pub kind: ComponentKind,
    /// What the plugin calls it.
    pub name: String,
    /// The plugin.
    pub binary: Arc<Binary>,
}

impl Component {
    /// All components of a plugin that is called `plugin` in templates, with what templates call them.
    pub fn all(plugin: &str, description: &Description, binary: &Arc<Binary>) -> Vec<(String, Self)> {
        let kinds = [
            (ComponentKind::Builder, &description.builders),
            (ComponentKind::Provisioner, &description.provisioners),
            (ComponentKind::PostProcessor, &description.post_processors),
            (ComponentKind::Datasource, &description.datasources),
        ];
        let named = |kind, name: &String| {
            let key = if name == DEFAULT_NAME { plugin.to_owned() } else { format!("{plugin}-{name}") };
            (key, Self { kind, name: name.clone(), binary: binary.clone() })
        };
        kinds.into_iter().flat_map(|(kind, names)| names.iter().map(move |name| named(kind, name))).collect()
    }

    /// What it is, in the words of the protocol.
    pub fn endpoint(&self) -> &'static str {
        match self.kind {
            ComponentKind::Builder => "Builder",
            ComponentKind::Provisioner => "Provisioner",
            ComponentKind::PostProcessor => "PostProcessor",
            ComponentKind::Datasource => "Datasource",
        }
    }

    /// The arguments that a plugin's binary starts it with.
    pub fn arguments(&self) -> Vec<String> {
        if self.binary.is_single {
            return Vec::new();
        }
        let kind = match self.kind {
            ComponentKind::Builder => "builder",
            ComponentKind::Provisioner => "provisioner",
            ComponentKind::PostProcessor => "post-processor",
            ComponentKind::Datasource => "datasource",
        };
        let protobuf = (self.binary.encoding == Encoding::Protobuf).then_some("--protobuf");
        ["start", kind].into_iter().chain(protobuf).chain([&*self.name]).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_named_after_their_plugin() {
        let description = Description {
            builders: vec!["ebs".to_owned(), DEFAULT_NAME.to_owned()],
            datasources: vec!["ami".to_owned()],
            ..Description::default()
        };
        for (encoding, start) in
            [(Encoding::Protobuf, "start datasource --protobuf ami"), (Encoding::Gob, "start datasource ami")]
        {
            let binary = Arc::new(Binary {
                path: "/p".into(),
                plugin: "amazon".to_owned(),
                version: "1.0.0".to_owned(),
                checksum: String::new(),
                encoding,
                is_single: false,
            });
            let all = Component::all("cloud", &description, &binary);
            assert_eq!(all.iter().map(|(key, _)| &**key).collect::<Vec<_>>(), ["cloud-ebs", "cloud", "cloud-ami"]);
            assert_eq!(all[1].1.name, DEFAULT_NAME);
            assert_eq!(all[2].1.arguments().join(" "), start);
            let single =
                Component { binary: Arc::new(Binary { is_single: true, ..(*binary).clone() }), ..all[0].1.clone() };
            assert!(single.arguments().is_empty());
        }
    }
}
