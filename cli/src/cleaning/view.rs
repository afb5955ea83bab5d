//! What is left and what became of it, for people and for programs.

use std::collections::BTreeMap;

use plugins::cleanup::{Method, Removed};
use plugins::journal::Resource;
use serde::Serialize;

use crate::cleaning::survey::{Condition, Item, Remains, Survey};
use crate::cleaning::sweep::Fate;

/// What became of things, by run and number.
pub type Fates = BTreeMap<(String, u64), Fate>;

/// What was found, for people: each run, and under it what is left with the command that removes it.
pub fn text(survey: &Survey) -> String {
    let mut lines = Vec::new();
    for run in &survey.runs {
        lines.push(headline(run));
        lines.extend(run.damages.iter().map(|damage| format!("    Warning: {damage}")));
        lines.extend(run.items.iter().filter(|item| item.taken_by.is_none()).flat_map(item_lines));
        lines.extend(takers(run).map(|line| format!("    {line}")));
    }
    lines.join("\n")
}

fn headline(run: &Remains) -> String {
    let template = if run.template.is_empty() { String::new() } else { format!(" of {}", run.template) };
    let started = run.started.map_or_else(String::new, |started| format!(", started {started:.0}"));
    let condition = match run.condition {
        Condition::InUse => "is in use and left alone",
        Condition::Ending => "was killed, and what it had running is being ended",
        Condition::Killed => "did not come to its end",
        Condition::Failed => "failed or was stopped",
        Condition::Succeeded => "succeeded",
    };
    format!("Run {}{template}{started}, {condition}{}", run.file.id(), if run.items.is_empty() { "" } else { ":" })
}

/// A line for each later run that has things of this one by now. Nobody wants to read them one by one.
fn takers(run: &Remains) -> impl Iterator<Item = String> {
    run.takers().into_iter().map(|(taker, n_things)| match n_things {
        1 => format!("1 resource stays: it is that of run {taker} by now"),
        n => format!("{n} resources stay: they are those of run {taker} by now"),
    })
}

fn item_lines(item: &Item) -> Vec<String> {
    let mut lines = vec![format!("    {}", name(&item.resource))];
    if let Method::ByHand { reason, .. } = &item.method {
        lines.push(format!("        by hand: {reason}"));
    }
    lines.extend(item.method.lines().iter().map(|line| format!("        {line}")));
    lines
}

/// `null.a: machine i-1 (region r)`.
pub fn name(resource: &Resource) -> String {
    let Resource { build, kind, id, place, .. } = resource;
    let build = if build.is_empty() { String::new() } else { format!("{build}: ") };
    let place: Vec<String> = place.iter().map(|(key, value)| format!("{key} {value}")).collect();
    let place = if place.is_empty() { String::new() } else { format!(" ({})", place.join(", ")) };
    format!("{build}{} {id}{place}", kind.name())
}

/// What became of a thing, for people; nothing of what is another run's.
pub fn outcome(item: &Item, fate: &Fate) -> Option<String> {
    let name = name(&item.resource);
    let text = match fate {
        Fate::Gone(Removed::Now) => format!("Removed {name}"),
        Fate::Gone(Removed::WasGone) => format!("Was gone already: {name}"),
        Fate::Gone(Removed::IsOthers) => format!("Something else is there by now, and stays: {name}"),
        Fate::Taken(_) => return None,
        Fate::Forgotten => format!("Struck off the record: {name}"),
        Fate::Left(reason) => {
            let commands = match &item.method {
                Method::ByHand { .. } => item.method.lines().iter().map(|line| format!("\n    {line}")).collect(),
                _ => String::new(),
            };
            format!("Is left: {name}: {reason}{commands}")
        }
    };
    Some(text)
}

/// That a run which was killed is waited for.
pub fn waiting(run: &str) -> String {
    format!("Run {run} was killed, and what it had running is being ended. Waiting for that.")
}

/// The whole document.
#[derive(Serialize)]
struct Document<'a> {
    format_version: &'static str,
    runs: Vec<RunRow<'a>>,
    unreadable: Vec<UnreadableRow<'a>>,
    left: usize,
}

#[derive(Serialize)]
struct RunRow<'a> {
    run: &'a str,
    template: &'a str,
    started: Option<String>,
    condition: &'static str,
    damages: &'a [String],
    resources: Vec<ItemRow<'a>>,
}

#[derive(Serialize)]
struct UnreadableRow<'a> {
    run: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct ItemRow<'a> {
    number: u64,
    build: &'a str,
    kind: &'static str,
    id: &'a str,
    provider: &'a str,
    place: &'a BTreeMap<String, String>,
    /// What removes it, as a shell would be given it.
    commands: Vec<String>,
    /// Why somebody has to do it.
    by_hand: Option<&'a str>,
    taken_by: Option<&'a str>,
    /// `removed`, `was-gone`, `not-ours`, `taken`, `forgotten`, `left`; none when nothing was to be removed.
    result: Option<&'static str>,
    error: Option<&'a str>,
}

/// What was found and what became of it, for programs.
pub fn json(survey: &Survey, fates: &Fates) -> String {
    let is_left = |run: &Remains, item: &Item| {
        let fate = fates.get(&(run.file.id().to_owned(), item.resource.number));
        item.taken_by.is_none() && fate.is_none_or(|fate| matches!(fate, Fate::Left(_)))
    };
    let left = survey.runs.iter().map(|run| run.items.iter().filter(|item| is_left(run, item)).count()).sum();
    let unreadable = survey.unreadable.iter().map(|(file, reason)| UnreadableRow { run: file.id(), reason });
    let document = Document {
        format_version: "1.0",
        runs: survey.runs.iter().map(|run| run_row(run, fates)).collect(),
        unreadable: unreadable.collect(),
        left,
    };
    // It is made of texts and numbers, which all have a form.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn run_row<'a>(run: &'a Remains, fates: &'a Fates) -> RunRow<'a> {
    let fate = |item: &Item| fates.get(&(run.file.id().to_owned(), item.resource.number));
    RunRow {
        run: run.file.id(),
        template: &run.template,
        started: run.started.map(|started| started.to_string()),
        condition: run.condition.name(),
        damages: &run.damages,
        resources: run.items.iter().map(|item| item_row(item, fate(item))).collect(),
    }
}

fn item_row<'a>(item: &'a Item, fate: Option<&'a Fate>) -> ItemRow<'a> {
    let Resource { number, build, kind, id, provider, place, .. } = &item.resource;
    let by_hand = if let Method::ByHand { reason, .. } = &item.method { Some(reason.as_str()) } else { None };
    let result = fate.map(|fate| match fate {
        Fate::Gone(Removed::Now) => "removed",
        Fate::Gone(Removed::WasGone) => "was-gone",
        Fate::Gone(Removed::IsOthers) => "not-ours",
        Fate::Taken(_) => "taken",
        Fate::Forgotten => "forgotten",
        Fate::Left(_) => "left",
    });
    let error = if let Some(Fate::Left(reason)) = fate { Some(reason.as_str()) } else { None };
    ItemRow {
        number: *number,
        build,
        kind: kind.name(),
        id,
        provider,
        place,
        commands: item.method.lines(),
        by_hand,
        taken_by: item.taken_by.as_deref(),
        result,
        error,
    }
}
