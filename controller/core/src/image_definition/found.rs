//! What comes of an image definition that is there: it is looked at, taken over, or kept.

use std::collections::BTreeMap;

use azimage_crds::{Adoption, DefinitionProperties, Management, OWNER_TAG, Reason};
use azimage_names::values::ProvisioningState;

use super::{
    Definition, Next, Request, Settings, Validated,
    change::{Change, changes, set_tag, shown},
    differ,
    hints::hints,
    next::says,
    plan::{Given, Plan, Report, Step, act, plan, reconciling, retrying, stalled},
    words::{Changed, Difference, Words, Wrong, joined},
};
use crate::{
    Owner, Progress,
    image_version::{Requeue, wish},
    owner::{NOBODY, find_tag},
};

/// What comes of it.
pub(super) fn found(validated: &Validated, definition: &Definition, given: Given<'_>, report: Report) -> Next {
    if definition.provisioning == ProvisioningState::Deleting {
        return plan(report.saying(reconciling(&Words::BeingDeleted)), Requeue::Poll);
    }
    let is_ours = Owner::of(&definition.tags).is_some_and(|owner| owner.is(&validated.owner));
    let report = Report { owned: is_ours, ..report };
    match (validated.management, &validated.properties) {
        (Management::Ensure, Some(properties)) if is_ours => keep(validated, properties, definition, given, report),
        (Management::Ensure, Some(properties)) => adopt(validated, properties, definition, given, report),
        (Management::Observe | Management::Ensure, _) => observe(validated, definition, report),
    }
}

/// What is under way in Azure is waited for.
fn under_way(definition: &Definition) -> Option<Progress> {
    let state = &definition.provisioning;
    let rests = *state == ProvisioningState::Succeeded || state.has_failed();
    (!rests).then(|| reconciling(&Words::UnderWay { state: shown(state.as_str()) }))
}

fn observe(validated: &Validated, definition: &Definition, report: Report) -> Next {
    let fixed = differ::fixed(validated.location.as_ref(), validated.properties.as_ref(), definition);
    let settings = validated.properties.iter().flat_map(|properties| changes(properties, definition));
    let settings = settings.map(|change| {
        let wish::Change { what, wanted, is, .. } = change.words;
        let field = format!("spec.properties.{what}");
        Difference::Of { field, wanted: shown(&wanted), is: shown(&is) }
    });
    let differences: Vec<Difference> = fixed.into_iter().chain(settings).collect();
    if !differences.is_empty() {
        return plan(report.saying(stalled(&Wrong::Otherwise { differences: joined(&differences) })), Requeue::Resync);
    }
    if let Some(waits) = under_way(definition) {
        return plan(report.saying(waits), Requeue::Poll);
    }
    if definition.provisioning.has_failed() {
        return plan(report.saying(stalled(&Wrong::SeenFailed)), Requeue::Resync);
    }
    let message = Words::Seen { hints: hints(definition) }.to_string();
    plan(report.saying(Progress::Settled { message }), Requeue::Resync)
}

/// One that isn't this object's: it is taken over if the object says so, once, and only if Azure could make it no other.
fn adopt(
    validated: &Validated,
    properties: &DefinitionProperties,
    definition: &Definition,
    given: Given<'_>,
    report: Report,
) -> Next {
    if let Some(obstacle) = obstacle(validated, definition, given) {
        return plan(report.saying(stalled(&obstacle)), Requeue::Resync);
    }
    if let Some(differs) = differs(validated, properties, definition) {
        return plan(report.saying(differs), Requeue::Resync);
    }
    if let Some(waits) = under_way(definition) {
        return plan(report.saying(waits), Requeue::Poll);
    }
    let former = find_tag(&definition.tags, OWNER_TAG).unwrap_or(NOBODY).to_owned();
    let mut tags = definition.tags.clone();
    set_tag(&mut tags, OWNER_TAG, &validated.owner.to_string());
    let changes = vec![wish::Change {
        what: format!("tag {OWNER_TAG}"),
        wanted: validated.owner.to_string(),
        is: former.clone(),
        opposite: None,
    }];
    let step = Step {
        request: written(validated, definition, tags, Settings::default()),
        changes,
        former: Some(former.clone()),
        doing: "take the image definition over",
    };
    act(step, report.saying(reconciling(&Words::Adopting { former: shown(&former) })))
}

