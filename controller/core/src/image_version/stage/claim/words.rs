//! What is said while a machine is claimed.

use azimage_names::VirtualMachineId;

use super::super::super::Provisioning;
use crate::message::messages;

messages! {
    /// What keeps a machine from being claimed, or brings that on.
    pub(in crate::image_version) enum Words {
        Recreated { id: VirtualMachineId } => SourceReady / GuestPreparationUnknown:
            "The machine {id} was recreated since it was claimed, and nothing shows whether the new one is sealed; \
             make a new ImageVersion for it",
        OtherState { state: Provisioning } => SourceReady / SourceBusy:
            "Azure says {state} of the machine, a state in which azimage changes nothing; waiting for another state",
        Changing => SourceReady / SourceBusy:
            "The machine is being changed; waiting for Azure to finish",
        Claiming => SourceReady / Progressing:
            "Claiming the machine",
        GeneralizedAndClaimed { claim: String } => SourceReady / SourceClaimed:
            "The machine is generalized, and claimed by {claim} (cluster/namespace/name/uid in its tag azimage-owner): \
             if its guest was sealed, say so with spec.source.virtualMachine.guest.prepare: AlreadyGeneralized in a \
             new object",
        GeneralizedByAnother => SourceReady / AlreadyGeneralized:
            "The machine is generalized already, but not by this object: if its guest was sealed, say so with \
             spec.source.virtualMachine.guest.prepare: AlreadyGeneralized in a new object",
    }
}
