//! Law 7: what belongs to others isn't changed, and neither are the resources of broken objects.

use azimage_crds::OWNER_TAG;
use http::Method;
use serde_json::Value;

use super::{Evidence, line};
use crate::{azure::Arrival, broken_objects::BROKEN_PREFIX, plan::Action, world};

fn describe(effect: &Arrival) -> String {
    format!("{} {} at {}", effect.method, effect.path, effect.time)
}

/// A machine that another owner claimed isn't written to.
pub(super) fn foreign_claims_are_respected(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in evidence.plan.world.numbers() {
        let claimed = |action: &Action| *action == Action::ClaimMachine(number);
        let machine = world::machine(number);
        for effect in evidence.effects_on(&machine) {
            let tags = &effect.before["tags"];
            let foreign = !tags[OWNER_TAG].is_null() && !world::is_owner(number, tags);
            if foreign
                && !evidence.may_be_overtaken(effect.time, claimed)
                && !evidence.azure_lagged(&machine, effect.time)
            {
                found.push(format!("{}, which is claimed by {}", describe(effect), tags[OWNER_TAG]));
            }
        }
    }
    found
}

/// A write of tags keeps all tags that aren't azimage's.
pub(super) fn foreign_tags_are_kept(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for effect in evidence.arrivals.iter().filter(|it| it.applied && it.method == Method::PATCH) {
        let kept = &effect.after["tags"];
        let others = effect.before["tags"].as_object().into_iter().flatten();
        let lost = others.filter(|(key, value)| !key.starts_with("azimage-") && kept[key.as_str()] != **value);
        found.extend(lost.map(|(key, _)| format!("{} lost the tag {key}", describe(effect))));
    }
    found
}

/// A version without the object's owner tag is neither changed nor deleted.
pub(super) fn foreign_versions_are_kept(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in evidence.plan.world.numbers() {
        let disowned = |action: &Action| *action == Action::DisownVersion(number);
        let version = world::version(number);
        for effect in evidence.effects_on(&version) {
            let foreign = effect.before != Value::Null && !world::is_owner(number, &effect.before["tags"]);
            if foreign
                && !evidence.may_be_overtaken(effect.time, disowned)
                && !evidence.azure_lagged(&version, effect.time)
            {
                found.push(format!("{}, which is not ours", describe(effect)));
            }
        }
    }
    found
}

/// There is no write to the resources of a broken object, accepted or refused.
pub(super) fn broken_objects_get_no_writes(evidence: &Evidence<'_>) -> Vec<String> {
    let writes = evidence.journal.iter().filter(|entry| entry.write);
    writes.filter(|entry| entry.path.to_lowercase().contains(&format!("/{BROKEN_PREFIX}"))).map(line).collect()
}
