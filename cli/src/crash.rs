//! What is said when this program has a bug and panics: where, and why, on standard error and in the log, without secrets.

use std::panic::PanicHookInfo;

use plugins::scrubber::Scrubber;
use plugins::session::text_of_panic;

use crate::session::complain;

/// From here on panics are said without what `scrubber` hides.
pub fn announce(scrubber: Scrubber) {
    std::panic::set_hook(Box::new(move |panic| {
        let text = described(panic, &scrubber);
        tracing::error!("{text}");
        complain(&text);
    }));
}

fn described(panic: &PanicHookInfo<'_>, scrubber: &Scrubber) -> String {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("<unnamed>");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let text = format!("thread '{name}' panicked at {place}:\n{}", text_of_panic(panic.payload()));
    scrubber.scrub(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// The hook is the process's: panics of other tests go on to the one before.
    #[test]
    fn a_panic_is_said_without_secrets() {
        let scrubber = Scrubber::new();
        scrubber.hide("hunter2");
        let said = Arc::new(Mutex::new(String::new()));
        let heard = said.clone();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| match std::thread::current().name() {
            Some("with hunter2") => *heard.lock().unwrap() = described(panic, &scrubber),
            _ => before(panic),
        }));
        let thread = std::thread::Builder::new().name("with hunter2".to_owned());
        thread.spawn(|| panic!("the password is {}", "hunter2")).unwrap().join().unwrap_err();
        let said = said.lock().unwrap().clone();
        assert!(said.starts_with("thread 'with <sensitive>' panicked at "), "{said}");
        assert!(said.ends_with(":\nthe password is <sensitive>"), "{said}");
    }
}
