//! How writes and operations stand.

use super::open_enum::open_enum;

open_enum! {
    /// The provisioning state of a resource.
    ProvisioningState {
        /// The first write runs.
        Creating = "Creating",
        /// A later write runs.
        Updating = "Updating",
        /// The last write failed.
        Failed = "Failed",
        /// The last write ended well.
        Succeeded = "Succeeded",
        /// The resource is being deleted.
        Deleting = "Deleting",
        /// The platform moves the resource.
        Migrating = "Migrating",
        /// The last write was cancelled.
        Canceled = "Canceled",
    }
}

impl ProvisioningState {
    /// Whether no operation runs: Succeeded, Failed and Canceled are final, all else is "still running" (Azure
    /// documentation, "Asynchronous operations").
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Canceled)
    }

    /// Whether the last write ended, and not well.
    pub fn has_failed(&self) -> bool {
        matches!(self, Self::Failed | Self::Canceled)
    }
}

open_enum! {
    /// How far an operation is. All but the last three named are "still running" (Azure documentation, "Asynchronous
    /// operations"), and so is every unknown one.
    OperationState {
        /// Running.
        InProgress = "InProgress",
        /// Ended well.
        Succeeded = "Succeeded",
        /// Ended with an error.
        Failed = "Failed",
        /// Was cancelled, for example by a newer operation.
        Canceled = "Canceled",
    }
}

impl OperationState {
    /// Whether the operation has ended.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Canceled)
    }
}
