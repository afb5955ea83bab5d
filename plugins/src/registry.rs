//! Which components there are: from a name to a new component, and to the shape of its configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use planner::catalog::{Catalog, ComponentKind, Schema};
use planner::interpolate::Facts;
use planner::legacy::Raw;
use planner::value::{Type, Value};

use crate::builtin::artifice::{self, Artifice};
use crate::builtin::breakpoint::{self, Breakpoint};
use crate::builtin::checksum::{self, Checksum};
use crate::builtin::compress::{self, Compress};
use crate::builtin::file::{self, FileProvisioner};
use crate::builtin::file_builder::{self, FileBuilder};
use crate::builtin::hcp_packer_artifact::{self, HcpPackerArtifact};
use crate::builtin::hcp_packer_image::{self, HcpPackerImage};
use crate::builtin::hcp_packer_iteration::{self, HcpPackerIteration};
use crate::builtin::hcp_packer_version::{self, HcpPackerVersion};
use crate::builtin::hcp_sbom::{self, HcpSbom};
use crate::builtin::http_datasource::{self, HttpDatasource};
use crate::builtin::manifest::{self, Carried, Manifest};
use crate::builtin::null_builder::{self, NullBuilder};
use crate::builtin::null_datasource::{self, NullDatasource};
use crate::builtin::powershell::{self, PowerShell};
use crate::builtin::provenance::{self, Provenance};
use crate::builtin::shell::{self, Shell};
use crate::builtin::shell_local::{self, ShellLocalPostProcessor, ShellLocalProvisioner};
use crate::builtin::sleep::{self, Sleep};
use crate::builtin::windows_restart::{self, WindowsRestart};
use crate::builtin::windows_shell::{self, WindowsShell};
use crate::component::{Builder, ComponentError, Datasource, PostProcessor, Provisioner};
use crate::config::{Configured, Field, PACKER_FIELDS, decode, schema};
use crate::external::External;
use crate::offload::Workbench;
use crate::turns::Turns;
use crate::untyped;

/// What the components of one registry share.
#[derive(Default)]
struct Shared {
    turns: Arc<Turns>,
    carried: Arc<Carried>,
    workbench: Workbench,
}

/// Makes one component.
#[derive(Clone, Copy)]
enum Factory {
    Builder(fn() -> Box<dyn Builder>),
    Provisioner(fn() -> Box<dyn Provisioner>),
    PostProcessor(fn(&Shared) -> Box<dyn PostProcessor>),
    Datasource(fn() -> Box<dyn Datasource>, fn() -> Type),
}

impl Factory {
    fn kind(self) -> ComponentKind {
        match self {
            Self::Builder(_) => ComponentKind::Builder,
            Self::Provisioner(_) => ComponentKind::Provisioner,
            Self::PostProcessor(_) => ComponentKind::PostProcessor,
            Self::Datasource(..) => ComponentKind::Datasource,
        }
    }
}

