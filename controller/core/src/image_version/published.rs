//! What to do next for a version that exists.

use azimage_crds::{ConditionType, OWNER_TAG, Reason, RegionState, RegionStatus};
use azimage_deliberate_bugs::bug;
use azimage_names::Region;

use super::{
    Memory, Plan, Provisioning, Report, SourceSpec, Step, StepName, Validated, VersionObserved, VersionRequest, Wake,
    compare, regions, validate::find_tag,
};
use crate::{
    Finding, Progress,
    merge::{Merged, merge},
};

/// The steps that a version which exists has behind it.
const CAPTURE: [StepName; 6] = [
    StepName::ClaimSource,
    StepName::Seal,
    StepName::ForgetSeal,
    StepName::MarkSealed,
    StepName::Deallocate,
    StepName::Generalize,
];

pub(super) fn plan(validated: &Validated, memory: &Memory<'_>, version: &VersionObserved) -> Plan {
    let mut report =
        Report { resource_id: Some(validated.id.to_string()), size_gib: version.size_gib, ..Report::default() };
    if !validated.owns_tag(&version.tags) && !bug!(AdoptForeignVersion) {
        let owner = find_tag(&version.tags, OWNER_TAG).map_or_else(
            || "it wasn't made by azimage".to_owned(),
            |owner| format!("it belongs to {owner} (cluster/namespace/name/uid)"),
        );
        let message =
            format!("spec.version: {} exists already, and {owner}; choose another version number", validated.id);
        report.resource_id = None;
        report.size_gib = None;
        return report.stalled(ConditionType::Published, Reason::VersionExists, message);
    }
    if let Some(difference) = immutable_difference(validated, version) {
        return report.stalled(ConditionType::Published, Reason::VersionDiffers, difference);
    }
    source_is_done(validated, memory, version, &mut report);
    let mut merged = merge(
        &version.location,
        validated.publish.default_replicas,
        &validated.targets,
        &regions::remembered(memory.status),
        &regions::in_azure(version),
    );
    report.vanished = !merged.vanished.is_empty();
    if report.vanished && !memory.believes_vanished() {
        // Azure may show the version as it was before the region was added: a target that is let go on such an answer
        // would leave its region behind for good.
        merged.removed.append(&mut merged.vanished);
    }
    let shown = regions::report(&merged, Some(version), memory.status);
    report.regions = Some(shown.clone());
    let view = View { validated, memory, version, merged: &merged, shown: &shown };
    match &version.provisioning {
        Provisioning::Creating => view.creating(report),
        Provisioning::Succeeded => view.settled(report),
        Provisioning::Failed => view.failed(report),
        Provisioning::Deleting => {
            let message = "The gallery image version is being deleted, and not by this object".to_owned();
            report.wait(ConditionType::Published, Reason::VersionMissing, message)
        }
        Provisioning::Updating | Provisioning::Other(_) => view.updating(report),
    }
}

/// A version that was made from something else can't be what this object asks for.
fn immutable_difference(validated: &Validated, version: &VersionObserved) -> Option<String> {
    let advice = "a version is never replaced, so make a new one under another version number";
    let source = match &validated.source {
        SourceSpec::VirtualMachine { id, .. } => id.to_string(),
        SourceSpec::ImageVersion { id } => id.to_string(),
    };
    if let Some(is) = version.source.as_ref().filter(|is| !is.eq_ignore_ascii_case(&source)) {
        return Some(format!("spec.source: {} was made from {is}; {advice}", validated.id));
    }
    let mode: &str = validated.publish.replication_mode.into();
    if !version.replication_mode.eq_ignore_ascii_case(mode) {
        return Some(format!(
            "spec.publish.replicationMode: {} has {}; {advice}",
            validated.id, version.replication_mode
        ));
    }
    None
}

