//! What is said when this program has a bug and panics: where, and why, on standard error and in the log, without secrets.

use std::panic::PanicHookInfo;

use plugins::scrubber::Scrubber;
use plugins::session::text_of_panic;

use crate::session::complain;

/// From here on panics are said without what `scrubber` hides.
pub fn announce(scrubber: Scrubber) {
    std::panic::set_hook(Box::new(move |panic| {
        let text = scrubber.scrub(&described(panic)).into_owned();
        tracing::error!("{text}");
        complain(&text);
    }));
}

fn described(panic: &PanicHookInfo<'_>) -> String {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("<unnamed>");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    format!("thread '{name}' panicked at {place}:\n{}", text_of_panic(panic.payload()))
}
