//! The source is another gallery image version: it exists, and is complete where it was made.

pub(in super::super) mod words;

use azimage_crds::SourceStatus;
use words::Words;

use super::super::{
    Provisioning, Read, RegionReplication, SourceSpec,
    context::Cx,
    report::{Decision, Outcome, Report},
    words::{Done, NotShown},
};

/// How many members of a circle a message names.
const MOST_NAMED: usize = 6;

pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let SourceSpec::ImageVersion { id } = &cx.validated.source else { return Ok(Outcome::Done) };
    let Some(source) = cx.source_version(id)? else {
        if !cx.validated.source_cycle.is_empty() {
            let (circle, not_shown) = (listed(&cx.validated.source_cycle), NotShown::SourceVersion { id: id.clone() });
            return report.absent(cx.history, (Read::Version(id.clone()), &not_shown), &Words::Circle { circle });
        }
        if let Some(maker) = &cx.validated.source_producer {
            return report.wait(&Words::WaitingForMaker { maker: maker.clone(), id: id.clone() });
        }
        if let Some(maker) = &cx.validated.source_stuck {
            let (not_shown, maker) = (NotShown::SourceVersion { id: id.clone() }, maker.clone());
            let stuck = Words::MakerStuck { maker, id: id.clone() };
            return report.absent(cx.history, (Read::Version(id.clone()), &not_shown), &stuck);
        }
        let (not_shown, missing) = (NotShown::SourceVersion { id: id.clone() }, Words::Missing { id: id.clone() });
        return report.absent(cx.history, (Read::Version(id.clone()), &not_shown), &missing);
    };
    report.source = Some(SourceStatus {
        location: Some(source.version.location.to_string()),
        os_type: Some(source.definition.os_type.to_string()),
        hyper_v_generation: source.definition.generation.clone(),
        ..SourceStatus::default()
    });
    if source.definition.is_confidential() {
        return report.stalled(&Words::Confidential { id: id.clone() });
    }
    match (&source.version.provisioning, source.version.home()) {
        // The new version is made in that region, and copied from there.
        (Provisioning::Succeeded, Some(RegionReplication::Failed)) => {
            return report.stalled(&Words::NoCopyAtHome { id: id.clone(), home: source.version.location.clone() });
        }
        (Provisioning::Succeeded, Some(RegionReplication::Replicating | RegionReplication::InProgress)) => {
            return report.wait(&Words::Incomplete { id: id.clone() });
        }
        // Failed with a complete copy: another region failed, or a change, and what was made before is there.
        (Provisioning::Succeeded, _)
        | (Provisioning::Failed | Provisioning::Canceled, Some(RegionReplication::Completed)) => {}
        (Provisioning::Failed | Provisioning::Canceled, _) => {
            return report.stalled(&Words::Failed { id: id.clone() });
        }
        _ => return report.wait(&Words::Incomplete { id: id.clone() }),
    }
    report.done(&Done::SourceVersionExists);
    Ok(Outcome::Done)
}

/// The members of a circle: the first ones, and how many there are if that isn't all.
fn listed(circle: &[String]) -> String {
    let first = circle.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join(" from ");
    let begin = circle.first().map_or("", String::as_str);
    match circle.len() {
        count if count > MOST_NAMED => format!("{first} from another one, and so on, {count} in all, to {begin}"),
        _ => format!("{first} from {begin}"),
    }
}
