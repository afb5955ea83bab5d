//! Data source `null`: gives its input back.

use async_trait::async_trait;
use engine::Cancel;
use planner::value::{ObjectType, Type, Value};
use std::sync::Arc;

use crate::component::{ComponentContext, ComponentError, Datasource};
use crate::config::{Field, FieldType, Fields};

/// The fields of the data source.
pub const FIELDS: &[Field] = &[("input", FieldType::Text)];

/// The type of what it yields.
pub fn output_type() -> Type {
    let attributes = [(Arc::from("output"), Type::String)].into();
    Type::Object(Arc::new(ObjectType { attributes, ..ObjectType::default() }))
}

/// The data source.
#[derive(Debug, Default)]
pub struct NullDatasource {
    input: String,
}

#[async_trait]
impl Datasource for NullDatasource {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        let mut fields = Fields::new(config, context);
        self.input = fields.text("input");
        if self.input.is_empty() && !fields.has_faults() {
            fields.fault("The `input` must be specified");
        }
        fields.finish().map(|()| Vec::new())
    }

    async fn execute(&self, _: &Cancel) -> Result<Value, ComponentError> {
        Ok(Value::object([("output", Value::string(self.input.as_str()))]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::fixtures::context;

    #[tokio::test]
    async fn gives_its_input_back() {
        let mut source = NullDatasource::default();
        let config = Value::object([("input", Value::string("a {{build_type}}"))]);
        source.prepare(&config, &context()).await.unwrap();
        let output = source.execute(&Cancel::new()).await.unwrap();
        assert_eq!(output, Value::object([("output", Value::string("a null"))]));
        assert_eq!(output.ty(), output_type());
    }

    #[tokio::test]
    async fn input_is_required() {
        let config = Value::object([("input", Value::Null(Type::String))]);
        let error = NullDatasource::default().prepare(&config, &context()).await.unwrap_err();
        assert_eq!(error, ComponentError::Invalid(vec!["The `input` must be specified".into()]));
    }
}
