//! The laws, judged over a whole run by what happened in Azure and in the API server.
//!
//! What the controller believes counts nowhere, but for what it says to people: a condition that isn't true is a broken
//! law too. Other people's acts are known from the plan, and excuse what follows from them and nothing else.

mod borrowed;
mod claims;
mod conditions;
mod end;
mod flawed;
mod intent;
mod latest;
mod machine;
mod regions;
mod replaced;
mod rest;
mod secrets;
mod term;

use std::{collections::BTreeMap, fmt, sync::Arc};

use azimage_simulator::JournalEntry;
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    azure::Azure,
    kubernetes::Write,
    plan::{Act, Plan},
    witness::Testimony,
    world,
};

pub use end::at_its_end;

/// A law that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which law, as `docs/design.md` counts them, or `liveness`, or `conditions`.
    pub law: &'static str,
    /// How.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.law, self.text)
    }
}

/// All that is known of a run.
pub struct Evidence<'a> {
    /// What was to happen.
    pub plan: &'a Plan,
    /// When it began.
    pub begin: Timestamp,
    /// From when on nothing should be written.
    pub rested_from: Timestamp,
    /// Whether every object came to an end before.
    pub settled: bool,
    /// Azure, as it is in the end.
    pub azure: &'a Azure,
    /// Every request that arrived at Azure.
    pub journal: &'a [JournalEntry],
    /// Every write to Kubernetes.
    pub kubernetes: &'a [Write],
    /// What objects said, and what was true then.
    pub testimonies: &'a [Testimony],
    /// The image versions that are there in the end.
    pub objects: &'a BTreeMap<String, Arc<Value>>,
    /// What is there of the namespace in the end, itself included: resources and names.
    pub namespace: &'a [String],
}

impl<'a> Evidence<'a> {
    /// The controller's writes to Azure that took effect.
    pub fn writes(&self) -> impl Iterator<Item = &'a JournalEntry> {
        self.journal
            .iter()
            .filter(|entry| entry.write && entry.applied && entry.principal.as_deref() == Some(self.client()))
    }

    /// Who acts on Azure for the objects.
    fn client(&self) -> &'static str {
        world::client(&self.plan.world)
    }

    /// The controller's writes with a method to what has such an end in its path, without case.
    fn writes_to(&self, method: &str, path: &str) -> Vec<&'a JournalEntry> {
        self.writes().filter(|entry| entry.method == method && entry.path.eq_ignore_ascii_case(path)).collect()
    }

    /// Whether somebody deletes the object of a version, or all of them.
    fn is_deleted(&self, number: u8) -> bool {
        self.acts().any(|act| matches!(act, Act::DeleteNamespace) || *act == Act::DeleteObject(number))
    }

    /// What other people do.
    fn acts(&self) -> impl Iterator<Item = &'a Act> {
        self.plan.events.iter().map(|event| &event.act)
    }
}

/// One law: what is wrong, if anything.
type Law = (&'static str, fn(&Evidence<'_>) -> Vec<String>);

/// The laws that are judged.
const LAWS: [Law; 17] = [
    ("law 1", machine::generalized_once_and_sealed),
    ("law 1", machine::never_started),
    ("law 2", claims::gone_was_gone),
    ("law 3", replaced::made_once),
    ("law 4", latest::never_offered),
    ("law 5", regions::foreign_regions_stay),
    ("law 6", regions::ready_means_complete),
    ("law 6", claims::ready_was_true),
    ("law 7", replaced::deleted_only_on_demand),
    ("law 7", flawed::nothing_is_touched),
    ("law 8", intent::announced_before),
    ("law 10", rest::nothing_is_written),
    ("law 11", borrowed::none_is),
    ("law 11", secrets::none_is_told),
    ("law 12", claims::never_given_up),
    ("term", term::taken_only_when_free),
    ("conditions", conditions::keep_the_rules),
];

/// Judges a run.
pub fn judge(evidence: &Evidence<'_>) -> Vec<Problem> {
    let alive: [Law; 3] =
        [("liveness", end::reached), ("liveness", flawed::said), ("liveness", end::namespace_is_gone)];
    let laws = LAWS.iter().chain(&alive);
    let found = laws.flat_map(|(law, judge)| judge(evidence).into_iter().map(|text| Problem { law, text }));
    found.collect()
}

fn line(entry: &JournalEntry) -> String {
    format!("{} {} {} at {}", entry.method, entry.path, entry.status.unwrap_or_default(), entry.simulated_time)
}
