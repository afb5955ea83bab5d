//! What artifacts say about themselves beyond files and names: values of any shape, passed on as they are.

use std::collections::BTreeMap;

use bytes::Bytes;
use planner::value::Value;

use crate::component::error::ComponentError;
use crate::untyped;

/// The name under which builders keep what they learned about their machine.
pub const GENERATED_DATA: &str = "generated_data";

/// One value in MessagePack, the form in which plugins exchange it. Never looked into on its way from one to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State(Bytes);

impl State {
    /// Nothing.
    pub fn nothing() -> Self {
        Self(Bytes::from_static(&[0xc0]))
    }

    /// A value that came from a plugin, in MessagePack.
    pub fn packed(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// What a component of ours has to say.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn of(entries: &BTreeMap<String, Value>) -> Result<Self, ComponentError> {
        let mut bytes = Vec::new();
        rmpv::encode::write_value(&mut bytes, &untyped::map(entries))
            .map_err(|error| ComponentError::new(format!("cannot write the state of an artifact: {error}")))?;
        Ok(Self(bytes.into()))
    }

    /// The value in MessagePack.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    /// What builders keep as [`GENERATED_DATA`]; empty when it is something else.
    pub fn entries(&self) -> BTreeMap<String, Value> {
        rmpv::decode::read_value(&mut &self.0[..]).map(|value| untyped::entries(&value)).unwrap_or_default()
    }
}
