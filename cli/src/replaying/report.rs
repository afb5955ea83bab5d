//! What a replay says: for people, and as a JSON document (`format_version` `"1.0"`).

use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use super::recorded::{Outline, RecordedRun};
use super::rescheduled::Schedule;
use crate::duration::about;
use crate::plan_view::path::in_short;

/// Nodes of a critical chain that people are shown.
const N_SHOWN: usize = 12;

/// A run as it was, scheduled again as it was, and with other limits if those are asked for.
pub struct Replay<'a> {
    /// The run.
    pub run: &'a RecordedRun,
    /// What happened.
    pub recorded: Schedule,
    /// The same in virtual time.
    pub replayed: Schedule,
    /// With other limits.
    pub changed: Option<Schedule>,
}

#[derive(Serialize)]
struct Document<'a> {
    format_version: &'static str,
    run: &'a str,
    template: &'a str,
    started: &'a str,
    nodes: usize,
    nodes_ended: usize,
    ended: bool,
    stopped: bool,
    recorded: ScheduleRow<'a>,
    replayed: ScheduleRow<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<ScheduleRow<'a>>,
}

#[derive(Serialize)]
struct ScheduleRow<'a> {
    seconds: f64,
    lower_bound_seconds: f64,
    ratio: f64,
    limits: Map<String, Value>,
    bottleneck: Option<&'a str>,
    bottleneck_wait_seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_in_flight: Option<usize>,
    critical_path: &'a [String],
}

impl<'a> From<&'a Schedule> for ScheduleRow<'a> {
    fn from(schedule: &'a Schedule) -> Self {
        Self {
            seconds: schedule.appraisal.makespan.as_secs_f64(),
            lower_bound_seconds: schedule.appraisal.lower_bound.as_secs_f64(),
            ratio: schedule.appraisal.ratio(),
            limits: schedule.limits.iter().map(|(name, capacity)| (name.clone(), (*capacity).into())).collect(),
            bottleneck: schedule.bottleneck.as_ref().map(|(pool, _)| &**pool),
            bottleneck_wait_seconds: schedule.bottleneck.as_ref().map_or(0.0, |(_, wait)| wait.as_secs_f64()),
            max_in_flight: schedule.max_in_flight,
            critical_path: &schedule.critical,
        }
    }
}

impl Replay<'_> {
    /// The document, with a line end.
    pub fn json(&self) -> String {
        let run = self.run;
        let document = Document {
            format_version: "1.0",
            run: &run.about.run,
            template: &run.about.template.path,
            started: &run.about.started,
            nodes: run.plan.len(),
            nodes_ended: run.n_ended(),
            ended: run.ended,
            stopped: run.stopped,
            recorded: (&self.recorded).into(),
            replayed: (&self.replayed).into(),
            changed: self.changed.as_ref().map(Into::into),
        };
        serde_json::to_string_pretty(&document).expect("texts, numbers and lists are always JSON") + "\n"
    }

    /// For people.
    pub fn text(&self) -> String {
        let about_run = &self.run.about;
        let (n_nodes, n_ended) = (self.run.plan.len(), self.run.n_ended());
        // Writing to a String cannot fail.
        let mut text = String::new();
        let _ = writeln!(text, "Run {} of {}, {}", about_run.run, about_run.template.path, about_run.started);
        if self.run.stopped || n_ended < n_nodes {
            let why = if self.run.stopped { "was stopped" } else { "did not come to its end" };
            let _ = writeln!(text, "It {why}; what did not end in it takes as long as was expected.");
        }
        write_schedule(&mut text, "recorded", &self.recorded, None);
        write_schedule(&mut text, "replayed", &self.replayed, Some(&self.recorded));
        if let Some(changed) = &self.changed {
            write_schedule(&mut text, "with other limits", changed, Some(&self.replayed));
        }
        text
    }
}

