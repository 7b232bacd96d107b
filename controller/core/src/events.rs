//! Events: one for each transition that a user cares about, none for a pass that changed nothing.

use azimage_crds::{ConditionType, Reason, RegionStatus};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use crate::{condition::clip, image_definition, message::phrases};

/// Longest note of an event, in bytes (events.k8s.io/v1).
pub(crate) const NOTE_LIMIT: usize = 1024;

/// An event to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// A warning says that a person may have to act.
    pub warning: bool,
    /// Why, for machines.
    pub reason: String,
    /// What was being done, a verb.
    pub action: &'static str,
    /// For people.
    pub note: String,
}

/// The events between two states of an object's conditions.
pub fn transitions(before: &[Condition], after: &[Condition]) -> Vec<Event> {
    let ready = after.iter().find(|condition| condition.type_ == ConditionType::Ready.as_str());
    after.iter().filter_map(|condition| transition(before, condition, ready)).collect()
}

/// What a person has to know of an object that goes.
pub fn parting(words: &str) -> Event {
    let reason = Reason::Deleting.as_str().to_owned();
    Event { warning: true, reason, action: "Release", note: clip(words, NOTE_LIMIT) }
}

/// A version was taken over from this owner.
pub fn adopted(from: &str) -> Event {
    let (reason, words) = (Reason::Adopted.as_str().to_owned(), Adoption::Done { from: from.to_owned() }.to_string());
    Event { warning: false, reason, action: "Adopt", note: clip(&words, NOTE_LIMIT) }
}

/// An image definition was taken over from this owner.
pub fn adopted_definition(former: &str) -> Event {
    let words = image_definition::words::Adoption::Done { former: former.to_owned() }.to_string();
    let reason = Reason::Adopted.as_str().to_owned();
    Event { warning: false, reason, action: "Adopt", note: clip(&words, NOTE_LIMIT) }
}

/// What a person has to know in time, before replicas go.
pub fn removes(words: &str) -> Event {
    let reason = Reason::Deleting.as_str().to_owned();
    Event { warning: true, reason, action: "Remove", note: clip(words, NOTE_LIMIT) }
}

/// Replicas that are taken away later, as nothing selects them any more.
pub fn removal_pending(words: &str) -> Event {
    Event { warning: true, reason: "RemovalPending".to_owned(), action: "Release", note: clip(words, NOTE_LIMIT) }
}

/// The events between two states of a version's regions: what is taken away later, and what stays after all.
pub fn removals(before: &[RegionStatus], after: &[RegionStatus]) -> Vec<Event> {
    let has = |regions: &[RegionStatus], name: &str, target: &str| {
        let region = regions.iter().find(|region| region.name == name);
        region.is_some_and(|region| region.leaving.iter().any(|leaving| leaving.target == target))
    };
    let mut events = Vec::new();
    for region in after {
        for leaving in region.leaving.iter().filter(|leaving| !has(before, &region.name, &leaving.target)) {
            let (target, region, after) = (leaving.target.clone(), region.name.clone(), leaving.after.0);
            events.push(removal_pending(&Removal::Pending { target, region, after }.to_string()));
        }
    }
    for region in before {
        let now = after.iter().find(|now| now.name == region.name);
        for leaving in region.leaving.iter().filter(|leaving| !has(after, &region.name, &leaving.target)) {
            if now.is_some_and(|now| now.requested_by.contains(&leaving.target)) {
                let words = Removal::Cancelled { target: leaving.target.clone(), region: region.name.clone() };
                let reason = "RemovalCancelled".to_owned();
                events.push(Event {
                    warning: false,
                    reason,
                    action: "Keep",
                    note: clip(&words.to_string(), NOTE_LIMIT),
                });
            }
        }
    }
    events
}

phrases! {
    /// What was taken over.
    pub(crate) enum Adoption ["an event of an image version"] {
        Done { from: String } => "The gallery image version is this object's now; before, it was that of {from}",
    }
}

