//! How long validations took.

use azimage_core::image_version::{Figures, Phase};
use prometheus_client::{encoding::EncodeLabelSet, metrics::histogram::Histogram, registry::Registry};

use super::Seconds;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PhaseLabel {
    phase: &'static str,
}

impl From<Phase> for PhaseLabel {
    fn from(phase: Phase) -> Self {
        Self { phase: phase.into() }
    }
}

/// Histograms of what machines took that prove versions.
#[derive(Clone, Debug)]
pub(super) struct ValidationMetrics {
    phases: Seconds<PhaseLabel>,
    checks: Histogram,
}

/// From a second to an hour.
fn up_to_an_hour() -> Histogram {
    let bounds =
        [1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0];
    Histogram::new(bounds)
}

impl ValidationMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let phases = Seconds::new_with_constructor(up_to_an_hour as fn() -> Histogram);
        for phase in Phase::all() {
            drop(phases.get_or_create(&phase.into()));
        }
        registry.register(
            "azimage_validation_phase_seconds",
            "How long machines took to come up that proved versions, by phase",
            phases.clone(),
        );
        let checks = up_to_an_hour();
        registry.register(
            "azimage_validation_check_seconds",
            "How long the users' checks took on machines that proved versions",
            checks.clone(),
        );
        Self { phases, checks }
    }

    pub(super) fn observe(&self, figures: &Figures) {
        for (phase, seconds) in &figures.phases {
            self.phases.get_or_create(&(*phase).into()).observe(f64::from(*seconds));
        }
        for seconds in &figures.checks {
            self.checks.observe(f64::from(*seconds));
        }
    }
}
