//! Under which record a step is carried out: the one that stands in the status, or a new one, which is another attempt.

use azimage_core::image_version::{StepName, Wake};
use azimage_crds::ImageVersionStatus;
use azimage_deliberate_bugs::bug;
use jiff::Timestamp;

use crate::memory::Remembered;

/// The correlation id of the open record under which a step may be carried out now, if there is such a record.
///
/// What Azure failed at looks the same before another attempt and after it. So a step that is tried again, for which the
/// plan has `wake` as [`Wake::Retry`], goes only under what this very process has recorded: that of an earlier process
/// may have been carried out, and counts as an attempt. A record that is too old for its step is none either.
pub(super) fn open(
    status: &ImageVersionStatus,
    name: StepName,
    wake: Wake,
    remembered: &Remembered,
    now: Timestamp,
) -> Option<String> {
    let text: &str = name.into();
    let record = status.steps.iter().find(|step| step.name == text && step.finished_at.is_none())?;
    let id = record.correlation_id.as_ref()?;
    let accepted = remembered.accepted.get(&name) == Some(id);
    let of_an_earlier_process =
        wake == Wake::Retry && remembered.recorded.as_ref() != Some(id) && !bug!(RetryUncounted);
    let age = now.as_second() - record.started_at.0.as_second();
    let old = name.announced_seconds().is_some_and(|limit| age >= limit);
    (!accepted && !of_an_earlier_process && !old).then(|| id.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_record_is_carried_out_once_and_another_attempt_only_by_who_recorded_it() {
        let begun = |name: &str| json!({"name": name, "startedAt": "2026-11-01T00:00:00Z", "correlationId": "a", "attempts": 1});
        let finished = |name: &str| {
            let mut record = begun(name);
            record["finishedAt"] = json!("2026-11-01T00:01:00Z");
            record
        };
        let (publish, seal) = (StepName::Publish, StepName::Seal);
        for (case, record, step, wake, accepted, recorded, expected) in [
            ("nothing is recorded", json!(null), publish, Wake::Poll, None, None, false),
            ("it was finished", finished("Publish"), publish, Wake::Poll, None, None, false),
            ("another step is", begun("Seal"), publish, Wake::Poll, None, None, false),
            ("it is recorded", begun("Publish"), publish, Wake::Poll, None, None, true),
            ("it was accepted", begun("Publish"), publish, Wake::Poll, Some("a"), None, false),
            ("an earlier one was accepted", begun("Publish"), publish, Wake::Poll, Some("z"), None, true),
            ("a seal was accepted", begun("Seal"), seal, Wake::Poll, Some("a"), None, false),
            ("another attempt is recorded", begun("Publish"), publish, Wake::Retry, None, Some("a"), true),
            ("an earlier process recorded it", begun("Publish"), publish, Wake::Retry, None, None, false),
            ("it recorded something else since", begun("Publish"), publish, Wake::Retry, None, Some("z"), false),
            (
                "it was accepted, and is recorded here",
                begun("Publish"),
                publish,
                Wake::Retry,
                Some("a"),
                Some("a"),
                false,
            ),
        ] {
            let steps: Vec<Value> = [record].into_iter().filter(|record| !record.is_null()).collect();
            let status: ImageVersionStatus = serde_json::from_value(json!({"steps": steps})).unwrap();
            let remembered = Remembered {
                accepted: accepted.map(|id| (step, id.to_owned())).into_iter().collect(),
                recorded: recorded.map(str::to_owned),
                ..Remembered::default()
            };
            let now = "2026-11-01T00:00:44Z".parse().unwrap();
            let found = open(&status, step, wake, &remembered, now);
            assert_eq!(found, expected.then(|| "a".to_owned()), "{case}");
        }
    }

    #[test]
    fn by_whose_time_a_proof_is_judged_is_announced_anew_when_it_is_old() {
        for (step, second, expected) in [
            (StepName::Deallocate, 44, true),
            (StepName::Deallocate, 45, false),
            (StepName::MarkSealed, 45, false),
            (StepName::Seal, 59, true),
        ] {
            let record = json!({"name": step.to_string(), "startedAt": "2026-11-01T00:00:00Z", "correlationId": "a", "attempts": 1});
            let status: ImageVersionStatus = serde_json::from_value(json!({"steps": [record]})).unwrap();
            let now = format!("2026-11-01T00:00:{second}Z").parse().unwrap();
            let found = open(&status, step, Wake::Poll, &Remembered::default(), now);
            assert_eq!(found.is_some(), expected, "{step} after {second} s");
        }
    }
}
