//! The last word about how a run went: how long it took, how much less it could have taken, and why it did not.

use std::time::Duration;

use engine::{Appraisal, Slots};
use planner::lower::Program;

use crate::duration::in_words;
use crate::plan_view::path::in_short;
use crate::session::Session;

/// Shorter runs leave nothing to explain, unless somebody has the run written down.
const WORTH_A_LINE: Duration = Duration::from_secs(10);
/// Nodes of the critical chain that people are shown.
const N_SHOWN: usize = 12;

/// What determined how long a run took.
#[derive(Clone, Debug, PartialEq)]
pub struct Closing {
    makespan: Duration,
    lower_bound: Duration,
    ratio: f64,
    /// The chain of nodes that determined the end, as keys.
    critical: Vec<String>,
    /// Those of them that took more than a hundredth of the time.
    weighty: Vec<String>,
    bottleneck: Option<(String, Duration)>,
}

impl Closing {
    /// Of a run of `program` that went as `slots` say.
    pub fn new(program: &Program, appraisal: &Appraisal, slots: &Slots) -> Self {
        let plan = &program.plan;
        let key = |&id: &engine::NodeId| program.key(*plan.node(id));
        let is_weighty = |id: &&engine::NodeId| {
            slots[**id].is_some_and(|slot| slot.end.saturating_sub(slot.start) > appraisal.makespan / 100)
        };
        Self {
            makespan: appraisal.makespan,
            lower_bound: appraisal.lower_bound,
            ratio: appraisal.ratio(),
            critical: appraisal.critical.iter().map(key).collect(),
            weighty: appraisal.critical.iter().filter(is_weighty).map(key).collect(),
            bottleneck: appraisal.bottleneck().map(|(pool, wait)| (plan.pools()[pool].name.clone(), wait)),
        }
    }

    /// Prints it: for programs always, for people when it was a long run or they `asked` for more than its output.
    pub fn print(&self, session: &mut Session, asked: bool) {
        session.machine(None, "timing", &self.words());
        let to_people = !session.settings().machine_readable;
        if to_people && (asked || self.makespan >= WORTH_A_LINE) {
            session.say(&self.line());
        }
    }

    /// Seconds it took, seconds that it had to take, their ratio, the pool that held it up and for how many seconds, then
    /// the nodes that determined the end.
    fn words(&self) -> Vec<String> {
        let seconds = |duration: Duration| format!("{:.3}", duration.as_secs_f64());
        let (pool, wait) = self.bottleneck.clone().unwrap_or_default();
        let ratio = format!("{:.3}", self.ratio);
        let mut words = vec![seconds(self.makespan), seconds(self.lower_bound), ratio, pool, seconds(wait)];
        words.extend(self.critical.iter().cloned());
        words
    }

    fn line(&self) -> String {
        let at_best = in_words(self.lower_bound);
        let held_up = match &self.bottleneck {
            Some((pool, wait)) => format!("; waited {} for pool \"{pool}\"", in_words(*wait)),
            None => String::new(),
        };
        let critical = in_short(&self.weighty, N_SHOWN);
        format!("==> At best {at_best} with these limits (ratio {:.2}); critical: {critical}{held_up}", self.ratio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_get_a_sentence_and_programs_get_words() {
        let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        let mut closing = Closing {
            makespan: Duration::from_secs(62),
            lower_bound: Duration::from_secs(60),
            ratio: 62.0 / 60.0,
            critical: keys(&["null.a/prepare", "null.a/open", "null.a/provision[0]"]),
            weighty: keys(&["null.a/open", "null.a/provision[0]"]),
            bottleneck: None,
        };
        let text = "==> At best 1 minute with these limits (ratio 1.03); critical: null.a: open → provision[0]";
        assert_eq!(closing.line(), text);
        let words = ["62.000", "60.000", "1.033", "", "0.000", "null.a/prepare", "null.a/open", "null.a/provision[0]"];
        assert_eq!(closing.words(), words);
        closing.bottleneck = Some(("builds".to_owned(), Duration::from_secs(5)));
        assert_eq!(closing.line(), format!("{text}; waited 5 seconds for pool \"builds\""));
        assert_eq!(closing.words()[3..5], ["builds", "5.000"]);
    }
}
