//! What is kept of the machines of a version that failed: the end of their serial console logs.

use azimage_crds::{ValidationConsole, ValidationMachine, ValidationStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::{
    super::super::{
        ValidationSpec,
        context::{Answer, Cx},
        report::Stop,
    },
    TWINS, left,
};
use crate::temporary::TemporaryId;

/// When a log that was read at once is read again, in seconds after the failure: it shows some minutes late (Azure documentation,
/// "Azure boot diagnostics").
const LATE_SECONDS: i64 = 180;

/// How long a log is waited for that isn't there yet, in seconds.
const LATEST_SECONDS: i64 = 600;

/// What there is, and what is still to come.
pub(super) struct Evidence {
    /// The validation, with what was read by now.
    pub(super) told: ValidationStatus,
    /// Some machine has to stay until its log can be read.
    pub(super) holds: bool,
    /// Another look is worth while as long as the machines are there.
    pub(super) goes_on: bool,
}

/// Reads what isn't in the status yet. That it can't be read holds up nothing.
pub(super) fn gather(cx: &Cx<'_>, spec: &ValidationSpec, told: &ValidationStatus) -> Result<Evidence, Stop> {
    let mut evidence = Evidence { told: told.clone(), holds: false, goes_on: false };
    let Some(failed_at) = told.finished_at.as_ref().map(|at| at.0) else { return Ok(evidence) };
    let within = |seconds| cx.history.within(failed_at, seconds);
    if !within(LATEST_SECONDS) {
        return Ok(evidence);
    }
    for twin in TWINS {
        let id = spec.machine(twin);
        let is_there = left(cx).any(|(known, _)| matches!(&known, TemporaryId::Machine(known) if known == id));
        let is_of_it = |machine: &&mut ValidationMachine| machine.name == twin.to_string();
        let Some(machine) = evidence.told.machines.iter_mut().find(is_of_it).filter(|_| is_there) else { continue };
        let is_early =
            |console: &ValidationConsole| console.read_at.0.as_second() - failed_at.as_second() < LATE_SECONDS;
        let is_due = machine.console.as_ref().is_none_or(|console| is_early(console) && !within(LATE_SECONDS));
        if is_due {
            match cx.console_end(id)? {
                Answer::Found(end) if !end.log.is_empty() => {
                    let (read_at, log, has_screenshot) = (Time(cx.history.now), end.log.clone(), end.has_screenshot);
                    machine.console = Some(ValidationConsole { read_at, log, has_screenshot });
                }
                Answer::Found(_) | Answer::Missing(_) => evidence.holds |= machine.console.is_none(),
                Answer::Failed(_) => continue,
            }
        }
        evidence.goes_on |= machine.console.as_ref().is_none_or(is_early);
    }
    Ok(evidence)
}
