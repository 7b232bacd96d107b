//! What is said while the version is created.

use azimage_names::{ImageVersionId, Region};

use super::super::{super::Provisioning, replicate::words::Late};
use crate::message::messages;

messages! {
    /// What brings the version on, or why it isn't what was asked for.
    pub(in crate::image_version) enum Words {
        Creating => Published / Publishing:
            "Creating the gallery image version",
        Foreign { id: ImageVersionId } => Published / VersionExists:
            "spec.version: {id} exists already, and it wasn't made by azimage; choose another version number in a new \
             object, or set spec.adoption to IfIdentical to take it over",
        Owned { id: ImageVersionId, owner: String } => Published / VersionExists:
            "spec.version: {id} exists already, and it belongs to {owner} (cluster/namespace/name/uid); choose another \
             version number in a new object, or, if that owner is gone, set spec.adoption to IfIdentical to take it over",
        OwnerLives { id: ImageVersionId, owner: String } => Published / VersionExists:
            "spec.adoption: {id} belongs to {owner} (cluster/namespace/name/uid) of this very cluster, which lives, or is \
             of a namespace that isn't looked into; delete that object with spec.deletionPolicy: Retain, and make this \
             one in its namespace",
        Lost { id: ImageVersionId, owner: String } => Published / VersionExists:
            "spec.adoption: {id} was this object's, and its tag azimage-owner says {owner} now; it isn't taken back, so \
             that two owners don't fight over it. Delete one of the two objects; to take the version over again, delete \
             this one with spec.deletionPolicy: Retain and make it anew",
        InLatest { id: ImageVersionId } => Published / VersionDiffers:
            "spec.adoption: {id} is included in latest, and a version of azimage isn't; set its excludeFromLatest in \
             Azure, if nobody relies on it, to have it taken over",
        OtherStorage { id: ImageVersionId, storage: String } => Published / VersionDiffers:
            "spec.publish.storageAccountType: {id} has {storage}; a version is never replaced, so make a new object that \
             asks for that",
        AdoptionFails { id: ImageVersionId, state: Provisioning } => Published / VersionExists:
            "spec.adoption: Azure says {state} of {id}, and only a complete version is taken over; choose another version \
             number in a new object, or have whoever made it complete it, if it was ever complete",
        AdoptionWaits { id: ImageVersionId, state: Provisioning } => Published / VersionExists:
            "spec.adoption: Azure says {state} of {id}; wait until it says Succeeded: it is taken over then",
        Adopting { id: ImageVersionId, former: String } => Published / Adopted:
            "Taking {id} over from {former}: its tag azimage-owner is written, and nothing else",
        OtherSource { id: ImageVersionId, source: String } => Published / VersionDiffers:
            "spec.source: {id} was made from {source}; a version is never replaced, so make a new one under another \
             version number",
        OtherDataDisks { id: ImageVersionId } => Published / VersionDiffers:
            "spec.source.disks.dataDisks: {id} was made from other data disks; a version is never replaced, so make a new one \
             under another version number",
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
            "The gallery image version is being deleted, and not by this object. A version is never created again under the \
             same number: delete this object, and make a new one under another version number",
        BeingCreated { home: Region, late: Late } => Published / Publishing:
            "Azure is creating the gallery image version in {home}{late}",
        WaitingForHome { home: Region, late: Late } => Published / Publishing:
            "Waiting for the home region {home} to complete{late}",
        HomeFailed { home: Region } => Published / RegionFailed:
            "The home region {home} failed",
    }
}