fn obstacle(validated: &Validated, definition: &Definition, given: Given<'_>) -> Option<Wrong> {
    let owner = find_tag(&definition.tags, OWNER_TAG);
    let id = || validated.id.clone();
    let text = || shown(owner.unwrap_or(NOBODY));
    // Whoever takes one back that another one took over would do so for ever.
    if given.status.owned {
        return Some(Wrong::Lost { id: id(), owner: text() });
    }
    let parsed = owner.map(str::parse::<Owner>);
    if validated.adoption == Adoption::Never || matches!(parsed, Some(Err(_))) {
        return Some(match owner {
            Some(_) => Wrong::Owned { id: id(), owner: text() },
            None => Wrong::Foreign { id: id() },
        });
    }
    if let Some(Ok(former)) = parsed
        && former.may_live(&validated.owner, &validated.other_uids)
    {
        return Some(Wrong::OwnerLives { id: id(), owner: text() });
    }
    let state = &definition.provisioning;
    state.has_failed().then(|| Wrong::AdoptionFails { id: id(), state: shown(state.as_str()) })
}

fn differs(validated: &Validated, properties: &DefinitionProperties, definition: &Definition) -> Option<Progress> {
    let differences = differ::fixed(validated.location.as_ref(), Some(properties), definition);
    (!differences.is_empty()).then(|| stalled(&Wrong::Differs { differences: joined(&differences) }))
}

/// One that is this object's: what may change of it is kept.
fn keep(
    validated: &Validated,
    properties: &DefinitionProperties,
    definition: &Definition,
    given: Given<'_>,
    report: Report,
) -> Next {
    if let Some(differs) = differs(validated, properties, definition) {
        return plan(report.saying(differs), Requeue::Resync);
    }
    if let Some(waits) = under_way(definition) {
        return plan(report.saying(waits), Requeue::Poll);
    }
    let mut wanted = changes(properties, definition);
    if definition.provisioning.has_failed() {
        wanted.push(Change::again());
    }
    if wanted.is_empty() {
        let message = Words::Kept { hints: hints(definition) }.to_string();
        return plan(report.saying(Progress::Settled { message }), Requeue::Resync);
    }
    let mut reverts = given.memory.reverts.clone();
    for (reason, of_a_failure) in [(Reason::ChangeReverted, false), (Reason::DefinitionFailed, true)] {
        // What the status says already a new process needn't find out again.
        if says(given.status, reason) && given.status.observed_generation == validated.generation {
            let told = wanted.iter().filter(|change| change.is_again() == of_a_failure);
            told.for_each(|change| reverts.believe(&change.words, given.now));
        }
    }
    let (given_up, open): (Vec<Change>, Vec<Change>) =
        wanted.into_iter().partition(|change| reverts.gives_up(&change.words, validated.requested, given.now));
    if open.is_empty() {
        let wrong = if given_up.iter().any(Change::is_again) {
            Wrong::Failed
        } else {
            Wrong::Reverted { changes: told(&given_up) }
        };
        return plan(report.saying(stalled(&wrong)), Requeue::Resync);
    }
    let rest = open.iter().map(|change| given.memory.rest(&change.words, given.pace, given.now)).max();
    let rest = rest.filter(|rest| !rest.is_zero() && !validated.requested);
    if let Some(rest) = rest {
        let report = report.saying(retrying(&Words::Again { changes: told(&open) }));
        return Next::Plan(Box::new(Plan { step: None, report, requeue: Requeue::Poll, rests: Some(rest) }));
    }
    let (mut tags, mut settings) = (definition.tags.clone(), Settings::default());
    for change in &open {
        change.apply(&mut tags, &mut settings);
    }
    let words = Words::Changing { changes: told(&open) };
    let step = Step {
        request: written(validated, definition, tags, settings),
        changes: open.into_iter().map(|change| change.words).collect(),
        former: None,
        doing: "change the image definition",
    };
    act(step, report.saying(reconciling(&words)))
}

/// A write of a definition that exists, with all that isn't changed of it as it was read.
fn written(
    validated: &Validated,
    definition: &Definition,
    tags: BTreeMap<String, String>,
    settings: Settings,
) -> Request {
    Request {
        id: validated.id.clone(),
        location: definition.location.clone(),
        tags,
        properties: definition.properties.clone(),
        new: None,
        settings,
    }
}

fn told(changes: &[Change]) -> String {
    let told: Vec<Changed> = changes
        .iter()
        .map(|Change { words: wish::Change { what, wanted, is, .. }, .. }| Changed::Of {
            what: what.clone(),
            wanted: shown(wanted),
            is: shown(is),
        })
        .collect();
    joined(&told)
}
