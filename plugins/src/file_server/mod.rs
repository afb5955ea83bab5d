//! Serves files to machines over HTTP while they are built: a folder, or texts by their paths.

mod content;
mod listen;
mod server;

pub use content::Content;
pub use listen::{Family, Listening, listen};
pub use server::FileServer;
