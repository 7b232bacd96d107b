//! When an object says that it waits for its turn.

use std::time::Duration;

use azimage_crds::{ConditionType, ImageVersionStatus, Reason};

/// How long an object may wait for its turn before its status says so.
const PATIENCE: Duration = Duration::from_secs(300);

/// Whether an object of this generation, whose passes were put off for so long, has to say that it waits. That costs
/// writes, so it is said once: of an object that doesn't say yet how it stands, or that has waited for long. What is
/// Ready stays so.
pub(super) fn has_to_say(status: &ImageVersionStatus, generation: Option<i64>, waited: Duration) -> bool {
    if status.observed_generation != generation {
        return true;
    }
    let ready = status.conditions.iter().find(|condition| condition.type_ == ConditionType::Ready.as_str());
    ready.is_none_or(|ready| {
        let said = ready.reason == Reason::Throttled.as_str();
        ready.status != "True" && !said && waited >= PATIENCE
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_waits_says_so_once_and_not_at_once_unless_it_says_nothing_yet() {
        for (case, generation, ready, reason, waited, says) in [
            ("it says nothing yet", None, "False", "Progressing", 0, true),
            ("its spec changed", Some(1), "True", "Succeeded", 0, true),
            ("it is Ready", Some(2), "True", "Succeeded", 3600, false),
            ("it hasn't waited for long", Some(2), "False", "Publishing", 299, false),
            ("it has waited for long", Some(2), "False", "Publishing", 300, true),
            ("it said so", Some(2), "False", "Throttled", 3600, false),
        ] {
            let status = serde_json::from_value(json!({
                "observedGeneration": generation.unwrap_or(-1),
                "conditions": [{
                    "type": "Ready", "status": ready, "reason": reason, "message": "",
                    "lastTransitionTime": "2026-11-01T00:00:00Z",
                }],
            }));
            assert_eq!(has_to_say(&status.unwrap(), Some(2), Duration::from_secs(waited)), says, "{case}");
        }
        let silent = ImageVersionStatus { observed_generation: Some(2), ..ImageVersionStatus::default() };
        assert!(has_to_say(&silent, Some(2), Duration::ZERO), "it has no conditions");
    }
}
