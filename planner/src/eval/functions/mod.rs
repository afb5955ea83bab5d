//! The functions that expressions can call: the table, and one file per family.
//!
//! A function is one row: its name, its parameters, what type it gives, and the code. To add one, write it in its
//! family's file and put it into that file's `FUNCTIONS`.

mod boolean;
mod calendar;
mod charset;
mod cidr;
mod collection;
mod control;
mod crypto;
mod csv;
mod date;
mod encoding;
mod error;
mod file;
mod file_set;
mod float;
mod format;
mod function;
mod glob;
mod gzip;
mod hash;
mod lazy;
mod lookup;
mod number;
mod path;
mod pem;
mod regex;
mod secret;
mod sequence;
mod set;
mod string;
mod table;
mod template_file;
#[cfg(test)]
mod tests;
mod text;
mod verb;
mod yaml;

pub use error::CallError;
pub use function::{Call, Function, Imp, Param, Takes};
pub use lazy::{Argument, LazyCall};
pub use table::Functions;
