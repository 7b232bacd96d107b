//! Deletions that Azure accepts and that fail later.

use azimage_crds::StepFailure;
use jiff::Timestamp;

use super::super::super::{
    StepKey,
    context::Cx,
    report::{Report, Stop},
};

/// How often a deletion is asked for that has no effect, and of which nobody says why, until that is told.
const MOST_ATTEMPTS: i32 = 5;

/// What is told then.
const WITHOUT_EFFECT: &str = "Azure accepted its deletion again and again, and it is still there";

/// Why the last attempt at a deletion came to nothing, in Azure's words: told once, before another one is made. `told` is when
/// something was last told of what is to be deleted.
pub(in super::super) fn why_it_failed(
    cx: &Cx<'_>,
    key: StepKey,
    told: Option<Timestamp>,
    report: &mut Report,
) -> Result<Option<String>, Stop> {
    let Some(record) = cx.history.step(key.clone()) else { return Ok(None) };
    let (begun, attempts) = (record.started_at.0, record.attempts);
    if told.is_some_and(|at| at >= begun) {
        return Ok(None);
    }
    Ok(match cx.why_failed(key, report)? {
        Some(StepFailure { code, message }) => Some(format!("{code}: {message}")),
        None => (attempts >= MOST_ATTEMPTS).then(|| WITHOUT_EFFECT.to_owned()),
    })
}
