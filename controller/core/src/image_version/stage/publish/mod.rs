//! The gallery image version is created: out of the source, in its home region alone, and kept out of latest.

mod adoption;
pub(in super::super) mod words;

use std::collections::BTreeMap;

use azimage_crds::{ConditionType, Reason, RegionState};
use words::Words;

use super::{
    super::{
        Absent, Doubt, Provisioning, Read, SourceSpec, Step, StepName, Validated,
        context::{Cx, Presence},
        facts, line,
        report::{Decision, LatestReport, Outcome, Report},
        words::{Done, NotShown},
    },
    preflight,
    replicate::{View, compare, latest, words::Late},
};
use crate::{Truth, provenance};

pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    match cx.version()? {
        Some(version) => View::of(cx, version, report)?.home(report),
        None => create(cx, report),
    }
}

fn create(cx: &Cx<'_>, report: &mut Report) -> Decision {
    if let end @ Outcome::Ends(..) = preflight::version_may_be_made(cx, report)? {
        return Ok(end);
    }
    let home = match &cx.validated.source {
        SourceSpec::VirtualMachine { .. } => &cx.source_machine()?.1.location,
        SourceSpec::ImageVersion { .. } => &cx.source_version_found()?.version.location,
        SourceSpec::ManagedImage { .. } => &cx.managed_image_found()?.location,
        SourceSpec::Disks { .. } => &cx.os_disk_found()?.location,
    };
    let mut request = compare::creation(cx.validated, home);
    request.tags.extend(line::of(cx).iter().flat_map(provenance::tags));
    report.act(&Words::Creating, Step::on_version(StepName::Publish, request))
}

/// Whether a version that exists is this object's, and made as it asks for.
pub(in super::super) fn is_what_was_asked_for(cx: &Cx<'_>, version: &facts::Version, report: &mut Report) -> Decision {
    let validated = cx.validated;
    if !validated.owns_tag(&version.tags) {
        report.latest = Some(LatestReport::default());
        return adoption::decide(cx, version, report);
    }
    report.resource_id = Some(validated.id.to_string());
    latest::recall(cx, version, report);
    report.size_gib = version.size_gib;
    if let Some(difference) = immutable_difference(validated, version) {
        return report.stalled(&difference);
    }
    Ok(Outcome::Done)
}

/// A version that was made from something else can't be what this object asks for.
fn immutable_difference(validated: &Validated, version: &facts::Version) -> Option<Words> {
    let id = || validated.id.clone();
    let source = validated.source.made_from();
    if let Some(is) = version.source.as_ref() {
        if !is.eq_ignore_ascii_case(&source.to_string()) {
            return Some(Words::OtherSource { id: id(), source: is.clone() });
        }
        if !same_disks(&version.data_sources, &source.data_disks()) {
            return Some(Words::OtherDataDisks { id: id() });
        }
    }
    let mode: &str = validated.publish.replication_mode.into();
    if !version.replication_mode.eq_ignore_ascii_case(mode) {
        return Some(Words::OtherMode { id: id(), mode: version.replication_mode.clone() });
    }
    None
}

/// Whether these are the same disks at the same logical unit numbers.
fn same_disks(of_version: &BTreeMap<u8, String>, wanted: &BTreeMap<u8, String>) -> bool {
    let pairs = || of_version.iter().zip(wanted);
    of_version.len() == wanted.len()
        && pairs().all(|(one, other)| one.0 == other.0 && one.1.eq_ignore_ascii_case(other.1))
}

/// A version that was there and isn't: never made again, for nobody knows who relies on its being gone.
pub(in super::super) fn is_gone(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let (validated, history) = (cx.validated, cx.history);
    let what = Read::Version(validated.id.clone());
    report.doubts(Doubt::Absent(what.clone()));
    let definition = cx.definition()?;
    let (condition, reason) = (ConditionType::Published, Reason::VersionMissing);
    if !history.believes_absent(&what, condition, reason) {
        return report.doubted(&NotShown::Version);
    }
    report.regions = Some(Vec::new());
    report.latest = Some(LatestReport::default());
    report.found(Truth::False, &Words::Nowhere { id: validated.id.clone() });
    report.stalled(match definition {
        Presence::Missing(Absent::Parent) => &Words::GalleryDeleted,
        Presence::Missing(Absent::Resource) => &Words::DefinitionDeleted,
        Presence::Found(_) => &Words::VersionDeleted,
    })
}

impl View<'_> {
    /// Whether the version is there, in its home region.
    fn home(&self, report: &mut Report) -> Decision {
        let home = self.state(&self.version.location);
        match &self.version.provisioning {
            Provisioning::Creating => return self.creating(report),
            Provisioning::Deleting => return report.wait(&Words::BeingDeleted),
            // Asked for again, as it failed before.
            Provisioning::Updating
                if home != Some(RegionState::Completed) && self.cx.history.unfinished(StepName::Publish) =>
            {
                return self.creating(report);
            }
            // One that was complete there once is repaired, as any other region is: its creation anew would forget where it is latest, and its
            // source may be gone.
            Provisioning::Failed | Provisioning::Canceled
                if home != Some(RegionState::Completed) && !self.was_made() =>
            {
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
            return report.wait(&self.waiting_for_home(self.late(StepName::Publish)));
        }
        Ok(Outcome::Done)
    }

    /// Whether the home region was complete once.
    fn was_made(&self) -> bool {
        self.cx.history.step(StepName::Publish).is_some_and(|record| record.finished_at.is_some())
    }

    fn creating(&self, report: &mut Report) -> Decision {
        report.running = Some(StepName::Publish.into());
        let (home, late) = (self.version.location.clone(), self.late(StepName::Publish));
        report.wait(&Words::BeingCreated { home, late })
    }

    /// Published means that the home region says so.
    fn published(&self, report: &mut Report) {
        let home = || self.version.location.clone();
        match self.state(&self.version.location) {
            Some(RegionState::Completed) => {
                report.finished_if(true, StepName::Publish);
                report.done(&Done::Home { home: home() });
            }
            Some(RegionState::Failed) => report.found(Truth::False, &Words::HomeFailed { home: home() }),
            _ => report.found(Truth::Unknown, &self.waiting_for_home(Late::No)),
        }
    }

    fn waiting_for_home(&self, late: Late) -> Words {
        Words::WaitingForHome { home: self.version.location.clone(), late }
    }
}
