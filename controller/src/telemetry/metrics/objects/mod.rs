//! How it stands with the objects, counted anew from what the watches have seen whenever the metrics are read, so that the
//! figures can't drift from the objects.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use azimage_core::status_write::HasProgress;
use azimage_crds::{ConditionType, ImageDefinition, ImageVersion, Reason, RegionState, ReplicationTarget};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{Resource, ResourceExt, core::object::HasStatus};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet},
    metrics::MetricType,
};

use crate::stores::{Guarded, readable};

/// How it stands with an object, as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub(crate) enum State {
    Ready,
    Reconciling,
    Retrying,
    Stalled,
    Suspended,
    Deleting,
}

/// A kind that is counted.
pub(crate) trait Counted: Resource<DynamicType = ()> + HasStatus<Status: HasProgress> {
    fn suspended(&self) -> bool {
        false
    }
}

impl Counted for ImageVersion {
    fn suspended(&self) -> bool {
        self.spec.suspend
    }
}

impl Counted for ImageDefinition {
    fn suspended(&self) -> bool {
        self.spec.suspend
    }
}

impl Counted for ReplicationTarget {}

/// State, reason and since when.
fn standing<K: Counted>(object: &Guarded<K>) -> (State, String, Option<Timestamp>) {
    let metadata = object.meta();
    let created = metadata.creation_timestamp.as_ref().map(|time| time.0);
    let known = readable(object);
    let find = |kind: ConditionType| {
        let conditions = known?.status()?.conditions();
        conditions.iter().find(|condition| condition.type_ == kind.as_str())
    };
    let (ready, reconciling, stalled) =
        (find(ConditionType::Ready), find(ConditionType::Reconciling), find(ConditionType::Stalled));
    let reason = ready.map_or_else(
        || if known.is_some() { Reason::Progressing } else { Reason::InvalidSpec }.as_str().to_owned(),
        |ready| ready.reason.clone(),
    );
    if let Some(deleted) = &metadata.deletion_timestamp {
        return (State::Deleting, reason, Some(deleted.0));
    }
    // `Ready` alone doesn't move between retrying and stalled.
    let since = [ready, reconciling, stalled].into_iter().flatten().map(|one| one.last_transition_time.0).max();
    let is = |condition: Option<&Condition>| condition.is_some_and(|condition| condition.status == "True");
    let state = if known.is_some_and(Counted::suspended) {
        State::Suspended
    } else if known.is_none() || is(stalled) {
        State::Stalled
    } else if is(ready) {
        State::Ready
    } else if ready.is_some_and(|ready| ready.status == "False") {
        State::Retrying
    } else {
        State::Reconciling
    };
    (state, reason, since.or(created))
}