/// The built-in components: name, own fields, whether `packer_*` attributes are taken as well, factory.
const BUILT_IN: &[(&str, &[Field], bool, Factory)] = &[
    ("file", file_builder::FIELDS, true, Factory::Builder(|| Box::new(FileBuilder::default()))),
    ("null", null_builder::FIELDS, true, Factory::Builder(|| Box::new(NullBuilder::default()))),
    ("breakpoint", breakpoint::FIELDS, true, Factory::Provisioner(|| Box::new(Breakpoint::default()))),
    ("file", file::FIELDS, true, Factory::Provisioner(|| Box::new(FileProvisioner::default()))),
    ("hcp-sbom", hcp_sbom::FIELDS, true, Factory::Provisioner(|| Box::new(HcpSbom::default()))),
    ("powershell", powershell::FIELDS, true, Factory::Provisioner(|| Box::new(PowerShell::default()))),
    ("shell", shell::FIELDS, true, Factory::Provisioner(|| Box::new(Shell::default()))),
    ("shell-local", shell_local::FIELDS, true, Factory::Provisioner(|| Box::new(ShellLocalProvisioner::default()))),
    ("sleep", sleep::FIELDS, false, Factory::Provisioner(|| Box::new(Sleep::default()))),
    ("windows-restart", windows_restart::FIELDS, true, Factory::Provisioner(|| Box::new(WindowsRestart::default()))),
    ("windows-shell", windows_shell::FIELDS, true, Factory::Provisioner(|| Box::new(WindowsShell::default()))),
    ("artifice", artifice::FIELDS, true, Factory::PostProcessor(|_| Box::new(Artifice::default()))),
    (
        "checksum",
        checksum::FIELDS,
        true,
        Factory::PostProcessor(|shared| Box::new(Checksum::new(shared.turns.clone(), shared.workbench.clone()))),
    ),
    (
        "compress",
        compress::FIELDS,
        true,
        Factory::PostProcessor(|shared| Box::new(Compress::new(shared.workbench.clone()))),
    ),
    (
        "manifest",
        manifest::FIELDS,
        true,
        Factory::PostProcessor(|shared| Box::new(Manifest::new(shared.turns.clone(), shared.carried.clone()))),
    ),
    (
        "provenance",
        provenance::FIELDS,
        true,
        Factory::PostProcessor(|shared| Box::new(Provenance::new(shared.workbench.clone()))),
    ),
    (
        "shell-local",
        shell_local::FIELDS,
        true,
        Factory::PostProcessor(|_| Box::new(ShellLocalPostProcessor::default())),
    ),
    (
        "hcp-packer-artifact",
        hcp_packer_artifact::FIELDS,
        true,
        Factory::Datasource(|| Box::new(HcpPackerArtifact::default()), hcp_packer_artifact::output_type),
    ),
    (
        "hcp-packer-image",
        hcp_packer_image::FIELDS,
        true,
        Factory::Datasource(|| Box::new(HcpPackerImage::default()), hcp_packer_image::output_type),
    ),
    (
        "hcp-packer-iteration",
        hcp_packer_iteration::FIELDS,
        true,
        Factory::Datasource(|| Box::new(HcpPackerIteration::default()), hcp_packer_iteration::output_type),
    ),
    (
        "hcp-packer-version",
        hcp_packer_version::FIELDS,
        true,
        Factory::Datasource(|| Box::new(HcpPackerVersion::default()), hcp_packer_version::output_type),
    ),
    (
        "http",
        http_datasource::FIELDS,
        true,
        Factory::Datasource(|| Box::new(HttpDatasource::default()), http_datasource::output_type),
    ),
    (
        "null",
        null_datasource::FIELDS,
        true,
        Factory::Datasource(|| Box::new(NullDatasource::default()), null_datasource::output_type),
    ),
];

/// A component that is built in.
struct Row {
    factory: Factory,
    schema: Arc<Schema>,
    fields: &'static [Field],
}

