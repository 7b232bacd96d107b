//! What a gallery image version should be, and how it differs from what it is.

use std::collections::BTreeMap;

use azimage_crds::OWNER_TAG;
use azimage_names::{Region, values::StorageAccountType};

use super::{
    super::super::{SourceId, SourceSpec, TargetRegionRequest, Validated, VersionRequest, facts},
    words::Difference,
};
use crate::merge::Merged;

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
) -> VersionRequest {
    let mut request = update(validated, version, merged, None);
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
) -> VersionRequest {
    let observed = |region: &Region| version.targets.iter().find(|target| target.region == *region);
    let mut targets: Vec<TargetRegionRequest> = merged
        .wanted
        .iter()
        .filter(|(region, _)| Some(*region) != without)
        .map(|(region, wanted)| {
            let kept = observed(region);
            let default_storage = || kept.and_then(|target| target.storage_account_type.clone());
            TargetRegionRequest {
                region: region.clone(),
                replicas: Some(wanted.replicas),
                storage_account_type: wanted
                    .storage_account_type
                    .map(|wish| <&str>::from(wish).to_owned())
                    .or_else(default_storage)
                    .or_else(|| Some(storage(validated).to_owned())),
                exclude_from_latest: true,
                preserved: kept.map(|target| target.preserved.clone()).unwrap_or_default(),
            }
        })
        .collect();
    targets.sort_by_key(|target| target.region != version.location);
    let foreign = version.targets.iter().filter(|target| merged.foreign.contains(&target.region)).map(as_it_is);
    targets.extend(foreign);
    let mut tags = version.tags.clone();
    for (name, value) in own_tags(validated) {
        tags.retain(|key, _| !key.eq_ignore_ascii_case(&name));
        tags.insert(name, value);
    }
    VersionRequest { targets, tags, preserved: version.preserved.clone(), ..settings(validated, &version.location) }
}

/// What of a request takes regions away, and nothing else: it goes first and by itself, so that no wish which Azure refuses
/// holds up a target that goes. None if it takes none away.
pub(in super::super::super) fn removal(version: &facts::Version, request: &VersionRequest) -> Option<VersionRequest> {
    let as_it_stays = |wish: &TargetRegionRequest| {
        let is = version.targets.iter().find(|is| is.region == wish.region)?;
        let replicas = wish.replicas.and(is.replicas.or(Some(version.default_replicas)));
        Some(TargetRegionRequest { replicas, exclude_from_latest: wish.exclude_from_latest, ..as_it_is(is) })
    };
    let targets: Vec<_> = request.targets.iter().filter_map(as_it_stays).collect();
    let keeps_home = targets.iter().any(|target| target.region == request.location);
    (targets.len() < version.targets.len() && keeps_home).then(|| VersionRequest {
        targets,
        tags: version.tags.clone(),
        default_replicas: version.default_replicas,
        end_of_life: version.end_of_life,
        block_deletion: version.block_deletion,
        ..request.clone()
    })
}

/// The request that changes a version's owner tag, and nothing else.
pub(in super::super::super) fn with_owner(validated: &Validated, version: &facts::Version) -> VersionRequest {
    let mut tags = version.tags.clone();
    tags.retain(|key, _| !key.eq_ignore_ascii_case(OWNER_TAG));
    tags.insert(OWNER_TAG.to_owned(), validated.owner.to_string());
    VersionRequest {
        targets: version.targets.iter().map(as_it_is).collect(),
        tags,
        default_replicas: version.default_replicas,
        exclude_from_latest: version.exclude_from_latest,
        allow_deletion_of_regions: version.allow_deletion_of_regions,
        end_of_life: version.end_of_life,
        block_deletion: version.block_deletion,
        preserved: version.preserved.clone(),
        ..settings(validated, &version.location)
    }
}

fn settings(validated: &Validated, home: &Region) -> VersionRequest {
    let publish = &validated.publish;
    VersionRequest {
        id: validated.id.clone(),
        location: home.clone(),
        tags: BTreeMap::new(),
        source: match &validated.source {
            SourceSpec::VirtualMachine { id, .. } => SourceId::VirtualMachine(id.clone()),
            SourceSpec::ImageVersion { id } => SourceId::ImageVersion(id.clone()),
        },
        targets: Vec::new(),
        default_replicas: publish.default_replicas,
        // A version is born excluded from latest, and nothing includes it yet.
        exclude_from_latest: true,
        allow_deletion_of_regions: true,
        end_of_life: publish.end_of_life_date.as_ref().map(|time| time.0),
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

fn as_it_is(target: &facts::TargetRegion) -> TargetRegionRequest {
    TargetRegionRequest {
        region: target.region.clone(),
        replicas: target.replicas,
        storage_account_type: target.storage_account_type.clone(),
        exclude_from_latest: target.exclude_from_latest,
        preserved: target.preserved.clone(),
    }
}

/// How a version differs from a request; empty when a write would change nothing.
pub(in super::super::super) fn differences(version: &facts::Version, request: &VersionRequest) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut note = |different: bool, what: Difference| {
        if different {
            found.push(what);
        }
    };
    note(version.exclude_from_latest != request.exclude_from_latest, Difference::Latest);
    note(version.allow_deletion_of_regions != request.allow_deletion_of_regions, Difference::RegionDeletion);
    note(version.default_replicas != request.default_replicas, Difference::DefaultReplicas);
    note(version.block_deletion != request.block_deletion, Difference::BlockDeletion);
    // Azure writes the time in another form and without fractions.
    let seconds = |time: Option<jiff::Timestamp>| time.map(jiff::Timestamp::as_second);
    note(seconds(version.end_of_life) != seconds(request.end_of_life), Difference::EndOfLife);
    for (name, value) in &request.tags {
        let same = version.tags.iter().any(|(key, is)| key.eq_ignore_ascii_case(name) && is == value);
        note(!same, Difference::Tag { name: name.clone() });
    }
    for target in &request.targets {
        let region = || target.region.clone();
        match version.targets.iter().find(|is| is.region == target.region) {
            None => note(true, Difference::Add { region: region() }),
            Some(is) => {
                let replicas = is.replicas.unwrap_or(version.default_replicas)
                    != target.replicas.unwrap_or(request.default_replicas);
                note(replicas, Difference::Replicas { region: region() });
                let default = StorageAccountType::default();
                let is_storage = is.storage_account_type.as_deref().unwrap_or(default.as_str());
                let storage = target.storage_account_type.as_deref().unwrap_or(default.as_str());
                note(!is_storage.eq_ignore_ascii_case(storage), Difference::Storage { region: region() });
                let latest = target.exclude_from_latest && !is.exclude_from_latest;
                note(latest, Difference::LatestIn { region: region() });
            }
        }
    }
    for is in &version.targets {
        let kept = request.targets.iter().any(|target| target.region == is.region);
        note(!kept, Difference::Remove { region: is.region.clone() });
    }
    found
}
