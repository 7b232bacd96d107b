//! What stands in the way of a request that is right in itself.

/// What forbids a request, apart from a right that is missing, until somebody changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// An Azure Policy.
    Policy,
    /// A deny assignment, which no grant outweighs.
    DenyAssignment,
    /// A management lock.
    Lock,
    /// The subscription is unknown to the caller, disabled or read-only.
    Subscription,
    /// A resource that the request names belongs to another tenant.
    OtherTenant,
    /// A quota is used up.
    Quota,
    /// There is no machine of this size to be had, in this region or for this subscription.
    Capacity,
    /// The machine allows no extensions, and a run command is one.
    Extensions,
    /// The subscription isn't registered for the resource provider.
    NotRegistered,
}
