//! What decides whether a version is latest, beside its own validation and what Azure says of it.

use std::collections::BTreeSet;

use azimage_crds::{ImageDefinition, ImageVersion, MayBeLatest, ReplicationTarget};
use azimage_names::{ImageVersionId, Region, VersionNumber};
use kube::Resource;

use super::{Candidate, Order, Rule, Waves, candidate::barred, definition::current, overriding};

/// What decides whether a version is latest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Promotion {
    /// What the definition's object says.
    pub rule: Rule,
    /// What its status says to be latest.
    pub current: Option<VersionNumber>,
    /// The version whose validation doesn't count.
    pub overridden: Option<VersionNumber>,
    /// Whether the version may be latest, by its own object.
    pub allowed: bool,
    /// The regions from which replication targets keep it out.
    pub barred: BTreeSet<Region>,
    /// In which order its regions get it.
    pub order: Order,
    /// The waves of its regions.
    pub waves: Waves,
    /// The other versions of the definition.
    pub others: Vec<Candidate>,
}

impl Promotion {
    /// What the objects of the namespace say.
    pub(crate) fn of(
        object: &ImageVersion,
        id: &ImageVersionId,
        definitions: &[&ImageDefinition],
        versions: &[&ImageVersion],
        targets: &[&ReplicationTarget],
    ) -> Self {
        let near: Vec<&ImageDefinition> =
            definitions.iter().copied().filter(|it| it.meta().namespace == object.meta().namespace).collect();
        let (rule, definition) = Rule::of_namespace(&near, id.definition());
        let is_in = object.status.iter().flat_map(|status| &status.regions).any(|region| region.latest.is_some());
        let status = definition.and_then(|it| it.status.as_ref());
        let told = status.and_then(|status| status.overriding.as_ref());
        let overridden = definition.and_then(|it| overriding::counting(it, told));
        let overridden = overridden.or_else(|| overriding::remaining(object, id, &near));
        let others = if rule.promotes() || is_in { Candidate::line(object, versions, targets) } else { Vec::new() };
        let others = others.into_iter().map(|it| it.overridden(overridden)).collect();
        Self {
            current: status.and_then(current),
            overridden,
            allowed: object.spec.latest == MayBeLatest::Allowed,
            barred: barred(object, targets),
            order: definition.map(Order::of).unwrap_or_default(),
            waves: Waves::of(object, targets),
            rule,
            others,
        }
    }
}
