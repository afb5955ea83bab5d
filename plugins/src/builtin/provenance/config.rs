//! The configuration, and what is wrong with it.

use std::collections::BTreeMap;

use planner::interpolate::{Interpolation, RunData};
use planner::value::quote;
use reqwest::Url;

use crate::component::{BuildData, ComponentContext, ComponentError};
use crate::config::{Field, FieldType, Fields, is_placeholder};
use crate::sbom::{Exclude, SbomFormat};
use crate::signing::KeyUri;

/// The fields of the post-processor.
pub const FIELDS: &[Field] = &[
    ("build_type", FieldType::Text),
    ("fulcio_url", FieldType::Text),
    ("key", FieldType::Text),
    ("keyless_identity", FieldType::Text),
    ("keyless_oidc_issuer", FieldType::Text),
    ("only_builds", FieldType::Texts),
    ("output_dir", FieldType::Text),
    ("provenance", FieldType::Trilean),
    ("rekor_url", FieldType::Text),
    ("sbom", FieldType::Flag),
    ("sbom_exclude", FieldType::Texts),
    ("sbom_format", FieldType::Text),
    ("sbom_scan_path", FieldType::Text),
    ("sbom_scope", FieldType::Text),
    ("signer", FieldType::Text),
    ("signing_mode", FieldType::Text),
    ("source_uri", FieldType::Text),
    ("template", FieldType::Text),
    ("trusted_root_path", FieldType::Text),
    ("upload_tlog", FieldType::Flag),
    ("user_variables", FieldType::TextMap),
    ("verifier", FieldType::Text),
];

const BUILD_TYPE: &str = "https://packer.io/buildtypes/hcl2/v1";
const FULCIO: &str = "https://fulcio.sigstore.dev";
const REKOR: &str = "https://rekor.sigstore.dev";

/// The configuration.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) context: ComponentContext,
    interpolation: Interpolation,
    pub(super) build_type: String,
    pub(super) output_dir: String,
    pub(super) template: String,
    pub(super) only_builds: Vec<String>,
    pub(super) user_variables: BTreeMap<String, String>,
    pub(super) source_uri: String,
    pub(super) sbom: Option<SbomConfig>,
    pub(super) signing: SigningConfig,
}

/// What to look at for the bill of materials, and how to write it.
#[derive(Clone, Debug)]
pub(super) struct SbomConfig {
    pub(super) format: SbomFormat,
    /// Empty for the artifact's own files.
    pub(super) scan_path: String,
    pub(super) exclude: Exclude,
}

/// Who signs.
#[derive(Clone, Debug)]
pub(super) enum SigningConfig {
    Nobody,
    /// The key in this file; checked with what is in the other, if there is one.
    Key(String, Option<String>),
    /// The key in a service; checked likewise.
    Service(KeyUri, Option<String>),
    Keyless(KeylessConfig),
}

#[derive(Clone, Debug)]
pub(super) struct KeylessConfig {
    pub(super) fulcio: Url,
    pub(super) rekor: Option<Url>,
    pub(super) identity: String,
    pub(super) issuer: String,
    pub(super) trusted_root: Option<String>,
}

impl Config {
    /// Reads the fields. Adds to `warnings` what is set and has no effect.
    pub(super) fn read(fields: &mut Fields<'_>, warnings: &mut Vec<String>) -> Self {
        let or = |text: String, default: &str| if text.is_empty() { default.to_owned() } else { text };
        Self {
            context: fields.context().clone(),
            interpolation: fields.interpolation().clone(),
            build_type: or(fields.text("build_type"), BUILD_TYPE),
            output_dir: fields.text("output_dir"),
            template: fields.text("template"),
            only_builds: fields.texts("only_builds"),
            user_variables: fields.text_map("user_variables"),
            source_uri: fields.text("source_uri"),
            sbom: sbom(fields, warnings),
            signing: signing(fields, warnings),
        }
    }

    /// The same, now that it is known what the artifact says of itself.
    pub(super) fn at_run(&self, data: &BuildData) -> Result<Self, ComponentError> {
        let data = RunData::new(data);
        let render = |what: &str, text: &str| {
            let rendered = self.interpolation.at_run(text, &data);
            rendered.map_err(|error| ComponentError::new(format!("error processing {what}: {error}")))
        };
        let variables = self.user_variables.iter();
        let variables = variables.map(|(name, text)| Ok((name.clone(), render("user_variables", text)?)));
        let mut config = Self {
            build_type: render("build_type", &self.build_type)?,
            output_dir: render("output_dir", &self.output_dir)?,
            template: render("template", &self.template)?,
            source_uri: render("source_uri", &self.source_uri)?,
            user_variables: variables.collect::<Result<_, ComponentError>>()?,
            ..self.clone()
        };
        if let Some(sbom) = &mut config.sbom {
            sbom.scan_path = render("sbom_scan_path", &sbom.scan_path)?;
        }
        Ok(config)
    }
}

