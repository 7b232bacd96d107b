//! What Azure says of an image definition.

use azimage_names::values::SecurityType;

use super::OsType;

/// A marketplace plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketplacePlan {
    /// `plan.name`.
    pub name: String,
    /// `plan.publisher`.
    pub publisher: String,
    /// `plan.product`.
    pub product: String,
}

/// An image definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Operating system.
    pub os_type: OsType,
    /// Whether it is for specialized images.
    pub specialized: bool,
    /// `V1` or `V2`.
    pub generation: Option<String>,
    /// `x64` or `Arm64`.
    pub architecture: String,
    /// The feature `SecurityType`.
    pub security_type: Option<String>,
    /// The feature `DiskControllerTypes`, such as `SCSI, NVMe`.
    pub disk_controllers: Option<String>,
    /// Purchase plan.
    pub plan: Option<MarketplacePlan>,
}

impl Definition {
    /// Whether each region of its versions has to say how it is encrypted.
    pub fn is_confidential(&self) -> bool {
        self.security_type.as_deref().map(SecurityType::from) == Some(SecurityType::ConfidentialVm)
    }
}