/// The version exists, so all that came before it was done.
fn source_is_done(validated: &Validated, memory: &Memory<'_>, version: &VersionObserved, report: &mut Report) {
    for condition in [ConditionType::SourceReady, ConditionType::Compatible] {
        report.done(condition, "The version was made from it");
    }
    let from_machine = matches!(validated.source, SourceSpec::VirtualMachine { .. });
    for condition in [ConditionType::GuestPrepared, ConditionType::Generalized] {
        let finding = if from_machine {
            Finding::yes("The version was made from it")
        } else {
            Finding { reason: Reason::NotNeeded, ..Finding::yes("The source needs no such step") }
        };
        report.findings.insert(condition, finding);
    }
    // What was seen at the time tells more than what follows from the version's being there.
    let seen = |condition: &ConditionType| {
        let known = memory.status.conditions.iter().find(|known| known.type_ == condition.as_str());
        // A reason of another release isn't carried over, so its condition has to be found anew.
        known.is_some_and(|known| known.status == "True" && known.reason.parse::<Reason>().is_ok())
    };
    report.findings.retain(|condition, _| !seen(condition));
    for step in CAPTURE {
        report.finished_if(true, step);
    }
    report.source = Some(azimage_crds::SourceStatus {
        location: Some(version.location.to_string()),
        ..azimage_crds::SourceStatus::default()
    });
}

pub(super) struct View<'a> {
    pub(super) validated: &'a Validated,
    pub(super) memory: &'a Memory<'a>,
    pub(super) version: &'a VersionObserved,
    pub(super) merged: &'a Merged,
    pub(super) shown: &'a [RegionStatus],
}

