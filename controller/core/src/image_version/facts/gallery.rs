//! What Azure says of a gallery.

/// A gallery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gallery {
    /// Whether it keeps deleted versions for a while.
    pub soft_delete: bool,
}
