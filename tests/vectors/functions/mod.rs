//! Calls of functions and what they give, a room per family.

mod call;
mod recorded;
mod regex;
mod strings;
mod yaml;
