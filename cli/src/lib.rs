//! The only crate with a user: arguments, environment, signals and output of the `packer` binary.
//!
//! Rooms, in reading order: [`dispatch`] (what `main` calls), [`args`] and [`options`] (text to checked options),
//! [`environment`], [`folders`], [`session`] (what a command is handed), [`commands`], [`template_kind`] and [`frontend`]
//! (argument to compiled template), [`plan_view`], [`inspect_view`], [`plugin_store`] (where plugins are), [`console`] (lines to answers), [`unread_values`] (secrets in files that are
//! broken), [`verdict`] (findings for programs), [`formatting`] (files to canonical layout), [`building`] (a run as users see it), [`cleaning`] (what runs left behind), [`reporter`] (what
//! users see), [`signal`], [`state`] (what outlives a run), [`replaying`] (a recorded run, scheduled again), [`telemetry`] (a run for other programs), [`guard`] (this program as the guard of another run of it), [`descriptors`], [`logging`], [`crash`], [`duration`], [`exit`].
//!
//! Everything that reads the environment, prints, or ends the process is here and nowhere else. All output goes through
//! [`reporter::Printer`]; this crate never plans and never runs a component itself.

pub mod args;
pub mod building;
pub mod cleaning;
pub mod commands;
pub mod console;
pub mod core_config;
pub mod crash;
pub mod descriptors;
pub mod dispatch;
pub mod duration;
pub mod environment;
pub mod exit;
pub mod findings;
pub mod folders;
pub mod formatting;
pub mod frontend;
pub mod guard;
pub mod inspect_view;
pub mod lock_file;
pub mod logging;
pub mod options;
pub mod plan_view;
pub mod plugin_components;
pub mod plugin_settings;
pub mod plugin_shelf;
pub mod plugin_store;
pub mod replaying;
pub mod reporter;
pub mod session;
pub mod signal;
pub mod state;
pub mod telemetry;
pub mod template_kind;
pub mod unread_values;
pub mod verdict;

pub use dispatch::run;