fn sbom(fields: &mut Fields<'_>, warnings: &mut Vec<String>) -> Option<SbomConfig> {
    let (format, scope) = (fields.text("sbom_format"), fields.text("sbom_scope"));
    let (scan_path, exclude) = (fields.text("sbom_scan_path"), fields.texts("sbom_exclude"));
    if !fields.flag("sbom") {
        let set = [
            ("sbom_format", !format.is_empty()),
            ("sbom_scope", !scope.is_empty()),
            ("sbom_scan_path", !scan_path.is_empty()),
            ("sbom_exclude", !exclude.is_empty()),
        ];
        without_effect(&set, "sbom = true", warnings);
        return None;
    }
    let named = if format.is_empty() { Some(SbomFormat::CycloneDx) } else { SbomFormat::named(&format) };
    if named.is_none() && !is_placeholder(&format) {
        fields.fault(format!("sbom_format must be cyclonedx or spdx; it is {}", quote(&format)));
    }
    match scope.as_str() {
        "" | "squashed" => {}
        "all-layers" | "all" | "alllayers" => fields.fault(format!(
            "sbom_scope {} is not supported: files and folders are scanned here, which have no layers. Leave it out, or \
             scan with a tool that reads container images.",
            quote(&scope)
        )),
        scope if is_placeholder(scope) => {}
        scope => fields.fault(format!("sbom_scope must be squashed; it is {}", quote(scope))),
    }
    let exclude = match Exclude::new(&exclude) {
        Ok(exclude) => exclude,
        Err(_) if exclude.iter().any(|pattern| is_placeholder(pattern)) => Exclude::default(),
        Err(reason) => {
            fields.fault(format!("sbom_exclude: {reason}"));
            Exclude::default()
        }
    };
    Some(SbomConfig { format: named.unwrap_or(SbomFormat::CycloneDx), scan_path, exclude })
}

fn signing(fields: &mut Fields<'_>, warnings: &mut Vec<String>) -> SigningConfig {
    let (signer, key) = (fields.text("signer"), fields.text("key"));
    if !signer.is_empty() && !key.is_empty() && signer != key && !is_placeholder(&signer) && !is_placeholder(&key) {
        fields.fault("signer and key must match when both are set");
    }
    let signer = if signer.is_empty() { key } else { signer };
    let verifier = Some(fields.text("verifier")).filter(|verifier| !verifier.is_empty());
    let mode = fields.text("signing_mode");
    let key_set = ("signer", !signer.is_empty());
    let needs_signer = |fields: &mut Fields<'_>| {
        if signer.is_empty() {
            fields.fault(format!("signing_mode {} requires signer or key", quote(&mode)));
        }
    };
    match mode.as_str() {
        "" | "none" => {
            let with_key = r#"signing_mode = "key" or "kms""#;
            without_effect(&[key_set, ("verifier", verifier.is_some())], with_key, warnings);
            keyless_without_effect(fields, warnings);
            SigningConfig::Nobody
        }
        "key" => {
            needs_signer(fields);
            if KeyUri::is_meant(&signer) {
                fields.fault(format!("{} is a key in a key service: set signing_mode to \"kms\"", quote(&signer)));
            }
            keyless_without_effect(fields, warnings);
            SigningConfig::Key(signer, verifier)
        }
        "kms" => {
            needs_signer(fields);
            keyless_without_effect(fields, warnings);
            match signer.parse::<KeyUri>() {
                Ok(uri) => return SigningConfig::Service(uri, verifier),
                Err(reason) if !signer.is_empty() && !is_placeholder(&signer) => fields.fault(reason),
                Err(_) => {}
            }
            SigningConfig::Nobody
        }
        "keyless" => {
            without_effect(&[key_set], r#"signing_mode = "key" or "kms""#, warnings);
            if verifier.is_some() {
                fields.fault("signing_mode \"keyless\" takes no verifier: the certificate is what it is checked with");
            }
            keyless(fields, warnings)
        }
        mode => {
            if !is_placeholder(mode) {
                fields.fault(format!("signing_mode {} is not implemented", quote(mode)));
            }
            SigningConfig::Nobody
        }
    }
}

fn keyless(fields: &mut Fields<'_>, warnings: &mut Vec<String>) -> SigningConfig {
    let (identity, issuer) = (fields.text("keyless_identity"), fields.text("keyless_oidc_issuer"));
    if identity.is_empty() || issuer.is_empty() {
        fields.fault("signing_mode \"keyless\" requires keyless_identity and keyless_oidc_issuer");
    }
    let fulcio = address(fields, "fulcio_url", FULCIO);
    let rekor = address(fields, "rekor_url", REKOR);
    let uploads = fields.flag("upload_tlog");
    if !uploads {
        let is_set = !fields.text("rekor_url").is_empty();
        without_effect(&[("rekor_url", is_set)], "upload_tlog = true", warnings);
    }
    let (Some(fulcio), Some(rekor)) = (fulcio, rekor) else { return SigningConfig::Nobody };
    SigningConfig::Keyless(KeylessConfig {
        fulcio,
        rekor: uploads.then_some(rekor),
        identity,
        issuer,
        trusted_root: Some(fields.text("trusted_root_path")).filter(|path| !path.is_empty()),
    })
}

fn keyless_without_effect(fields: &mut Fields<'_>, warnings: &mut Vec<String>) {
    let names = ["fulcio_url", "rekor_url", "trusted_root_path", "keyless_identity", "keyless_oidc_issuer"];
    let mut set: Vec<(&str, bool)> = names.map(|name| (name, !fields.text(name).is_empty())).to_vec();
    set.push(("upload_tlog", fields.flag("upload_tlog")));
    without_effect(&set, r#"signing_mode = "keyless""#, warnings);
}

fn without_effect(fields: &[(&str, bool)], needed: &str, warnings: &mut Vec<String>) {
    let set = fields.iter().filter(|(_, is_set)| *is_set);
    warnings.extend(set.map(|(name, _)| format!("{name} has no effect without {needed}")));
}

fn address(fields: &mut Fields<'_>, name: &str, default: &str) -> Option<Url> {
    let given = fields.text(name);
    let text = if given.is_empty() || is_placeholder(&given) { default } else { &given };
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Some(url),
        _ => {
            fields.fault(format!(
                "{name} must be an address that begins with https:// or http://; it is {}",
                quote(text)
            ));
            None
        }
    }
}