impl View<'_> {
    fn creating(&self, mut report: Report) -> Plan {
        report.running = Some(StepName::Publish);
        let late = self.late(StepName::Publish);
        let message = format!("Azure is creating the gallery image version in {}{late}", self.version.location);
        report.wait(ConditionType::Published, Reason::Publishing, message)
    }

    fn updating(&self, mut report: Report) -> Plan {
        self.published(&mut report);
        let begun = |step: &StepName| self.memory.step(*step).map(|record| record.started_at.0);
        let step = [StepName::Repair, StepName::Update]
            .into_iter()
            .filter(|step| self.memory.unfinished(*step))
            .max_by_key(begun);
        report.running = step;
        let late = step.map(|step| self.late(step)).unwrap_or_default();
        let waiting = match &self.version.provisioning {
            Provisioning::Other(state) => {
                format!("Azure says {state} of the gallery image version; waiting for another state")
            }
            _ => self.waiting_for(),
        };
        let message = format!("{waiting}{late}");
        if bug!(GiveUpAtDeadline) && !late.is_empty() {
            return report.stalled(ConditionType::Replicated, Reason::ReplicationFailed, message);
        }
        report.wait(ConditionType::Replicated, Reason::Replicating, message)
    }

    fn failed(&self, report: Report) -> Plan {
        let home_complete = self.state(&self.version.location) == Some(RegionState::Completed);
        if home_complete {
            return self.settled(report);
        }
        self.create_again(report)
    }

    /// Azure works on nothing: bring the version to what it should be, repair what failed, or be done.
    fn settled(&self, mut report: Report) -> Plan {
        self.published(&mut report);
        let home = self.state(&self.version.location);
        if !matches!(home, Some(RegionState::Completed | RegionState::Failed)) {
            // Azure says Succeeded while the home region is still copying: other regions follow when it is complete.
            let late = self.late(StepName::Publish);
            let message = format!("Waiting for the home region {} to complete{late}", self.version.location);
            return report.wait(ConditionType::Published, Reason::Publishing, message);
        }
        let failed: Vec<&RegionStatus> = self.wanted().filter(|region| region.state == RegionState::Failed).collect();
        let request = compare::update(self.validated, self.version, self.merged, None);
        let first = compare::removal(self.version, &request).unwrap_or_else(|| request.clone());
        let differences = compare::differences(self.version, &first);
        if !differences.is_empty() {
            return change(report, first, &differences);
        }
        report.finished_if(true, StepName::Update);
        if bug!(ReadyWithFailedRegion) && !failed.is_empty() {
            return self.complete(report);
        }
        if let Some(first) = failed.first() {
            return self.repair(report, first, &failed, request);
        }
        if self.version.provisioning == Provisioning::Failed {
            return self.write_again(report, request);
        }
        let gone = |region: &RegionStatus| region.state != RegionState::Removing;
        let complete =
            self.wanted().all(|region| region.state == RegionState::Completed) && self.shown.iter().all(gone);
        if complete || bug!(BelieveParentState) {
            return self.complete(report);
        }
        // Azure says Succeeded while regions are still copying: what the regions say counts.
        report.wait(ConditionType::Replicated, Reason::Replicating, self.waiting_for())
    }

    fn complete(&self, mut report: Report) -> Plan {
        report.finished_if(true, StepName::Repair);
        let count = self.wanted().count();
        let mut message =
            if count == 1 { "The region is complete".to_owned() } else { format!("All {count} regions are complete") };
        if bug!(TimeInMessage) {
            message = format!("{message} at {}", self.memory.now);
        }
        report.done(ConditionType::Replicated, &message);
        report.progress =
            Progress::Settled { message: format!("{} is published. {message}", self.validated.id.version()) };
        Plan { step: None, report, wake: Wake::Resync }
    }

    /// Published means that the home region says so.
    fn published(&self, report: &mut Report) {
        let finding = match self.state(&self.version.location) {
            Some(RegionState::Completed) => {
                report.finished_if(true, StepName::Publish);
                Finding::yes(format!(
                    "The version is complete in its home region {}, excluded from latest",
                    self.version.location
                ))
            }
            Some(RegionState::Failed) => {
                Finding::no(Reason::RegionFailed, format!("The home region {} failed", self.version.location))
            }
            _ => Finding::unknown(
                Reason::Publishing,
                format!("Waiting for the home region {} to complete", self.version.location),
            ),
        };
        report.findings.insert(ConditionType::Published, finding);
    }

    fn wanted(&self) -> impl Iterator<Item = &RegionStatus> {
        self.shown.iter().filter(|region| !region.requested_by.is_empty() && region.state != RegionState::Removing)
    }

    fn waiting_for(&self) -> String {
        let removing: Vec<&str> = self
            .shown
            .iter()
            .filter(|region| region.state == RegionState::Removing)
            .map(|region| region.name.as_str())
            .collect();
        let open: Vec<&str> = self
            .wanted()
            .filter(|region| region.state != RegionState::Completed)
            .map(|region| region.name.as_str())
            .collect();
        match (open.as_slice(), removing.as_slice()) {
            ([], []) => "Azure is updating the gallery image version".to_owned(),
            ([], removing) => format!("Waiting for Azure to remove {}", removing.join(", ")),
            (open, []) => format!("Waiting for {} to complete", open.join(", ")),
            (open, removing) => {
                format!("Waiting for {} to complete and for Azure to remove {}", open.join(", "), removing.join(", "))
            }
        }
    }

    fn state(&self, region: &Region) -> Option<RegionState> {
        self.shown.iter().find(|shown| shown.name == region.as_str()).map(|shown| shown.state)
    }

    pub(super) fn detail(&self, region: &Region) -> String {
        self.shown
            .iter()
            .find(|shown| shown.name == region.as_str())
            .and_then(|shown| shown.detail.as_ref())
            .map(|detail| format!(": {detail}"))
            .unwrap_or_default()
    }

    fn late(&self, step: StepName) -> &'static str {
        let late = self.memory.step(step).is_some_and(|begun| {
            self.memory.now.as_second() - begun.started_at.0.as_second() > step.expected_seconds()
        });
        if late { "; it takes longer than expected, and is waited for" } else { "" }
    }
}

fn change(report: Report, request: VersionRequest, differences: &[String]) -> Plan {
    let message = format!("Updating the gallery image version: {}", differences.join(", "));
    report.act(ConditionType::Replicated, Reason::Replicating, message, Step::Update(Box::new(request)))
}
