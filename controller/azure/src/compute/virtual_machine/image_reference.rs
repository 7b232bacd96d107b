//! The image from which a virtual machine was made.

use serde::Deserialize;

/// The image from which a virtual machine was made: one of the Marketplace, or one with an id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct ImageReference {
    /// Publisher in the Marketplace.
    pub publisher: Option<String>,
    /// Offer.
    pub offer: Option<String>,
    /// SKU.
    pub sku: Option<String>,
    /// The version that the machine was made from. Where `version` is `latest`, Azure tells it in `exactVersion`
    /// ([virtual machines](https://learn.microsoft.com/rest/api/compute/virtual-machines/get), `ImageReference`).
    pub version: Option<String>,
    /// Resource id of an image, an image definition or a version; of one that is shared, the id by which it is.
    pub id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    publisher: Option<String>,
    offer: Option<String>,
    sku: Option<String>,
    version: Option<String>,
    exact_version: Option<String>,
    id: Option<String>,
    shared_gallery_image_id: Option<String>,
    community_gallery_image_id: Option<String>,
}

impl From<Wire> for ImageReference {
    fn from(wire: Wire) -> Self {
        Self {
            publisher: wire.publisher,
            offer: wire.offer,
            sku: wire.sku,
            version: wire.exact_version.or(wire.version),
            id: wire.id.or(wire.shared_gallery_image_id).or(wire.community_gallery_image_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(wire: Value) -> ImageReference {
        serde_json::from_value(wire).unwrap()
    }

    #[test]
    fn it_is_of_the_marketplace_or_has_an_id_and_tells_the_exact_version() {
        let marketplace = read(json!({
            "publisher": "Canonical", "offer": "ubuntu", "sku": "server", "version": "latest",
            "exactVersion": "24.04.202610010", "newMember": 7,
        }));
        assert_eq!((marketplace.version.as_deref(), marketplace.id), (Some("24.04.202610010"), None));
        let gallery = read(json!({"id": "/a/images/web", "exactVersion": "1.0.0"}));
        assert_eq!((gallery.id.as_deref(), gallery.publisher), (Some("/a/images/web"), None));
        let shared = read(json!({"communityGalleryImageId": "/CommunityGalleries/g/Images/i", "version": null}));
        assert_eq!(shared.id.as_deref(), Some("/CommunityGalleries/g/Images/i"));
        assert_eq!(read(json!({})), ImageReference::default());
    }
}
