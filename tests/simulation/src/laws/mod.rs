//! The laws, judged over a whole run by what happened in Azure and in the API server.
//!
//! What the controller believes doesn't count, except for what it reports: a condition that isn't true breaks a law, too.
//! The plan names the operators' actions. They excuse what follows from them and nothing else.

mod copies;
mod end;
mod identity;
mod latest;
mod machine;
mod others;
mod process;
mod regions;
mod rest;
mod sources;
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
    oracle::{Served, StatusClaim},
    plan::{Action, Plan, ScheduledFault},
    world,
};

pub use end::is_settled;
pub(crate) use end::is_true;
pub(crate) use regions::must_be_deleted;

/// A law that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which law, as `docs/design.md` counts them, or `liveness`, or `conditions`.
    pub law: &'static str,
    /// What is wrong.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.law, self.text)
    }
}

/// All that is known of a run.
pub struct Evidence<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// When it began.
    pub begin: Timestamp,
    /// From when on nothing should be written.
    pub rested_from: Timestamp,
    /// Whether every object had settled by then.
    pub settled: bool,
    /// Azure at the end.
    pub azure: &'a Azure,
    /// The controller's writes to machines, versions and parts of copies, as they arrived.
    pub arrivals: &'a [Arrival],
    /// Every request that arrived at Azure.
    pub journal: &'a [JournalEntry],
    /// Every write to Kubernetes.
    pub kubernetes: &'a [Write],
    /// What objects claimed in their status, and what was true then.
    pub status_claims: &'a [StatusClaim],
    /// What Azure would have served as latest, at each change of it.
    pub served: &'a [Served],
    /// Every call to Azure and every write to Kubernetes that a process sent.
    pub sent: &'a [SentCall],
    /// The faults that were injected.
    pub injected: &'a [ScheduledFault],
    /// The panics.
    pub panics: &'a [String],
    /// The image versions that exist at the end.
    pub objects: &'a BTreeMap<String, Arc<Value>>,
    /// The namespace and its objects that exist at the end: resources and names.
    pub namespace: &'a [String],
}

impl<'a> Evidence<'a> {
    /// The controller's writes to Azure that took effect.
    pub fn writes(&self) -> impl Iterator<Item = &'a JournalEntry> {
        self.journal
            .iter()
            .filter(|entry| entry.write && entry.applied && entry.principal.as_deref() == Some(self.client()))
    }

    /// The client that acts on Azure for the objects.
    fn client(&self) -> &'static str {
        world::client(&self.plan.world)
    }

    /// The controller's writes with this method and path, ignoring case.
    fn writes_to(&self, method: &str, path: &str) -> Vec<&'a JournalEntry> {
        self.writes().filter(|entry| entry.method == method && entry.path.eq_ignore_ascii_case(path)).collect()
    }

    /// Whether an operator deletes the object of a version, or the namespace.
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
        let (machine, version) = (world::machine(number), world::version(number));
        let effects = self.arrivals.iter().filter(|arrival| arrival.applied);
        let own = |effect: &&Arrival| {
            let is = |id: &str| effect.resource.eq_ignore_ascii_case(id);
            is(&machine) || is(&version) || self.is_of_copy(number, &effect.resource)
        };
        effects.filter(own).collect()
    }

    /// The resource id of the snapshot that is kept of a version's machine: in the workspace, where there is one for the object.
    fn kept(&self, number: u8) -> String {
        if self.plan.world.is_proven(number) {
            return self.azure.part(number, "snapshots", "os-snapshot");
        }
        self.azure.kept(number)
    }

    /// Whether this is the id or the path of a part of the copy of a version's machine.
    fn is_of_copy(&self, number: u8, path: &str) -> bool {
        path.contains(&format!("/azimage-{}-", self.azure.uid(number)))
    }

    /// The machine that is captured for a version: the one that the object names, or the copy of it.
    fn captured(&self, number: u8) -> String {
        match self.plan.world.clone_of(number) {
            Some(_) => self.azure.copy(number),
            None => world::machine(number),
        }
    }

    /// How often processes end: by kills and crashes.
    fn process_ends(&self) -> usize {
        let kills = self.actions().filter(|action| matches!(action, Action::Kill { .. })).count();
        kills + self.injected.iter().filter(|fault| fault.fault.crashes()).count()
    }

    /// Seconds after which a request that was sent can't arrive any more.
    fn max_seconds_in_flight(&self) -> i64 {
        let paused =
            self.actions().map(|action| if let Action::Pause { seconds, .. } = action { *seconds } else { 0 }).sum();
        IN_FLIGHT.saturating_add_unsigned(paused)
    }

    /// Whether a request that took effect at this time may have been in flight when such an action happened.
    fn may_be_overtaken(&self, at: Timestamp, did: impl Fn(&Action) -> bool) -> bool {
        let since = at.duration_since(self.begin).as_secs();
        let span = since.saturating_sub(self.max_seconds_in_flight())..=since;
        // No request is in flight at the beginning.
        let actions = self.plan.events.iter().filter(|event| event.at > 0 && did(&event.action));
        actions.into_iter().any(|event| i64::try_from(event.at).is_ok_and(|at| span.contains(&at)))
    }

    /// The last read of a machine or a version before a time.
    fn last_read(&self, resource: &str, at: Timestamp) -> Option<&'a JournalEntry> {
        let own = self.journal.iter().filter(|entry| entry.principal.as_deref() == Some(self.client()));
        let mut reads = own.filter(|entry| entry.method == "GET" && entry.path.eq_ignore_ascii_case(resource));
        reads.rfind(|entry| entry.simulated_time <= at)
    }

    /// Whether the last read of a machine or a version before a time showed an old state, so that no process could know better.
    fn azure_lagged(&self, resource: &str, at: Timestamp) -> bool {
        self.last_read(resource, at).is_some_and(|read| read.lagging)
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

/// Seconds after which no request is in flight any more, without pauses of processes.
const IN_FLIGHT: i64 = 180;

/// The resource of image versions.
const VERSIONS: &str = "imageversions.azimage.dev";
/// The resource of targets.
const TARGETS: &str = "replicationtargets.azimage.dev";

/// One law: what is wrong, if anything.
type Law = (&'static str, fn(&Evidence<'_>) -> Vec<String>);

