//! Whether and when a node is tried again: a growing pause without chance in it, so that a run can be foretold.

use std::time::Duration;

use crate::outcome::{FailureClass, Outcome};

/// How nodes that failed for a reason that may pass are tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often a node is tried at most, the first time included; 0 is taken for 1.
    pub attempts: u32,
    /// The pause before the second attempt; each further one is twice as long.
    pub first: Duration,
    /// The longest pause.
    pub cap: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self::NEVER
    }
}

impl Retry {
    /// Every node is tried once.
    pub const NEVER: Self = Self { attempts: 1, first: Duration::ZERO, cap: Duration::ZERO };

    /// Up to `attempts` attempts, 1 s after the first, then 2 s, 4 s and so on up to a minute.
    pub fn up_to(attempts: u32) -> Self {
        Self { attempts, first: Duration::from_secs(1), cap: Duration::from_secs(60) }
    }

    /// How long to wait before the next attempt after this one (counted from 1) ended as `outcome`; `None` if there is to
    /// be none. Only failures that say of themselves that they may pass are worth another.
    pub fn delay(&self, attempt: u32, outcome: &Outcome) -> Option<Duration> {
        let class = outcome.failure()?.class();
        (class != FailureClass::Permanent && attempt < self.attempts).then(|| {
            let factor = 1u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
            self.first.saturating_mul(factor).min(self.cap)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Failure;

    #[test]
    fn pauses_double_up_to_the_cap_and_attempts_run_out() {
        let retry = Retry { attempts: 40, first: Duration::from_secs(1), cap: Duration::from_secs(9) };
        let outcome = Outcome::Failed(Failure::classed(FailureClass::Transient, "busy"));
        let seconds = |attempt| retry.delay(attempt, &outcome).map(|delay| delay.as_secs());
        let rows = [(1, Some(1)), (2, Some(2)), (3, Some(4)), (4, Some(8)), (5, Some(9)), (39, Some(9)), (40, None)];
        for (attempt, expected) in rows {
            assert_eq!(seconds(attempt), expected, "{attempt}");
        }
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let retry = Retry::up_to(3);
        let failed = |class| Outcome::Failed(Failure::classed(class, "x"));
        let timed_out = |class| Outcome::TimedOut(Failure::classed(class, "x"));
        let rows = [
            (failed(FailureClass::Permanent), false),
            (failed(FailureClass::Transient), true),
            (failed(FailureClass::Throttled), true),
            (timed_out(FailureClass::Permanent), false),
            (timed_out(FailureClass::Transient), true),
            (Outcome::Succeeded, false),
            (Outcome::Cancelled, false),
            (Outcome::Bug("x".to_owned()), false),
        ];
        for (outcome, expected) in rows {
            assert_eq!(retry.delay(1, &outcome).is_some(), expected, "{outcome}");
            assert_eq!(Retry::NEVER.delay(1, &outcome), None, "{outcome}");
        }
    }
}
