//! What a gallery image version should be, and how it differs from what it is.

use std::collections::BTreeMap;

use azimage_crds::{OWNER_TAG, VALIDATED_TAG};
use azimage_names::{Region, values::StorageAccountType};
use jiff::Timestamp;

use super::{
    super::super::{TargetRegionRequest, Validated, VersionRequest, facts, wish::Change},
    latest::{Latest, is_in},
    words::Difference,
};
use crate::{
    merge::Merged,
    owner::{Owner, find_tag},
};

/// The request that creates a version: home region only, and kept out of latest. The other regions follow when home is
/// complete, so that a failure at home is not mixed up with theirs.
pub(in super::super::super) fn creation(validated: &Validated, home: &Region) -> VersionRequest {
    let home_target = TargetRegionRequest {
        region: home.clone(),
        replicas: Some(validated.publish.default_replicas),
        storage_account_type: Some(storage(validated).to_owned()),
        exclude_from_latest: true,
        preserved: serde_json::Map::new(),
    };
    VersionRequest {
        targets: vec![home_target],
        tags: own_tags(validated),
        preserved: serde_json::Map::new(),
        ..settings(validated, home)
    }
}

/// The request that creates a version whose creation failed: the home region, and what else stands in Azure.
pub(in super::super::super) fn creation_again(
    validated: &Validated,
    version: &facts::Version,
    merged: &Merged,
    now: Timestamp,
) -> VersionRequest {
    let update = update(validated, version, merged, None, &Latest::default(), now);
    let mut request = VersionRequest { source: Some(validated.source.made_from()), ..update };
    request.targets.retain(|target| {
        target.region == version.location || version.targets.iter().any(|is| is.region == target.region)
    });
    request
}

/// The request that makes an existing version what it should be. `without` leaves a wanted region out for this once.
pub(in super::super::super) fn update(
    validated: &Validated,
    version: &facts::Version,
    merged: &Merged,
    without: Option<&Region>,
    latest: &Latest,
    now: Timestamp,
) -> VersionRequest {
    let observed = |region: &Region| version.targets.iter().find(|target| target.region == *region);
    let mut targets: Vec<TargetRegionRequest> = merged
        .wanted
        .iter()
        .filter(|(region, _)| Some(*region) != without)
        .map(|(region, wanted)| {
            let Some(is) = observed(region) else {
                let wish = wanted.storage_account_type.map_or_else(|| storage(validated), <&str>::from);
                return TargetRegionRequest {
                    region: region.clone(),
                    replicas: wanted.replicas,
                    storage_account_type: Some(wish.to_owned()),
                    exclude_from_latest: true,
                    preserved: serde_json::Map::new(),
                };
            };
            let there = is.replicas.unwrap_or(version.default_replicas);
            let least = if wanted.keeps { there } else { 0 };
            TargetRegionRequest {
                replicas: Some(wanted.replicas.unwrap_or(there).max(least)),
                // Azure can't change the storage of a region that it has.
                storage_account_type: is.storage_account_type.clone().or_else(|| Some(default_storage(version))),
                ..as_it_is(is, latest)
            }
        })
        .collect();
    targets.sort_by_key(|target| target.region != version.location);
    let foreign = version.targets.iter().filter(|target| merged.foreign.contains(&target.region));
    targets.extend(foreign.map(|target| as_it_is(target, latest)));
    let mut tags = version.tags.clone();
    for (name, value) in own_tags(validated) {
        tags.retain(|key, _| !key.eq_ignore_ascii_case(&name));
        tags.insert(name, value);
    }
    latest.tag(&mut tags);
    // The guard against lost regions is opened for the very write that takes one away, and for no other.
    let allow_deletion_of_regions = takes_away(version, &targets);
    let settings = settings(validated, &version.location);
    let is_as_wanted = |end: &Timestamp| version.end_of_life.is_none_or(|is| is.as_second() == end.as_second());
    let keeps_end_of_life = settings.end_of_life.is_some_and(|end| end <= now && is_as_wanted(&end));
    VersionRequest {
        source: None,
        targets,
        tags,
        allow_deletion_of_regions,
        end_of_life: settings.end_of_life.filter(|_| !keeps_end_of_life),
        keeps_end_of_life,
        preserved: version.preserved.clone(),
        ..settings
    }
}

