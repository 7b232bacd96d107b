//! Whether a version proved itself in a region, where that is asked for beside its home region.

use azimage_crds::{ImageVersion, ValidationOutcome, ValidationRegions, ValidationStatus};
use azimage_names::Region;

/// Whether a version proved itself in a region other than its home.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Proof {
    /// It did, or needn't.
    #[default]
    Given,
    /// Not yet.
    Missing,
    /// It failed there.
    Failed,
}

impl Proof {
    /// What an object says.
    pub(super) fn of(object: &ImageVersion, region: &Region) -> Self {
        let asked = object.spec.validation.as_ref();
        let everywhere = asked.is_some_and(|asked| asked.regions == ValidationRegions::All);
        let told = object.status.as_ref().and_then(|status| status.validation.as_ref());
        Self::at(region, everywhere, told.map(|told| told.region.as_str()), told)
    }

    /// What a validation says of a region, where it is asked for everywhere or only at home.
    pub(crate) fn at(region: &Region, everywhere: bool, home: Option<&str>, told: Option<&ValidationStatus>) -> Self {
        if !everywhere || home == Some(region.as_str()) {
            return Self::Given;
        }
        let mut regions = told.iter().flat_map(|told| &told.regions);
        match regions.find(|known| known.name == region.as_str()).map(|known| known.outcome) {
            Some(ValidationOutcome::Passed) => Self::Given,
            Some(ValidationOutcome::Failed) => Self::Failed,
            Some(ValidationOutcome::Running | ValidationOutcome::Impossible) | None => Self::Missing,
        }
    }
}
