//! What Azure says of something that belongs to a machine: whether it is still the same, and whether anything uses it.

use super::Provisioning;

/// A network interface, a disk or a public address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Belonging {
    /// Azure's unique id of it: another one of the same name has another.
    pub uid: Option<String>,
    /// State of the last change to the resource.
    pub provisioning: Provisioning,
    /// Resource ids of all that uses it.
    pub used_by: Vec<String>,
    /// Whether it is a disk that several machines may have at a time.
    pub is_shared: bool,
    /// The public addresses on an interface, by their resource ids.
    pub addresses: Vec<String>,
}