phrases! {
    /// What becomes of replicas that a target no longer selects.
    pub(crate) enum Removal ["an event of an image version"] {
        Pending { target: String, region: String, after: Timestamp } =>
            "The target {target} no longer selects this object: what it asked for in {region} is taken away after {after}, \
             unless the labels or the target's selector are put back",
        Cancelled { target: String, region: String } =>
            "The target {target} selects this object again: it keeps what it has in {region}",
    }
}

fn transition(before: &[Condition], condition: &Condition, ready: Option<&Condition>) -> Option<Event> {
    let kind: ConditionType = condition.type_.parse().ok()?;
    let old = before.iter().find(|old| old.type_ == condition.type_);
    let changed = old.is_none_or(|old| old.status != condition.status || old.reason != condition.reason);
    if !changed {
        return None;
    }
    let event = |warning, action| Event {
        warning,
        reason: condition.reason.clone(),
        action,
        note: clip(&condition.message, NOTE_LIMIT),
    };
    let is = |status: &str| condition.status == status;
    let first = old.is_none_or(|old| old.status != condition.status);
    match kind {
        ConditionType::Stalled => Some(event(true, "Stall")),
        ConditionType::Reconciling if condition.reason == Reason::ProgressingWithRetry.as_str() => {
            // Why it is tried again stands in Ready.
            let reason = ready.unwrap_or(condition).reason.clone();
            Some(Event { reason, ..event(true, "Retry") })
        }
        ConditionType::AncestorsGood => is("False").then(|| event(true, action(kind))),
        ConditionType::CleanedUp if is("False") => Some(event(true, "CleanUp")),
        ConditionType::Ready if is("True") => Some(event(false, "Complete")),
        // Ready tells of trouble through Stalled and Reconciling, and these of nothing that Ready doesn't.
        ConditionType::Ready
        | ConditionType::Reconciling
        | ConditionType::Available
        | ConditionType::DefinitionReady => None,
        ConditionType::Promoted | ConditionType::LatestReady
            if condition.reason == Reason::RegionWouldBeEmpty.as_str() =>
        {
            Some(event(true, action(kind)))
        }
        // It was deleted.
        ConditionType::Exported if condition.reason == Reason::NothingLatest.as_str() => {
            old.filter(|old| old.status == "True").map(|_| event(true, action(kind)))
        }
        // A step that a source doesn't need is no news.
        _ if is("True") && first && condition.reason != Reason::NotNeeded.as_str() => {
            Some(Event { reason: condition.type_.clone(), ..event(false, action(kind)) })
        }
        _ => None,
    }
}

