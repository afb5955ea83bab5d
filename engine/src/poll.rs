//! Short waits. To wake a thread that sleeps costs tens of microseconds, as much as a fast disk needs for a commit, so who
//! expects an answer within that time looks again and again before it sleeps, if many wait for it.

use std::time::{Duration, Instant};

/// How many must share a short wait to make it worth a processor's time, which others could use.
pub(crate) const CROWD: usize = 16;

/// Asks `look` until it answers or `budget` is spent. Others who want the processor have it in between.
pub(crate) fn poll<T>(budget: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    loop {
        let answer = look();
        if answer.is_some() || began.elapsed() >= budget {
            return answer;
        }
        std::thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_until_there_is_an_answer_and_once_at_least() {
        let mut n_looks = 0;
        let mut third = || {
            n_looks += 1;
            (n_looks == 3).then_some("answer")
        };
        assert_eq!(poll(Duration::MAX, &mut third), Some("answer"));
        assert_eq!(n_looks, 3);
        assert_eq!(poll(Duration::ZERO, || Some(7)), Some(7));
        assert_eq!(poll(Duration::ZERO, || None::<()>), None);
    }
}
