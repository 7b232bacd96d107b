//! The action of a pass, as a bug changes it.

use std::time::Duration;

use azimage::decisions::Decisions;
use azimage_core::image_version::{Action, Event, Plan, State, StepKey, Validated, record_intent};

use super::Bug;

/// The action of the pass.
pub(super) fn act(bug: Bug, own: &Decisions, validated: &Validated, plan: &Plan, state: State<'_>) -> Action {
    match bug {
        Bug::NoFinalizer => own.act(validated, plan, State { has_finalizer: true, ..state }),
        Bug::RetryUncounted => retry_uncounted(own, validated, plan, state),
        Bug::EffectBeforeIntent => match own.act(validated, plan, state) {
            Action::Announce(step) => effect_before_intent(own, validated, plan, state, &step),
            action => action,
        },
        _ => own.act(validated, plan, state),
    }
}

/// A recorded step counts as recorded by this process.
fn retry_uncounted(own: &Decisions, validated: &Validated, plan: &Plan, state: State<'_>) -> Action {
    let recorded = plan.step.as_ref().and_then(|step| {
        let record = state.status.steps.iter().find(|record| record.name == step.name.to_string())?;
        Some((step.key(), record.correlation_id.as_deref()?))
    });
    let Some((step, id)) = recorded else { return own.act(validated, plan, state) };
    let remembered = state.remembered.clone().after(Event::Announces(step, id), Duration::ZERO);
    own.act(validated, plan, State { remembered: &remembered, ..state })
}

/// The step is carried out as if the status announced it.
fn effect_before_intent(
    own: &Decisions,
    validated: &Validated,
    plan: &Plan,
    state: State<'_>,
    step: &StepKey,
) -> Action {
    let id = format!("00000000-0000-4000-8000-{:012x}", state.now.as_millisecond());
    let mut status = state.status.clone();
    record_intent(&mut status, step, &id, state.now, None);
    let remembered = state.remembered.clone().after(Event::Announces(step.clone(), &id), Duration::ZERO);
    own.act(validated, plan, State { status: &status, remembered: &remembered, ..state })
}
