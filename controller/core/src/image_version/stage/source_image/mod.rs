//! The source is a managed image: it exists, is complete, and holds a generalized system that a version can be made from.
//!
//! Azure takes one from its own region, and checks the right to read it (Azure documentation, "Create an image definition and
//! an image version"). Nothing of it is changed, so nothing is lost where Azure refuses it later.

pub(in super::super) mod words;

use azimage_crds::SourceStatus;
use azimage_names::values::OsState;
use words::Words;

use super::{
    super::{
        OsType, Provisioning, Read, SourceSpec,
        context::{Cx, Presence},
        facts,
        report::{Decision, Outcome, Report},
        words::{Done, NotShown},
    },
    disks::{LARGEST_DISK_GIB, is_unsupported},
};

pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let SourceSpec::ManagedImage { id } = &cx.validated.source else { return Ok(Outcome::Done) };
    let Presence::Found(image) = cx.managed_image(id)? else {
        let (not_shown, missing) = (NotShown::ManagedImage { id: id.clone() }, Words::Missing { id: id.clone() });
        return report.absent(cx.history, (Read::ManagedImage(id.clone()), &not_shown), &missing);
    };
    report.source = Some(SourceStatus {
        location: Some(image.location.to_string()),
        os_type: image.os_type.as_ref().map(OsType::to_string),
        hyper_v_generation: image.generation.clone(),
        ..SourceStatus::default()
    });
    match &image.provisioning {
        Provisioning::Succeeded => {}
        state if state.has_failed() => {
            return report.stalled(&Words::Failed { id: id.clone(), state: state.clone() });
        }
        state => return report.wait(&Words::Busy { id: id.clone(), state: state.clone() }),
    }
    if let Some(problem) = CHECKS.iter().find_map(|check| check(image)) {
        return report.stalled(&problem);
    }
    report.done(&Done::ManagedImageExists);
    Ok(Outcome::Done)
}

/// What may be wrong with an image.
type Check = fn(&facts::ManagedImage) -> Option<Words>;

/// In this order.
const CHECKS: [Check; 5] = [generalized, system, storage, size, key];

/// What Azure doesn't tell counts as not so: a specialized system would come up with the identity of another machine.
fn generalized(image: &facts::ManagedImage) -> Option<Words> {
    let state = image.os_state.as_deref();
    if state.map(OsState::from) == Some(OsState::Generalized) {
        return None;
    }
    Some(Words::NotGeneralized { state: state.unwrap_or("not told").to_owned() })
}

fn system(image: &facts::ManagedImage) -> Option<Words> {
    image.os_type.is_none().then_some(Words::NoSystem)
}

fn storage(image: &facts::ManagedImage) -> Option<Words> {
    let storage = image.storage.iter().find(|storage| is_unsupported(storage))?;
    Some(Words::Storage { storage: storage.clone() })
}

fn size(image: &facts::ManagedImage) -> Option<Words> {
    let size = image.largest_gib.filter(|size| *size > LARGEST_DISK_GIB)?;
    Some(Words::Size { size })
}

fn key(image: &facts::ManagedImage) -> Option<Words> {
    image.disk_encryption_set.clone().map(|key| Words::CustomerKey { key })
}
