//! Ids of galleries, image definitions and image versions.

use std::fmt;

use crate::{
    form::{ResourceIdError, capture},
    name::{GALLERY, IMAGE_DEFINITION, Name, RESOURCE_GROUP},
    subscription_id::SubscriptionId,
    text::parsed_text,
    version_number::VersionNumber,
};

const GALLERY_FORM: &str =
    "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroup}/providers/Microsoft.Compute/galleries/{gallery}";
const DEFINITION_FORM: &str = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroup}/providers/Microsoft.Compute/galleries/{gallery}/images/{definition}";
const VERSION_FORM: &str = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroup}/providers/Microsoft.Compute/galleries/{gallery}/images/{definition}/versions/{version}";

/// The id of a gallery. Equality, order and hash ignore letter case, as Azure does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GalleryId {
    subscription: SubscriptionId,
    resource_group: Name,
    name: Name,
}

impl GalleryId {
    /// The id of the gallery with these names.
    pub fn new(subscription: SubscriptionId, resource_group: &str, name: &str) -> Result<Self, ResourceIdError> {
        let resource_group = Name::parse(resource_group, &RESOURCE_GROUP)?;
        Ok(Self { subscription, resource_group, name: Name::parse(name, &GALLERY)? })
    }

    /// Reads `/subscriptions/…/resourceGroups/…/providers/Microsoft.Compute/galleries/…`.
    pub fn parse(text: &str) -> Result<Self, ResourceIdError> {
        let [subscription, resource_group, name] = capture(text, GALLERY_FORM)?;
        Self::new(SubscriptionId::parse(subscription)?, resource_group, name)
    }

    /// The subscription.
    pub fn subscription(&self) -> &SubscriptionId {
        &self.subscription
    }

    /// The resource group, in the letter case given.
    pub fn resource_group(&self) -> &str {
        self.resource_group.as_str()
    }

    /// The gallery's name, in the letter case given.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The id of an image definition of this gallery.
    pub fn definition(&self, name: &str) -> Result<ImageDefinitionId, ResourceIdError> {
        ImageDefinitionId::new(self.clone(), name)
    }
}

impl fmt::Display for GalleryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subscription, resource_group, name } = self;
        write!(
            formatter,
            "/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.Compute/galleries/{name}"
        )
    }
}

parsed_text!(GalleryId, ResourceIdError);

/// The id of a gallery image definition. Equality, order and hash ignore letter case, as Azure does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageDefinitionId {
    gallery: GalleryId,
    name: Name,
}

impl ImageDefinitionId {
    /// The id of the image definition of this name in this gallery.
    pub fn new(gallery: GalleryId, name: &str) -> Result<Self, ResourceIdError> {
        Ok(Self { gallery, name: Name::parse(name, &IMAGE_DEFINITION)? })
    }

    /// Reads the id of a gallery followed by `/images/…`.
    pub fn parse(text: &str) -> Result<Self, ResourceIdError> {
        let [subscription, resource_group, gallery, name] = capture(text, DEFINITION_FORM)?;
        Self::new(GalleryId::new(SubscriptionId::parse(subscription)?, resource_group, gallery)?, name)
    }

    /// The gallery it is in.
    pub fn gallery(&self) -> &GalleryId {
        &self.gallery
    }

    /// The definition's name, in the letter case given.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The id of a version of this definition.
    pub fn version(&self, version: VersionNumber) -> ImageVersionId {
        ImageVersionId::new(self.clone(), version)
    }
}

impl fmt::Display for ImageDefinitionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/images/{}", self.gallery, self.name)
    }
}

parsed_text!(ImageDefinitionId, ResourceIdError);

/// The id of a gallery image version. Equality, order and hash ignore letter case, as Azure does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageVersionId {
    definition: ImageDefinitionId,
    version: VersionNumber,
}

impl ImageVersionId {
    /// The id of this version of this definition.
    pub fn new(definition: ImageDefinitionId, version: VersionNumber) -> Self {
        Self { definition, version }
    }

    /// Reads the id of an image definition followed by `/versions/MAJOR.MINOR.PATCH`.
    pub fn parse(text: &str) -> Result<Self, ResourceIdError> {
        let [subscription, resource_group, gallery, definition, version] = capture(text, VERSION_FORM)?;
        let gallery = GalleryId::new(SubscriptionId::parse(subscription)?, resource_group, gallery)?;
        Ok(Self::new(ImageDefinitionId::new(gallery, definition)?, VersionNumber::parse(version)?))
    }

    /// The image definition it is a version of.
    pub fn definition(&self) -> &ImageDefinitionId {
        &self.definition
    }

    /// Its number.
    pub fn version(&self) -> VersionNumber {
        self.version
    }
}

impl fmt::Display for ImageVersionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/versions/{}", self.definition, self.version)
    }
}

parsed_text!(ImageVersionId, ResourceIdError);
