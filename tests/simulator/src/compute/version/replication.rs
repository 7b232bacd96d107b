//! The replication of a version to its regions (behaviour section 12).

use http::StatusCode;
use jiff::Timestamp;

use crate::{
    arm::{error::ArmError, operation},
    clock::later,
    faults::domain::{CopyOutcome, OperationOutcome},
    resources::{
        Resources,
        event::Event,
        version::{ImageVersion, Region, RegionState},
    },
};

impl RegionState {
    pub(in crate::compute) fn name(&self) -> &'static str {
        match self {
            Self::Replicating { .. } => "Replicating",
            Self::Completed => "Completed",
            Self::Failed { .. } => "Failed",
            Self::Unknown => "Unknown",
        }
    }

    /// Percent, rising with time; 100 only when complete.
    pub(in crate::compute) fn progress(&self, now: Timestamp) -> u8 {
        match self {
            Self::Completed => 100,
            Self::Unknown => 0,
            Self::Failed { progress, .. } => *progress,
            Self::Replicating { started, ends, stuck, .. } => {
                let whole = ends.duration_since(*started).as_secs_f64().max(0.001);
                let done = now.duration_since(*started).as_secs_f64().max(0.0);
                let percent =
                    (1..=99_u8).rev().find(|percent| done >= whole * f64::from(*percent) / 100.0).unwrap_or(0);
                stuck.map_or(percent, |stuck| percent.min(stuck))
            }
        }
    }

    fn due(&self, now: Timestamp) -> bool {
        matches!(self, Self::Replicating { ends, stuck: None, .. } if *ends <= now)
    }

    fn replicating(&self) -> bool {
        matches!(self, Self::Replicating { .. })
    }
}

/// Azure's text for a write that ends with failed regions.
fn regions_failed(version: &ImageVersion) -> ArmError {
    let failed: Vec<String> = version
        .regions
        .iter()
        .filter_map(|region| match &region.state {
            RegionState::Failed { detail, .. } => Some(format!("{{region:{}, detail:{detail}}}", region.name)),
            _ => None,
        })
        .collect();
    ArmError::new(
        StatusCode::CONFLICT,
        "ReplicationJobsNotCompleted",
        format!(
            "Gallery replication jobs failed in one or more regions. The failing regions' details are as follows: '{}'. If \
             retry does not work, then please do an update by removing the failed regions and update again by adding them \
             back.",
            failed.join(", ")
        ),
    )
}

/// Begins copying to `region` after `wait` seconds for `seconds`.
pub(crate) fn region_begins(resources: &mut Resources, version: &str, region: &mut Region, wait: f64, seconds: f64) {
    let doomed = match &region.state {
        RegionState::Failed { sticky: true, detail, .. } => Some(detail.clone()),
        _ => None,
    };
    let started = later(resources.now, wait);
    region.attempt += 1;
    let stuck = resources.faults.stuck_at(version, &region.name);
    region.state = RegionState::Replicating { started, ends: later(resources.now, wait + seconds), stuck, doomed };
    resources.plan(wait + seconds, Event::VersionMoves(version.to_owned()));
}

/// Completes the copies of a version that are due, and ends its running write with the last one.
pub(crate) fn moves(resources: &mut Resources, key: &str) {
    let now = resources.now;
    let Some(mut version) = resources.versions.remove(key) else { return };
    for region in &mut version.regions {
        if !region.state.due(now) {
            continue;
        }
        let RegionState::Replicating { doomed, stuck, .. } = &mut region.state else { continue };
        if let Some(detail) = doomed.take() {
            region.state = RegionState::Failed { detail, progress: 99, sticky: true };
            continue;
        }
        match resources.faults.copy_outcome(key, &region.name) {
            CopyOutcome::Completes => region.state = RegionState::Completed,
            CopyOutcome::Fails { detail, sticky } => {
                region.state = RegionState::Failed { detail, progress: 99, sticky };
            }
            CopyOutcome::Stuck(at) => *stuck = Some(at),
        }
    }
    if version.writing() {
        write_moves(resources, key, &mut version);
    }
    resources.versions.insert(key.to_owned(), version);
}

