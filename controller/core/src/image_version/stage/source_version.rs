//! The source is another gallery image version: it exists, and is complete where it was made.

use azimage_crds::{ConditionType, Reason, SourceStatus};

use super::super::{
    Provisioning, Read, RegionReplication, SourceSpec,
    context::Cx,
    report::{Decision, Outcome, Report},
};

pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let SourceSpec::ImageVersion { id } = &cx.validated.source else { return Ok(Outcome::Done) };
    let Some(source) = cx.source_version(id)? else {
        if let Some(maker) = &cx.validated.source_maker {
            let message = format!("Waiting for the ImageVersion {maker} to make the source version {id}");
            return report.wait(ConditionType::SourceReady, Reason::SourceBusy, message);
        }
        let message = format!(
            "spec.source.imageVersion.resourceId: {id} doesn't exist; create it, or make a new ImageVersion from another source"
        );
        let thing = format!("the source version {id}");
        let found = (ConditionType::SourceReady, Reason::SourceNotFound);
        return report.absent(cx.memory, (Read::Version(id.clone()), &thing), found, message);
    };
    report.source = Some(SourceStatus {
        location: Some(source.version.location.to_string()),
        os_type: Some(source.definition.os_type.to_string()),
        hyper_v_generation: source.definition.generation.clone(),
        ..SourceStatus::default()
    });
    match (&source.version.provisioning, source.version.home()) {
        // Failed with a complete copy: another region failed, or a change, and what was made before is there.
        (Provisioning::Succeeded, _)
        | (Provisioning::Failed | Provisioning::Canceled, Some(RegionReplication::Completed)) => {}
        (Provisioning::Failed | Provisioning::Canceled, _) => {
            let message = format!(
                "spec.source.imageVersion.resourceId: Azure failed to create {id}; have it created again, or make a new ImageVersion from another source"
            );
            return report.stalled(ConditionType::SourceReady, Reason::SourceFailed, message);
        }
        _ => {
            let message = format!("The source version {id} isn't complete yet");
            return report.wait(ConditionType::SourceReady, Reason::SourceBusy, message);
        }
    }
    report.done(ConditionType::SourceReady, "The source version exists");
    Ok(Outcome::Done)
}
