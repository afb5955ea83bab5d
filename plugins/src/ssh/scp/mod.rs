//! Files over the program `scp` of the machine, which speaks the protocol of BSD's `rcp` in a session (`scp -t` takes,
//! `scp -f` gives; see OpenSSH's `scp.c`).

mod download;
mod line;
mod replies;
mod sized;
mod upload;

pub(super) use download::{download, download_dir};
pub(super) use upload::{upload, upload_dir};
