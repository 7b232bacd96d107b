//! Whether the work on a machine can begin.

use azimage_crds::{ConditionType, Prepare, Reason};

use super::super::super::{
    Power, VirtualMachineObserved,
    report::{Decision, Report},
};

/// Why the work in the guest can't begin.
pub(in super::super::super) enum Obstacle {
    /// It settles by itself.
    Busy(String),
    /// It may heal.
    AgentNotReady(String),
    /// Only a person can help.
    Guest(Reason, String),
}

impl Obstacle {
    pub(in super::super::super) fn decide(self, report: &mut Report) -> Decision {
        match self {
            Self::Busy(message) => report.wait(ConditionType::SourceReady, Reason::SourceBusy, message),
            Self::AgentNotReady(message) => report.retry(ConditionType::SourceReady, Reason::AgentNotReady, message),
            Self::Guest(reason, message) => report.stalled(ConditionType::GuestPrepared, reason, message),
        }
    }
}

/// What keeps a machine from being in a state from which the work can begin.
pub(in super::super::super) fn may_begin(prepare: Prepare, machine: &VirtualMachineObserved) -> Option<Obstacle> {
    match (prepare, &machine.power) {
        (Prepare::Deprovision, Power::Running) if machine.agent_ready => None,
        (Prepare::Deprovision, Power::Running) => {
            let detail = machine.agent_message.as_deref().unwrap_or("no report");
            Some(Obstacle::AgentNotReady(format!(
                "The machine runs, but its guest agent isn't ready ({detail}), so nothing can be run in the guest: see that waagent runs there and reaches Azure"
            )))
        }
        (Prepare::Deprovision, Power::Stopped | Power::Deallocated) => Some(Obstacle::Guest(
            Reason::GuestPreparationUnknown,
            format!(
                "The machine is {}, and nothing proves that its guest is sealed: start it, which provisions it anew if a seal removed its account, or set spec.source.virtualMachine.guest.prepare to AlreadyGeneralized in a new object if it was sealed by other means",
                machine.power
            ),
        )),
        (Prepare::AlreadyGeneralized, Power::Stopped | Power::Deallocated) => None,
        (Prepare::AlreadyGeneralized, Power::Running | Power::Starting) => Some(Obstacle::Guest(
            Reason::SourceRunning,
            "spec.source.virtualMachine.guest.prepare says AlreadyGeneralized, but the machine runs: a sealed guest that was started is sealed no more. Seal it again, or use Deprovision in a new object".to_owned(),
        )),
        (_, Power::Starting | Power::Stopping | Power::Deallocating | Power::Unknown | Power::Other(_)) => Some(Obstacle::Busy(format!(
            "The machine's power state is {}; waiting for it to settle",
            machine.power
        ))),
    }
}
