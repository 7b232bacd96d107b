//! A version of another owner is taken over, if the object says so: once, by one write that changes its owner tag alone, and only if
//! it is what the object asks for and its former owner is gone from this cluster.

use azimage_crds::{Adoption, OWNER_TAG};

use super::{immutable_difference, words::Words};
use crate::{
    Owner,
    image_version::{
        Provisioning, Step, StepName,
        context::Cx,
        facts,
        report::{Decision, Report},
        stage::replicate::compare,
    },
    owner::{NOBODY, find_tag},
};

/// What comes of a version that isn't this object's.
pub(super) fn decide(cx: &Cx<'_>, version: &facts::Version, report: &mut Report) -> Decision {
    let validated = cx.validated;
    let owner = find_tag(&version.tags, OWNER_TAG);
    if let Some(obstacle) = obstacle(cx, version, owner) {
        return report.stalled(&obstacle);
    }
    let former = owner.unwrap_or(NOBODY).to_owned();
    report.adopted_from = Some(former.clone());
    let request = compare::with_owner(validated, version, cx.history.now);
    report.act(&Words::Adopting { id: validated.id.clone(), former }, Step::on_version(StepName::Update, request))
}

/// Why it isn't taken over.
fn obstacle(cx: &Cx<'_>, version: &facts::Version, owner: Option<&str>) -> Option<Words> {
    let (validated, status) = (cx.validated, cx.history.status);
    let id = || validated.id.clone();
    let text = || owner.unwrap_or(NOBODY).to_owned();
    let parsed = owner.map(str::parse::<Owner>);
    if validated.adoption == Adoption::Never || matches!(parsed, Some(Err(_))) {
        return Some(match owner {
            Some(owner) => Words::Owned { id: id(), owner: owner.to_owned() },
            None => Words::Foreign { id: id() },
        });
    }
    // Whoever takes a version back that another one took over would do so for ever.
    let taken_before = status.adopted_from.as_ref().is_some_and(|former| *former != text());
    if taken_before || status.resource_id.is_some() {
        return Some(Words::Lost { id: id(), owner: text() });
    }
    if let Some(Ok(former)) = parsed
        && former.may_live(&validated.owner, &validated.other_uids)
    {
        return Some(Words::OwnerLives { id: id(), owner: text() });
    }
    if let Some(difference) = immutable_difference(validated, version) {
        return Some(difference);
    }
    let storage: &str = validated.publish.storage_account_type.into();
    if !version.storage_account_type.eq_ignore_ascii_case(storage) {
        return Some(Words::OtherStorage { id: id(), storage: version.storage_account_type.clone() });
    }
    if !version.exclude_from_latest {
        return Some(Words::InLatest { id: id() });
    }
    let state = || version.provisioning.clone();
    match &version.provisioning {
        Provisioning::Succeeded => None,
        failed if failed.has_failed() => Some(Words::AdoptionFails { id: id(), state: state() }),
        _ => Some(Words::AdoptionWaits { id: id(), state: state() }),
    }
}
