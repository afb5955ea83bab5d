//! The post-processor.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::value::Value;
use serde::Serialize;

use super::config::{Config, SbomConfig};
use super::git::WorkingCopy;
use super::signing::{Notary, foresee};
use super::statement::{
    BuildDefinition, BuilderIdentity, Byproduct, Dependency, ExternalParameters, InternalParameters, Metadata,
    PROVENANCE, ProvenancePredicate, RunDetails, Statement,
};
use super::subject::{Subject, of_files, of_identity, sha256};
use super::surroundings;
use super::write::{Outputs, failed};
use crate::component::{Artifact, ComponentContext, ComponentError, PostProcessed, PostProcessor, Ui};
use crate::config::Fields;
use crate::offload::Workbench;
use crate::sbom::{scan_files, scan_root};

/// The post-processor.
pub struct Provenance {
    workbench: Workbench,
    prepared: Option<Prepared>,
}

enum Prepared {
    /// It was switched off.
    Off,
    On(Box<Config>),
}

impl Provenance {
    /// One that computes at the workbench of its registry.
    pub fn new(workbench: Workbench) -> Self {
        Self { workbench, prepared: None }
    }
}

#[async_trait]
impl PostProcessor for Provenance {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        let mut fields = Fields::new(config, context);
        let mut warnings = Vec::new();
        let is_off = fields.choice("provenance") == Some(false);
        let config = Config::read(&mut fields, &mut warnings);
        match foresee(&config.signing, context) {
            Ok(absent) => warnings.extend(absent),
            Err(fault) => fields.fault(fault),
        }
        fields.finish()?;
        self.prepared = Some(if is_off { Prepared::Off } else { Prepared::On(Box::new(config)) });
        Ok(if is_off { Vec::new() } else { warnings })
    }

    async fn post_process(
        &self,
        ui: Arc<dyn Ui>,
        input: Arc<dyn Artifact>,
        cancel: &Cancel,
    ) -> Result<PostProcessed, ComponentError> {
        match &self.prepared {
            None => return Err(ComponentError::new("provenance was not prepared")),
            Some(Prepared::Off) => {}
            Some(Prepared::On(config)) => {
                let config = config.at_run(&input.generated_data())?;
                let work = self.attest(&config, ui.as_ref(), input.as_ref(), cancel);
                tokio::select! {
                    biased;
                    done = work => done?,
                    () = cancel.stopping() => return Err(ComponentError::Cancelled),
                }
            }
        }
        // Kept by force: nobody needs to know where something came from that is gone.
        Ok(PostProcessed { artifact: Some(input), keep: true, force: true })
    }
}

impl Provenance {
    async fn attest(
        &self,
        config: &Config,
        ui: &dyn Ui,
        input: &dyn Artifact,
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        let files: Vec<PathBuf> = input.files().iter().map(|file| config.context.working_dir.join(file)).collect();
        let mut byproducts = Vec::new();
        let subject = if files.is_empty() {
            let (subject, identity) = of_identity(input);
            byproducts.push(identity);
            vec![subject]
        } else {
            let (files, stop) = (files.clone(), cancel.clone());
            self.workbench.run(cancel, move || of_files(&files, &stop)).await?
        };
        // What cannot be signed need not be looked at for long.
        let notary = Notary::new(&config.signing, &config.context).await?;
        let outputs = Outputs::of(input, &config.output_dir, &config.context);
        let sbom = match &config.sbom {
            Some(wanted) => Some((wanted, self.sbom(wanted, config, &subject, files, cancel).await?)),
            None => None,
        };
        if let Some((wanted, document)) = &sbom {
            let extension = format!("sbom.{}", wanted.format.extension());
            let text = format!("{document:#}\n");
            byproducts.push(Byproduct {
                name: outputs.name(&extension),
                digest: sha256(text.as_bytes()),
                media_type: wanted.format.media_type(),
                content: None,
            });
            ui.say(&format!("Wrote SBOM to {}", outputs.write(&extension, &text)?));
            let statement = Statement::new(&subject, wanted.format.predicate_type(), document);
            leave(&notary, &statement, &outputs, "sbom.att", ui).await?;
        }
        let predicate = predicate(config, byproducts, cancel).await;
        leave(&notary, &Statement::new(&subject, PROVENANCE, predicate), &outputs, "provenance", ui).await
    }

