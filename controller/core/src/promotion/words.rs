//! What is said of latest.

use azimage_names::{Region, VersionNumber};
use jiff::Timestamp;

use crate::message::{Phrases, messages, phrases};

messages! {
    /// How it stands with latest, of an image definition.
    pub(crate) enum Line {
        None => LatestReady / NotNeeded:
            "spec.latest.policy is None and spec.latest.emptyRegions is Allow, so no version is latest",
        PolicyNone { is: Is } => LatestReady / NotNeeded:
            "spec.latest.policy is None, so no version is promoted{is}",
        Suspended { is: Is } => LatestReady / Suspended:
            "spec.suspend is true, so no version is promoted{is}",
        Unreadable { is: Is } => LatestReady / InvalidSpec:
            "spec.latest: its values can't be used; set a policy and what it needs{is}",
        NothingPassed { is: Is } => LatestReady / NotValidated:
            "No version has passed its validation that may be latest{is}",
        AllSoak { is: Is } => LatestReady / Soaking:
            "The versions that passed their validation wait for spec.latest.soak{is}",
        Unusable { number: VersionNumber, why: Pin, is: Is } => LatestReady / PinnedUnusable:
            "spec.latest.pinned: {number} can't be latest: {why}{is}",
        Overridden { number: VersionNumber, regions: String } => LatestReady / Succeeded:
            "{number} is latest in {regions}, although it didn't pass its validation: spec.latest.override says so",
        Kept { number: VersionNumber, newer: VersionNumber, regions: String, following: Following } => LatestReady / RegionWouldBeEmpty:
            "{newer} stays latest in {regions}, where {number} isn't complete and no other version is latest; {following}. Replicate \
             {number} to these regions, or set spec.latest.emptyRegions to Allow to have none latest there",
        Leaving { number: VersionNumber, newer: VersionNumber, regions: String } => LatestReady / Promoting:
            "{newer} is being taken out of latest in {regions}, then {number} is latest there",
        TakingOut => LatestReady / Promoting:
            "What is latest is being taken out",
        Promoting { number: VersionNumber } => LatestReady / Promoting:
            "{number} is becoming latest, in each region in which it is complete",
        InWaves { number: VersionNumber, regions: String, later: String, first: Region } => LatestReady / Promoting:
            "{number} is latest in {regions}. In {later} it waits for {first}, whose wave is earlier (spec.wave of the replication targets)",
        Latest { number: VersionNumber, regions: String } => LatestReady / Succeeded:
            "{number} is latest in {regions}",
    }
}

messages! {
    /// How it stands with latest, of a version.
    pub(crate) enum Words {
        NoObject => Promoted / NotLatest:
            "No ImageDefinition of this namespace says what is latest, so nothing is promoted, and what is latest stays so",
        Suspended => Promoted / NotLatest:
            "The ImageDefinition is suspended, so nothing is promoted, and what is latest stays so",
        Unreadable => Promoted / NotLatest:
            "spec.latest of the ImageDefinition can't be used, so nothing is promoted, and what is latest stays so",
        PolicyNone => Promoted / NotLatest:
            "spec.latest.policy of the ImageDefinition is None, so nothing is promoted",
        StaysAsItIs { regions: String } => Promoted / Succeeded:
            "The version stays latest in {regions}: nothing is promoted now that would be instead",
        NotValidated => Promoted / NotValidated:
            "The version hasn't passed a validation, so it isn't latest anywhere; spec.validation asks for one",
        Failed => Promoted / NotValidated:
            "The version failed its validation, so it isn't latest anywhere",
        Never => Promoted / NotLatest:
            "spec.latest is Never, so the version isn't latest anywhere",
        Soaking { until: Timestamp } => Promoted / Soaking:
            "The version passed its validation, and may become latest after {until}",
        AnotherIsPinned { number: VersionNumber } => Promoted / NotLatest:
            "The ImageDefinition has {number} as latest, and this version is newer",
        PinUnusable { number: VersionNumber } => Promoted / NotLatest:
            "The ImageDefinition pins {number}, which can't be latest; its condition LatestReady says why",
        Superseded { number: VersionNumber } => Promoted / NotLatest:
            "The newer version {number} is to be latest",
        Serves { number: VersionNumber, regions: String } => Promoted / NotLatest:
            "The newer version {number} is to be latest; this one still is in {regions}, which don't have it yet",
        Kept { number: String, regions: String } => Promoted / RegionWouldBeEmpty:
            "The version stays latest in {regions}, where no other one would be{number}. Replicate another version to these regions, or \
             set spec.latest.emptyRegions of the ImageDefinition to Allow to have none latest there",
        Leaving { regions: String } => Promoted / Promoting:
            "The version is being taken out of latest in {regions}",
        Promoting { regions: String } => Promoted / Promoting:
            "The version is becoming latest in {regions}",
        WaitsForNewer { newer: VersionNumber, regions: String } => Promoted / Promoting:
            "{newer} has to be taken out of latest in {regions} first",
        WaitsForWave { regions: String, first: Region } => Promoted / Promoting:
            "The version becomes latest in {regions} once it is latest in {first}, whose wave is earlier (spec.wave of the replication \
             targets)",
        FailedThere { regions: String } => Promoted / NotValidated:
            "The version failed its validation in {regions}, so it isn't latest there",
        Nowhere => Promoted / NotLatest:
            "The version is to be latest, and no region of it is complete in which it may be",
        Latest { regions: String } => Promoted / Succeeded:
            "The version is latest in {regions}",
        Overridden { regions: String } => Promoted / Succeeded:
            "The version is latest in {regions}, although it didn't pass its validation: spec.latest.override of the ImageDefinition says so",
    }
}

phrases! {
    /// Why a version that is pinned can't be latest.
    pub(crate) enum Pin ["<why>"] {
        NoObject => "no ImageVersion of this namespace stands for it",
        Going => "its ImageVersion is being deleted",
        NotPublished => "Azure hasn't shown it as its ImageVersion's own",
        NotValidated => "it hasn't passed its validation, and spec.latest.override doesn't name it",
        Failed => "it failed its validation, and spec.latest.override doesn't name it",
        NoMoreOverrides => "it didn't pass its validation, and status.history has no room for another override",
        Never => "spec.latest of its ImageVersion is Never",
    }
}

phrases! {
    /// What is latest meanwhile.
    pub(crate) enum Is ["<is>"] {
        Nothing => "; no version is latest",
        Version { version: String } => "; {version} stays latest",
    }
}

phrases! {
    /// Who would get no new machine.
    pub(crate) enum Following ["<following>"] {
        There { followed: String } => "in {followed} machines or scale sets follow latest, and would get no new machines without it \
                                       (status.users.followers has their numbers)",
        Nobody => "nobody is known to follow latest there (status.users)",
        Unknown => "whether somebody follows latest there isn't known",
    }
}

impl Is {
    pub(super) fn of(version: Option<String>) -> Self {
        version.map_or(Self::Nothing, |version| Self::Version { version })
    }
}

pub(crate) fn phrases() -> Vec<Phrases> {
    vec![Pin::phrases(), Is::phrases(), Following::phrases()]
}