fn action(kind: ConditionType) -> &'static str {
    match kind {
        ConditionType::SourceReady => "Claim",
        ConditionType::Compatible | ConditionType::AncestorsGood => "Check",
        ConditionType::GuestPrepared => "Seal",
        ConditionType::Generalized => "Generalize",
        ConditionType::Published => "Publish",
        ConditionType::Replicated => "Replicate",
        ConditionType::Validated => "Validate",
        ConditionType::Promoted | ConditionType::LatestReady => "Promote",
        ConditionType::CleanedUp => "CleanUp",
        ConditionType::Exported => "Export",
        ConditionType::Available
        | ConditionType::DefinitionReady
        | ConditionType::Ready
        | ConditionType::Reconciling
        | ConditionType::Stalled => "Reconcile",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{Finding, Progress, condition::render};

    fn conditions(published: Option<Finding>, progress: &Progress) -> Vec<Condition> {
        let findings: BTreeMap<_, _> =
            published.map(|finding| (ConditionType::Published, finding)).into_iter().collect();
        render(&[], &[ConditionType::Published], &findings, progress, 1, Timestamp::UNIX_EPOCH)
    }

    /// What is the case, the conditions before and after, and the events.
    type Case<'a> = (&'a str, &'a [Condition], &'a [Condition], &'a [(bool, &'a str)]);

    #[test]
    fn an_event_tells_of_a_transition_and_of_nothing_else() {
        let working = Progress::reconciling(Reason::Publishing, "working");
        let waiting = conditions(None, &working);
        let published = conditions(Some(Finding::yes("done")), &working);
        let stalled = conditions(None, &Progress::stalled(Reason::VersionExists, "exists"));
        let retrying = conditions(None, &Progress::retrying(Reason::Throttled, "pause"));
        let ready = conditions(Some(Finding::yes("done")), &Progress::Settled { message: "ready".into() });
        let cases: [Case<'_>; 7] = [
            ("a fresh object", &[], &waiting, &[]),
            ("nothing changed", &published, &published, &[]),
            ("a step is done", &waiting, &published, &[(false, "Published")]),
            ("it stalls", &waiting, &stalled, &[(true, "VersionExists")]),
            ("it is still stalled", &stalled, &stalled, &[]),
            ("it is retried", &waiting, &retrying, &[(true, "Throttled")]),
            ("it is ready", &published, &ready, &[(false, "Succeeded")]),
        ];
        for (case, before, after, expected) in cases {
            let events = transitions(before, after);
            let found: Vec<_> = events.iter().map(|event| (event.warning, event.reason.as_str())).collect();
            assert_eq!(found, expected, "{case}");
        }
    }

    #[test]
    fn what_is_taken_away_later_is_told_once_and_so_is_that_it_stays() {
        let region = |requested_by: &[&str], leaving: &[&str]| -> Vec<RegionStatus> {
            let leaving: Vec<_> = leaving
                .iter()
                .map(|target| serde_json::json!({"target": target, "after": "2026-11-01T00:15:00Z"}))
                .collect();
            let region = serde_json::json!([{"name": "eastus2", "state": "Completed", "requestedBy": requested_by, "leaving": leaving}]);
            serde_json::from_value(region).unwrap()
        };
        let cases = [
            ("nothing changed", region(&["t"], &[]), region(&["t"], &[]), vec![]),
            ("it is deselected", region(&["t"], &[]), region(&["t"], &["t"]), vec![(true, "RemovalPending")]),
            ("it still is", region(&["t"], &["t"]), region(&["t"], &["t"]), vec![]),
            ("it is selected again", region(&["t"], &["t"]), region(&["t"], &[]), vec![(false, "RemovalCancelled")]),
            ("it is gone", region(&["t"], &["t"]), vec![], vec![]),
            ("somebody else has it", region(&["t"], &["t"]), region(&["u"], &[]), vec![]),
        ];
        for (case, before, after, expected) in cases {
            let events = removals(&before, &after);
            let found: Vec<_> = events.iter().map(|event| (event.warning, event.reason.as_str())).collect();
            assert_eq!(found, expected, "{case}");
        }
        let told = &removals(&region(&["t"], &[]), &region(&["t"], &["t"]))[0].note;
        assert!(told.contains("eastus2") && told.contains("2026-11-01T00:15:00Z"), "{told}");
    }

    #[test]
    fn an_event_of_a_step_tells_what_was_being_done() {
        for (kind, doing) in [
            (ConditionType::SourceReady, "Claim"),
            (ConditionType::Compatible, "Check"),
            (ConditionType::GuestPrepared, "Seal"),
            (ConditionType::Generalized, "Generalize"),
            (ConditionType::Published, "Publish"),
            (ConditionType::Replicated, "Replicate"),
        ] {
            let with = |finding| {
                let working = Progress::reconciling(Reason::Publishing, "working");
                render(&[], &[kind], &BTreeMap::from([(kind, finding)]), &working, 1, Timestamp::UNIX_EPOCH)
            };
            let (open, done) = (with(Finding::unknown(Reason::Publishing, "working")), with(Finding::yes("done")));
            let reason = kind.as_str().to_owned();
            let expected = Event { warning: false, reason, action: doing, note: "done".into() };
            assert_eq!(transitions(&open, &done), [expected], "{kind:?}");
            let otherwise = with(Finding { reason: Reason::NotNeeded, ..Finding::yes("done") });
            assert_eq!(transitions(&otherwise, &done), [], "{kind:?}: it was True before");
        }
    }
}