/// The laws that are judged.
const LAWS: [Law; 45] = [
    ("law 1", machine::generalized_once_and_sealed),
    ("law 1", machine::generalized_again_only_after_a_read),
    ("law 1", machine::generalized_only_when_deallocated),
    ("law 1", machine::sealed_once),
    ("law 1", machine::kept_before_it_is_sealed),
    ("law 1", machine::consents),
    ("law 1", machine::never_started),
    ("law 1", machine::not_claimed_for_a_locked_gallery),
    ("law 1", copies::sources_are_untouched),
    ("law 2", status::missing_was_true),
    ("law 3", version::made_once),
    ("law 4", latest::never_offered),
    ("law 4", latest::only_what_passed_is_served),
    ("law 5", regions::foreign_regions_are_kept),
    ("law 5", regions::added_regions_have_a_target),
    ("law 5", regions::regions_of_deleted_targets_are_removed),
    ("law 5", regions::wishes_are_never_worse_off_for_others),
    ("law 6", regions::ready_means_complete),
    ("law 6", status::ready_was_true),
    ("law 7", version::deleted_only_on_demand),
    ("law 7", others::broken_objects_get_no_writes),
    ("law 7", others::foreign_claims_are_respected),
    ("law 7", others::foreign_tags_are_kept),
    ("law 7", others::foreign_versions_are_kept),
    ("law 7", copies::others_keep_what_is_theirs),
    ("law 7", sources::only_what_was_the_machines_is_deleted),
    ("law 7", sources::what_is_used_is_there),
    ("law 7", sources::nothing_in_use_is_to_be_deleted),
    ("law 8", writes::intent_precedes_write),
    ("law 8", writes::finalizer_precedes_write),
    ("law 8", writes::no_needless_writes),
    ("law 8", writes::refused_wishes_are_asked_for_seldom),
    ("law 8", writes::forbidden_writes_are_asked_for_seldom),
    ("law 10", rest::no_writes_at_rest),
    ("law 10", rest::no_write_requests_at_rest),
    ("law 11", identity::no_foreign_identity),
    ("law 11", identity::no_secret_is_written),
    ("law 12", status::no_stall_without_a_cause),
    ("term", process::lease_is_taken_only_when_free),
    ("term", process::no_writes_after_lease_loss),
    ("conditions", status::conditions_are_valid),
    ("isolation", copies::no_copy_runs_in_a_network),
    ("suspend", rest::suspended_objects_get_no_writes),
    ("backoff", process::requests_back_off),
    ("panic", |evidence| evidence.panics.to_vec()),
];

/// Judges a run.
pub fn judge(evidence: &Evidence<'_>) -> Vec<Problem> {
    let liveness: [Law; 7] = [
        ("law 2", sources::what_is_told_is_gone),
        ("law 9", copies::nothing_temporary_is_left),
        ("liveness", latest::what_passed_is_served),
        ("liveness", end::objects_settle),
        ("liveness", end::broken_objects_report_their_reason),
        ("liveness", regions::deleted_targets_disappear),
        ("liveness", end::deleted_namespace_disappears),
    ];
    broken(LAWS.iter().chain(&liveness), evidence)
}

/// Judges a run by all laws but liveness, also before its end.
pub fn judge_safety(evidence: &Evidence<'_>) -> Vec<Problem> {
    broken(LAWS.iter(), evidence)
}

fn broken<'a>(laws: impl Iterator<Item = &'a Law>, evidence: &Evidence<'_>) -> Vec<Problem> {
    let found = laws.flat_map(|(law, judge)| judge(evidence).into_iter().map(|text| Problem { law, text }));
    found.collect()
}

fn line(entry: &JournalEntry) -> String {
    format!("{} {} {} at {}", entry.method, entry.path, entry.status.unwrap_or_default(), entry.simulated_time)
}