/// All components that can be named. Cheap to make; one per run, since the components it makes share what keeps them out
/// of each other's way.
pub struct Registry {
    rows: BTreeMap<ComponentKind, BTreeMap<&'static str, Row>>,
    shared: Shared,
    external: External,
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl Registry {
    /// The registry of the built-in components.
    pub fn new() -> Self {
        Self::with(External::default())
    }

    /// The registry of the built-in components and those of plugins. Built-in ones are never replaced.
    pub fn with(external: External) -> Self {
        let mut rows: BTreeMap<ComponentKind, BTreeMap<_, _>> = BTreeMap::new();
        for (name, fields, packer_fields, factory) in BUILT_IN {
            let output = if let Factory::Datasource(_, output) = factory { Some(output()) } else { None };
            let packer_fields = if *packer_fields { PACKER_FIELDS } else { &[] };
            let schema = Arc::new(schema(fields.iter().chain(packer_fields), output));
            rows.entry(factory.kind()).or_default().insert(*name, Row { factory: *factory, schema, fields });
        }
        Self { rows, shared: Shared::default(), external }
    }

    /// A new builder called `name`.
    pub fn builder(&self, name: &str) -> Option<Box<dyn Builder>> {
        match self.factory(ComponentKind::Builder, name) {
            Some(Factory::Builder(make)) => Some(make()),
            _ => self.external.builder(name),
        }
    }

    /// A new provisioner called `name`.
    pub fn provisioner(&self, name: &str) -> Option<Box<dyn Provisioner>> {
        match self.factory(ComponentKind::Provisioner, name) {
            Some(Factory::Provisioner(make)) => Some(make()),
            _ => self.external.provisioner(name),
        }
    }

    /// A new post-processor called `name`.
    pub fn post_processor(&self, name: &str) -> Option<Box<dyn PostProcessor>> {
        match self.factory(ComponentKind::PostProcessor, name) {
            Some(Factory::PostProcessor(make)) => Some(make(&self.shared)),
            _ => self.external.post_processor(name),
        }
    }

    /// A new data source called `name`.
    pub fn datasource(&self, name: &str) -> Option<Box<dyn Datasource>> {
        match self.factory(ComponentKind::Datasource, name) {
            Some(Factory::Datasource(make, _)) => Some(make()),
            _ => self.external.datasource(name),
        }
    }

    /// Whether a component runs in a process of its own.
    pub fn is_external(&self, kind: ComponentKind, name: &str) -> bool {
        self.factory(kind, name).is_none() && self.external.has(kind, name)
    }

    /// The name of the plugin that a component is in; none if it is built in.
    pub fn plugin(&self, kind: ComponentKind, name: &str) -> Option<String> {
        self.is_external(kind, name).then(|| self.external.binary(kind, name).map(|binary| binary.plugin.clone()))?
    }

    /// The checksum of the plugin that a component is in; none if it is built in.
    pub fn checksum(&self, kind: ComponentKind, name: &str) -> Option<String> {
        self.is_external(kind, name).then(|| self.external.binary(kind, name).map(|binary| binary.checksum.clone()))?
    }

    fn factory(&self, kind: ComponentKind, name: &str) -> Option<Factory> {
        self.rows.get(&kind)?.get(name).map(|row| row.factory)
    }

    /// The configuration of component `name` as legacy templates give it: as an object of its fields if it is built in, as
    /// a tuple of what was written if it decodes that itself. `None` when there is no such component.
    pub fn decode(
        &self,
        kind: ComponentKind,
        name: &str,
        configs: &[Raw],
        facts: Facts,
    ) -> Option<Result<Value, ComponentError>> {
        match self.rows.get(&kind).and_then(|rows| rows.get_key_value(name)) {
            Some((name, row)) => Some(decode(Configured { kind, name, fields: row.fields }, configs, facts)),
            None if self.external.has(kind, name) => Some(Ok(Value::tuple(configs.iter().map(untyped::of_raw)))),
            None => None,
        }
    }
}

impl Catalog for Registry {
    fn schema(&self, kind: ComponentKind, name: &str) -> Option<Arc<Schema>> {
        match self.rows.get(&kind).and_then(|rows| rows.get(name)) {
            Some(row) => Some(row.schema.clone()),
            None => self.external.schema(kind, name)?.ok(),
        }
    }

    fn fault(&self, kind: ComponentKind, name: &str) -> Option<String> {
        self.external.schema(kind, name)?.err()
    }

