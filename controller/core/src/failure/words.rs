//! What is said of a call to Azure that failed.

use crate::message::messages;

messages! {
    /// A call to Azure failed. `doing` completes the sentence "Could not …".
    pub(crate) enum Failed {
        Denied { doing: String, action: String, scope: String } => Ready / AccessDenied:
            "Could not {doing}: grant the action {action} on {scope} to the Azure identity that this object acts as: \
             that of its spec.serviceAccountName, or the controller's own if it names none",
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
        Refused { doing: String, why: String } => Ready / RequestRefused:
            "Could not {doing}: Azure refuses: {why}",
        Unavailable { doing: String, why: String } => Ready / AzureUnavailable:
            "Could not {doing}: {why}",
    }
}
