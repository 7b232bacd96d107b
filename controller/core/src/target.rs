//! A replication target, as far as decisions look at it.

use azimage_crds::{Deletion, ReplicationTarget, StorageAccountType};
use azimage_names::Region;
use jiff::Timestamp;
use kube::{Resource, ResourceExt};

/// A replication target of the namespace, as far as the regions of image versions go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetView {
    /// The target's name.
    pub name: String,
    /// Its region.
    pub region: Region,
    /// Replicas asked for.
    pub replicas: i32,
    /// Storage asked for.
    pub storage_account_type: Option<StorageAccountType>,
    /// What becomes of the replicas when the target no longer wants them.
    pub deletion: Deletion,
    /// Whether it wants the version in question: it selects it and isn't being deleted.
    pub wants: bool,
    /// When it was made: of two that contradict each other the older one holds.
    pub created: Option<Timestamp>,
}

impl TargetView {
    /// The view of a target that selects the version in question or doesn't; none if its region can't be understood.
    pub fn of(target: &ReplicationTarget, selects: bool) -> Option<Self> {
        Some(Self {
            name: target.name_any(),
            region: Region::parse(&target.spec.region).ok()?,
            replicas: target.spec.replicas,
            storage_account_type: target.spec.storage_account_type,
            deletion: target.spec.deletion_policy,
            wants: selects && target.meta().deletion_timestamp.is_none(),
            created: target.meta().creation_timestamp.as_ref().map(|time| time.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn view(region: &str, going: bool, selects: bool) -> Option<TargetView> {
        let target = json!({
            "apiVersion": "azimage.dev/v1alpha1", "kind": "ReplicationTarget",
            "metadata": {"name": "t", "deletionTimestamp": going.then_some("2026-11-01T00:00:00Z")},
            "spec": {"region": region, "imageVersionName": "web", "storageAccountType": "Premium_LRS"},
        });
        TargetView::of(&serde_json::from_value(target).unwrap(), selects)
    }

    #[test]
    fn a_target_wants_what_it_selects_until_it_goes() {
        for (going, selects, wants) in [(false, true, true), (false, false, false), (true, true, false)] {
            let view = view("North Europe", going, selects).unwrap();
            assert_eq!((view.name.as_str(), view.region.as_str(), view.wants), ("t", "northeurope", wants));
            assert_eq!(view.storage_account_type, Some(StorageAccountType::PremiumLrs));
        }
        assert_eq!(view("north-europe", false, true), None, "it is no region");
    }
}