fn takes_away(version: &facts::Version, targets: &[TargetRegionRequest]) -> bool {
    version.targets.iter().any(|is| !targets.iter().any(|target| target.region == is.region))
}

/// The storage of a region for which the version gives none.
pub(in super::super::super) fn default_storage(version: &facts::Version) -> String {
    let given = Some(&version.storage_account_type).filter(|given| !given.is_empty());
    given.cloned().unwrap_or_else(|| StorageAccountType::default().as_str().to_owned())
}

/// A request without what the object itself asks for: that stays as it is.
pub(super) fn without_settings(
    version: &facts::Version,
    request: VersionRequest,
    alone_at_home: bool,
    now: Timestamp,
) -> VersionRequest {
    let mut targets = request.targets;
    only_as_included(version, &mut targets);
    let home = version.targets.iter().find(|is| is.region == version.location).filter(|_| alone_at_home);
    if let (Some(home), Some(target)) = (home, targets.iter_mut().find(|target| target.region == version.location)) {
        target.replicas = home.replicas;
    }
    settings_as_they_are(version, VersionRequest { targets, ..request }, now)
}

/// A version that isn't included in latest in a region yet stays out of it for this once.
fn only_as_included(version: &facts::Version, targets: &mut [TargetRegionRequest]) {
    for target in targets {
        let is = version.targets.iter().find(|is| is.region == target.region);
        target.exclude_from_latest |= is.is_none_or(|is| !is_in(version, is));
    }
}

/// A request that leaves all as it is but regions and what keeps the version out of latest.
fn settings_as_they_are(version: &facts::Version, request: VersionRequest, now: Timestamp) -> VersionRequest {
    let has_ended = version.end_of_life.is_some_and(|end| end <= now);
    VersionRequest {
        tags: version.tags.clone(),
        default_replicas: version.default_replicas,
        end_of_life: version.end_of_life.filter(|_| !has_ended),
        keeps_end_of_life: has_ended,
        block_deletion: version.block_deletion,
        ..request
    }
}

/// A request without some changes: what they are of stays as it is. What keeps the version out of latest is asked for in each
/// write.
pub(super) fn without(
    version: &facts::Version,
    mut request: VersionRequest,
    changes: &[Difference],
    latest: &Latest,
) -> VersionRequest {
    let is_at = |region: &Region| version.targets.iter().find(|is| is.region == *region);
    for change in changes {
        match change {
            Difference::Latest | Difference::LatestIn { .. } => {}
            Difference::DefaultReplicas => request.default_replicas = version.default_replicas,
            Difference::BlockDeletion => request.block_deletion = version.block_deletion,
            Difference::EndOfLife => request.end_of_life = version.end_of_life,
            Difference::Tag { name } => {
                request.tags.retain(|key, _| !key.eq_ignore_ascii_case(name));
                let is = version.tags.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                request.tags.extend(is.map(|(key, value)| (key.clone(), value.clone())));
            }
            Difference::Add { region } => request.targets.retain(|target| target.region != *region),
            Difference::Replicas { region } => {
                for target in request.targets.iter_mut().filter(|target| target.region == *region) {
                    target.replicas = is_at(region).and_then(|is| is.replicas);
                }
            }
            Difference::Include { region } => {
                for target in request.targets.iter_mut().filter(|target| target.region == *region) {
                    target.exclude_from_latest = true;
                }
            }
            Difference::Remove { region } => {
                request.targets.extend(is_at(region).map(|target| as_it_is(target, latest)));
            }
        }
    }
    request.allow_deletion_of_regions = takes_away(version, &request.targets);
    request
}

