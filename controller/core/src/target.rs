//! A replication target, as far as decisions look at it.

use std::time::Duration;

use azimage_crds::{Deletion, ReplicationTarget, StorageAccountType};
use azimage_names::Region;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{Resource, ResourceExt};

/// How long replicas stay that are no longer selected, if a target says nothing that can be understood.
const REMOVAL_DELAY: Duration = Duration::from_secs(15 * 60);

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
    /// Whether its wish is held back: it keeps what is there, and gets no more.
    pub held: bool,
    /// How long replicas stay of a version that it doesn't select any more; none of a target that goes.
    pub removal_delay: Option<Duration>,
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
            removal_delay: target.meta().deletion_timestamp.is_none().then(|| removal_delay(target)),
            wants: selects && target.meta().deletion_timestamp.is_none(),
            held: false,
            created: target.meta().creation_timestamp.as_ref().map(|time| time.0),
        })
    }
}

/// One that can't be understood is the one that the schema sets: nothing goes sooner for it.
fn removal_delay(target: &ReplicationTarget) -> Duration {
    target.spec.removal_delay.parse::<kube::core::Duration>().map_or(REMOVAL_DELAY, Duration::from)
}

/// Whether the targets that the watch has shown are those that the API server has, none more and none less, each with the
/// spec that it has there. Then what was decided on them holds.
pub fn are_as_listed(seen: &[&ObjectMeta], listed: &[&ObjectMeta]) -> bool {
    let word = |meta: &ObjectMeta| (meta.uid.clone(), meta.generation, meta.deletion_timestamp.is_some());
    let mut seen: Vec<_> = seen.iter().map(|meta| word(meta)).collect();
    let mut listed: Vec<_> = listed.iter().map(|meta| word(meta)).collect();
    seen.sort_unstable();
    listed.sort_unstable();
    seen == listed && seen.iter().all(|(uid, generation, _)| uid.is_some() && generation.is_some())
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
        assert_eq!(view("northeurope", true, true).unwrap().removal_delay, None, "it goes");
    }

    #[test]
    fn a_target_says_how_long_stays_what_it_no_longer_selects() {
        for (text, minutes) in [("15m", 15), ("0s", 0), ("2h", 120), ("soon", 15)] {
            let target = json!({
                "apiVersion": "azimage.dev/v1alpha1", "kind": "ReplicationTarget", "metadata": {"name": "t"},
                "spec": {"region": "northeurope", "imageVersionName": "web", "removalDelay": text},
            });
            let view = TargetView::of(&serde_json::from_value(target).unwrap(), false).unwrap();
            assert_eq!(view.removal_delay, Some(Duration::from_secs(minutes * 60)), "{text}");
        }
    }

    #[test]
    fn the_watch_is_up_to_date_when_it_has_shown_each_target_as_it_is_listed() {
        let target = |uid: &str, generation: i64, going: bool| -> ReplicationTarget {
            let deleted = going.then_some("2026-11-01T00:00:00Z");
            let metadata = json!({"name": uid, "uid": uid, "generation": generation, "deletionTimestamp": deleted});
            let spec = json!({"region": "northeurope", "imageVersionName": "web"});
            let kind = "ReplicationTarget";
            let object =
                json!({"apiVersion": "azimage.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec});
            serde_json::from_value(object).unwrap()
        };
        let seen = [target("a", 1, false), target("b", 1, false)];
        for (case, listed, expected) in [
            ("the same in another order", vec![target("b", 1, false), target("a", 1, false)], true),
            ("one more", vec![target("a", 1, false), target("b", 1, false), target("c", 1, false)], false),
            ("one less", vec![target("a", 1, false)], false),
            ("one was made anew", vec![target("a", 1, false), target("c", 1, false)], false),
            ("one was changed", vec![target("a", 1, false), target("b", 2, false)], false),
            ("one goes", vec![target("a", 1, false), target("b", 1, true)], false),
        ] {
            let seen: Vec<_> = seen.iter().map(Resource::meta).collect();
            let listed: Vec<_> = listed.iter().map(Resource::meta).collect();
            assert_eq!(are_as_listed(&seen, &listed), expected, "{case}");
        }
        assert!(are_as_listed(&[], &[]), "there are none");
    }
}
