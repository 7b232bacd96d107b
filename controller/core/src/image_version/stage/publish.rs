//! The gallery image version is created: out of the source, in its home region alone, and kept out of latest.

use azimage_crds::{ConditionType, OWNER_TAG, Reason, RegionState};

use super::{
    super::{
        Absent, Doubt, Provisioning, Read, SourceSpec, Step, StepName, Validated, VersionObserved,
        context::{Cx, Presence},
        report::{Decision, Outcome, Report},
        validate::find_tag,
    },
    replicate::{View, compare},
};
use crate::Finding;

pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    match cx.version()? {
        Some(version) => View::of(cx, version, report).home(report),
        None => create(cx, report),
    }
}

fn create(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let home = match &cx.validated.source {
        SourceSpec::VirtualMachine { .. } => &cx.source_machine()?.1.location,
        SourceSpec::ImageVersion { .. } => &cx.source_version_found()?.version.location,
    };
    let request = compare::creation(cx.validated, home);
    let message = "Creating the gallery image version".to_owned();
    report.act(ConditionType::Published, Reason::Publishing, message, Step::on_version(StepName::Publish, request))
}

/// Whether a version that exists is this object's, and made as it asks for.
pub(in super::super) fn is_what_was_asked_for(cx: &Cx<'_>, version: &VersionObserved, report: &mut Report) -> Decision {
    let validated = cx.validated;
    if !validated.owns_tag(&version.tags) {
        let owner = find_tag(&version.tags, OWNER_TAG).map_or_else(
            || "it wasn't made by azimage".to_owned(),
            |owner| format!("it belongs to {owner} (cluster/namespace/name/uid)"),
        );
        let message =
            format!("spec.version: {} exists already, and {owner}; choose another version number", validated.id);
        return report.stalled(ConditionType::Published, Reason::VersionExists, message);
    }
    report.resource_id = Some(validated.id.to_string());
    report.size_gib = version.size_gib;
    if let Some(difference) = immutable_difference(validated, version) {
        return report.stalled(ConditionType::Published, Reason::VersionDiffers, difference);
    }
    Ok(Outcome::Done)
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

/// A version that was there and isn't: never made again, for nobody knows who relies on its being gone.
pub(in super::super) fn is_gone(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let (validated, memory) = (cx.validated, cx.memory);
    let what = Read::Version(validated.id.clone());
    report.doubts(Doubt::Absent(what.clone()));
    let definition = cx.definition()?;
    let (condition, reason) = (ConditionType::Published, Reason::VersionMissing);
    if !memory.believes_absent(&what, condition, reason) {
        return report.doubted(reason, "the gallery image version any more");
    }
    let what = match definition {
        Presence::Missing(Absent::Parent) => "The gallery was deleted",
        Presence::Missing(Absent::Resource) => "The image definition was deleted",
        _ => "The gallery image version was deleted",
    };
    let message = format!(
        "{what}, and not by this object. A version is never made again under the same number: delete this object, and make a new one under another version number"
    );
    report.regions = Some(Vec::new());
    report.findings.insert(
        ConditionType::Replicated,
        Finding::no(Reason::VersionMissing, format!("{} doesn't exist", validated.id)),
    );
    report.stalled(condition, reason, message)
}

impl View<'_> {
    /// Whether the version is there, in its home region.
    fn home(&self, report: &mut Report) -> Decision {
        let home = self.state(&self.version.location);
        match &self.version.provisioning {
            Provisioning::Creating => return self.creating(report),
            Provisioning::Deleting => {
                let message = "The gallery image version is being deleted, and not by this object".to_owned();
                return report.wait(ConditionType::Published, Reason::VersionMissing, message);
            }
            Provisioning::Failed | Provisioning::Canceled if home != Some(RegionState::Completed) => {
                return self.create_again(report);
            }
            Provisioning::Succeeded
            | Provisioning::Failed
            | Provisioning::Canceled
            | Provisioning::Updating
            | Provisioning::Migrating
            | Provisioning::Other(_) => {}
        }
        self.published(report);
        let at_rest = self.version.provisioning.is_final();
        if at_rest && !matches!(home, Some(RegionState::Completed | RegionState::Failed)) {
            // Azure says Succeeded while the home region is still copying: other regions follow when it is complete.
            let late = self.late(StepName::Publish);
            let message = format!("Waiting for the home region {} to complete{late}", self.version.location);
            return report.wait(ConditionType::Published, Reason::Publishing, message);
        }
        Ok(Outcome::Done)
    }

    fn creating(&self, report: &mut Report) -> Decision {
        report.running = Some(StepName::Publish.into());
        let late = self.late(StepName::Publish);
        let message = format!("Azure is creating the gallery image version in {}{late}", self.version.location);
        report.wait(ConditionType::Published, Reason::Publishing, message)
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
}
