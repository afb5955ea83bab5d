//! Whole runs in virtual time under random rules: attempts, limits on time, quotas that shrink, stopping at the first
//! failure. The model follows every event and asks, whenever time passes, whether anything could have started.

use std::time::Duration;

use engine::{
    Failure, FailureClass, Outcome, RecordingEmitter, Retry, Rules, SimOptions, Throttling, TimeLimits, simulate,
};
use proptest::prelude::*;

use crate::drawn::{Drawn, drawn};
use crate::model::{end_of, follow_in_virtual_time};

fn some_seconds(most: u64) -> impl Strategy<Value = Option<Duration>> {
    proptest::option::weighted(0.4, (0..=most).prop_map(Duration::from_secs))
}

fn seconds(most: u64) -> impl Strategy<Value = Duration> {
    (0..=most).prop_map(Duration::from_secs)
}

fn limits() -> impl Strategy<Value = TimeLimits> {
    (some_seconds(4), some_seconds(4), some_seconds(8), some_seconds(12), seconds(3))
        .prop_map(|(node, idle, lease, run, grace)| TimeLimits { node, idle, lease, run, grace })
}

fn rules() -> impl Strategy<Value = Rules> {
    let retry = (0u32..4, seconds(2), seconds(3));
    let throttling = (seconds(2), seconds(4)).prop_map(|(echo, quiet)| Throttling { echo, quiet });
    (proptest::bool::weighted(0.2), retry, limits(), throttling).prop_map(|(fail_fast, retry, limits, throttling)| {
        let (attempts, first, cap) = retry;
        Rules { fail_fast, retry: Retry { attempts, first, cap }, limits, throttling }
    })
}

/// How often a node fails first for a reason that may pass, and whether that is because it was too much.
fn flaws() -> impl Strategy<Value = Vec<(u32, bool)>> {
    let flaw = (prop_oneof![3 => Just(0u32), 1 => 1u32..4], any::<bool>());
    proptest::collection::vec(flaw, 30)
}

fn check(drawn: &Drawn, rules: &Rules, flaws: &[(u32, bool)], workers: usize) {
    let plan = drawn.plan_of_quotas();
    let emitter = RecordingEmitter::default();
    let mut n_tried = vec![0; plan.len()];
    let options = SimOptions { workers, rules: rules.clone() };
    let forecast = simulate(&plan, &options, &emitter, |node| {
        let at = node.index();
        n_tried[at] += 1;
        let (n_failing, is_throttled) = flaws[at % flaws.len()];
        let class = if is_throttled { FailureClass::Throttled } else { FailureClass::Transient };
        let outcome = if n_tried[at] <= n_failing {
            Outcome::Failed(Failure::classed(class, "for now"))
        } else {
            drawn.nodes[at].ending.outcome()
        };
        (Duration::from_secs(drawn.nodes[at].estimate), outcome)
    });
    let ends = follow_in_virtual_time(drawn, &emitter.take(), workers);
    let reported: Vec<_> = forecast.outcomes.values().iter().map(end_of).collect();
    assert_eq!(ends, reported);
    let most = rules.retry.attempts.max(1);
    assert!(n_tried.iter().all(|&tried| tried <= most), "more attempts than allowed: {n_tried:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn every_node_has_one_outcome_no_pool_is_overdrawn_and_nothing_waits_for_nothing(
        drawn in drawn(24),
        rules in rules(),
        flaws in flaws(),
        workers in 1usize..4,
    ) {
        check(&drawn, &rules, &flaws, workers);
    }
}
