//! Laws 3 and 7: a version is never replaced, and never deleted unless that was asked for.

use super::{Evidence, line};
use crate::world;

/// No version is made twice, whoever deleted it in between.
pub(super) fn made_once(evidence: &Evidence<'_>) -> Vec<String> {
    let made = |number| {
        let puts = evidence.writes_to("PUT", &world::version(number));
        puts.iter().filter(|entry| entry.status == Some(201)).count()
    };
    let numbers = (0..evidence.plan.world.versions).map(|number| (number, made(number)));
    numbers
        .filter(|(_, made)| *made > 1)
        .map(|(number, made)| format!("{} was made {made} times", world::version(number)))
        .collect()
}

/// Versions are deleted with their objects only, if the objects say so.
pub(super) fn deleted_only_on_demand(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for entry in evidence.writes().filter(|entry| entry.method == "DELETE") {
        let numbers = 0..evidence.plan.world.versions;
        let of = numbers.into_iter().find(|number| world::version(*number).eq_ignore_ascii_case(&entry.path));
        let asked = of.is_some_and(|of| evidence.is_deleted(of));
        if !(asked && evidence.plan.world.delete) {
            found.push(line(entry));
        }
    }
    found
}
