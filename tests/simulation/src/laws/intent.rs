//! Law 8: what is written to Azure was announced in the status before.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{Evidence, VERSIONS, line};
use crate::{plan::Act, world};

/// The correlation id of every write stood in the status of an object before the write.
pub(super) fn announced_before(evidence: &Evidence<'_>) -> Vec<String> {
    let mut announced: BTreeMap<String, Timestamp> = BTreeMap::new();
    for write in evidence.kubernetes {
        let status = write.after.as_ref().map(|object| object["status"].clone()).unwrap_or_default();
        for id in correlation_ids(&status) {
            announced.entry(id).or_insert(write.time);
        }
    }
    let known = |id: &Option<String>, at: Timestamp| {
        id.as_ref().and_then(|id| announced.get(id)).is_some_and(|announced| *announced <= at)
    };
    let unknown = evidence.writes().filter(|entry| !known(&entry.correlation_id, entry.simulated_time));
    unknown.map(|entry| format!("not announced: {}", line(entry))).collect()
}

/// Whatever is written for an object, it has the finalizer by then, so that no deletion can miss it.
pub(super) fn held_before(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in 0..evidence.plan.world.versions {
        if evidence.acts().any(|act| *act == Act::RemoveFinalizers(number)) {
            continue;
        }
        for effect in evidence.effects_of(number) {
            let object = evidence.object_at(VERSIONS, &world::object(number), effect.time);
            let finalizers = object.and_then(|object| object["metadata"]["finalizers"].as_array());
            if finalizers.is_none_or(Vec::is_empty) {
                found.push(format!("{} {} at {} without a finalizer", effect.method, effect.path, effect.time));
            }
        }
    }
    found
}

fn correlation_ids(status: &Value) -> Vec<String> {
    let steps = status["steps"].as_array().into_iter().flatten();
    let all = steps.chain([&status["operation"]]);
    all.filter_map(|step| step["correlationId"].as_str().map(str::to_owned)).collect()
}