/// Counts of objects and regions. What there is none of isn't in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Census {
    /// By kind, namespace, state and reason.
    objects: BTreeMap<(String, String, State, String), i64>,
    /// By kind and state: how long the object has been in it that has been longest, in seconds.
    oldest: BTreeMap<(String, State), i64>,
    /// By region and state: image versions.
    regions: BTreeMap<(String, String), i64>,
    /// By region and state: how long the region has been in it that has been longest, in seconds.
    oldest_regions: BTreeMap<(String, String), i64>,
    /// What is to go and is still there, by what it is.
    waiting: BTreeMap<&'static str, i64>,
    /// By namespace, and by why the nearest ancestor was withdrawn of which that is so: image versions.
    withdrawn: BTreeMap<(String, String), i64>,
    /// By namespace and reason: how long what is to be latest of an image definition hasn't been, of that where it is longest, in seconds.
    latest_pending: BTreeMap<(String, String), i64>,
    /// By namespace, object, version, kind, and whether they follow latest: who uses an image definition.
    users: BTreeMap<(String, String, String, &'static str, bool), i64>,
    /// By namespace, object, region and kind: who follows latest.
    followers: BTreeMap<(String, String, String, &'static str), i64>,
}

/// The kinds that use images, as labels.
const VIRTUAL_MACHINE: &str = "VirtualMachine";
const SCALE_SET: &str = "ScaleSet";

impl Census {
    /// Counts objects of one kind.
    pub(crate) fn count<K: Counted>(&mut self, objects: &[Arc<Guarded<K>>], now: Timestamp) {
        let kind = K::kind(&());
        for object in objects {
            let (state, reason, since) = standing(object);
            let namespace = object.namespace().unwrap_or_default();
            *self.objects.entry((kind.to_string(), namespace, state, reason)).or_default() += 1;
            let age = since.map_or(0, |since| age(since, now));
            self.waits("object", usize::from(state == State::Deleting));
            let oldest = self.oldest.entry((kind.to_string(), state)).or_default();
            *oldest = age.max(*oldest);
        }
    }

    /// Counts the regions of image versions, and what of them is to go.
    pub(crate) fn count_parts(&mut self, versions: &[Arc<Guarded<ImageVersion>>], now: Timestamp) {
        for status in versions.iter().filter_map(|version| readable(version)?.status()) {
            for region in &status.regions {
                let place = (region.name.clone(), region.state.to_string());
                let oldest = self.oldest_regions.entry(place.clone()).or_default();
                *oldest = region.since.as_ref().map_or(0, |since| age(since.0, now)).max(*oldest);
                *self.regions.entry(place).or_default() += 1;
            }
            let removing = status.regions.iter().filter(|region| region.state == RegionState::Removing);
            self.waits("region", removing.count());
            let kept = status.temporary.iter().filter(|resource| resource.problem.is_some());
            self.waits("temporary_resource", kept.count());
        }
    }

    /// Counts the image versions that were made from one that was withdrawn.
    pub(crate) fn count_ancestors(&mut self, versions: &[Arc<Guarded<ImageVersion>>]) {
        for version in versions.iter().filter_map(|version| readable(version)) {
            let line = version.status().and_then(|status| status.provenance.as_ref());
            let Some(why) = line.and_then(|line| line.ancestors.iter().find_map(|it| it.withdrawn)) else { continue };
            *self.withdrawn.entry((version.namespace().unwrap_or_default(), why.to_string())).or_default() += 1;
        }
    }

    /// Counts the image definitions of which something else is to be latest than is.
    pub(crate) fn count_latest(&mut self, definitions: &[Arc<Guarded<ImageDefinition>>], now: Timestamp) {
        for definition in definitions.iter().filter_map(|definition| readable(definition)) {
            let conditions = definition.status().map_or(&[][..], |status| &status.conditions);
            let told = conditions.iter().find(|it| it.type_ == ConditionType::LatestReady.as_str());
            let Some(told) = told.filter(|it| it.status != "True") else { continue };
            let place = (definition.namespace().unwrap_or_default(), told.reason.clone());
            let longest = self.latest_pending.entry(place).or_default();
            *longest = age(told.last_transition_time.0, now).max(*longest);
        }
    }

    /// Counts who uses image definitions, as their objects tell.
    pub(crate) fn count_users(&mut self, definitions: &[Arc<Guarded<ImageDefinition>>]) {
        for definition in definitions.iter().filter_map(|definition| readable(definition)) {
            let Some(users) = definition.status().and_then(|status| status.users.as_ref()) else { continue };
            let of = (definition.namespace().unwrap_or_default(), definition.name_any());
            for it in &users.versions {
                for (kind, follow, count) in [
                    (VIRTUAL_MACHINE, false, it.virtual_machines),
                    (SCALE_SET, false, it.scale_sets),
                    (VIRTUAL_MACHINE, true, it.latest_virtual_machines),
                    (SCALE_SET, true, it.latest_scale_sets),
                ] {
                    if count == 0 {
                        continue;
                    }
                    self.users.insert((of.0.clone(), of.1.clone(), it.version.clone(), kind, follow), count);
                }
            }
            for it in &users.followers {
                for (kind, count) in [(VIRTUAL_MACHINE, it.virtual_machines), (SCALE_SET, it.scale_sets)] {
                    if count == 0 {
                        continue;
                    }
                    self.followers.insert((of.0.clone(), of.1.clone(), it.region.clone(), kind), count);
                }
            }
        }
    }

    fn waits(&mut self, what: &'static str, count: usize) {
        *self.waiting.entry(what).or_default() += i64::try_from(count).unwrap_or(i64::MAX);
    }
}

/// In seconds.
fn age(since: Timestamp, now: Timestamp) -> i64 {
    now.as_second().saturating_sub(since.as_second()).max(0)
}

type Count = dyn Fn() -> Census + Send + Sync;

/// The objects of the process, once there are watches.
#[derive(Clone, Default)]
pub(super) struct Objects(Arc<RwLock<Option<Arc<Count>>>>);

impl fmt::Debug for Objects {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Objects")
    }
}

