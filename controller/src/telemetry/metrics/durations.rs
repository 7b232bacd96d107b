//! How long steps, copies and whole versions took.

use azimage_core::image_version::Durations;
use prometheus_client::{encoding::EncodeLabelSet, metrics::histogram::Histogram, registry::Registry};

use super::Seconds;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StepLabel {
    step: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RegionLabel {
    region: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceLabel {
    source: &'static str,
}

/// Histograms of what has come to its end. A series begins with the first one.
#[derive(Clone, Debug)]
pub(super) struct DurationMetrics {
    steps: Seconds<StepLabel>,
    replications: Seconds<RegionLabel>,
    ready: Seconds<SourceLabel>,
}

/// From ten seconds to a day and a half.
fn up_to_days() -> Histogram {
    let (minute, hour) = (60.0, 3600.0);
    Histogram::new([
        10.0,
        30.0,
        minute,
        2.0 * minute,
        5.0 * minute,
        10.0 * minute,
        20.0 * minute,
        30.0 * minute,
        hour,
        2.0 * hour,
        4.0 * hour,
        8.0 * hour,
        12.0 * hour,
        24.0 * hour,
        36.0 * hour,
    ])
}

impl DurationMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let steps = Seconds::new_with_constructor(up_to_days as fn() -> Histogram);
        registry.register(
            "azimage_step_duration_seconds",
            "How long steps took, from their last begin until their effect was seen",
            steps.clone(),
        );
        let replications = Seconds::new_with_constructor(up_to_days as fn() -> Histogram);
        registry.register(
            "azimage_replication_duration_seconds",
            "How long copies took, from when Azure was first seen to copy until the region was complete",
            replications.clone(),
        );
        let ready = Seconds::new_with_constructor(up_to_days as fn() -> Histogram);
        registry.register(
            "azimage_time_to_ready_seconds",
            "How old image versions were when they were Ready for the first time",
            ready.clone(),
        );
        Self { steps, replications, ready }
    }

    pub(super) fn observe(&self, durations: &Durations) {
        for (step, seconds) in &durations.steps {
            self.steps.get_or_create(&StepLabel { step: (*step).into() }).observe(float(*seconds));
        }
        for (region, seconds) in &durations.replications {
            self.replications.get_or_create(&RegionLabel { region: region.clone() }).observe(float(*seconds));
        }
        if let Some((source, seconds)) = durations.ready {
            self.ready.get_or_create(&SourceLabel { source }).observe(float(seconds));
        }
    }
}

/// A span; one of more than a hundred years isn't told apart from that.
fn float(seconds: i64) -> f64 {
    u32::try_from(seconds).map_or(f64::from(u32::MAX), f64::from)
}
