//! Whether the work on a machine can begin.

use azimage_crds::Prepare;

use super::super::super::{
    Power, facts,
    report::{Decision, Report},
};
use crate::message::messages;

messages! {
    /// Why the work in the guest can't begin.
    pub(in crate::image_version) enum NotReady {
        Unsettled { power: Power } => SourceReady / SourceBusy:
            "The machine's power state is {power}; waiting for it to settle",
        AgentSilent { detail: String } => SourceReady / AgentNotReady:
            "The machine runs, but its guest agent isn't ready ({detail}), so nothing can be run in the guest: check \
             that it runs (waagent on Linux) and reaches Azure",
        Off { power: Power } => GuestPrepared / GuestPreparationUnknown:
            "The machine is {power}, and nothing proves that its guest is sealed: start it, which provisions it again \
             if a seal removed its account, or set spec.source.virtualMachine.guest.prepare to AlreadyGeneralized in a \
             new object if it was sealed by other means",
        Runs => GuestPrepared / SourceRunning:
            "spec.source.virtualMachine.guest.prepare says AlreadyGeneralized, but the machine runs: a sealed guest \
             that was started is no longer sealed. Seal it again, or use Deprovision in a new object",
    }
}

impl NotReady {
    pub(in super::super::super) fn decide(&self, report: &mut Report) -> Decision {
        match self {
            Self::Unsettled { .. } => report.wait(self),
            Self::AgentSilent { .. } => report.retry(self),
            Self::Off { .. } | Self::Runs => report.stalled(self),
        }
    }
}

/// What keeps a machine from being in a state from which the work can begin.
pub(in super::super::super) fn may_begin(prepare: Prepare, machine: &facts::Machine) -> Option<NotReady> {
    let power = || machine.power.clone();
    match (prepare, &machine.power) {
        (Prepare::Deprovision, Power::Running) if machine.agent_ready => None,
        (Prepare::Deprovision, Power::Running) => {
            let detail = machine.agent_message.as_deref().unwrap_or("no report").to_owned();
            Some(NotReady::AgentSilent { detail })
        }
        (Prepare::Deprovision, Power::Stopped | Power::Deallocated) => Some(NotReady::Off { power: power() }),
        (Prepare::AlreadyGeneralized, Power::Stopped | Power::Deallocated) => None,
        (Prepare::AlreadyGeneralized, Power::Running | Power::Starting) => Some(NotReady::Runs),
        (_, Power::Starting | Power::Stopping | Power::Deallocating | Power::Unknown | Power::Other(_)) => {
            Some(NotReady::Unsettled { power: power() })
        }
    }
}
