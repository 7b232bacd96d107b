//! What was read of Azure, without judgement.

use std::collections::BTreeMap;

use azimage_names::{Region, values::ProvisioningState};
use serde_json::{Map, Value};

use super::Users;
use crate::image_version::{MarketplacePlan, Reading};

/// An image definition.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// Its region.
    pub location: Region,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// State of its last write.
    pub provisioning: ProvisioningState,
    /// `Linux` or `Windows`.
    pub os_type: String,
    /// `Generalized` or `Specialized`.
    pub os_state: String,
    /// `V1` or `V2`.
    pub generation: String,
    /// `x64` or `Arm64`.
    pub architecture: String,
    /// By which people know it.
    pub identifier: Identifier,
    /// The feature `SecurityType`; absent counts as Standard.
    pub security_type: Option<String>,
    /// The feature `DiskControllerTypes`; absent counts as SCSI.
    pub disk_controllers: Option<String>,
    /// The feature `IsAcceleratedNetworkSupported`.
    pub accelerated_networking: Option<String>,
    /// The feature `IsHibernateSupported`.
    pub hibernation: Option<String>,
    /// Its Marketplace plan.
    pub plan: Option<MarketplacePlan>,
    /// What it is for.
    pub description: Option<String>,
    /// End of life, as Azure writes it.
    pub end_of_life: Option<String>,
    /// Licence agreement.
    pub eula: Option<String>,
    /// Address of its privacy statement.
    pub privacy_statement_uri: Option<String>,
    /// Address of its release notes.
    pub release_note_uri: Option<String>,
    /// Recommended virtual processors.
    pub vcpus: Limits,
    /// Recommended memory, in GiB.
    pub memory: Limits,
    /// All properties as they were read, to be written back.
    pub properties: Map<String, Value>,
}

/// Publisher, offer and sku.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identifier {
    /// Who makes it.
    pub publisher: String,
    /// The family of images.
    pub offer: String,
    /// The member of the family.
    pub sku: String,
}

/// Two limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// At least so much.
    pub min: Option<i64>,
    /// At most so much.
    pub max: Option<i64>,
}

/// A gallery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gallery {
    /// Its region.
    pub location: Region,
}

/// What a pass has read so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// The image definition.
    pub definition: Option<Reading<Definition>>,
    /// The gallery; it is read only where there is no image definition.
    pub gallery: Option<Reading<Gallery>>,
    /// Who uses it; that is read from time to time only.
    pub users: Option<Reading<Vec<Users>>>,
}
