//! Keys in key services: how they are named, and how they sign.

use aws_lc_rs::digest;
use planner::value::quote;
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;

use super::cloud::{AzureKey, GoogleKey};
use super::fault::SigningError;
use super::public_key::{PublicKey, Scheme};
use super::service::JsonService;
use crate::secrets::{AwsKey, SecretSettings, TransitKey};

/// Names a key in a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyUri {
    /// `hashivault://NAME`: a key of Vault's transit engine.
    Vault {
        /// Its name.
        name: String,
    },
    /// `awskms://[HOST]/KEY`.
    Aws {
        /// Where the service is; empty for where it always is.
        host: String,
        /// An id, an ARN, or `alias/NAME`.
        key: String,
    },
    /// `gcpkms://projects/…/locations/…/keyRings/…/cryptoKeys/KEY`, perhaps with a version.
    Google {
        /// All of it.
        name: String,
    },
    /// `azurekms://VAULT/KEY`.
    Azure {
        /// The vault: its name, or its host.
        host: String,
        /// The key, perhaps with a version.
        name: String,
    },
}

/// What the names of keys in services can begin with in Packer templates.
const PREFIXES: [&str; 4] = ["awskms://", "gcpkms://", "azurekms://", "hashivault://"];

impl KeyUri {
    /// Whether a text names a key in a service, whatever service.
    pub fn is_meant(text: &str) -> bool {
        PREFIXES.iter().any(|prefix| text.starts_with(prefix))
    }
}

impl std::str::FromStr for KeyUri {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = |expected: &str| format!("{} is not a key: it must be {expected}", quote(text));
        if let Some(name) = text.strip_prefix("hashivault://") {
            let is_name = !name.is_empty() && !name.contains(['/', '?', '#']);
            return if is_name { Ok(Self::Vault { name: name.to_owned() }) } else { Err(form("hashivault://NAME")) };
        }
        if let Some(rest) = text.strip_prefix("awskms://") {
            let (host, key) = rest.split_once('/').unwrap_or_default();
            let expected = "awskms:///KEY or awskms://HOST/KEY, KEY being an id, an ARN or alias/NAME";
            let parsed = Self::Aws { host: host.to_owned(), key: key.to_owned() };
            return if key.is_empty() { Err(form(expected)) } else { Ok(parsed) };
        }
        if let Some(name) = text.strip_prefix("gcpkms://") {
            let expected = "gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K, perhaps with /cryptoKeyVersions/V";
            return if is_google(name) { Ok(Self::Google { name: name.to_owned() }) } else { Err(form(expected)) };
        }
        if let Some(rest) = text.strip_prefix("azurekms://") {
            let (host, name) = rest.split_once('/').unwrap_or_default();
            let is_key = !host.is_empty() && !name.is_empty() && name.split('/').count() <= 2;
            let parsed = Self::Azure { host: host.to_owned(), name: name.to_owned() };
            return if is_key { Ok(parsed) } else { Err(form("azurekms://VAULT/KEY or azurekms://VAULT/KEY/VERSION")) };
        }
        Err(format!("{} is not a key of a key service: it must begin with {}", quote(text), PREFIXES.join(", ")))
    }
}

/// Whether a text is the name of one of Google's keys, or of a version of one.
fn is_google(name: &str) -> bool {
    let parts: Vec<&str> = name.split('/').collect();
    let names = [("projects", 0), ("locations", 2), ("keyRings", 4), ("cryptoKeys", 6)];
    matches!(parts.len(), 8 | 10)
        && !parts.contains(&"")
        && names.iter().all(|(name, at)| parts[*at] == *name)
        && parts.get(8).is_none_or(|part| matches!(*part, "cryptoKeyVersions" | "versions"))
}

impl std::fmt::Display for KeyUri {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Vault { name } => write!(out, "hashivault://{name}"),
            Self::Aws { host, key } => write!(out, "awskms://{host}/{key}"),
            Self::Google { name } => write!(out, "gcpkms://{name}"),
            Self::Azure { host, name } => write!(out, "azurekms://{host}/{name}"),
        }
    }
}

