//! What the API server says of the namespace of an object.

/// A namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// It is being deleted, and all its objects will be.
    pub is_going: bool,
}
