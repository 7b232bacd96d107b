//! What is said while a version is proven.

use azimage_names::{Region, SubnetId};

use super::super::super::words::Detail;
use crate::message::messages;

messages! {
    /// What goes on.
    pub(in crate::image_version) enum Words {
        Passed => Validated / Succeeded:
            "Two machines that were made from the version came up, passed all checks and differ from each other",
        PassedWithWarning { machine: String, check: String, detail: String, others: String } => Validated / Succeeded:
            "Two machines that were made from the version came up, passed all checks and differ from each other. The check {check} \
             warns of machine {machine}: {detail}{others}",
        PassedIn { regions: String } => Validated / Succeeded:
            "Two machines that were made from the version in each of these regions came up, passed all checks and differ from each \
             other: {regions}",
        Elsewhere { regions: String } => Validated / Validating:
            "The version passed where it was proven by now; it is proven in {regions} next",
        Network => Validated / Validating:
            "Proving the version: making a network that lets nothing in or out",
        NotClosed => Validated / Validating:
            "Somebody opened the network of the machines that prove the version before they were there; closing it",
        Machine => Validated / Validating:
            "Proving the version: making two machines from it",
        Starting => Validated / Validating:
            "Two machines that are made from the version start behind a closed network; waiting for their guest agents",
        Checking => Validated / Validating:
            "Two machines that were made from the version are looked into",
        NotShown => Validated / Validating:
            "Azure doesn't show a machine that was made from the version any more; reading it again",
        WorkspaceNotShown => Validated / Validating:
            "Azure doesn't show a part of the workspace; reading it again",
        PartFailed { part: &'static str, detail: Detail } => Validated / Validating:
            "Azure failed to make the {part} of the machines that prove the version{detail}; making it again",
        Unheard { size: String } => Validated / Validating:
            "Azure failed to make a machine from the version with the size {size}, and nobody was told why. It is deleted, and tried \
             again",
        NoCapacity { size: String, detail: Detail } => Validated / CapacityUnavailable:
            "Azure has no machine of the size {size} to prove the version with{detail}. It is deleted, and another size is tried",
        Again => Validated / Validating:
            "Deleting the machines of the last validation before the version is validated again",
    }
}

messages! {
    /// The version failed.
    pub(in crate::image_version) enum Failed {
        NotCreated { detail: Detail } => Validated / ValidationFailed:
            "A machine that was made from the version didn't come up{detail}",
        NotPrepared { detail: Detail } => Validated / ValidationFailed:
            "Nothing told Azure in time that a machine made from the version is provisioned, though its guest agent runs. Either the \
             image was never deprovisioned, so that its system takes itself for provisioned, or what provisions it doesn't run: \
             cloud-init, or the agent itself (Provisioning.Agent in /etc/waagent.conf){detail}",
        NoAgent { machine: String, time: String } => Validated / ValidationFailed:
            "The guest agent of machine {machine}, made from the version, didn't report within {time} \
             (spec.validation.bootTimeout)",
        TurnedOff { machine: String } => Validated / ValidationFailed:
            "Machine {machine}, made from the version, turned itself off, or somebody turned it off",
        NoReport { machine: String, why: String } => Validated / ValidationFailed:
            "The checks on machine {machine}, made from the version, didn't come to their end{why}",
        Check { machine: String, check: String, detail: String, others: String } => Validated / ValidationFailed:
            "The check {check} didn't pass on machine {machine}, made from the version: {detail}{others}",
    }
}

messages! {
    /// Nobody can tell how good the version is, and that isn't the image's fault.
    pub(in crate::image_version) enum Impossible {
        Taken { id: String } => Validated / NameTaken:
            "{id} is needed to prove the version and isn't this object's own: its tag azimage-owner names somebody else. Delete or \
             rename it there",
        Gone { machine: String } => Validated / ValidationImpossible:
            "Machine {machine}, made from the version, was deleted by somebody each time before it was looked into. Set the annotation \
             azimage.dev/reconcile-requested-at to try again",
        NotRun { machine: String } => Validated / ValidationImpossible:
            "The checks on machine {machine}, made from the version, were ended each time before they said a word. Set the annotation \
             azimage.dev/reconcile-requested-at to try again",
        Windows => Validated / ValidationImpossible:
            "spec.validation: azimage can't look into machines with Windows yet; leave it out. The version itself is complete",
        Confidential => Validated / ValidationImpossible:
            "spec.validation: azimage makes no confidential machines; leave it out. The version itself is complete",
        NoSubnet { region: Region } => Validated / WorkspaceNotReady:
            "spec.workspace.subnets: there is none in {region}, the home region of the version, so no machine can be made there to \
             prove it; leave out spec.validation, or use a workspace that has one in a new object",
        NoSubnetThere { region: Region } => Validated / WorkspaceNotReady:
            "spec.workspace.subnets: there is none in {region}, so the version can't be proven there, and isn't latest there. Say Home in \
             spec.validation.regions, or use a workspace that has one in a new object",
        GroupMissing { group: String } => Validated / WorkspaceNotReady:
            "spec.workspace.resourceGroup: {group} doesn't exist; make it, and the version is validated at the next resync",
        SubnetMissing { subnet: SubnetId } => Validated / WorkspaceNotReady:
            "spec.workspace.subnets: {subnet} doesn't exist; make it, and the version is validated at the next resync",
        Part { part: &'static str, detail: Detail } => Validated / ValidationImpossible:
            "Azure failed several times to make the {part} of the machines that prove the version{detail}. That is no fault of the \
             version, which is complete; set the annotation azimage.dev/reconcile-requested-at to try again",
        Machine { detail: Detail } => Validated / ValidationImpossible:
            "Azure made no machine of any size in spec.validation.vmSizes{detail}. That is no fault of the version, which is \
             complete; name other sizes, or set the annotation azimage.dev/reconcile-requested-at to try again",
        Locked { lock: String, scope: String } => Validated / ScopeLocked:
            "The lock {lock} on {scope} would keep the machines that prove the version from being deleted; remove it",
        Denied { action: &'static str, scope: String } => Validated / AccessDenied:
            "Grant the action {action} on {scope}, without which the version can't be proven: it is in the role that azimage \
             azure-role validate prints",
    }
}
