//! What a certificate of Fulcio says about who signed.

use x509_cert::Certificate;
use x509_cert::der::asn1::Utf8StringRef;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// The issuer of the identity token, as a string of ASN.1; and as bare bytes, as older certificates have it.
const ISSUER: &str = "1.3.6.1.4.1.57264.1.8";
const OLD_ISSUER: &str = "1.3.6.1.4.1.57264.1.1";
/// A name of a kind that there is no form for.
const OTHER_NAME: &str = "1.3.6.1.4.1.57264.1.7";

/// Whom a certificate is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Claims {
    /// Mail addresses, URIs, and other names.
    pub(super) identities: Vec<String>,
    /// Who said so.
    pub(super) issuer: Option<String>,
}

impl Claims {
    /// Those of a certificate.
    pub(super) fn of(der: &[u8]) -> Result<Self, String> {
        let certificate = Certificate::from_der(der).map_err(|error| error.to_string())?;
        let certificate = certificate.tbs_certificate();
        let names = certificate.get_extension::<SubjectAltName>().map_err(|error| error.to_string())?;
        let identities = names.iter().flat_map(|(_, names)| &names.0).filter_map(identity).collect();
        let extension = |oid: &str| {
            let extensions = certificate.extensions().into_iter().flatten();
            extensions
                .into_iter()
                .find(|found| found.extn_id.to_string() == oid)
                .map(|found| found.extn_value.as_bytes())
        };
        let issuer = extension(ISSUER)
            .and_then(text)
            .or_else(|| extension(OLD_ISSUER).and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()));
        Ok(Self { identities, issuer })
    }

    /// Says what is not as it should be.
    pub(super) fn check(&self, identity: &str, issuer: &str) -> Result<(), String> {
        if !self.identities.iter().any(|found| found == identity) {
            let found = self.identities.join(", ");
            return Err(format!("it is for {found:?}, and keyless_identity is {identity:?}"));
        }
        if self.issuer.as_deref() != Some(issuer) {
            let found = self.issuer.as_deref().unwrap_or_default();
            return Err(format!("the identity is that of {found:?}, and keyless_oidc_issuer is {issuer:?}"));
        }
        Ok(())
    }
}

fn identity(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::Rfc822Name(name) | GeneralName::UniformResourceIdentifier(name) => Some(name.to_string()),
        GeneralName::OtherName(name) if name.type_id.to_string() == OTHER_NAME => text(&name.value.to_der().ok()?),
        _ => None,
    }
}

fn text(der: &[u8]) -> Option<String> {
    Utf8StringRef::from_der(der).ok().map(|text| text.as_str().to_owned())
}