/// What of a request takes regions away, and nothing else: it goes first and by itself, so that no wish which Azure refuses
/// holds up a target that goes. None if it takes none away.
pub(in super::super::super) fn removal(
    version: &facts::Version,
    request: &VersionRequest,
    now: Timestamp,
) -> Option<VersionRequest> {
    let as_it_stays = |wish: &TargetRegionRequest| {
        let is = version.targets.iter().find(|is| is.region == wish.region)?;
        let replicas = wish.replicas.and(is.replicas.or(Some(version.default_replicas)));
        let exclude_from_latest = wish.exclude_from_latest || !is_in(version, is);
        Some(TargetRegionRequest { replicas, exclude_from_latest, ..as_it_is(is, &Latest::default()) })
    };
    let targets: Vec<_> = request.targets.iter().filter_map(as_it_stays).collect();
    let keeps_home = targets.iter().any(|target| target.region == request.location);
    (targets.len() < version.targets.len() && keeps_home).then(|| {
        let request = VersionRequest { targets, allow_deletion_of_regions: true, ..request.clone() };
        settings_as_they_are(version, request, now)
    })
}

/// The request that changes a version's owner tag, and nothing else.
pub(in super::super::super) fn with_owner(
    validated: &Validated,
    version: &facts::Version,
    now: Timestamp,
) -> VersionRequest {
    // What was promoted stays so: whoever takes it over decides when it is his.
    let was_azimages = Owner::of(&version.tags).is_some();
    let was_promoted = was_azimages && find_tag(&version.tags, VALIDATED_TAG).is_some() && version.exclude_from_latest;
    let as_it_was = |target: &facts::TargetRegion| TargetRegionRequest {
        exclude_from_latest: !(was_promoted && is_in(version, target)),
        ..as_it_is(target, &Latest::default())
    };
    let request = VersionRequest {
        source: None,
        targets: version.targets.iter().map(as_it_was).collect(),
        exclude_from_latest: version.exclude_from_latest,
        allow_deletion_of_regions: version.allow_deletion_of_regions.unwrap_or_default(),
        preserved: version.preserved.clone(),
        ..settings(validated, &version.location)
    };
    let mut request = settings_as_they_are(version, request, now);
    request.tags.retain(|key, _| !key.eq_ignore_ascii_case(OWNER_TAG));
    request.tags.insert(OWNER_TAG.to_owned(), validated.owner.to_string());
    request
}

fn settings(validated: &Validated, home: &Region) -> VersionRequest {
    let publish = &validated.publish;
    VersionRequest {
        id: validated.id.clone(),
        location: home.clone(),
        tags: BTreeMap::new(),
        source: Some(validated.source.made_from()),
        targets: Vec::new(),
        default_replicas: publish.default_replicas,
        // Regions are included one by one, so that none is by having no flag of its own.
        exclude_from_latest: true,
        allow_deletion_of_regions: false,
        end_of_life: publish.end_of_life_date.as_ref().map(|time| time.0),
        keeps_end_of_life: false,
        storage_account_type: storage(validated),
        replication_mode: publish.replication_mode.into(),
        block_deletion: publish.block_deletion_before_end_of_life,
        preserved: serde_json::Map::new(),
    }
}

fn storage(validated: &Validated) -> &'static str {
    validated.publish.storage_account_type.into()
}

fn own_tags(validated: &Validated) -> BTreeMap<String, String> {
    let mut tags = validated.publish.tags.clone();
    tags.insert(OWNER_TAG.to_owned(), validated.owner.to_string());
    tags
}

fn as_it_is(target: &facts::TargetRegion, latest: &Latest) -> TargetRegionRequest {
    TargetRegionRequest {
        region: target.region.clone(),
        replicas: target.replicas,
        storage_account_type: target.storage_account_type.clone(),
        // Whoever added the region: a version is latest where it is promoted, and nowhere else.
        exclude_from_latest: !latest.includes(&target.region),
        preserved: target.preserved.clone(),
    }
}

