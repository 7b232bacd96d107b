//! Who can't do without a version.

use azimage_names::Region;

/// A scale set that names a version: without the version in its region it makes no further machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScaleSet {
    /// Its resource id.
    pub id: String,
    /// Its region, if it can be understood.
    pub region: Option<Region>,
}
