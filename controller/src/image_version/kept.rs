//! What a pass has read, so that the next one goes on from there if it has to stop midway.
//!
//! Azure may let fewer requests pass at a time than one pass needs. If each pass began anew, it would never get to its
//! end, however long it waited.

use std::{collections::BTreeMap, time::Duration};

use azimage_azure::Client;
use azimage_core::image_version::{Observed, Read, Validated};
use azimage_crds::{ImageVersion, RECONCILE_REQUESTED_AT};
use azimage_names::ImageVersionId;
use kube::{Resource, ResourceExt};
use tokio::time::Instant;

use crate::azure::SourceHalf;

/// What was read longer ago is read again.
const GOOD_FOR: Duration = Duration::from_secs(600);

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
        let old: Vec<Read> =
            kept.read.iter().filter(|(_, at)| now.duration_since(**at) > GOOD_FOR).map(|(read, _)| *read).collect();
        for read in old {
            kept.forget(read);
        }
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
