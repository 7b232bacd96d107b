//! What the status says of the machine that is deleted and of what belonged to it.

use azimage_crds::{ImageVersionStatus, SourceCleanupState, SourceCleanupStatus};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::report::{Belongings, Fate, Found};
use crate::{belonging::BelongingPart, condition::clip};

/// The longest of Azure's words, in bytes.
const PROBLEM_LIMIT: usize = 1000;

/// What stands there after a pass.
pub(super) fn after(
    previous: &ImageVersionStatus,
    belongings: &Belongings,
    now: Timestamp,
) -> Vec<SourceCleanupStatus> {
    match belongings {
        // What stands there was found while the machine was there, and isn't replaced.
        Belongings::Found(all) if previous.source_cleanup.is_empty() => {
            all.iter().map(|found| begun(found, now)).collect()
        }
        Belongings::Found(_) => previous.source_cleanup.clone(),
        Belongings::Became(fates) => {
            let fate = |known: &SourceCleanupStatus| fates.get(&known.part.parse::<BelongingPart>().ok()?);
            let all = previous.source_cleanup.iter();
            all.map(|known| fate(known).map_or_else(|| known.clone(), |fate| became(known, fate, now))).collect()
        }
    }
}

fn begun(found: &Found, now: Timestamp) -> SourceCleanupStatus {
    SourceCleanupStatus {
        part: found.part.to_string(),
        resource_id: found.id.clone(),
        unique_id: found.uid.clone(),
        state: found.state,
        since: Time(now),
        problem: found.why.as_ref().map(|why| clip(why, PROBLEM_LIMIT)),
        problem_at: None,
    }
}

fn became(known: &SourceCleanupStatus, fate: &Fate, now: Timestamp) -> SourceCleanupStatus {
    let known = known.clone();
    match fate {
        Fate::Deleted => SourceCleanupStatus {
            state: SourceCleanupState::Deleted,
            since: Time(now),
            problem: None,
            problem_at: None,
            ..known
        },
        Fate::Kept(why) => SourceCleanupStatus {
            state: SourceCleanupState::Kept,
            since: Time(now),
            problem: Some(clip(why, PROBLEM_LIMIT)),
            problem_at: None,
            ..known
        },
        Fate::Stuck(why) => {
            SourceCleanupStatus { problem: Some(clip(why, PROBLEM_LIMIT)), problem_at: Some(Time(now)), ..known }
        }
    }
}
