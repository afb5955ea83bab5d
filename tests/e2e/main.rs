//! The built binary in a folder of its own: template in; output, exit code and files out. One module per command or
//! topic; the tidy test makes sure that no file here is forgotten.

#[path = "../machines/agent.rs"]
mod agent;
mod blocks;
mod build;
mod cleanup;
mod console;
mod container_host;
mod data;
mod docker;
mod dynamic;
mod examples;
mod external;
mod fake_plugin;
mod faults;
mod findings;
mod fmt;
#[path = "../interop/go_build.rs"]
mod go_build;
mod init;
mod inspect;
mod json;
mod killed;
mod leaks;
mod legacy;
mod limits;
mod lock;
mod loose;
mod machine;
mod masking;
mod patience;
mod plan;
mod plugin_faults;
mod plugins;
mod pools;
#[path = "../machines/proxies.rs"]
mod proxies;
#[path = "../machines/relay.rs"]
mod relay;
mod release;
mod replay;
mod resume;
mod sandbox;
mod sbom;
mod secrets;
mod sources;
mod ssh;
mod ssh_faults;
mod ssh_options;
#[path = "../machines/sshd.rs"]
mod sshd;
mod telemetry;
mod terminal;
mod tester;
mod trust;
mod usage;
mod validate;
mod variables;
mod version;
mod web_server;
mod winrm;
mod winrm_machine;
