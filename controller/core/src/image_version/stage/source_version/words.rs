//! What is said of a source version.

use azimage_names::{ImageVersionId, Region};

use crate::message::messages;

messages! {
    /// What keeps a version from being a source.
    pub(in crate::image_version) enum Words {
        WaitingForMaker { maker: String, id: ImageVersionId } => SourceReady / SourceBusy:
            "Waiting for the ImageVersion {maker} to make the source version {id}",
        MakerStuck { maker: String, id: ImageVersionId } => SourceReady / SourceNotFound:
            "spec.source.imageVersion.resourceId: {id} doesn't exist yet, and the ImageVersion {maker}, which is to make it, is \
             stalled or suspended: do what it asks for, and this object goes on at the next resync",
        Circle { circle: String } => SourceReady / InvalidSpec:
            "spec.source.imageVersion.resourceId: these ImageVersions are made from each other in a circle, so none of them can \
             begin: {circle}; delete one of them, and make it anew from another source",
        Missing { id: ImageVersionId } => SourceReady / SourceNotFound:
            "spec.source.imageVersion.resourceId: {id} doesn't exist; create it, or make a new ImageVersion from \
             another source",
        Failed { id: ImageVersionId } => SourceReady / SourceFailed:
            "spec.source.imageVersion.resourceId: Azure failed to create {id}; create it again, or make a new \
             ImageVersion from another source",
        NoCopyAtHome { id: ImageVersionId, home: Region } => SourceReady / SourceFailed:
            "spec.source.imageVersion.resourceId: the copy of {id} in its home region {home}, where the new version is made, has \
             failed; have whoever made it repair it, or make a new ImageVersion from another source",
        Confidential { id: ImageVersionId } => SourceReady / SourceUnsupported:
            "spec.source.imageVersion.resourceId: {id} is a confidential image, and azimage can't give Azure the \
             encryption that its copy needs in each region; use a version of an image definition with another \
             SecurityType in a new object",
        Incomplete { id: ImageVersionId } => SourceReady / SourceBusy:
            "The source version {id} isn't complete yet; waiting for Azure to finish",
    }
}
