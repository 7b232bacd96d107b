//! What the object of an image definition says of latest.

use std::time::Duration;

use azimage_crds::{EmptyRegions, ImageDefinition, LatestPolicy, PromotionPolicy};
use azimage_names::{ImageDefinitionId, VersionNumber};
use kube::Resource;

use crate::image_definition;

/// What is said of latest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Nothing, by anybody who counts.
    None {
        /// Why.
        why: Unruled,
    },
    /// No version is promoted.
    Nothing {
        /// What becomes of regions in which no other version would be latest.
        empty: EmptyRegions,
    },
    /// The newest version that passed.
    Newest {
        /// How long it waits.
        soak: Duration,
        /// As above.
        empty: EmptyRegions,
    },
    /// Exactly one.
    Pinned {
        /// Which.
        number: VersionNumber,
        /// As above.
        empty: EmptyRegions,
    },
}

/// Why nobody says what is to be latest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unruled {
    /// The image definition has no object in the namespace.
    #[default]
    NoObject,
    /// Its object is suspended.
    Suspended,
    /// What its object says can't be understood.
    Unreadable,
}

impl Default for Rule {
    fn default() -> Self {
        Self::None { why: Unruled::NoObject }
    }
}

impl Rule {
    /// What the object that counts for an image definition says, of all objects of a namespace.
    pub fn of_namespace<'a>(
        definitions: &[&'a ImageDefinition],
        id: &ImageDefinitionId,
    ) -> (Self, Option<&'a ImageDefinition>) {
        match image_definition::standing(definitions, id) {
            Some(object) => (Self::of(object), Some(object)),
            None => (Self::default(), None),
        }
    }

    /// What an object says.
    pub fn of(object: &ImageDefinition) -> Self {
        if object.spec.suspend {
            return Self::None { why: Unruled::Suspended };
        }
        let LatestPolicy { policy, pinned, soak, empty_regions: empty, .. } = &object.spec.latest;
        let empty = *empty;
        match policy {
            PromotionPolicy::None => Self::Nothing { empty },
            PromotionPolicy::Newest => match soak.parse::<kube::core::Duration>() {
                Ok(soak) => Self::Newest { soak: soak.into(), empty },
                Err(_) => Self::None { why: Unruled::Unreadable },
            },
            PromotionPolicy::Pinned => match pinned.as_deref().map(VersionNumber::parse) {
                Some(Ok(number)) => Self::Pinned { number, empty },
                Some(Err(_)) | None => Self::None { why: Unruled::Unreadable },
            },
        }
    }

    /// Whether a version stays in a region in which no other one would be latest. Where nobody says anything it does.
    pub(super) fn keeps_empty_regions(&self) -> bool {
        match self {
            Self::None { .. } => true,
            Self::Nothing { empty } | Self::Newest { empty, .. } | Self::Pinned { empty, .. } => {
                *empty == EmptyRegions::Keep
            }
        }
    }

    /// Whether versions are promoted by it.
    pub fn promotes(&self) -> bool {
        matches!(self, Self::Newest { .. } | Self::Pinned { .. })
    }
}

/// What of an image definition its versions go by.
pub fn concern_of_definition(definition: &ImageDefinition) -> impl std::hash::Hash {
    let meta = definition.meta();
    let counts = image_definition::is_in_conflict(definition);
    let overriding = definition.status.as_ref().and_then(|status| status.overriding.as_ref());
    let overriding = overriding.map(|it| (it.version.clone(), it.reason.clone()));
    (meta.uid.clone(), meta.generation, meta.deletion_timestamp.is_some(), counts, overriding)
}
