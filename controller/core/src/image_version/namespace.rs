//! A namespace that is being deleted takes its objects with it, in any order, some of them late. Until an object's own turn comes
//! nothing shows in it, so the namespace is asked before each step that can't be taken back.

use super::{
    Read, Step, StepName,
    context::Cx,
    report::{Decision, Outcome, Report, Requeue, ends},
    words::Words,
};
use crate::{Message as _, Progress, Truth};

/// Whether what a step does to a machine can't be taken back, or leads there without another word.
fn is_grave(step: &Step) -> bool {
    matches!(step.name, StepName::ClaimSource | StepName::Seal | StepName::Generalize)
}

/// What has to be read of Kubernetes in the very pass that carries the step out.
pub(super) fn read_for(step: &Step, cx: &Cx<'_>) -> Option<Read> {
    (is_grave(step) && !cx.validated.deleting).then(|| Read::Namespace(cx.validated.owner.namespace.clone()))
}

/// Whatever an object comes to, nothing grave is begun for one that is about to go. Who may not read namespaces goes on.
pub(super) fn heeded(outcome: Outcome, cx: &Cx<'_>, report: &mut Report) -> Decision {
    let Outcome::Ends(Some(step), _) = &outcome else { return Ok(outcome) };
    if read_for(step, cx).is_none() || !cx.namespace_goes()? {
        return Ok(outcome);
    }
    report.findings.retain(|_, finding| finding.truth == Truth::True);
    report.progress = Progress::reconciling(Words::NamespaceGoes.reason(), Words::NamespaceGoes.to_string());
    ends(None, Requeue::Resync)
}