impl Objects {
    pub(super) fn show(&self, count: Arc<Count>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(count);
    }
}

/// One gauge with all its series; none if there are no series.
fn gauge<L: EncodeLabelSet>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    series: impl Iterator<Item = (L, i64)>,
) -> fmt::Result {
    let mut series = series.peekable();
    if series.peek().is_none() {
        return Ok(());
    }
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (labels, value) in series {
        metric.encode_family(&labels)?.encode_gauge(&value)?;
    }
    Ok(())
}

impl Collector for Objects {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let count = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(count) = count else { return Ok(()) };
        let census = count();
        let objects = census.objects.iter().map(|((kind, namespace, state, reason), count)| {
            let (kind, namespace, reason) = (kind.as_str(), namespace.as_str(), reason.as_str());
            ([("kind", kind), ("namespace", namespace), ("state", (*state).into()), ("reason", reason)], *count)
        });
        gauge(&mut encoder, "azimage_objects", "Objects by their state and the reason of Ready", objects)?;
        let oldest = census
            .oldest
            .iter()
            .map(|((kind, state), age)| ([("kind", kind.as_str()), ("state", (*state).into())], *age));
        let help = "How long the object has been in its state that has been longest";
        gauge(&mut encoder, "azimage_oldest_object_seconds", help, oldest)?;
        let regions = census
            .regions
            .iter()
            .map(|((region, state), count)| ([("region", region.as_str()), ("state", state.as_str())], *count));
        gauge(&mut encoder, "azimage_regions", "Image versions by region and how it stands there", regions)?;
        let oldest = census
            .oldest_regions
            .iter()
            .map(|((region, state), age)| ([("region", region.as_str()), ("state", state.as_str())], *age));
        let help = "How long the region has been in its state that has been longest";
        gauge(&mut encoder, "azimage_oldest_region_seconds", help, oldest)?;
        let waiting = census.waiting.iter().map(|(what, count)| ([("what", *what)], *count));
        gauge(&mut encoder, "azimage_deletions_waiting", "What is to go and is still there", waiting)?;
        let withdrawn = census.withdrawn.iter().map(|((namespace, why), count)| {
            ([("namespace", namespace.as_str()), ("withdrawn", why.as_str())], *count)
        });
        let help = "Image versions that were made from a version which was withdrawn since";
        gauge(&mut encoder, "azimage_versions_with_withdrawn_ancestors", help, withdrawn)?;
        let pending = census
            .latest_pending
            .iter()
            .map(|((namespace, reason), age)| ([("namespace", namespace.as_str()), ("reason", reason.as_str())], *age));
        let help = "How long an image definition has had something else latest than what is to be, of that where it is longest";
        gauge(&mut encoder, "azimage_latest_pending_seconds", help, pending)?;
        let users = census.users.iter().map(|((namespace, name, version, kind, follow), count)| {
            let refers_to = if *follow { "latest" } else { "version" };
            let labels = [
                ("namespace", namespace.as_str()),
                ("name", name.as_str()),
                ("version", version.as_str()),
                ("kind", *kind),
                ("refers_to", refers_to),
            ];
            (labels, *count)
        });
        let help = "Virtual machines and scale sets that use a version";
        gauge(&mut encoder, "azimage_version_users", help, users)?;
        let followers = census.followers.iter().map(|((namespace, name, region, kind), count)| {
            let (namespace, name, region) = (namespace.as_str(), name.as_str(), region.as_str());
            ([("namespace", namespace), ("name", name), ("region", region), ("kind", *kind)], *count)
        });
        let help = "Virtual machines and scale sets that follow what is latest";
        gauge(&mut encoder, "azimage_latest_followers", help, followers)
    }
}

#[cfg(test)]
pub(super) mod tests;