/// Signs with the key in the service that has it.
pub(super) async fn sign(
    uri: &KeyUri,
    settings: &SecretSettings,
    message: &[u8],
) -> Result<(Vec<u8>, PublicKey), SigningError> {
    let failed = |reason: String| SigningError::KeyService { uri: uri.to_string(), reason };
    match uri {
        KeyUri::Vault { name } => vault(&TransitKey::new(settings, name).map_err(failed)?, uri, message).await,
        KeyUri::Aws { host, key } => {
            let key = AwsKey::new(settings, host, key).map_err(failed)?;
            let public = PublicKey::from_der(key.public().await.map_err(failed)?, &uri.to_string())?;
            let algorithm = match public.scheme() {
                Scheme::EcdsaP256 => "ECDSA_SHA_256",
                Scheme::EcdsaP384 => "ECDSA_SHA_384",
                Scheme::EcdsaP521 => "ECDSA_SHA_512",
                Scheme::Rsa => "RSASSA_PKCS1_V1_5_SHA_256",
                Scheme::Ed25519 => return Err(failed("Ed25519 keys of this service are not supported".to_owned())),
            };
            let signature = key.sign(algorithm, digest_of(public.scheme(), message).1.as_ref()).await;
            Ok((signature.map_err(failed)?, public))
        }
        KeyUri::Google { name } => {
            let service = JsonService::new(&settings.environment, settings.patience.retry)?;
            let key = GoogleKey::open(&service, &settings.environment, &settings.working_dir, name).await;
            let key = key.map_err(failed)?;
            let public = key.public(&uri.to_string()).await.map_err(failed)?;
            let (hash, digest) = digest_of(public.scheme(), message);
            let hash = hash.replace("sha2-", "sha");
            Ok((key.sign(&hash, digest.as_ref()).await.map_err(failed)?, public))
        }
        KeyUri::Azure { host, name } => {
            let service = JsonService::new(&settings.environment, settings.patience.retry)?;
            let shown = uri.to_string();
            let named = (host.as_str(), name.as_str(), shown.as_str());
            let key = AzureKey::open(&service, &settings.environment, &settings.working_dir, named).await;
            let key = key.map_err(failed)?;
            let digest = digest_of(key.public().scheme(), message).1;
            Ok((key.sign(digest.as_ref()).await.map_err(failed)?, key.public().clone()))
        }
    }
}

async fn vault(key: &TransitKey, uri: &KeyUri, message: &[u8]) -> Result<(Vec<u8>, PublicKey), SigningError> {
    let failed = |reason: String| SigningError::KeyService { uri: uri.to_string(), reason };
    let found = key.public().await.map_err(failed)?;
    if found.kind == "ed25519" {
        let public = ed25519(&found.key).ok_or_else(|| failed("its public key cannot be read".to_owned()))?;
        let public = PublicKey::from_der(public, &uri.to_string())?;
        return Ok((key.sign(&found, None, message).await.map_err(failed)?, public));
    }
    let der = SubjectPublicKeyInfoDer::from_pem_slice(found.key.as_bytes());
    let der = der.map_err(|_| failed(format!("keys of the type {} cannot sign here", found.kind)))?;
    let public = PublicKey::from_der(der.to_vec(), &uri.to_string())?;
    let (hash, digest) = digest_of(public.scheme(), message);
    Ok((key.sign(&found, Some(hash), digest.as_ref()).await.map_err(failed)?, public))
}

/// The digest that keys of this kind sign, and what Vault calls it.
fn digest_of(scheme: Scheme, message: &[u8]) -> (&'static str, digest::Digest) {
    let (name, algorithm) = match scheme {
        Scheme::EcdsaP384 => ("sha2-384", &digest::SHA384),
        Scheme::EcdsaP521 => ("sha2-512", &digest::SHA512),
        Scheme::EcdsaP256 | Scheme::Rsa | Scheme::Ed25519 => ("sha2-256", &digest::SHA256),
    };
    (name, digest::digest(algorithm, message))
}

/// The `SubjectPublicKeyInfo` of bare bytes in base 64.
fn ed25519(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    const PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok().filter(|bytes| bytes.len() == 32)?;
    Some([PREFIX.as_slice(), &bytes].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_keys() {
        let aws = |host: &str, key: &str| Ok(KeyUri::Aws { host: host.to_owned(), key: key.to_owned() });
        let rows = [
            ("hashivault://image", Ok(KeyUri::Vault { name: "image".to_owned() })),
            ("awskms:///alias/image", aws("", "alias/image")),
            ("awskms:///arn:aws:kms:eu-west-1:1:key/k", aws("", "arn:aws:kms:eu-west-1:1:key/k")),
            ("awskms://localhost:4566/k", aws("localhost:4566", "k")),
            ("hashivault://", Err("must be hashivault://NAME")),
            ("awskms://k", Err("must be awskms:///KEY")),
            (
                "gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k/versions/2",
                Ok(KeyUri::Google { name: "projects/p/locations/l/keyRings/r/cryptoKeys/k/versions/2".to_owned() }),
            ),
            ("gcpkms://projects/p", Err("must be gcpkms://projects/P/locations/L")),
            ("azurekms://v/k", Ok(KeyUri::Azure { host: "v".to_owned(), name: "k".to_owned() })),
            ("azurekms://v", Err("must be azurekms://VAULT/KEY")),
            ("k.pem", Err("must begin with awskms://, gcpkms://, azurekms://, hashivault://")),
        ];
        for (text, expected) in rows {
            match (text.parse::<KeyUri>(), expected) {
                (Ok(uri), Ok(expected)) => {
                    assert_eq!(uri, expected);
                    assert_eq!(uri.to_string(), text);
                }
                (Err(error), Err(expected)) => assert!(error.contains(expected), "{error}"),
                (result, _) => panic!("{text}: {result:?}"),
            }
        }
    }
}
