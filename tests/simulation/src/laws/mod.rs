//! The laws, judged over a whole run by what happened in Azure and in the API server.
//!
//! What the controller believes counts nowhere, but for what it says to people: a condition that isn't true is a broken
//! law too. Other people's acts are known from the plan, and excuse what follows from them and nothing else.

mod end;
mod identity;
mod machine;
mod others;
mod process;
mod regions;
mod rest;
mod status;
mod version;
mod writes;

use std::{collections::BTreeMap, fmt, sync::Arc};

use azimage_simulator::JournalEntry;
use azimage_test_api_server::Write;
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    azure::{Arrival, Azure},
    faults::SentCall,
    oracle::StatusClaim,
    plan::{Action, Plan, ScheduledFault},
    world,
};

pub use end::at_its_end;
pub(crate) use end::is_true;
pub(crate) use regions::has_to_go;

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
    /// The controller's writes to machines and versions, as they arrived.
    pub arrivals: &'a [Arrival],
    /// Every request that arrived at Azure.
    pub journal: &'a [JournalEntry],
    /// Every write to Kubernetes.
    pub kubernetes: &'a [Write],
    /// What objects claimed in their status, and what was true then.
    pub status_claims: &'a [StatusClaim],
    /// Every call to Azure and every write to Kubernetes that a process sent.
    pub sent: &'a [SentCall],
    /// The faults that were injected.
    pub injected: &'a [ScheduledFault],
    /// The panics.
    pub panics: &'a [String],
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
        self.actions()
            .any(|action| matches!(action, Action::DeleteNamespace) || *action == Action::DeleteObject(number))
    }

    /// The writes that took effect on a machine or a version.
    fn effects_on(&self, resource: &str) -> Vec<&'a Arrival> {
        let effects = self.arrivals.iter().filter(|arrival| arrival.applied);
        effects.filter(|effect| effect.resource.eq_ignore_ascii_case(resource)).collect()
    }

    /// The writes that took effect for the object of a number.
    fn effects_of(&self, number: u8) -> Vec<&'a Arrival> {
        [self.effects_on(&world::machine(number)), self.effects_on(&world::version(number))].concat()
    }

    /// How often a process is killed or dropped.
    fn ends_of_processes(&self) -> usize {
        let kills = self.actions().filter(|action| matches!(action, Action::Kill { .. })).count();
        kills + self.injected.iter().filter(|fault| fault.fault.crashes()).count()
    }

    /// Seconds after which a request that was sent is on its way no more.
    fn in_flight(&self) -> i64 {
        let paused =
            self.actions().map(|action| if let Action::Pause { seconds, .. } = action { *seconds } else { 0 }).sum();
        IN_FLIGHT.saturating_add_unsigned(paused)
    }

    /// Whether a request that had its effect at this time may have been on its way when somebody did such a thing.
    fn overtaken(&self, at: Timestamp, did: impl Fn(&Action) -> bool) -> bool {
        let since = at.duration_since(self.begin).as_secs();
        let span = since.saturating_sub(self.in_flight())..=since;
        // In the beginning nothing is on its way.
        let actions = self.plan.events.iter().filter(|event| event.at > 0 && did(&event.action));
        actions.into_iter().any(|event| i64::try_from(event.at).is_ok_and(|at| span.contains(&at)))
    }

    /// The last answer before a time that a process got about a machine or a version itself.
    fn last_look(&self, resource: &str, at: Timestamp) -> Option<&'a JournalEntry> {
        let own = self.journal.iter().filter(|entry| entry.principal.as_deref() == Some(self.client()));
        let mut looks = own.filter(|entry| entry.method == "GET" && entry.path.eq_ignore_ascii_case(resource));
        looks.rfind(|entry| entry.simulated_time <= at)
    }

    /// Whether nobody could know then how a machine or a version stood, as Azure last showed it as it had been before.
    fn was_shown_late(&self, resource: &str, at: Timestamp) -> bool {
        self.last_look(resource, at).is_some_and(|look| look.lagging)
    }

    /// An object as it was at a time.
    fn object_at(&self, resource: &str, name: &str, at: Timestamp) -> Option<&'a Value> {
        let mut writes = self.kubernetes.iter().filter(|write| write.resource == resource && write.name == name);
        let last = writes.rfind(|write| write.time <= at)?;
        last.after.as_deref()
    }

    /// The actions of the plan's events.
    fn actions(&self) -> impl Iterator<Item = &'a Action> {
        self.plan.events.iter().map(|event| &event.action)
    }
}

/// Seconds after which no request is on its way any more, but for pauses of processes.
const IN_FLIGHT: i64 = 180;

/// The resource of image versions.
const VERSIONS: &str = "imageversions.azimage.dev";
/// The resource of targets.
const TARGETS: &str = "replicationtargets.azimage.dev";

/// One law: what is wrong, if anything.
type Law = (&'static str, fn(&Evidence<'_>) -> Vec<String>);

/// The laws that are judged.
const LAWS: [Law; 33] = [
    ("law 1", machine::generalized_once_and_sealed),
    ("law 1", machine::generalized_only_after_a_look),
    ("law 1", machine::generalized_only_when_deallocated),
    ("law 1", machine::sealed_once),
    ("law 1", machine::consents),
    ("law 1", machine::never_started),
    ("law 2", status::gone_was_gone),
    ("law 3", version::made_once),
    ("law 4", version::never_offered_as_latest),
    ("law 5", regions::foreign_regions_stay),
    ("law 5", regions::regions_are_asked_for),
    ("law 5", regions::let_go_with_their_regions),
    ("law 6", regions::ready_means_complete),
    ("law 6", status::ready_was_true),
    ("law 7", version::deleted_only_on_demand),
    ("law 7", others::broken_objects_get_no_writes),
    ("law 7", others::claims_stand),
    ("law 7", others::tags_stay),
    ("law 7", others::versions_stay),
    ("law 8", writes::announced_before),
    ("law 8", writes::held_before),
    ("law 8", writes::none_is_needless),
    ("law 10", rest::nothing_is_written),
    ("law 10", rest::nothing_is_sent),
    ("law 11", identity::none_is_borrowed),
    ("law 11", identity::no_secret_is_told),
    ("law 12", status::never_given_up),
    ("term", process::lease_is_taken_only_when_free),
    ("term", process::nothing_is_sent_after_its_term),
    ("conditions", status::conditions_keep_the_rules),
    ("suspend", rest::suspended_objects_rest),
    ("backoff", process::requests_get_fewer),
    ("panic", |evidence| evidence.panics.to_vec()),
];

/// Judges a run.
pub fn judge(evidence: &Evidence<'_>) -> Vec<Problem> {
    let alive: [Law; 4] = [
        ("liveness", end::reached),
        ("liveness", end::broken_objects_report_their_reason),
        ("liveness", regions::targets_go),
        ("liveness", end::namespace_is_gone),
    ];
    broken(LAWS.iter().chain(&alive), evidence)
}

/// Judges a run that isn't at its end.
pub fn but_liveness(evidence: &Evidence<'_>) -> Vec<Problem> {
    broken(LAWS.iter(), evidence)
}

fn broken<'a>(laws: impl Iterator<Item = &'a Law>, evidence: &Evidence<'_>) -> Vec<Problem> {
    let found = laws.flat_map(|(law, judge)| judge(evidence).into_iter().map(|text| Problem { law, text }));
    found.collect()
}

fn line(entry: &JournalEntry) -> String {
    format!("{} {} {} at {}", entry.method, entry.path, entry.status.unwrap_or_default(), entry.simulated_time)
}