/// What a version has instead of what a request asks for; empty when a write would change nothing. What Azure doesn't tell
/// is no difference.
pub(in super::super::super) fn differences(version: &facts::Version, request: &VersionRequest) -> Vec<Differs> {
    let mut found = Vec::new();
    let mut note = |what: Difference, wanted: String, is: String| {
        if wanted != is {
            found.push(Differs { what, wanted, is });
        }
    };
    let time = |time: Option<Timestamp>| {
        // Azure writes the time in another form and without fractions.
        let seconds = time.and_then(|time| Timestamp::from_second(time.as_second()).ok());
        seconds.map_or_else(|| "none".to_owned(), |time| time.to_string())
    };
    note(Difference::Latest, request.exclude_from_latest.to_string(), version.exclude_from_latest.to_string());
    note(Difference::DefaultReplicas, request.default_replicas.to_string(), version.default_replicas.to_string());
    note(Difference::BlockDeletion, request.block_deletion.to_string(), version.block_deletion.to_string());
    if !request.keeps_end_of_life {
        note(Difference::EndOfLife, time(request.end_of_life), time(version.end_of_life));
    }
    for (name, value) in &request.tags {
        let mut is = version.tags.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, is)| is);
        let is = is.next().map_or_else(|| "none".to_owned(), |is| format!("\"{is}\""));
        note(Difference::Tag { name: name.clone() }, format!("\"{value}\""), is);
    }
    if let (Some(is), None) = (find_tag(&version.tags, VALIDATED_TAG), find_tag(&request.tags, VALIDATED_TAG)) {
        note(Difference::Tag { name: VALIDATED_TAG.to_owned() }, "none".to_owned(), format!("\"{is}\""));
    }
    let replicas = |count: Option<i32>, default: i32| count.unwrap_or(default).to_string();
    for target in &request.targets {
        let region = || target.region.clone();
        let wanted = replicas(target.replicas, request.default_replicas);
        match version.targets.iter().find(|is| is.region == target.region) {
            None => note(Difference::Add { region: region() }, format!("{wanted} replicas"), "none".to_owned()),
            Some(is) => {
                let there = replicas(is.replicas, version.default_replicas);
                note(Difference::Replicas { region: region() }, wanted, there);
                if target.exclude_from_latest && is.exclude_from_latest == Some(false) {
                    note(Difference::LatestIn { region: region() }, "true".to_owned(), "false".to_owned());
                }
                if !target.exclude_from_latest && is.exclude_from_latest != Some(false) {
                    note(Difference::Include { region: region() }, "false".to_owned(), "true".to_owned());
                }
            }
        }
    }
    for is in &version.targets {
        let kept = request.targets.iter().any(|target| target.region == is.region);
        if !kept {
            let there = replicas(is.replicas, version.default_replicas);
            note(Difference::Remove { region: is.region.clone() }, "none".to_owned(), format!("{there} replicas"));
        }
    }
    found
}

/// One difference, with both values in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super::super) struct Differs {
    pub(in super::super::super) what: Difference,
    wanted: String,
    is: String,
}

impl Differs {
    /// The change that ends it.
    pub(in super::super::super) fn change(&self) -> Change {
        let opposite = match &self.what {
            Difference::Add { region } => Some(Difference::Remove { region: region.clone() }),
            Difference::Remove { region } => Some(Difference::Add { region: region.clone() }),
            Difference::Include { region } => Some(Difference::LatestIn { region: region.clone() }),
            Difference::LatestIn { region } => Some(Difference::Include { region: region.clone() }),
            _ => None,
        };
        Change {
            what: self.what.to_string(),
            wanted: self.wanted.clone(),
            is: self.is.clone(),
            opposite: opposite.map(|opposite| opposite.to_string()),
        }
    }
}
