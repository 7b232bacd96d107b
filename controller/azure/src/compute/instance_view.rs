//! The instance view of a virtual machine: what the platform and the guest agent report.

use azimage_names::values::{HyperVGeneration, PowerState};
use jiff::Timestamp;
use serde::Deserialize;

use crate::arm::json::{null_as_default, optional_timestamp};

/// What the guest agent last reported. The report lags by minutes, so "not ready" never proves that a machine is off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentStatus {
    /// Whether it reports as ready.
    pub ready: bool,
    /// Its version, unless unknown.
    pub version: Option<String>,
    /// What it says, for example "Guest Agent is running".
    pub message: Option<String>,
    /// When it reported that, by Azure's own clock.
    pub reported_at: Option<Timestamp>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InstanceView {
    pub(super) hyper_v_generation: Option<HyperVGeneration>,
    #[serde(default, deserialize_with = "null_as_default")]
    statuses: Vec<Status>,
    vm_agent: Option<Agent>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Agent {
    vm_agent_version: Option<String>,
    #[serde(default, deserialize_with = "null_as_default")]
    statuses: Vec<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_field_names, reason = "Azure's names")]
struct Status {
    #[serde(default, deserialize_with = "null_as_default")]
    code: String,
    display_status: Option<String>,
    message: Option<String>,
    #[serde(default, deserialize_with = "optional_timestamp")]
    time: Option<Timestamp>,
}

impl Status {
    /// The part after the slash, if the code has this family before it.
    fn of_family(&self, family: &str) -> Option<&str> {
        let (own, value) = self.code.split_once('/')?;
        own.eq_ignore_ascii_case(family).then_some(value)
    }
}

impl InstanceView {
    pub(super) fn power_state(&self) -> Option<PowerState> {
        self.statuses.iter().find_map(|status| status.of_family("PowerState")).map(PowerState::from)
    }

    /// The time of `ProvisioningState/…`.
    pub(super) fn changed_at(&self) -> Option<Timestamp> {
        self.statuses.iter().find(|status| status.of_family("ProvisioningState").is_some())?.time
    }

    /// `OSState/generalized` is the only sign of generalization anywhere.
    pub(super) fn generalized(&self) -> bool {
        let mut states = self.statuses.iter().filter_map(|status| status.of_family("OSState"));
        states.any(|state| state.eq_ignore_ascii_case("generalized"))
    }

    pub(super) fn agent(&self) -> Option<AgentStatus> {
        let Agent { vm_agent_version, statuses } = self.vm_agent.as_ref()?;
        let status = statuses.first();
        let succeeded = status
            .and_then(|status| status.of_family("ProvisioningState"))
            .is_some_and(|state| state.eq_ignore_ascii_case("succeeded"));
        let shown_ready = status
            .and_then(|status| status.display_status.as_deref())
            .is_none_or(|shown| shown.eq_ignore_ascii_case("Ready"));
        Some(AgentStatus {
            ready: succeeded && shown_ready,
            version: vm_agent_version.clone().filter(|version| !version.eq_ignore_ascii_case("Unknown")),
            message: status.and_then(|status| status.message.clone()),
            reported_at: status.and_then(|status| status.time),
        })
    }
}
