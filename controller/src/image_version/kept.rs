//! What a pass has read, so that the next one goes on from there if it has to stop midway.
//!
//! Azure may let fewer requests pass at a time than one pass needs. If each pass began anew, it would never get to its
//! end, however long it waited.

use std::collections::BTreeMap;

use azimage_azure::Client;
use azimage_core::image_version::{Observed, Read, Validated};
use azimage_crds::{ImageVersion, RECONCILE_REQUESTED_AT};
use azimage_names::ImageVersionId;
use kube::{Resource, ResourceExt};
use tokio::time::Instant;

use crate::azure::{READINGS_GOOD_FOR, SourceHalf};

/// What the readings are of: with another spec, another identity or another request for a look they say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Asked {
    id: Option<ImageVersionId>,
    principal: Option<String>,
    generation: Option<i64>,
    deleting: bool,
    requested: Option<String>,
}

/// Readings, and when each was made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    asked: Asked,
    pub(super) observed: Observed,
    pub(super) half: SourceHalf,
    read: BTreeMap<Read, Instant>,
    /// What this very pass has read.
    fresh: Vec<Read>,
}

impl Kept {
    /// What is still good of the readings of earlier passes, for one that begins now.
    pub(super) fn resumed(
        self: Box<Self>,
        object: &ImageVersion,
        azure: Option<&Client>,
        validated: &Validated,
        now: Instant,
    ) -> Box<Self> {
        let asked = Asked {
            id: Some(validated.id.clone()),
            principal: azure.map(|client| client.principal().to_owned()),
            generation: object.meta().generation,
            deleting: validated.deleting,
            requested: object.annotations().get(RECONCILE_REQUESTED_AT).cloned(),
        };
        if self.asked != asked {
            return Box::new(Self { asked, ..Self::default() });
        }
        let mut kept = self;
        kept.fresh.clear();
        let old: Vec<Read> = kept
            .read
            .iter()
            .filter(|(_, at)| now.duration_since(**at) > READINGS_GOOD_FOR)
            .map(|(read, _)| *read)
            .collect();
        for read in old {
            kept.forget(read);
        }
        kept.half = kept.half.take().filter(|(_, at)| now.duration_since(*at) <= READINGS_GOOD_FOR);
        kept
    }

    /// A reading was made.
    pub(super) fn note(&mut self, read: Read, now: Instant) {
        self.read.insert(read, now);
        self.fresh.push(read);
    }

    /// Whether it was read in this very pass.
    pub(super) fn is_fresh(&self, read: Read) -> bool {
        self.fresh.contains(&read)
    }

    /// Forgets a reading, so that it is made again.
    pub(super) fn forget(&mut self, read: Read) {
        self.observed.forget(read);
        self.read.remove(&read);
        self.fresh.retain(|fresh| *fresh != read);
    }

    /// What the next pass may go on from: the answers, without what wasn't answered and without lists, which are kept
    /// elsewhere.
    pub(super) fn for_the_next(mut self: Box<Self>) -> Box<Self> {
        let unanswered: Vec<Read> =
            self.read.keys().copied().filter(|read| !self.observed.is_answered(*read) || *read == Read::List).collect();
        for read in unanswered {
            self.forget(read);
        }
        self.observed.seen = None;
        self
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use azimage_core::{
        Failure,
        image_version::{Absent, Context, Reading, validate},
    };
    use serde_json::{Value, json};

    use super::*;

    fn object(otherwise: &Value) -> ImageVersion {
        let mut object = json!({
            "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageVersion",
            "metadata": {"name": "web", "namespace": "images", "uid": "u", "generation": 2},
            "spec": {
                "gallery": {"subscriptionId": "00000000-0000-0000-0000-000000000001", "resourceGroup": "images", "name": "corp"},
                "definition": "ubuntu-web", "version": "1.4.0",
                "source": {"imageVersion": {"resourceId": "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/images/providers/Microsoft.Compute/galleries/corp/images/golden/versions/1.0.0"}},
            },
        });
        for (field, value) in otherwise.as_object().unwrap() {
            object["metadata"][field] = value.clone();
        }
        serde_json::from_value(object).unwrap()
    }

    fn resumed(kept: Box<Kept>, object: &ImageVersion, now: Instant) -> Box<Kept> {
        let context = Context { cluster: "c", own_identity_serves: true, targets: &[], versions: &[] };
        kept.resumed(object, None, &validate(object, context).unwrap(), now)
    }

    /// A pass that found the version missing, was refused the definition, and stopped there.
    fn stopped(now: Instant) -> Box<Kept> {
        let mut kept = resumed(Box::default(), &object(&json!({})), now);
        kept.observed.version = Reading::Missing(Absent::Resource);
        kept.note(Read::Version, now);
        kept.observed.definition = Reading::Failed(Failure::Throttled);
        kept.note(Read::Definition, now);
        kept.for_the_next()
    }

    #[tokio::test(start_paused = true)]
    async fn answers_are_kept_for_ten_minutes_and_for_the_same_question_only() {
        let now = Instant::now();
        let requested = json!({"annotations": {"azimage.dev/reconcile-requested-at": "now"}});
        let deleted = json!({"deletionTimestamp": "2026-11-01T00:00:00Z", "finalizers": ["f"]});
        for (case, object, later, good) in [
            ("the same", object(&json!({})), 600, true),
            ("for too long", object(&json!({})), 601, false),
            ("another generation", object(&json!({"generation": 3})), 1, false),
            ("somebody asks for a look", object(&requested), 1, false),
            ("it is being deleted", object(&deleted), 1, false),
        ] {
            let kept = resumed(stopped(now), &object, now + Duration::from_secs(later));
            assert_eq!(kept.observed.version != Reading::NotRead, good, "{case}");
            assert_eq!(kept.observed.definition, Reading::NotRead, "{case}: what wasn't answered is asked again");
            assert!(!kept.is_fresh(Read::Version), "{case}: it is of an earlier pass");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_forgotten_is_fresh_again_only_once_it_is_read() {
        let now = Instant::now();
        let mut kept = resumed(stopped(now), &object(&json!({})), now);
        kept.forget(Read::Version);
        assert_eq!((&kept.observed.version, kept.is_fresh(Read::Version)), (&Reading::NotRead, false));
        kept.note(Read::Version, now);
        assert!(kept.is_fresh(Read::Version));
    }
}
