//! Which functions there are in which place.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::eval::functions::function::Function;
use crate::eval::functions::{
    boolean, calendar, charset, cidr, collection, control, crypto, csv, date, encoding, file, file_set, format, gzip,
    hash, lookup, number, path, regex, secret, sequence, set, string, template_file, text, yaml,
};

/// Those that may answer the same question differently the next time: by the clock, by chance, or by a service.
const UNSTEADY: [&str; 9] = [
    "aws_secretsmanager",
    "aws_secretsmanager_raw",
    "bcrypt",
    "consul_key",
    "legacy_isotime",
    "legacy_strftime",
    "timestamp",
    "uuidv4",
    "vault",
];

/// Functions by name. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Functions(Arc<BTreeMap<&'static str, Function>>);

impl Functions {
    /// No functions: calls are not allowed.
    pub fn none() -> Self {
        Self::default()
    }

    /// What expressions can call everywhere but in defaults of variables.
    pub fn standard() -> Self {
        let families = [
            boolean::FUNCTIONS,
            calendar::FUNCTIONS,
            charset::FUNCTIONS,
            cidr::FUNCTIONS,
            collection::FUNCTIONS,
            control::FUNCTIONS,
            crypto::FUNCTIONS,
            csv::FUNCTIONS,
            date::FUNCTIONS,
            encoding::FUNCTIONS,
            file::FUNCTIONS,
            file_set::FUNCTIONS,
            format::FUNCTIONS,
            gzip::FUNCTIONS,
            hash::FUNCTIONS,
            lookup::FUNCTIONS,
            number::FUNCTIONS,
            path::FUNCTIONS,
            regex::FUNCTIONS,
            secret::FUNCTIONS,
            sequence::FUNCTIONS,
            set::FUNCTIONS,
            string::FUNCTIONS,
            template_file::FUNCTIONS,
            text::FUNCTIONS,
            yaml::FUNCTIONS,
        ];
        Self::of(families.concat())
    }

    /// What defaults of variables can call.
    pub fn for_variable_defaults() -> Self {
        Self::of([control::ENV])
    }

    fn of(functions: impl IntoIterator<Item = Function>) -> Self {
        Self(Arc::new(functions.into_iter().map(|function| (function.name, function)).collect()))
    }

    /// The same with one more; it takes the place of one with its name.
    pub fn with(mut self, function: Function) -> Self {
        Arc::make_mut(&mut self.0).insert(function.name, function);
        self
    }

    /// The same without the one called `name`.
    pub fn without(mut self, name: &str) -> Self {
        Arc::make_mut(&mut self.0).remove(name);
        self
    }

    /// The same for a check of an expression that is evaluated for good later: what may answer differently then is not
    /// asked, and its answer is unknown.
    pub fn for_checks(&self) -> Self {
        let unasked = |function: &Function| match UNSTEADY.contains(&function.name) {
            true => function.unasked(),
            false => *function,
        };
        Self(Arc::new(self.0.iter().map(|(name, function)| (*name, unasked(function))).collect()))
    }

    /// The function called `name`.
    pub fn get(&self, name: &str) -> Option<&Function> {
        self.0.get(name)
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().copied()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