fn write_moves(resources: &mut Resources, key: &str, version: &mut ImageVersion) {
    let now = resources.now;
    let home = version.regions.iter().find(|region| region.name == version.location).map(|region| &region.state);
    let home_is_over = home.is_some_and(|state| !state.replicating());
    let creating = version.provisioning_state == "Creating";
    if let Some(error) = version.misfit.clone().filter(|_| creating && now >= version.writing_until) {
        return creation_fails(resources, key, version, error);
    }
    if creating && home_is_over {
        let outcome = resources.faults.creation_outcome(key);
        let home_failed = matches!(home, Some(RegionState::Failed { .. }));
        let error = match (version.broken.take(), outcome) {
            (Some(error), _) | (None, OperationOutcome::Fails(error)) => Some(error),
            (None, OperationOutcome::Normal) => home_failed.then(|| regions_failed(version)),
        };
        if let Some(error) = error {
            return creation_fails(resources, key, version, error);
        }
    }
    if version.regions.iter().any(|region| region.state.replicating()) || now < version.writing_until {
        return;
    }
    forget_capture(resources, key, version);
    let failed =
        version.stillborn || version.regions.iter().any(|region| matches!(region.state, RegionState::Failed { .. }));
    let result = match (failed, resources.faults.operation_outcome(key)) {
        (_, OperationOutcome::Fails(error)) => Err(error),
        (true, OperationOutcome::Normal) => Err(version.misfit.clone().unwrap_or_else(|| regions_failed(version))),
        (false, OperationOutcome::Normal) => Ok(None),
    };
    // A write that was taken over leaves the version as it was.
    let preempted = matches!(&result, Err(error) if error.code == "OperationPreempted");
    version.provisioning_state = if failed || result.is_err() && !preempted { "Failed" } else { "Succeeded" };
    operation::end(resources, version.operation, result);
}

fn creation_fails(resources: &mut Resources, key: &str, version: &mut ImageVersion, error: ArmError) {
    for region in &mut version.regions {
        if !matches!(region.state, RegionState::Failed { .. }) {
            region.state = RegionState::Unknown;
        }
    }
    version.misfit.get_or_insert(error.clone());
    version.stillborn = true;
    version.provisioning_state = "Failed";
    forget_capture(resources, key, version);
    operation::end(resources, version.operation, Err(error));
}

fn forget_capture(resources: &mut Resources, key: &str, version: &ImageVersion) {
    if let Some(machine) = version.machine.as_ref().and_then(|machine| resources.machines.get_mut(machine)) {
        machine.captures.remove(key);
    }
}

/// Continues stuck copies after faults were removed.
pub(crate) fn unstick(resources: &mut Resources) {
    let (now, faults) = (resources.now, &resources.faults);
    let mut moves = Vec::new();
    for (key, version) in &mut resources.versions {
        for region in &mut version.regions {
            let RegionState::Replicating { started, ends, stuck, .. } = &mut region.state else { continue };
            let Some(percent) = *stuck else { continue };
            if faults.would_stick(key, &region.name) {
                continue;
            }
            let whole = ends.duration_since(*started).as_secs_f64();
            let elapsed = now.duration_since(*started).as_secs_f64();
            let done = elapsed.min(whole * f64::from(percent) / 100.0);
            *started = later(now, -done);
            *ends = later(now, whole - done);
            *stuck = None;
            moves.push((whole - done, key.clone()));
        }
    }
    for (seconds, key) in moves {
        resources.plan(seconds, Event::VersionMoves(key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_rises_with_time_and_never_says_done_before_it_is() {
        let start = Timestamp::UNIX_EPOCH;
        let copying = |stuck| RegionState::Replicating {
            started: later(start, 100.0),
            ends: later(start, 200.0),
            stuck,
            doomed: None,
        };
        let at = |seconds| later(start, seconds);
        for (name, stuck, seconds, expected) in [
            ("before it starts", None, 50.0, 0),
            ("half way", None, 150.0, 50),
            ("at the end", None, 200.0, 99),
            ("stuck", Some(40), 190.0, 40),
            ("not yet stuck", Some(40), 120.0, 20),
        ] {
            assert_eq!(copying(stuck).progress(at(seconds)), expected, "{name}");
        }
        assert_eq!(RegionState::Completed.progress(start), 100);
    }
}
