//! Draws how far a download is, on a terminal; nothing is drawn anywhere else.

use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use plugins::download::step::{Step, Watch, unwatched};

use super::settings::Settings;

const KNOWN: &str = "{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
const UNKNOWN: &str = "{msg} {spinner} {bytes} {bytes_per_sec}";

/// A watcher of downloads that draws a bar while one is under way and takes it away at its end.
pub fn transfers(settings: Settings) -> Watch {
    if !settings.live {
        return unwatched();
    }
    let current = Mutex::new(None::<ProgressBar>);
    Arc::new(move |step| {
        let mut current = current.lock().unwrap_or_else(PoisonError::into_inner);
        match (step, &*current) {
            (Step::Begun { name, done, total }, shown) => {
                let bar =
                    shown.clone().unwrap_or_else(|| ProgressBar::with_draw_target(total, ProgressDrawTarget::stdout()));
                let style = ProgressStyle::with_template(if total.is_some() { KNOWN } else { UNKNOWN });
                bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
                bar.set_message(name);
                bar.set_position(done);
                *current = Some(bar);
            }
            (Step::Arrived(bytes), Some(bar)) => bar.inc(bytes),
            (Step::Ended, Some(bar)) => {
                bar.finish_and_clear();
                *current = None;
            }
            (Step::Arrived(_) | Step::Ended, None) => {}
        }
    })
}
