//! What is said of a call to Azure that failed.

use crate::message::messages;

messages! {
    /// A call to Azure failed. `doing` completes the sentence "Could not …".
    pub(crate) enum Failed {
        Denied { doing: String, action: String, scope: String } => Ready / AccessDenied:
            "Could not {doing}: grant the action {action} on {scope} to the Azure identity that this object acts as: \
             that of its spec.serviceAccountName, or the controller's own if it names none. Azure says the same of what \
             doesn't exist, so check that the id is right",
        NoToken { doing: String, why: String } => Ready / IdentityUnavailable:
            "Could not {doing}: Azure gives no token: {why}",
        IdentityIncomplete { doing: String, why: String } => Ready / IdentityIncomplete:
            "Could not {doing}: no token for Azure can be requested: {why}",
        IdentityRefused { doing: String, why: String } => Ready / IdentityRefused:
            "Could not {doing}: Azure refuses a token to the identity: {why}",
        Throttled { doing: String } => Ready / Throttled:
            "Could not {doing} yet: Azure asks for a pause",
        ReadingBusy { doing: String, why: String } => Ready / SourceBusy:
            "Could not {doing} yet: its state doesn't allow it now: {why}",
        SourceBusy { doing: String, why: String } => Ready / SourceBusy:
            "Could not {doing} yet: the state of the source doesn't allow it now: {why}",
        SealBusy { doing: String, why: String } => Ready / Sealing:
            "Could not {doing} yet: the state of the machine or of its run command doesn't allow it now: {why}",
        CreationBusy { doing: String, why: String } => Ready / Publishing:
            "Could not {doing} yet: the state of the version or of its source doesn't allow it now: {why}",
        UpdateBusy { doing: String, why: String } => Ready / Replicating:
            "Could not {doing} yet: the state of the version doesn't allow it now: {why}",
        DeletionBusy { doing: String, why: String } => Ready / Deleting:
            "Could not {doing} yet: the state of the version doesn't allow it now: {why}",
        DeletionInUse { doing: String, why: String } => Ready / DeletionBlocked:
            "Could not {doing} yet: it is in use. It is tried again, with growing pauses: {why}",
        Policy { doing: String, why: String } => Ready / DisallowedByPolicy:
            "Could not {doing}: an Azure Policy forbids it. Have the policy's assignment leave this scope out, or give it \
             what it asks for: a gallery image version gets its tags from spec.publish.tags, an image definition from \
             spec.properties.tags, temporary resources get theirs from \
             spec.workspace.tags, a machine has its own: {why}",
        DenyAssignment { doing: String, why: String } => Ready / DeniedByAssignment:
            "Could not {doing}: a deny assignment forbids it, which no grant outweighs. Have whoever made it, such as a \
             deployment stack, leave this identity out: {why}",
        Lock { doing: String, why: String } => Ready / ScopeLocked:
            "Could not {doing}: a lock forbids it. Remove the lock from the scope that Azure names: {why}",
        Subscription { doing: String, why: String } => Ready / SubscriptionUnavailable:
            "Could not {doing}: Azure doesn't serve the subscription to this identity. Check its id, that it is enabled, \
             and that the identity is of its tenant: {why}",
        OtherTenant { doing: String, why: String } => Ready / TenantMismatch:
            "Could not {doing}: what the request names is in another tenant than the identity, and no grant helps there. \
             Use a source in a subscription of the identity's tenant: {why}",
        Quota { doing: String, why: String } => Ready / QuotaExceeded:
            "Could not {doing}: a quota of the subscription is used up. Have it raised, or delete what isn't needed any \
             more: {why}",
        Capacity { doing: String, why: String } => Ready / CapacityUnavailable:
            "Could not {doing}: Azure has no machine of this size now, or none for this subscription. Name more sizes: in \
             spec.validation.vmSizes, or in spec.source.virtualMachine.clone.vmSizes of a new object: {why}",
        NoMachine { doing: String, why: String } => Ready / CapacityUnavailable:
            "Could not {doing} yet: another size is tried, or the same one later. What is tried is \
             spec.source.virtualMachine.clone.vmSizes, or spec.validation.vmSizes: {why}",
        CloningBusy { doing: String, why: String } => Ready / Cloning:
            "Could not {doing} yet: the state of what it is made of doesn't allow it now: {why}",
        ValidationBusy { doing: String, why: String } => Ready / Validating:
            "Could not {doing} yet: the state of what it is made of doesn't allow it now: {why}",
        CleanUpBusy { doing: String, why: String } => Ready / CleaningUp:
            "Could not {doing} yet: its state doesn't allow it now: {why}",
        DefinitionBusy { doing: String, why: String } => Ready / Progressing:
            "Could not {doing} yet: its state doesn't allow it now: {why}",
        Extensions { doing: String, why: String } => Ready / SourceUnsupported:
            "Could not {doing}: the machine allows no extensions, without which nothing can be run in its guest. Set \
             osProfile.allowExtensionOperations to true on it, or use another machine: {why}",
        NotRegistered { doing: String, why: String } => Ready / ProviderNotRegistered:
            "Could not {doing}: the subscription isn't registered for a resource provider. Register it with az provider \
             register: {why}",
        RestorePoint { doing: String, why: String } => Ready / RestorePointUnavailable:
            "Could not {doing}: Azure refuses it, so no copy of all disks can be had as they are at one moment. Change what its \
             words name; or accept a snapshot of each disk by itself, one after the other, with \
             spec.source.virtualMachine.clone.consistency: PerDisk in a new object. It is asked again at each resync: {why}",
        Network { doing: String, why: String } => Ready / WorkspaceNotReady:
            "Could not {doing}: Azure refuses it. Check the subnet in spec.workspace.subnets: it has to lie in the region for \
             which it is named, and to have a free address. Free some, or name another subnet in a new object; it is asked again \
             at each resync: {why}",
        Refused { doing: String, why: String } => Ready / RequestRefused:
            "Could not {doing}: Azure refuses it. Change what its words name, in this object or in Azure; it is asked again at \
             each resync: {why}",
        Unavailable { doing: String, why: String } => Ready / AzureUnavailable:
            "Could not {doing}: {why}",
    }
}
