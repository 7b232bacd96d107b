//! Law 7: what belongs to others isn't changed, and neither are the resources of broken objects.

use azimage_crds::OWNER_TAG;
use http::Method;
use serde_json::Value;

use super::{Evidence, line};
use crate::{azure::Arrival, broken_objects::BROKEN_PREFIX, plan::Action, world};

fn told(effect: &Arrival) -> String {
    format!("{} {} at {}", effect.method, effect.path, effect.time)
}

/// A machine that another owner claimed isn't touched.
pub(super) fn claims_stand(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in 0..evidence.plan.world.versions {
        let claimed = |action: &Action| *action == Action::ClaimMachine(number);
        let machine = world::machine(number);
        for effect in evidence.effects_on(&machine) {
            let tags = &effect.before["tags"];
            let foreign = !tags[OWNER_TAG].is_null() && !world::is_owner(number, tags);
            if foreign && !evidence.overtaken(effect.time, claimed) && !evidence.was_shown_late(&machine, effect.time) {
                found.push(format!("{}, which is claimed by {}", told(effect), tags[OWNER_TAG]));
            }
        }
    }
    found
}

/// Where azimage writes tags, all others stay, whenever they were added.
pub(super) fn tags_stay(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for effect in evidence.arrivals.iter().filter(|it| it.applied && it.method == Method::PATCH) {
        let kept = &effect.after["tags"];
        let others = effect.before["tags"].as_object().into_iter().flatten();
        let lost = others.filter(|(key, value)| !key.starts_with("azimage-") && kept[key.as_str()] != **value);
        found.extend(lost.map(|(key, _)| format!("{} lost the tag {key}", told(effect))));
    }
    found
}

/// A version without the object's tag is neither changed nor deleted.
pub(super) fn versions_stay(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in 0..evidence.plan.world.versions {
        let disowned = |action: &Action| *action == Action::DisownVersion(number);
        let version = world::version(number);
        for effect in evidence.effects_on(&version) {
            let foreign = effect.before != Value::Null && !world::is_owner(number, &effect.before["tags"]);
            if foreign && !evidence.overtaken(effect.time, disowned) && !evidence.was_shown_late(&version, effect.time)
            {
                found.push(format!("{}, which is not ours", told(effect)));
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