    fn names(&self, kind: ComponentKind) -> Vec<String> {
        let built_in = self.rows.get(&kind).into_iter().flat_map(BTreeMap::keys).map(|name| (*name).to_owned());
        let mut names: Vec<String> = built_in.chain(self.external.names(kind)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::fixtures::context;

    const KINDS: [ComponentKind; 4] =
        [ComponentKind::Builder, ComponentKind::Provisioner, ComponentKind::PostProcessor, ComponentKind::Datasource];

    #[test]
    fn every_component_by_name() {
        let registry = Registry::new();
        let names: Vec<Vec<String>> = KINDS.iter().map(|kind| registry.names(*kind)).collect();
        let expected: [&[&str]; 4] = [
            &["file", "null"],
            &[
                "breakpoint",
                "file",
                "hcp-sbom",
                "powershell",
                "shell",
                "shell-local",
                "sleep",
                "windows-restart",
                "windows-shell",
            ],
            &["artifice", "checksum", "compress", "manifest", "provenance", "shell-local"],
            &["hcp-packer-artifact", "hcp-packer-image", "hcp-packer-iteration", "hcp-packer-version", "http", "null"],
        ];
        assert_eq!(names, expected);
        for name in expected[0] {
            assert!(registry.builder(name).is_some());
        }
        for name in expected[1] {
            assert!(registry.provisioner(name).is_some());
        }
        for name in expected[2] {
            assert!(registry.post_processor(name).is_some());
        }
        assert!(registry.datasource("null").is_some());
        assert!(registry.builder("sleep").is_none() && registry.datasource("file").is_none());
        assert!(registry.schema(ComponentKind::Provisioner, "compress").is_none());
    }

    /// The fields that Packer documents for each component, in schema order, without the `packer_*` ones.
    #[test]
    fn every_field_is_in_its_schema() {
        let communicator = "communicator http_bind_address http_content http_directory http_network_protocol http_port_max \
            http_port_min pause_before_connecting ssh_agent_auth ssh_bastion_agent_auth \
            ssh_bastion_certificate_file ssh_bastion_host ssh_bastion_interactive ssh_bastion_password ssh_bastion_port \
            ssh_bastion_private_key_file ssh_bastion_username ssh_certificate_file ssh_ciphers \
            ssh_clear_authorized_keys ssh_disable_agent_forwarding ssh_file_transfer_method ssh_handshake_attempts \
            ssh_host ssh_keep_alive_interval ssh_key_exchange_algorithms ssh_keypair_name ssh_local_tunnels \
            ssh_password ssh_port ssh_private_key ssh_private_key_file ssh_proxy_host ssh_proxy_password \
            ssh_proxy_port ssh_proxy_username ssh_pty ssh_public_key ssh_read_write_timeout ssh_remote_tunnels \
            ssh_timeout ssh_username ssh_wait_timeout temporary_key_pair_bits temporary_key_pair_name \
            temporary_key_pair_type winrm_host winrm_insecure winrm_no_proxy winrm_password winrm_port winrm_timeout \
            winrm_use_ntlm winrm_use_ssl winrm_username";
        let shell_local = "command env env_var_format environment_vars execute_command inline inline_shebang only_on \
            script scripts tempfile_extension use_linux_pathing valid_exit_codes";
        let hcp_sbom = "auto_generate destination elevated_password elevated_user execute_command sbom_name scan_path \
            scanner_args scanner_checksum scanner_url source";
        let provenance = "build_type fulcio_url key keyless_identity keyless_oidc_issuer only_builds output_dir provenance \
            rekor_url sbom sbom_exclude sbom_format sbom_scan_path sbom_scope signer signing_mode source_uri template \
            trusted_root_path upload_tlog user_variables verifier";
        let rows = [
            (ComponentKind::Builder, "file", "content source target"),
            (ComponentKind::Builder, "null", communicator),
            (ComponentKind::Provisioner, "breakpoint", "disable note"),
            (ComponentKind::Provisioner, "file", "content destination direction generated source sources"),
            (ComponentKind::Provisioner, "hcp-sbom", hcp_sbom),
            (
                ComponentKind::Provisioner,
                "powershell",
                "binary debug_mode elevated_env_var_format elevated_execute_command elevated_password elevated_user env \
                 env_var_format environment_vars execute_command execution_policy inline pause_after \
                 remote_env_var_path remote_path script scripts skip_clean start_retry_timeout use_pwsh \
                 valid_exit_codes",
            ),
            (
                ComponentKind::Provisioner,
                "shell",
                "binary env env_var_format environment_vars execute_command expect_disconnect inline inline_shebang \
                 pause_after remote_file remote_folder remote_path script scripts skip_clean start_retry_timeout \
                 use_env_var_file valid_exit_codes",
            ),
            (ComponentKind::Provisioner, "shell-local", shell_local),
            (ComponentKind::Provisioner, "sleep", "duration"),
            (
                ComponentKind::Provisioner,
                "windows-restart",
                "check_registry registry_keys restart_check_command restart_command restart_timeout",
            ),
            (
                ComponentKind::Provisioner,
                "windows-shell",
                "binary env env_var_format environment_vars execute_command inline remote_path script scripts \
                 start_retry_timeout valid_exit_codes",
            ),
            (ComponentKind::PostProcessor, "artifice", "files keep_input_artifact"),
            (ComponentKind::PostProcessor, "checksum", "checksum_types output"),
            (ComponentKind::PostProcessor, "compress", "compression_level format output"),
            (ComponentKind::PostProcessor, "manifest", "custom_data output strip_path strip_time"),
            (ComponentKind::PostProcessor, "provenance", provenance),
            (ComponentKind::PostProcessor, "shell-local", shell_local),
            (
                ComponentKind::Datasource,
                "hcp-packer-artifact",
                "bucket_name channel_name component_type platform region version_fingerprint",
            ),
            (
                ComponentKind::Datasource,
                "hcp-packer-image",
                "bucket_name channel cloud_provider component_type iteration_id region",
            ),
            (ComponentKind::Datasource, "hcp-packer-iteration", "bucket_name channel"),
            (ComponentKind::Datasource, "hcp-packer-version", "bucket_name channel_name"),
            (ComponentKind::Datasource, "http", "method request_body request_headers url"),
            (ComponentKind::Datasource, "null", "input"),
        ];
        let registry = Registry::new();
        assert_eq!(rows.len(), KINDS.iter().map(|kind| registry.names(*kind).len()).sum::<usize>());
        for (kind, name, fields) in rows {
            let schema = registry.schema(kind, name).unwrap();
            let own: Vec<&str> = schema.attributes.iter().map(|attribute| &*attribute.name).collect();
            let packer: Vec<&str> =
                if name == "sleep" { vec![] } else { PACKER_FIELDS.iter().map(|(name, _)| *name).collect() };
            let mut expected: Vec<&str> = fields.split_whitespace().chain(packer).collect();
            expected.sort_unstable();
            assert_eq!(own, expected, "{name}");
            assert!(schema.attributes.iter().all(|attribute| !attribute.required));
            assert_eq!(schema.output.is_some(), kind == ComponentKind::Datasource);
        }
    }

    /// What the planner hands over for an empty body: an object with a null of its type for every attribute.
    fn empty(registry: &Registry, kind: ComponentKind, name: &str, null: fn(Type) -> Value) -> Value {
        let schema = registry.schema(kind, name).unwrap();
        Value::object(schema.attributes.iter().map(|attribute| (attribute.name.clone(), null(attribute.ty.clone()))))
    }

    #[tokio::test]
    async fn nothing_set_and_nothing_known_are_no_reason_to_panic() {
        let registry = Registry::new();
        for null in [Value::Null, Value::Unknown] {
            for (kind, name) in
                KINDS.iter().flat_map(|kind| registry.names(*kind).into_iter().map(|name| (*kind, name)))
            {
                let config = empty(&registry, kind, &name, null);
                let context = context();
                let failure = match kind {
                    ComponentKind::Builder => registry.builder(&name).unwrap().prepare(&config, &context).await.err(),
                    ComponentKind::Provisioner => {
                        registry.provisioner(&name).unwrap().prepare(&config, &context).await.err()
                    }
                    ComponentKind::PostProcessor => {
                        registry.post_processor(&name).unwrap().prepare(&config, &context).await.err()
                    }
                    ComponentKind::Datasource => {
                        registry.datasource(&name).unwrap().prepare(&config, &context).await.err()
                    }
                };
                if null(Type::String).is_known() {
                    assert_ne!(failure, Some(ComponentError::Cancelled));
                } else {
                    assert!(matches!(&failure, None | Some(ComponentError::Invalid(_))), "{name}: {failure:?}");
                }
            }
        }
    }
}
