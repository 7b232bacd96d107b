//! What is said while the version is created.

use azimage_names::{ImageVersionId, Region};

use super::super::replicate::words::Late;
use crate::message::messages;

messages! {
    /// What brings the version on, or why it isn't what was asked for.
    pub(in crate::image_version) enum Words {
        Creating => Published / Publishing:
            "Creating the gallery image version",
        Foreign { id: ImageVersionId } => Published / VersionExists:
            "spec.version: {id} exists already, and it wasn't made by azimage; choose another version number in a new \
             object",
        Owned { id: ImageVersionId, owner: String } => Published / VersionExists:
            "spec.version: {id} exists already, and it belongs to {owner} (cluster/namespace/name/uid); choose another \
             version number in a new object",
        OtherSource { id: ImageVersionId, source: String } => Published / VersionDiffers:
            "spec.source: {id} was made from {source}; a version is never replaced, so make a new one under another \
             version number",
        OtherMode { id: ImageVersionId, mode: String } => Published / VersionDiffers:
            "spec.publish.replicationMode: {id} has {mode}; a version is never replaced, so make a new one under \
             another version number",
        GalleryDeleted => Published / VersionMissing:
            "The gallery was deleted, and not by this object. A version is never created again under the same number: \
             delete this object, and make a new one under another version number",
        DefinitionDeleted => Published / VersionMissing:
            "The image definition was deleted, and not by this object. A version is never created again under the same \
             number: delete this object, and make a new one under another version number",
        VersionDeleted => Published / VersionMissing:
            "The gallery image version was deleted, and not by this object. A version is never created again under the \
             same number: delete this object, and make a new one under another version number",
        Nowhere { id: ImageVersionId } => Replicated / VersionMissing:
            "{id} doesn't exist",
        BeingDeleted => Published / VersionMissing:
            "The gallery image version is being deleted, and not by this object",
        BeingCreated { home: Region, late: Late } => Published / Publishing:
            "Azure is creating the gallery image version in {home}{late}",
        WaitingForHome { home: Region, late: Late } => Published / Publishing:
            "Waiting for the home region {home} to complete{late}",
        HomeFailed { home: Region } => Published / RegionFailed:
            "The home region {home} failed",
    }
}
