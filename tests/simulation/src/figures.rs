//! The figures of a campaign, kept between its runs.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{fault_rates::CallKind, plan::Plan, run::Outcome};

/// Figures of a campaign.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Figures {
    /// The next seed.
    pub next: u64,
    /// Seeds run.
    pub seeds: u64,
    /// Image versions, over all seeds.
    pub image_versions: u64,
    /// Seconds of real time.
    pub seconds: f64,
    /// Processor time in seconds.
    pub processor_seconds: f64,
    /// Hours of virtual time.
    pub hours: f64,
    /// Requests that arrived at Azure.
    pub azure_requests: u64,
    /// Faults by kind.
    pub faults: BTreeMap<String, u64>,
    /// Other events by kind.
    pub events: BTreeMap<String, u64>,
    /// For each class of calls: how often each crash was injected at it.
    pub crash_points: BTreeMap<String, BTreeMap<String, u64>>,
    /// Seeds that broke a law, with what was broken.
    pub failed: BTreeMap<u64, Vec<String>>,
}

impl Figures {
    /// Counts a run.
    pub fn add(&mut self, plan: &Plan, outcome: &Outcome) {
        self.seeds += 1;
        self.image_versions += u64::try_from(plan.world.numbers().count()).unwrap_or(0);
        self.hours += outcome.took.as_secs_f64() / 3600.0;
        self.azure_requests += u64::try_from(outcome.azure_requests).unwrap_or(0);
        for fault in &outcome.injected {
            *self.faults.entry(fault.fault.kind().to_owned()).or_default() += 1;
        }
        for event in &plan.events {
            *self.events.entry(event.action.name()).or_default() += 1;
        }
        for ((kind, call), counts) in &outcome.fault_counts {
            let points: &[&str] = match kind {
                CallKind::AzureRead | CallKind::KubernetesRead => &["crashBefore", "crashAfter"],
                CallKind::AzureWrite | CallKind::KubernetesWrite => &["crashBefore", "crashWithin", "crashAfter"],
                CallKind::Token => &["crashBefore"],
                CallKind::Poll => &["crashAtPoll"],
                CallKind::KubernetesWatch | CallKind::KubernetesEvent => &[],
            };
            for point in points {
                let count = counts.get(point).copied().unwrap_or(0);
                *self.crash_points.entry(call.clone()).or_default().entry((*point).to_owned()).or_default() += count;
            }
        }
        if !outcome.problems.is_empty() {
            self.failed.insert(plan.seed, outcome.problems.iter().map(ToString::to_string).collect());
        }
    }

    /// How many crash points were tried, of those that exist.
    pub fn covered(&self) -> (usize, usize) {
        let all = || self.crash_points.values().flat_map(BTreeMap::values);
        (all().filter(|count| **count > 0).count(), all().count())
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.seconds / 60.0;
        #[allow(clippy::cast_precision_loss, reason = "only printed")]
        let rate = if minutes > 0.0 { self.image_versions as f64 / minutes } else { 0.0 };
        writeln!(
            formatter,
            "{} seeds, {} image versions, {:.0} h of virtual time in {minutes:.1} min: {rate:.0} image versions a minute",
            self.seeds, self.image_versions, self.hours
        )?;
        if self.processor_seconds > 0.0 {
            #[allow(clippy::cast_precision_loss, reason = "only printed")]
            let rate = self.image_versions as f64 / self.processor_seconds * 120.0;
            writeln!(formatter, "{rate:.0} image versions a minute of two processors' time")?;
        }
        writeln!(formatter, "{} requests to Azure", self.azure_requests)?;
        let list = |counts: &BTreeMap<String, u64>| {
            counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
        };
        writeln!(formatter, "faults: {}", list(&self.faults))?;
        writeln!(formatter, "events: {}", list(&self.events))?;
        let (covered, all) = self.covered();
        writeln!(formatter, "crash points tried: {covered} of {all}")?;
        for (call, points) in &self.crash_points {
            let missed: Vec<&str> =
                points.iter().filter(|(_, count)| **count == 0).map(|(point, _)| point.as_str()).collect();
            if !missed.is_empty() {
                writeln!(formatter, "  not yet: {call} {}", missed.join(" "))?;
            }
        }
        write!(formatter, "seeds that broke a law: {}", self.failed.len())?;
        for (seed, problems) in &self.failed {
            write!(formatter, "\n  seed {seed}: {}", problems.join("\n    "))?;
        }
        Ok(())
    }
}

/// The processor time of this process so far, in seconds, where the system has `/proc`.
pub fn processor_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // After the program's name, which may contain anything, the twelfth and thirteenth: hundredths of seconds.
    let mut fields = text.rsplit(')').next()?.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<f64>().ok();
    Some((next()? + next()?) / 100.0)
}