    /// The bill of materials of the files, or of what was named.
    async fn sbom(
        &self,
        wanted: &SbomConfig,
        config: &Config,
        subject: &[Subject],
        files: Vec<PathBuf>,
        cancel: &Cancel,
    ) -> Result<serde_json::Value, ComponentError> {
        if files.is_empty() && wanted.scan_path.is_empty() {
            return Err(ComponentError::new(
                "the artifact has no files on this machine that an SBOM could be made of: set sbom_scan_path to what is in \
                 it, or sbom to false",
            ));
        }
        let name = subject.first().map(|subject| subject.name.clone()).unwrap_or_default();
        let (scan_path, exclude, stop) = (wanted.scan_path.clone(), wanted.exclude.clone(), cancel.clone());
        let root = config.context.working_dir.join(&scan_path);
        let scan = move || match scan_path.is_empty() {
            true => scan_files(&name, &files, &exclude, &stop).map_err(|error| failed(&error, &stop)),
            false => scan_root(&name, &root, &exclude, &stop).map_err(|error| failed(&error, &stop)),
        };
        let found = self.workbench.run(cancel, scan).await?;
        Ok(wanted.format.document(&found, &config.context.core_version, config.context.started))
    }
}

/// Signs a statement and writes it down.
async fn leave(
    notary: &Notary,
    statement: &impl Serialize,
    outputs: &Outputs,
    what: &str,
    ui: &dyn Ui,
) -> Result<(), ComponentError> {
    let notarised = notary.notarise(statement).await?;
    ui.say(&format!("Wrote attestation to {}", outputs.write(&format!("{what}.json"), &notarised.text)?));
    if let Some(bundle) = notarised.bundle {
        let path = outputs.write(&format!("{what}.sigstore.json"), &bundle)?;
        ui.say(&format!("Wrote Sigstore bundle to {path}"));
    }
    Ok(())
}

async fn predicate(config: &Config, byproducts: Vec<Byproduct>, cancel: &Cancel) -> ProvenancePredicate {
    let context = &config.context;
    ProvenancePredicate {
        build_definition: BuildDefinition {
            build_type: config.build_type.clone(),
            external_parameters: ExternalParameters {
                template: config.template.clone(),
                only_builds: config.only_builds.clone(),
                user_variables: surroundings::user_variables(context, &config.user_variables),
            },
            internal_parameters: InternalParameters {
                packer_version: context.core_version.to_string(),
                packer_build_name: context.build_name.to_string(),
                packer_builder_type: context.builder_type.to_string(),
            },
            resolved_dependencies: source(config, cancel).await.into_iter().collect(),
        },
        run_details: RunDetails {
            builder: BuilderIdentity {
                id: surroundings::builder_id(context),
                version: BTreeMap::from([("packer", context.core_version.to_string())]),
            },
            metadata: Metadata { invocation_id: surroundings::invocation_id(context) },
            byproducts,
        },
    }
}

/// What the artifact is built from. An address that was given wins; which commit it is is still found out.
async fn source(config: &Config, cancel: &Cancel) -> Option<Dependency> {
    let found = match surroundings::source(&config.context) {
        Some(found) => found,
        None => surroundings::source_of(WorkingCopy::find(&config.context, cancel).await.unwrap_or_default()),
    };
    let uri = if config.source_uri.is_empty() { found.uri } else { config.source_uri.clone() };
    (!uri.is_empty()).then_some(Dependency { uri, digest: found.digest })
}
