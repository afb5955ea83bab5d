//! What is asked of plugins before they are used.

use std::path::{Path, PathBuf};

use crate::trust::fault::TrustError;
use crate::trust::keys::TrustedKeys;
use crate::trust::signatures::Signatures;
use crate::trust::verify::verify;

/// Which plugins may be used.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Only those signed with a trusted key.
    pub is_required: bool,
    /// Where trusted keys are.
    pub keys: Option<PathBuf>,
}

impl Trust {
    /// Checks a plugin that is about to be used. Where no signature is required, none is looked at.
    ///
    /// # Errors
    ///
    /// It may not be used.
    pub fn check_use(&self, binary: &Path) -> Result<(), TrustError> {
        if !self.is_required {
            return Ok(());
        }
        let signatures = Signatures::beside(binary)?;
        verify(binary, &signatures, &self.trusted()?, self.keys.as_deref())
    }

    /// Checks a plugin that is about to be installed with these signatures. Even where none is required, one that was made
    /// with a trusted key must fit.
    ///
    /// # Errors
    ///
    /// It may not be installed.
    pub fn check_install(&self, binary: &Path, signatures: &Signatures) -> Result<(), TrustError> {
        match verify(binary, signatures, &self.trusted()?, self.keys.as_deref()) {
            Err(TrustError::Unsigned(_) | TrustError::Untrusted { .. }) if !self.is_required => Ok(()),
            verified => verified,
        }
    }

    /// Whether signatures that do not come with a plugin are worth looking for.
    pub fn wants_signatures(&self) -> bool {
        self.is_required || self.trusted().is_ok_and(|keys| !keys.is_empty())
    }

    fn trusted(&self) -> Result<TrustedKeys, TrustError> {
        self.keys.as_deref().map_or_else(|| Ok(TrustedKeys::default()), TrustedKeys::read)
    }
}