fn write_schedule(text: &mut String, name: &str, schedule: &Schedule, before: Option<&Schedule>) {
    let makespan = schedule.appraisal.makespan;
    let change = before.map(|before| difference(before.appraisal.makespan, makespan)).unwrap_or_default();
    let _ = writeln!(text, "\n{name}: {}{change}", about(makespan));
    let limits: Vec<String> = schedule.limits.iter().map(|(pool, capacity)| format!("{pool} = {capacity}")).collect();
    let _ = writeln!(text, "  limits      {}", if limits.is_empty() { "none".to_owned() } else { limits.join(", ") });
    let _ = writeln!(
        text,
        "  at best     {} (ratio {:.2})",
        about(schedule.appraisal.lower_bound),
        schedule.appraisal.ratio()
    );
    let held_up = match &schedule.bottleneck {
        Some((pool, wait)) => format!("pool \"{pool}\", waited for {}", about(*wait)),
        None => "none".to_owned(),
    };
    let _ = writeln!(text, "  bottleneck  {held_up}");
    let _ = writeln!(text, "  critical    {}", in_short(&schedule.critical, N_SHOWN));
}

/// ` (12.3 % less)`.
fn difference(before: Duration, after: Duration) -> String {
    if before.is_zero() {
        return String::new();
    }
    let percent = (after.as_secs_f64() / before.as_secs_f64() - 1.0) * 100.0;
    match percent {
        _ if percent.abs() < 0.05 => " (the same)".to_owned(),
        _ if percent < 0.0 => format!(" ({:.1} % less)", -percent),
        _ => format!(" ({percent:.1} % more)"),
    }
}

/// A line of the list of runs: what its journal says, or why that cannot be read.
pub struct Listed {
    /// The run.
    pub id: String,
    /// What is known of it.
    pub outline: Result<Outline, String>,
    /// Whether it goes on.
    pub is_alive: bool,
}

#[derive(Serialize)]
struct List<'a> {
    format_version: &'static str,
    runs: Vec<RunRow<'a>>,
}

#[derive(Default, Serialize)]
struct RunRow<'a> {
    run: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nodes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

impl Listed {
    fn state(&self, outline: &Outline) -> &'static str {
        match outline {
            _ if self.is_alive => "running",
            Outline { ended: false, .. } => "killed",
            Outline { stopped: true, .. } => "stopped",
            Outline { n_failed: 0, .. } => "succeeded",
            _ => "failed",
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        let outline = match &self.outline {
            Ok(outline) => outline,
            Err(why) => return format!("{}  {why}", self.id),
        };
        let (state, Outline { about: run, n_nodes, took, .. }) = (self.state(outline), outline);
        let (took, path) = (about(*took), &run.template.path);
        format!("{}  {}  {state:<9}  {n_nodes:>6} nodes  {took:>18}  {path}", run.run, run.started)
    }

    fn row(&self) -> RunRow<'_> {
        match &self.outline {
            Ok(outline) => RunRow {
                run: &self.id,
                state: Some(self.state(outline)),
                template: Some(&outline.about.template.path),
                started: Some(&outline.about.started),
                nodes: Some(outline.n_nodes),
                seconds: Some(outline.took.as_secs_f64()),
                error: None,
            },
            Err(why) => RunRow { run: &self.id, error: Some(why), ..RunRow::default() },
        }
    }
}

/// The list of runs as a JSON document, with a line end.
pub fn list_json(runs: &[Listed]) -> String {
    let list = List { format_version: "1.0", runs: runs.iter().map(Listed::row).collect() };
    serde_json::to_string_pretty(&list).expect("texts, numbers and lists are always JSON") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_in_hundredths() {
        let seconds = Duration::from_secs_f64;
        for (before, after, expected) in [
            (10.0, 10.001, " (the same)"),
            (10.0, 5.0, " (50.0 % less)"),
            (10.0, 12.34, " (23.4 % more)"),
            (0.0, 1.0, ""),
        ] {
            assert_eq!(difference(seconds(before), seconds(after)), expected);
        }
    }
}
