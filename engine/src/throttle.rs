//! How quotas shrink while somebody says that it is too much at once, and grow again when nobody does: by half, and a
//! step at a time, as networks do. Pure: told what happened when, it says what there should be.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::id::{DenseMap, PoolId};
use crate::plan::Pool;

/// How quotas ([`crate::GraphBuilder::quota`]) shrink and grow.
///
/// A complaint halves what is in use of a quota, or leaves as much as the largest claim needs. Growing goes in eight equal
/// steps from nothing to all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttling {
    /// How long after it shrank complaints are taken for echoes of the same.
    pub echo: Duration,
    /// How long there must be no complaint for a quota to grow by one step.
    pub quiet: Duration,
}

impl Default for Throttling {
    fn default() -> Self {
        Self { echo: Duration::from_secs(10), quiet: Duration::from_secs(30) }
    }
}

/// The quotas of a plan. See the module.
#[derive(Debug)]
pub(crate) struct Throttle {
    policy: Throttling,
    quotas: BTreeMap<PoolId, Quota>,
}

#[derive(Clone, Copy, Debug)]
struct Quota {
    full: u32,
    /// What there should be now.
    now: u32,
    shrank_at: Option<Duration>,
    /// When it may grow if it is left in peace.
    grows_at: Duration,
}

impl Throttle {
    pub(crate) fn new(pools: &DenseMap<PoolId, Pool>, policy: Throttling) -> Self {
        let quota = |(pool, of): (PoolId, &Pool)| {
            let full = of.capacity.filter(|_| of.is_quota)?;
            Some((pool, Quota { full, now: full, shrank_at: None, grows_at: Duration::ZERO }))
        };
        Self { policy, quotas: pools.iter().filter_map(quota).collect() }
    }

    /// Somebody complained when so much was in use. Returns what there should be from now on, if that changes.
    pub(crate) fn shrink(&mut self, pool: PoolId, in_use: u32, at: Duration) -> Option<u32> {
        let quota = self.quotas.get_mut(&pool)?;
        quota.grows_at = at.saturating_add(self.policy.quiet);
        if quota.shrank_at.is_some_and(|before| at < before.saturating_add(self.policy.echo)) {
            return None;
        }
        quota.shrank_at = Some(at);
        let to = (in_use.min(quota.now) / 2).max(1).min(quota.now);
        (std::mem::replace(&mut quota.now, to) != to).then_some(to)
    }

    /// What there should be from `at` on of the quotas that have been left in peace for long enough.
    pub(crate) fn grow(&mut self, at: Duration) -> Vec<(PoolId, u32)> {
        let quiet = self.policy.quiet;
        let due = self.quotas.iter_mut().filter(|(_, quota)| quota.now < quota.full && quota.grows_at <= at);
        let grown = due.map(|(&pool, quota)| {
            quota.now = quota.now.saturating_add(quota.full.div_ceil(8)).min(quota.full);
            quota.grows_at = at.saturating_add(quiet);
            (pool, quota.now)
        });
        grown.collect()
    }

    /// When [`Throttle::grow`] will next have something to say, if nobody complains.
    pub(crate) fn next_growth(&self) -> Option<Duration> {
        self.quotas.values().filter(|quota| quota.now < quota.full).map(|quota| quota.grows_at).min()
    }

    /// Gives all quotas back what they had. Returns those that had less.
    pub(crate) fn restore(&mut self) -> Vec<(PoolId, u32)> {
        let small = self.quotas.iter_mut().filter(|(_, quota)| quota.now < quota.full);
        let restored = small.map(|(&pool, quota)| {
            quota.now = quota.full;
            (pool, quota.full)
        });
        restored.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: fn(u64) -> Duration = Duration::from_secs;

    fn quota(full: u32) -> (Throttle, PoolId) {
        let pool = |is_quota| Pool { name: String::new(), capacity: Some(full), is_quota };
        let pools = DenseMap::from_values(vec![pool(false), pool(true)]);
        (Throttle::new(&pools, Throttling::default()), PoolId::from_index(1))
    }

    #[test]
    fn what_is_in_use_is_halved_once_per_complaint() {
        let (mut throttle, pool) = quota(100);
        let rows =
            [(AT(0), 40, Some(20)), (AT(9), 40, None), (AT(10), 40, Some(10)), (AT(30), 1, Some(1)), (AT(60), 0, None)];
        for (at, in_use, expected) in rows {
            assert_eq!(throttle.shrink(pool, in_use, at), expected, "{at:?}");
        }
    }

    #[test]
    fn only_quotas_shrink() {
        let (mut throttle, _) = quota(100);
        assert_eq!(throttle.shrink(PoolId::from_index(0), 40, AT(0)), None);
    }

    #[test]
    fn peace_lets_it_grow_step_by_step_to_what_it_was() {
        let (mut throttle, pool) = quota(20);
        assert_eq!(throttle.next_growth(), None);
        throttle.shrink(pool, 20, AT(0));
        throttle.shrink(pool, 20, AT(5));
        assert_eq!(throttle.next_growth(), Some(AT(35)), "an echo is no peace");
        assert_eq!(throttle.grow(AT(34)), []);
        let mut grown = Vec::new();
        while let Some(at) = throttle.next_growth() {
            grown.extend(throttle.grow(at).into_iter().map(|(_, to)| (at.as_secs(), to)));
        }
        assert_eq!(grown, [(35, 13), (65, 16), (95, 19), (125, 20)]);
    }
}
