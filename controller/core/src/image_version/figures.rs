//! How long validations took, for the metrics.

use azimage_crds::{ImageVersionStatus, ValidationOutcome, ValidationTimings};
use strum::IntoEnumIterator as _;

/// What a machine that proves a version took its time for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Phase {
    /// Until Azure's `Succeeded`.
    Provisioning,
    /// Until its guest agent was seen to report.
    Agent,
    /// The kernel, until systemd ran.
    Kernel,
    /// From the kernel's start until the agent was started.
    AgentStart,
    /// From the kernel's start until the system was up.
    Boot,
    /// From the kernel's start until all of the first start was over.
    FirstBoot,
}

impl Phase {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }

    /// How long it took, in seconds.
    fn of(self, timings: &ValidationTimings) -> Option<i32> {
        match self {
            Self::Provisioning => timings.provisioning_seconds,
            Self::Agent => timings.agent_seconds,
            Self::Kernel => timings.kernel_seconds,
            Self::AgentStart => timings.agent_start_seconds,
            Self::Boot => timings.boot_seconds,
            Self::FirstBoot => timings.first_boot_seconds,
        }
    }
}

/// What was measured in a validation that a status says is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// What its machines took, in seconds.
    pub phases: Vec<(Phase, i32)>,
    /// What the user's checks took on them, in seconds.
    pub checks: Vec<i32>,
}

/// The figures of a validation that came to its end between two statuses; none if none did.
pub fn figures(before: &ImageVersionStatus, after: &ImageVersionStatus) -> Figures {
    let over = |status: &ImageVersionStatus| {
        let told = status.validation.as_ref()?;
        let is_decided = matches!(told.outcome, ValidationOutcome::Passed | ValidationOutcome::Failed);
        told.finished_at.clone().filter(|_| is_decided)
    };
    let machines = after.validation.iter().flat_map(|told| &told.machines);
    if over(after).is_none() || over(before) == over(after) {
        return Figures::default();
    }
    let mut figures = Figures::default();
    for machine in machines {
        let timings = machine.timings.clone().unwrap_or_default();
        figures.phases.extend(Phase::iter().filter_map(|phase| Some((phase, phase.of(&timings)?))));
        figures.checks.extend(machine.checks.iter().filter_map(|check| check.seconds));
    }
    figures
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn status(validation: &Value) -> ImageVersionStatus {
        serde_json::from_value(json!({"conditions": [], "validation": validation})).unwrap()
    }

    #[test]
    fn a_validation_counts_once_when_it_is_over() {
        let machine = json!({
            "name": "1", "timings": {"provisioningSeconds": 60, "bootSeconds": 20},
            "checks": [{"name": "Units", "passed": true}, {"name": "web", "passed": false, "seconds": 7}],
        });
        let told = |outcome: &str, finished: Value| {
            status(&json!({
                "outcome": outcome, "region": "westeurope", "startedAt": "2026-01-01T00:00:00Z", "finishedAt": finished,
                "machines": [machine],
            }))
        };
        let (none, running) = (status(&Value::Null), told("Running", Value::Null));
        let (first, second) = (json!("2026-01-01T01:00:00Z"), json!("2026-01-01T02:00:00Z"));
        let (passed, failed) = (told("Passed", first.clone()), told("Failed", first.clone()));
        for (case, before, after, counts) in [
            ("it begins", &none, &running, false),
            ("it passes", &running, &passed, true),
            ("it fails", &running, &failed, true),
            ("what is known of it", &passed, &passed, false),
            ("it fails again", &failed, &told("Failed", second), true),
            ("nobody could tell", &running, &told("Impossible", first), false),
            ("it begins again", &failed, &running, false),
        ] {
            let expected = if counts {
                Figures { phases: vec![(Phase::Provisioning, 60), (Phase::Boot, 20)], checks: vec![7] }
            } else {
                Figures::default()
            };
            assert_eq!(figures(before, after), expected, "{case}");
        }
    }
}
