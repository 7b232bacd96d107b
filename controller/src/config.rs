//! What the reconciles need to know of the configuration.

pub use azimage_core::Pace;
use azimage_names::ResourceGroup;

/// Settings of the reconciles.
#[derive(Clone, Debug)]
pub struct Config {
    /// Identifies the cluster in owner tags.
    pub cluster: String,
    /// Which namespaces the controller's own Azure identity serves.
    pub served: Served,
    /// The names of `ServiceAccount`s that objects may act as.
    pub accounts: Served,
    /// Resource groups that are looked through for leftovers of objects that are gone, besides those that objects name.
    pub workspaces: Vec<ResourceGroup>,
    /// The tenant of `ServiceAccount`s that name none.
    pub tenant: Option<String>,
    /// Whether an admission policy says on image definitions who changed `spec.latest`, and lets nobody else say so.
    pub changers_are_stamped: bool,
    /// How many image versions are worked on at a time.
    pub image_version_concurrency: u16,
    /// How many replication targets are worked on at a time.
    pub replication_target_concurrency: u16,
    /// How fast.
    pub pace: Pace,
}

/// A set of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Served {
    /// Every name.
    All,
    /// These.
    Only(Vec<String>),
}

impl Served {
    /// Whether a name is in the set.
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.iter().any(|served| served == name),
        }
    }
}
